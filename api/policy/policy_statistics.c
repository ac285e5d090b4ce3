/* policy_statistics - GET /policy/api/v1/statistics: calls of the policy API, counted as ONAP did until London */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "api/http/metrics.h"
#include "api/http/resources.h"
#include "api/http/route.h"
#include "api/http/service.h"

#define API "/policy/api/v1/"

struct calls {
	uint64_t good, bad;
};

/* Requests to routes whose label begins with a method and holds `part`. */
static struct calls
count_calls(const struct service *service, const char *method, const char *part)
{
	struct calls calls = {0};

	for (unsigned i = 0; i + 1 < route_count(service->routes); i++) {
		const char *label = route_label(service->routes, i);

		if (strncmp(label, method, strlen(method)) != 0 || !strstr(label, API) || !strstr(label, part))
			continue;
		calls.good += metrics_answers(service->metrics, i, true);
		calls.bad += metrics_answers(service->metrics, i, false);
	}
	return calls;
}

static void
add_calls(struct text *out, const struct service *service, const char *method, const char *part, const char *total,
          const char *prefix)
{
	struct calls calls = count_calls(service, method, part);

	text_addf(out, ",\"%s\":%" PRIu64 ",\"%sSuccessCount\":%" PRIu64 ",\"%sFailureCount\":%" PRIu64, total,
	          calls.good + calls.bad, prefix, calls.good, prefix, calls.bad);
}

void
policy_statistics_get(struct exchange *exchange)
{
	const struct service *service = exchange->worker->service;
	struct text out;

	text_init(&out, exchange->arena);
	text_add(&out, STR("{\"code\":200"));
	add_calls(&out, service, "", API, "totalApiCallCount", "apiCall");
	add_calls(&out, service, "GET", "policies", "totalPolicyGetCount", "policyGet");
	add_calls(&out, service, "POST", "policies", "totalPolicyPostCount", "policyPost");
	add_calls(&out, service, "DELETE", "policies", "totalPolicyDeleteCount", "policyDelete");
	add_calls(&out, service, "GET", "policytypes", "totalPolicyTypeGetCount", "policyTypeGet");
	add_calls(&out, service, "POST", "policytypes", "totalPolicyTypePostCount", "policyTypePost");
	add_calls(&out, service, "DELETE", "policytypes", "totalPolicyTypeDeleteCount", "policyTypeDelete");
	text_add(&out, STR("}"));
	answer_json(exchange, text_done(&out));
}
