/* gateway_across - calls between instances of control loops: what each side enables */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype/gateway_priv.h"
#include "runtime/looptype/looptype_priv.h"

static const char *const across_members[] = {"controlLoop", "version", "element", "service", "methods", "paths", NULL};

static const struct node *
across_list(const struct element *element, bool callers)
{
	const struct node *gateway = node_get(node_get(element->given, "propertiesMap"), "gateway");
	const struct node *list = node_get(gateway, callers ? "callers" : "calls");

	return list && list->kind == NODE_LIST ? list : NULL;
}

/* Its names; false after a finding. */
static bool
across_read(struct gateway_reading *r, const struct node *node, struct gateway_across *ret)
{
	*ret = (struct gateway_across){.loop = gateway_read_name(r, node, "controlLoop"),
	                               .service = gateway_read_name(r, node, "service")};
	if (node_get(node, "version"))
		ret->version = gateway_read_name(r, node, "version");
	if (node_get(node, "element"))
		ret->element = gateway_read_name(r, node, "element");
	gateway_read_scope(r, node, &ret->scope);
	return ret->loop.ptr && ret->service.ptr && (ret->version.ptr || !node_get(node, "version")) &&
	       (ret->element.ptr || !node_get(node, "element"));
}

size_t
gateway_across_of(const struct element *element, bool callers, struct arena *arena, struct gateway_across **ret)
{
	const struct node *list = across_list(element, callers);
	struct gateway_reading r = {.arena = arena};
	size_t count = 0;

	*ret = list ? arena_array(arena, list->count, sizeof(**ret)) : NULL;
	for (const struct node *node = *ret ? list->first : NULL; node; node = node->next)
		count += across_read(&r, node, &(*ret)[count]);
	return r.exhausted ? 0 : count;
}

bool
gateway_across_means(const struct gateway_across *across, struct concept loop, struct str element, struct str service)
{
	return str_equal(across->loop, loop.name) &&
	       (!across->version.ptr || str_equal(across->version, loop.version)) &&
	       (!across->element.ptr || str_equal(across->element, element)) && str_equal(across->service, service);
}

static bool
part_offers(const struct gateway_part *part, struct str service)
{
	for (size_t i = 0; i < part->service_count; i++)
		if (str_equal(part->services[i].name, service))
			return true;
	return false;
}

void
gateway_check_across(struct gateway_reading *r, const struct gateway_part *part, const struct node *given)
{
	static const char *const lists[] = {"calls", "callers"};

	for (int callers = 0; callers < 2; callers++) {
		const struct node *list = gateway_list(r, given, lists[callers]);

		for (const struct node *node = list ? list->first : NULL; node; node = node->next) {
			struct gateway_across across;

			if (gateway_check_map(r, node, across_members) && across_read(r, node, &across) && callers &&
			    !part_offers(part, across.service))
				gateway_find(r, node, "definition %.*s offers no service '%.*s'",
				             STR_ARG(part->definition.name), STR_ARG(across.service));
		}
	}
}
