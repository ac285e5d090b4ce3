/* xacml_http - POST /policy/pdpx/v1/xacml: questions in XACML's own form, JSON profile */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/reply.h"
#include "api/bodies/request.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/answers.h"
#include "engine/xacml/xacml.h"

/*
 * A guard's attributes may have ONAP's names, as `clguard convert --to xacml` writes them, or XACML's own for a subject,
 * an action and a resource. Other attributes are ignored: no guard looks at them. What cannot be answered is
 * Indeterminate, with what is wrong as its StatusMessage.
 * source  JSON Profile of XACML 3.0 Version 1.1; the native route of ONAP's policy-xacml-pdp
 */

#define STATUS "urn:oasis:names:tc:xacml:1.0:status:"

static const struct {
	const char *id;
	enum attribute attribute;
} standard_ids[] = {
	{"urn:oasis:names:tc:xacml:1.0:subject:subject-id", ATTRIBUTE_ACTOR},
	{"urn:oasis:names:tc:xacml:1.0:action:action-id", ATTRIBUTE_OPERATION},
	{"urn:oasis:names:tc:xacml:1.0:resource:resource-id", ATTRIBUTE_TARGET},
};

static int
attribute_of(struct str id)
{
	for (size_t i = 0; i < sizeof(standard_ids) / sizeof(*standard_ids); i++) {
		if (str_is(id, standard_ids[i].id))
			return (int)standard_ids[i].attribute;
	}
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (str_is(id, xacml_ids[i]))
			return i;
	}
	return -1;
}

/* The one value of an attribute, which may stand in a list of its own. NULL, with an error, when there are more or none. */
static const struct node *
xacml_value_of(const struct node *attribute, struct error *err)
{
	const struct node *value = node_get(attribute, "Value");

	if (value && value->kind == NODE_LIST && value->count == 1)
		value = value->first;
	if (value && (value->kind == NODE_TEXT || node_is_integer(value)) && value->text.len <= ATTRIBUTE_SIZE_MAX)
		return value;
	(void)error_set(err, ERROR_TYPE, attribute,
	                "an attribute of a guard needs one Value: expected text or an integer");
	return NULL;
}

static int
attribute_read(const struct node *attribute, struct request *ret, struct error *err)
{
	const struct node *id = node_get(attribute, "AttributeId"), *value;
	int which;

	if (!id || id->kind != NODE_TEXT)
		return error_set(err, ERROR_MISSING, attribute, "an attribute has no AttributeId: expected a text");
	which = attribute_of(id->text);
	if (which < 0 && !str_is(id->text, ONAP_VF_COUNT))
		return 0;
	value = xacml_value_of(attribute, err);
	if (!value)
		return -(int)err->code;
	if (which < 0) {
		ret->has_vf_count = request_count_parse(value->text, &ret->vf_count);
		return ret->has_vf_count ? 0
		                         : error_set(err, ERROR_TYPE, value, "'%.*s' is not an integer of 32 bits",
		                                     STR_ARG(request_shown(value->text)));
	}
	if (ret->attribute[which].ptr && !str_equal(ret->attribute[which], value->text))
		return error_set(err, ERROR_DUPLICATE, attribute, "%s is given twice", attribute_key[which]);
	ret->attribute[which] = value->text;
	return 0;
}

/* A category, or a list of them. */
static int
category_read(const struct node *category, struct request *ret, struct error *err)
{
	const struct node *attributes = node_get(category, "Attribute");
	int r = 0;

	if (category->kind == NODE_LIST) {
		for (const struct node *one = category->first; one && r == 0; one = one->next)
			r = one->kind == NODE_LIST ? error_set(err, ERROR_TYPE, one, "a list where a map is expected")
			                           : category_read(one, ret, err);
		return r;
	}
	if (attributes && attributes->kind == NODE_MAP)
		return attribute_read(attributes, ret, err);
	for (const struct node *one = attributes ? attributes->first : NULL; one && r == 0; one = one->next)
		r = attribute_read(one, ret, err);
	return r;
}

static int
request_of(const struct node *root, enum guard_mode mode, struct request *ret, struct error *err)
{
	static const char *const categories[] = {"AccessSubject", "Action", "Resource", "Environment", "Category"};
	const struct node *request = node_get(root, "Request");
	int r = 0;

	if (!request || request->kind != NODE_MAP)
		return error_set(err, ERROR_MISSING, root, "no Request: expected a map");
	if (node_get(request, "MultiRequests"))
		return error_set(err, ERROR_UNKNOWN, node_get(request, "MultiRequests"),
		                 "MultiRequests is not supported: ask POST /clguard/v1/decisions");
	request_clear(ret);
	for (size_t i = 0; i < sizeof(categories) / sizeof(*categories) && r == 0; i++) {
		const struct node *category = node_get(request, categories[i]);

		if (category)
			r = category_read(category, ret, err);
	}
	if (mode == GUARD_STRICT && ret->attribute[ATTRIBUTE_OPERATION].ptr)
		ret->attribute[ATTRIBUTE_OPERATION] = operation_canonical(ret->attribute[ATTRIBUTE_OPERATION]);
	return r;
}

static void
result_answer(struct exchange *exchange, const char *decision, const char *status, struct str message)
{
	struct text out;

	text_init(&out, exchange->arena);
	text_addf(&out, "{\"Response\":[{\"Decision\":\"%s\",\"Status\":{\"StatusCode\":{\"Value\":\"" STATUS "%s\"}",
	          decision, status);
	if (message.len) {
		text_add(&out, STR(",\"StatusMessage\":"));
		text_add_json(&out, message);
	}
	text_add(&out, STR("}}]}"));
	answer_json(exchange, text_done(&out));
	exchange->reply.media = MEDIA_XACML;
}

static void
refusal_answer(struct exchange *exchange, const char *status, struct str message)
{
	metrics_add(&exchange->worker->metrics->errors, 1);
	result_answer(exchange, "Indeterminate", status, message);
	if (exchange->reply.status == 200)
		exchange->reply.status = 400;
}

/* XML is told, in XML, what is read. */
static void
xml_refuse(struct exchange *exchange)
{
	static const char body[] =
		"<Response "
		"xmlns=\"urn:oasis:names:tc:xacml:3.0:core:schema:wd-17\"><Result><Decision>Indeterminate</Decision>"
		"<Status><StatusCode Value=\"" STATUS
		"processing-error\"/><StatusMessage>requests in XML are not read: "
		"send application/xacml+json, the JSON profile</StatusMessage></Status></Result></Response>";

	metrics_add(&exchange->worker->metrics->errors, 1);
	answer_json(exchange, STR(body));
	exchange->reply.constant = true;
	exchange->reply.status = 400;
	exchange->reply.media = MEDIA_XACML_XML;
}

void
xacml_post(struct exchange *exchange)
{
	static const char *const words[EFFECT_COUNT] = {
		[EFFECT_NOT_APPLICABLE] = "NotApplicable",
		[EFFECT_PERMIT] = "Permit",
		[EFFECT_DENY] = "Deny",
		[EFFECT_INDETERMINATE] = "Indeterminate",
	};
	struct decision decision;
	struct request request;
	struct log_entry entry = {.door = LOG_DOOR_DECISION, .request = &request, .decision = &decision};
	struct error err = {0};
	struct node *root;
	bool failed;

	if (exchange->reads == MEDIA_XACML_XML) {
		xml_refuse(exchange);
		return;
	}
	if (read_body(exchange, &root, &err) != 0 ||
	    request_of(root, exchange->worker->service->mode, &request, &err) != 0) {
		refusal_answer(exchange, "syntax-error", reply_sentence(&err, exchange->arena));
		return;
	}
	if (!exchange_covers(exchange, request.attribute[ATTRIBUTE_ACTOR]))
		return;
	answer_begin(exchange);
	session_decide(exchange->worker->session, &request, &decision);
	if (!answer_decision(exchange, &entry))
		answer_unlogged(&decision);
	failed = decision.effect == EFFECT_INDETERMINATE;
	result_answer(exchange, words[decision.effect], failed ? "processing-error" : "ok",
	              decision.effect == EFFECT_PERMIT ? STR_NONE : str_from(reason_name[decision.reason]));
}
