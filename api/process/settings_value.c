/* settings_value - values of settings: read from text, checked, and handed to the engine */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "api/process/settings_table.h"
#include "api/system/credential.h"
#include "base/text.h"

static void *
value_of(struct settings *settings, const struct setting *setting)
{
	return (char *)settings + setting->offset;
}

/* "4096", "64K", "64 KiB", "16M", "1G", "2T": suffixes are powers of 1024 and for bytes only. */
static int
parse_number(struct str text, bool bytes, int64_t *ret)
{
	static const char suffixes[] = "KMGT";
	int64_t value = 0, scale = 1;
	const char *suffix;
	size_t i = 0;

	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
		if (value > INT64_MAX / 10 - 1)
			return -1;
		value = value * 10 + (text.ptr[i] - '0');
	}
	if (i == 0)
		return -1;
	if (i < text.len && bytes) {
		struct str rest = str_trim((struct str){text.ptr + i, text.len - i});

		suffix = rest.len ? strchr(suffixes, rest.ptr[0]) : NULL;
		if (!suffix || !*suffix ||
		    (rest.len > 1 && !str_equal((struct str){rest.ptr + 1, rest.len - 1}, STR("iB"))))
			return -1;
		scale = INT64_C(1) << (10 * (suffix - suffixes + 1));
		i = text.len;
	}
	if (i < text.len || value > INT64_MAX / scale)
		return -1;
	*ret = value * scale;
	return 0;
}

static int
set_number(struct settings *settings, const struct setting *setting, struct str text, const struct node *where,
           struct error *err)
{
	int64_t value;

	if (parse_number(text, setting->unit && strcmp(setting->unit, "bytes") == 0, &value) != 0)
		return error_set(err, ERROR_TYPE, where, "%s: '%.*s' is not a number", setting->name, STR_ARG(text));
	if (value < setting->min || value > setting->max)
		return error_set(err, ERROR_RANGE, where, "%s: %.*s is not within %" PRId64 " to %" PRId64,
		                 setting->name, STR_ARG(text), setting->min, setting->max);
	*(int64_t *)value_of(settings, setting) = value;
	return 0;
}

static int
set_path(struct settings *settings, const struct setting *setting, struct str text, const struct node *where,
         struct error *err)
{
	struct error why = {0};
	const char *path;

	if (credential_path(text, settings->arena, &path, &why) != 0)
		return error_set(err, why.code, where, "%s: %s", setting->name, why.text);
	*(const char **)value_of(settings, setting) = path;
	return 0;
}

static int
set_choice(struct settings *settings, const struct setting *setting, struct str text, const struct node *where,
           struct error *err)
{
	char list[100] = "";

	for (int i = 0; i < SETTING_CHOICES && setting->choices[i]; i++) {
		if (str_is(text, setting->choices[i])) {
			*(int *)value_of(settings, setting) = i;
			return 0;
		}
		/* the table's own words, far shorter than list */
		strcat(strcat(list, i ? ", " : ""), setting->choices[i]);
	}
	return error_set(err, ERROR_RANGE, where, "%s: '%.*s' is none of %s", setting->name, STR_ARG(text), list);
}

int
settings_list_add(struct settings *settings, struct settings_list *list, const char *item)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 8;
		const char **items = arena_array(settings->arena, room, sizeof(*items));

		if (!items)
			return -1;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = item;
	return 0;
}

int
setting_set(struct settings *settings, const struct setting *setting, struct str text, const struct node *where,
            struct error *err)
{
	struct str copy;

	switch (setting->kind) {
	case SETTING_NUMBER:
		return set_number(settings, setting, text, where, err);
	case SETTING_CHOICE:
		return set_choice(settings, setting, text, where, err);
	case SETTING_BOOL:
		if (!str_is(text, "true") && !str_is(text, "false"))
			return error_set(err, ERROR_TYPE, where, "%s: '%.*s' is neither true nor false", setting->name,
			                 STR_ARG(text));
		*(bool *)value_of(settings, setting) = str_is(text, "true");
		return 0;
	case SETTING_TEXT:
	case SETTING_LIST:
		break;
	}
	if (text.len == 0 && !setting->may_be_empty)
		return error_set(err, ERROR_TYPE, where, "%s: empty", setting->name);
	if (setting->word && strncmp(setting->word, "FILE", 4) == 0)
		return set_path(settings, setting, text, where, err);
	copy = arena_str(settings->arena, text);
	if (copy.ptr && setting->good && !setting->good(copy.ptr))
		return error_set(err, ERROR_TYPE, where, "%s: '%.*s' is not %s", setting->name, STR_ARG(text),
		                 setting->form);
	if (copy.ptr && setting->kind == SETTING_TEXT)
		*(const char **)value_of(settings, setting) = copy.ptr;
	if (!copy.ptr ||
	    (setting->kind == SETTING_LIST && settings_list_add(settings, value_of(settings, setting), copy.ptr) != 0))
		return error_set(err, ERROR_MEMORY, where, "out of memory");
	return 0;
}

void
setting_clear_list(struct settings *settings, const struct setting *setting)
{
	((struct settings_list *)value_of(settings, setting))->count = 0;
}

void
setting_note(struct settings *settings, const struct setting *setting, enum setting_source source, const char *file,
             unsigned line)
{
	settings->origin[setting - setting_table()] = (struct setting_origin){source, file, line};
}

static bool
text_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
list_same(const struct settings_list *a, const struct settings_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

bool
setting_same(const struct setting *setting, const struct settings *a, const struct settings *b)
{
	const void *left = (const char *)a + setting->offset, *right = (const char *)b + setting->offset;

	switch (setting->kind) {
	case SETTING_TEXT:
		return text_same(*(const char *const *)left, *(const char *const *)right);
	case SETTING_LIST:
		return list_same(left, right);
	case SETTING_BOOL:
		return *(const bool *)left == *(const bool *)right;
	case SETTING_CHOICE:
		return *(const int *)left == *(const int *)right;
	case SETTING_NUMBER:
		break;
	}
	return *(const int64_t *)left == *(const int64_t *)right;
}

/* As the table's rows are written and read whether a member is atomic or not. */
static_assert(sizeof(_Atomic int64_t) == sizeof(int64_t) && sizeof(atomic_int) == sizeof(int), "the same bytes");

void
setting_copy(const struct setting *setting, struct settings *to, const struct settings *from)
{
	void *left = value_of(to, setting);
	const void *right = (const char *)from + setting->offset;

	assert(setting->live);
	switch (setting->kind) {
	case SETTING_TEXT:
		*(const char **)left = *(const char *const *)right;
		break;
	case SETTING_LIST:
		*(struct settings_list *)left = *(const struct settings_list *)right;
		break;
	case SETTING_BOOL:
		assert(false); /* no live setting is one */
		break;
	case SETTING_CHOICE:
		atomic_store_explicit((atomic_int *)left, *(const int *)right, memory_order_relaxed);
		break;
	case SETTING_NUMBER:
		atomic_store_explicit((_Atomic int64_t *)left, *(const int64_t *)right, memory_order_relaxed);
		break;
	}
}

void
settings_init(struct settings *settings, struct arena *arena)
{
	struct error err = {0};

	*settings = (struct settings){.arena = arena};
	for (const struct setting *setting = setting_table(); setting->name; setting++)
		if (setting->initial)
			/* good by the tests */
			(void)setting_set(settings, setting, str_from(setting->initial), NULL, &err);
}

struct document_limits
settings_document_limits(const struct settings *settings)
{
	return (struct document_limits){
		.bytes = (size_t)settings->document_size,
		.depth = (size_t)settings->document_depth,
		.nodes = (size_t)settings->document_nodes,
		.aliases = (size_t)settings->document_aliases,
		.scalar = (size_t)settings->scalar_size,
	};
}

void
settings_engine_options(const struct settings *settings, struct engine_options *ret)
{
	ret->history.directory = settings->data;
	ret->history.map_bytes = (size_t)settings->map_size;
	ret->history.lease_ms = settings->lease_s * 1000;
	ret->history.durable = !settings->process_durability;
	ret->history.max_bytes = (size_t)settings->max_bytes;
	ret->history.retention_ms = settings->retention_s * 1000;
	ret->history.future_ms = settings->max_future_s * 1000;
	ret->history.release_expired = settings->release_expired;
	ret->mode = (enum guard_mode)settings->mode;
	ret->on_error_permit = settings->on_error_permit;
	ret->no_guard_deny = settings->no_guard_deny;
	ret->require_policies = settings->require_policies;
	ret->skip_bad_policies = settings->skip_bad_policies;
	ret->limits = settings_document_limits(settings);
	ret->policies_max = (size_t)settings->policies_max;
}
