/* error - what went wrong, where, in whose words */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct node;

/* Code and name. Functions return 0 or the negative code. */
#define ERROR_CODES(X) \
	X(NONE, "none")           /* no error */ \
	X(SYNTAX, "syntax")       /* the bytes are not the language they should be */ \
	X(TYPE, "type")           /* a value has the wrong type or shape */ \
	X(RANGE, "range")         /* a value is outside its bounds */ \
	X(LIMIT, "limit")         /* an input limit is passed */ \
	X(MISSING, "missing")     /* something required is not there */ \
	X(UNKNOWN, "unknown")     /* a name that nobody declared */ \
	X(DUPLICATE, "duplicate") /* the same thing twice */ \
	X(CONFLICT, "conflict")   /* the state does not allow it */ \
	X(MEMORY, "memory")       /* no memory, or an arena's limit */ \
	X(IO, "io")               /* a file or socket failed */ \
	X(FULL, "full")           /* the database is at its limit */ \
	X(DAMAGED, "damaged")     /* the database fails its own checks */ \
	X(BUSY, "busy")           /* somebody else holds it */ \
	X(INTERNAL, "internal")   /* our own mistake */

enum error_code {
#define X(code, name) ERROR_##code,
	ERROR_CODES(X)
#undef X
};

/* The code of a negative result, as error_set and most functions return it. */
static inline enum error_code
error_from(int result)
{
	return (enum error_code) - result;
}

#define ERROR_PATH_SIZE 192
#define ERROR_TEXT_SIZE 320

/* Caller-owned, no malloc; start it as {0}. The first error set wins. */
struct error {
	enum error_code code;
	uint32_t line, column;      /* 1-based place in the document, 0 when there is none */
	char path[ERROR_PATH_SIZE]; /* "policies[0].properties.limit", empty when there is none */
	char text[ERROR_TEXT_SIZE]; /* one sentence, lower case, no full stop */
};

/* Sets code, text and the place of `where` (NULL for none) unless an error is set already; returns -code. err may be NULL. */
int error_set(struct error *err, enum error_code code, const struct node *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* As error_set, with the place as numbers. */
int error_set_at(struct error *err, enum error_code code, uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* "syntax", "type" and so on. */
const char *error_name(enum error_code code);

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

/* "info", "warning", "error" */
const char *severity_name(enum severity severity);

/* One finding about a document. All texts are NUL-terminated and live in the diags' arena. */
struct diag {
	struct diag *next;
	enum severity severity;
	const char *code; /* stable short code such as "OPV-11", or NULL */
	const char *file; /* never NULL; "" when unknown */
	uint32_t line, column;
	const char *path;
	const char *text;
};

#define DIAGS_MAX 1000

/* Findings in the order found: the first 1,000, then only counts; an error is always among them when there is one. The counts are right even when out of memory. */
struct diags {
	struct arena *arena;
	struct diag *first, *last;
	size_t kept;                      /* findings in the list */
	size_t count[SEVERITY_ERROR + 1]; /* all findings by severity */
};

/* Empty; findings will be allocated from `arena`, which must outlive them. */
void diags_init(struct diags *diags, struct arena *arena);

/* Adds a finding at `where` (its file, line, column, path; NULL for none). code may be NULL, else static text. */
void diags_add(struct diags *diags, enum severity severity, const char *code, const struct node *where,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* As diags_add with severity error and no code. */
void diags_error(struct diags *diags, const struct node *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds an error struct, which carries no file name, as a finding in `file`. */
void diags_add_error(struct diags *diags, const char *file, const struct error *err);

#endif
