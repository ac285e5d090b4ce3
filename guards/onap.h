/* onap - how ONAP's decision point reads a policy's properties, for the onap mode of the guards */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_ONAP_H
#define GUARDS_ONAP_H

#include "base/node.h"

/*
 * The reference reads YAML by the 1.1 rules, then converts each property to the Java type of a definition class. A
 * value that does not convert refuses the policy. The texts of findings carry the reference's own key words, because
 * tools look for them.
 */

/* A value's kind in ONAP. NULL counts as null. */
enum onap_kind { ONAP_NULL, ONAP_BOOLEAN, ONAP_NUMBER, ONAP_TEXT, ONAP_LIST, ONAP_MAP };

enum onap_kind onap_kind(const struct node *value);

/* Where a property is looked up, and the definition class named when it does not convert. */
struct onap_properties {
	const struct node *map;
	const char *definition; /* "FrequencyDefinition" */
};

/*
 * The property `key` as Java would convert it. Null and absent ones give an absent text or given = false. False, with a
 * finding, when the value does not convert. Texts: in `arena`.
 */
bool onap_text(const struct onap_properties *properties, const char *key, struct arena *arena, struct str *ret_text,
               struct diags *diags);
bool onap_integer(const struct onap_properties *properties, const char *key, bool *ret_given, int32_t *ret_value,
                  struct diags *diags);
bool onap_boolean(const struct onap_properties *properties, const char *key, bool *ret_given, bool *ret_value,
                  struct diags *diags);

/* The list under `key`, NULL with a finding when it is absent, null or something else. */
const struct node *onap_list(const struct onap_properties *properties, const char *key, struct diags *diags);

/*
 * Whether a regular expression says something else to Java than to PCRE2: a class in a class is a union there, and &&
 * an intersection; here they are just characters.
 */
bool onap_java_only(struct str expression);

/* Adds the finding that a required property is null. */
void onap_null(const struct node *where, const char *key, struct diags *diags);

#endif
