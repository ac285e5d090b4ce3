/* sink - sends the lines of a decision log on, from its files: to a URL, or to the journal */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_SINK_H
#define API_DECISION_LOG_SINK_H

#include "api/process/settings.h"

/*
 * A thread reads the files of the log behind their writer and sends what it reads, in order, in batches. What cannot be sent is
 * tried again, for as long as the files are kept: they are what lines spill to, and decision_log_size with decision_log_keep is the
 * bound. How far it has come stands in a file beside the log, so that the next process goes on there; after a kill the last batch may
 * come twice.
 */
struct sink;

enum sink_kind {
	SINK_URL,     /* POST, a JSON list of lines; 2xx is delivery */
	SINK_JOURNAL, /* datagrams to a socket: of systemd's journal when its name ends in journal/socket, else of syslog */
	SINK_KINDS
};

/* settings outlive it. errors  ERROR_IO: no libcurl, or no such socket; ERROR_MEMORY */
int sink_open(enum sink_kind kind, const struct settings *settings, struct sink **ret, struct error *err);

/* Sends what it can in a moment, and ends. Takes NULL. */
void sink_close(struct sink *sink);

struct sink_figures {
	uint64_t delivered, failures; /* lines; sendings that failed */
	uint64_t skipped;             /* lines whose file was gone before they were sent */
	uint64_t last;                /* number of the last line that was delivered */
};

/* Any thread. Takes NULL. */
void sink_figures(const struct sink *sink, struct sink_figures *ret);

#endif
