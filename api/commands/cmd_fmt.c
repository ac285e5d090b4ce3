/* cmd_fmt - clguard fmt: YAML documents in one layout, comments kept */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "base/yaml_format.h"
#include "engine/decide/load.h"

static const char help[] =
	"usage: clguard fmt [--check] FILE...|-\n\n"
	"Lays YAML files out alike: two spaces a level, lists below their key, no space at the ends of lines, at\n"
	"most one blank line. Comments and all texts stay; the result is read again and compared before the file\n"
	"is replaced. - formats standard input to standard output.\n\n"
	"  --check   changes nothing, names the files that would change, and then exits with 1\n";

/* Replaces the file by one beside it, which is there as a whole or not at all. */
static int
file_replace(const char *path, struct str text, struct arena *arena)
{
	char *beside = arena_printf(arena, "%s.XXXXXX", path);
	struct stat was;
	FILE *out;
	int fd, r;

	if (!beside || stat(path, &was) != 0 || (fd = mkstemp(beside)) < 0)
		return -1;
	r = fchmod(fd, was.st_mode & 07777);
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		unlink(beside);
		return -1;
	}
	if (fwrite(text.ptr, 1, text.len, out) != text.len)
		r = -1;
	if (fclose(out) != 0 || r != 0 || rename(beside, path) != 0) {
		unlink(beside);
		return -1;
	}
	return 0;
}

static int
format_one(const char *path, bool check, struct arena *arena)
{
	bool standard = strcmp(path, "-") == 0;
	struct error err = {0};
	struct str bytes, text;

	if (load_file(standard ? "/dev/stdin" : path, engine_options_default.limits.bytes, arena, &bytes, &err) != 0) {
		fprintf(stderr, "clguard fmt: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	if (yaml_format(bytes, path, &engine_options_default.limits, arena, &text, &err) != 0) {
		if (err.line)
			fprintf(stderr, "%s:%u:%u: error: %s\n", path, err.line, err.column, err.text);
		else
			fprintf(stderr, "%s: error: %s\n", path, err.text);
		return err.code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	}
	if (standard && !check)
		return fwrite(text.ptr, 1, text.len, stdout) == text.len ? EXIT_DONE : EXIT_ENVIRONMENT;
	if (str_equal(bytes, text))
		return EXIT_DONE;
	puts(path);
	if (check)
		return EXIT_INPUT;
	if (file_replace(path, text, arena) == 0)
		return EXIT_DONE;
	fprintf(stderr, "clguard fmt: cannot write %s: %s\n", path, strerror(errno));
	return EXIT_ENVIRONMENT;
}

int
cmd_fmt(int argc, char **argv)
{
	bool want_help = false, check = false;
	struct words words = {0};
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--check", .flag = &check},
		{0},
	};
	struct arena arena;
	int code = EXIT_DONE;

	if (arguments_parse("clguard fmt", argc, argv, table, &words) != 0)
		return EXIT_USAGE;
	if (want_help || words.count == 0) {
		fputs(help, want_help ? stdout : stderr);
		return want_help ? EXIT_DONE : EXIT_USAGE;
	}
	arena_init(&arena, 0);
	for (size_t i = 0; i < words.count; i++) {
		int one = format_one(words.words[i], check, &arena);

		code = one > code ? one : code;
		arena_reset(&arena);
	}
	arena_free(&arena);
	return code;
}
