/* tls - the service's certificate and key, read again without a dropped connection; client certificates */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_TLS_H
#define API_IDENTITY_TLS_H

#include <stddef.h>

#include "api/process/settings.h"

/* TLS 1.3 and 1.2 with forward secrecy and authenticated ciphers only, in GnuTLS's words. */
#define TLS_PRIORITIES \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:" \
	"+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%SERVER_PRECEDENCE"

struct tls;

/*
 * Reads settings->tls_certificate and tls_key (PEM), and tls_client_ca where it is set. One at a time in a process:
 * libmicrohttpd's callback brings no context.
 * errors  ERROR_IO, ERROR_LIMIT, ERROR_MEMORY, ERROR_SYNTAX what is not PEM or does not belong together; the file named.
 *         ERROR_UNKNOWN  the build has no GnuTLS
 */
int tls_open(const struct settings *settings, struct tls **ret, struct error *err);
void tls_close(struct tls *tls); /* after the server; takes NULL */

/*
 * Reads certificate and key again: for new connections. On any error the old ones stay. tls_client_ca needs a restart.
 * The admin thread.
 */
int tls_reload(struct tls *tls, struct error *err);

/*
 * From when until when the first certificate of a file (PEM) is good, Unix milliseconds.
 * errors  as tls_open
 */
int tls_validity(const char *path, int64_t *ret_from_ms, int64_t *ret_until_ms, struct error *err);

/* For libmicrohttpd: its MHD_OPTION_HTTPS_CERT_CALLBACK, and the PEM text for MHD_OPTION_HTTPS_MEM_TRUST or NULL. */
void *tls_callback(void);
const char *tls_trust(const struct tls *tls);

/*
 * The names of a session's client certificate, where it has one that tls_client_ca vouches for: DNS names, URIs, then
 * the common name, as NUL-terminated texts one after the other in `buf`, an empty one at the end. session: GnuTLS's.
 */
void tls_client_names(void *session, char *buf, size_t size);

#endif
