/* gateway_link - keeps an API gateway as the runtime says it should be, and tells elements how it is used */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/gateway/gateway_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "participants/gateway/gateway_use.h"
#include "participants/kinds/tool.h"
#ifdef HAVE_LIBCURL
#include "participants/framework/web_request.h"
#endif

/*
 * Theory of operation. GET gateway renders all instances that are on participants. Each gateway_ms it is asked for; when it
 * says something else than what was applied last, the gateway gets that: a file for nginx, two for Envoy, POST /config for a
 * Kong without a database; `gateway_reload` is run after files were written. So what has left its participants leaves the
 * gateway too. What was applied is known for this run of the program only: the first look applies.
 */

#define WORDS_MAX 32
#define ADMIN_MS 10000
#define PIECE_MS 200

struct gateway_kind {
	const char *name;
	const char *paths[2]; /* query of GET gateway, after its path; %s: gateway_authz or gateway_listen */
	const char *files[2]; /* in gateway_target; NULL: that is the file */
	const char *media;    /* that is asked for; NULL: text */
};

struct gateway_link {
	const struct process_settings *settings;
	struct element_host *hosts;
	size_t count;
	const struct gateway_kind *kind;
	struct participant_settings far; /* of the gateway's own interfaces */
	char *applied[2];
	struct gateway_use use;
	char problem[ORDER_MESSAGE_SIZE]; /* what was told last; empty: all is well */
	pthread_t thread;
};

static const struct gateway_kind gateway_kinds[] = {
	{"nginx", {"format=nginx", NULL}, {NULL, NULL}, NULL},
	{"envoy", {"format=envoy-clusters", "format=envoy-listeners"}, {"clusters.json", "listeners.json"}, NULL},
	{"kong", {"format=kong", NULL}, {NULL, NULL}, "application/json"},
};

/* --- applying --- */

static const char *
rendering_path(const struct gateway_link *link, int part, struct arena *arena)
{
	const struct process_settings *settings = link->settings;

	return arena_printf(
		arena, "/onap/controlloop/v2/gateway?%s&authz=%s%s%s", link->kind->paths[part], settings->gateway_authz,
		strcmp(link->kind->name, "nginx") == 0 && settings->gateway_status ? "&log="
		: part == 1                                                        ? "&listen="
										   : "",
		strcmp(link->kind->name, "nginx") == 0 && settings->gateway_status ? settings->gateway_status
		: part == 1                                                        ? settings->gateway_listen
										   : "");
}

/* A new file in the old one's place. */
static enum act_result
replace_file(struct element_order *order, const char *path, struct str bytes)
{
	const char *fresh = arena_printf(order->arena, "%s.new", path);
	int fd = fresh ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	bool good = fd >= 0;

	while (good && bytes.len) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);

		good = put > 0 || (put < 0 && errno == EINTR);
		bytes.ptr += put > 0 ? put : 0;
		bytes.len -= put > 0 ? (size_t)put : 0;
	}
	if (good)
		good = fsync(fd) == 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (good)
		good = rename(fresh, path) == 0;
	return good ? ACT_DONE : order_say(order, ACT_AGAIN, "%s cannot be written: %s", path, strerror(errno));
}

/* Where tools say what is wrong, after notices. */
static struct str
tool_last_line(struct str text)
{
	struct str trimmed = str_trim(text);
	size_t from = trimmed.len;

	while (from > 0 && trimmed.ptr[from - 1] != '\n')
		from--;
	return (struct str){trimmed.ptr + from, trimmed.len - from};
}

static enum act_result
run_reload(struct element_order *order, const char *command)
{
	const char *words[WORDS_MAX + 1] = {NULL};
	char *text = arena_printf(order->arena, "%s", command), *save = NULL;
	struct tool_answer answer;
	enum act_result result;
	size_t count = 0;

	for (char *word = text ? strtok_r(text, " ", &save) : NULL; word && count < WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	if (count == 0)
		return ACT_DONE;
	result = tool_run(order, words, STR(""), ADMIN_MS, &answer);
	if (result != ACT_DONE || answer.code == 0)
		return result;
	return order_say(order, ACT_AGAIN, "%s exits %d: %.*s", words[0], answer.code,
	                 STR_ARG(tool_last_line(answer.err)));
}

#ifdef HAVE_LIBCURL
static enum act_result
push_kong(struct element_order *order, const char *base, struct str body)
{
	struct web_request request = {.method = "POST", .media = "application/json", .body = body};
	struct web_answer answer;
	enum act_result result;

	request.url = arena_printf(order->arena, "%s/config", base);
	if (!request.url)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = web_ask(order, &request, &answer);
	return result == ACT_DONE ? web_judge(order, &request, &answer) : result;
}
#endif

static enum act_result
apply_part(struct gateway_link *link, struct element_order *order, int part, struct str text)
{
	const char *target = link->settings->gateway_target, *file = link->kind->files[part];

#ifdef HAVE_LIBCURL
	if (strcmp(link->kind->name, "kong") == 0)
		return push_kong(order, target, text);
#endif
	if (file)
		target = arena_printf(order->arena, "%s/%s", target, file);
	return target ? replace_file(order, target, text) : order_say(order, ACT_AGAIN, "out of memory");
}

/* What GET gateway says now. */
static enum act_result
fetch_part(struct gateway_link *link, struct element_order *order, int part, struct str *ret)
{
	const char *path = rendering_path(link, part, order->arena);
	struct error err = {0};
	unsigned status = 0;

	if (!path)
		return order_say(order, ACT_AGAIN, "out of memory");
	*ret = STR("");
	if (service_link_ask(&link->hosts[0].service, "GET", path, STR_NONE, link->kind->media, order->arena, &status,
	                     ret, &err) != 0)
		return order_say(order, ACT_AGAIN, "the configuration cannot be read: %s", err.text);
	if (status != 200)
		return order_say(order, ACT_AGAIN, "the configuration cannot be read: %u %.*s", status,
		                 ret->len < 200 ? (int)ret->len : 200, ret->ptr);
	return ACT_DONE;
}

static enum act_result
keep_gateway(struct gateway_link *link, struct element_order *order)
{
	struct str texts[2] = {STR(""), STR("")};
	enum act_result result = ACT_DONE;
	bool changed = false;

	for (int i = 0; i < 2 && link->kind->paths[i] && result == ACT_DONE; i++)
		result = fetch_part(link, order, i, &texts[i]);
	for (int i = 0; i < 2 && link->kind->paths[i] && result == ACT_DONE; i++) {
		if (link->applied[i] && str_is(texts[i], link->applied[i]))
			continue;
		changed = true;
		result = apply_part(link, order, i, texts[i]);
	}
	if (changed && result == ACT_DONE && link->settings->gateway_reload)
		result = run_reload(order, link->settings->gateway_reload);
	for (int i = 0; i < 2 && changed && result == ACT_DONE && link->kind->paths[i]; i++)
		(void)hosted_set(&link->applied[i], texts[i]); /* else it is applied once more */
	return result;
}

/* --- use --- */

#ifdef HAVE_LIBCURL
static enum act_result
fetch_use(struct gateway_link *link, struct element_order *order)
{
	const bool kong = strcmp(link->kind->name, "kong") == 0;
	struct web_request request = {.method = "GET"};
	struct web_answer answer;
	enum act_result result;

	request.url =
		arena_printf(order->arena, "%s/%s", link->settings->gateway_status,
	                     kong ? "metrics" : "stats?filter=^cluster%5C..*~.*(rq_total|denied|rx_bytes_total)$");
	if (!request.url)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = web_ask(order, &request, &answer);
	if (result == ACT_DONE)
		result = web_judge(order, &request, &answer);
	if (result == ACT_DONE)
		(kong ? gateway_use_read_kong : gateway_use_read_envoy)(&link->use, answer.body);
	return result;
}
#endif

static enum act_result
read_use(struct gateway_link *link, struct element_order *order)
{
	const char *where = link->settings->gateway_status;

	if (!where)
		return ACT_DONE;
#ifdef HAVE_LIBCURL
	if (strcmp(link->kind->name, "nginx") != 0)
		return fetch_use(link, order);
#endif
	if (gateway_use_read_log(&link->use, where) || errno == ENOENT)
		return ACT_DONE; /* nothing was logged yet */
	return order_say(order, ACT_AGAIN, "%s cannot be read: %s", where, strerror(errno));
}

struct use_telling {
	struct gateway_link *link;
	struct arena *arena;
};

static bool
tell_element(void *context, struct hosted_element *element)
{
	struct use_telling *telling = context;
	struct str use = gateway_use_write(&telling->link->use, element->id, telling->arena);

	if (use.ptr)
		(void)hosted_set(&element->use, use); /* else the figures before */
	return true;
}

static void
tell_use(struct gateway_link *link, struct arena *arena)
{
	struct use_telling telling = {link, arena};

	for (size_t i = 0; i < link->count && link->use.count; i++) {
		(void)pthread_mutex_lock(&link->hosts[i].lock); /* a plain mutex does not fail */
		hosted_each(&link->hosts[i].hosted, tell_element, &telling);
		(void)pthread_mutex_unlock(&link->hosts[i].lock);
	}
}

/* On standard error when it begins and ends; in the reports of all participants as it is. */
static void
tell_problem(struct gateway_link *link, const char *problem)
{
	if (strcmp(problem, link->problem) == 0)
		return;
	if (!*problem || !*link->problem)
		fprintf(stderr, "clguard-participant: gateway: %s\n", *problem ? problem : "as it should be again");
	(void)snprintf(link->problem, sizeof(link->problem), "%s", problem);
	for (size_t i = 0; i < link->count; i++) {
		(void)pthread_mutex_lock(&link->hosts[i].lock); /* a plain mutex does not fail */
		(void)snprintf(link->hosts[i].gateway_problem, sizeof(link->hosts[i].gateway_problem), "%s", problem);
		(void)pthread_mutex_unlock(&link->hosts[i].lock);
	}
}

static void *
gateway_link_run(void *context)
{
	struct gateway_link *link = context;
	struct arena arena;

	arena_init(&arena, 0);
	while (!participant_is_stopping()) {
		struct element_order order = {.settings = &link->far, .arena = &arena, .id = STR("gateway")};
		enum act_result result = keep_gateway(link, &order);

		if (result == ACT_DONE)
			result = read_use(link, &order);
		tell_problem(link, result == ACT_DONE ? "" : order.message);
		tell_use(link, &arena);
		arena_reset(&arena);
		for (int64_t left = link->settings->gateway_ms; left > 0 && !participant_is_stopping();
		     left -= PIECE_MS) {
			const struct timespec pause = {0, (left < PIECE_MS ? left : PIECE_MS) * 1000000};

			(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
		}
	}
	arena_free(&arena);
	return NULL;
}

static const struct gateway_kind *
gateway_kind_find(const char *name)
{
	for (size_t i = 0; i < sizeof(gateway_kinds) / sizeof(gateway_kinds[0]); i++)
		if (strcmp(name, gateway_kinds[i].name) == 0)
			return &gateway_kinds[i];
	return NULL;
}

int
gateway_link_start(const struct process_settings *settings, struct element_host *hosts, size_t count,
                   struct gateway_link **ret, struct error *err)
{
	const struct gateway_kind *kind = settings->gateway ? gateway_kind_find(settings->gateway) : NULL;
	struct gateway_link *link;

	*ret = NULL;
	if (!settings->gateway)
		return 0;
	if (!kind)
		return error_set(err, ERROR_UNKNOWN, NULL, "gateway is wrong: expected nginx, envoy or kong, got '%s'",
		                 settings->gateway);
	if (!settings->gateway_target)
		return error_set(err, ERROR_MISSING, NULL, "a gateway needs gateway_target");
#ifndef HAVE_LIBCURL
	if (strcmp(kind->name, "nginx") != 0)
		return error_set(err, ERROR_UNKNOWN, NULL,
		                 "gateway is wrong: this build has no libcurl, so only nginx");
#endif
	link = calloc(1, sizeof(*link));
	if (!link)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	link->settings = settings;
	link->hosts = hosts;
	link->count = count;
	link->kind = kind;
	link->far = (struct participant_settings){.name = settings->gateway_target,
	                                          .timeout_ms = ADMIN_MS,
	                                          .user = settings->gateway_user,
	                                          .ca = settings->gateway_ca};
	if (pthread_create(&link->thread, NULL, gateway_link_run, link) != 0) {
		free(link);
		return error_set(err, ERROR_IO, NULL, "the gateway's thread cannot be started");
	}
	*ret = link;
	return 0;
}

void
gateway_link_join(struct gateway_link *link)
{
	if (!link)
		return;
	(void)pthread_join(link->thread, NULL); /* it is there */
	for (int i = 0; i < 2; i++)
		free(link->applied[i]);
	gateway_use_free(&link->use);
	free(link);
}
