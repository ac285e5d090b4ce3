/* element_order - what an element is ordered to, its properties, and what it has made on the far side */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_ELEMENT_ORDER_H
#define PARTICIPANTS_FRAMEWORK_ELEMENT_ORDER_H

#include "base/node.h"
#include "participants/framework/participant_settings.h"

#define ORDER_MESSAGE_SIZE 512

enum act_result {
	ACT_DONE,
	ACT_FAILED, /* trying again would not help */
	ACT_AGAIN   /* the far side did not answer, or asks to come back later */
};

/* Texts and trees live in the order's arena, until it is answered. */
struct element_order {
	const struct participant_settings *settings;
	struct str loop, loop_version, id, definition, definition_version;
	struct str from, state;      /* the state that it has, and the ordered one: PASSIVE, RUNNING or UNINITIALISED */
	bool update;                 /* it is new, or its properties may have changed */
	const struct node *common;   /* map: the properties of its definition, as primed */
	const struct node *own;      /* map: the properties that the instance gives */
	const struct node *fragment; /* policies, their types and data types, where the runtime sends them; else NULL */
	const struct node *gateway;  /* {loop, element}: what the runtime says of the API gateway; NULL: nothing */
	struct arena *arena;
	char message[ORDER_MESSAGE_SIZE]; /* what the instance shows: how it went */
	struct element_host *participant;
	const char *engine; /* the socket of the element's own engine, or NULL */
	bool wrong;         /* its properties cannot be used; the message says why */
};

/* Formats the message and returns `result`. */
enum act_result order_say(struct element_order *order, enum act_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The instance's value of a property, else the definition's; {"value": v} stands for v. NULL when there is none. */
const struct node *order_property(const struct element_order *order, const char *name);

/* A scalar property's text, else `otherwise`. */
struct str order_text(const struct element_order *order, const char *name, struct str otherwise);

/* A member's text when it is a scalar, else absent. */
struct str order_member(const struct node *map, const char *key);

/*
 * What the element has made on the far side is a list of short texts, kept with it over restarts: noted before it is
 * made, forgotten after it is gone. order_note: 0, or -1 when it cannot be kept.
 */
int order_note(struct element_order *order, struct str item);
void order_forget(struct element_order *order, struct str item);
bool order_has_noted(const struct element_order *order, struct str item);

/* The noted items, newest first; a list in the order's arena, NULL when there is none. */
const struct node *order_noted(const struct element_order *order);

/* Whether another element of this participant has noted the item; running: and is RUNNING. */
bool order_is_shared(const struct element_order *order, struct str item, bool running);

/*
 * JSON members, `"pods":{...}`, that the records of the element carry until others replace them; at most FIGURES_MAX
 * bytes, else none.
 */
#define FIGURES_MAX 8192
void order_figures(struct element_order *order, struct str members);

/* Notes the present step of the order: the element's records tell it until the order is done. */
void order_progress(struct element_order *order, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False once the program is told to stop: whoever waits should give up. */
bool order_may_wait(void);

#endif
