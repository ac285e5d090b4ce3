/* pattern - regular expressions by PCRE2, compiled once, matched with bounded work */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/*
 * What a pattern may cost. Compiling: bytes of the pattern, nested groups. Matching: steps, and memory of the two ways
 * to match, by machine code on a stack of its own, or by interpreting with frames.
 *
 * PCRE2's own match limit counts where a match turns back. That bounds what a pattern without groups does, but machine
 * code does not count the rounds of a repeated group, so that repetitions in one another take n^3 or n^4 characters
 * below any limit. A pattern with a group therefore calls back at each of its items, and we count these.
 */
#define PATTERN_BYTES 4096
#define PATTERN_NESTING 64
#define MATCH_STEPS 100000
#define MATCH_STEPS_BYTES 1024 /* a step may read the whole value: longer values get fewer */
#define MATCH_DEPTH 10000
#define JIT_STACK_FIRST ((size_t)32 << 10)
#define JIT_STACK_LARGEST ((size_t)256 << 10)
#define FRAMES_KIB 1024
#define FRAMES_SIZE ((size_t)FRAMES_KIB << 10)

struct pattern {
	pcre2_code *code;
	struct str text;
};

/*
 * The interpreter asks for frames while it matches, and to grow it asks for a second block before it gives back the
 * first. Two blocks of the largest size, taken in turn, serve it for ever without an allocation.
 */
struct pattern_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack; /* NULL where there is no JIT */
	char *frames;           /* 2 * FRAMES_SIZE bytes */
	bool taken[2];
	bool matching;       /* false: the caller may allocate */
	uint32_t steps_left; /* of the match that goes on */
};

static void
code_free(void *code)
{
	pcre2_code_free(code);
}

static pcre2_code *
pattern_compile_bytes(struct str text, enum pattern_dot dot, int *ret_problem, size_t *ret_offset)
{
	uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	if (dot == PATTERN_DOT_ALL)
		options |= PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
	if (memchr(text.ptr, '(', text.len))
		options |= PCRE2_AUTO_CALLOUT;
	*ret_problem = PCRE2_ERROR_HEAP_FAILED;
	if (!context)
		return NULL;
	(void)pcre2_set_max_pattern_length(context, PATTERN_BYTES); /* these three cannot fail with these values */
	(void)pcre2_set_parens_nest_limit(context, PATTERN_NESTING);
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
	code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, ret_problem, ret_offset, context);
	pcre2_compile_context_free(context);
	return code;
}

/* Bytes of a text to quote in a message, so that no character is cut. */
static int
quotable(struct str text)
{
	size_t len = text.len < 60 ? text.len : 60;

	while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

int
pattern_compile(struct str text, enum pattern_dot dot, const struct node *where, struct arena *arena,
                const struct pattern **ret_pattern, struct error *err)
{
	struct pattern *pattern = arena_alloc(arena, sizeof(*pattern));
	struct str copy = arena_str(arena, text.ptr ? text : STR(""));
	size_t offset = 0;
	int problem;

	if (!pattern || !copy.ptr)
		return error_set(err, ERROR_MEMORY, where, "no memory for a pattern");
	pattern->text = copy;
	pattern->code = pattern_compile_bytes(copy, dot, &problem, &offset);
	if (!pattern->code) {
		PCRE2_UCHAR message[160];

		if (problem == PCRE2_ERROR_HEAP_FAILED)
			return error_set(err, ERROR_MEMORY, where, "no memory for a pattern");
		if (pcre2_get_error_message(problem, message, sizeof(message)) < 0)
			message[0] = '\0';
		return error_set(err, ERROR_SYNTAX, where, "bad pattern '%.*s': %s at offset %zu", quotable(copy),
		                 copy.ptr, (const char *)message, offset);
	}
	if (arena_defer(arena, code_free, pattern->code) != 0) {
		pcre2_code_free(pattern->code);
		return error_set(err, ERROR_MEMORY, where, "no memory for a pattern");
	}
	(void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* without it the pattern is interpreted */
	*ret_pattern = pattern;
	return 0;
}

bool
pattern_jit_works(void)
{
	size_t offset;
	int problem;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR) "a", 1, 0, &problem, &offset, NULL);
	bool works = code && pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;

	pcre2_code_free(code);
	return works;
}

int
pattern_match(const struct pattern *pattern, struct pattern_scratch *scratch, struct str subject)
{
	size_t steps = MATCH_STEPS;
	int r;

	if (subject.len > MATCH_STEPS_BYTES)
		steps = steps * MATCH_STEPS_BYTES / subject.len;
	scratch->steps_left = (uint32_t)steps;
	(void)pcre2_set_match_limit(scratch->context, (uint32_t)steps); /* cannot fail */
	scratch->matching = true;
	r = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.ptr ? subject.ptr : ""), subject.len, 0, 0, scratch->data,
	                scratch->context);
	scratch->matching = false;
	if (r >= 0)
		return 1;
	return r == PCRE2_ERROR_NOMATCH ? 0 : -ERROR_LIMIT;
}

struct str
pattern_text(const struct pattern *pattern)
{
	return pattern->text;
}

static void *
scratch_take(size_t size, void *object)
{
	struct pattern_scratch *scratch = object;

	if (!scratch->matching)
		return malloc(size);
	for (int i = 0; i < 2 && size <= FRAMES_SIZE; i++) {
		if (!scratch->taken[i]) {
			scratch->taken[i] = true;
			return scratch->frames + (size_t)i * FRAMES_SIZE;
		}
	}
	return NULL;
}

static void
scratch_give(void *memory, void *object)
{
	struct pattern_scratch *scratch = object;

	if (memory == scratch->frames)
		scratch->taken[0] = false;
	else if (memory == scratch->frames + FRAMES_SIZE)
		scratch->taken[1] = false;
	else
		free(memory);
}

/* At an item of a pattern with groups. */
static int
step(pcre2_callout_block *block, void *object)
{
	struct pattern_scratch *scratch = object;

	(void)block; /* where it stands does not matter */
	if (scratch->steps_left == 0)
		return PCRE2_ERROR_CALLOUT;
	scratch->steps_left--;
	return 0;
}

struct pattern_scratch *
pattern_scratch_new(void)
{
	struct pattern_scratch *scratch = calloc(1, sizeof(*scratch));
	pcre2_general_context *memory;

	if (!scratch)
		return NULL;
	scratch->frames = malloc(2 * FRAMES_SIZE);
	memory = scratch->frames ? pcre2_general_context_create(scratch_take, scratch_give, scratch) : NULL;
	if (memory) {
		scratch->data = pcre2_match_data_create(1, memory);
		scratch->context = pcre2_match_context_create(memory);
		scratch->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_LARGEST, NULL);
		pcre2_general_context_free(memory);
	}
	if (!scratch->data || !scratch->context) {
		pattern_scratch_free(scratch);
		return NULL;
	}
	(void)pcre2_set_depth_limit(scratch->context, MATCH_DEPTH); /* these cannot fail */
	(void)pcre2_set_heap_limit(scratch->context, FRAMES_KIB);
	(void)pcre2_set_callout(scratch->context, step, scratch);
	if (scratch->stack)
		pcre2_jit_stack_assign(scratch->context, NULL, scratch->stack);
	return scratch;
}

void
pattern_scratch_free(struct pattern_scratch *scratch)
{
	if (!scratch)
		return;
	pcre2_match_data_free(scratch->data); /* each takes NULL */
	pcre2_match_context_free(scratch->context);
	pcre2_jit_stack_free(scratch->stack);
	free(scratch->frames);
	free(scratch);
}
