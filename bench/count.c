/* count - a limiter's decision beside a bare mdb_get with a renewed read transaction on as many keys */
/* SPDX-License-Identifier: Apache-2.0 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/clock.h"
#include "engine/clguard.h"

#define ROUNDS 100
#define KEYS_MAX 100000
#define RING_BYTES 80 /* what a limiter of 5 reads */

static char targets[KEYS_MAX][16];

static void
check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench/count: %s\n", what);
		exit(1);
	}
}

/* As many keys of 24 bytes as the counters have, values as large, read in the same order. */
static double
bare(unsigned keys)
{
	char path[] = "/tmp/clguard-bench-XXXXXX";
	char value[RING_BYTES] = {0}, file[64];
	struct samples samples;
	unsigned long sum = 0;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	double p50;

	check(mkdtemp(path) != NULL, "no temporary folder");
	check(!mdb_env_create(&env) && !mdb_env_set_mapsize(env, (size_t)1 << 30) &&
	              !mdb_env_open(env, path, MDB_NOSYNC, 0600) && !mdb_txn_begin(env, NULL, 0, &txn) &&
	              !mdb_dbi_open(txn, NULL, 0, &dbi),
	      "no LMDB");
	for (unsigned i = 0; i < keys; i++) {
		char key[24] = {0};
		MDB_val k = {sizeof(key), key}, v = {sizeof(value), value};

		memcpy(key, targets[i], sizeof(targets[i]));
		check(!mdb_put(txn, dbi, &k, &v, 0), "mdb_put");
	}
	check(!mdb_txn_commit(txn) && !mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "commit");
	mdb_txn_reset(txn);
	samples_init(&samples, (size_t)ROUNDS * 1000);
	for (int round = -10; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			char key[24] = {0};
			MDB_val k = {sizeof(key), key}, v;
			uint64_t begin, end;

			memcpy(key, targets[i * (keys / 1000)], 16);
			begin = clock_ticks();
			check(!mdb_txn_renew(txn) && !mdb_get(txn, dbi, &k, &v), "mdb_get");
			sum += *(unsigned char *)v.mv_data;
			mdb_txn_reset(txn);
			end = clock_ticks();
			if (round >= 0)
				samples_add(&samples, begin, end);
		}
	}
	samples_sort(&samples);
	p50 = samples_at(&samples, 0.5);
	printf("%-28s %8u %8.0f %8.0f %8.0f%s\n", "mdb_txn_renew + mdb_get", keys, p50, samples_at(&samples, 0.99),
	       samples_at(&samples, 0.999), sum ? "!" : "");
	samples_free(&samples);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/lock.mdb", path);
	unlink(file);
	rmdir(path);
	return p50;
}

static const char policy[] =
	"type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"properties: {actor: SO, operation: Restart, timeWindow: 15, timeUnits: minute, limit: 5}\n";

static void
record(struct clg_engine *engine, unsigned keys)
{
	static struct clg_operation rows[1000];
	struct clg_error err = {0};
	int64_t now = (int64_t)time(NULL) * 1000;

	for (unsigned done = 0; done < keys; done += 1000) {
		for (int round = 1; round <= 3; round++) {
			for (unsigned i = 0; i < 1000; i++)
				rows[i] = (struct clg_operation){.actor = "SO", .operation = "Restart",
				                                 .target = targets[done + i], .outcome = "Success",
				                                 .start_ms = now - 60000 * round,
				                                 .end_ms = now - 60000 * round};
			check(clg_record(engine, rows, 1000, &err) == 0, err.text);
		}
	}
}

static double
limiter(unsigned keys)
{
	char path[] = "/tmp/clguard-bench-XXXXXX.yaml";
	const char *paths[] = {path};
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_session *session;
	struct clg_error err = {0};
	struct samples samples;
	int fd = mkstemps(path, 5);
	double p50;

	check(fd >= 0 && write(fd, policy, sizeof(policy) - 1) > 0, "no temporary file");
	close(fd);
	options.process_durability = true;
	check(clg_open(&options, &engine, &err) == 0 && clg_load(engine, paths, 1, NULL, NULL, &err) == 0 &&
	              clg_session_open(engine, &session, &err) == 0,
	      err.text);
	unlink(path);
	record(engine, keys);
	samples_init(&samples, (size_t)ROUNDS * 1000);
	for (int round = -10; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			struct clg_request request = {.actor = "SO", .operation = "Restart",
			                              .target = targets[i * (keys / 1000)]};
			struct clg_decision decision;
			uint64_t begin = clock_ticks(), end;

			clg_decide(session, &request, &decision);
			end = clock_ticks();
			if (round >= 0)
				samples_add(&samples, begin, end);
		}
	}
	samples_sort(&samples);
	p50 = samples_at(&samples, 0.5);
	printf("%-28s %8u %8.0f %8.0f %8.0f\n", "clg_decide, limiter", keys, p50, samples_at(&samples, 0.99),
	       samples_at(&samples, 0.999));
	samples_free(&samples);
	clg_session_close(session);
	clg_close(engine);
	return p50;
}

int
main(int argc, char **argv)
{
	print_machine(argc, argv);
	for (unsigned i = 0; i < KEYS_MAX; i++)
		snprintf(targets[i], sizeof(targets[i]), "vm-%u", i);
	printf("%-28s %8s %8s %8s %8s  (ns)\n", "what", "keys", "p50", "p99", "p99.9");
	for (unsigned keys = 1000; keys <= KEYS_MAX; keys *= 100) {
		double ceiling = bare(keys), ours = limiter(keys);

		printf("ratio of medians: %.2f (bar 1.5)\n", ours / ceiling);
	}
	return 0;
}
