/* log_show - lines of a decision log for people, and which of them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/log_show.h"

#include "base/document.h"
#include "base/time.h"
#include "guards/guard.h"

static const char *const filter_key[LOG_FILTER_COUNT] = {
#define X(name, key) [LOG_FILTER_##name] = key,
	LOG_FILTERS(X)
#undef X
};

/* Members shown after the answer, in this order. */
static const char *const shown[] = {"actor",        "operation", "target",     "clname",   "vfCount",     "requestId",
                                    "subrequestId", "outcome",   "record",     "replaces", "reservation", "state",
                                    "user",         "client",    "generation", "lines",    "policies",    "database"};

bool
log_filter_times(struct log_filter *filter, const char *from, const char *to)
{
	const char *const texts[2] = {from, to};
	int64_t *const times[2] = {&filter->from_ms, &filter->to_ms};

	for (int i = 0; i < 2; i++) {
		*times[i] = TIME_NONE;
		if (!texts[i] || time_parse_instant(str_from(texts[i]), times[i]) == 0)
			continue;
		fprintf(stderr, "clguard log: --%s is wrong: expected a time such as 2026-04-14T12:00:00Z, got '%s'\n",
		        i ? "to" : "from", texts[i]);
		return false;
	}
	return true;
}

static struct str
show_text_at(const struct node *line, const char *key)
{
	const struct node *value = node_get(line, key);

	return value && node_is_scalar(value) && !node_is_null(value) ? value->text : STR_NONE;
}

static bool
filter_holds(const struct log_filter *filter, const struct node *line)
{
	struct str time = show_text_at(line, "time");
	int64_t ms = TIME_NONE;

	for (int i = 0; i < LOG_FILTER_COUNT; i++) {
		struct str value = filter->values[i] ? show_text_at(line, filter_key[i]) : STR_NONE;

		if (filter->values[i] && (!value.ptr || !str_is(value, filter->values[i])))
			return false;
	}
	if (filter->from_ms == TIME_NONE && filter->to_ms == TIME_NONE)
		return true;
	if (!time.ptr || time_parse_instant(time, &ms) != 0)
		return false;
	return (filter->from_ms == TIME_NONE || ms >= filter->from_ms) &&
	       (filter->to_ms == TIME_NONE || ms <= filter->to_ms);
}

static bool
filters_nothing(const struct log_filter *filter)
{
	for (int i = 0; i < LOG_FILTER_COUNT; i++) {
		if (filter->values[i])
			return false;
	}
	return filter->from_ms == TIME_NONE && filter->to_ms == TIME_NONE;
}

bool
log_passes(const struct log_filter *filter, struct str line)
{
	struct error ignored = {0};
	struct arena arena;
	struct node *root;
	bool passes = filters_nothing(filter);

	if (passes)
		return true;
	arena_init(&arena, 0);
	if (json_read(line, "", &document_limits_default, &arena, &root, &ignored) == 0)
		passes = filter_holds(filter, root);
	arena_free(&arena);
	return passes;
}

/* Texts of a log were chosen by others: nothing of them may move a terminal's cursor. */
static void
show_print_text(FILE *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c < ' ' || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
}

static void
print_member(FILE *out, const char *before, struct str text)
{
	if (!text.ptr)
		return;
	fputs(before, out);
	show_print_text(out, text);
}

static void
print_line(FILE *out, const struct node *line)
{
	print_member(out, "", show_text_at(line, "time"));
	print_member(out, " ", node_get(line, "log") ? STR("file") : show_text_at(line, "door"));
	print_member(out, " ", show_text_at(line, "event"));
	print_member(out, " ", show_text_at(line, "status"));
	print_member(out, ", ", show_text_at(line, "reason"));
	print_member(out, " ", show_text_at(line, "missing"));
	print_member(out, " by ", show_text_at(line, "policy"));
	fputc(':', out);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		struct str value = show_text_at(line, shown[i]);

		if (!value.ptr)
			continue;
		fprintf(out, " %s=", shown[i]);
		show_print_text(out, value);
	}
	fputc('\n', out);
}

void
log_show_line(FILE *out, const struct log_filter *filter, struct str text)
{
	struct error ignored = {0};
	struct arena arena;
	struct node *line;
	bool read;

	arena_init(&arena, 0);
	read = json_read(text, "", &document_limits_default, &arena, &line, &ignored) == 0;
	if (read ? filter_holds(filter, line) : filters_nothing(filter)) {
		if (read && !filter->json)
			print_line(out, line);
		else if (filter->json)
			fprintf(out, "%.*s\n", STR_ARG(text));
		else
			print_member(out, "", text), fputc('\n', out);
	}
	arena_free(&arena);
}
