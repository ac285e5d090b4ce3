/* tls - the service's certificate and key, read again without a dropped connection; client certificates */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/tls.h"

#ifdef HAVE_GNUTLS

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "engine/decide/load.h"

#define TLS_FILE_MAX ((size_t)1 << 20)
#define CHAIN_MAX 16
#define RETIRED_S 120 /* how long a handshake may still use a certificate that was replaced */

/* A certificate chain and its key. Const once published. */
struct material {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned count;
	gnutls_privkey_t key;
	struct material *retired; /* older ones, of the admin thread */
	time_t retired_at;
};

struct tls {
	const struct settings *settings;
	struct arena arena; /* of the trust text */
	const char *trust;
	struct material *newest; /* the admin thread's */
};

/*
 * What handshakes use. At file scope because the callback that libmicrohttpd takes has no context of its own; written by
 * tls_open, tls_reload and tls_close, read by workers. Release and acquire: who loads the pointer sees the whole material.
 */
static _Atomic(struct material *) current;

static void
material_free(struct material *material)
{
	if (!material)
		return;
	for (unsigned i = 0; i < material->count; i++)
		gnutls_pcert_deinit(&material->chain[i]);
	if (material->key)
		gnutls_privkey_deinit(material->key);
	free(material);
}

static int
tls_fail(struct error *err, const char *path, int code)
{
	return error_set(err, ERROR_SYNTAX, NULL, "%s: %s", path, gnutls_strerror(code));
}

static int
read_pem(const char *path, struct arena *arena, gnutls_datum_t *ret, struct error *err)
{
	struct str bytes;
	int r = load_file(path, TLS_FILE_MAX, arena, &bytes, err);

	if (r == 0)
		*ret = (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes.ptr, (unsigned)bytes.len};
	return r;
}

/* A key of another certificate would fail at each handshake: it is refused here. */
static int
check_pair(const struct settings *settings, struct material *material, struct error *err)
{
	unsigned char of_key[64], of_certificate[64];
	size_t key_size = sizeof(of_key), certificate_size = sizeof(of_certificate);
	gnutls_pubkey_t public = NULL;
	int r = gnutls_pubkey_init(&public);

	if (r >= 0)
		r = gnutls_pubkey_import_privkey(public, material->key, 0, 0);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &key_size);
	if (r >= 0)
		r = gnutls_pubkey_get_key_id(material->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_certificate,
		                             &certificate_size);
	if (public)
		gnutls_pubkey_deinit(public);
	if (r < 0)
		return tls_fail(err, settings->tls_key, r);
	if (key_size != certificate_size || memcmp(of_key, of_certificate, key_size) != 0)
		return error_set(err, ERROR_SYNTAX, NULL, "%s: the key does not belong to the certificate in %s",
		                 settings->tls_key, settings->tls_certificate);
	return 0;
}

static int
material_read(const struct settings *settings, struct material **ret, struct error *err)
{
	struct material *material = calloc(1, sizeof(*material));
	gnutls_datum_t certificate, key;
	struct arena arena;
	int r, code;

	if (!material)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	arena_init(&arena, 0);
	r = read_pem(settings->tls_certificate, &arena, &certificate, err);
	if (r == 0)
		r = read_pem(settings->tls_key, &arena, &key, err);
	if (r == 0) {
		unsigned count = CHAIN_MAX;

		code = gnutls_pcert_list_import_x509_raw(material->chain, &count, &certificate, GNUTLS_X509_FMT_PEM,
		                                         GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
		if (code < 0)
			r = tls_fail(err, settings->tls_certificate, code);
		else
			material->count = count;
	}
	if (r == 0) {
		code = gnutls_privkey_init(&material->key);
		if (code >= 0)
			code = gnutls_privkey_import_x509_raw(material->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
		if (code < 0)
			r = tls_fail(err, settings->tls_key, code);
	}
	if (r == 0)
		r = check_pair(settings, material, err);
	arena_free(&arena);
	if (r != 0)
		material_free(material);
	else
		*ret = material;
	return r;
}

int
tls_reload(struct tls *tls, struct error *err)
{
	struct material *material = NULL, **old;
	time_t now = time(NULL);
	int r = material_read(tls->settings, &material, err);

	if (r != 0)
		return r;
	if (tls->newest)
		tls->newest->retired_at = now;
	material->retired = tls->newest;
	tls->newest = material;
	atomic_store_explicit(&current, material, memory_order_release);
	for (old = &material->retired; *old && now - (*old)->retired_at <= RETIRED_S;)
		old = &(*old)->retired;
	while (*old) {
		struct material *gone = *old;

		*old = gone->retired;
		material_free(gone);
	}
	return 0;
}

int
tls_open(const struct settings *settings, struct tls **ret, struct error *err)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	int r;

	if (!tls)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	tls->settings = settings;
	arena_init(&tls->arena, 0);
	r = tls_reload(tls, err);
	if (r == 0 && settings->tls_client_ca) {
		struct str bytes;

		r = load_file(settings->tls_client_ca, TLS_FILE_MAX, &tls->arena, &bytes, err);
		tls->trust = r == 0 ? bytes.ptr : NULL;
	}
	if (r != 0)
		tls_close(tls);
	else
		*ret = tls;
	return r;
}

void
tls_close(struct tls *tls)
{
	if (!tls)
		return;
	atomic_store_explicit(&current, NULL, memory_order_release);
	while (tls->newest) {
		struct material *material = tls->newest;

		tls->newest = material->retired;
		material_free(material);
	}
	arena_free(&tls->arena);
	free(tls);
}

const char *
tls_trust(const struct tls *tls)
{
	return tls->trust;
}

static int
retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
         const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain, unsigned *ret_count,
         gnutls_privkey_t *ret_key)
{
	struct material *material = atomic_load_explicit(&current, memory_order_acquire);

	(void)session;
	(void)authorities;
	(void)authority_count;
	(void)algorithms;
	(void)algorithm_count;
	if (!material)
		return -1;
	*ret_chain = material->chain;
	*ret_count = material->count;
	*ret_key = material->key;
	return 0;
}

void *
tls_callback(void)
{
	return (void *)(uintptr_t)retrieve;
}

static void
add_name(char **at, size_t *room, const char *name, size_t len)
{
	if (len == 0 || len + 2 > *room || memchr(name, '\0', len))
		return;
	memcpy(*at, name, len);
	(*at)[len] = '\0';
	(*at)[len + 1] = '\0';
	*at += len + 1;
	*room -= len + 1;
}

static void
add_names(gnutls_x509_crt_t certificate, char *at, size_t room)
{
	char name[256];
	size_t size;

	for (unsigned i = 0;; i++) {
		int kind;

		size = sizeof(name);
		kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
		if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (kind == GNUTLS_SAN_DNSNAME || kind == GNUTLS_SAN_URI)
			add_name(&at, &room, name, strnlen(name, size));
		else if (kind < 0 && kind != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
	}
	size = sizeof(name);
	if (gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size) == 0)
		add_name(&at, &room, name, size);
}

void
tls_client_names(void *session, char *buf, size_t size)
{
	unsigned status = 1, count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	gnutls_x509_crt_t certificate;

	buf[0] = '\0';
	if (!chain || count == 0 || gnutls_certificate_verify_peers2(session, &status) < 0 || status != 0)
		return;
	if (gnutls_x509_crt_init(&certificate) < 0)
		return;
	if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0)
		add_names(certificate, buf, size);
	gnutls_x509_crt_deinit(certificate);
}

int
tls_validity(const char *path, int64_t *ret_from_ms, int64_t *ret_until_ms, struct error *err)
{
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem;
	struct arena arena;
	int r;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	arena_init(&arena, 0);
	r = read_pem(path, &arena, &pem, err);
	if (r == 0) {
		int code = gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM);

		r = code < 0 ? tls_fail(err, path, code) : 0;
	}
	if (r == 0) {
		*ret_from_ms = (int64_t)gnutls_x509_crt_get_activation_time(certificate) * 1000;
		*ret_until_ms = (int64_t)gnutls_x509_crt_get_expiration_time(certificate) * 1000;
	}
	gnutls_x509_crt_deinit(certificate);
	arena_free(&arena);
	return r;
}

#else

int
tls_open(const struct settings *settings, struct tls **ret, struct error *err)
{
	(void)settings;
	(void)ret;
	return error_set(err, ERROR_UNKNOWN, NULL, "TLS needs a build with GnuTLS");
}

void
tls_close(struct tls *tls)
{
	(void)tls;
}

int
tls_reload(struct tls *tls, struct error *err)
{
	(void)tls;
	return error_set(err, ERROR_UNKNOWN, NULL, "TLS needs a build with GnuTLS");
}

int
tls_validity(const char *path, int64_t *ret_from_ms, int64_t *ret_until_ms, struct error *err)
{
	(void)path;
	(void)ret_from_ms;
	(void)ret_until_ms;
	return error_set(err, ERROR_UNKNOWN, NULL, "TLS needs a build with GnuTLS");
}

void *
tls_callback(void)
{
	return NULL;
}

const char *
tls_trust(const struct tls *tls)
{
	(void)tls;
	return NULL;
}

void
tls_client_names(void *session, char *buf, size_t size)
{
	(void)session;
	(void)size;
	buf[0] = '\0';
}

#endif
