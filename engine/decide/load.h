/* load - policy files and directories to documents */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_LOAD_H
#define ENGINE_DECIDE_LOAD_H

#include "engine/decide/engine.h"

/* The bytes of a file of at most `most` bytes, NUL-terminated, in `arena`. errors  ERROR_IO, ERROR_LIMIT; ERROR_MEMORY: no memory, or no descriptor */
int load_file(const char *path, size_t most, struct arena *arena, struct str *ret_bytes, struct error *err);

struct path_list {
	const char **paths;
	size_t count, room;
};

/* Files as they are given, directories as their *.yaml, *.yml, *.json by name (bytewise). In `arena`. */
int load_expand(const char *const *paths, size_t count, struct arena *arena, struct path_list *ret, struct error *err);

/* load_expand and load_file: documents in load order, in `arena`. With skip_bad an unreadable file is only a finding. */
int load_documents(const char *const *paths, size_t count, size_t most, bool skip_bad, struct arena *arena,
                   struct document **ret, size_t *ret_count, struct diags *diags);

#endif
