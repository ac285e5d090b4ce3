/* reserve - rights per second, in process and over HTTP, beside LMDB's own group commit of the same writes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/reserve.h"

#include <lmdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/report.h"
#include "engine/library/clguard.h"

#define SECONDS 2
#define SAMPLES 2000000

void
die(const char *what)
{
	fprintf(stderr, "bench/reserve: %s\n", what);
	exit(3);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct client {
	struct side *side;
	atomic_bool *stop;
	unsigned number;
	unsigned long done;
	double *latency_us;
	size_t latencies;
	pthread_t thread;
};

static void *
client_main(void *context)
{
	struct client *client = context;

	while (!atomic_load_explicit(client->stop, memory_order_relaxed)) {
		double start = now_s();

		client->side->take(client->side, client->number += CLIENTS_MOST);
		client->done++;
		if (client->latencies < SAMPLES / CLIENTS_MOST)
			client->latency_us[client->latencies++] = (now_s() - start) * 1e6;
	}
	return NULL;
}

static const char *
durability(bool durable)
{
	return durable ? "group" : "process";
}

/* Rights per second. */
static double
run(const char *name, struct side *side, bool durable, unsigned clients)
{
	static double all[SAMPLES];
	static struct client client[CLIENTS_MOST];
	const struct timespec length = {SECONDS, 0};
	atomic_bool stop = false;
	unsigned long done = 0;
	size_t count = 0;
	double start = now_s(), rate;
	struct samples samples;

	for (unsigned i = 0; i < clients; i++) {
		client[i] = (struct client){
			.side = side, .stop = &stop, .number = i, .latency_us = all + i * (SAMPLES / CLIENTS_MOST)};
		if (pthread_create(&client[i].thread, NULL, client_main, &client[i]) != 0)
			die("no thread");
	}
	nanosleep(&length, NULL);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < clients; i++) {
		pthread_join(client[i].thread, NULL);
		done += client[i].done;
		memmove(all + count, client[i].latency_us, client[i].latencies * sizeof(double));
		count += client[i].latencies;
	}
	rate = (double)done / (now_s() - start);
	samples = (struct samples){.ns = all, .count = count};
	report_number(rate, "/s", "durability=%s/clients=%u/%s/rate", durability(durable), clients, name);
	report_samples(&samples, "us", "durability=%s/clients=%u/%s", durability(durable), clients, name);
	return rate;
}

/* --- clguard --- */

static void
take_clguard(struct side *side, unsigned number)
{
	char target[24], request_id[24];
	struct clg_request request = {
		.actor = "SO", .operation = "Restart", .target = target, .request_id = request_id};
	struct clg_reservation reservation;
	struct clg_error err;

	snprintf(target, sizeof(target), "vm-%u", number * 2654435761u % TARGETS);
	snprintf(request_id, sizeof(request_id), "r-%u", number);
	if (clg_reserve(side->context, &request, 0, &reservation, &err) != 0)
		die(err.text);
	if (reservation.decision.effect != CLG_PERMIT)
		die("denied");
	clg_reservation_done(&reservation);
}

static const char policies[] =
	"tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
	"topology_template:\n"
	"  policies:\n"
	"    - limit:\n"
	"        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: Restart, timeWindow: 1, timeUnits: hour, limit: 1000}\n";

static void
write_policies(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(policies, file) < 0 || fclose(file) != 0)
		die(path);
}

static double
bench_clguard(const char *directory, bool durable, unsigned clients)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_error err;
	struct side side = {.take = take_clguard};
	char path[128];
	const char *paths[] = {path};
	double rate;

	snprintf(path, sizeof(path), "%s.yaml", directory);
	write_policies(path);
	options.data = directory;
	options.process_durability = !durable;
	if (clg_open(&options, &engine, &err) != 0 || clg_load(engine, paths, 1, NULL, NULL, &err) != 0)
		die(err.text);
	side.context = engine;
	rate = run("clguard", &side, durable, clients);
	clg_close(engine);
	remove(path);
	return rate;
}

/* The same from a clguardd over HTTP. */
static double
bench_http(const char *directory, bool durable, unsigned clients)
{
	struct side side = {.take = http_side_take};
	char path[128];
	double rate;

	snprintf(path, sizeof(path), "%s.yaml", directory);
	write_policies(path);
	side.context = http_side_start(directory, path, durable, clients);
	rate = run("over HTTP", &side, durable, clients);
	http_side_stop(side.context);
	remove(path);
	return rate;
}

/* --- LMDB alone: the same tables, keys and values of the same sizes, and a committer that groups what waits --- */

enum { LOG, IDENTITY, INDEX, RING, RESERVED, REQUEST, LEASE, META, TABLES };

struct job {
	struct job *next;
	unsigned number;
	sem_t done;
};

struct bare {
	MDB_env *env;
	MDB_dbi tables[TABLES];
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct job *jobs; /* under lock */
	bool stop;        /* under lock */
	uint64_t next;
	pthread_t committer;
};

static uint64_t
scatter(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static void
put(struct bare *bare, MDB_txn *txn, int table, const void *key, size_t key_len, size_t value_len, unsigned flags)
{
	static const char value[512];
	MDB_val k = {key_len, (void *)(uintptr_t)key}, v = {value_len, (void *)(uintptr_t)value};

	if (mdb_put(txn, bare->tables[table], &k, &v, flags) != 0)
		die("mdb_put");
}

/* Of a hash, and for the ring what is there is read first. */
static void
put_hashed(struct bare *bare, MDB_txn *txn, int table, uint64_t of, uint64_t number, size_t key_len, size_t value_len)
{
	uint64_t key[4] = {scatter(of), scatter(of + 1), __builtin_bswap64(number), __builtin_bswap64(number)};
	MDB_val k = {key_len, key}, v;

	if (table == RING || table == IDENTITY || table == REQUEST)
		(void)mdb_get(txn, bare->tables[table], &k, &v); /* nothing there is fine */
	put(bare, txn, table, key, key_len, value_len, 0);
}

static void
write_one(struct bare *bare, MDB_txn *txn, unsigned number)
{
	uint64_t log = __builtin_bswap64(++bare->next), target = number * 2654435761u % TARGETS;
	uint64_t lease[3] = {log, scatter(number), scatter(number + 7)};

	put(bare, txn, LOG, &log, 8, 130, MDB_APPEND);
	put_hashed(bare, txn, IDENTITY, number, 0, 16, 16);
	put_hashed(bare, txn, INDEX, 1, bare->next, 32, 8);
	put_hashed(bare, txn, INDEX, 100 + target, bare->next, 32, 8);
	put_hashed(bare, txn, RING, 1, 0, 16, 16 + 8 * 24);
	put_hashed(bare, txn, RING, 100 + target, 0, 16, 16 + 8 * 3);
	put_hashed(bare, txn, RESERVED, number + (UINT64_C(1) << 33), 0, 16, 48);
	put_hashed(bare, txn, REQUEST, number + (UINT64_C(1) << 34), 0, 16, 24);
	put(bare, txn, LEASE, lease, 24, 0, 0);
}

static void *
bare_main(void *context)
{
	struct bare *bare = context;

	for (;;) {
		struct job *jobs;
		MDB_txn *txn;

		pthread_mutex_lock(&bare->lock);
		while (!bare->jobs && !bare->stop)
			pthread_cond_wait(&bare->filled, &bare->lock);
		jobs = bare->jobs;
		bare->jobs = NULL;
		pthread_mutex_unlock(&bare->lock);
		if (!jobs)
			return NULL;
		if (mdb_txn_begin(bare->env, NULL, 0, &txn) != 0)
			die("mdb_txn_begin");
		for (struct job *job = jobs; job; job = job->next)
			write_one(bare, txn, job->number);
		put(bare, txn, META, "state", 5, 96, 0);
		if (mdb_txn_commit(txn) != 0)
			die("mdb_txn_commit");
		for (struct job *next; jobs; jobs = next) {
			next = jobs->next;
			sem_post(&jobs->done);
		}
	}
}

static void
take_bare(struct side *side, unsigned number)
{
	struct bare *bare = side->context;
	struct job job = {.number = number};

	sem_init(&job.done, 0, 0);
	pthread_mutex_lock(&bare->lock);
	job.next = bare->jobs;
	bare->jobs = &job;
	pthread_cond_signal(&bare->filled);
	pthread_mutex_unlock(&bare->lock);
	while (sem_wait(&job.done) != 0)
		;
	sem_destroy(&job.done);
}

static double
bench_bare(const char *directory, bool durable, unsigned clients)
{
	static const char *const names[TABLES] = {"log",      "identity", "index", "ring",
	                                          "reserved", "request",  "lease", "meta"};
	struct bare bare = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
	struct side side = {.take = take_bare, .context = &bare};
	MDB_txn *txn;
	double rate;

	if (mdb_env_create(&bare.env) != 0 || mdb_env_set_mapsize(bare.env, (size_t)1 << 36) != 0 ||
	    mdb_env_set_maxdbs(bare.env, TABLES) != 0 ||
	    mdb_env_open(bare.env, directory, MDB_NOTLS | MDB_NORDAHEAD | (durable ? 0 : MDB_NOSYNC), 0600) != 0 ||
	    mdb_txn_begin(bare.env, NULL, 0, &txn) != 0)
		die("mdb_env_open");
	for (int i = 0; i < TABLES; i++) {
		if (mdb_dbi_open(txn, names[i], MDB_CREATE, &bare.tables[i]) != 0)
			die("mdb_dbi_open");
	}
	if (mdb_txn_commit(txn) != 0 || pthread_create(&bare.committer, NULL, bare_main, &bare) != 0)
		die("mdb_txn_commit");
	rate = run("bare LMDB", &side, durable, clients);
	pthread_mutex_lock(&bare.lock);
	bare.stop = true;
	pthread_cond_signal(&bare.filled);
	pthread_mutex_unlock(&bare.lock);
	pthread_join(bare.committer, NULL);
	mdb_env_close(bare.env);
	return rate;
}

static void
compare(bool durable, unsigned clients)
{
	enum { OURS, HTTP, BARE, SIDES };
	double (*const sides[SIDES])(const char *, bool, unsigned) = {bench_clguard, bench_http, bench_bare};
	char directory[] = "/tmp/bench-reserve-XXXXXX", command[64];
	double rate[SIDES];

	for (int side = 0; side < SIDES; side++) {
		strcpy(directory, "/tmp/bench-reserve-XXXXXX");
		if (!mkdtemp(directory))
			die(directory);
		rate[side] = sides[side](directory, durable, clients);
		snprintf(command, sizeof(command), "rm -rf '%s'", directory);
		if (system(command) != 0)
			die(command);
	}
	if (durable && clients == CLIENTS_MOST)
		report_bar(rate[OURS] / rate[BARE], .7, "durability=group/clients=%u/ratio", clients);
	else
		report_number(rate[OURS] / rate[BARE], "", "durability=%s/clients=%u/ratio", durability(durable),
		              clients);
	report_number(rate[HTTP] / rate[BARE], "", "durability=%s/clients=%u/ratio over HTTP", durability(durable),
	              clients);
}

int
main(int argc, char **argv)
{
	report_begin("reserve", argc, argv);
	compare(true, 1);
	compare(true, CLIENTS_MOST);
	compare(false, 1);
	compare(false, CLIENTS_MOST);
	return 0;
}
