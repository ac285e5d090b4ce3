/* participant_common - what every participant of control loops does: the public protocol, without what it is for */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_PARTICIPANT_COMMON_H
#define EXAMPLES_PARTICIPANT_COMMON_H

#include "base/arena.h"
#include "base/str.h"

struct argument;

/* An element that the participant hosts. Texts are NUL-terminated and live until the next order. */
struct element {
	char *id, *definition, *loop, *version, *state;
	char *common; /* JSON map: the properties of its definition, as primed */
	char *own;    /* JSON map: the properties that the instance gives */
	long phase;
};

/* What an element is ordered to. */
struct order {
	const struct element *element; /* with the state that it has now */
	struct str state;              /* PASSIVE, RUNNING or UNINITIALISED */
	bool update;                   /* it is new, or its properties may have changed */
};

/* What makes a participant what it is. */
struct work {
	const char *program, *help;     /* help: of its own options, and what it does */
	const struct argument *options; /* its own, ended by one without name; NULL for none */
	/* Does what is ordered. False when it could not, with the reason; ret_message lives until the next call. */
	bool (*act)(void *context, const struct order *order, struct arena *arena, const char **ret_message);
	void *context;
};

/* Speaks the protocol until SIGTERM or SIGINT; the exit code. */
int participant_main(const struct work *work, int argc, char **argv);

#endif
