/* openapi - doc/openapi.yaml as it was when the program was built */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_OPENAPI_H
#define API_RESOURCES_OPENAPI_H

#include "policytypes/builtin.h"

/* One document; made by policytypes/embed.sh. */
extern const struct builtin_document openapi_document[];
extern const size_t openapi_document_count;

#endif
