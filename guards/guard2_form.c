/* guard2_form - which keys a 2.0.0 document may have, in its three dialects */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard2_priv.h"

/*
 * A  id, name, description, actor, recipe, and limit_constraints of {num, duration: text, time_in_range {arg2, arg3},
 *    blacklist}
 * B  as A, with duration {value, units}
 * C  match_parameters {controlLoopName, actor, recipe, targets} in place of actor and recipe, and limit_constraints of
 *    {freq_limit_per_target, time_window {value, units}, active_time_range {start, end}, blacklist, minVnfCount,
 *    maxVnfCount}
 * source  README of ONAP's Control Loop Guard (A); its code of 2017-06 (B) and of 2017-08 to 2021 (C)
 */

#define NULLS (1u << NODE_NULL)
#define SCALARS (1u << NODE_BOOL | 1u << NODE_INT | 1u << NODE_FLOAT | 1u << NODE_TEXT)
#define MAPS (1u << NODE_MAP)
#define LISTS (1u << NODE_LIST)

static const struct guard2_form text_form = {"a single value", SCALARS | NULLS};
static const struct guard2_form entry_form = {"an entry", SCALARS};
static const struct guard2_form entries_form = {"a list of entries", LISTS | NULLS, .item = &entry_form};

static const struct guard2_form header_form = {
	"the guard header",
	MAPS | NULLS,
	.keys = (const struct guard2_key[]){{"version", &text_form}, {NULL}},
};

static const struct guard2_form match_form = {
	"match_parameters",
	MAPS | NULLS,
	.keys =
		(const struct guard2_key[]){
			{"controlLoopName", &text_form},
			{"actor", &text_form},
			{"recipe", &text_form},
			{"targets", &entries_form},
			{NULL},
		},
};

static const struct guard2_key window_keys[] = {{"value", &text_form}, {"units", &text_form}, {NULL}};
static const struct guard2_form duration_form = {"duration", SCALARS | MAPS | NULLS, .keys = window_keys};
static const struct guard2_form window_form = {"time_window", MAPS | NULLS, .keys = window_keys};

/* A map of text to text in the reference, not a class with two members. */
static const struct guard2_form arg_range_form = {
	"time_in_range",
	MAPS | NULLS,
	.onap_open = true,
	.keys = (const struct guard2_key[]){{"arg2", &text_form}, {"arg3", &text_form}, {NULL}},
};
static const struct guard2_form active_range_form = {
	"active_time_range",
	MAPS | NULLS,
	.keys = (const struct guard2_key[]){{"start", &text_form}, {"end", &text_form}, {NULL}},
};

const struct guard2_form guard2_constraint_form = {
	"a limit constraint",
	MAPS,
	.keys =
		(const struct guard2_key[]){
			{"num", &text_form, DIALECT_AB},
			{"duration", &duration_form, DIALECT_AB},
			{"time_in_range", &arg_range_form, DIALECT_AB},
			{"freq_limit_per_target", &text_form, DIALECT_C},
			{"time_window", &window_form, DIALECT_C},
			{"active_time_range", &active_range_form, DIALECT_C},
			{"blacklist", &entries_form},
			{"minVnfCount", &text_form, DIALECT_C, .incidental = true},
			{"maxVnfCount", &text_form, DIALECT_C, .incidental = true},
			{NULL},
		},
};
static const struct guard2_form constraints_form = {
	"limit_constraints",
	LISTS | NULLS,
	.item = &guard2_constraint_form,
};

/* Ours: `allow` silences findings, as in a policy of a service template. Other keys are free. */
static const struct guard2_form metadata_form = {"metadata", MAPS | NULLS, .open = true};

const struct guard2_form guard2_policy_form = {
	"a guard policy",
	MAPS,
	.keys =
		(const struct guard2_key[]){
			{"id", &text_form},
			{"name", &text_form},
			{"description", &text_form},
			{"actor", &text_form, DIALECT_AB},
			{"recipe", &text_form, DIALECT_AB},
			{"match_parameters", &match_form, DIALECT_C},
			{"limit_constraints", &constraints_form},
			{"metadata", &metadata_form, .incidental = true, .strict = true},
			{NULL},
		},
};
static const struct guard2_form policies_form = {"guards", LISTS | NULLS, .item = &guard2_policy_form};

const struct guard2_form guard2_document_form = {
	"the document",
	MAPS,
	.keys = (const struct guard2_key[]){{"guard", &header_form}, {"guards", &policies_form}, {NULL}},
};

/* The dialect of the keys seen so far. */
struct form_check {
	const struct guard2_reading *reading;
	enum guard2_dialect dialect;
	bool mixed; /* said once */
	bool *bad_policies;
};

/* A finding about a key stands where the key does. */
static void
add_at_key(const struct form_check *check, enum guard2_finding finding, const struct node *value, const char *key,
           const char *what)
{
	struct node at_key = *value;

	at_key.line = value->key_line;
	at_key.column = value->key_column;
	guard2_add(check->reading, finding, &at_key, key, what);
}

static const struct guard2_key *
key_find(const struct guard2_form *form, struct str name, enum guard_mode mode)
{
	for (const struct guard2_key *key = form->keys; key->name; key++) {
		if (str_is(name, key->name) && !(key->strict && mode == GUARD_ONAP))
			return key;
	}
	return NULL;
}

static void
check_dialect(struct form_check *check, const struct guard2_key *key, const struct node *value)
{
	if (key->dialect == DIALECT_ANY)
		return;
	if (check->dialect == DIALECT_ANY)
		check->dialect = key->dialect;
	if (check->dialect == key->dialect || check->mixed)
		return;
	check->mixed = true;
	add_at_key(check, GUARD2_DIALECTS, value, key->name, "");
}

/* True when the value and all in it, policies aside, have the form. */
static bool
guard2_check_value(struct form_check *check, const struct guard2_form *form, const struct node *value)
{
	bool good = true;

	if (!(form->kinds & 1u << value->kind)) {
		guard2_add(check->reading, GUARD2_FORM, value, form->what, node_kind_name(value));
		return false;
	}
	for (const struct node *child = form->open ? NULL : value->first; child; child = child->next) {
		const struct guard2_key *key =
			value->kind == NODE_MAP ? key_find(form, child->key, check->reading->mode) : NULL;

		if (form == &policies_form) {
			check->bad_policies[child->index] = !guard2_check_value(check, form->item, child);
		} else if (value->kind == NODE_LIST) {
			good = guard2_check_value(check, form->item, child) && good;
		} else if (key) {
			check_dialect(check, key, child);
			good = guard2_check_value(check, key->form, child) && good;
		} else if (!form->onap_open || check->reading->mode == GUARD_STRICT) {
			add_at_key(check, GUARD2_UNKNOWN_KEY, child, child->key.ptr, form->what);
			good = false;
		}
	}
	return good;
}

bool
guard2_check_form(const struct guard2_reading *reading, const struct node *root, bool *bad_policies)
{
	struct form_check check = {.reading = reading, .bad_policies = bad_policies};
	bool good = guard2_check_value(&check, &guard2_document_form, root);

	return good && !(check.mixed && reading->mode == GUARD_ONAP);
}

static int
compare_lists(const struct guard2_form *item, const struct node *a, const struct node *b)
{
	int r = (a->count > b->count) - (a->count < b->count);

	for (a = a->first, b = b->first; r == 0 && a; a = a->next, b = b->next)
		r = guard2_compare(item, a, b);
	return r;
}

int
guard2_compare(const struct guard2_form *form, const struct node *a, const struct node *b)
{
	int r = 0;

	if (node_is_null(a) || node_is_null(b))
		return !node_is_null(a) - !node_is_null(b);
	if (node_is_scalar(a) || node_is_scalar(b))
		return node_is_scalar(a) && node_is_scalar(b) ? str_compare(a->text, b->text)
		                                              : node_is_scalar(a) - node_is_scalar(b);
	if (a->kind == NODE_LIST)
		return compare_lists(form->item, a, b);
	for (const struct guard2_key *key = form->keys; r == 0 && key->name; key++) {
		if (!key->incidental)
			r = guard2_compare(key->form, node_get(a, key->name), node_get(b, key->name));
	}
	return r;
}

const struct node *
guard2_get(const struct node *map, const char *key)
{
	const struct node *value = node_get(map, key);

	return node_is_null(value) ? NULL : value;
}
