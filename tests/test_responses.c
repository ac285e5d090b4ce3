/* test_responses - which response a reply may be answered with again */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server/responses.h"
#include "tests/cmocka_all.h"

static char nothing; /* stands for a response: nobody looks into it */

/* What the server does with a place that is to be filled. */
static struct response *
fill(struct responses *responses, const struct reply *reply)
{
	bool fits = true;
	struct response *place = responses_find(responses, reply, &fits);

	assert_non_null(place);
	assert_false(fits);
	*place = (struct response){
		.response = (struct MHD_Response *)&nothing,
		.constant = reply->constant ? reply->body.ptr : NULL,
		.length = reply->body.len,
		.status = reply->status,
		.id = reply->id[0] ? &nothing : NULL,
	};
	return place;
}

static struct reply
reply_of(struct str body)
{
	return (struct reply){.status = 200, .media = MEDIA_JSON, .body = body};
}

static void
a_body_of_the_same_length_uses_the_response_again(void **state)
{
	struct responses responses = {0};
	struct reply first = reply_of(STR("{\"a\":1}")), second = reply_of(STR("{\"b\":2}"));
	struct response *place = fill(&responses, &first);
	bool fits = false;

	(void)state;
	assert_ptr_equal(responses_find(&responses, &second, &fits), place);
	assert_true(fits);
}

static void
another_length_status_id_or_constancy_is_another_response(void **state)
{
	struct responses responses = {0};
	struct reply reply = reply_of(STR("{\"a\":1}")), longer = reply_of(STR("{\"a\":10}")), status = reply,
		     id = reply, constant = reply;

	(void)state;
	status.status = 201;
	id.id[0] = 'x';
	constant.constant = true;
	(void)fill(&responses, &reply);
	(void)fill(&responses, &longer);
	(void)fill(&responses, &status);
	(void)fill(&responses, &id);
	(void)fill(&responses, &constant);
}

static void
a_response_that_is_lent_serves_nobody_else(void **state)
{
	struct responses responses = {0};
	struct reply reply = reply_of(STR("{\"a\":1}"));
	bool fits;

	(void)state;
	for (int i = 0; i < RESPONSES_WAYS; i++)
		fill(&responses, &reply)->lent = true;
	assert_null(responses_find(&responses, &reply, &fits));
	responses.sets[reply.body.len % RESPONSES_SETS][1].lent = false;
	assert_ptr_equal(responses_find(&responses, &reply, &fits),
	                 &responses.sets[reply.body.len % RESPONSES_SETS][1]);
	assert_true(fits);
}

static void
replies_with_headers_of_their_own_have_no_place(void **state)
{
	struct responses responses = {0};
	struct reply allow = reply_of(STR("{}")), login = allow, metrics = allow, large = allow;
	bool fits;

	(void)state;
	allow.allow = "GET";
	login.authenticate = true;
	metrics.media = MEDIA_METRICS;
	large.body.len = RESPONSES_BODY_MOST + 1;
	assert_null(responses_find(&responses, &allow, &fits));
	assert_null(responses_find(&responses, &login, &fits));
	assert_null(responses_find(&responses, &metrics, &fits));
	assert_null(responses_find(&responses, &large, &fits));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_of_the_same_length_uses_the_response_again),
		cmocka_unit_test(another_length_status_id_or_constancy_is_another_response),
		cmocka_unit_test(a_response_that_is_lent_serves_nobody_else),
		cmocka_unit_test(replies_with_headers_of_their_own_have_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
