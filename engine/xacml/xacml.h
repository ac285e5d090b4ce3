/* xacml - pieces of XACML 3.0: texts, values, attributes, patterns, ranges of time */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_XACML_XACML_H
#define ENGINE_XACML_XACML_H

#include <stdio.h>

#include "guards/guard.h"

#define XACML1 "urn:oasis:names:tc:xacml:1.0:function:"
#define XACML3 "urn:oasis:names:tc:xacml:3.0:function:"
#define XACML_SCHEMA "http://www.w3.org/2001/XMLSchema#"
#define XACML_RESOURCE "urn:oasis:names:tc:xacml:3.0:attribute-category:resource"
#define XACML_SUBJECT "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject"
#define XACML_ACTION "urn:oasis:names:tc:xacml:3.0:attribute-category:action"
#define XACML_ENVIRONMENT "urn:oasis:names:tc:xacml:3.0:attribute-category:environment"

/* The identifiers of request attributes in ONAP's PDP. */
extern const char *const xacml_ids[ATTRIBUTE_COUNT];

/* Each of these writes one element, or the text of one; errors of the stream are the caller's to find. */
void xacml_text(struct str s, FILE *out);
void xacml_value(const char *type, struct str s, FILE *out); /* type: "string", "time" and so on */
void xacml_integer(int64_t number, FILE *out);

/* A pattern on the whole value, as a string: XACML's own match any part of it. */
void xacml_pattern(struct str s, FILE *out);

/* All values of an attribute; category: of the request, id: text. */
void xacml_bag(const char *category, struct str id, const char *type, FILE *out);

/* The one value of an attribute of the request. An error where there is none: ask xacml_absent first. */
void xacml_only(const char *id, const char *type, FILE *out);

/* Whether the request lacks the attribute, or that of a category and id. */
void xacml_absent(enum attribute attribute, FILE *out);
void xacml_bag_empty(const char *category, struct str id, FILE *out);

/* A Match of a target. */
void xacml_match(enum attribute attribute, struct str s, bool pattern, FILE *out);

/*
 * Whether the time lies in a range that is RANGE_DAILY or RANGE_INSTANTS. Not by XACML's time-in-range: ONAP's engine takes
 * one that wraps midnight for empty. The engine's clock must be UTC, as ONAP's is.
 */
void xacml_range(const struct time_range *range, FILE *out);

#endif
