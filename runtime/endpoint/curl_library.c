/* curl_library - libcurl, loaded when something needs it; inside runtime/endpoint only */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/endpoint/curl_library.h"

#ifdef HAVE_LIBCURL

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct curl_library curl;

/*
 * libcurl comes with twenty libraries and 3 MiB that stay in memory, and few services have an actor or keys with a URL:
 * it is loaded by the first that needs it, and stays, because what it loads may not be unloaded while threads exist.
 */
int
curl_load(struct error *err)
{
	/* There is one for each TLS library that it can be built with. */
	static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"};
	void *library = NULL, *symbol;
	char why[256] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !library; i++) {
		library = dlopen(names[i], RTLD_NOW);
		if (!library && !why[0]) /* of the first; the next call takes its text back */
			(void)snprintf(why, sizeof(why), "%s", dlerror());
	}
	if (!library)
		return error_set(err, ERROR_IO, NULL, "cannot load %s, for actors or keys with a URL: %s", names[0],
		                 why);
#define X(name) \
	symbol = dlsym(library, "curl_" #name); \
	memcpy(&curl.name, &symbol, sizeof(symbol)); /* the way from an object's pointer to a function's */ \
	if (!symbol) \
		return error_set(err, ERROR_IO, NULL, "libcurl is too old: it has no curl_" #name);
	CURL_CALLS(X)
#undef X
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, ERROR_MEMORY, NULL, "cannot start libcurl");
	return 0;
}

#else

typedef int curl_library_is_empty; /* a file of C has something in it */

#endif
