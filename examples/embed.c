/* embed - a program that asks before it acts: clguard as a library */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 *   cc embed.c $(pkg-config --cflags --libs clguard) -o embed
 *   ./embed POLICY...
 *
 * Restarts a VM again and again, as a control loop gone wrong would, and is stopped by the guards.
 */
#include <clguard.h>
#include <stdio.h>

static void
print_finding(void *context, const struct clg_finding *finding)
{
	static const char *const level[] = {"info", "warning", "error"};

	(void)context;
	if (finding->severity > CLG_INFO)
		fprintf(stderr, "%s:%u:%u: %s: %s\n", finding->file, finding->line, finding->column,
		        level[finding->severity], finding->text);
}

/* Asks, then acts and enters what was done; 1 when the guard said no, -1 on an error. */
static int
restart(struct clg_engine *engine, struct clg_session *session, const char *vm)
{
	const struct clg_request request = {
		.actor = "APPC",
		.operation = "Restart",
		.target = vm,
	};
	const struct clg_operation done = {
		.actor = request.actor,
		.operation = request.operation,
		.target = request.target,
		.outcome = "Success",
	};
	struct clg_decision decision;
	struct clg_error err = {0};

	if (clg_decide(session, &request, &decision) != 0)
		return -1;
	if (decision.effect == CLG_DENY) {
		printf("restart %s: denied, %s (%s:%u)\n", vm, decision.reason,
		       decision.file ? decision.file : "no guard", decision.line);
		return 1;
	}
	printf("restart %s: permitted, %s\n", vm, decision.reason);
	/* ... here the VM is restarted ... */
	if (clg_record(engine, &done, 1, &err) != 0) {
		fprintf(stderr, "embed: %s\n", err.text);
		return -1;
	}
	return 0;
}

static int
explain(struct clg_session *session, const char *vm)
{
	const struct clg_request request = {.actor = "APPC", .operation = "Restart", .target = vm};
	struct clg_decision decision;
	struct clg_error err = {0};
	const char *why;

	if (clg_explain(session, &request, &decision, &why, &err) != 0) {
		fprintf(stderr, "embed: %s\n", err.text);
		return -1;
	}
	printf("why: %s\n", why);
	return 0;
}

int
main(int argc, char **argv)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine = NULL;
	struct clg_session *session = NULL;
	struct clg_error err = {0};
	int r = -1;

	if (argc < 2) {
		fprintf(stderr, "usage: embed POLICY...\n");
		return 2;
	}
	if (clg_open(&options, &engine, &err) != 0 ||
	    clg_load(engine, (const char *const *)(argv + 1), (size_t)argc - 1, print_finding, NULL, &err) != 0 ||
	    clg_session_open(engine, &session, &err) != 0) {
		fprintf(stderr, "embed: %s\n", err.text);
	} else {
		for (int i = 0; i < 10 && (r = restart(engine, session, "vm-7")) == 0; i++)
			continue;
		if (r == 1)
			r = explain(session, "vm-7");
	}
	clg_session_close(session);
	clg_close(engine);
	return r == 0 ? 0 : 1;
}
