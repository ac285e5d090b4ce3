/* attributes - a decision request: its attributes, by name */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_ATTRIBUTES_H
#define GUARDS_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/time.h"
#include "guards/field.h"

/* How a policy set answers; fixed when it is compiled. */
enum guard_mode { GUARD_STRICT, GUARD_ONAP, GUARD_MODES };

/*
 * The text attributes of a request: name in enum, key in resource.guard, and its name in ONAP's engine, behind
 * ONAP_ATTRIBUTE and in the category resource. The first four are a guard's scope.
 */
#define ATTRIBUTES(X) \
	X(ACTOR, "actor", "actor:actor-id") \
	X(OPERATION, "operation", "operation:operation-id") \
	X(CLNAME, "clname", "clname:clname-id") \
	X(TARGET, "target", "target:target-id") \
	X(VNF_NAME, "generic-vnf.vnf-name", "target:generic-vnf.vnf-name") \
	X(VNF_ID, "generic-vnf.vnf-id", "target:generic-vnf.vnf-id") \
	X(VNF_TYPE, "generic-vnf.vnf-type", "target:generic-vnf.vnf-type") \
	X(NAMING_CODE, "generic-vnf.nf-naming-code", "target:generic-vnf.nf-naming-code") \
	X(VSERVER_ID, "vserver.vserver-id", "target:vserver.vserver-id") \
	X(REGION_ID, "cloud-region.cloud-region-id", "target:cloud-region.cloud-region-id")

#define ONAP_ATTRIBUTE "urn:org:onap:guard:"
/* An integer; and what its information points tell: how many operations ended in a window, and a loop's last outcome. */
#define ONAP_VF_COUNT ONAP_ATTRIBUTE "target:vf-count"
#define ONAP_OPERATION_COUNT ONAP_ATTRIBUTE "operation:operation-count"
#define ONAP_OPERATION_OUTCOME ONAP_ATTRIBUTE "operation:operation-outcome"
#define ONAP_ISSUER "urn:org:onap:xacml:guard:"

enum attribute {
#define X(name, key, onap) ATTRIBUTE_##name,
	ATTRIBUTES(X)
#undef X
		ATTRIBUTE_COUNT
};

#define SCOPE_ATTRIBUTES 4      /* ACTOR, OPERATION, CLNAME, TARGET */
#define ATTRIBUTE_SIZE_MAX 1024 /* bytes of one value */

/* The key of an attribute: "actor" ... "cloud-region.cloud-region-id". */
extern const char *const attribute_key[ATTRIBUTE_COUNT];

/* The attribute with this key, or -1. Keys are compared exactly. */
int attribute_find(struct str key);

/* A question. Texts are borrowed from the caller. */
struct request {
	struct str attribute[ATTRIBUTE_COUNT]; /* absent ones have ptr NULL */
	struct str request_id, subrequest_id;  /* for reservations; a decision does not look at them */
	bool has_vf_count;
	int32_t vf_count; /* the count the operation would lead to */
	bool has_current_time;
	struct time_of_day current_time;    /* onap mode only: the request's currentTime */
	const struct request_field *fields; /* what filters may test beside attributes; NULL for none */
	size_t field_count;
};

/* Strict: seed 003's spellings VFModuleCreate, VFModuleDelete, reroute to ONAP's; any other text unchanged. */
struct str operation_canonical(struct str operation);

#endif
