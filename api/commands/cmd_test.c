/* cmd_test - clguard test: run policy tests */
/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/cli/commands.h"
#include "api/cli/policy_test.h"
#include "api/cli/test_report.h"
#include "api/process/arguments.h"
#include "engine/decide/load.h"

static const char help[] =
	"usage: clguard test [--mode strict|onap] [--coverage] [--verbose] [--json] [--junit FILE] PATH...\n\n"
	"Runs policy tests: YAML files with policies, history, requests and expectations, in virtual time.\n"
	"A directory stands for its test files and those of the directories in it. Prints failures, with --verbose\n"
	"also what passes, and 'N passed, N failed'; exit code 1 when one failed or there was none. See clguard(1)\n"
	"for the format.\n\n"
	"  --coverage  also name the guards that no test reached\n"
	"  --verbose   tell of what passes too\n"
	"  --json      all results as one JSON document, and nothing else\n"
	"  --junit     write all results to FILE as JUnit's XML, too\n";

static void
print_coverage(const struct test_run *run)
{
	size_t guards = 0, reached = 0;

	for (const struct covered *c = run->guards; c; c = c->next) {
		guards++;
		reached += c->reached;
		if (!c->reached)
			printf("%s:%u: no test reaches the guard of '%s'\n", c->file, c->line, c->policy);
	}
	printf("%zu of %zu guards reached\n", reached, guards);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The test files of one folder, or one file. ret_files counts those that hold tests. */
static int
run_files(struct test_run *run, const char *path, struct arena *arena, size_t *ret_files)
{
	struct path_list list;
	struct error err = {0};

	if (load_expand(&path, 1, arena, &list, &err) != 0) {
		fprintf(stderr, "clguard test: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	for (size_t i = 0; i < list.count; i++) {
		int r = policy_test_run(run, list.paths[i]);

		if (r < 0)
			return r == -ERROR_IO ? EXIT_ENVIRONMENT : EXIT_INPUT;
		*ret_files += r > 0;
	}
	return EXIT_DONE;
}

static int
is_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

#define FOLDER_DEPTH_MAX 16

/* A folder's own tests first, then those of the folders in it, by name. */
static int
run_tree(struct test_run *run, const char *path, unsigned depth, struct arena *arena, size_t *ret_files)
{
	int code = run_files(run, path, arena, ret_files), count;
	struct dirent **entries;

	if (!is_directory(path) || depth == 0)
		return code;
	count = scandir(path, &entries, is_folder, by_name);
	for (int i = 0; i < count; i++) {
		const char *inner = arena_printf(arena, "%s/%s", path, entries[i]->d_name);

		if (inner && is_directory(inner)) {
			int one = run_tree(run, inner, depth - 1, arena, ret_files);

			code = one > code ? one : code;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return code;
}

/* The tests of one argument. */
static int
run_path(struct test_run *run, const char *path, struct arena *arena)
{
	size_t files = 0;
	int code = run_tree(run, path, FOLDER_DEPTH_MAX, arena, &files);

	if (code == EXIT_DONE && !files) {
		fprintf(stderr, "clguard test: '%s' %s\n", path,
		        is_directory(path) ? "holds no tests" : "is not a test: it has no 'requests'");
		return EXIT_INPUT;
	}
	return code;
}

int
cmd_test(int argc, char **argv)
{
	struct test_run run = {.out = stdout};
	const char *mode = NULL, *junit = NULL;
	bool want_help = false, coverage = false;
	struct words paths = {0};
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--mode", .value = &mode},
		{"--coverage", .flag = &coverage},
		{"--verbose", .flag = &run.verbose},
		{"--json", .flag = &run.json},
		{"--junit", .value = &junit},
		{0},
	};
	struct arena arena;
	int code = EXIT_DONE;

	if (arguments_parse("clguard test", argc, argv, table, &paths) != 0)
		return EXIT_USAGE;
	if (want_help || !paths.count) {
		fputs(help, want_help ? stdout : stderr);
		return want_help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!read_mode("clguard test", mode, &run.mode))
		return EXIT_USAGE;
	run.kept = run.json || junit;
	arena_init(&arena, 0);
	arena_init(&run.arena, 0);
	for (size_t i = 0; i < paths.count; i++) {
		int one = run_path(&run, paths.words[i], &arena);

		code = one > code ? one : code;
	}
	if (coverage && !run.json)
		print_coverage(&run);
	if (run.json)
		test_report_json(&run, stdout);
	else
		printf("%zu passed, %zu failed\n", run.passed, run.failed);
	if (junit && test_report_junit(&run, junit) != 0) {
		fprintf(stderr, "clguard test: cannot write '%s'\n", junit);
		code = EXIT_ENVIRONMENT;
	}
	arena_free(&run.arena);
	arena_free(&arena);
	return code == EXIT_DONE && (run.failed || !run.passed) ? EXIT_INPUT : code;
}
