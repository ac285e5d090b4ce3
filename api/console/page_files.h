/* page_files - the files of the console, which the build puts into the program */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONSOLE_PAGE_FILES_H
#define API_CONSOLE_PAGE_FILES_H

#include <stddef.h>

/* Static storage. */
struct page_file {
	const char *name; /* "now.js" */
	const char *tag;  /* as in ETag, with its quotes */
	const unsigned char *bytes;
	size_t size;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
