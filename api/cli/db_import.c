/* db_import - rows of ONAP's operationshistory table, as JSON or CSV */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/db_import.h"

#include <stdio.h>

#include "base/node.h"
#include "engine/decide/reserve.h"

#define COLUMNS_MAX 64

enum column { COLUMN_IGNORED = -1, COLUMN_UNKNOWN = -2 };

/* The columns in the order of column_text and column_time below. */
static const char *const column_names[] = {"actor",        "operation", "target",  "closedloopname", "requestid",
                                           "subrequestid", "outcome",   "message", "starttime",      "endtime"};

#define COLUMN_NAMES (sizeof(column_names) / sizeof(column_names[0]))
#define FIRST_TIME 8
#define TOO_LATE "%.*s is too far ahead: expected a time up to %s (--max-future-s), got '%.*s'"

static int
column_of(struct str name)
{
	for (size_t i = 0; i < COLUMN_NAMES; i++) {
		if (str_equal_nocase(name, str_from(column_names[i])))
			return (int)i;
	}
	if (str_equal_nocase(name, STR("clname")))
		return 3;
	return str_equal_nocase(name, STR("id")) ? COLUMN_IGNORED : COLUMN_UNKNOWN;
}

static int
import_read_time(struct str text, int64_t *ret)
{
	char with_zone[40];

	if (time_parse_instant(text, ret) == 0)
		return 0;
	if (text.len + 2 > sizeof(with_zone))
		return -1;
	(void)snprintf(with_zone, sizeof(with_zone), "%.*sZ", STR_ARG(text)); /* SQL's times have no zone: UTC */
	return time_parse_instant(str_from(with_zone), ret);
}

/* One value into its member. -1 when it is a time and cannot be read. */
static int
row_set(struct operation *row, int column, struct str value)
{
	struct str *const texts[FIRST_TIME] = {&row->actor,      &row->operation,     &row->target,  &row->clname,
	                                       &row->request_id, &row->subrequest_id, &row->outcome, &row->message};

	if (column < 0)
		return 0;
	if (column < FIRST_TIME) {
		*texts[column] = column == 1 ? operation_canonical(value) : value;
		return 0;
	}
	return import_read_time(value, column == FIRST_TIME ? &row->start_ms : &row->end_ms);
}

/* Whether the time that was just set there is too late. */
static bool
is_too_late(const struct operation *row, int column, int64_t latest_ms)
{
	return column >= FIRST_TIME && (column == FIRST_TIME ? row->start_ms : row->end_ms) > latest_ms;
}

static const struct carried no_row = {.row = {.start_ms = TIME_NONE, .end_ms = TIME_NONE}, .until_ms = TIME_NONE};

/* --- JSON --- */

#define LEASE_MOST_MS (366 * TIME_MS_DAY)

int
import_read_id(const struct node *node, struct hash128 *ret, struct error *err)
{
	uint64_t halves[2] = {0, 0};
	bool good = node && node_is_scalar(node) && node->text.len == 32;

	for (size_t i = 0; good && i < 32; i++) {
		const char *digit = memchr("0123456789abcdef", node->text.ptr[i], 16);

		good = digit != NULL;
		halves[i / 16] = halves[i / 16] << 4 | (good ? (uint64_t)(digit - "0123456789abcdef") : 0);
	}
	if (!good || !(halves[0] | halves[1]))
		return error_set(err, ERROR_TYPE, node, "the id is wrong: expected 32 hexadecimal digits");
	*ret = (struct hash128){.hi = halves[0], .lo = halves[1]};
	return 0;
}

/* An instant until which something counts. */
static int
read_end(const struct node *node, int64_t latest_ms, int64_t *ret, struct error *err)
{
	if (!node || !node_is_scalar(node) || time_parse_instant(node->text, ret) != 0 ||
	    (latest_ms<INT64_MAX - LEASE_MOST_MS && * ret> latest_ms + LEASE_MOST_MS))
		return error_set(err, ERROR_RANGE, node, "the end of a lease is wrong: expected a time within a year");
	return 0;
}

/* The place of a word in a list, -1 when it is not in it. */
static int
word_place(const struct node *node, const char *const *words, int count)
{
	for (int i = 0; node && node_is_scalar(node) && i < count; i++)
		if (str_is(node->text, words[i]))
			return i;
	return -1;
}

/* {"id", "state", "reason", "expires", "apart"} */
static int
read_reservation(const struct node *map, int64_t latest_ms, struct carried *carried, struct error *err)
{
	const struct node *apart = node_get(map, "apart");
	int state, reason, r;

	if (map->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, map, "a reservation is an object");
	state = word_place(node_get(map, "state"), reservation_state_name, RESERVATION_EXPIRED + 1);
	reason = word_place(node_get(map, "reason"), reason_name, REASON_COUNT);
	if (state < 0 || reason < 0 || (state == RESERVATION_ABORTED && !carried->later))
		return error_set(err, ERROR_RANGE, map, "a reservation has no such state or reason");
	carried->state = (enum reservation_state)state;
	carried->reason = (enum reason)reason;
	carried->apart = apart && apart->kind == NODE_BOOL && apart->boolean;
	r = import_read_id(node_get(map, "id"), &carried->reservation, err);
	return r == 0 ? read_end(node_get(map, "expires"), latest_ms, &carried->expires_ms, err) : r;
}

/* A member that dumps have and ONAP's table does not: 1, 0 when it is another, or negative. */
static int
read_carried(const struct node *member, int64_t latest_ms, struct carried *carried, struct error *err)
{
	int r;

	if (str_is(member->key, "number") && member->kind == NODE_INT && member->integer >= 0) {
		carried->row.number = (uint64_t)member->integer;
		return 1;
	}
	if (carried->later && str_is(member->key, "undone") && member->kind == NODE_BOOL) {
		carried->undone = member->boolean;
		return 1;
	}
	if (str_is(member->key, "origin"))
		r = import_read_id(member, &carried->origin, err);
	else if (str_is(member->key, "until"))
		r = read_end(member, latest_ms, &carried->until_ms, err);
	else if (str_is(member->key, "reservation"))
		r = read_reservation(member, latest_ms, carried, err);
	else
		return 0;
	return r == 0 ? 1 : r;
}

static int
read_object(const struct node *object, bool later, int64_t latest_ms, struct carried *carried, struct error *err)
{
	struct operation *row = &carried->row;
	char latest[TIME_TEXT_SIZE];

	time_format_instant(latest_ms, latest);
	*carried = no_row;
	carried->later = later;
	if (object->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, object, "a row is an object");
	for (const struct node *member = object->first; member; member = member->next) {
		int column = column_of(member->key), r = read_carried(member, latest_ms, carried, err);

		if (r < 0)
			return r;
		if (r == 1)
			continue;
		if (column == COLUMN_UNKNOWN)
			return error_set(err, ERROR_UNKNOWN, member, "the table has no column '%.*s'",
			                 STR_ARG(member->key));
		if (member->kind == NODE_NULL || column == COLUMN_IGNORED)
			continue;
		if (!node_is_scalar(member) || row_set(row, column, member->text) != 0)
			return error_set(err, ERROR_TYPE, member, "'%.*s' is no %.*s", STR_ARG(member->text),
			                 STR_ARG(member->key));
		if (is_too_late(row, column, latest_ms))
			return error_set(err, ERROR_RANGE, member, TOO_LATE, STR_ARG(member->key), latest,
			                 STR_ARG(member->text));
	}
	return 0;
}

int
import_rows(const struct node *root, bool later, int64_t latest_ms, struct arena *arena, struct carried **ret_rows,
            size_t *ret_count, struct error *err)
{
	const struct node *list;
	struct carried *rows;
	size_t count = 0;
	int r = 0;

	list = root && root->kind == NODE_MAP ? node_get(root, "operations") : root;
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, root, "a list of rows is expected");
	for (const struct node *item = list->first; item; item = item->next)
		count++;
	rows = arena_array(arena, count ? count : 1, sizeof(*rows));
	if (!rows)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	count = 0;
	for (const struct node *item = list->first; item && r == 0; item = item->next)
		r = read_object(item, later, latest_ms, &rows[count++], err);
	if (r == 0) {
		*ret_rows = rows;
		*ret_count = count;
	}
	return r;
}

static int
read_json(struct str bytes, const char *file, const struct document_limits *limits, int64_t latest_ms,
          struct arena *arena, struct carried **ret_rows, size_t *ret_count, struct error *err)
{
	struct node *root;
	int r = json_read(bytes, file, limits, arena, &root, err);

	if (r == 0 && root && root->kind == NODE_MAP && node_get(root, "increment"))
		return error_set(err, ERROR_TYPE, root,
		                 "an increment belongs to a backup of its database: see clguard db restore");
	return r == 0 ? import_rows(root, false, latest_ms, arena, ret_rows, ret_count, err) : r;
}

/* --- CSV --- */

struct csv {
	struct str rest;
	int64_t latest_ms;
	uint32_t line;
	struct arena *arena;
	bool last_of_line; /* the field just read ended its line */
};

/* A quoted field: doubled quotes are one. */
static int
read_quoted(struct csv *csv, struct str *ret, struct error *err)
{
	char *out = arena_alloc(csv->arena, csv->rest.len);
	size_t len = 0, i = 1;

	if (!out)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (; i < csv->rest.len; i++) {
		char c = csv->rest.ptr[i];

		if (c == '"' && i + 1 < csv->rest.len && csv->rest.ptr[i + 1] == '"')
			i++;
		else if (c == '"')
			break;
		csv->line += c == '\n';
		out[len++] = c;
	}
	if (i == csv->rest.len)
		return error_set_at(err, ERROR_SYNTAX, csv->line, 1, "a quoted field does not end");
	csv->rest.ptr += i + 1;
	csv->rest.len -= i + 1;
	*ret = (struct str){out, len};
	return 0;
}

/* The next field and what ends it. Empty and NULL ones are absent, unless quoted. */
static int
read_field(struct csv *csv, struct str *ret, struct error *err)
{
	size_t len = 0;

	if (csv->rest.len && csv->rest.ptr[0] == '"') {
		int r = read_quoted(csv, ret, err);

		if (r != 0)
			return r;
	} else {
		while (len < csv->rest.len && csv->rest.ptr[len] != ',' && csv->rest.ptr[len] != '\n' &&
		       csv->rest.ptr[len] != '\r')
			len++;
		*ret = (struct str){csv->rest.ptr, len};
		if (len == 0 || str_is(*ret, "NULL") || str_is(*ret, "\\N"))
			*ret = STR_NONE;
		csv->rest.ptr += len;
		csv->rest.len -= len;
	}
	len = csv->rest.len && csv->rest.ptr[0] == '\r' ? 1 : 0;
	csv->last_of_line = csv->rest.len == len || csv->rest.ptr[len] == '\n';
	if (!csv->last_of_line && (len || csv->rest.ptr[0] != ','))
		return error_set_at(err, ERROR_SYNTAX, csv->line, 1,
		                    "a field is followed by neither comma nor line end");
	len += csv->rest.len > len ? 1 : 0;
	csv->rest.ptr += len;
	csv->rest.len -= len;
	csv->line += csv->last_of_line;
	return 0;
}

static int
read_header(struct csv *csv, int columns[COLUMNS_MAX], size_t *ret_count, struct error *err)
{
	size_t count = 0;

	do {
		struct str name;
		int r = read_field(csv, &name, err);

		if (r != 0)
			return r;
		if (count == COLUMNS_MAX)
			return error_set_at(err, ERROR_LIMIT, 1, 1, "more than %d columns", COLUMNS_MAX);
		columns[count] = column_of(str_trim(name));
		if (columns[count] == COLUMN_UNKNOWN)
			return error_set_at(err, ERROR_UNKNOWN, 1, 1, "the table has no column '%.*s'", STR_ARG(name));
		count++;
	} while (!csv->last_of_line);
	*ret_count = count;
	return 0;
}

static int
read_line(struct csv *csv, const int columns[COLUMNS_MAX], size_t column_count, struct carried *carried,
          struct error *err)
{
	struct operation *row = &carried->row;
	char latest[TIME_TEXT_SIZE];
	uint32_t line = csv->line;
	size_t i = 0;

	*carried = no_row;
	do {
		struct str value;
		int r = read_field(csv, &value, err);

		if (r != 0)
			return r;
		if (i == column_count)
			return error_set_at(err, ERROR_SYNTAX, line, 1, "more fields than columns");
		if (value.ptr && row_set(row, columns[i], value) != 0)
			return error_set_at(err, ERROR_TYPE, line, 1, "'%.*s' is no %s", STR_ARG(value),
			                    column_names[columns[i]]);
		if (value.ptr && is_too_late(row, columns[i], csv->latest_ms)) {
			time_format_instant(csv->latest_ms, latest);
			return error_set_at(err, ERROR_RANGE, line, (uint32_t)i + 1, TOO_LATE,
			                    STR_ARG(str_from(column_names[columns[i]])), latest, STR_ARG(value));
		}
		i++;
	} while (!csv->last_of_line);
	return i == column_count ? 0 : error_set_at(err, ERROR_SYNTAX, line, 1, "fewer fields than columns");
}

static int
read_csv(struct str bytes, int64_t latest_ms, struct arena *arena, struct carried **ret_rows, size_t *ret_count,
         struct error *err)
{
	struct csv csv = {.rest = bytes, .latest_ms = latest_ms, .line = 1, .arena = arena};
	int columns[COLUMNS_MAX];
	size_t column_count = 0, room = 1, count = 0;
	struct carried *rows;
	int r = read_header(&csv, columns, &column_count, err);

	if (r != 0)
		return r;
	for (size_t i = 0; i < csv.rest.len; i++)
		room += csv.rest.ptr[i] == '\n';
	rows = arena_array(arena, room, sizeof(*rows));
	if (!rows)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	while (r == 0 && csv.rest.len > 0)
		r = read_line(&csv, columns, column_count, &rows[count++], err);
	if (r == 0) {
		*ret_rows = rows;
		*ret_count = count;
	}
	return r;
}

int
import_read(struct str bytes, const char *file, const struct document_limits *limits, int64_t latest_ms,
            struct arena *arena, struct carried **ret_rows, size_t *ret_count, struct error *err)
{
	struct str text = str_trim(bytes);

	if (text.len && (text.ptr[0] == '[' || text.ptr[0] == '{'))
		return read_json(bytes, file, limits, latest_ms, arena, ret_rows, ret_count, err);
	return read_csv(bytes, latest_ms, arena, ret_rows, ret_count, err);
}
