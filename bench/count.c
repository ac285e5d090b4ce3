/* count - a limiter's decision beside a bare mdb_get with a renewed read transaction on as many keys, in turns */
/* SPDX-License-Identifier: Apache-2.0 */
/* Beside it, keys asked about for the first time, keys that change meanwhile, and other ways of asking. */
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/report.h"
#include "engine/library/clguard.h"

#define ROUNDS 200
#define WARM 10
#define KEYS_MAX 100000
#define ASKED 1000    /* targets asked about in each round, spread over all */
#define RING_BYTES 40 /* what a limiter of 5 has after three operations */

static char targets[KEYS_MAX][16];
static unsigned asked[ASKED]; /* this round's, for both sides */

/* From `first` on; in another order each round: neither side shall have its branches learnt by heart. */
static void
shuffle(unsigned keys, unsigned first)
{
	static uint64_t random = 1;

	for (unsigned i = 0; i < ASKED; i++) {
		unsigned other;

		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		other = (unsigned)(random >> 33) % (i + 1);
		asked[i] = asked[other];
		asked[other] = i * (keys / ASKED) + first;
	}
}

static void
check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench/count: %s\n", what);
		exit(1);
	}
}

struct bare {
	char path[32];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
};

/* As many keys as the counters have, of the same length, and values as large. */
static void
bare_open(struct bare *bare, unsigned keys)
{
	char value[RING_BYTES] = {0};

	strcpy(bare->path, "/tmp/clguard-bench-XXXXXX");
	check(mkdtemp(bare->path) != NULL, "no temporary folder");
	check(!mdb_env_create(&bare->env) && !mdb_env_set_mapsize(bare->env, (size_t)1 << 30) &&
	              !mdb_env_open(bare->env, bare->path, MDB_NOSYNC, 0600) &&
	              !mdb_txn_begin(bare->env, NULL, 0, &bare->txn) && !mdb_dbi_open(bare->txn, NULL, 0, &bare->dbi),
	      "no LMDB");
	for (unsigned i = 0; i < keys; i++) {
		MDB_val k = {sizeof(targets[i]), targets[i]}, v = {sizeof(value), value};

		check(!mdb_put(bare->txn, bare->dbi, &k, &v, 0), "mdb_put");
	}
	check(!mdb_txn_commit(bare->txn) && !mdb_txn_begin(bare->env, NULL, MDB_RDONLY, &bare->txn), "commit");
	mdb_txn_reset(bare->txn);
}

static void
bare_close(struct bare *bare)
{
	char file[64];

	mdb_txn_abort(bare->txn);
	mdb_env_close(bare->env);
	snprintf(file, sizeof(file), "%s/data.mdb", bare->path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/lock.mdb", bare->path);
	unlink(file);
	rmdir(bare->path);
}

static void
bare_round(struct bare *bare, struct samples *samples)
{
	for (unsigned i = 0; i < ASKED; i++) {
		MDB_val k = {sizeof(targets[0]), targets[asked[i]]}, v;
		uint64_t begin = clock_ticks(), end;

		check(!mdb_txn_renew(bare->txn) && !mdb_get(bare->txn, bare->dbi, &k, &v) && v.mv_size == RING_BYTES,
		      "mdb_get");
		mdb_txn_reset(bare->txn);
		end = clock_ticks();
		if (samples)
			samples_add(samples, begin, end);
	}
}

/* What is asked: a limiter of so many in 15 minutes, and how many operations each target has had in them. */
struct limiter {
	const char *name;
	enum clg_mode mode;
	unsigned limit, rows;
	bool every; /* target is asked about, another thousand each round */
};

static const struct limiter usual = {"a limiter", CLG_STRICT, 5, 3, false};
static const struct limiter of_every = {"a limiter of every key", CLG_STRICT, 5, 3, true};

/* Ways of asking that have their own way through the history. */
static const struct limiter others[] = {
	{"a limiter in onap mode", CLG_ONAP, 5, 3, false},
	{"a limiter of 100, 3 used", CLG_STRICT, 100, 3, false},
	{"a limiter of 100, 30 used", CLG_STRICT, 100, 30, false},
	{"a limiter of 100 in onap mode, 30 used", CLG_ONAP, 100, 30, false},
};

struct ours {
	struct clg_engine *engine;
	struct clg_session *session;
};

static void
record(struct clg_engine *engine, unsigned keys, unsigned rows_each)
{
	static struct clg_operation rows[ASKED];
	struct clg_error err = {0};
	int64_t now = (int64_t)time(NULL) * 1000;

	for (unsigned done = 0; done < keys; done += ASKED) {
		for (unsigned round = 1; round <= rows_each; round++) {
			int64_t at = now - INT64_C(1000) * round;

			for (unsigned i = 0; i < ASKED; i++)
				rows[i] = (struct clg_operation){.actor = "SO",
				                                 .operation = "Restart",
				                                 .target = targets[done + i],
				                                 .outcome = "Success",
				                                 .start_ms = at,
				                                 .end_ms = at};
			check(clg_record(engine, rows, ASKED, &err) == 0, err.text);
		}
	}
}

static void
ours_open(struct ours *ours, const struct limiter *limiter, unsigned keys)
{
	char policy[256];
	char path[] = "/tmp/clguard-bench-XXXXXX.yaml";
	const char *paths[] = {path};
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_error err = {0};
	int fd = mkstemps(path, 5);

	snprintf(policy, sizeof(policy),
	         "type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	         "properties: {actor: SO, operation: Restart, timeWindow: 15, timeUnits: minute, limit: %u}\n",
	         limiter->limit);
	check(fd >= 0 && write(fd, policy, strlen(policy)) > 0, "no temporary file");
	close(fd);
	options.mode = limiter->mode;
	options.process_durability = true;
	check(clg_open(&options, &ours->engine, &err) == 0 && clg_load(ours->engine, paths, 1, NULL, NULL, &err) == 0 &&
	              clg_session_open(ours->engine, &ours->session, &err) == 0,
	      err.text);
	unlink(path);
	record(ours->engine, keys, limiter->rows);
}

static void
ours_round(struct ours *ours, struct samples *samples)
{
	for (unsigned i = 0; i < ASKED; i++) {
		struct clg_request request = {.actor = "SO", .operation = "Restart", .target = targets[asked[i]]};
		struct clg_decision decision;
		uint64_t begin = clock_ticks(), end;

		clg_decide(ours->session, &request, &decision);
		end = clock_ticks();
		check(decision.effect == CLG_PERMIT, decision.reason);
		if (samples)
			samples_add(samples, begin, end);
	}
}

/* Every key once: nobody has asked for it before, so the database must be looked at. */
static void
ours_first(struct ours *ours, unsigned keys)
{
	struct samples samples;

	samples_init(&samples, keys);
	for (unsigned first = 0; first < keys / ASKED; first++) {
		shuffle(keys, first);
		ours_round(ours, &samples);
	}
	report_samples(&samples, "ns", "keys=%u/clg_decide, a limiter, asked for the first time", keys);
	samples_free(&samples);
}

struct recorder {
	struct clg_engine *engine;
	atomic_bool stop;
	unsigned rows;
};

/* Operations on the targets that are being asked about, one a commit, older than the window: they change rings, not answers. */
static void *
record_on(void *context)
{
	struct recorder *recorder = context;
	int64_t at = (int64_t)time(NULL) * 1000 - 86400000;
	struct clg_error err = {0};

	while (!atomic_load(&recorder->stop)) {
		const struct clg_operation row = {.actor = "SO",
		                                  .operation = "Restart",
		                                  .target = targets[recorder->rows % ASKED],
		                                  .outcome = "Success",
		                                  .start_ms = at,
		                                  .end_ms = at};

		check(clg_record(recorder->engine, &row, 1, &err) == 0, err.text);
		recorder->rows++;
	}
	return NULL;
}

static void
ours_changing(struct ours *ours)
{
	struct recorder recorder = {.engine = ours->engine};
	struct samples samples;
	pthread_t thread;
	double seconds;
	uint64_t begin;

	samples_init(&samples, (size_t)ROUNDS * ASKED);
	check(pthread_create(&thread, NULL, record_on, &recorder) == 0, "no thread");
	begin = clock_ticks();
	for (int round = 0; round < ROUNDS; round++) {
		shuffle(ASKED, 0);
		ours_round(ours, &samples);
	}
	seconds = ticks_seconds(clock_ticks() - begin);
	atomic_store(&recorder.stop, true);
	pthread_join(thread, NULL);
	report_samples(&samples, "ns", "keys=%u/clg_decide, a limiter, while operations are recorded", ASKED);
	report_number(recorder.rows / seconds, "operations/s", "keys=%u/recorded meanwhile", ASKED);
	samples_free(&samples);
}

/* Both sides in turns. */
static void
measure(const struct limiter *limiter, unsigned keys)
{
	int warm = limiter->every ? (int)(keys / ASKED) : WARM;
	struct samples ceiling, samples;
	struct bare bare;
	struct ours ours;

	bare_open(&bare, keys);
	ours_open(&ours, limiter, keys);
	if (limiter == &usual)
		ours_first(&ours, keys);
	samples_init(&ceiling, (size_t)ROUNDS * ASKED);
	samples_init(&samples, (size_t)ROUNDS * ASKED);
	for (int round = -warm; round < ROUNDS; round++) {
		shuffle(keys, limiter->every ? (unsigned)(round + warm) % (keys / ASKED) : 0);
		bare_round(&bare, round < 0 ? NULL : &ceiling);
		ours_round(&ours, round < 0 ? NULL : &samples);
	}
	samples_sort(&ceiling);
	if (limiter == &usual || limiter->every)
		report_samples(&ceiling, "ns", "keys=%u/mdb_txn_renew + mdb_get%s", keys,
		               limiter->every ? ", every key" : "");
	report_samples(&samples, "ns", "keys=%u/clg_decide, %s", keys, limiter->name);
	report_bar(samples_at(&samples, 0.5) / samples_at(&ceiling, 0.5), 1.5, "keys=%u/%s/ratio of medians", keys,
	           limiter->name);
	samples_free(&ceiling);
	samples_free(&samples);
	if (limiter == &usual && keys == ASKED)
		ours_changing(&ours);
	clg_session_close(ours.session);
	clg_close(ours.engine);
	bare_close(&bare);
}

int
main(int argc, char **argv)
{
	report_begin("count", argc, argv);
	for (unsigned i = 0; i < KEYS_MAX; i++)
		snprintf(targets[i], sizeof(targets[i]), "vm-%u", i);
	measure(&usual, ASKED);
	measure(&usual, KEYS_MAX);
	measure(&of_every, KEYS_MAX);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		measure(&others[i], ASKED);
	return 0;
}
