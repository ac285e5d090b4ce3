/* reload - policy files into force, at start, on change, on SIGHUP */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/reload.h"

#include <stdlib.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "api/daemon/reload_priv.h"
#include "api/daemon/writers.h"
#include "api/process/log.h"
#include "api/resources/warnings.h"
#include "engine/decide/load.h"
#include "runtime/rows/rows.h"
#include "runtime/thread/runtime.h"

#define WRITER_WAITS 100 /* tenths of a second that a start waits for a file to be whole */
#define LOGGED 20        /* findings of one load that are written out */

/* "policies/a.yaml:3:5: text [CODE]" */
static const char *
finding_text(const struct diag *diag, struct arena *arena)
{
	const char *before = diag->code ? " [" : "", *code = diag->code ? diag->code : "",
		   *after = diag->code ? "]" : "";
	const char *text = diag->line ? arena_printf(arena, "%s:%u:%u: %s%s%s%s", diag->file, diag->line, diag->column,
	                                             diag->text, before, code, after)
	                              : arena_printf(arena, "%s%s%s%s%s%s", diag->file, diag->file[0] ? ": " : "",
	                                             diag->text, before, code, after);

	return text ? text : diag->text;
}

static void
log_findings(const struct service *service, const struct diags *diags)
{
	size_t logged = 0, all = diags->count[SEVERITY_WARNING] + diags->count[SEVERITY_ERROR];

	for (const struct diag *diag = diags->first; diag && logged < LOGGED; diag = diag->next) {
		if (diag->severity < SEVERITY_WARNING)
			continue;
		log_line(service->settings, diag->severity == SEVERITY_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
		         "%s", finding_text(diag, diags->arena));
		logged++;
	}
	if (all > logged)
		log_line(service->settings, diags->count[SEVERITY_ERROR] ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
		         "and %zu findings more; clguard check prints them all", all - logged);
}

bool
reload_report(struct service *service, char **report, const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	bool changed;

	pthread_mutex_lock(&service->reload_lock);
	changed = !*report != !copy || (copy && strcmp(*report, copy) != 0);
	free(*report);
	*report = copy;
	pthread_mutex_unlock(&service->reload_lock);
	return changed;
}

void
policies_report(struct service *service, const char *text)
{
	(void)reload_report(service, &service->last_error, text);
}

/* The first error, and how many there are. */
static void
report_findings(struct service *service, const struct diags *diags)
{
	const struct diag *diag = diags->first;
	const char *first, *whole = NULL;

	while (diag && diag->severity != SEVERITY_ERROR)
		diag = diag->next;
	first = diag ? finding_text(diag, diags->arena) : "out of memory";
	if (diags->count[SEVERITY_ERROR] > 1)
		whole = arena_printf(diags->arena, "%s (and %zu more)", first, diags->count[SEVERITY_ERROR] - 1);
	policies_report(service, whole ? whole : first);
}

/* A path without anything to read would make an empty set, which permits: an error instead. */
static int
check_paths(const struct settings_list *paths, struct arena *arena, struct diags *diags)
{
	int r = -ERROR_MISSING;

	for (size_t i = 0; i < paths->count; i++) {
		struct path_list files = {0};
		struct error err = {0};

		if (load_expand(&paths->items[i], 1, arena, &files, &err) == 0 && files.count == 0)
			(void)error_set(&err, ERROR_MISSING, NULL, "no policy file is left in this directory");
		if (err.code)
			diags_add_error(diags, paths->items[i], &err);
		if (err.code == ERROR_MEMORY)
			r = -ERROR_MEMORY; /* may pass by itself */
	}
	return diags->count[SEVERITY_ERROR] ? r : 0;
}

/* Before any is opened to be read: all are regular files; and the one that someone is writing, if there is one. */
static int
check_files(const struct settings_list *paths, struct policies *policies)
{
	struct path_list files = {0};
	struct error err = {0};

	policies->writing = NULL;
	if (load_expand(paths->items, paths->count, &policies->arena, &files, &err) != 0)
		return 0; /* load_documents reports it */
	for (size_t i = 0; i < files.count; i++) {
		enum file_state state;

		if (file_state(files.paths[i], &state, &err) != 0) {
			diags_add_error(&policies->diags, "", &err);
			return -(int)err.code;
		}
		if (state == FILE_WRITTEN && !policies->writing)
			policies->writing = files.paths[i];
	}
	return 0;
}

int
policies_read(struct service *service, struct policies *ret)
{
	const struct settings_list *paths = &service->settings->policies;
	static const struct hash_key key = {0, 0}; /* tells changes apart; nobody gains by a collision */
	struct str *parts;
	int r;

	ret->documents = NULL;
	ret->count = 0;
	arena_init(&ret->arena, 0);
	diags_init(&ret->diags, &ret->arena);
	r = ret->must_exist ? check_paths(paths, &ret->arena, &ret->diags) : 0;
	if (r == 0 && paths->count)
		r = check_files(paths, ret);
	if (r == 0 && paths->count)
		r = load_documents(paths->items, paths->count, (size_t)service->settings->document_size,
		                   service->settings->skip_bad_policies, &ret->arena, &ret->documents, &ret->count,
		                   &ret->diags);
	parts = r == 0 ? arena_array(&ret->arena, ret->count + 1, 2 * sizeof(*parts)) : NULL;
	for (size_t i = 0; parts && i < ret->count; i++) {
		parts[2 * i] = str_from(ret->documents[i].name);
		parts[2 * i + 1] = ret->documents[i].bytes;
	}
	ret->hash = parts ? hash_parts(&key, parts, 2 * ret->count) : (struct hash128){0, 0};
	return r == 0 && !parts ? -ERROR_MEMORY : r;
}

/* Reading and compiling take memory, often two thirds of all, that would otherwise stay with the process. */
void
policies_drop(struct policies *policies)
{
	arena_free(&policies->arena);
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

static void
report_loaded(struct service *service, const struct policies *policies, const struct engine_info *info)
{
	atomic_fetch_add_explicit(&service->metrics->reload_success, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->metrics->deploy_success, info->policies, memory_order_relaxed);
	policies_report(service, NULL);
	log_line(service->settings, LOG_LEVEL_INFO, "generation %llu: %zu %s, %zu %s in force from %zu %s",
	         (unsigned long long)info->generation, info->policies, info->policies == 1 ? "policy" : "policies",
	         info->guards, info->guards == 1 ? "guard" : "guards", policies->count,
	         policies->count == 1 ? "document" : "documents");
	if (info->guards == 0)
		log_line(service->settings, LOG_LEVEL_WARNING, "%s", warnings_no_guards(service));
}

static void
report_refused(struct service *service, const struct policies *policies, const struct engine_info *info)
{
	atomic_fetch_add_explicit(&service->metrics->reload_failure, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->metrics->deploy_failure, policies->diags.count[SEVERITY_ERROR],
	                          memory_order_relaxed);
	report_findings(service, &policies->diags);
	if (info->generation)
		log_line(service->settings, LOG_LEVEL_ERROR, "policies refused; generation %llu stays in force",
		         (unsigned long long)info->generation);
	else
		log_line(service->settings, LOG_LEVEL_ERROR, "policies refused");
}

/* Names of instances, in an arena. */
struct instance_names {
	struct arena *arena;
	struct str *list;
	size_t count, room;
};

static bool
note_instance(void *context, struct loop *loop)
{
	struct instance_names *names = context;

	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		struct str *list = arena_array(names->arena, room, sizeof(*list));

		if (!list)
			return false; /* the findings about the others will do */
		if (names->count)
			memcpy(list, names->list, names->count * sizeof(*list));
		names->list = list;
		names->room = room;
	}
	names->list[names->count++] = loop->id.name;
	return true;
}

/* A guard may be for an instance of a control loop, whose name no document has. */
static void
know_instances(struct service *service)
{
	struct history_reader *reader;
	struct arena arena;
	struct instance_names names = {.arena = &arena};
	struct error err = {0};
	struct txn txn;

	if (service_is_verifying(service) || history_reader_open(engine_history(service->engine), &reader, &err) != 0)
		return; /* what cannot be read is not near anything */
	arena_init(&arena, 0);
	if (history_reader_begin(reader) == 0) {
		runtime_read(service->runtime, reader, &arena, &txn);
		loops_each(&txn, STR_NONE, STR_NONE, note_instance, &names);
		(void)engine_know_loops(service->engine, names.list, names.count); /* out of memory: none are known */
		history_reader_end(reader);
	}
	history_reader_close(reader);
	arena_free(&arena);
}

int
policies_publish(struct service *service, struct policies *policies, int r, bool sure)
{
	struct engine_info info;

	if (r == 0)
		know_instances(service);
	if (r == 0 && sure)
		r = engine_load(service->engine, policies->documents, policies->count, &policies->diags);
	else if (r == 0)
		r = engine_load_no_fewer(service->engine, policies->documents, policies->count, &policies->shrunk,
		                         &policies->diags);
	if (r == 1)
		return r;
	log_findings(service, &policies->diags);
	engine_info(service->engine, &info);
	(r == 0 ? report_loaded : report_refused)(service, policies, &info);
	return r;
}

int
reload_first(struct service *service)
{
	const struct timespec pause = {0, 100000000};
	struct policies policies = {.must_exist = false};
	int r = policies_read(service, &policies);

	for (int i = 0; r == 0 && policies.writing && i < WRITER_WAITS; i++) {
		if (i == 0)
			log_line(service->settings, LOG_LEVEL_WARNING, "waiting for the process that writes '%s'",
			         policies.writing);
		policies_drop(&policies);
		(void)nanosleep(&pause, NULL); /* shorter does no harm */
		r = policies_read(service, &policies);
	}
	if (r == 0 && policies.writing) {
		struct error err = {0};

		r = error_set(&err, ERROR_BUSY, NULL,
		              "another process has the file open to write; it may not be whole");
		diags_add_error(&policies.diags, policies.writing, &err);
	}
	if (r == 0 && policies.count == 0 && service->settings->policies.count)
		log_line(service->settings, LOG_LEVEL_WARNING,
		         "there is no policy file in the directories of --policies: nothing is guarded");
	service->loaded = policies.hash;
	r = policies_publish(service, &policies, r, true);
	policies_drop(&policies);
	return r;
}
