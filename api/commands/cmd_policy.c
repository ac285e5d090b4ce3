/* cmd_policy - clguard policy, clguard pap: a client of the policy API and the PAP */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/client.h"
#include "api/cli/commands.h"
#include "api/log_commands/impact_report.h"
#include "api/cli/refusal.h"
#include "api/cli/table.h"
#include "api/process/arguments.h"
#include "base/document.h"
#include "base/text.h"
#include "base/yaml_write.h"
#include "engine/decide/load.h"

#define API "/policy/api/v1/"
#define PAP "/policy/pap/v1/"
#define OURS "/clguard/v1/policies/"
#define SERVICE "127.0.0.1:6969"
#define FILE_MAX ((size_t)16 << 20)

static const char policy_help[] =
	"usage: clguard policy list | get NAME [VERSION] | create FILE | delete NAME VERSION |\n"
	"                      deploy NAME[:VERSION]... | undeploy NAME[:VERSION] |\n"
	"                      diff GENERATION [GENERATION] | history [COUNT] | rollback GENERATION\n\n"
	"Policies of a running service: entered, brought into force, taken out, brought back.\n\n"
	"  --dry-run                 create, deploy, undeploy, rollback: tell what would happen, and change nothing;\n"
	"                            of the last three also which decisions of the decision log would turn\n"
	"  --json                    print the service's answer as it is\n"
	"  --service ADDR:PORT       or CLGUARD_SERVICE; default " SERVICE "\n"
	"  --user NAME:PASSWORD\n";

static const char pap_help[] = "usage: clguard pap status [GROUP]\n\n"
			       "What became of deployments, by policy decision point and policy.\n\n"
			       "  --json                    print the service's answer as it is\n"
			       "  --service ADDR:PORT       or CLGUARD_SERVICE; default " SERVICE "\n"
			       "  --user NAME:PASSWORD\n";

static const struct document_limits answer_limits = {
	.bytes = (size_t)256 << 20, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

/* One command line. */
struct policy_ask {
	const char *command; /* "clguard policy" */
	struct client client;
	struct words words; /* behind the verb */
	const char *verb;
	bool json, dry_run, help;
	struct arena arena;
	struct node *answer; /* as a tree; NULL when it has no body */
	struct str text;     /* as it came */
};

static struct str
answer_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) && !node_is_null(node) ? node->text : STR("");
}

/* "policy x 1.0.0:7:9: text" for each finding. */
static void
print_answer_findings(FILE *out, const struct node *findings)
{
	for (const struct node *item = findings && findings->kind == NODE_LIST ? findings->first : NULL; item;
	     item = item->next)
		fprintf(out, "%.*s:%.*s:%.*s: %.*s: %.*s\n", STR_ARG(answer_text(item, "file")),
		        STR_ARG(answer_text(item, "line")), STR_ARG(answer_text(item, "column")),
		        STR_ARG(answer_text(item, "severity")), STR_ARG(answer_text(item, "text")));
}

/* Asks; a refusal is told on stderr. The exit code. path: NULL when out of memory. */
static int
policy_talk(struct policy_ask *ask, const char *method, const char *path, struct str body, const char *media)
{
	struct error err = {0};
	unsigned status = 0;

	if (!path || client_ask(&ask->client, method, path, body, media, &ask->arena, &status, &ask->text, &err) != 0) {
		fprintf(stderr, "%s: %s\n", ask->command, path ? err.text : "out of memory");
		return EXIT_ENVIRONMENT;
	}
	ask->answer = NULL;
	if (ask->text.len && json_read(ask->text, "", &answer_limits, &ask->arena, &ask->answer, &err) != 0 &&
	    status < 400) {
		fprintf(stderr, "%s: the answer is not JSON: %s\n", ask->command, err.text);
		return EXIT_ENVIRONMENT;
	}
	if (status < 400) {
		if (ask->json)
			printf("%.*s\n", STR_ARG(ask->text));
		return EXIT_DONE;
	}
	refusal_print(ask->command, status, ask->text, &ask->arena);
	return status < 500 ? EXIT_INPUT : EXIT_ENVIRONMENT;
}

/* Prints the findings and effects of a dry run. 1 when the change would be refused. */
static int
print_dry_run(const struct policy_ask *ask)
{
	const struct node *guards = node_get(ask->answer, "guards"), *good = node_get(ask->answer, "good");
	static const char *const members[] = {"deploy", "undeploy"};

	for (size_t i = 0; i < 2; i++) {
		const struct node *list = node_get(ask->answer, members[i]);

		for (const struct node *item = list ? list->first : NULL; item; item = item->next)
			printf("would %s %.*s %.*s in %.*s %.*s\n", members[i],
			       STR_ARG(answer_text(node_get(item, "policy"), "name")),
			       STR_ARG(answer_text(node_get(item, "policy"), "version")),
			       STR_ARG(answer_text(item, "pdpGroup")), STR_ARG(answer_text(item, "pdpType")));
	}
	print_answer_findings(stdout, node_get(ask->answer, "findings"));
	for (const struct node *guard = guards ? guards->first : NULL; guard; guard = guard->next)
		printf("would be in force: %.*s %.*s\n", STR_ARG(answer_text(guard, "policy")),
		       STR_ARG(answer_text(guard, "version")));
	impact_print(node_get(ask->answer, "impact"));
	return good && good->kind == NODE_BOOL && !good->boolean ? EXIT_INPUT : EXIT_DONE;
}

static int
policy_done(struct policy_ask *ask, int code, const char *done)
{
	if (code != EXIT_DONE || ask->json)
		return code;
	if (ask->dry_run)
		return print_dry_run(ask);
	puts(done);
	return EXIT_DONE;
}

static const char *
dry(const struct policy_ask *ask)
{
	return ask->dry_run ? "?dry-run=true&impact=true" : "";
}

/* --- verbs --- */

static int
policy_list(struct policy_ask *ask)
{
	int code = policy_talk(ask, "GET", API "policies", STR_NONE, NULL);
	const struct node *list = node_get(node_get(ask->answer, "topology_template"), "policies");
	struct table table;

	table_init(&table, 3, &ask->arena);
	for (const struct node *item = list && !ask->json ? list->first : NULL; item; item = item->next)
		table_add(&table, (const struct str[]){item->first->key, answer_text(item->first, "version"),
		                                       answer_text(item->first, "type")});
	table_print(&table, "", stdout);
	return code;
}

static int
cmd_policy_get(struct policy_ask *ask)
{
	const char *version = ask->words.count > 1 ? ask->words.words[1] : "latest";
	int code = policy_talk(ask, "GET", arena_printf(&ask->arena, OURS "%s/%s", ask->words.words[0], version),
	                       STR_NONE, NULL);
	struct str yaml;

	if (code != EXIT_DONE || ask->json)
		return code;
	if (yaml_write(ask->answer, &ask->arena, &yaml, NULL) != 0) {
		fprintf(stderr, "%s: out of memory\n", ask->command);
		return EXIT_ENVIRONMENT;
	}
	fputs(yaml.ptr, stdout);
	return EXIT_DONE;
}

static int
policy_create(struct policy_ask *ask)
{
	const char *file = ask->words.words[0];
	bool json = str_ends_with(str_from(file), STR(".json"));
	struct error err = {0};
	struct str bytes;

	if (load_file(file, FILE_MAX, &ask->arena, &bytes, &err) != 0) {
		fprintf(stderr, "%s: %s\n", ask->command, err.text);
		return EXIT_ENVIRONMENT;
	}
	return policy_done(ask,
	                   policy_talk(ask, "POST",
	                               arena_printf(&ask->arena, API "policies%s", ask->dry_run ? "?dry-run=true" : ""),
	                               bytes, json ? "application/json" : "application/yaml"),
	                   "created");
}

static int
cmd_policy_delete(struct policy_ask *ask)
{
	const char *path =
		arena_printf(&ask->arena, API "policies/%s/versions/%s", ask->words.words[0], ask->words.words[1]);

	return policy_done(ask, policy_talk(ask, "DELETE", path, STR_NONE, NULL), "deleted");
}

static int
policy_deploy(struct policy_ask *ask)
{
	struct text body;

	text_init(&body, &ask->arena);
	text_add(&body, STR("{\"policies\":["));
	for (size_t i = 0; i < ask->words.count; i++) {
		const char *word = ask->words.words[i], *colon = strchr(word, ':');
		struct str name = colon ? (struct str){word, (size_t)(colon - word)} : str_from(word);

		text_add(&body, i ? STR(",{\"policy-id\":") : STR("{\"policy-id\":"));
		text_add_json(&body, name);
		if (colon) {
			text_add(&body, STR(",\"policy-version\":"));
			text_add_json(&body, str_from(colon + 1));
		}
		text_add(&body, STR("}"));
	}
	text_add(&body, STR("]}"));
	return policy_done(ask,
	                   policy_talk(ask, "POST", arena_printf(&ask->arena, PAP "pdps/policies%s", dry(ask)),
	                               text_done(&body), "application/json"),
	                   "deployed");
}

static int
policy_undeploy(struct policy_ask *ask)
{
	const char *word = ask->words.words[0], *colon = strchr(word, ':');
	int len = colon ? (int)(colon - word) : (int)strlen(word);
	const char *path = arena_printf(&ask->arena, PAP "pdps/policies/%.*s%s%s%s", len, word,
	                                colon ? "/versions/" : "", colon ? colon + 1 : "", dry(ask));

	return policy_done(ask, policy_talk(ask, "DELETE", path, STR_NONE, NULL), "undeployed");
}

static void
print_changes(const struct node *list, const char *sign)
{
	for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
		const struct node *deploy = node_get(item, "deploy");

		printf("%s%.*s %.*s in %.*s %.*s\n", deploy ? (deploy->boolean ? "  + " : "  - ") : sign,
		       STR_ARG(answer_text(node_get(item, "policy"), "name")),
		       STR_ARG(answer_text(node_get(item, "policy"), "version")),
		       STR_ARG(answer_text(item, "pdpGroup")), STR_ARG(answer_text(item, "pdpType")));
	}
}

static int
policy_diff(struct policy_ask *ask)
{
	bool two = ask->words.count > 1;
	int code = policy_talk(ask, "GET",
	                       arena_printf(&ask->arena, OURS "diff?from=%s%s%s", ask->words.words[0],
	                                    two ? "&to=" : "", two ? ask->words.words[1] : ""),
	                       STR_NONE, NULL);

	if (code != EXIT_DONE || ask->json)
		return code;
	print_changes(node_get(ask->answer, "deploy"), "+ ");
	print_changes(node_get(ask->answer, "undeploy"), "- ");
	return EXIT_DONE;
}

static int
policy_history(struct policy_ask *ask)
{
	const char *count = ask->words.count ? ask->words.words[0] : "20";
	int code =
		policy_talk(ask, "GET", arena_printf(&ask->arena, OURS "generations?limit=%s", count), STR_NONE, NULL);
	const struct node *list = node_get(ask->answer, "generations");

	for (const struct node *item = list && code == EXIT_DONE && !ask->json ? list->first : NULL; item;
	     item = item->next) {
		printf("%.*s  %.*s  %.*s  %.*s\n", STR_ARG(answer_text(item, "generation")),
		       STR_ARG(answer_text(item, "timestamp")), STR_ARG(answer_text(item, "user")),
		       STR_ARG(answer_text(item, "action")));
		print_changes(node_get(item, "changes"), "");
	}
	return code;
}

static int
policy_rollback(struct policy_ask *ask)
{
	const char *body = arena_printf(&ask->arena, "{\"generation\":%s}", ask->words.words[0]);

	return policy_done(ask,
	                   policy_talk(ask, "POST", arena_printf(&ask->arena, OURS "rollback%s", dry(ask)),
	                               str_from(body), "application/json"),
	                   "rolled back");
}

static int
pap_status(struct policy_ask *ask)
{
	bool group = ask->words.count > 0;
	int code = policy_talk(ask, "GET",
	                       arena_printf(&ask->arena, PAP "policies/status%s%s", group ? "/" : "",
	                                    group ? ask->words.words[0] : ""),
	                       STR_NONE, NULL);
	struct table table;

	table_init(&table, 6, &ask->arena);
	for (const struct node *item = ask->answer && code == EXIT_DONE && !ask->json ? ask->answer->first : NULL; item;
	     item = item->next)
		table_add(&table, (const struct str[]){answer_text(item, "state"),
		                                       answer_text(node_get(item, "policy"), "name"),
		                                       answer_text(node_get(item, "policy"), "version"),
		                                       answer_text(item, "pdpGroup"), answer_text(item, "pdpType"),
		                                       answer_text(item, "pdpId")});
	table_print(&table, "", stdout);
	return code;
}

/* --- the command line --- */

static const struct policy_verb {
	const char *name;
	size_t words, most;
	int (*run)(struct policy_ask *ask);
} policy_verbs[] =
	{
		{"list", 0, 0, policy_list},         {"get", 1, 2, cmd_policy_get},
		{"create", 1, 1, policy_create},     {"delete", 2, 2, cmd_policy_delete},
		{"deploy", 1, 1000, policy_deploy},  {"undeploy", 1, 1, policy_undeploy},
		{"diff", 1, 2, policy_diff},         {"history", 0, 1, policy_history},
		{"rollback", 1, 1, policy_rollback}, {0},
},
  pap_verbs[] = {
	  {"status", 0, 1, pap_status},
	  {0},
};

/* A word becomes part of a path: nothing in it may end that. */
static bool
good_words(const struct policy_ask *ask)
{
	if (strcmp(ask->verb, "create") == 0)
		return true;
	for (size_t i = 0; i < ask->words.count; i++)
		if (strpbrk(ask->words.words[i], "/?#% \"\\&"))
			return false;
	return true;
}

static int
run_verb(const char *command, const char *help, const struct policy_verb *verbs, int argc, char **argv)
{
	struct policy_ask ask = {.command = command};
	const struct argument table[] = {
		{"--help", .flag = &ask.help},         {"--json", .flag = &ask.json},
		{"--dry-run", .flag = &ask.dry_run},   {"--service", .value = &ask.client.address},
		{"--user", .value = &ask.client.user}, {0},
	};
	int code = EXIT_USAGE;

	if (arguments_parse(command, argc, argv, table, &ask.words) != 0)
		return EXIT_USAGE;
	if (ask.help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (!ask.client.address)
		ask.client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : SERVICE;
	ask.verb = ask.words.count ? ask.words.words[0] : "";
	while (verbs->name && strcmp(verbs->name, ask.verb) != 0)
		verbs++;
	if (ask.words.count) {
		ask.words.words++;
		ask.words.count--;
	}
	arena_init(&ask.arena, 0);
	if (!verbs->name || ask.words.count < verbs->words || ask.words.count > verbs->most)
		fputs(help, stderr);
	else if (!client_address_good(ask.client.address))
		fprintf(stderr, "%s: '%s' is not ADDR:PORT, http://ADDR:PORT or unix:PATH\n", command,
		        ask.client.address);
	else if (!good_words(&ask))
		fprintf(stderr, "%s: a name, version or number is malformed: expected letters, digits, - _ . :\n",
		        command);
	else
		code = verbs->run(&ask);
	arena_free(&ask.arena);
	return code;
}

int
cmd_policy(int argc, char **argv)
{
	return run_verb("clguard policy", policy_help, policy_verbs, argc, argv);
}

int
cmd_pap(int argc, char **argv)
{
	return run_verb("clguard pap", pap_help, pap_verbs, argc, argv);
}
