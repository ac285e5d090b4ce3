/* clguard-participant - participants of control loops: one program, one file a kind */
/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/process/arguments.h"
#include "participants/framework/element_host.h"
#include "participants/gateway/gateway_link.h"
#include "participants/kinds/participant_kinds.h"
#ifdef HAVE_LIBCURL
#include "participants/framework/web_request.h"
#endif

static void
participant_signal(int signal)
{
	(void)signal;
	participant_stop();
}

static int
participant_complain(const struct error *err)
{
	if (err->line)
		fprintf(stderr, "clguard-participant: %u:%u: %s\n", err->line, err->column, err->text);
	else if (err->code)
		fprintf(stderr, "clguard-participant: %s\n", err->text);
	if (err->code == ERROR_IO || err->code == ERROR_MEMORY || err->code == ERROR_BUSY || err->code == ERROR_DAMAGED)
		return EXIT_ENVIRONMENT;
	return err->line ? EXIT_INPUT : EXIT_USAGE;
}

/* All participants until a signal, or until one cannot be started or is refused. */
static int
participant_run(const struct process_settings *settings, struct element_host *participants,
                struct participant_memory *memory)
{
	struct gateway_link *link = NULL;
	struct error err = {0};
	bool refused = false;
	size_t started = 0;
	int code = EXIT_DONE;

	while (started < settings->count && code == EXIT_DONE) {
		if (participant_start(&participants[started], &settings->participants[started], settings, memory,
		                      &err) != 0)
			code = participant_complain(&err);
		started++;
	}
	if (code == EXIT_DONE && gateway_link_start(settings, participants, started, &link, &err) != 0)
		code = participant_complain(&err);
	if (code != EXIT_DONE)
		participant_stop();
	gateway_link_join(link); /* it looks at the participants */
	for (size_t i = 0; i < started; i++)
		refused |= participant_join(&participants[i]);
	return code == EXIT_DONE && refused ? EXIT_INPUT : code;
}

static int
run_with_memory(const struct process_settings *settings)
{
	struct element_host *participants = calloc(settings->count, sizeof(*participants));
	struct participant_memory *memory = NULL;
	struct error err = {0};
	int code;

	if (!participants)
		return EXIT_ENVIRONMENT;
	if (settings->data && memory_open(settings->data, &memory, &err) != 0)
		code = participant_complain(&err);
	else
		code = participant_run(settings, participants, memory);
	memory_close(memory);
	free(participants);
	return code;
}

int
main(int argc, char **argv)
{
	const struct sigaction end = {.sa_handler = participant_signal}, none = {.sa_handler = SIG_IGN};
	struct process_settings settings;
	struct error err = {0};
	struct arena arena;
	bool help = false;
	int code = EXIT_DONE;

	arena_init(&arena, 0);
	if (participant_settings_read(argc, argv, participant_kinds, &arena, &settings, &help, &err) != 0) {
		code = participant_complain(&err);
	} else if (help) {
		participant_settings_usage(participant_kinds, stdout);
	} else {
		(void)sigaction(SIGTERM, &end, NULL); /* cannot fail for these signals */
		(void)sigaction(SIGINT, &end, NULL);
		(void)sigaction(SIGPIPE, &none, NULL);
#ifdef HAVE_LIBCURL
		code = web_open() == 0 ? run_with_memory(&settings) : EXIT_ENVIRONMENT;
		web_close();
#else
		code = run_with_memory(&settings);
#endif
	}
	arena_free(&arena);
	return code;
}
