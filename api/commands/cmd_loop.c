/* cmd_loop - clguard commission, create, order, watch, participants: a client of the control loop runtime */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/cli/client.h"
#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "base/document.h"
#include "base/text.h"
#include "base/yaml_write.h"
#include "engine/decide/load.h"
#include "engine/library/clguard.h"

#define BASE "/onap/controlloop/v2/"
#define SERVICE "127.0.0.1:6969"
#define FILE_MAX ((size_t)16 << 20)
#define EVERY_MAX_S 86400

static const struct document_limits limits = {(size_t)256 << 20, 256, SIZE_MAX, 0, SIZE_MAX};

/* What the five share. */
struct ask {
	const char *name;
	struct client client;
	struct words words;
	const char *seconds; /* as written */
	long every_s;
	bool once, help;
	struct arena arena;
};

/* The values of options, NULL where there are none: all good, or a message. */
static bool
good_options(struct ask *ask)
{
	char *end = NULL;

	if (!client_address_good(ask->client.address))
		fprintf(stderr, "%s: '%s' is not ADDR:PORT, http://ADDR:PORT or unix:PATH\n", ask->name,
		        ask->client.address);
	else if (ask->client.user && !strchr(ask->client.user, ':'))
		fprintf(stderr, "%s: --user must be NAME:PASSWORD\n", ask->name);
	else if (ask->seconds &&
	         ((ask->every_s = strtol(ask->seconds, &end, 10)) < 1 || ask->every_s > EVERY_MAX_S || *end))
		fprintf(stderr, "%s: --every must be seconds from 1 to %d, not '%s'\n", ask->name, EVERY_MAX_S,
		        ask->seconds);
	else
		return true;
	return false;
}

/* The options; false, and *ret_code, when there is nothing more to do */
static bool
begin(struct ask *ask, const char *name, const char *help, size_t words, size_t most, int argc, char **argv,
      int *ret_code)
{
	bool watches = strcmp(name, "clguard watch") == 0;
	const struct argument table[] = {
		{"--help", .flag = &ask->help},
		{"--service", .value = &ask->client.address},
		{"--user", .value = &ask->client.user},
		{watches ? "--once" : NULL, .flag = &ask->once}, /* the table ends here for the others */
		{"--every", .value = &ask->seconds},
		{0},
	};

	*ask = (struct ask){.name = name, .every_s = 1};
	*ret_code = EXIT_USAGE;
	arena_init(&ask->arena, 0);
	if (arguments_parse(name, argc, argv, table, &ask->words) != 0)
		return false;
	if (!ask->client.address)
		ask->client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : SERVICE;
	if (ask->help || ask->words.count < words || ask->words.count > most) {
		fprintf(ask->help ? stdout : stderr,
		        "usage: %s\n\nOptions: --service ADDR:PORT (or CLGUARD_SERVICE; default " SERVICE
		        "), --user NAME:PASSWORD\n",
		        help);
		*ret_code = ask->help ? EXIT_DONE : EXIT_USAGE;
		return false;
	}
	return good_options(ask);
}

/* Asks; a refusal is told on stderr. The exit code. */
static int
talk(struct ask *ask, const char *method, const char *path, struct str body, const char *media, struct node **ret)
{
	struct error err = {0};
	unsigned status;
	struct str answer;
	const struct node *why;
	struct node *root;

	if (client_ask(&ask->client, method, path, body, media, &ask->arena, &status, &answer, &err) != 0 ||
	    json_read(answer, "", &limits, &ask->arena, &root, &err) != 0) {
		fprintf(stderr, "%s: %s\n", ask->name, err.text);
		return EXIT_ENVIRONMENT;
	}
	if (ret)
		*ret = root;
	if (status < 400)
		return EXIT_DONE;
	why = node_get(root, "errorDetails");
	fprintf(stderr, "%s: %u %.*s\n", ask->name, status, STR_ARG(why ? why->text : answer));
	why = node_get(node_get(root, "guard"), "denied");
	for (const struct node *denied = why ? why->first : NULL; denied; denied = denied->next) {
		const struct node *file = node_get(denied, "file"), *line = node_get(denied, "line");
		const struct node *reason = node_get(denied, "reason"), *target = node_get(denied, "target");
		const struct node *change = node_get(node_get(denied, "explanation"), "change");

		fprintf(stderr, "  %.*s:%.*s: %.*s for %.*s%s%.*s\n", STR_ARG(file ? file->text : STR("")),
		        STR_ARG(line ? line->text : STR("")), STR_ARG(reason ? reason->text : STR("")),
		        STR_ARG(target ? target->text : STR("")), change ? "; " : "",
		        STR_ARG(change ? change->text : STR("")));
	}
	return EXIT_INPUT;
}

/* Sends a file, YAML or JSON, and prints whom it made. */
static int
send_file(struct ask *ask, const char *path, const char *list)
{
	const char *file = ask->words.words[0];
	struct error err = {0};
	struct node *answer;
	struct str bytes;
	int code;

	if (load_file(file, FILE_MAX, &ask->arena, &bytes, &err) != 0) {
		fprintf(stderr, "%s: %s\n", ask->name, err.text);
		return EXIT_ENVIRONMENT;
	}
	code = talk(ask, "POST", path, bytes,
	            str_ends_with(str_from(file), STR(".json")) ? "application/json" : "application/yaml", &answer);
	if (code != EXIT_DONE)
		return code;
	answer = node_get(answer, list);
	for (const struct node *made = answer ? answer->first : NULL; made; made = made->next)
		printf("%.*s %.*s\n", STR_ARG(node_get(made, "name")->text), STR_ARG(node_get(made, "version")->text));
	return EXIT_DONE;
}

int
cmd_commission(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (begin(&ask, "clguard commission", "clguard commission FILE: a control loop type into the runtime", 1, 1,
	          argc, argv, &code))
		code = send_file(&ask, BASE "commission", "affectedControlLoopDefinitions");
	arena_free(&ask.arena);
	return code;
}

int
cmd_create(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (begin(&ask, "clguard create", "clguard create FILE: control loop instances, {controlLoopList: [...]}", 1, 1,
	          argc, argv, &code))
		code = send_file(&ask, BASE "instantiation", "affectedControlLoops");
	arena_free(&ask.arena);
	return code;
}

/* The same without a service: the definitions are those of the documents behind the specification. */
static int
compose_alone(struct ask *ask, const char *spec)
{
	size_t count = ask->words.count - 1;
	struct clg_document *documents = arena_array(&ask->arena, count, sizeof(*documents));
	struct clg_error refusal = {0};
	struct error err = {0};
	struct str bytes;
	char *yaml;

	for (size_t i = 0; documents && i < count; i++) {
		const char *file = ask->words.words[i + 1];

		if (load_file(file, FILE_MAX, &ask->arena, &bytes, &err) != 0) {
			fprintf(stderr, "clguard compose: %s\n", err.text);
			return EXIT_ENVIRONMENT;
		}
		documents[i] = (struct clg_document){.name = file, .text = bytes.ptr};
	}
	if (!documents || clg_compose(documents, count, spec, &yaml, &refusal) != 0) {
		bool placed = refusal.line && refusal.code != CLG_ESYNTAX; /* then it is a place of the specification */

		if (placed)
			fprintf(stderr, "%s:%u:%u: error: %s\n", ask->words.words[0], refusal.line, refusal.column,
			        refusal.text);
		else
			fprintf(stderr, "clguard compose: %s\n", documents ? refusal.text : "out of memory");
		return EXIT_INPUT;
	}
	fputs(yaml, stdout);
	free(yaml);
	return EXIT_DONE;
}

/* Element definitions, made one loop type: its document on stdout, ready for clguard commission. */
int
cmd_compose(int argc, char **argv)
{
	struct ask ask;
	struct error err = {0};
	struct node *answer;
	struct str bytes, yaml;
	bool onboard;
	int code;

	if (begin(&ask, "clguard compose",
	          "clguard compose FILE [DOCUMENT...]: {name, version, metadata, properties, elements: [{name, "
	          "version,\n"
	          "properties}]} of definitions in the catalogue, made a control loop type; with DOCUMENTs of "
	          "definitions\n"
	          "in those, and no service is asked; or FILE is a service template, and its participant types, "
	          "element\n"
	          "definitions and loop types go into the catalogue",
	          1, SIZE_MAX, argc, argv, &code)) {
		code = EXIT_ENVIRONMENT;
		if (load_file(ask.words.words[0], FILE_MAX, &ask.arena, &bytes, &err) != 0 ||
		    document_read(bytes, ask.words.words[0], &limits, &ask.arena, &answer, &err) != 0) {
			if (err.line)
				fprintf(stderr, "%s:%u:%u: error: %s\n", ask.words.words[0], err.line, err.column,
				        err.text);
			else
				fprintf(stderr, "clguard compose: %s\n", err.text);
			code = err.code == ERROR_IO || err.code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
		} else if (ask.words.count > 1) {
			code = compose_alone(&ask, bytes.ptr);
			answer = NULL;
		} else {
			onboard = node_get(answer, "topology_template") != NULL;
			code = talk(&ask, "POST", onboard ? "/clguard/v1/catalogue" : "/clguard/v1/catalogue/compose",
			            bytes, "application/yaml", &answer);
		}
		if (code == EXIT_DONE && answer && yaml_write(answer, &ask.arena, &yaml, &err) == 0)
			fwrite(yaml.ptr, 1, yaml.len, stdout);
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_order(int argc, char **argv)
{
	struct ask ask;
	struct text body;
	int code;

	if (begin(&ask, "clguard order", "clguard order UNINITIALISED|PASSIVE|RUNNING NAME [VERSION]", 2, 3, argc, argv,
	          &code)) {
		text_init(&body, &ask.arena);
		text_add(&body, STR("{\"orderedState\":"));
		text_add_json(&body, str_from(ask.words.words[0]));
		text_add(&body, STR(",\"controlLoopIdentifierList\":[{\"name\":"));
		text_add_json(&body, str_from(ask.words.words[1]));
		text_add(&body, STR(",\"version\":"));
		text_add_json(&body, str_from(ask.words.count > 2 ? ask.words.words[2] : "1.0.0"));
		text_add(&body, STR("}]}"));
		code = talk(&ask, "PUT", BASE "instantiation/command", text_done(&body), "application/json", NULL);
	}
	arena_free(&ask.arena);
	return code;
}

/* --- tables --- */

static struct str
member(const struct node *map, const char *a, const char *b)
{
	const struct node *node = node_get(map, a);

	if (b)
		node = node_get(node, b);
	return node && node_is_scalar(node) ? node->text : STR("");
}

/* The last part of a dotted name says enough in a table. */
static struct str
short_name(struct str name)
{
	size_t from = name.len;

	while (from > 0 && name.ptr[from - 1] != '.')
		from--;
	return (struct str){name.ptr + from, name.len - from};
}

static void
print_loop(const struct node *loop)
{
	const struct node *elements = node_get(loop, "elements");
	const struct node *denied = node_get(node_get(loop, "guard"), "denied");

	printf("%.*s %.*s  %.*s", STR_ARG(member(loop, "name", NULL)), STR_ARG(member(loop, "version", NULL)),
	       STR_ARG(member(loop, "state", NULL)));
	if (!str_is(member(loop, "stateChangeResult", NULL), "NO_ERROR"))
		printf("  %.*s", STR_ARG(member(loop, "stateChangeResult", NULL)));
	putchar('\n');
	for (const struct node *element = elements ? elements->first : NULL; element; element = element->next)
		printf("  %-28.*s %-24.*s %-22.*s %.*s\n", STR_ARG(short_name(member(element, "definition", "name"))),
		       STR_ARG(member(element, "participantId", "name")), STR_ARG(member(element, "state", NULL)),
		       STR_ARG(member(element, "message", NULL)));
	for (const struct node *one = denied ? denied->first : NULL; one; one = one->next)
		printf("  denied: %.*s of %.*s: %.*s (%.*s:%.*s)\n", STR_ARG(member(one, "operation", NULL)),
		       STR_ARG(member(one, "target", NULL)), STR_ARG(member(one, "reason", NULL)),
		       STR_ARG(member(one, "file", NULL)), STR_ARG(member(one, "line", NULL)));
}

/* The answer's list again and again, on a cleared screen when there is one. */
static int
show(struct ask *ask, const char *path, const char *list, void (*print)(const struct node *row))
{
	const struct timespec pause = {ask->every_s, 0};
	int code;

	for (;;) {
		struct node *answer;

		arena_reset(&ask->arena);
		code = talk(ask, "GET", path, STR_NONE, NULL, &answer);
		if (code != EXIT_DONE)
			return code;
		if (!ask->once && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		answer = node_get(answer, list);
		for (const struct node *row = answer ? answer->first : NULL; row; row = row->next)
			print(row);
		if (fflush(stdout) != 0 || ask->once)
			return EXIT_DONE;
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
}

int
cmd_watch(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (begin(&ask, "clguard watch",
	          "clguard watch [--once] [--every SECONDS]: control loop instances and their elements", 0, 0, argc,
	          argv, &code))
		code = show(&ask, BASE "instantiation", "controlLoopList", print_loop);
	arena_free(&ask.arena);
	return code;
}

static void
print_participant(const struct node *row)
{
	const struct node *elements = node_get(row, "elements");

	printf("%-28.*s %-28.*s %-10.*s %-12.*s %3" PRIu32 " elements  %.*s\n",
	       STR_ARG(member(row, "participantId", "name")),
	       STR_ARG(short_name(member(row, "participantType", "name"))),
	       STR_ARG(member(row, "participantState", NULL)), STR_ARG(member(row, "healthStatus", NULL)),
	       elements ? elements->count : 0, STR_ARG(member(row, "lastMessageTime", NULL)));
}

int
cmd_participants(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (begin(&ask, "clguard participants", "clguard participants: who takes part", 0, 0, argc, argv, &code)) {
		ask.once = true;
		code = show(&ask, BASE "participants", "participantList", print_participant);
	}
	arena_free(&ask.arena);
	return code;
}
