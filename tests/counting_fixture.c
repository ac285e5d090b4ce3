/* counting_fixture - a database in a directory, a limiter, and reservations taken from it: for the hard tests of counting */
/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/counting_fixture.h"

#include <stdio.h>
#include <stdlib.h>

unsigned
how_often(unsigned seldom, unsigned often)
{
	return getenv("CLGUARD_STRESS") ? often : seldom;
}

size_t
step_of(size_t all, size_t wanted)
{
	return wanted && all > wanted ? all / wanted : 1;
}

static void
must(bool done, const char *what)
{
	if (!done) {
		perror(what);
		abort();
	}
}

void
make_directory(char path[64])
{
	strcpy(path, "/tmp/clguard-test-XXXXXX");
	must(mkdtemp(path) != NULL, path);
}

void
remove_directory(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	must(system(command) == 0, command);
}

char *
read_bytes(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rb");
	char *bytes;
	long len;

	must(file && fseek(file, 0, SEEK_END) == 0, path);
	len = ftell(file);
	rewind(file);
	bytes = malloc((size_t)len + 1);
	must(bytes && fread(bytes, 1, (size_t)len, file) == (size_t)len, path);
	fclose(file);
	*ret_len = (size_t)len;
	return bytes;
}

void
write_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");

	must(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0, path);
}

uint32_t
dice(uint64_t *seed, uint32_t sides)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % sides;
}

static int
load_limiter(struct engine *engine, const struct counting *counting, struct error *err)
{
	char text[1024];
	struct document document = {"limit.yaml", {text, 0}};
	struct arena arena;
	struct diags diags;
	int r;

	document.bytes.len = (size_t)snprintf(text, sizeof(text),
	                                      "tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
	                                      "topology_template:\n"
	                                      "  policies:\n"
	                                      "    - limit:\n"
	                                      "        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	                                      "        version: 1.0.0\n"
	                                      "        properties: {actor: SO, operation: Restart, %s, limit: %d}\n",
	                                      counting->window, counting->limit);
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = engine_load(engine, &document, 1, &diags);
	if (r != 0)
		r = error_set(err, error_from(r), NULL, "%s", diags.first ? diags.first->text : "no memory");
	arena_free(&arena);
	return r;
}

int
counting_open(const struct counting *counting, struct engine **ret, struct error *err)
{
	struct engine_options options = engine_options_default;
	struct engine *engine;
	int r;

	options.history.directory = counting->directory;
	options.history.map_bytes = (size_t)1 << 30;
	options.history.lease_ms = counting->lease_ms;
	options.history.durable = counting->durable;
	if (counting->clock) {
		options.clock = counting->clock;
		options.clock_context = counting->clock_context;
	}
	r = engine_open(&options, &engine, err);
	if (r != 0)
		return r;
	r = load_limiter(engine, counting, err);
	if (r != 0) {
		engine_close(engine);
		return r;
	}
	*ret = engine;
	return 0;
}

struct request
restart_of(const char *target, const char *request_id)
{
	struct request request = {.request_id = str_from(request_id)};

	request.attribute[ATTRIBUTE_ACTOR] = STR("SO");
	request.attribute[ATTRIBUTE_OPERATION] = STR("Restart");
	request.attribute[ATTRIBUTE_TARGET] = str_from(target);
	return request;
}

int
count_used(struct engine *engine, const char *target, int64_t since_ms)
{
	const struct count_query query = {
		.actor = STR("SO"),
		.operation = STR("Restart"),
		.target = str_from(target),
		.since_ms = since_ms,
		.now_ms = since_ms,
		.limit = 1000,
	};
	struct history_reader *reader;
	struct count_result result;
	struct error err = {0};
	int r = history_reader_open(engine_history(engine), &reader, &err);

	if (r != 0)
		return r;
	r = history_reader_begin(reader);
	if (r == 0) {
		r = history_reader_view.count(reader, &query, &result);
		history_reader_end(reader);
	}
	history_reader_close(reader);
	return r == 0 ? (int)result.used : r;
}
