/* gateway_check - what must hold between the gateway properties of a control loop type, and in its instances */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype/gateway_priv.h"
#include "runtime/looptype/looptype_priv.h"

static bool
gateway_scope_within(const struct gateway_scope *inner, const struct gateway_scope *outer)
{
	for (size_t i = 0; i < inner->path_count; i++) {
		bool covered = false;

		for (size_t j = 0; j < outer->path_count; j++)
			covered |= gateway_path_covers(outer->paths[j], inner->paths[i]);
		if (!covered)
			return false;
	}
	return (inner->methods & ~outer->methods) == 0;
}

static const struct gateway_service *
service_of(const struct gateway_part *part, struct str name)
{
	for (size_t i = 0; i < part->service_count; i++)
		if (str_equal(part->services[i].name, name))
			return &part->services[i];
	return NULL;
}

/* A call leads somewhere, and asks no more than is offered; without methods or paths it takes those that there are. */
static void
check_call(struct gateway_reading *r, const struct gateway *gateway, const struct gateway_call *call)
{
	bool found = false, within = false;

	for (size_t i = 0; i < gateway->count; i++) {
		const struct gateway_service *service = service_of(&gateway->parts[i], call->service);
		struct gateway_scope asked = call->scope;

		if (!service ||
		    (call->element.ptr && (i == 0 || !str_equal(gateway->parts[i].definition.name, call->element))))
			continue;
		if (!node_get(call->node, "methods"))
			asked.methods = 0;
		if (!node_get(call->node, "paths"))
			asked.path_count = 0;
		found = true;
		within |= gateway_scope_within(&asked, &service->scope);
	}
	if (!found && call->element.ptr)
		gateway_find(r, call->node, "element '%.*s' of this control loop offers no service '%.*s'",
		             STR_ARG(call->element), STR_ARG(call->service));
	else if (!found)
		gateway_find(r, call->node, "neither the control loop nor any element of it has a service '%.*s'",
		             STR_ARG(call->service));
	else if (!within)
		gateway_find(r, call->node, "service '%.*s' does not offer all of these methods and paths",
		             STR_ARG(call->service));
}

/* Bounds the size of a type's gateway and of its configuration. */
static bool
check_size(struct gateway_reading *r, const struct node *template, const struct gateway *gateway)
{
	size_t paths = 0;

	for (size_t i = 0; i < gateway->count; i++) {
		const struct gateway_part *part = &gateway->parts[i];

		for (size_t j = 0; j < part->service_count; j++)
			paths += part->services[j].scope.path_count;
		for (size_t j = 0; j < part->call_count; j++)
			paths += part->calls[j].scope.path_count;
	}
	if (paths > GATEWAY_PATHS_MAX)
		gateway_find(r, template, "services and calls have %zu paths, more than the limit of %d", paths,
		             GATEWAY_PATHS_MAX);
	return paths <= GATEWAY_PATHS_MAX;
}

static void
gateway_check_parts(struct gateway_reading *r, const struct gateway *gateway)
{
	const struct gateway_part *loop = &gateway->parts[0];

	for (size_t i = 0; i < loop->service_count; i++)
		if (!loop->services[i].host.ptr)
			gateway_find(r, loop->services[i].node, "service '%.*s' is outside: it needs a url or a host",
			             STR_ARG(loop->services[i].name));
	for (size_t i = 1; i < gateway->count; i++) {
		const struct gateway_part *part = &gateway->parts[i];

		for (size_t j = 0; j < part->service_count; j++)
			if (service_of(loop, part->services[j].name))
				gateway_find(r, part->services[j].node,
				             "service '%.*s' is one of the control loop's own too",
				             STR_ARG(part->services[j].name));
		for (size_t j = 0; j < part->call_count; j++)
			check_call(r, gateway, &part->calls[j]);
	}
}

/* Whether the loop or any of its elements has one. */
static bool
has_gateway(const struct node *root, const struct node *template)
{
	const struct node *elements = looptype_elements(template);
	bool any = !node_is_null(looptype_property(template, "gateway"));

	for (const struct node *entry = elements ? elements->first : NULL; entry && !any; entry = entry->next)
		any = !node_is_null(looptype_property(looptype_template(root, looptype_element_ref(entry)), "gateway"));
	return any;
}

bool
gateway_read(const struct node *root, const struct node *template, struct arena *arena,
             struct looptype_findings *findings, struct gateway *ret)
{
	const struct node *elements = looptype_elements(template), *own = looptype_property(template, "gateway");
	struct gateway_reading r = {.arena = arena, .findings = findings};

	*ret = (struct gateway){0};
	if (!has_gateway(root, template))
		return true;
	*ret = (struct gateway){arena_array(arena, 1 + (elements ? elements->count : 0), sizeof(*ret->parts)), 1};
	if (!ret->parts)
		return false;
	ret->parts[0] = (struct gateway_part){.definition = looptype_concept(template)};
	gateway_read_part(&r, own, true, false, &ret->parts[0]);
	for (const struct node *entry = elements ? elements->first : NULL; entry; entry = entry->next) {
		const struct node *element = looptype_template(root, looptype_element_ref(entry)), *property;

		if (!element || gateway_part_of(ret, looptype_concept(element)))
			continue; /* not there: told elsewhere; listed twice: once is enough */
		property = looptype_property(element, "gateway");
		ret->parts[ret->count] = (struct gateway_part){.definition = looptype_concept(element)};
		gateway_read_part(&r, property, false, ret->parts[0].sandbox, &ret->parts[ret->count++]);
	}
	if (check_size(&r, template, ret))
		gateway_check_parts(&r, ret);
	return !r.exhausted;
}

void
gateway_check(const struct node *root, struct arena *arena, struct looptype_findings *findings)
{
	const struct node *templates = looptype_templates(root);
	struct gateway gateway;

	for (const struct node *template = templates ? templates->first : NULL; template; template = template->next)
		if (looptype_is_loop(root, template) && !gateway_read(root, template, arena, findings, &gateway))
			looptype_find(findings, 500, NULL, "out of memory");
}

/* --- instances --- */

static const struct node *
endpoints_of(const struct element *element)
{
	return node_get(node_get(element->given, "propertiesMap"), "gateway");
}

struct gateway_service
gateway_endpoint(const struct gateway_service *service, const struct element *element, struct arena *arena)
{
	const struct node *list = node_get(endpoints_of(element), "services");
	struct gateway_reading r = {.arena = arena};
	struct gateway_service ret = *service;

	for (const struct node *node = list ? list->first : NULL; node; node = node->next)
		if (str_equal(node_get(node, "name") ? node_get(node, "name")->text : STR_NONE, service->name))
			gateway_read_endpoint(&r, node, &ret);
	return ret;
}

/* The endpoints that an instance gives to one element's services. */
static void
check_endpoints(struct gateway_reading *r, const struct gateway_part *part, const struct node *given)
{
	static const char *const members[] = {"services", "calls", "callers", NULL};
	static const char *const service_members[] = {"name", "url", "host", "protocol", "port", "path", NULL};
	const struct node *list;

	if (node_is_null(given) || !gateway_check_map(r, given, members))
		return;
	gateway_check_across(r, part, given);
	list = gateway_list(r, given, "services");
	for (const struct node *node = list ? list->first : NULL; node; node = node->next) {
		const struct node *name = node_get(node, "name");
		struct gateway_service ignored = {0};

		if (!gateway_check_map(r, node, service_members))
			continue;
		if (!name || !service_of(part, name->text))
			gateway_find(r, node, "definition %.*s offers no service of this name",
			             STR_ARG(part->definition.name));
		gateway_read_endpoint(r, node, &ignored);
		if (!ignored.host.ptr)
			gateway_find(r, node, "url or host is missing");
	}
}

void
gateway_check_loop(const struct gateway *gateway, const struct loop *loop, struct arena *arena,
                   struct looptype_findings *findings)
{
	struct gateway_reading r = {.arena = arena, .findings = findings};

	if (str_is(loop->id.name, ".") || str_is(loop->id.name, ".."))
		gateway_find(&r, loop->given, "an instance with a gateway cannot be named '%.*s'",
		             STR_ARG(loop->id.name));
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		const struct gateway_part *part = gateway_part_of(gateway, element->definition);

		if (!part)
			continue; /* not of the type: told elsewhere */
		check_endpoints(&r, part, endpoints_of(element));
		for (size_t j = 0; j < part->service_count; j++)
			if (!gateway_endpoint(&part->services[j], element, arena).host.ptr)
				gateway_find(&r, element->given,
				             "service '%.*s' needs a host: give it in propertiesMap.gateway.services",
				             STR_ARG(part->services[j].name));
	}
}
