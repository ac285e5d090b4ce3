/* problems - answers that tell what is wrong: in our words, or as the framework that ONAP's policy API stands on */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_PROBLEMS_H
#define API_HTTP_PROBLEMS_H

#include "api/server/exchange.h"

/* The policy API and the PAP refuse in the words of the framework that ONAP's stand on. */
bool problem_is_spring(const struct exchange *exchange);

/*
 * {"timestamp","status","error","path"}, with what is wrong and where unless the clients are to be taken for ONAP's. In the
 * exchange's arena; absent: out of memory.
 */
struct str problem_spring(struct exchange *exchange, unsigned status, const struct error *why);

/* The status for the error, or another, with what it says. */
void answer_error(struct exchange *exchange, const struct error *err);
void answer_problem(struct exchange *exchange, unsigned status, const struct error *err);

#endif
