/* hosted - what a participant keeps: the definitions that it was primed with, the elements that it hosts */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_HOSTED_H
#define PARTICIPANTS_FRAMEWORK_HOSTED_H

#include "base/node.h"
#include "participants/framework/participant_memory.h"

#define HOSTED_MAX 100000
#define HOSTED_BUCKETS 4096

/* One element. Its texts are its own; those in JSON are maps and lists. The participant's lock protects all of it. */
struct hosted_element {
	char *id, *definition, *definition_version, *loop, *loop_version, *state;
	char *common;       /* JSON: the properties of its definition, as primed */
	char *own;          /* JSON: the properties that the instance gives */
	char *fragment;     /* JSON: policies and their types, or null */
	char *made;         /* JSON: list of what it has made on the far side */
	char *gateway;      /* JSON: {loop, element}, what CONTROL_LOOP_UPDATE says of the API gateway, or null */
	char *ordered;      /* the state that it is to take, empty for none */
	char *seen;         /* the state that the far side was seen in, empty when it is `state` */
	char *use;          /* JSON member gatewayStatistics for its records, or NULL */
	char *figures;      /* JSON members for its records, `"a":1,"b":{}`, or empty; lost at exit */
	char message[512];  /* why it stands otherwise than ordered, or empty */
	char progress[256]; /* what an order waits for, while one is carried out */
	long phase;
	bool update;      /* the order brought properties */
	bool queued;      /* in the participant's queue */
	bool busy;        /* a worker has it */
	bool unfinished;  /* an order was begun and its end is not known: the state is in doubt */
	int64_t since_ms; /* when it took its state; Unix epoch */
	/* of its engine, where it has one; times are monotonic */
	int engine_pid;                                        /* 0: not a child of this process */
	unsigned engine_deaths, engine_deaths_all;             /* in a row, and since the start */
	int64_t engine_due_ms, engine_up_ms, engine_silent_ms; /* 0: not known */
	struct hosted_element *chain;                          /* of its bucket */
	struct hosted_element *next_order;                     /* of the queue */
};

struct hosted_definition;

struct hosted {
	struct participant_memory *memory; /* or NULL: nothing is kept */
	const char *owner;                 /* whose rows they are: the participant's name */
	struct hosted_element *buckets[HOSTED_BUCKETS];
	struct hosted_definition *definitions;
	size_t count, definition_count;
};

/* Reads what was kept under the owner's name. 0 or a negative code. */
int hosted_open(struct hosted *hosted, struct participant_memory *memory, const char *owner, struct error *err);
void hosted_close(struct hosted *hosted);

/* An entry of PARTICIPANT_UPDATE's controlLoopElementDefinitionList. 0 or a negative code. */
int hosted_define(struct hosted *hosted, const struct node *entry, struct arena *arena);

/* Forgets all definitions. Elements keep the properties that they came with. */
void hosted_undefine(struct hosted *hosted);

/*
 * The element, new or known, as CONTROL_LOOP_UPDATE gives it; it is kept by the next hosted_keep. update: the message.
 * NULL when there are too many or out of memory.
 */
struct hosted_element *hosted_take(struct hosted *hosted, const struct node *given, const struct node *update,
                                   struct arena *arena);

/* The element of that id; NULL: it is not here. */
struct hosted_element *hosted_find(const struct hosted *hosted, struct str id);

/* Calls visit for each element until it answers false. */
void hosted_each(const struct hosted *hosted, bool (*visit)(void *context, struct hosted_element *element),
                 void *context);

/* Writes the element's row. 0 or a negative code. */
int hosted_keep(struct hosted *hosted, const struct hosted_element *element, struct arena *arena);

/* Forgets the element and its row. */
void hosted_drop(struct hosted *hosted, struct hosted_element *element);

/* Replaces a text; false, and nothing changed, when out of memory. */
bool hosted_set(char **text, struct str value);

#endif
