/* cmd_convert - clguard convert: older documents as TOSCA, guards as XACML */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "base/yaml_write.h"
#include "engine/decide/load.h"
#include "engine/operational/show.h"
#include "engine/simulation/operational_set.h"
#include "engine/xacml/guard_xacml.h"
#include "guards/guard2_tosca.h"
#include "policytypes/dublin.h"
#include "policytypes/template.h"

static const char help[] =
	"usage: clguard convert FILE --to tosca|xacml\n\n"
	"  --to tosca   El Alto operational YAML, a Control Loop Guard 2.0.0 file, or guards with Dublin's properties, "
	"as a\n"
	"               TOSCA service template\n"
	"  --to xacml   the guard policies of a service template or 2.0.0 file as one XACML 3.0 policy set\n";

static int
print_tree(const struct node *root, struct arena *arena)
{
	struct error err = {0};
	struct str text;

	if (yaml_write(root, arena, &text, &err) != 0) {
		fprintf(stderr, "clguard convert: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	fputs(text.ptr, stdout);
	return EXIT_DONE;
}

static int
convert_el_alto(const struct document *document, struct arena *arena, struct diags *diags)
{
	const struct operational *list = NULL;
	const struct node *root;

	if (!operational_set_compile(document, 1, arena, &list, diags))
		return EXIT_INPUT;
	root = operational_template(list, arena);
	return root ? print_tree(root, arena) : EXIT_ENVIRONMENT;
}

/* The document as a template of TOSCA guard policies; NULL after findings. */
static const struct node *
guard_template(const struct node *root, enum document_kind kind, struct arena *arena, struct diags *diags)
{
	if (kind == DOCUMENT_GUARD2)
		return guard2_template(root, arena, diags);
	if (kind == DOCUMENT_TEMPLATE || kind == DOCUMENT_BARE)
		return root;
	diags_error(diags, root, "this document has no guards");
	return NULL;
}

static int
convert(const struct document *document, bool xacml, struct arena *arena, struct diags *diags)
{
	enum document_kind kind;
	struct error err = {0};
	const struct node *root;
	struct node *read;

	if (document_read(document->bytes, document->name, &engine_options_default.limits, arena, &read, &err) != 0 ||
	    document_classify(read, &kind, &err) != 0) {
		diags_add_error(diags, document->name, &err);
		return EXIT_INPUT;
	}
	if (kind == DOCUMENT_CONTROLLOOP && !xacml)
		return convert_el_alto(document, arena, diags);
	if (!xacml && (kind == DOCUMENT_TEMPLATE || kind == DOCUMENT_BARE) && dublin_convert(read, arena, diags) > 0)
		return diags->count[SEVERITY_ERROR] == 0 ? print_tree(read, arena) : EXIT_INPUT;
	root = guard_template(read, kind, arena, diags);
	if (root && xacml)
		return guard_xacml(root, kind == DOCUMENT_BARE ? DOCUMENT_BARE : DOCUMENT_TEMPLATE, arena, stdout,
		                   diags)
		               ? EXIT_DONE
		               : EXIT_INPUT;
	if (root && kind != DOCUMENT_GUARD2) {
		diags_error(diags, root, "this document is TOSCA already");
		root = NULL;
	}
	return root ? print_tree(root, arena) : EXIT_INPUT;
}

int
cmd_convert(int argc, char **argv)
{
	const char *to = NULL;
	struct words paths = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--to", .value = &to},
		{0},
	};
	struct document *documents;
	struct arena arena;
	struct diags diags;
	size_t count;
	int r, code;

	if (arguments_parse("clguard convert", argc, argv, table, &paths) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard convert", paths.count != 1 ? "it takes one file"
	                                   : !to || (strcmp(to, "tosca") != 0 && strcmp(to, "xacml") != 0)
	                                           ? "--to must be tosca or xacml"
	                                           : NULL) != EXIT_DONE)
		return EXIT_USAGE;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = load_documents(paths.words, 1, engine_options_default.limits.bytes, false, &arena, &documents, &count,
	                   &diags);
	if (r != 0)
		code = r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	else
		code = count == 1 ? convert(documents, strcmp(to, "xacml") == 0, &arena, &diags) : EXIT_USAGE;
	print_findings(stderr, &diags, SEVERITY_WARNING);
	arena_free(&arena);
	return code;
}
