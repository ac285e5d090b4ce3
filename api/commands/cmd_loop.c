/* cmd_loop - clguard commission, create, compose, order: control loop types and instances of a running service */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"
#include "base/yaml_write.h"
#include "engine/decide/load.h"
#include "engine/library/clguard.h"

/* Two files as {"document": ..., "common": ...}. False after a message. */
static bool
join_common(struct ask *ask, struct str document, struct str *ret)
{
	const char *names[2] = {ask->words.words[0], ask->common};
	struct error err = {0};
	struct str bytes[2] = {document};
	struct node *trees[2];
	struct text out;

	if (!ask_read_file(ask, ask->common, &bytes[1]))
		return false;
	for (int i = 0; i < 2; i++) {
		if (document_read(bytes[i], names[i], &loop_client_limits, &ask->arena, &trees[i], &err) == 0)
			continue;
		fprintf(stderr, "%s: %s:%u:%u: %s\n", ask->name, names[i], err.line, err.column, err.text);
		return false;
	}
	text_init(&out, &ask->arena);
	text_add(&out, STR("{\"document\":"));
	text_add_node(&out, trees[0], false);
	text_add(&out, STR(",\"common\":"));
	text_add_node(&out, trees[1], false);
	text_add(&out, STR("}"));
	*ret = text_done(&out);
	return true;
}

static int
commission_send(struct ask *ask)
{
	const char *media = ask->common ? "application/json" : ask_media(ask->words.words[0]);
	struct node *answer;
	struct str body;
	int code;

	if (!ask_read_file(ask, ask->words.words[0], &body))
		return EXIT_ENVIRONMENT;
	if (ask->common && !join_common(ask, body, &body))
		return EXIT_INPUT;
	code = ask_service(ask, "POST", LOOPS_PATH "commission", body, media, &answer);
	if (code == EXIT_DONE)
		ask_print_names(ask, answer, "affectedControlLoopDefinitions");
	return code;
}

static int
commission_check(struct ask *ask)
{
	char *words[] = {(char *)(uintptr_t)ask->name, (char *)(uintptr_t)(ask->json ? "--json" : "--"),
	                 (char *)(uintptr_t)ask->words.words[0], NULL};

	if (!ask->common)
		return cmd_check(3, words); /* it changes no text */
	fprintf(stderr, "%s: --dry-run takes no --common: values are checked when the type is commissioned\n",
	        ask->name);
	return EXIT_USAGE;
}

int
cmd_commission(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard commission",
	              "clguard commission [--common VALUES] [--dry-run] FILE: a control loop type into the runtime\n\n"
	              "  --common VALUES   a file with values of common properties, {element: {property: value}}\n"
	              "  --dry-run         only check it, as clguard check does, by the rules of commissioning; asks "
	              "nobody",
	              ASK_COMMON, 1, 1, argc, argv, &code)) {
		code = ask.dry_run ? commission_check(&ask) : commission_send(&ask);
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_create(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	struct str body;
	int code;

	if (ask_begin(&ask, "clguard create", "clguard create FILE: control loop instances, {controlLoopList: [...]}",
	              0, 1, 1, argc, argv, &code)) {
		code = EXIT_ENVIRONMENT;
		if (ask_read_file(&ask, ask.words.words[0], &body))
			code = ask_service(&ask, "POST", LOOPS_PATH "instantiation", body,
			                   ask_media(ask.words.words[0]), &answer);
		if (code == EXIT_DONE)
			ask_print_names(&ask, answer, "affectedControlLoops");
	}
	arena_free(&ask.arena);
	return code;
}

/* The document on one line. 0 or -1. */
static int
compose_print_json(struct ask *ask, struct str yaml)
{
	struct node *root;
	struct text out;

	text_init(&out, &ask->arena);
	if (yaml_read(yaml, "", &loop_client_limits, &ask->arena, &root, NULL) != 0)
		return -1;
	text_add_node(&out, root, false);
	text_add(&out, STR("\n"));
	if (!text_done(&out).ptr)
		return -1;
	fwrite(out.ptr, 1, out.len, stdout);
	return 0;
}

/* The same without a service: the definitions are those of the documents behind the specification. */
static int
compose_alone(struct ask *ask, const char *spec)
{
	size_t count = ask->words.count - 1;
	struct clg_document *documents = arena_array(&ask->arena, count, sizeof(*documents));
	struct clg_error refusal = {0};
	int code = EXIT_DONE;
	struct error err = {0};
	struct str bytes;
	char *yaml;

	for (size_t i = 0; documents && i < count; i++) {
		const char *file = ask->words.words[i + 1];

		if (load_file(file, ((size_t)16 << 20), &ask->arena, &bytes, &err) != 0) {
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
	if (!ask->json)
		fputs(yaml, stdout);
	else if (compose_print_json(ask, str_from(yaml)) != 0)
		code = EXIT_ENVIRONMENT;
	free(yaml);
	return code;
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

	if (ask_begin(&ask, "clguard compose",
	              "clguard compose FILE [DOCUMENT...]: {name, version, metadata, properties, elements: [{name, "
	              "version,\n"
	              "properties}]} of definitions in the catalogue, made a control loop type; with DOCUMENTs of "
	              "definitions\n"
	              "in those, and no service is asked; or FILE is a service template, and its participant types, "
	              "element\n"
	              "definitions and loop types go into the catalogue",
	              0, 1, SIZE_MAX, argc, argv, &code)) {
		code = EXIT_ENVIRONMENT;
		if (load_file(ask.words.words[0], ((size_t)16 << 20), &ask.arena, &bytes, &err) != 0 ||
		    document_read(bytes, ask.words.words[0], &loop_client_limits, &ask.arena, &answer, &err) != 0) {
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
			code = ask_service(&ask, "POST",
			                   onboard ? "/clguard/v1/catalogue" : "/clguard/v1/catalogue/compose", bytes,
			                   "application/yaml", &answer);
		}
		if (code == EXIT_DONE && answer && !ask.json && yaml_write(answer, &ask.arena, &yaml, &err) == 0)
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

	if (ask_begin(&ask, "clguard order",
	              "clguard order [--force] UNINITIALISED|PASSIVE|RUNNING NAME [VERSION]\n\n"
	              "  --force   elements whose participants are lost are released, and need not answer",
	              ASK_FORCE, 2, 3, argc, argv, &code)) {
		text_init(&body, &ask.arena);
		text_add(&body, STR("{\"orderedState\":"));
		text_add_json(&body, str_from(ask.words.words[0]));
		if (ask.force)
			text_add(&body, STR(",\"force\":true"));
		text_add(&body, STR(",\"controlLoopIdentifierList\":[{\"name\":"));
		text_add_json(&body, str_from(ask.words.words[1]));
		text_add(&body, STR(",\"version\":"));
		text_add_json(&body, str_from(ask.words.count > 2 ? ask.words.words[2] : "1.0.0"));
		text_add(&body, STR("}]}"));
		code = ask_service(&ask, "PUT", LOOPS_PATH "instantiation/command", text_done(&body),
		                   "application/json", NULL);
	}
	arena_free(&ask.arena);
	return code;
}
