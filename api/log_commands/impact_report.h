/* impact_report - what a deployment would turn, as people read it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LOG_COMMANDS_IMPACT_REPORT_H
#define API_LOG_COMMANDS_IMPACT_REPORT_H

#include "base/node.h"

/* The member "impact" of a dry run's answer, to stdout; nothing when there is none. */
void impact_print(const struct node *impact);

#endif
