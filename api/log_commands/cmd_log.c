/* cmd_log - clguard log: verify, tail and show decision logs */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "api/cli/commands.h"
#include "api/decision_log/log_files.h"
#include "api/decision_log/verify.h"
#include "api/process/arguments.h"
#include "api/replay/log_show.h"

static const char help[] =
	"usage: clguard log verify FILE... [--key FILE] [--has NUMBER[:CODE]]\n"
	"       clguard log tail FILE [--lines N] [--follow] [--json] [FILTER...]\n"
	"       clguard log show FILE... [--json] [FILTER...]\n\n"
	"Reads decision logs. A FILE stands for those of its name that were moved aside, too, the oldest first.\n\n"
	"  verify  check that no line is missing, was changed, put in or taken out; exit code 1 when one was.\n"
	"          Lines that the log itself tells it has lost are counted, and are no fault of the file's\n"
	"  tail    print the last lines\n"
	"  show    print all lines\n\n"
	"  --key FILE           of the log (default FILE.key)\n"
	"  --has NUMBER[:CODE]  expect this line, as verify has told it before: lines cut off at the end show so\n"
	"  --lines N            how many (default 10)\n"
	"  --follow             go on as lines are written\n"
	"  --json               lines as they are, instead of in short\n"
	"  --door, --event, --status, --reason, --policy, --actor, --operation, --target, --clname, --requestId,\n"
	"  --user VALUE         only lines with this value\n"
	"  --from, --to TIME    only lines of this time (RFC 3339)\n";

#define POLL_MS 100

struct log_command {
	const char *action, *key, *has, *lines, *from, *to;
	bool follow;
	struct log_filter filter;
	struct words files;
};

static int
log_complain(const struct error *err)
{
	fprintf(stderr, "clguard log: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
}

/* The files of all names, from malloc; a file that is given and another's older part is taken once. */
static int
gather_files(const struct words *names, struct log_files *ret, struct error *err)
{
	*ret = (struct log_files){0};
	for (size_t i = 0; i < names->count; i++) {
		struct log_files found;
		char **larger;
		struct stat info;

		if (log_files_find(names->words[i], &found) != 0) {
			log_files_free(&found);
			return error_set(err, ERROR_IO, NULL, "cannot look for the files of '%s'", names->words[i]);
		}
		larger = realloc(ret->paths, (ret->count + found.count) * sizeof(*larger));
		if (!larger) {
			log_files_free(&found);
			return error_set(err, ERROR_MEMORY, NULL, "out of memory");
		}
		ret->paths = larger;
		for (size_t j = 0; j < found.count; j++) {
			bool known = j + 1 == found.count && found.count > 1 && stat(found.paths[j], &info) != 0;

			for (size_t k = 0; k < ret->count && !known; k++)
				known = strcmp(ret->paths[k], found.paths[j]) == 0;
			if (known)
				free(found.paths[j]);
			else
				ret->paths[ret->count++] = found.paths[j];
		}
		free(found.paths);
	}
	return 0;
}

/* --- verify --- */

static bool
read_wanted(const char *text, struct verify_wanted *ret)
{
	char *end;

	*ret = (struct verify_wanted){0};
	if (!text)
		return true;
	ret->number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || ret->number == 0)
		return false;
	if (*end == '\0')
		return true;
	ret->has_mac = *end == ':' && mac_read(str_from(end + 1), &ret->mac);
	return ret->has_mac;
}

static int
log_verify(const struct log_command *command, const struct log_files *files)
{
	struct verify_report report;
	struct verify_wanted wanted;
	struct hash_key key;
	struct error err = {0};
	char name[LOG_PATH_SIZE], mac[MAC_TEXT_SIZE];

	if (!read_wanted(command->has, &wanted)) {
		fprintf(stderr, "clguard log: --has is wrong: expected NUMBER or NUMBER:CODE, got '%s'\n",
		        command->has);
		return EXIT_USAGE;
	}
	(void)snprintf(name, sizeof(name), "%s.key", command->files.words[0]);
	if (chain_key_read(command->key ? command->key : name, false, &key, &err) != 0)
		return log_complain(&err);
	if (verify_files((const char *const *)files->paths, files->count, &key, &wanted, stdout, &report, &err) != 0)
		return log_complain(&err);
	mac_write(report.mac, mac);
	printf("%" PRIu64 " lines in %" PRIu64 " files, numbers %" PRIu64 " to %" PRIu64 "; last %" PRIu64 ":%s\n",
	       report.lines, report.files, report.first, report.last, report.last, mac);
	if (report.missing)
		printf("%" PRIu64 " lines are missing, of which the log tells of %" PRIu64 "\n", report.missing,
		       report.told);
	if (report.changed || report.foreign)
		printf("%" PRIu64 " places do not fit\n", report.changed + report.foreign);
	if (wanted.number && !report.has_wanted)
		printf("line %s is not there\n", command->has);
	return verify_is_whole(&report) && (!wanted.number || report.has_wanted) ? EXIT_DONE : EXIT_INPUT;
}

/* --- show and tail --- */

static int
show_stream(const struct log_command *command, FILE *file)
{
	char *line = NULL;
	bool failed = false;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n') {
			log_show_line(stdout, &command->filter, (struct str){line, (size_t)len - 1});
			continue;
		}
		failed = fseek(file, -len, SEEK_CUR) != 0; /* it is being written: it is read again when it is whole */
		break;
	}
	free(line);
	return failed || ferror(file) ? -1 : 0;
}

static int
log_show(const struct log_command *command, const struct log_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		FILE *file = fopen(files->paths[i], "re");
		int r;

		if (!file) {
			fprintf(stderr, "clguard log: cannot open '%s': %s\n", files->paths[i], strerror(errno));
			return EXIT_ENVIRONMENT;
		}
		r = show_stream(command, file);
		(void)fclose(file); /* it was only read */
		if (r != 0) {
			fprintf(stderr, "clguard log: cannot read '%s'\n", files->paths[i]);
			return EXIT_ENVIRONMENT;
		}
	}
	return EXIT_DONE;
}

/* Goes to where the last `lines` lines that pass begin, by remembering the places of as many. */
static bool
seek_tail(const struct log_command *command, FILE *file, size_t lines)
{
	long *places = calloc(lines + 1, sizeof(*places));
	char *line = NULL;
	size_t size = 0, passed = 0;
	long at = 0, to = 0;
	ssize_t len;

	for (; places && (len = getline(&line, &size, file)) > 0; at += len) {
		if (line[len - 1] == '\n' && log_passes(&command->filter, (struct str){line, (size_t)len - 1}))
			places[passed++ % (lines + 1)] = at;
	}
	if (places && passed > lines)
		to = places[(passed - lines) % (lines + 1)];
	if (lines == 0)
		to = at;
	free(line);
	free(places);
	clearerr(file);
	return fseek(file, to, SEEK_SET) == 0;
}

/* Whether another file has the name now. */
static bool
has_moved(FILE *file, const char *path)
{
	struct stat here, there;

	return fstat(fileno(file), &here) == 0 && stat(path, &there) == 0 &&
	       (here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

static int
follow(const struct log_command *command, FILE **file, const char *path)
{
	const struct timespec wait = {0, POLL_MS * 1000000};

	for (;;) {
		bool moved = has_moved(*file, path);

		clearerr(*file);
		if (show_stream(command, *file) != 0 || fflush(stdout) != 0)
			return EXIT_ENVIRONMENT;
		if (moved) {
			FILE *next = fopen(path, "re");

			if (next) {
				(void)fclose(*file); /* it was only read */
				*file = next;
				continue;
			}
		}
		(void)nanosleep(&wait, NULL); /* a signal may cut it short */
	}
}

static int
log_tail(const struct log_command *command)
{
	const char *path = command->files.words[0];
	unsigned long lines = 10;
	char *end = NULL;
	int code = EXIT_DONE;
	FILE *file;

	if (command->lines)
		lines = strtoul(command->lines, &end, 10);
	if (end && (*end || *command->lines < '0' || *command->lines > '9' || lines > 1000000)) {
		fprintf(stderr, "clguard log: --lines is wrong: expected a number up to 1000000, got '%s'\n",
		        command->lines);
		return EXIT_USAGE;
	}
	file = fopen(path, "re");
	if (!file) {
		fprintf(stderr, "clguard log: cannot open '%s': %s\n", path, strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	if (!seek_tail(command, file, lines) || show_stream(command, file) != 0)
		code = EXIT_ENVIRONMENT;
	if (code == EXIT_DONE && command->follow)
		code = follow(command, &file, path);
	(void)fclose(file); /* it was only read */
	return code;
}

static int
run_log(const struct log_command *command)
{
	struct log_files files;
	struct error err = {0};
	int code;

	if (strcmp(command->action, "tail") == 0)
		return log_tail(command);
	if (gather_files(&command->files, &files, &err) != 0)
		code = log_complain(&err);
	else
		code = strcmp(command->action, "verify") == 0 ? log_verify(command, &files) : log_show(command, &files);
	log_files_free(&files);
	return code;
}

static const char *
log_usage_of(const struct log_command *command)
{
	bool tail;

	if (!command->action || (strcmp(command->action, "verify") != 0 && strcmp(command->action, "tail") != 0 &&
	                         strcmp(command->action, "show") != 0))
		return "verify, tail or show is expected";
	tail = strcmp(command->action, "tail") == 0;
	if (command->files.count == 0)
		return "FILE is missing";
	if (tail && command->files.count > 1)
		return "tail reads one FILE";
	return !tail && (command->follow || command->lines) ? "--lines and --follow are of tail" : NULL;
}

int
cmd_log(int argc, char **argv)
{
	struct log_command command = {0};
	struct log_filter *filter = &command.filter;
	struct words rest = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--key", .value = &command.key},
		{"--has", .value = &command.has},
		{"--lines", .value = &command.lines},
		{"--follow", .flag = &command.follow},
		{"--json", .flag = &filter->json},
		{"--door", .value = &filter->values[LOG_FILTER_DOOR]},
		{"--event", .value = &filter->values[LOG_FILTER_EVENT]},
		{"--status", .value = &filter->values[LOG_FILTER_STATUS]},
		{"--reason", .value = &filter->values[LOG_FILTER_REASON]},
		{"--policy", .value = &filter->values[LOG_FILTER_POLICY]},
		{"--actor", .value = &filter->values[LOG_FILTER_ACTOR]},
		{"--operation", .value = &filter->values[LOG_FILTER_OPERATION]},
		{"--target", .value = &filter->values[LOG_FILTER_TARGET]},
		{"--clname", .value = &filter->values[LOG_FILTER_CLNAME]},
		{"--requestId", .value = &filter->values[LOG_FILTER_REQUEST]},
		{"--user", .value = &filter->values[LOG_FILTER_USER]},
		{"--from", .value = &command.from},
		{"--to", .value = &command.to},
		{0},
	};

	if (arguments_parse("clguard log", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	command.action = rest.count ? rest.words[0] : NULL;
	command.files = (struct words){rest.words + 1, rest.count ? rest.count - 1 : 0};
	if (check_usage("clguard log", log_usage_of(&command)) != EXIT_DONE)
		return EXIT_USAGE;
	if (!log_filter_times(filter, command.from, command.to))
		return EXIT_USAGE;
	return run_log(&command);
}
