/* replay_report - what a replay found, as text, JSON or Markdown */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_REPLAY_REPLAY_REPORT_H
#define API_REPLAY_REPLAY_REPORT_H

#include <stdio.h>

#include "api/replay/replay_run.h"
#include "base/text.h"

void replay_report_text(FILE *out, const struct replay_report *report, bool same);

/* For a comment on a merge request. */
void replay_report_markdown(FILE *out, const struct replay_report *report, bool same);

/*
 * {"lines","changes","questions","decided","skipped":{},"other_policies","missing","permits","masked","from"?,"to"?,
 *  "open":{"asked","to_deny","to_permit","other_reason","uncertain"},"closed":{the same,"not_asked"},
 *  "policies":[{"policy","open":{"to_deny","to_permit"},"closed":{}}],
 *  "examples":[{"loop","flip","file","line"?,"time","request":{},"was":{"status","reason","policy"?},
 *               "now":{"status","reason","policy"?,"file"?,"line"?},"explanation"?}]}
 * 0 or -ERROR_MEMORY
 */
int replay_report_json(FILE *out, const struct replay_report *report);

/* The same, appended. */
void replay_report_add(struct text *out, const struct replay_report *report);

#endif
