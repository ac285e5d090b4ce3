/* value - TOSCA's own types: their names, which values they take, how values compare */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_VALUE_H
#define POLICYTYPES_VALUE_H

#include "base/node.h"

enum value_kind {
	VALUE_STRING,
	VALUE_INTEGER,
	VALUE_FLOAT,
	VALUE_BOOLEAN,
	VALUE_TIMESTAMP,
	VALUE_VERSION,
	VALUE_RANGE,
	VALUE_TIME, /* scalar-unit.time and so on */
	VALUE_SIZE,
	VALUE_FREQUENCY,
	VALUE_BITRATE,
	VALUE_LIST,
	VALUE_MAP,
	VALUE_ANY,
	VALUE_TYPE /* a declared type with properties; the value is a map of them */
};

/* The kind that TOSCA calls `name`; with fold letter case does not count. Never VALUE_TYPE. */
bool value_kind_find(struct str name, bool fold, enum value_kind *ret);

/* TOSCA's name: "integer", "scalar-unit.time". */
const char *value_kind_name(enum value_kind kind);

/* For messages: "an integer", "a length of time such as '10 m'". */
const char *value_kind_wanted(enum value_kind kind);

/* True when the node is a value of the kind. Lists, maps and VALUE_TYPE: by shape only. A null fits nothing but VALUE_ANY. */
bool value_fits(enum value_kind kind, const struct node *node);

/* True for kinds with an order that TOSCA's constraints may use: numbers, timestamps, versions, scalar-units. */
bool value_is_comparable(enum value_kind kind);

/* <0, 0, >0. Both nodes fit the kind, which is a scalar's. Lengths of time compare in whole milliseconds. */
int value_compare(enum value_kind kind, const struct node *a, const struct node *b);

/* Characters of a text, entries of a list or map. */
size_t value_length(const struct node *node);

/* MAJOR.MINOR.PATCH, with a pre-release or build suffix or none: "1.0.0", "2.1.0-rc.1". */
bool version_valid(struct str version);

/* By the numbers first, then by the rest as text: a total order in which 1.2.0 comes before 1.10.0. */
int version_compare(struct str a, struct str b);

#endif
