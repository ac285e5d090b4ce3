/* gateway_guests - elements of other instances that may call a service, because both sides enable it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/gateway/gateway_guests.h"

bool
gateway_scope_covers(const struct gateway_scope *scope, unsigned method, struct str path)
{
	bool covered = false;

	for (size_t i = 0; i < scope->path_count; i++)
		covered |= gateway_path_covers(scope->paths[i], path);
	return covered && (scope->methods & 1u << method);
}

struct guest_search {
	struct txn *txn;
	struct concept loop; /* that offers the service */
	const struct element *element;
	struct str service;
	const struct gateway_across *offered; /* the entry that is looked at */
	struct gateway_guest *guests;         /* NULL: they are counted */
	size_t count;
};

/* One for each call that names the service, of each element that is on its participant. */
static bool
take_guests(void *context, struct loop *loop)
{
	struct guest_search *search = context;
	struct txn *txn = search->txn;

	for (size_t i = 0; i < loop->count && !concept_equal(loop->id, search->loop); i++) {
		const struct element *element = &loop->elements[i];
		struct gateway_across *calls;
		size_t count =
			gateway_element_is_on(element) ? gateway_across_of(element, false, txn->arena, &calls) : 0;

		for (size_t j = 0; j < count; j++) {
			if (!gateway_across_means(search->offered, loop->id, element->id, search->service) ||
			    !gateway_across_means(&calls[j], search->loop, search->element->id, search->service))
				continue;
			if (search->guests)
				search->guests[search->count] =
					(struct gateway_guest){gateway_consumer(txn, loop->id, element->id),
				                               calls[j].scope, search->offered->scope};
			search->count++;
		}
	}
	return true;
}

static void
search_guests(struct guest_search *search, const struct gateway_across *offered, size_t count)
{
	search->count = 0;
	for (size_t i = 0; i < count; i++) {
		search->offered = &offered[i];
		if (str_equal(offered[i].service, search->service))
			loops_each(search->txn, offered[i].loop, offered[i].version, take_guests, search);
	}
}

size_t
gateway_guests(struct txn *txn, struct concept loop, const struct element *element, struct str service,
               struct gateway_guest **ret)
{
	struct guest_search search = {.txn = txn, .loop = loop, .element = element, .service = service};
	struct gateway_across *offered;
	size_t count = gateway_across_of(element, true, txn->arena, &offered);

	search_guests(&search, offered, count);
	if (search.count == 0)
		return 0;
	search.guests = arena_array(txn->arena, search.count, sizeof(*search.guests));
	if (!search.guests) {
		txn_fail(txn, ERROR_MEMORY);
		return 0;
	}
	search_guests(&search, offered, count);
	*ret = search.guests;
	return search.count;
}
