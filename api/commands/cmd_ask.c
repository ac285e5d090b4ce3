/* cmd_ask - clguard ask: one question to a running service */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/client.h"
#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "base/document.h"
#include "base/text.h"
#include "engine/decide/load.h"
#include "guards/field.h"

#define SERVICE "127.0.0.1:6969"
#define FILE_MOST ((size_t)16 << 20)

static const char help[] =
	"usage: clguard ask [--service ADDR:PORT] [--user NAME:PASSWORD] [--authzen] [--explain] [--json] FILE\n"
	"       clguard ask [...] --actor ACTOR --operation OPERATION [--target TARGET] [--loop NAME] [--vf-count N]\n"
	"                         [--field PATH=VALUE ...]\n\n"
	"Asks a running service whether an operation may be performed. It counts nothing: POST reservations takes the\n"
	"right as well. Prints the decision and its reason; exit code 0 for either.\n\n"
	"  FILE            the question as POST decision takes it, JSON, or with --authzen as /access/v1/evaluation "
	"does,\n"
	"                  a list of evaluations too; - is the standard input\n"
	"  --field         something else that filters test, such as resource.properties.status=archived; with "
	"--authzen\n"
	"                  the types of subject and resource are user and target unless fields say otherwise\n"
	"  --explain       what each guard said, and what would turn a Deny\n"
	"  --json          the answer as it came\n"
	"  --service       default: CLGUARD_SERVICE, else " SERVICE "\n";

struct ask_command {
	struct client client;
	const char *actor, *operation, *target, *loop, *vf_count;
	struct words fields, files;
	bool authzen, explain, json, help;
	struct arena arena;
};

/* The value of a --field with this path, or `otherwise`. */
static struct str
field_given(const struct ask_command *command, const char *path, struct str otherwise)
{
	for (size_t i = 0; i < command->fields.count; i++) {
		const char *word = command->fields.words[i], *sign = strchr(word, '=');

		if (sign && str_is((struct str){word, (size_t)(sign - word)}, path))
			return str_from(sign + 1);
	}
	return otherwise;
}

/* A member of a map; absent ones are left out. */
static void
ask_member_add(struct text *out, const char *key, struct str value)
{
	if (!value.ptr)
		return;
	if (out->len && out->ptr[out->len - 1] != '{')
		text_add(out, STR(","));
	text_add_json(out, str_from(key));
	text_add(out, STR(":"));
	text_add_json(out, value);
}

/* The fields of one root as members; they are known to be good. */
static void
ask_fields_add(struct text *out, struct ask_command *command, enum field_root wanted)
{
	for (size_t i = 0; i < command->fields.count; i++) {
		const char *word = command->fields.words[i], *sign = strchr(word, '=');
		enum field_root root;
		struct str name;

		if (!field_parse((struct str){word, (size_t)(sign - word)}, &root, &name) || root != wanted)
			continue;
		name = arena_str(&command->arena, name);
		ask_member_add(out, name.ptr, str_from(sign + 1));
	}
}

static void
ask_entity_add(struct text *out, struct ask_command *command, const char *key, struct str type, struct str id,
               enum field_root root)
{
	text_addf(out, "%c\"%s\":{", out->len ? ',' : '{', key);
	ask_member_add(out, "type", type);
	ask_member_add(out, type.ptr ? "id" : "name", id);
	text_addf(out, ",\"properties\":{");
	ask_fields_add(out, command, root);
	text_add(out, STR("}}"));
}

static struct str
authzen_body(struct ask_command *command)
{
	struct text out;

	text_init(&out, &command->arena);
	ask_entity_add(&out, command, "subject", field_given(command, "subject.type", STR("user")),
	               str_from(command->actor), FIELD_SUBJECT_PROPERTIES);
	ask_entity_add(&out, command, "action", STR_NONE, str_from(command->operation), FIELD_ACTION_PROPERTIES);
	ask_entity_add(&out, command, "resource", field_given(command, "resource.type", STR("target")),
	               str_from(command->target ? command->target : ""), FIELD_RESOURCE_PROPERTIES);
	text_add(&out, STR(",\"context\":{"));
	ask_member_add(&out, "clname", str_from(command->loop));
	ask_member_add(&out, "vfCount", str_from(command->vf_count));
	ask_fields_add(&out, command, FIELD_CONTEXT);
	text_add(&out, STR("}}"));
	return text_done(&out);
}

static struct str
decision_body(struct ask_command *command)
{
	struct text out;

	text_init(&out, &command->arena);
	text_add(&out, STR("{\"action\":\"guard\",\"resource\":{\"guard\":{"));
	ask_member_add(&out, "actor", str_from(command->actor));
	ask_member_add(&out, "operation", str_from(command->operation));
	ask_member_add(&out, "target", str_from(command->target));
	ask_member_add(&out, "clname", str_from(command->loop));
	ask_member_add(&out, "vfCount", str_from(command->vf_count));
	for (size_t i = 0; i < command->fields.count; i++) {
		const char *word = command->fields.words[i], *sign = strchr(word, '=');
		struct str path = arena_str(&command->arena, (struct str){word, (size_t)(sign - word)});

		ask_member_add(&out, path.ptr, str_from(sign + 1));
	}
	text_add(&out, STR("}}}"));
	return text_done(&out);
}

/* One decision of either form, as a line. */
static void
decision_print(const struct node *decision)
{
	const struct node *status = node_get(decision, "status"), *permit = node_get(decision, "decision");
	const struct node *context = permit ? node_get(decision, "context") : decision;
	const struct node *reason = node_get(context, "reason"), *missing = node_get(context, "missing");
	const struct node *why = node_get(context, "explanation");
	const struct node *change = node_get(why, "change"), *guards = node_get(why, "guards");
	const struct node *wrong = node_get(node_get(context, "error"), "message");

	printf("%s", permit ? permit->boolean ? "Permit" : "Deny" : status ? status->text.ptr : "?");
	if (reason)
		printf(" %s", reason->text.ptr);
	if (missing)
		printf(" (%s)", missing->text.ptr);
	if (wrong)
		printf(" %s", wrong->text.ptr);
	putchar('\n');
	for (const struct node *guard = guards ? guards->first : NULL; guard; guard = guard->next) {
		const struct node *file = node_get(guard, "file"), *line = node_get(guard, "line");
		const struct node *verdict = node_get(guard, "verdict"), *policy = node_get(guard, "policy");

		if (file && line && verdict && policy)
			printf("  %s:%s: %s: %s\n", file->text.ptr, line->text.ptr, policy->text.ptr,
			       verdict->text.ptr);
	}
	if (change)
		printf("  to turn it: %s\n", change->text.ptr);
}

/* A refusal goes to stderr. The exit code. */
static int
answer_print(struct ask_command *command, unsigned status, struct str answer)
{
	const struct node *list;
	struct error err = {0};
	struct node *root;

	if (status >= 400) {
		fprintf(stderr, "clguard ask: %u %.*s\n", status, STR_ARG(answer));
		return status < 500 ? EXIT_INPUT : EXIT_ENVIRONMENT;
	}
	if (command->json) {
		printf("%.*s\n", STR_ARG(answer));
		return EXIT_DONE;
	}
	if (json_read(answer, "", &document_limits_default, &command->arena, &root, &err) != 0) {
		fprintf(stderr, "clguard ask: the answer is not JSON: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	list = node_get(root, "evaluations");
	if (!list)
		decision_print(root);
	for (const struct node *decision = list ? list->first : NULL; decision; decision = decision->next)
		decision_print(decision);
	return EXIT_DONE;
}

/* The question's body; absent after a message. */
static struct str
ask_body(struct ask_command *command)
{
	const char *file = command->files.count ? command->files.words[0] : NULL;
	struct error err = {0};
	struct str bytes;

	if (!file)
		return command->authzen ? authzen_body(command) : decision_body(command);
	if (load_file(strcmp(file, "-") == 0 ? "/dev/stdin" : file, FILE_MOST, &command->arena, &bytes, &err) == 0)
		return bytes;
	fprintf(stderr, "clguard ask: %s\n", err.text);
	return STR_NONE;
}

static int
ask_send(struct ask_command *command)
{
	struct str body = ask_body(command), answer;
	struct error err = {0};
	unsigned status;
	char path[64];

	if (!body.ptr)
		return EXIT_ENVIRONMENT;
	(void)snprintf(path, sizeof(path), "%s%s", /* it fits */
	               !command->authzen ? "/policy/pdpx/v1/decision"
	               : command->files.count
	                       ? "/access/v1/evaluations" /* which answers one question as evaluation does */
	                       : "/access/v1/evaluation",
	               command->explain ? "?explain=true" : "");
	if (client_ask(&command->client, "POST", path, body, "application/json", &command->arena, &status, &answer,
	               &err) != 0) {
		fprintf(stderr, "clguard ask: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	return answer_print(command, status, answer);
}

/* False after a message. */
static bool
fields_good(const struct ask_command *command)
{
	for (size_t i = 0; i < command->fields.count; i++) {
		const char *word = command->fields.words[i], *sign = strchr(word, '=');
		enum field_root root;
		struct str name;

		if (sign && field_parse((struct str){word, (size_t)(sign - word)}, &root, &name))
			continue;
		fprintf(stderr,
		        "clguard ask: --field is wrong: expected PATH=VALUE, such as "
		        "resource.properties.status=archived, "
		        "got '%s'\n",
		        word);
		return false;
	}
	return true;
}

static int
ask_run(struct ask_command *command)
{
	bool options = command->actor || command->operation || command->target || command->loop || command->vf_count ||
	               command->fields.count;

	if (!command->client.address)
		command->client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : SERVICE;
	if (command->help || command->files.count > 1 || options == (command->files.count == 1) ||
	    (options && (!command->actor || !command->operation))) {
		fputs(help, command->help ? stdout : stderr);
		return command->help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!client_address_good(command->client.address)) {
		fprintf(stderr,
		        "clguard ask: --service is wrong: expected ADDR:PORT, http://ADDR:PORT or unix:PATH, got "
		        "'%s'\n",
		        command->client.address);
		return EXIT_USAGE;
	}
	return fields_good(command) ? ask_send(command) : EXIT_USAGE;
}

int
cmd_ask(int argc, char **argv)
{
	struct ask_command command = {0};
	const struct argument table[] = {
		{"--help", .flag = &command.help},
		{"--service", .value = &command.client.address},
		{"--user", .value = &command.client.user},
		{"--authzen", .flag = &command.authzen},
		{"--explain", .flag = &command.explain},
		{"--json", .flag = &command.json},
		{"--actor", .value = &command.actor},
		{"--operation", .value = &command.operation},
		{"--target", .value = &command.target},
		{"--loop", .value = &command.loop},
		{"--vf-count", .value = &command.vf_count},
		{"--field", .list = &command.fields},
		{0},
	};
	int code = EXIT_USAGE;

	arena_init(&command.arena, 0);
	if (arguments_parse("clguard ask", argc, argv, table, &command.files) == 0)
		code = ask_run(&command);
	arena_free(&command.arena);
	return code;
}
