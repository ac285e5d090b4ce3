/* jwt - who a JSON Web Token names: signature, issuer, audience, times and roles, checked against a key set */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/jwt.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "api/identity/jwt_claims.h"
#include "api/identity/jwt_keys.h"
#include "api/process/log.h"
#include "base/clock.h"
#include "engine/decide/load.h"
#include "runtime/endpoint/http_get.h"

#define KEYS_MOST ((size_t)1 << 20) /* bytes of a key set */
#define FETCH_MS 10000
#define WANTED_PAUSE_S 10 /* between fetches for keys that tokens name */
#define RETRY_S 30        /* after a fetch that failed */

struct jwt {
	const struct settings *settings;
	bool from_url;
	pthread_mutex_t lock; /* guards what follows, and the keys while they verify */
	pthread_cond_t wake;
	struct jwt_keys *keys; /* NULL: none were read yet */
	int64_t read_ms;       /* when they were; of the steady clock */
	int64_t fetched_ms;    /* when the last fetch began */
	bool wanted, failing;
	char why[ERROR_TEXT_SIZE]; /* the last fetch failed */
	atomic_bool stopping;
	bool started;
	pthread_t thread;
};

/* --- the key set --- */

static void
keys_replace(struct jwt *jwt, struct jwt_keys *keys)
{
	struct jwt_keys *old;

	pthread_mutex_lock(&jwt->lock);
	old = jwt->keys;
	jwt->keys = keys;
	jwt->read_ms = clock_steady_ms();
	jwt->why[0] = '\0';
	pthread_mutex_unlock(&jwt->lock);
	jwt_keys_free(old);
}

static int
keys_read_file(struct jwt *jwt, struct error *err)
{
	const char *path = jwt->settings->jwt_keys;
	struct jwt_keys *keys = NULL;
	struct error why = {0};
	struct arena arena;
	struct str bytes;
	int r;

	arena_init(&arena, 0);
	r = load_file(path, KEYS_MOST, &arena, &bytes, &why);
	if (r == 0)
		r = jwt_keys_read(bytes, &keys, &why);
	arena_free(&arena);
	if (r != 0)
		return error_set(err, why.code, NULL, "%s: %s", path, why.text);
	keys_replace(jwt, keys);
	return 0;
}

static bool
fetch_is_over(void *context)
{
	return atomic_load_explicit(&((struct jwt *)context)->stopping, memory_order_relaxed);
}

static int
keys_fetch(struct jwt *jwt, struct error *err)
{
	const struct http_get get = {
		.url = jwt->settings->jwt_keys,
		.authorities = jwt->settings->jwt_keys_ca,
		.timeout_ms = FETCH_MS,
		.most = KEYS_MOST,
		.stop = fetch_is_over,
		.context = jwt,
	};
	struct jwt_keys *keys = NULL;
	struct arena arena;
	struct str body;
	int r;

	arena_init(&arena, 0);
	r = http_get(&get, &arena, &body, err);
	if (r == 0)
		r = jwt_keys_read(body, &keys, err);
	arena_free(&arena);
	if (r == 0)
		keys_replace(jwt, keys);
	return r;
}

/* Logs a failure once, and its end. */
static void
keys_fetch_told(struct jwt *jwt)
{
	const struct settings *settings = jwt->settings;
	struct error err = {0};
	int r = keys_fetch(jwt, &err);

	if (fetch_is_over(jwt))
		return;
	if (r != 0) {
		pthread_mutex_lock(&jwt->lock);
		(void)snprintf(jwt->why, sizeof(jwt->why), "%s", err.text);
		pthread_mutex_unlock(&jwt->lock);
	}
	if (r != 0 && !jwt->failing)
		log_line(settings, LOG_LEVEL_WARNING, "the keys of JSON Web Tokens cannot be read from %s: %s",
		         settings->jwt_keys, err.text);
	else if (r == 0)
		log_line(settings, jwt->failing ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		         "the keys of JSON Web Tokens were read from %s", settings->jwt_keys);
	jwt->failing = r != 0;
}

/* Under the lock: when the next fetch is due, in milliseconds of the steady clock. */
static int64_t
fetch_due(const struct jwt *jwt)
{
	int64_t pause_s = jwt->failing ? RETRY_S : jwt->settings->jwt_refresh_s;

	if (jwt->wanted && WANTED_PAUSE_S < pause_s)
		pause_s = WANTED_PAUSE_S;
	if (jwt->settings->jwt_refresh_s < pause_s)
		pause_s = jwt->settings->jwt_refresh_s;
	return jwt->fetched_ms + pause_s * 1000;
}

static void *
fetcher_main(void *argument)
{
	struct jwt *jwt = argument;

	pthread_mutex_lock(&jwt->lock);
	while (!fetch_is_over(jwt)) {
		int64_t wait_ms = fetch_due(jwt) - clock_steady_ms();
		struct timespec until;

		if (wait_ms <= 0) {
			jwt->fetched_ms = clock_steady_ms();
			jwt->wanted = false;
			pthread_mutex_unlock(&jwt->lock);
			keys_fetch_told(jwt);
			pthread_mutex_lock(&jwt->lock);
			continue;
		}
		(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
		until.tv_sec += wait_ms / 1000;
		until.tv_nsec += wait_ms % 1000 * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		(void)pthread_cond_timedwait(&jwt->wake, &jwt->lock, &until); /* its time is over, or not */
	}
	pthread_mutex_unlock(&jwt->lock);
	return NULL;
}

/* A key set that anybody on the way could replace would let anybody in. */
static bool
url_is_safe(const char *url)
{
	static const char *const safe[] = {"https://",          "http://127.0.0.1:", "http://127.0.0.1/",
	                                   "http://localhost:", "http://localhost/", "http://[::1]:",
	                                   "http://[::1]/"};

	for (size_t i = 0; i < sizeof(safe) / sizeof(*safe); i++)
		if (str_starts_with(str_from(url), str_from(safe[i])))
			return true;
	return false;
}

static int
check_settings(const struct settings *settings, bool from_url, struct error *err)
{
	if (!settings->jwt_issuer || !settings->jwt_audience)
		return error_set(
			err, ERROR_MISSING, NULL,
			"jwt_keys needs jwt_issuer and jwt_audience: a token of another issuer, or for another "
			"service, would be taken else");
	for (size_t i = 0; i < settings->jwt_algorithms.count; i++)
		if (!jwt_algorithm_known(str_from(settings->jwt_algorithms.items[i])))
			return error_set(
				err, ERROR_UNKNOWN, NULL,
				"jwt_algorithms: '%s' is not an algorithm: expected RS256, ES256, EdDSA and the like",
				settings->jwt_algorithms.items[i]);
	if (from_url && !url_is_safe(settings->jwt_keys))
		return error_set(err, ERROR_TYPE, NULL,
		                 "jwt_keys: expected a file, an https URL, or an http URL of this machine, got '%s'",
		                 settings->jwt_keys);
	return 0;
}

int
jwt_open(const struct settings *settings, struct jwt **ret, struct error *err)
{
	bool from_url = strstr(settings->jwt_keys, "://") != NULL;
	struct jwt *jwt = calloc(1, sizeof(*jwt));
	pthread_condattr_t monotonic;
	int r;

	if (!jwt)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	jwt->settings = settings;
	jwt->from_url = from_url;
	jwt->fetched_ms = INT64_MIN / 2; /* long ago: at once */
	pthread_mutex_init(&jwt->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&jwt->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = check_settings(settings, from_url, err);
	if (r == 0)
		r = jwt_library_load(err);
	if (r == 0)
		r = from_url ? http_get_open(err) : keys_read_file(jwt, err);
	if (r == 0 && from_url) {
		jwt->started = pthread_create(&jwt->thread, NULL, fetcher_main, jwt) == 0;
		if (!jwt->started)
			r = error_set(err, ERROR_MEMORY, NULL,
			              "cannot start the thread that fetches the keys of tokens");
	}
	if (r != 0)
		jwt_close(jwt);
	else
		*ret = jwt;
	return r;
}

void
jwt_close(struct jwt *jwt)
{
	if (!jwt)
		return;
	atomic_store_explicit(&jwt->stopping, true, memory_order_relaxed); /* the lock orders it */
	pthread_mutex_lock(&jwt->lock);
	pthread_cond_signal(&jwt->wake);
	pthread_mutex_unlock(&jwt->lock);
	if (jwt->started)
		pthread_join(jwt->thread, NULL);
	jwt_keys_free(jwt->keys);
	pthread_cond_destroy(&jwt->wake);
	pthread_mutex_destroy(&jwt->lock);
	free(jwt);
}

static void
want_fetch(struct jwt *jwt, bool at_once)
{
	jwt->wanted = true;
	if (at_once)
		jwt->fetched_ms = INT64_MIN / 2;
	pthread_cond_signal(&jwt->wake);
}

int
jwt_reload(struct jwt *jwt, struct error *err)
{
	if (!jwt->from_url)
		return keys_read_file(jwt, err);
	pthread_mutex_lock(&jwt->lock);
	want_fetch(jwt, true);
	pthread_mutex_unlock(&jwt->lock);
	return 0;
}

/* --- a token --- */

/* The token's two dots. False when there are fewer or more. */
static bool
find_dots(struct str token, size_t *ret_first, size_t *ret_second)
{
	size_t count = 0;

	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] != '.')
			continue;
		*(count == 0 ? ret_first : ret_second) = i;
		count++;
	}
	return count == 2;
}

bool
jwt_is_token(struct str secret)
{
	size_t first, second;

	return find_dots(secret, &first, &second);
}

/* Under the lock: why there are no keys to verify by; 0 when there are. */
static int
check_keys(const struct jwt *jwt, struct error *err)
{
	int64_t age_s = (clock_steady_ms() - jwt->read_ms) / 1000;

	if (!jwt->keys)
		return error_set(err, ERROR_UNKNOWN, NULL, "there are no keys to verify tokens by%s%s",
		                 jwt->why[0] ? ": " : " yet", jwt->why);
	if (jwt->from_url && age_s > jwt->settings->jwt_keys_max_age_s)
		return error_set(err, ERROR_UNKNOWN, NULL,
		                 "the keys to verify tokens by are %" PRId64 " s old (jwt_keys_max_age_s): %s", age_s,
		                 jwt->why);
	return 0;
}

static int
check_signature(struct jwt *jwt, struct str token, const struct node *header, struct error *err)
{
	const struct node *kid = node_get(header, "kid");
	struct error why = {0};
	int r;

	if (kid && (kid->kind != NODE_TEXT || kid->text.len > 200))
		return error_set(err, ERROR_UNKNOWN, NULL, "the name of the token's key (kid) is not a short text");
	pthread_mutex_lock(&jwt->lock);
	r = check_keys(jwt, &why);
	if (r == 0)
		r = jwt_keys_verify(jwt->keys, token, node_get(header, "alg")->text, kid ? kid->text : STR_NONE, &why);
	if (r == -ERROR_UNKNOWN && jwt->from_url)
		want_fetch(jwt, false); /* keys change, and tokens name the new ones first */
	pthread_mutex_unlock(&jwt->lock);
	return r == 0 ? 0 : error_set(err, r == -ERROR_MEMORY ? ERROR_MEMORY : ERROR_UNKNOWN, NULL, "%s", why.text);
}

int
jwt_verify(struct jwt *jwt, struct str token, int64_t now_s, struct arena *arena, struct jwt_claims *ret,
           struct error *err)
{
	struct node *header, *claims;
	size_t first = 0, second = 0;
	int r;

	if (token.len > JWT_TOKEN_MOST)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token has %zu bytes: expected at most %d", token.len,
		                 JWT_TOKEN_MOST);
	if (!find_dots(token, &first, &second))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token has not three parts");
	r = jwt_part_read((struct str){token.ptr, first}, "header", arena, &header, err);
	if (r == 0)
		r = jwt_header_check(jwt->settings, header, err);
	if (r == 0)
		r = check_signature(jwt, token, header, err);
	if (r == 0)
		r = jwt_part_read((struct str){token.ptr + first + 1, second - first - 1}, "body", arena, &claims, err);
	if (r == 0)
		r = jwt_claims_check(jwt->settings, claims, now_s, ret, err);
	return r != 0 ? r : jwt_roles_read(claims, jwt->settings->jwt_roles_claim, arena, ret, err);
}
