/* loop_client - what the commands that ask a running service share: options, one question, tables */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/loop_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/refusal.h"
#include "engine/decide/load.h"

#define SERVICE "127.0.0.1:6969"
#define FILE_MAX ((size_t)16 << 20)
#define EVERY_MAX_S 86400
#define ARGUMENTS_MAX 12

const struct document_limits loop_client_limits = {(size_t)256 << 20, 256, SIZE_MAX, 0, SIZE_MAX};

/* The values of options, NULL where there are none: all good, or a message. */
static bool
good_options(struct ask *ask)
{
	char *end = NULL;

	if (!client_address_good(ask->client.address))
		fprintf(stderr, "%s: --service is wrong: expected ADDR:PORT, http://ADDR:PORT or unix:PATH, got '%s'\n",
		        ask->name, ask->client.address);
	else if (ask->client.user && !strchr(ask->client.user, ':'))
		fprintf(stderr, "%s: --user is wrong: expected NAME:PASSWORD\n", ask->name);
	else if (ask->seconds &&
	         ((ask->every_s = strtol(ask->seconds, &end, 10)) < 1 || ask->every_s > EVERY_MAX_S || *end))
		fprintf(stderr, "%s: --every is wrong: expected seconds from 1 to %d, got '%s'\n", ask->name,
		        EVERY_MAX_S, ask->seconds);
	else
		return true;
	return false;
}

/* The table of options, ended by an empty entry. */
static void
list_options(struct ask *ask, unsigned options, struct argument table[ARGUMENTS_MAX])
{
	size_t count = 0;

	memset(table, 0, ARGUMENTS_MAX * sizeof(*table));
	table[count++] = (struct argument){"--help", .flag = &ask->help};
	table[count++] = (struct argument){"--json", .flag = &ask->json};
	table[count++] = (struct argument){"--service", .value = &ask->client.address};
	table[count++] = (struct argument){"--user", .value = &ask->client.user};
	if (options & ASK_ONCE) {
		table[count++] = (struct argument){"--once", .flag = &ask->once};
		table[count++] = (struct argument){"--every", .value = &ask->seconds};
	}
	if (options & ASK_FORCE)
		table[count++] = (struct argument){"--force", .flag = &ask->force};
	if (options & ASK_FROM)
		table[count++] = (struct argument){"--from", .value = &ask->from};
	if (options & ASK_TOPIC) {
		table[count++] = (struct argument){"--topic", .value = &ask->topic};
		table[count++] = (struct argument){"--follow", .flag = &ask->follow};
	}
	if (options & ASK_COMMON) {
		table[count++] = (struct argument){"--common", .value = &ask->common};
		table[count++] = (struct argument){"--dry-run", .flag = &ask->dry_run};
	}
}

bool
ask_begin(struct ask *ask, const char *name, const char *help, unsigned options, size_t least, size_t most, int argc,
          char **argv, int *ret_code)
{
	struct argument table[ARGUMENTS_MAX];

	*ask = (struct ask){.name = name, .every_s = 1};
	*ret_code = EXIT_USAGE;
	arena_init(&ask->arena, 0);
	list_options(ask, options, table);
	if (arguments_parse(name, argc, argv, table, &ask->words) != 0)
		return false;
	if (!ask->client.address)
		ask->client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : SERVICE;
	if (ask->help || ask->words.count < least || ask->words.count > most) {
		fprintf(ask->help ? stdout : stderr,
		        "usage: %s\n\nOptions: --json (the service's answer as it is), --service ADDR:PORT (or "
		        "CLGUARD_SERVICE; "
		        "default " SERVICE "), --user NAME:PASSWORD\n",
		        help);
		*ret_code = ask->help ? EXIT_DONE : EXIT_USAGE;
		return false;
	}
	return good_options(ask);
}

int
ask_service(struct ask *ask, const char *method, const char *path, struct str body, const char *media,
            struct node **ret)
{
	struct error err = {0};
	unsigned status;
	struct str answer;
	struct node *root;

	if (client_ask(&ask->client, method, path, body, media, &ask->arena, &status, &answer, &err) != 0 ||
	    json_read(answer, "", &loop_client_limits, &ask->arena, &root, &err) != 0) {
		fprintf(stderr, "%s: %s\n", ask->name, err.text);
		return EXIT_ENVIRONMENT;
	}
	if (ret)
		*ret = root;
	if (ask->json)
		printf("%.*s\n", STR_ARG(answer));
	if (status < 400)
		return EXIT_DONE;
	refusal_print(ask->name, status, answer, &ask->arena);
	return EXIT_INPUT;
}

/* All of standard input, at most FILE_MAX. */
static bool
read_standard_input(struct ask *ask, struct str *ret)
{
	char *bytes = arena_alloc(&ask->arena, FILE_MAX + 1);
	size_t len = bytes ? fread(bytes, 1, FILE_MAX, stdin) : 0;

	if (!bytes || ferror(stdin) || len == FILE_MAX) {
		fprintf(stderr, "%s: cannot read the standard input\n", ask->name);
		return false;
	}
	bytes[len] = '\0';
	*ret = (struct str){bytes, len};
	return true;
}

bool
ask_read_file(struct ask *ask, const char *path, struct str *ret)
{
	struct error err = {0};

	if (strcmp(path, "-") == 0)
		return read_standard_input(ask, ret);
	if (load_file(path, FILE_MAX, &ask->arena, ret, &err) == 0)
		return true;
	fprintf(stderr, "%s: %s\n", ask->name, err.text);
	return false;
}

const char *
ask_media(const char *path)
{
	return str_ends_with(str_from(path), STR(".json")) ? "application/json" : "application/yaml";
}

const char *
ask_query(struct ask *ask, const char *path, const char *key, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct text out;

	if (!value)
		return path;
	text_init(&out, &ask->arena);
	text_addf(&out, "%s%s%s=", path, strchr(path, '?') ? "&" : "?", key);
	for (const char *at = value; *at; at++)
		if (strchr(plain, *at))
			text_addf(&out, "%c", *at);
		else
			text_addf(&out, "%%%02X", (unsigned char)*at);
	return text_done(&out).ptr ? text_done(&out).ptr : path;
}

void
ask_print_names(const struct ask *ask, const struct node *answer, const char *list)
{
	const struct node *names = node_get(answer, list);

	for (const struct node *made = names && !ask->json ? names->first : NULL; made; made = made->next)
		printf("%.*s %.*s\n", STR_ARG(ask_member(made, "name", NULL)),
		       STR_ARG(ask_member(made, "version", NULL)));
	names = node_get(answer, "warnings");
	for (const struct node *warning = names ? names->first : NULL; warning; warning = warning->next)
		fprintf(stderr, "%s: warning: %.*s\n", ask->name, STR_ARG(warning->text));
}

struct str
ask_member(const struct node *map, const char *a, const char *b)
{
	const struct node *node = node_get(map, a);

	if (b)
		node = node_get(node, b);
	return node && node_is_scalar(node) && node->kind != NODE_NULL ? node->text : STR("");
}

struct str
ask_short_name(struct str name)
{
	size_t from = name.len;

	while (from > 0 && name.ptr[from - 1] != '.')
		from--;
	return (struct str){name.ptr + from, name.len - from};
}
