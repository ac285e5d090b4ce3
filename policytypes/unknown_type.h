/* unknown_type - policies of types that clguard does not run: another system's business, or a mistake */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_UNKNOWN_TYPE_H
#define POLICYTYPES_UNKNOWN_TYPE_H

#include "policytypes/policy.h"

/*
 * The finding about a policy that clguard leaves out of the set, at its type. A type that a document declares, or that
 * belongs to another domain of ONAP (monitoring, naming, optimization, match, native), is a warning; everything else is
 * an error with the type that was probably meant: a guard that is not there permits.
 */
void unknown_type_add(const struct policy *policy, const struct catalogue *catalogue, struct diags *diags);

/* The policy type that somebody who wrote `name`, perhaps a short one, probably meant; absent when there is none. */
struct str unknown_type_meant(const struct catalogue *catalogue, struct str name);

#endif
