/* rows - instances, documents and participants as rows, with the counts and indexes that go with them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_ROWS_H
#define RUNTIME_ROWS_ROWS_H

#include "runtime/supervision/task.h"
#include "runtime/rows/txn.h"

/* --- instances --- */

/* False when there is none. */
bool loop_load(struct txn *txn, struct concept id, struct loop *ret);

/* The same to look at: *ret lives in `arena`, and borrows from the row until the txn writes. */
bool loop_peek(struct txn *txn, struct concept id, struct arena *arena, struct loop *ret);

/*
 * Writes or deletes the row, and keeps the indexes and counts as they follow from the row that was there. True: there
 * was one, *ret_before. Callers are deploy_save and deploy_remove (runtime/act/deploy.h) alone.
 */
bool loop_save(struct txn *txn, const struct loop *loop, struct loop *ret_before);
bool loop_remove(struct txn *txn, struct concept id, struct loop *ret_before);

/* Instances by name and version, both optional, in order of name. A false answer stops. */
void loops_each(struct txn *txn, struct str name, struct str version, bool (*visit)(void *context, struct loop *loop),
                void *context);

/*
 * A reading txn: the instances of one page, for call->name and version. What the txn reads on the way to one instance
 * ends with it, so that a long list takes no more memory than its answer.
 */
void loops_page(struct txn *txn, struct runtime_call *call, bool (*visit)(void *context, struct loop *loop),
                void *context);

/* How many elements of a definition, over all instances, are RUNNING or on participants, or ordered to be. */
struct definition_count {
	int64_t running, on;
};

struct definition_count definition_count(struct txn *txn, struct concept definition);

/* Elements that a participant hosts. */
int64_t participant_load_count(struct txn *txn, struct concept participant);

/* Whether a control loop type has instances; absent name: whether there are any. */
bool looptype_has_loops(struct txn *txn, struct concept type);

/* The instances of a type, in order of name. A false answer stops. */
void looptype_loops(struct txn *txn, struct concept type, bool (*visit)(void *context, struct concept loop),
                    void *context);

/* --- instances under way: rows_busy.c --- */

/*
 * An instance that time may change has a row beside its own: when that row was written, the time before which a scan
 * need not look (loop_due_ms), and the limit from which that time follows. So ten thousand instances whose answers are on
 * their way cost a scan a walk over short rows. A row of another form, of another limit, or of a clock that has gone back
 * since says nothing, and the instance is looked at.
 */

/* The row follows an instance; NULL: there was none, or there is none any more. */
void busy_follow(struct txn *txn, const struct loop *before, const struct loop *after);

/* Each instance that a scan must look at now, in order of name. True: time will make another look necessary. */
bool busy_each(struct txn *txn, void (*visit)(void *context, struct concept loop), void *context);

/* --- documents --- */

/* The document of a control loop type, and its template in it. */
const struct node *looptype_load(struct txn *txn, struct concept type, const struct node **ret_template);

void looptype_save(struct txn *txn, const struct node *root);
void looptype_remove(struct txn *txn, struct concept type); /* its whole document */

/* Whether a document is there. Takes no memory, however large the documents are. */
bool looptypes_any(struct txn *txn);

/* In the order of commissioning. */
void looptypes_each(struct txn *txn, bool (*visit)(void *context, const struct node *root), void *context);

/* --- participants --- */

#define HOST_NAME "clguard-policy" /* id of the built-in policy participant: runtime/act/host.h */

struct participant {
	struct concept id, type;
	struct str state, health; /* as on the wire */
	bool left;                /* it has deregistered; a state TERMINATED says only that it was deprimed */
	int64_t last_ms;          /* of its last message */
	int64_t status_ms;        /* of its last PARTICIPANT_STATUS; TIME_NONE */
	int64_t lost_ms;          /* since when it is OFF_LINE or has left; TIME_NONE */
	int64_t move_ms;          /* when what a lost one hosts is looked at next; TIME_NONE: at once */
	bool look;                /* it reports again: what it hosts and was found missing is to be looked at */
	uint64_t
		greeting; /* number in the topic of the first answer to its REGISTER, until it is heard; or NOT_GREETED */
	struct str strays; /* JSON list: ids of elements that it should not have, as far as told */
	unsigned retries;  /* of PARTICIPANT_STATUS_REQ */
	int64_t update_ms; /* when the PARTICIPANT_UPDATE went out that it has not answered; TIME_NONE: none */
	unsigned update_retries;
	int64_t records, element_records; /* statistics kept */
	/*
	 * Which run of a program spoke last under this name, and which one before it, where they say so (`instance`); when it
	 * was told that two do by turns; TIME_NONE.
	 */
	struct str instance, instance_before;
	int64_t shared_ms;
};

#define NOT_GREETED UINT64_MAX
#define PARTICIPANTS_MAX 10000 /* more do not come in; each is looked at by every scan */
#define CANDIDATES_MAX 50

bool participant_load(struct txn *txn, struct concept id, struct participant *ret);
void participant_save(struct txn *txn, const struct participant *participant);

/* As participant_save, for one that is not known yet. False when there are too many. */
bool participant_enter(struct txn *txn, const struct participant *participant);
void participants_each(struct txn *txn, bool (*visit)(void *context, struct participant *participant), void *context);

/* How many registered participants are of a type, the built-in one aside; their ids as a JSON list to `out`, if
 * it is given: those of the first CANDIDATES_MAX, to whom an element is offered. */
size_t participants_of_type(struct txn *txn, struct concept type, struct text *out);

/* The condition of a participant; HOST_LOST for one that is not there. */
enum host_condition participant_condition(struct txn *txn, struct concept id);

/* A participant of one type can host what asks for the other: the same name and major version. */
bool participant_type_serves(struct concept own, struct concept wanted);

/* Registered and not deregistered, so that it can be asked to do something. */
bool participant_is_registered(const struct participant *participant);

/* Whether a participant is the built-in one (runtime/act/host.h); and whether an id is its. */
bool host_is(const struct txn *txn, const struct participant *participant);
bool host_has_id(const struct txn *txn, struct concept id);

#endif
