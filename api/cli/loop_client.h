/* loop_client - what the commands that ask a running service share: options, one question, tables */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_LOOP_CLIENT_H
#define API_CLI_LOOP_CLIENT_H

#include "api/cli/client.h"
#include "api/process/arguments.h"
#include "base/document.h"
#include "base/text.h"

#define LOOPS_PATH "/onap/controlloop/v2/"

extern const struct document_limits loop_client_limits;

/* One command's line and its connection. */
struct ask {
	const char *name;
	struct client client;
	struct words words;
	const char *seconds; /* of --every, as written */
	const char *from, *topic, *common;
	long every_s;
	bool once, help, json, force, follow, dry_run;
	struct arena arena;
};

/* Which options a command has beside --service, --user, --json and --help. */
enum ask_options {
	ASK_ONCE = 1 << 0,   /* --once, --every SECONDS */
	ASK_FORCE = 1 << 1,  /* --force */
	ASK_FROM = 1 << 2,   /* --from VERSION */
	ASK_TOPIC = 1 << 3,  /* --topic TOPIC, --follow */
	ASK_COMMON = 1 << 4, /* --common FILE, --dry-run */
};

/*
 * Reads the command line: from `least` to `most` words. help: the usage after "usage: ". False, and *ret_code, when there
 * is nothing more to do. The caller frees ask->arena in any case.
 */
bool ask_begin(struct ask *ask, const char *name, const char *help, unsigned options, size_t least, size_t most,
               int argc, char **argv, int *ret_code);

/*
 * One request. A refusal is printed on stderr, with what guards said; with --json the answer's body goes to standard output
 * either way. Returns the exit code; ret: the answer, NULL for nobody.
 */
int ask_service(struct ask *ask, const char *method, const char *path, struct str body, const char *media,
                struct node **ret);

/* The bytes of a file, "-" for standard input. False after a message. */
bool ask_read_file(struct ask *ask, const char *path, struct str *ret);

/* The media type of a file by its name. */
const char *ask_media(const char *path);

/* A path with one query parameter more; value NULL: as it is. In the arena; the value is encoded. */
const char *ask_query(struct ask *ask, const char *path, const char *key, const char *value);

/* Prints "NAME VERSION" for each entry of a list in the answer, unless --json has printed all of it. */
void ask_print_names(const struct ask *ask, const struct node *answer, const char *list);

/* Text of a member, or of a member of a member; empty where there is none. */
struct str ask_member(const struct node *map, const char *a, const char *b);

/* The last part of a dotted name: it says enough in a table. */
struct str ask_short_name(struct str name);

#endif
