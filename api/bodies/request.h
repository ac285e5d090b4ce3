/* request - the body of a decision request as what the engine asks for */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_REQUEST_H
#define API_BODIES_REQUEST_H

#include <stdatomic.h>

#include "base/node.h"
#include "guards/guard.h"

/* By which rules a request is read. */
struct request_form {
	enum guard_mode mode;
	bool ignores_unknown; /* strict: members of resource.guard that clguard does not know (setting unknown_attributes) */
	atomic_bool *text_count; /* strict: set when a vfCount came as text; NULL: not recorded. Orders nothing */
};

/*
 * {action: "guard", currentTime?, resource: {guard: {actor?, operation?, target?, clname?, vfCount?, ...}}}, from HTTP
 * or a file, JSON or YAML. resource and guard may be missing, null or empty.
 * strict: attribute values are text or integers, vfCount is an integer of 32 bits, or its decimal digits as text;
 * closedLoopName is another spelling of clname; the path of a field (guards/field.h) is text, a number, a boolean or a
 * list of these; any other member of resource.guard is refused. onap: values become text as
 * Java's toString() makes it, vfCount is read as Java's Integer.decode() reads it, other members are ignored.
 * ret: texts are borrowed from the tree or made in `arena`.
 * errors  ERROR_UNKNOWN  the action is not "guard"; the text is ONAP's sentence
 *         ERROR_RANGE    onap only: vfCount cannot be decoded
 *         ERROR_TYPE     anything else of the wrong shape, an unknown member among them, with its place
 *         ERROR_LIMIT    a value over ATTRIBUTE_SIZE_MAX
 *         ERROR_MEMORY
 * source  wire format of ONAP's policy-xacml-pdp, /policy/pdpx/v1/decision
 */
int request_read(const struct node *root, struct request_form form, struct arena *arena, struct request *ret,
                 struct error *err);

/* Nothing is asked. Member by member: gcc clears a structure of this size by an instruction that takes longer than all these stores. */
static inline void
request_clear(struct request *request)
{
#define X(name, key, onap) request->attribute[ATTRIBUTE_##name] = STR_NONE;
	ATTRIBUTES(X)
#undef X
	request->request_id = STR_NONE;
	request->subrequest_id = STR_NONE;
	request->has_vf_count = false;
	request->has_current_time = false;
	request->vf_count = 0;
	request->current_time = (struct time_of_day){0};
	request->fields = NULL;
	request->field_count = 0;
}

/* A vfCount in decimal digits, 32 bits of it. ONAP takes a leading zero for octal: such a number is none. */
bool request_count_parse(struct str text, int32_t *ret);

/* As much of a client's text as a message has room for; no character is cut. */
struct str request_shown(struct str text);

/* {action: "access", ...}: not the guards but the runtime answers it (api/resources/access.h). */
bool request_is_access(const struct node *root);

#endif
