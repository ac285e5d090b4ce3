/* participant_hosted - what a participant keeps: definitions that it was primed with, elements that it hosts */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_PARTICIPANT_HOSTED_H
#define EXAMPLES_PARTICIPANT_HOSTED_H

#include "base/node.h"
#include "examples/participant_common.h"

struct definition;

/* Start it as {0}. When memory is out the program ends. */
struct hosted {
	struct element *elements;
	struct definition *definitions;
	size_t count, definition_count;
};

/* An entry of PARTICIPANT_UPDATE's controlLoopElementDefinitionList. */
void hosted_define(struct hosted *hosted, const struct node *entry, struct arena *arena);

/* The element, new or known, as CONTROL_LOOP_UPDATE gives it; NULL when there are too many. */
struct element *hosted_take(struct hosted *hosted, const struct node *given, const struct node *loop,
                            struct arena *arena);

/* The element of that id in the instance of that name; NULL: it is not here. */
struct element *hosted_find(const struct hosted *hosted, struct str loop, struct str id);

/* Forgets the element; the last one takes its place. */
void hosted_drop(struct hosted *hosted, struct element *element);

void hosted_set_state(struct element *element, struct str state);
void hosted_free(struct hosted *hosted);

/* A scalar member's text, else empty; an integer member, else 0. */
struct str hosted_text(const struct node *map, const char *key);
long hosted_number(const struct node *map, const char *key);

#endif
