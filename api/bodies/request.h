/* request - the body of a decision request as what the engine asks for */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_REQUEST_H
#define API_BODIES_REQUEST_H

#include "base/node.h"
#include "guards/guard.h"

/* By which rules a request is read. */
struct request_form {
	enum guard_mode mode;
	bool ignores_unknown; /* strict: members of resource.guard that clguard does not know (setting unknown_attributes) */
};

/*
 * {action: "guard", currentTime?, resource: {guard: {actor?, operation?, target?, clname?, vfCount?, ...}}}, from HTTP
 * or a file, JSON or YAML. resource and guard may be missing, null or empty.
 * strict: attribute values are text or integers, vfCount is an integer of 32 bits, or its decimal digits as text;
 * closedLoopName is another spelling of clname; any other member of resource.guard is refused. onap: values become text as
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

/* {action: "access", ...}: not the guards but the runtime answers it (api/resources/access.h). */
bool request_is_access(const struct node *root);

#endif
