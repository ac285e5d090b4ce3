/* operation_rows - operations as JSON: history files and the body of POST operations */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/operation_rows.h"

/* Members of a row: texts first, then times, in the order in which they are written. */
static const struct {
	const char *name;
	size_t offset;
	bool time;
} members[] = {
	{"actor", offsetof(struct operation, actor), false},
	{"operation", offsetof(struct operation, operation), false},
	{"target", offsetof(struct operation, target), false},
	{"closedLoopName", offsetof(struct operation, clname), false},
	{"requestId", offsetof(struct operation, request_id), false},
	{"subrequestId", offsetof(struct operation, subrequest_id), false},
	{"outcome", offsetof(struct operation, outcome), false},
	{"message", offsetof(struct operation, message), false},
	{"starttime", offsetof(struct operation, start_ms), true},
	{"endtime", offsetof(struct operation, end_ms), true},
};

#define MEMBERS (sizeof(members) / sizeof(*members))

static int
read_member(const struct node *node, int64_t latest_ms, struct operation *row, struct error *err)
{
	bool short_name = str_is(node->key, "clname"); /* as requests mostly spell it */
	struct str name = short_name ? STR("closedLoopName") : node->key;
	size_t i = 0;

	if (short_name && node_get_str(node->parent, name))
		return error_set(err, ERROR_DUPLICATE, node,
		                 "closedLoopName and clname are two names of one member: expected one of them");
	while (i < MEMBERS && !str_is(name, members[i].name))
		i++;
	if (i == MEMBERS)
		return error_set(err, ERROR_UNKNOWN, node, "an operation has no '%.*s'", STR_ARG(node->key));
	if (node->kind == NODE_NULL)
		return 0;
	if (members[i].time) {
		if (node->kind != NODE_TEXT ||
		    time_parse_instant(node->text, (int64_t *)((char *)row + members[i].offset)) != 0)
			return error_set(err, ERROR_TYPE, node, "%s is no RFC 3339 time", members[i].name);
		if (*(int64_t *)((char *)row + members[i].offset) > latest_ms)
			return error_set(
				err, ERROR_RANGE, node,
				"%s is too far ahead: expected a time within max_future_s from now, got '%.*s'",
				members[i].name, STR_ARG(node->text));
		return 0;
	}
	if (node->kind != NODE_TEXT && !node_is_integer(node))
		return error_set(err, ERROR_TYPE, node, "%s where text is expected", node_kind_phrase(node));
	*(struct str *)((char *)row + members[i].offset) = node->text;
	return 0;
}

static int
read_row(const struct node *node, bool posted, int64_t latest_ms, struct operation *row, struct error *err)
{
	const char *lacks;
	int r;

	*row = (struct operation){.start_ms = TIME_NONE, .end_ms = TIME_NONE};
	if (node->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, node, "%s where an operation is expected", node_kind_phrase(node));
	for (const struct node *member = node->first; member; member = member->next) {
		r = read_member(member, latest_ms, row, err);
		if (r != 0)
			return r;
	}
	lacks = posted ? operation_lacks(row) : NULL;
	return lacks ? error_set(err, ERROR_MISSING, node, "%s", lacks) : 0;
}

int
rows_read(const struct node *root, bool posted, int64_t latest_ms, struct arena *arena, struct operation **ret_rows,
          size_t *ret_count, struct error *err)
{
	bool list = root && root->kind == NODE_LIST;
	size_t count = list ? root->count : 1, i = 0;
	struct operation *rows;
	int r;

	if (!root)
		return error_set(err, ERROR_TYPE, NULL, "an empty body");
	rows = arena_array(arena, count, sizeof(*rows));
	if (!rows)
		return error_set(err, ERROR_MEMORY, root, "out of memory");
	for (const struct node *node = list ? root->first : root; node; node = list ? node->next : NULL) {
		r = read_row(node, posted, latest_ms, &rows[i++], err);
		if (r != 0)
			return r;
	}
	*ret_rows = rows;
	*ret_count = count;
	return 0;
}

static void
write_members(struct text *out, const struct operation *row, const char *comma)
{
	char time[TIME_TEXT_SIZE];

	for (size_t i = 0; i < MEMBERS; i++) {
		const void *value = (const char *)row + members[i].offset;
		struct str text = STR_NONE;

		if (!members[i].time) {
			text = *(const struct str *)value;
		} else if (*(const int64_t *)value != TIME_NONE) {
			time_format_instant(*(const int64_t *)value, time);
			text = str_from(time);
		}
		if (!text.ptr)
			continue;
		text_addf(out, "%s\"%s\":", comma, members[i].name);
		text_add_json(out, text);
		comma = ",";
	}
	text_add(out, comma[0] == '{' ? STR("{}") : STR("}"));
}

void
rows_write(struct text *out, const struct operation *row)
{
	write_members(out, row, "{");
}

void
rows_write_members(struct text *out, const struct operation *row)
{
	write_members(out, row, ",");
}
