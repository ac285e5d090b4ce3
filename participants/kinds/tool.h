/* tool - a program that a participant runs: kubectl, helm */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_KINDS_TOOL_H
#define PARTICIPANTS_KINDS_TOOL_H

#include "participants/framework/element_order.h"

struct tool_answer {
	int code;            /* exit code; 128 + signal when it was killed */
	struct str out, err; /* in the order's arena; each is cut at 4 MiB */
};

/*
 * Runs argv (ended by NULL; argv[0] is looked for in PATH) with `input` on its standard input. ACT_DONE when it has
 * ended, whatever its code; ACT_FAILED when it cannot be started, ACT_AGAIN when it took longer than limit_ms and was
 * killed with all that it started: then the order's message says so. It waits while another tool of the element is at work,
 * also one that a participant before this one has started.
 */
enum act_result tool_run(struct element_order *order, const char *const argv[], struct str input, int64_t limit_ms,
                         struct tool_answer *ret);

/* The first line of what it said, for messages: of err, else of out. */
struct str tool_words(const struct tool_answer *answer);

#endif
