/* fill - a database with many counters and a folder with many policies, for bench/start.py */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/policies.h"
#include "engine/clguard.h"

#define ROWS_A_CALL 1000

int
main(int argc, char **argv)
{
	static struct clg_operation rows[ROWS_A_CALL];
	static char targets[ROWS_A_CALL][24];
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_error err = {0};
	int64_t now = (int64_t)time(NULL) * 1000;
	unsigned long keys = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;

	if (argc != 5) {
		fprintf(stderr, "usage: fill DATA KEYS FOLDER POLICIES\n");
		return 2;
	}
	options.data = argv[1];
	options.process_durability = true;
	policies_write(argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	if (clg_open(&options, &engine, &err) != 0) {
		fprintf(stderr, "bench/fill: %s\n", err.text);
		return 1;
	}
	for (unsigned long done = 0; done < keys; done += ROWS_A_CALL) {
		for (unsigned i = 0; i < ROWS_A_CALL; i++) {
			snprintf(targets[i], sizeof(targets[i]), "vm-%lu", done + i);
			rows[i] = (struct clg_operation){.actor = "SO",
			                                 .operation = "operation-0",
			                                 .target = targets[i],
			                                 .outcome = "Success",
			                                 .start_ms = now - 60000,
			                                 .end_ms = now - 60000};
		}
		if (clg_record(engine, rows, ROWS_A_CALL, &err) != 0) {
			fprintf(stderr, "bench/fill: %s\n", err.text);
			return 1;
		}
	}
	clg_close(engine);
	return 0;
}
