/* fill - a database with many counters and a folder with many policies, for bench/start.py */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/policies.h"
#include "engine/library/clguard.h"

#define ROWS_MOST 1000 /* a call */

int
main(int argc, char **argv)
{
	static struct clg_operation rows[ROWS_MOST];
	static char targets[ROWS_MOST][24];
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_error err = {0};
	int64_t now = (int64_t)time(NULL) * 1000;
	unsigned long keys, together;

	if (argc != 6) {
		fprintf(stderr, "usage: fill DATA KEYS ROWS-A-COMMIT FOLDER POLICIES\n");
		return 2;
	}
	keys = strtoul(argv[2], NULL, 10);
	together = strtoul(argv[3], NULL, 10);
	if (together == 0 || together > ROWS_MOST)
		together = ROWS_MOST;
	options.data = argv[1];
	options.process_durability = true;
	policies_write(argv[4], (unsigned)strtoul(argv[5], NULL, 10));
	if (clg_open(&options, &engine, &err) != 0) {
		fprintf(stderr, "bench/fill: %s\n", err.text);
		return 1;
	}
	for (unsigned long done = 0; done < keys; done += together) {
		for (unsigned long i = 0; i < together; i++) {
			snprintf(targets[i], sizeof(targets[i]), "vm-%lu", done + i);
			rows[i] = (struct clg_operation){.actor = "SO",
			                                 .operation = "operation-0",
			                                 .target = targets[i],
			                                 .outcome = "Success",
			                                 .start_ms = now - 60000,
			                                 .end_ms = now - 60000};
		}
		if (clg_record(engine, rows, together, &err) != 0) {
			fprintf(stderr, "bench/fill: %s\n", err.text);
			return 1;
		}
	}
	clg_close(engine);
	return 0;
}
