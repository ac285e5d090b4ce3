/* cmd_show - clguard show: operational policies as a graph, or in their canonical form */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "base/yaml_write.h"
#include "engine/decide/load.h"
#include "engine/operational/show.h"
#include "engine/simulation/operational_set.h"

static const char help[] =
	"usage: clguard show FILE... --graph|--flat\n\n"
	"Shows the operational policies of the files, whatever form they have.\n\n"
	"  --graph   directives and routes as Graphviz DOT: clguard show policy.yaml --graph | dot -Tsvg >policy.svg\n"
	"  --flat    the canonical form: a service template of flat policies, equal for equal directives\n";

static int
show_flat(const struct operational *list, struct arena *arena)
{
	const struct node *root = operational_template(list, arena);
	struct error err = {0};
	struct str text;

	if (!root || yaml_write(root, arena, &text, &err) != 0) {
		fprintf(stderr, "clguard show: %s\n", root ? err.text : "out of memory");
		return EXIT_ENVIRONMENT;
	}
	for (const struct operational *at = list; at; at = at->next)
		operational_notes(at, stdout);
	fputs(text.ptr, stdout);
	return EXIT_DONE;
}

static int
show(const struct words *paths, bool graph, struct arena *arena)
{
	const struct operational *list = NULL;
	struct document *documents;
	struct diags diags;
	size_t count;
	int r;

	diags_init(&diags, arena);
	r = load_documents(paths->words, paths->count, engine_options_default.limits.bytes, false, arena, &documents,
	                   &count, &diags);
	if (r == 0 && !operational_set_compile(documents, count, arena, &list, &diags))
		r = -ERROR_SYNTAX;
	print_findings(stderr, &diags, SEVERITY_WARNING);
	if (r != 0)
		return r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	if (!list) {
		fprintf(stderr, "clguard show: there is no operational policy in these files\n");
		return EXIT_INPUT;
	}
	if (!graph)
		return show_flat(list, arena);
	for (const struct operational *at = list; at; at = at->next)
		operational_dot(at, stdout);
	return EXIT_DONE;
}

int
cmd_show(int argc, char **argv)
{
	bool want_help = false, graph = false, flat = false;
	struct words paths = {0};
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--graph", .flag = &graph},
		{"--flat", .flag = &flat},
		{0},
	};
	struct arena arena;
	int code;

	if (arguments_parse("clguard show", argc, argv, table, &paths) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard show", !paths.count    ? "no files"
	                                : graph == flat ? "give either --graph or --flat"
	                                                : NULL) != EXIT_DONE)
		return EXIT_USAGE;
	arena_init(&arena, 0);
	code = show(&paths, graph, &arena);
	arena_free(&arena);
	return code;
}
