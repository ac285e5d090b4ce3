/* unknown_type - policies of types that clguard does not run: another system's business, or a mistake */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/unknown_type.h"

#include "policytypes/catalogue_priv.h"
#include "policytypes/section.h"
#include "policytypes/suggest.h"

#define OURS "onap.policies.controlloop."
#define OPERATIONAL OURS "operational."
#define SHORT_SIZE 48 /* bytes of the last part of a name that are compared */
#define SHORT_LEAST 5 /* letters of a short name that may stand for the begin or the end of a type's */

/*
 * What ONAP's other applications handle: a type of this name, or one below it. Whoever deploys a whole set of policies
 * has these too. source  the policy types that ONAP's policy framework is installed with
 */
static const char *const other_domains[] = {
	"onap.policies.Monitoring", "onap.policies.monitoring.",  "onap.policies.Naming",
	"onap.policies.naming.",    "onap.policies.Optimization", "onap.policies.optimization.",
	"onap.policies.Match",      "onap.policies.match.",       "onap.policies.native.",
};

static bool
is_other_domain(struct str name)
{
	for (size_t i = 0; i < sizeof(other_domains) / sizeof(other_domains[0]); i++) {
		struct str domain = str_from(other_domains[i]);

		if (str_equal(name, domain) || (str_ends_with(domain, STR(".")) && str_starts_with(name, domain)))
			return true;
	}
	return false;
}

/* The letters and digits of a name's last part, in lower case: what people write for short. */
static struct str
short_name(struct str name, char buf[SHORT_SIZE])
{
	size_t len = 0, from = name.len;

	while (from > 0 && name.ptr[from - 1] != '.')
		from--;
	for (size_t i = from; i < name.len && len < SHORT_SIZE; i++) {
		char c = name.ptr[i], lower = (char)(c | 0x20);

		if (lower >= 'a' && lower <= 'z')
			buf[len++] = lower;
		else if (c >= '0' && c <= '9')
			buf[len++] = c;
	}
	return (struct str){buf, len};
}

/* The name sought, and the best match so far. */
struct unknown_type_search {
	struct suggestion whole, shortened;
	struct str meant; /* by the short name */
	char buf[SHORT_SIZE];
};

/* A type by its short name: near to it, or the begin or end of it. */
static void
offer_short(struct unknown_type_search *search, struct str name)
{
	char buf[SHORT_SIZE];
	struct str candidate = short_name(name, buf), wrong = search->shortened.wrong;
	unsigned before = search->shortened.distance;

	suggestion_offer(&search->shortened, candidate);
	if (search->shortened.distance < before ||
	    (!search->meant.ptr && wrong.len >= SHORT_LEAST &&
	     (str_starts_with(candidate, wrong) || str_ends_with(candidate, wrong))))
		search->meant = name;
	search->shortened.best = STR_NONE; /* it is in our buffer, which ends here; the distance is what counts */
}

/* Today's guards first: of two types with one short name they are meant. */
static bool
is_today(const struct type *type)
{
	return str_starts_with(type->name, STR(OURS "guard.co")); /* common, coordination */
}

struct str
unknown_type_meant(const struct catalogue *catalogue, struct str name)
{
	struct unknown_type_search search = {0};

	suggestion_init(&search.whole, name);
	suggestion_init(&search.shortened, short_name(name, search.buf));
	for (int today = 1; today >= 0; today--) {
		for (const struct catalogue *c = catalogue; c; c = c->base) {
			for (size_t i = 0; i < c->sorted_count; i++) {
				const struct type *type = &c->sorted[i]->type;

				if (type->kind != TYPE_POLICY || is_today(type) != today)
					continue;
				suggestion_offer(&search.whole, type->name);
				offer_short(&search, type->name);
			}
		}
	}
	return search.whole.best.ptr ? search.whole.best : search.meant;
}

static void
add_unknown(const struct policy *policy, const struct catalogue *catalogue, const struct node *where,
            struct diags *diags)
{
	struct str name = policy->type_name;
	struct str meant = diags_full(diags) ? STR_NONE : unknown_type_meant(catalogue, name);

	if (meant.ptr)
		diags_error(diags, where, "unknown policy type '%.*s'; did you mean '%.*s'?", STR_ARG(name),
		            STR_ARG(meant));
	else
		diags_error(diags, where,
		            "unknown policy type '%.*s': expected one that 'clguard types' lists or a document "
		            "declares",
		            STR_ARG(name));
}

void
unknown_type_add(const struct policy *policy, const struct catalogue *catalogue, struct diags *diags)
{
	static const enum type_kind kind = TYPE_POLICY;
	const struct node *where = node_get(policy->node, "type");
	struct reference reference = {.name = policy->type_name,
	                              .version = policy->type_version,
	                              .kinds = &kind,
	                              .kind_count = 1,
	                              .where = where};
	const struct type *type = catalogue_find(catalogue, kind, policy->type_name, policy->type_version);

	if (policy->type_name.len == 0)
		diags_error(diags, policy->node,
		            "the policy has no type: expected one that 'clguard types' lists, such as '" OURS
		            "guard.common.FrequencyLimiter'");
	else if (type && type->builtin && !str_starts_with(type->name, STR(OPERATIONAL)))
		diags_error(diags, where, "the type '%.*s' guards nothing by itself: expected one derived from it",
		            STR_ARG(policy->type_name));
	else if (type || is_other_domain(policy->type_name))
		diags_add(diags, SEVERITY_WARNING, NULL, where,
		          "policy '%.*s' of type '%.*s' is skipped: clguard does not handle that type",
		          STR_ARG(policy->name), STR_ARG(policy->type_name));
	else if (catalogue_find(catalogue, kind, policy->type_name, STR_NONE))
		reference_unknown(catalogue, &reference, diags); /* says which version there is */
	else
		add_unknown(policy, catalogue, where, diags);
}
