/* gateway_access - may this element of a control loop call this service? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

/* One service that the request can mean; element NULL: outside of the control loop. */
struct access_offer {
	const struct gateway_part *part;
	const struct gateway_service *service;
	const struct element *element;
};

/* How a scope covers a request; the last two: it depends on a member that is not given. */
enum cover { COVER_NO, COVER_YES, COVER_METHOD, COVER_PATH };

static const char *const cover_missing[] = {[COVER_METHOD] = "method", [COVER_PATH] = "path"};

struct access_finding {
	struct loop *loop;
	size_t count; /* of instances; the second one ends the search */
};

static void
access_deny(struct access_answer *answer, const char *why)
{
	answer->reason = REASON_NOT_ALLOWED;
	answer->why = why;
}

static void
permit(struct access_answer *answer, const char *why)
{
	answer->permit = true;
	answer->reason = REASON_PERMIT;
	answer->missing = NULL;
	answer->why = why;
}

static void
lack(struct access_answer *answer, const char *member, const char *why)
{
	answer->reason = REASON_MISSING_ATTRIBUTE;
	answer->missing = member;
	answer->why = why;
}

static enum cover
scope_cover(const struct gateway_scope *scope, const struct access_request *request)
{
	bool path = false;

	if (request->method.ptr && !(scope->methods & gateway_method_find(request->method)))
		return COVER_NO;
	for (size_t i = 0; i < scope->path_count && !path; i++)
		path = request->path.ptr ? gateway_path_covers(scope->paths[i], request->path)
		                         : scope->paths[i].len == 0;
	if (!path)
		return request->path.ptr ? COVER_NO : COVER_PATH;
	return request->method.ptr || scope->methods == GATEWAY_METHODS_ALL ? COVER_YES : COVER_METHOD;
}

static bool
take_loop(void *context, struct loop *loop)
{
	struct access_finding *finding = context;

	*finding->loop = *loop;
	return ++finding->count < 2;
}

static bool
find_loop(struct txn *txn, struct str name, struct str version, const char *member, struct loop *ret,
          struct access_answer *answer)
{
	struct access_finding finding = {ret, 0};

	if (concept_name_valid(name))
		loops_each(txn, name, version, take_loop, &finding);
	if (finding.count == 0)
		access_deny(answer, "there is no such control loop instance");
	else if (finding.count > 1)
		lack(answer, member, "several instances have this name");
	return finding.count == 1;
}

/* The one service that is meant. False, and answered, when there is none, or more than one. */
static bool
find_offer(const struct gateway *gateway, const struct loop *loop, const struct access_request *request,
           struct access_offer *ret, struct access_answer *answer)
{
	size_t count = 0;

	for (size_t i = 0; i <= loop->count; i++) {
		const struct element *element = i ? &loop->elements[i - 1] : NULL;
		const struct gateway_part *part =
			element ? gateway_part_of(gateway, element->definition) : &gateway->parts[0];

		if (!part || (request->external && element) ||
		    (request->target_element.ptr && (!element || !str_equal(element->id, request->target_element))))
			continue;
		for (size_t j = 0; j < part->service_count; j++) {
			if (!str_equal(part->services[j].name, request->service))
				continue;
			*ret = (struct access_offer){part, &part->services[j], element};
			count++;
		}
	}
	if (count == 0)
		access_deny(answer, "there is no such service");
	else if (count > 1)
		lack(answer, "targetElement", "several elements offer this service");
	return count == 1;
}

/* A call of the caller's that names the service as it is asked for. */
static void
find_call(const struct gateway_part *caller, const struct access_offer *offer, const struct access_request *request,
          struct access_answer *answer)
{
	access_deny(answer, "no call of the element's definition names this");
	for (size_t i = 0; i < caller->call_count; i++) {
		const struct gateway_call *call = &caller->calls[i];
		enum cover cover = scope_cover(&call->scope, request);

		if (!str_equal(call->service, request->service) || cover == COVER_NO ||
		    (call->element.ptr && (!offer->element || !str_equal(call->element, offer->part->definition.name))))
			continue;
		answer->line = call->line;
		answer->column = call->column;
		if (cover == COVER_YES) {
			permit(answer, "a call of the element's definition names it");
			return;
		}
		lack(answer, cover_missing[cover], "a call of the element's definition depends on it");
	}
}

static void
gateway_access_decide(const struct gateway *gateway, const struct loop *loop, const struct access_request *request,
                      struct access_answer *answer)
{
	const struct element *element = loop_element(loop, request->element);
	const struct gateway_part *caller = element ? gateway_part_of(gateway, element->definition) : NULL;
	enum cover cover;
	struct access_offer offer = {0};

	if (!caller) {
		access_deny(answer, "the instance has no such element");
		return;
	}
	if (!gateway_element_is_on(element)) {
		access_deny(answer, "the element is not on its participant");
		return;
	}
	if (!find_offer(gateway, loop, request, &offer, answer))
		return;
	answer->sandbox = caller->sandbox || (offer.element && offer.part->sandbox);
	answer->line = offer.service->line;
	answer->column = offer.service->column;
	cover = scope_cover(&offer.service->scope, request);
	if (offer.element && !gateway_element_is_on(offer.element))
		access_deny(answer, "the element that offers the service is not on its participant");
	else if (cover == COVER_NO)
		access_deny(answer, "the service is not open for this method and path");
	else if (cover != COVER_YES)
		lack(answer, cover_missing[cover], "the service is open for some methods or paths only");
	else if (answer->sandbox)
		find_call(caller, &offer, request, answer);
	else
		permit(answer, "nothing of it is in a sandbox");
}

/* --- between instances --- */

/* How one side's entries cover the request; its best one counts. */
static enum cover
cover_across(struct txn *txn, const struct element *side, bool callers, const struct loop *other,
             const struct access_request *request, struct str other_element)
{
	struct gateway_across *list;
	size_t count = gateway_across_of(side, callers, txn->arena, &list);
	enum cover best = COVER_NO;

	for (size_t i = 0; i < count && best != COVER_YES; i++) {
		enum cover cover = scope_cover(&list[i].scope, request);

		if (gateway_across_means(&list[i], other->id, other_element, request->service) && cover != COVER_NO)
			best = cover;
	}
	return best;
}

/* An element of one instance calls one of another: the service is open for it, and both sides enable it. */
static void
access_decide_across(struct txn *txn, const struct gateway *gateway, const struct loop *loop, const struct loop *target,
                     const struct access_request *request, struct access_answer *answer)
{
	const struct element *element = loop_element(loop, request->element);
	struct access_offer offer = {0};
	enum cover cover, enabled[2];

	if (!element) {
		access_deny(answer, "the instance has no such element");
		return;
	}
	if (!find_offer(gateway, target, request, &offer, answer))
		return;
	answer->sandbox = true;
	answer->line = offer.service->line;
	answer->column = offer.service->column;
	cover = scope_cover(&offer.service->scope, request);
	if (!offer.element) {
		access_deny(answer, "what is outside of an instance is for its own elements");
	} else if (!gateway_element_is_on(element)) {
		access_deny(answer, "the element is not on its participant");
	} else if (!gateway_element_is_on(offer.element)) {
		access_deny(answer, "the element that offers the service is not on its participant");
	} else if (cover == COVER_NO) {
		access_deny(answer, "the service is not open for this method and path");
	} else {
		enabled[0] = cover_across(txn, element, false, target, request, offer.element->id);
		enabled[1] = cover_across(txn, offer.element, true, loop, request, element->id);
		for (int i = 0; i < 2 && cover == COVER_YES; i++)
			cover = enabled[i];
		if (enabled[0] == COVER_NO)
			access_deny(answer, "the instance that calls does not enable it");
		else if (enabled[1] == COVER_NO)
			access_deny(answer, "the instance that offers the service does not enable it");
		else if (cover != COVER_YES)
			lack(answer, cover_missing[cover], "it is enabled for some methods or paths only");
		else
			permit(answer, "both instances enable it");
	}
}

/* Looks at each byte, whichever differs. */
static bool
key_is(struct str key, struct str asked)
{
	unsigned char differs = key.len != asked.len;

	for (size_t i = 0; i < key.len && i < asked.len; i++)
		differs |= (unsigned char)(key.ptr[i] ^ asked.ptr[i]);
	return key.len > 0 && !differs;
}

static struct str
caller_in(struct txn *txn, const struct loop *loop, struct str key, struct str consumer)
{
	struct str found = STR_NONE;

	for (size_t i = 0; i < loop->count; i++) {
		struct str id = loop->elements[i].id;

		if (key.ptr ? key_is(gateway_key(txn, loop->id, id), key)
		            : str_equal(gateway_consumer(txn, loop->id, id), consumer))
			found = id;
	}
	return found;
}

struct caller_search {
	struct txn *txn;
	struct str key, consumer, found;
	struct concept *loop;
};

static bool
search_caller(void *context, struct loop *loop)
{
	struct caller_search *search = context;

	search->found = caller_in(search->txn, loop, search->key, search->consumer);
	if (search->found.ptr)
		*search->loop = loop->id;
	return !search->found.ptr;
}

struct str
gateway_caller(struct txn *txn, struct concept loop_id, struct str key, struct str consumer, struct concept *ret_loop)
{
	struct caller_search search = {txn, key, consumer, STR_NONE, ret_loop};
	struct loop loop;

	if (!concept_name_valid(loop_id.name) || !concept_version_valid(loop_id.version) ||
	    !loop_load(txn, loop_id, &loop))
		return STR_NONE;
	search.found = caller_in(txn, &loop, key, consumer);
	for (size_t i = 0; i < loop.count && !search.found.ptr; i++) {
		struct gateway_across *list;
		size_t count = gateway_across_of(&loop.elements[i], true, txn->arena, &list);

		for (size_t j = 0; j < count && !search.found.ptr; j++)
			loops_each(txn, list[j].loop, list[j].version, search_caller, &search);
	}
	return search.found;
}

void
access_decide(struct txn *txn, const struct access_request *request, struct access_answer *ret)
{
	struct gateway gateway;
	struct loop loop = {0}, target;
	bool found;

	*ret = (struct access_answer){.reason = REASON_ERROR};
	found = find_loop(txn, request->clname, request->version, "version", &loop, ret);
	if (found)
		ret->loop = loop.id;
	target = loop;
	if (found && request->target_clname.ptr)
		found = find_loop(txn, request->target_clname, request->target_version, "targetVersion", &target, ret);
	if (found) {
		ret->type = target.definition;
		if (!gateway_load(txn, target.definition, &gateway))
			access_deny(ret, "the control loop's type has no gateway");
		else if (concept_equal(loop.id, target.id))
			gateway_access_decide(&gateway, &loop, request, ret);
		else
			access_decide_across(txn, &gateway, &loop, &target, request, ret);
	}
	if (txn->failed)
		*ret = (struct access_answer){.reason = REASON_ERROR, .why = "the runtime's database cannot be read"};
}
