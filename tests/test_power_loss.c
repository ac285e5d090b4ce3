/* test_power_loss - the power goes at any write: what was acknowledged before is there, or the file is refused */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "api/daemon/database.h"
#include "tests/cmocka_all.h"
#include "tests/counting_fixture.h"
#include "tests/interpose.h"

#define NOON INT64_C(1776168000000)
#define RIGHTS 40

static int64_t
noon(void *context)
{
	(void)context;
	return NOON;
}

static struct counting
counting_in(const char *directory)
{
	return (struct counting){.directory = directory,
	                         .limit = 1000,
	                         .window = "timeWindow: 10, timeUnits: minute",
	                         .lease_ms = 60000,
	                         .durable = true,
	                         .clock = noon};
}

struct fixture {
	const struct event *events;
	size_t count;
	size_t acknowledged[RIGHTS]; /* how many events there were when the reservation was acknowledged */
	char *lock;                  /* the lock file's bytes */
	size_t lock_len;
};

static void
take_reservations(struct fixture *fixture, struct engine *engine)
{
	for (int i = 0; i < RIGHTS; i++) {
		struct request request = restart_of("vm-1", NULL);
		struct reservation_change change = {.action = RESERVATION_SETTLE, .outcome = STR("Success")};
		struct reservation_status status;
		struct reservation reservation;
		struct error err = {0};

		assert_int_equal(engine_reserve(engine, &request, 0, &reservation, &err), 0);
		fixture->acknowledged[i] = interpose_events(&fixture->events);
		change.id = str_from(reservation.id);
		if (i % 2)
			assert_int_equal(engine_reservation(engine, &change, &status, &err), 0);
		reservation_done(&reservation);
	}
}

static int
setup(void **state)
{
	static struct fixture fixture;
	struct counting counting;
	struct engine *engine;
	struct error err = {0};
	char path[64], lock[80];

	make_directory(path);
	counting = counting_in(path);
	interpose_watch(path);
	interpose_record();
	assert_int_equal(counting_open(&counting, &engine, &err), 0);
	take_reservations(&fixture, engine);
	engine_close(engine);
	fixture.count = interpose_events(&fixture.events);
	snprintf(lock, sizeof(lock), "%s/clguard.lock", path);
	fixture.lock = read_bytes(lock, &fixture.lock_len);
	remove_directory(path);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	free(((struct fixture *)*state)->lock);
	interpose_watch(NULL);
	return 0;
}

struct image {
	char *bytes;
	size_t len, room;
};

static void
apply(struct image *image, const struct event *event)
{
	size_t end = (size_t)event->at + event->len;

	if (end > image->room) {
		image->bytes = realloc(image->bytes, end * 2);
		assert_non_null(image->bytes);
		memset(image->bytes + image->room, 0, end * 2 - image->room);
		image->room = end * 2;
	}
	memcpy(image->bytes + event->at, event->bytes, event->len);
	if (end > image->len)
		image->len = end;
}

/*
 * What the disk may hold when the power goes after `cut` events: all that was synced, and of the writes since, those
 * that the order of bits picks: the kernel may write them in any order.
 */
static struct image
image_at(const struct fixture *fixture, size_t cut, uint64_t *seed, bool prefix)
{
	struct image image = {NULL, 0, 0};
	size_t synced = 0;

	for (size_t i = 0; i < cut; i++)
		synced = fixture->events[i].sync ? i : synced;
	for (size_t i = 0; i < cut; i++) {
		const struct event *event = &fixture->events[i];

		if (!event->sync && (i < synced || event->synced || prefix || dice(seed, 2)))
			apply(&image, event);
	}
	return image;
}

static void
check_image(const struct fixture *fixture, size_t cut, uint64_t *seed, bool prefix, unsigned tally[2])
{
	struct image image = image_at(fixture, cut, seed, prefix);
	struct counting counting;
	struct engine *engine;
	struct error err = {0};
	struct db_report report;
	char path[64], file[80];
	int needed = 0, r;

	make_directory(path);
	snprintf(file, sizeof(file), "%s/data.mdb", path);
	write_bytes(file, image.bytes ? image.bytes : "", image.len);
	snprintf(file, sizeof(file), "%s/clguard.lock", path);
	write_bytes(file, fixture->lock, fixture->lock_len);
	for (int i = 0; i < RIGHTS; i++)
		needed += fixture->acknowledged[i] <= cut;
	r = database_verify(path, true, &report, &err);
	if (r != 0) {
		assert_int_equal(r, -ERROR_DAMAGED);
		assert_true(err.text[0] != '\0');
		tally[1]++;
	} else {
		counting = counting_in(path);
		assert_int_equal(counting_open(&counting, &engine, &err), 0);
		if (count_used(engine, "vm-1", 0) < needed)
			fail_msg("after %zu events %d rights were acknowledged, %d are there", cut, needed,
			         count_used(engine, "vm-1", 0));
		engine_close(engine);
		tally[0]++;
	}
	remove_directory(path);
	free(image.bytes);
}

static void
whatever_the_disk_holds_what_was_acknowledged_is_there(void **state)
{
	const struct fixture *fixture = *state;
	size_t step = step_of(fixture->count, how_often(10, (unsigned)fixture->count));
	unsigned tally[2] = {0, 0};
	uint64_t seed = 3;

	assert_true(fixture->count > 2 * RIGHTS);
	for (size_t cut = fixture->count; cut > 0; cut -= cut < step ? cut : step) {
		check_image(fixture, cut, &seed, true, tally);
		check_image(fixture, cut, &seed, false, tally);
	}
	print_message("%zu events; images: %u opened, %u refused\n", fixture->count, tally[0], tally[1]);
	assert_true(tally[0] > tally[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whatever_the_disk_holds_what_was_acknowledged_is_there, setup,
	                                        teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
