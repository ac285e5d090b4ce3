/* policy_side - which policies an element means, and where they are: in the framework that it shares, or in its own engine */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_POLICY_SIDE_H
#define PARTICIPANTS_KINDS_POLICY_SIDE_H

#include "participants/framework/element_order.h"

/* A policy of the element. */
struct chosen_policy {
	struct str name, version, type, type_version;
	const struct node *body;
};

struct chosen_policies {
	struct chosen_policy *list;
	size_t count;
};

/* The policies of the fragment that the element names: by policy_id, else by policy_type_id, else all. False: out of memory. */
bool policy_choose(struct element_order *order, struct chosen_policies *ret);

/*
 * What an element makes is noted as "<what> NAME VERSION". What it makes in its own engine, which no other element shares,
 * is noted with OWN before that.
 */

/* Whether its type gives the element an engine, or it has one. */
bool policy_wants_engine(const struct element_order *order);

/* Finds the side that the order is for, and starts the engine where there is one: order->engine. */
enum act_result policy_find_side(struct element_order *order);

/* The same for looking: nothing is started. False: it cannot be told. */
bool policy_known_side(struct element_order *order);

/* Ends the engine, and forgets all that was made in it. */
enum act_result policy_end_engine(struct element_order *order);

/* The item; absent when out of memory. */
struct str policy_item(const struct element_order *order, const char *what, struct str name, struct str version);

/* An item of the order's side apart; false: it is not one. */
bool policy_split_item(const struct element_order *order, struct str item, const char *what, struct str *ret_name,
                       struct str *ret_version);

/* Whether another element has made the same in the framework. */
bool policy_is_shared(const struct element_order *order, struct str item);

#endif
