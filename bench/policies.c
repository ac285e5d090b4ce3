/* policies - folders of as many policies as a benchmark wants */
/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/policies.h"

#include <stdlib.h>
#include <unistd.h>

#define POLICIES_A_FILE 10000

static FILE *
open_file(const char *folder, unsigned number)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%03u.yaml", folder, number);
	out = fopen(path, "w");
	if (!out) {
		perror(path);
		exit(1);
	}
	fprintf(out, "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n");
	return out;
}

void
policy_write(FILE *out, unsigned i)
{
	static const char *const kind[] = {"common.FrequencyLimiter", "common.Blacklist", "common.MinMax"};

	fprintf(out,
	        "    - guard.%u:\n        type: onap.policies.controlloop.guard.%s\n        type_version: 1.0.0\n"
	        "        version: 1.0.0\n        name: guard.%u\n        metadata:\n          policy-id: guard.%u\n"
	        "        properties:\n          actor: SO\n          operation: operation-%u\n          id: loop-%u\n",
	        i, kind[i % 3], i, i, i, i % 100);
	if (i % 3 == 0)
		fprintf(out, "          timeWindow: 15\n          timeUnits: minute\n          limit: 5\n");
	else if (i % 3 == 1)
		fprintf(out, "          blacklist:\n            - vm-%u\n            - vm-%u\n", i, i + 1);
	else
		fprintf(out, "          target: pool-%u\n          min: 1\n          max: 5\n", i);
}

void
policies_write(const char *folder, unsigned policies)
{
	for (unsigned first = 0; first < policies; first += POLICIES_A_FILE) {
		FILE *out = open_file(folder, first / POLICIES_A_FILE);

		for (unsigned i = first; i < first + POLICIES_A_FILE && i < policies; i++)
			policy_write(out, i);
		fclose(out);
	}
}

void
policies_remove(const char *folder)
{
	char path[128];

	for (unsigned i = 0;; i++) {
		snprintf(path, sizeof(path), "%s/%03u.yaml", folder, i);
		if (unlink(path) != 0)
			break;
	}
	rmdir(folder);
}
