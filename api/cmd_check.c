/* cmd_check - clguard check: compile policies and print every finding */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/arguments.h"
#include "api/commands.h"
#include "engine/load.h"
#include "engine/policyset.h"

static const char help[] =
	"usage: clguard check [--mode strict|onap] FILE|DIRECTORY...\n\n"
	"Compiles service templates, Control Loop Guard 2.0.0 files and bare policy bodies, and prints\n"
	"every finding as file:line:column: severity: text. Exit code 1 when there is an error.\n";

static int
check(enum guard_mode mode, const struct words *paths)
{
	struct compile_options options = {
		.mode = mode,
		.limits = engine_options_default.limits,
		.policies_max = engine_options_default.policies_max,
	};
	struct policyset *set = NULL;
	struct document *documents;
	struct arena arena;
	struct diags diags;
	struct error err = {0};
	size_t count;
	int r;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = policyset_builtin(&arena, &options.builtin, &err);
	if (r != 0)
		diags_add_error(&diags, "", &err);
	if (r == 0)
		r = load_documents(paths->words, paths->count, options.limits.bytes, false, &arena, &documents, &count,
		                   &diags);
	if (r == 0)
		r = policyset_compile(&options, documents, count, &set, &diags);
	print_findings(stdout, &diags, SEVERITY_INFO);
	if (set)
		fprintf(stderr, "%zu policies, %zu guards: ", set->policies, set->guards.count);
	fprintf(stderr, "%zu errors, %zu warnings\n", diags.count[SEVERITY_ERROR], diags.count[SEVERITY_WARNING]);
	policyset_drop(set);
	arena_free(&arena);
	if (r == -ERROR_IO || r == -ERROR_MEMORY || r == -ERROR_INTERNAL)
		return EXIT_ENVIRONMENT;
	return r == 0 ? EXIT_DONE : EXIT_INPUT;
}

int
cmd_check(int argc, char **argv)
{
	const char *mode_text = NULL;
	struct words paths = {0};
	bool want_help = false;
	enum guard_mode mode;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--mode", .value = &mode_text},
		{0},
	};

	if (arguments_parse("clguard check", argc, argv, table, &paths) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (!read_mode("clguard check", mode_text, &mode))
		return EXIT_USAGE;
	if (!paths.count) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	return check(mode, &paths);
}
