/* clguard_main - the command line program */
/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "policytypes/suggest.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"ask", cmd_ask, "ask a running service for a decision"},
	{"check", cmd_check, "compile policies and print every finding"},
	{"db", cmd_db, "back up, restore, verify, compact, prune, dump, import into or accept a database"},
	{"convert", cmd_convert, "write older documents as TOSCA, guards as XACML"},
	{"compare", cmd_compare,
         "answer requests in both modes, or under two sets of policies, and tell the differences"},
	{"completion", cmd_completion, "print a script that completes commands in bash, zsh or fish"},
	{"diff", cmd_diff, "tell what two sets of policies answer otherwise, each with a request that shows it"},
	{"replay", cmd_replay, "answer a decision log again by other policies, with the counters of each moment"},
	{"log", cmd_log, "verify, tail and show decision logs"},
	{"decide", cmd_decide, "take one decision from files"},
	{"doctor", cmd_doctor, "tell what is wrong with a service, its files and its database, and what to do"},
	{"fmt", cmd_fmt, "lay YAML documents out alike, comments kept"},
	{"reload", cmd_reload, "have a running service read settings, policies, users and certificates again"},
	{"state", cmd_state, "show the state of a running service, or set it"},
	{"record", cmd_record, "enter operations into a running service, or take one out of its counts"},
	{"show", cmd_show, "show operational policies as a graph, or in their canonical form"},
	{"simulate", cmd_simulate, "play events through operational policies in virtual time"},
	{"test", cmd_test, "run policy tests"},
	{"types", cmd_types, "list the built-in policy types, or show one"},
	{"look", cmd_look, "list guards, limiters, denials and more of a running service"},
	{"end", cmd_end, "end an execution of an operational policy"},
	{"events", cmd_events, "print what happens in a running service, as it happens"},
	{"status", cmd_status, "show how a running service stands, and what to look at"},
	{"compose", cmd_compose, "make a control loop type of element definitions in the catalogue"},
	{"commission", cmd_commission, "bring a control loop type into a running service"},
	{"create", cmd_create, "make control loop instances"},
	{"order", cmd_order, "order an instance into a state"},
	{"watch", cmd_watch, "show instances and their elements, live, and what they wait for"},
	{"participants", cmd_participants, "show who takes part"},
	{"policy", cmd_policy, "enter, deploy, undeploy and roll back policies of a running service"},
	{"pap", cmd_pap, "show what became of deployments"},
	{"change", cmd_change, "give instances other configurations"},
	{"configurations", cmd_configurations, "list the configurations of an instance"},
	{"rollback", cmd_rollback, "bring an instance back to an earlier configuration"},
	{"delete", cmd_delete, "delete an instance"},
	{"decommission", cmd_decommission, "take a control loop type out of a running service"},
	{"catalogue", cmd_catalogue, "list the design time catalogue"},
	{"statistics", cmd_statistics, "show what participants report of themselves and of elements"},
	{"gateway", cmd_gateway, "print the configuration of an API gateway"},
	{"notifications", cmd_notifications, "print what the runtime tells"},
	{"topics", cmd_topics, "list the topics of the bus"},
	{"publish", cmd_publish, "send a message, such as an event"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
usage(FILE *out, int code)
{
	fprintf(out, "usage: clguard COMMAND [ARGUMENT ...]\n\n"
	             "Guards for control loops: may this actor perform this operation on this target now?\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'clguard COMMAND --help' tells of one; 'clguard --version' prints the version.\n"
	             "Exit codes: 0 done, 1 the input is at fault, 2 usage, 3 environment.\n");
	return code;
}

/* Output is part of a command's work: a full disk or a closed pipe is the environment's fault. */
static int
main_run(const struct command *command, int argc, char **argv)
{
	int code = command->run(argc, argv);

	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "clguard %s: cannot write to the standard output\n", command->name);
	return EXIT_ENVIRONMENT;
}

static int
unknown_command(const char *word)
{
	struct suggestion meant;

	suggestion_init(&meant, str_from(word));
	for (size_t i = 0; i < COMMANDS; i++)
		suggestion_offer(&meant, str_from(commands[i].name));
	fprintf(stderr, "clguard: unknown command '%s'%s%.*s%s; see 'clguard --help'\n", word, SUGGESTION_ARG(meant));
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write */
	signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow */
	if (argc < 2)
		return usage(stderr, EXIT_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return usage(stdout, EXIT_DONE);
	if (strcmp(argv[1], "--version") == 0) {
		printf("clguard %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--list-commands") == 0) { /* for completion */
		for (size_t i = 0; i < COMMANDS; i++)
			printf("%s\t%s\n", commands[i].name, commands[i].help);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return main_run(&commands[i], argc - 1, argv + 1);
	}
	return unknown_command(argv[1]);
}
