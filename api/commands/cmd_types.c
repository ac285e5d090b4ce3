/* cmd_types - clguard types: the built-in types */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/bodies/document_schema.h"
#include "api/bodies/types.h"
#include "api/cli/commands.h"
#include "api/cli/table.h"
#include "api/process/arguments.h"
#include "engine/decide/policyset.h"
#include "policytypes/builtin.h"

static const char help[] =
	"usage: clguard types [--json-schema] [NAME [VERSION]]\n"
	"       clguard types --json-schema --document KIND\n"
	"       clguard types --json-schema --catalogue\n\n"
	"Without a name lists the built-in types: kind, name, version, description. With a name prints\n"
	"its declaration as YAML, and as comments all of its properties, with those that it inherits and what\n"
	"declares them; or with --json-schema the JSON Schema of its properties. With --document the JSON Schema of\n"
	"whole files: of policies (policy: service templates, 2.0.0 files, bare bodies), of policy tests (test), of\n"
	"scenarios (scenario), or clguard.yaml (config). Installed under share/clguard/schemas, for editors.\n"
	"With --catalogue the list of these schemas, with the names of files by which editors find them.\n";

static int
print_type(void *context, const struct type *type)
{
	struct str description = type->description;
	const char *end = description.len ? memchr(description.ptr, '\n', description.len) : NULL;
	struct table table;

	if (end)
		description.len = (size_t)(end - description.ptr);
	printf("%-10s %.*s %.*s\n", type_kind_word[type->kind], STR_ARG(type->name), STR_ARG(type->version));
	table_init(&table, 1, context);
	if (description.len)
		table_add(&table, &description);
	table_print(&table, "           ", stdout);
	return 0;
}

static void
print_schema(const struct schema *schema)
{
	printf("%.*s", STR_ARG(schema->type_name));
	if (schema->entry) {
		fputs(" of ", stdout);
		print_schema(schema->entry);
	}
}

/* Comments, so that the whole stays the YAML of the declaration. */
static void
print_properties(const struct type *type)
{
	if (type->property_count)
		puts("\n# All properties, with those that it inherits:");
	for (size_t i = 0; i < type->property_count; i++) {
		const struct property *property = &type->properties[i];
		struct str description = property->description;
		const char *end = description.len ? memchr(description.ptr, '\n', description.len) : NULL;

		if (end)
			description.len = (size_t)(end - description.ptr);
		printf("#   %.*s: ", STR_ARG(property->name));
		print_schema(&property->schema);
		printf(", %s", property->required ? "required" : "optional");
		if (property->fallback && node_is_scalar(property->fallback))
			printf(", default %.*s", STR_ARG(property->fallback->text));
		if (property->declared_by != type)
			printf(" (of %.*s)", STR_ARG(property->declared_by->name));
		printf("\n%s%.*s%s", description.len ? "#       " : "", STR_ARG(description),
		       description.len ? "\n" : "");
	}
}

static int
print_yaml(const struct type *type)
{
	for (size_t i = 0; i < policytypes_builtin_count; i++) {
		const struct builtin_document *document = &policytypes_builtin[i];

		if (strcmp(document->name, node_file(type->node)) == 0) {
			fwrite(document->text, 1, document->len, stdout);
			print_properties(type);
			return EXIT_DONE;
		}
	}
	return EXIT_ENVIRONMENT;
}

struct last_part {
	struct str name, shown; /* the last that was printed */
};

/* Prints a type's full name if its last part is the one given; more than one type may bear it. */
static int
last_part_visit(void *context, const struct type *type)
{
	struct last_part *part = context;
	size_t rest = type->name.len > part->name.len ? type->name.len - part->name.len : 0;

	if (rest && type->name.ptr[rest - 1] == '.' && !str_equal(type->name, part->shown) &&
	    str_equal((struct str){type->name.ptr + rest, part->name.len}, part->name)) {
		fprintf(stderr, "%s'%.*s'", part->shown.ptr ? " or " : "; did you mean ", STR_ARG(type->name));
		part->shown = type->name;
	}
	return 0;
}

static int
cmd_types_show(const struct catalogue *catalogue, const struct words *words, bool json_schema, struct arena *arena)
{
	struct str name = str_from(words->words[0]);
	struct str version = words->count > 1 ? str_from(words->words[1]) : STR_NONE;
	const struct type *type = types_find(catalogue, name, version);
	struct error err = {0};
	struct str text;

	if (!type) {
		struct last_part part = {.name = name};

		fprintf(stderr, "clguard types: no built-in type '%s'%s%s", name.ptr, version.ptr ? " of version " : "",
		        version.ptr ? version.ptr : "");
		(void)catalogue_each(catalogue, last_part_visit, &part); /* goes through all */
		fputs(part.shown.ptr ? "?\n" : "; 'clguard types' lists them\n", stderr);
		return EXIT_INPUT;
	}
	if (!json_schema)
		return print_yaml(type);
	if (types_schema(catalogue, type, arena, &text, &err) != 0) {
		fprintf(stderr, "clguard types: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	printf("%.*s\n", STR_ARG(text));
	return EXIT_DONE;
}

static int
show_document(const struct catalogue *catalogue, const char *kind, struct arena *arena)
{
	struct error err = {0};
	struct str text;
	int r = document_schema(catalogue, kind, arena, &text, &err);

	if (r == 0) {
		printf("%.*s\n", STR_ARG(text));
		return EXIT_DONE;
	}
	fprintf(stderr, "clguard types: %s\n", err.text);
	return r == -ERROR_UNKNOWN ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

static int
show_catalogue(struct arena *arena)
{
	struct error err = {0};
	struct str text;

	if (document_schema_catalogue(PKGDATADIR "/schemas", arena, &text, &err) == 0) {
		printf("%.*s\n", STR_ARG(text));
		return EXIT_DONE;
	}
	fprintf(stderr, "clguard types: %s\n", err.text);
	return EXIT_ENVIRONMENT;
}

/* Whether the words go together: a catalogue or a document is a schema, and neither is of a type that is named. */
static bool
types_usage_good(bool json_schema, bool list, const char *document, size_t words)
{
	if (list || document)
		return json_schema && words == 0 && !(list && document);
	return words <= 2 && (words || !json_schema);
}

int
cmd_types(int argc, char **argv)
{
	bool want_help = false, json_schema = false, list = false;
	const char *document = NULL;
	struct words words = {0};
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--json-schema", .flag = &json_schema},
		{"--document", .value = &document},
		{"--catalogue", .flag = &list},
		{0},
	};
	const struct catalogue *catalogue;
	struct error err = {0};
	struct arena arena;
	int code = EXIT_DONE;

	if (arguments_parse("clguard types", argc, argv, table, &words) != 0)
		return EXIT_USAGE;
	if (want_help || !types_usage_good(json_schema, list, document, words.count)) {
		fputs(help, want_help ? stdout : stderr);
		return want_help ? EXIT_DONE : EXIT_USAGE;
	}
	arena_init(&arena, 0);
	if (policyset_builtin(&arena, &catalogue, &err) != 0) {
		fprintf(stderr, "clguard types: %s\n", err.text);
		code = EXIT_ENVIRONMENT;
	} else if (list) {
		code = show_catalogue(&arena);
	} else if (document) {
		code = show_document(catalogue, document, &arena);
	} else if (words.count) {
		code = cmd_types_show(catalogue, &words, json_schema, &arena);
	} else {
		(void)catalogue_each(catalogue, print_type, &arena); /* the visitor never stops */
	}
	arena_free(&arena);
	return code;
}
