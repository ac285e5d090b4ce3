/* participant_kinds - the kinds of this build, each in its file */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_PARTICIPANT_KINDS_H
#define PARTICIPANTS_KINDS_PARTICIPANT_KINDS_H

#include "participants/framework/participant_kind.h"

extern const struct participant_kind kind_cds, kind_cps, kind_dcae, kind_http, kind_kubernetes, kind_policy,
	kind_simulator;

/* Ended by NULL, in the order of the documentation. */
extern const struct participant_kind *const participant_kinds[];

#endif
