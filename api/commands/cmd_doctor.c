/* cmd_doctor - clguard doctor: what is wrong with a service's settings, files and database, and what to do */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"
#include "api/doctor/doctor.h"

static const char help[] =
	"usage: clguard doctor [--config FILE] [--data DIR] [--service ADDRESS [--user NAME:PASSWORD]]\n"
	"                      [--strict-warnings] [--json]\n\n"
	"Looks at what a service reads and writes, and tells of each thing that is wrong, or will be, and what to do:\n"
	"configuration and policies (as clguardd --check-config), database, clock, limits, permissions, addresses,\n"
	"certificate, decision log. Run it as the service's user, with its environment. Changes nothing.\n\n"
	"  --config FILE        the settings, as clguardd takes them; without it those of the installed service\n"
	"  --data DIR           the database, in place of the setting data\n"
	"  --service ADDRESS    also ask a service that runs\n"
	"  --strict-warnings    a warning is an error\n"
	"  --json               one JSON document\n\n"
	"Exit code 1 when there is an error, 3 when something could not be looked at.\n";

struct doctor_command {
	const char *config, *data;
	struct client client;
	bool strict, json;
};

/* The warnings of /ready. */
static void
doctor_ask(struct doctor *doctor, const struct client *client)
{
	const struct node *warnings, *ready;
	struct error err = {0};
	struct node *answer;
	struct str body;
	unsigned status;

	if (client_ask(client, "GET", "/ready", STR_NONE, NULL, doctor->arena, &status, &body, &err) != 0 ||
	    json_read(body, "", &loop_client_limits, doctor->arena, &answer, &err) != 0) {
		doctor_unseen(doctor, DOCTOR_SERVICE, "start it, or look at its log: journalctl -u clguardd",
		              "%s does not answer: %s", client->address, err.text);
		return;
	}
	ready = node_get(answer, "ready");
	if (!ready || ready->kind != NODE_BOOL || !ready->boolean)
		doctor_add(doctor, DOCTOR_SERVICE, SEVERITY_ERROR, "clguard status tells more", "%s is not ready: %.*s",
		           client->address, STR_ARG(ask_member(answer, "why", NULL)));
	warnings = node_get(answer, "warnings");
	for (const struct node *at = warnings ? warnings->first : NULL; at; at = at->next)
		doctor_add(doctor, DOCTOR_SERVICE, SEVERITY_WARNING, "doc/operations.md, Alarms, tells what to do",
		           "%.*s [%.*s]", STR_ARG(ask_member(at, "text", NULL)), STR_ARG(ask_member(at, "id", NULL)));
}

/* The settings as a service with these words would have them; EXIT_DONE, or the end. */
static int
doctor_settings(const struct doctor_command *command, struct doctor *doctor, struct settings *settings)
{
	char program[] = "clguardd", config[] = "--config", data[] = "--data";
	char *words[6] = {program};
	struct settings_command unused = {0};
	struct error err = {0};
	struct diags findings;
	int count = 1, r;

	if (command->config) {
		words[count++] = config;
		words[count++] = (char *)(uintptr_t)command->config; /* only read */
	}
	if (command->data) {
		words[count++] = data;
		words[count++] = (char *)(uintptr_t)command->data; /* only read */
	}
	diags_init(&findings, doctor->arena);
	settings_init(settings, doctor->arena);
	r = settings_gather(settings, count, words, environ, &unused, &findings, &err);
	if (err.code) {
		fprintf(stderr, "clguard doctor: %s\n", err.text);
		return EXIT_USAGE;
	}
	for (const struct diag *diag = findings.first; diag; diag = diag->next)
		doctor_add(doctor, DOCTOR_CONFIGURATION, diag->severity, "correct it: clguard.yaml(5) has each setting",
		           "%s:%u:%u: %s", diag->file, diag->line, diag->column, diag->text);
	doctor->unseen |= r == -ERROR_IO || r == -ERROR_MEMORY;
	return EXIT_DONE;
}

static int
doctor_tell(const struct doctor_command *command, const struct doctor *doctor)
{
	size_t errors = doctor->count[SEVERITY_ERROR], warnings = doctor->count[SEVERITY_WARNING];
	struct text out;

	if (command->json) {
		text_init(&out, doctor->arena);
		doctor_json(doctor, &out);
		puts(text_done(&out).ptr ? text_done(&out).ptr : "");
	} else {
		doctor_print(doctor, stdout);
		fprintf(stderr, "%zu %s, %zu %s\n", errors, errors == 1 ? "error" : "errors", warnings,
		        warnings == 1 ? "warning" : "warnings");
	}
	if (doctor->out_of_memory)
		fputs("clguard doctor: out of memory: findings are missing\n", stderr);
	if (doctor->unseen || doctor->out_of_memory)
		return EXIT_ENVIRONMENT;
	return errors || (command->strict && warnings) ? EXIT_INPUT : EXIT_DONE;
}

static int
doctor_run(const struct doctor_command *command)
{
	struct settings settings;
	struct arena arena;
	struct doctor doctor = {.settings = &settings, .arena = &arena};
	int code;

	arena_init(&arena, 0);
	code = doctor_settings(command, &doctor, &settings);
	if (code == EXIT_DONE) {
		doctor_configuration(&doctor);
		doctor_files(&doctor);
		doctor_certificate(&doctor);
		doctor_database(&doctor);
		doctor_limits(&doctor);
		doctor_decision_log(&doctor);
		if (command->client.address)
			doctor_ask(&doctor, &command->client);
		code = doctor_tell(command, &doctor);
	}
	arena_free(&arena);
	return code;
}

int
cmd_doctor(int argc, char **argv)
{
	struct doctor_command command = {0};
	bool want_help = false;
	struct words rest = {0};
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--config", .value = &command.config},
		{"--data", .value = &command.data},
		{"--service", .value = &command.client.address},
		{"--user", .value = &command.client.user},
		{"--strict-warnings", .flag = &command.strict},
		{"--json", .flag = &command.json},
		{0},
	};

	if (arguments_parse("clguard doctor", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help || rest.count) {
		fputs(help, want_help ? stdout : stderr);
		return want_help ? EXIT_DONE : EXIT_USAGE;
	}
	if (command.client.address && !client_address_good(command.client.address))
		return check_usage("clguard doctor", "--service is wrong: expected HOST:PORT or unix:PATH");
	return doctor_run(&command);
}
