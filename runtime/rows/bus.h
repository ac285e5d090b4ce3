/* bus - topics in the database, for whoever polls them: the embedded message router */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_BUS_H
#define RUNTIME_ROWS_BUS_H

#include "runtime/model/bus_name.h"
#include "runtime/rows/transport.h"

/*
 * A topic is a log of messages, numbered from 0. A consumer group has a place in it; the instances of a group share what
 * is behind that place. What an instance was given counts as delivered when it asks again; if it does not within a minute,
 * or its connection was gone, or the process that gave it has died, the same messages are offered again, to whoever of the
 * group asks first: at least once. A group begins with its first question and sees what is published after. The oldest
 * messages go when a topic is full, delivered or not. All of it is in the database, so it survives a restart, and several
 * processes serve the same topics.
 */

#define BUS_TOPICS_MAX 1000
#define BUS_GROUPS_MAX 1000 /* of a topic; beyond it the one that asked least recently goes */

/* False, and nothing is done, when the topic would be one too many. */
bool bus_publish(struct txn *txn, struct str topic, struct str message);

struct bus_question {
	struct str topic, group, instance;
	size_t limit; /* messages, at least 1 */
};

/*
 * Up to limit messages as a JSON array of strings: how many, and *ret is the caller's if there are any. Who gets the
 * same messages in one txn gets the same bytes. -1, and nothing has happened, when the budget has no room for them.
 */
int bus_fetch(struct txn *txn, const struct bus_question *question, struct bytes **ret);

/* The txn ends: it holds no batches any more. */
void bus_forget(struct txn *txn);

/* The last messages given to the instance did not reach it. */
void bus_return(struct txn *txn, const struct bus_question *question);

/* The number of messages that the topic ever had. */
uint64_t bus_end(struct txn *txn, struct str topic);

/*
 * Whether a participant was handed the message of that number: it is known of one whose group has its name, while that
 * group asks now and then.
 */
enum handing bus_handing(struct txn *txn, struct str topic, uint64_t number, struct concept participant);

/* {"topics":[names]}, of one page. */
void bus_topics(struct txn *txn, struct page *page, struct text *out);

/*
 * {"topics":[{"topic","first","next","bytes","groups":[{"group","next","lag","seen"}]}]}, of one page of those that `shows` is
 * true for. At most 100 groups of each. Nothing is taken for read.
 */
void bus_describe(struct txn *txn, struct page *page, bool (*shows)(void *context, struct str topic), void *context,
                  struct text *out);

/*
 * The messages from..to, to exclusive, that are kept, as {"number","message"} with commas between; message is the text that was
 * published. How many. Nothing is taken for read.
 */
size_t bus_look(struct txn *txn, struct str topic, uint64_t from, uint64_t to, struct text *out);

struct bus_totals {
	uint64_t topics, bytes, groups;
};

void bus_totals(struct txn *txn, struct bus_totals *ret);

#endif
