/* pap_read - groups of PDPs and their health */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "runtime/administration/pap.h"
#include "runtime/policies/pdp.h"

/* {"instanceId","pdpState","healthy","lastUpdate"} */
static void
add_instance(struct text *out, const struct pdp *pdp)
{
	char heard[TIME_TEXT_SIZE];

	time_format_instant(pdp->heard_ms, heard);
	if (out->ptr && out->ptr[out->len - 1] == '}')
		text_add(out, STR(","));
	text_add(out, STR("{\"instanceId\":"));
	text_add_json(out, pdp->id);
	text_add(out, STR(",\"pdpState\":"));
	text_add_json(out, pdp->state);
	text_add(out, STR(",\"healthy\":"));
	text_add_json(out, pdp->health);
	text_addf(out, ",\"lastUpdate\":\"%s\"}", heard);
}

static size_t
count_pdps(const struct pdp *pdps)
{
	size_t count = 0;

	for (; pdps; pdps = pdps->next)
		count++;
	return count;
}

static void
add_subgroup(struct txn *txn, struct text *out, const struct pdp_group *group, const struct pdp_subgroup *subgroup)
{
	const struct pdp *pdps = pdps_list(txn, group->name, subgroup->type);

	text_add(out, STR("{\"pdpType\":"));
	text_add_json(out, subgroup->type);
	text_add(out, STR(",\"supportedPolicyTypes\":"));
	concepts_write(out, &subgroup->supported);
	text_add(out, STR(",\"policies\":"));
	concepts_write(out, &subgroup->policies);
	text_addf(out, ",\"currentInstanceCount\":%zu,\"desiredInstanceCount\":%" PRId64 ",\"properties\":",
	          count_pdps(pdps), subgroup->desired);
	text_add(out, subgroup->properties);
	text_add(out, STR(",\"pdpInstances\":["));
	for (; pdps; pdps = pdps->next)
		add_instance(out, pdps);
	text_add(out, STR("]}"));
}

void
pap_groups_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	const char *comma = "";

	(void)call;
	text_add(out, STR("{\"groups\":["));
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next) {
		text_addf(out, "%s{\"name\":", comma);
		text_add_json(out, group->name);
		if (group->description.ptr) {
			text_add(out, STR(",\"description\":"));
			text_add_json(out, group->description);
		}
		text_add(out, STR(",\"pdpGroupState\":"));
		text_add_json(out, group->state);
		text_add(out, STR(",\"properties\":"));
		text_add(out, group->properties);
		text_add(out, STR(",\"pdpSubgroups\":["));
		for (size_t i = 0; i < group->count; i++) {
			if (i)
				text_add(out, STR(","));
			add_subgroup(txn, out, group, &group->subgroups[i]);
		}
		text_add(out, STR("]}"));
		comma = ",";
	}
	text_add(out, STR("]}"));
}

/* --- health --- */

void
pap_pdps_health_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	(void)call;
	text_add(out, STR("{\"pdpList\":["));
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next)
		for (const struct pdp *pdp = pdps_list(txn, group->name, STR_NONE); pdp; pdp = pdp->next)
			add_instance(out, pdp);
	text_add(out, STR("]}"));
}

/* The instances of a type over all groups. False when there is none, or one that is not healthy. */
static bool
add_type(struct txn *txn, struct text *out, struct str type)
{
	bool healthy = true, any = false;

	text_add_json(out, type);
	text_add(out, STR(":["));
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next)
		for (const struct pdp *pdp = pdps_list(txn, group->name, type); pdp; pdp = pdp->next) {
			add_instance(out, pdp);
			healthy &= str_is(pdp->health, "HEALTHY");
			any = true;
		}
	text_add(out, STR("]"));
	return any && healthy;
}

static bool
is_known(const struct concepts *types, struct str type)
{
	return concepts_has(types, (struct concept){type, STR("")});
}

static void
add_component(struct text *out, const char *member, const char *name, struct str address, const char *path)
{
	text_addf(out, ",\"%s\":{\"name\":\"%s\",\"url\":", member, name);
	text_add_json(out, address);
	out->len -= out->len && out->ptr[out->len - 1] == '"'; /* the path is of the same text */
	text_addf(out, "%s\",\"healthy\":true,\"code\":200,\"message\":\"alive\"}", path);
}

void
pap_components_health_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct concepts types = {0};
	bool healthy = true;

	text_add(out, STR("{\"pdps\":{"));
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next)
		for (size_t i = 0; i < group->count; i++) {
			struct str type = group->subgroups[i].type;

			if (is_known(&types, type))
				continue;
			if (types.count)
				text_add(out, STR(","));
			concepts_add(txn, &types, (struct concept){type, STR("")});
			healthy &= add_type(txn, out, type);
		}
	text_addf(out, "},\"healthy\":%s", healthy ? "true" : "false");
	add_component(out, "api", "Policy API", call->other, "/policy/api/v1/healthcheck");
	add_component(out, "pap", "Policy PAP", call->other, "/policy/pap/v1/healthcheck");
	text_add(out, STR("}"));
}
