/* participant_kinds - the kinds of this build, each in its file */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/participant_kinds.h"

const struct participant_kind *const participant_kinds[] = {
#ifdef HAVE_LIBCURL
	&kind_http,       &kind_policy,
#endif
	&kind_kubernetes,
#ifdef HAVE_LIBCURL
	&kind_cps,        &kind_cds,    &kind_dcae,
#endif
	&kind_simulator,  NULL,
};
