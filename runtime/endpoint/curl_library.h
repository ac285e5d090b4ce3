/* curl_library - libcurl, loaded when something needs it; inside runtime/endpoint only */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ENDPOINT_CURL_LIBRARY_H
#define RUNTIME_ENDPOINT_CURL_LIBRARY_H

#include "base/error.h"

#ifdef HAVE_LIBCURL

#include <curl/curl.h>

#define CURL_CALLS(X) \
	X(easy_cleanup) \
	X(easy_getinfo) \
	X(easy_init) \
	X(easy_perform) \
	X(easy_setopt) \
	X(easy_strerror) \
	X(global_cleanup) \
	X(global_init) \
	X(multi_add_handle) \
	X(multi_cleanup) \
	X(multi_info_read) \
	X(multi_init) \
	X(multi_perform) \
	X(multi_poll) \
	X(multi_remove_handle) \
	X(multi_wakeup) \
	X(slist_append) \
	X(slist_free_all)

struct curl_library {
#define X(name) __typeof__(curl_##name) *name;
	CURL_CALLS(X)
#undef X
};

/* Filled by curl_load; const afterwards. */
extern struct curl_library curl;

/* At start, before there are threads that use it; each caller ends with curl.global_cleanup. errors  ERROR_IO, ERROR_MEMORY */
int curl_load(struct error *err);

#endif

#endif
