/* findings_format - findings in the forms that pipelines read: GitHub's workflow commands, SARIF */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_FINDINGS_FINDINGS_FORMAT_H
#define API_FINDINGS_FINDINGS_FORMAT_H

#include "base/error.h"
#include "base/text.h"

/*
 * One command a finding: "::error file=a.yaml,line=3,col=7,title=LINT-01::text", which GitHub shows at the line. An info is a
 * notice; findings beyond those kept are one more notice.
 */
void findings_github(struct text *out, const struct diags *diags);

/*
 * One SARIF 2.1.0 log with one run. Its rules are the ids of the findings, each once, in the order found; a finding without an
 * id is of rule CHECK. done: whether the check came to its end (an executionSuccessful of SARIF), errors in documents or not.
 */
void findings_sarif(struct text *out, const struct diags *diags, bool done);

#endif
