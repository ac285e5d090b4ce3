/* web_request - one HTTP request of a participant to the far side: the program's one user of libcurl */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_WEB_REQUEST_H
#define PARTICIPANTS_FRAMEWORK_WEB_REQUEST_H

#include "participants/framework/element_order.h"

struct web_request {
	const char *method, *url;
	struct str body;            /* absent for none */
	const char *media;          /* of the body, and accepted */
	const struct node *headers; /* map of texts, or NULL */
	const char *bearer;         /* a token, or NULL */
	const char *socket;         /* the unix socket that is asked in place of the url's host, or NULL */
	size_t limit;               /* bytes of the answer that are read, 0: 4 MiB */
	bool to_the_end;            /* goes on when the program is told to stop */
};

struct web_answer {
	long status;
	struct str body; /* in the order's arena; cut at the limit */
};

/*
 * Asks with the credentials, authorities and time limit of the participant's settings. ACT_DONE when there is an answer,
 * whatever its status; else ACT_AGAIN with the order's message saying why.
 */
enum act_result web_ask(struct element_order *order, const struct web_request *request, struct web_answer *ret);

/*
 * What an answer that should have been a success means: ACT_DONE for 2xx, ACT_AGAIN for 408, 425, 429 and 5xx, else
 * ACT_FAILED; the message says status and the beginning of the body.
 */
enum act_result web_judge(struct element_order *order, const struct web_request *request,
                          const struct web_answer *answer);

/* The answer's body as a tree in the order's arena: ACT_DONE, or ACT_FAILED with a message when it is not JSON. */
enum act_result web_tree(struct element_order *order, const struct web_answer *answer, struct node **ret);

/* A path segment in its escaped form, in the arena; NULL when out of memory. */
const char *web_escape(struct str segment, struct arena *arena);

/* Once, before threads. 0 or -1. */
int web_open(void);
void web_close(void);

#endif
