/* media - media types: what a body is, what a client accepts */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_MEDIA_H
#define API_BODIES_MEDIA_H

#include "base/str.h"

/* Media types that we read or write; a mask. */
enum media {
	MEDIA_JSON = 1,
	MEDIA_YAML = 2,
	MEDIA_METRICS = 4,
	MEDIA_OTHER = 8,
	MEDIA_XACML = 16, /* its JSON profile */
	MEDIA_XACML_XML = 32
};

/* The type of a Content-Type header, parameters passed over; JSON when it is absent; 0 for another. */
enum media media_of(struct str content_type);

/*
 * Which of `offered` (a mask) an Accept header likes best: by its q, then by how exactly it is named, then JSON first.
 * Absent accepts all. 0: none of them.
 */
enum media media_accepted(struct str accept, unsigned offered);

#endif
