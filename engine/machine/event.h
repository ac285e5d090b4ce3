/* event - control loop events as they come from a topic */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_EVENT_H
#define ENGINE_MACHINE_EVENT_H

#include <jansson.h>

#include "engine/operational/operational.h"

/* One event. Texts live in the arena given to the reader; absent ones have ptr NULL. */
struct event {
	struct str clname, status, request_id, target, target_type;
	struct entries aai; /* enrichment: values are texts */
	bool has_aai;
	struct entries fields;   /* every scalar field, for conditions */
	struct str identity;     /* equal for events that differ only in status, request id and alarm times */
	struct str aai_identity; /* equal for equal AAI maps */
	int64_t alarm_start_ms, alarm_end_ms; /* TIME_NONE when not given */
	void *context;                        /* the caller's */
};

/* Decodes an event. errors  ERROR_TYPE: no object, or a field or AAI value of the wrong type; ERROR_MEMORY */
int event_read(json_t *json, struct arena *arena, struct event *ret, struct error *err);

/* Why an ONSET cannot be accepted, in ONAP's words, or NULL: what is checked before any work is done. */
const char *event_refusal(const struct event *event);

enum entity {
	ENTITY_KNOWN,
	ENTITY_QUERY, /* the inventory must tell: the VNF of the event's vserver */
	ENTITY_MISFIT /* the event does not fit the target type */
};

/*
 * The entity that operations on this type of target are done on. ret: ENTITY_KNOWN: the entity, borrowed from the
 * event. ret_why: ENTITY_MISFIT: the cause; `%s` in it stands for the key that is missing, ret_key.
 */
enum entity event_entity(const struct event *event, enum target_type type, struct str *ret, const char **ret_why,
                         struct str *ret_key);

/* The event's attributes of the target beyond its name, for a guard. Texts are borrowed. */
void event_attributes(const struct event *event, struct request *request);

/* True when one of the names is the event's entity, or one in which it is: names and ids of its AAI map. */
bool event_is_about(const struct event *event, struct target_names names);

/*
 * True when the event can be of one of the types (bits of enum target_type): its target_type; an event of a VM that names
 * its VNF is of both, and one of a VM or a VNF may be of what they are made of, VNFC and VFMODULE.
 */
bool event_is_of(const struct event *event, unsigned types);

/* True when the clause holds; a missing attribute makes a comparison false. */
bool event_matches(const struct event *event, const struct clause *clause);

#endif
