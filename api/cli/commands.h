/* commands - the commands of clguard, one file each */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_COMMANDS_H
#define API_CLI_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "api/process/excerpt.h"
#include "base/error.h"
#include "base/text.h"
#include "guards/guard.h"

/* argv[0] is the command's own name; the result is the exit code (arguments.h). */
int cmd_catalogue(int argc, char **argv);
int cmd_change(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_commission(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_compose(int argc, char **argv);
int cmd_configurations(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_db(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_decide(int argc, char **argv);
int cmd_decommission(int argc, char **argv);
int cmd_delete(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_end(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_look(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_gateway(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_notifications(int argc, char **argv);
int cmd_fmt(int argc, char **argv);
int cmd_order(int argc, char **argv);
int cmd_pap(int argc, char **argv);
int cmd_participants(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_publish(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_state(int argc, char **argv);
int cmd_statistics(int argc, char **argv);
int cmd_ask(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_topics(int argc, char **argv);
int cmd_types(int argc, char **argv);
int cmd_watch(int argc, char **argv);

/* Helpers that several commands share. */

/* The findings that were kept, as a list of {severity, id, file, line, column, path, text}. */
void findings_json(struct text *out, const struct diags *diags);

/* Says on stderr what is wrong with the command line, or nothing when it is NULL. EXIT_USAGE, or EXIT_DONE for nothing. */
int check_usage(const char *command, const char *wrong);

/* "strict" (also NULL) or "onap". False after a message on stderr. */
bool read_mode(const char *command, const char *text, enum guard_mode *ret);

#endif
