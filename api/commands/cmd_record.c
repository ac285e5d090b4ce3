/* cmd_record - clguard record: operations into a running service, and out of its counts again */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/client.h"
#include "api/cli/commands.h"
#include "api/cli/refusal.h"
#include "api/process/arguments.h"
#include "base/text.h"
#include "engine/decide/load.h"

#define OPERATIONS "/clguard/v1/operations"
#define SERVICE "127.0.0.1:6969"
#define FILE_MAX ((size_t)16 << 20)

static const char help[] =
	"usage: clguard record [--service ADDR:PORT] [--user NAME:PASSWORD] FILE\n"
	"       clguard record [...] --undo ID --why TEXT [--by NAME]\n"
	"       clguard record [...] --list | --list-undone\n\n"
	"Enters operations that others performed into the counts of a running service, and takes one out again.\n\n"
	"  FILE           one operation or a list of them, JSON as POST " OPERATIONS
	" takes it; - is the standard input\n"
	"  --undo ID      takes the operation out of the counts; it stays in the log, with who did it and why\n"
	"  --why TEXT     the reason, kept for the audit\n"
	"  --by NAME      who does it; default: the name in USER\n"
	"  --list         the newest 1,000 operations with their ids; --list-undone: those that were taken out\n"
	"  --service      default: CLGUARD_SERVICE, else " SERVICE "\n";

struct record_command {
	struct client client;
	const char *undo, *why, *by;
	bool list, list_undone, help;
	struct words files;
	struct arena arena;
};

/* Asks, and prints the answer; a refusal goes to stderr. The exit code. */
static int
record_ask(struct record_command *command, const char *method, const char *path, struct str body)
{
	struct error err = {0};
	unsigned status;
	struct str answer;

	if (client_ask(&command->client, method, path, body, "application/json", &command->arena, &status, &answer,
	               &err) != 0) {
		fprintf(stderr, "clguard record: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	if (status >= 400)
		refusal_print("clguard record", status, answer, &command->arena);
	else
		printf("%.*s\n", STR_ARG(answer));
	return status < 400 ? EXIT_DONE : status < 500 ? EXIT_INPUT : EXIT_ENVIRONMENT;
}

/* A text as part of a query. */
static void
add_encoded(struct text *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			text_add(out, (struct str){text, 1});
		else
			text_addf(out, "%%%02X", c);
	}
}

static int
record_undo(struct record_command *command)
{
	const char *by = command->by ? command->by : getenv("USER");
	struct text path;

	if (!command->why || !*command->why || !by || !*by) {
		fputs("clguard record: --undo needs --why TEXT, and --by NAME where USER is not set\n", stderr);
		return EXIT_USAGE;
	}
	text_init(&path, &command->arena);
	text_add(&path, STR(OPERATIONS "/"));
	add_encoded(&path, command->undo);
	text_add(&path, STR("?by="));
	add_encoded(&path, by);
	text_add(&path, STR("&why="));
	add_encoded(&path, command->why);
	if (path.failed) {
		fputs("clguard record: out of memory\n", stderr);
		return EXIT_ENVIRONMENT;
	}
	text_add(&path, (struct str){"", 1}); /* the NUL */
	return record_ask(command, "DELETE", text_done(&path).ptr, STR_NONE);
}

static int
record_file(struct record_command *command)
{
	const char *file = command->files.words[0];
	struct error err = {0};
	struct str bytes;

	if (load_file(strcmp(file, "-") == 0 ? "/dev/stdin" : file, FILE_MAX, &command->arena, &bytes, &err) != 0) {
		fprintf(stderr, "clguard record: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	return record_ask(command, "POST", OPERATIONS, bytes);
}

static int
record_run(struct record_command *command)
{
	unsigned things = (command->undo != NULL) + command->list + command->list_undone + (command->files.count == 1);

	if (!command->client.address)
		command->client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : SERVICE;
	if (command->help || things != 1 || command->files.count > 1) {
		fputs(help, command->help ? stdout : stderr);
		return command->help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!client_address_good(command->client.address)) {
		fprintf(stderr,
		        "clguard record: --service is wrong: expected ADDR:PORT, http://ADDR:PORT or unix:PATH, got "
		        "'%s'\n",
		        command->client.address);
		return EXIT_USAGE;
	}
	if (command->undo)
		return record_undo(command);
	if (command->files.count)
		return record_file(command);
	return record_ask(command, "GET",
	                  command->list ? OPERATIONS "?limit=1000&ids=true" : OPERATIONS "?limit=1000&undone=true",
	                  STR_NONE);
}

int
cmd_record(int argc, char **argv)
{
	struct record_command command = {0};
	const struct argument table[] = {
		{"--help", .flag = &command.help},
		{"--service", .value = &command.client.address},
		{"--user", .value = &command.client.user},
		{"--undo", .value = &command.undo},
		{"--why", .value = &command.why},
		{"--by", .value = &command.by},
		{"--list", .flag = &command.list},
		{"--list-undone", .flag = &command.list_undone},
		{0},
	};
	int code = EXIT_USAGE;

	arena_init(&command.arena, 0);
	if (arguments_parse("clguard record", argc, argv, table, &command.files) == 0)
		code = record_run(&command);
	arena_free(&command.arena);
	return code;
}
