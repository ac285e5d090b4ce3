/* responses - the responses that a worker uses again, so that an answer costs no memory */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/responses.h"

/* Headers that depend on more than status, length and id are not for all. */
static bool
is_usual(const struct reply *reply)
{
	return reply->media == MEDIA_JSON && !reply->type && !reply->echo.ptr && !reply->headers && !reply->tag &&
	       !reply->allow && !reply->origin.ptr && !reply->authenticate && !reply->close &&
	       (reply->constant || reply->body.len <= RESPONSES_BODY_MOST);
}

static bool
serves(const struct response *response, const struct reply *reply)
{
	return response->length == reply->body.len && response->status == reply->status &&
	       response->constant == (reply->constant ? reply->body.ptr : NULL) && !response->id == !reply->id[0];
}

struct response *
responses_find(struct responses *responses, const struct reply *reply, bool *ret_fits)
{
	size_t number = reply->constant ? (uintptr_t)reply->body.ptr / 8 : reply->body.len;
	struct response *set = responses->sets[number % RESPONSES_SETS];
	struct response *place = &set[responses->next % RESPONSES_WAYS];

	if (!is_usual(reply))
		return NULL;
	for (size_t i = 0; i < RESPONSES_WAYS; i++) {
		if (!set[i].response) { /* filled in order; one that memory failed for may hide others, which costs a copy of them */
			place = &set[i];
			break;
		}
		if (!set[i].lent && serves(&set[i], reply)) {
			*ret_fits = true;
			return &set[i];
		}
	}
	*ret_fits = false;
	responses->next++;
	return place->lent ? NULL : place;
}
