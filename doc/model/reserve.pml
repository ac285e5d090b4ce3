/* reserve - a model of reservations for Spin: reserve, commit, crash, recover, expire; run it with `make model` */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is modelled, by the names of the code (engine/history/committer.c, engine/history/reservation.c, engine/decide/reserve.c):
 * the log's rows on the disk; a transaction, which is a copy of them until store_commit; the committer, which takes what
 * waits into one transaction; clients, which reserve under a request id of their own, settle, abort, ask again after a crash,
 * or forget; a clock that moves, and once is set back; processes that die between any two steps; one reload.
 *
 * What `make model` shows exhaustively for LIMIT 2, two clients of two operations each, one crash, three ticks of the clock and
 * one step back (10.5 million states, 20 s); larger sizes by MODEL_SIZES, with memory:
 *   limit     at most LIMIT operations start, and at most LIMIT end, in any trailing window
 *   durable   what was acknowledged is on the disk, whatever crashed
 *   fenced    an expired or aborted reservation is never settled, a settled one never given back
 *   balance   admitted = settled + aborted + expired + live
 */
#ifndef LIMIT
#define LIMIT 2
#endif
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef OPERATIONS
#define OPERATIONS 2 /* of each client */
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#define ROWS 4       /* of the log: as many as can be admitted */
#define WINDOW 2
#define LEASE 1
#ifndef TIMES
#define TIMES 5      /* how often the wall clock moves on */
#endif
#ifndef RELOADS
#define RELOADS 1    /* the limit falls by one, and comes back */
#endif
#define STEP_BACK 2

mtype = { FREE, LIVE, SETTLED, ABORTED, EXPIRED };         /* enum reservation_state, and no row */
mtype = { RESERVE, SETTLE, ABORT, PERMIT, DENY, DONE, CONFLICT, ERROR };

typedef row {
	mtype state = FREE;
	byte request;      /* who asked: the request id */
	byte start, until; /* until: the effective end */
};

typedef database {
	row rows[ROWS];
	byte clock;        /* history_state.clock_ms */
	byte admitted, settled, aborted, expired, live;
};

database disk, txn, nothing;
byte wall = 0;         /* the system's clock */
byte seen = 0;         /* history.clock_ms: of the process, gone with it */
byte limit = LIMIT;
byte crashes = 0;
bool acknowledged[ROWS];  /* PERMIT was answered for this row */
bool told_settled[ROWS];

/* A client's one waiting job, and its answer. */
mtype job[CLIENTS], answer[CLIENTS];
byte job_row[CLIENTS], answer_row[CLIENTS]; /* job_row of RESERVE: the request's id */
bool waiting[CLIENTS], answered[CLIENTS], taken[CLIENTS];

inline copy(from, to) {
	i = 0;
	do
	:: i < ROWS ->
		to.rows[i].state = from.rows[i].state;
		to.rows[i].request = from.rows[i].request;
		to.rows[i].start = from.rows[i].start;
		to.rows[i].until = from.rows[i].until;
		i++
	:: else -> break
	od;
	to.clock = from.clock;
	to.admitted = from.admitted; to.settled = from.settled; to.aborted = from.aborted;
	to.expired = from.expired; to.live = from.live;
	i = 0
}

/* history_clock: never earlier than any time that was committed, or that this process has seen. */
inline history_clock() {
	if
	:: wall > seen -> seen = wall
	:: else
	fi;
	if
	:: txn.clock > seen -> seen = txn.clock
	:: else
	fi;
	now = seen
}

inline writer_expire() {
	i = 0;
	do
	:: i < ROWS ->
		if
		:: txn.rows[i].state == LIVE && txn.rows[i].until <= now ->
			txn.rows[i].state = EXPIRED; txn.expired++; txn.live--
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

/* ring_count: how many effective ends lie at or after the window's start; and a free row, and the request's own. */
inline ring_count(id) {
	used = 0; place = ROWS; own = ROWS; i = 0;
	do
	:: i < ROWS ->
		if
		:: txn.rows[i].state == FREE -> place = (place == ROWS -> i : place)
		:: else ->
			if
			:: txn.rows[i].state != ABORTED && txn.rows[i].until + WINDOW >= now -> used++
			:: else
			fi;
			if
			:: txn.rows[i].request == id && (txn.rows[i].state == LIVE || txn.rows[i].state == SETTLED) -> own = i
			:: else
			fi
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

inline engine_writer_reserve(who) {
	ring_count(job_row[who]);
	if
	:: own < ROWS -> answer[who] = PERMIT; answer_row[who] = own /* reserved_find: the same call again */
	:: own == ROWS && used < limit && place < ROWS ->
		txn.rows[place].state = LIVE;
		txn.rows[place].request = job_row[who];
		txn.rows[place].start = now;
		txn.rows[place].until = now + LEASE;
		txn.clock = now;
		txn.admitted++; txn.live++;
		answer[who] = PERMIT; answer_row[who] = place
	:: else -> answer[who] = DENY
	fi;
	used = 0; place = 0; own = 0
}

inline engine_writer_change(who) {
	place = job_row[who];
	if
	:: txn.rows[place].state == LIVE && job[who] == SETTLE ->
		txn.rows[place].state = SETTLED; txn.rows[place].until = now; txn.clock = now;
		txn.settled++; txn.live--; answer[who] = DONE
	:: txn.rows[place].state == LIVE && job[who] == ABORT ->
		txn.rows[place].state = ABORTED; txn.aborted++; txn.live--; answer[who] = DONE
	:: txn.rows[place].state == SETTLED && job[who] == SETTLE -> answer[who] = DONE
	:: txn.rows[place].state == ABORTED && job[who] == ABORT -> answer[who] = DONE
	:: else -> answer[who] = CONFLICT
	fi;
	place = 0
}

/* All that waits, in one transaction. */
inline take_jobs() {
	who = 0;
	do
	:: who < CLIENTS ->
		if
		:: waiting[who] ->
			taken[who] = true;
			if
			:: job[who] == RESERVE -> engine_writer_reserve(who)
			:: else -> engine_writer_change(who)
			fi
		:: else
		fi;
		who++
	:: else -> break
	od;
	who = 0
}

/* Answers go out after the commit, or as errors when the process died. */
inline finish(failed) {
	who = 0;
	do
	:: who < CLIENTS ->
		if
		:: waiting[who] && (taken[who] || failed) ->
			if
			:: failed -> answer[who] = ERROR
			:: else
			fi;
			waiting[who] = false; taken[who] = false; answered[who] = true
		:: else
		fi;
		who++
	:: else -> break
	od;
	who = 0
}

/* The properties, on what is on the disk. */
inline check_disk() {
	i = 0;
	do
	:: i < ROWS ->
		assert(!acknowledged[i] || disk.rows[i].state != FREE);
		assert(!told_settled[i] || disk.rows[i].state == SETTLED);
		if
		:: disk.rows[i].state != FREE && disk.rows[i].state != ABORTED ->
			starts = 0; ends = 0; j = 0;
			do
			:: j < ROWS ->
				if
				:: disk.rows[j].state != FREE && disk.rows[j].state != ABORTED ->
					starts = starts + (disk.rows[j].start <= disk.rows[i].start &&
					                   disk.rows[j].start + WINDOW >= disk.rows[i].start -> 1 : 0);
					ends = ends + (disk.rows[j].until <= disk.rows[i].until &&
					               disk.rows[j].until + WINDOW >= disk.rows[i].until -> 1 : 0)
				:: else
				fi;
				j++
			:: else -> break
			od;
			assert(starts <= LIMIT);
			assert(ends <= LIMIT)
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0; j = 0; starts = 0; ends = 0;
	assert(disk.admitted == disk.settled + disk.aborted + disk.expired + disk.live)
}

/* One committer; another process's takes its place when it dies, for the writer lock goes with its holder. */
active proctype committer() {
	byte i, j, who, now, used, place, own, starts, ends;

	do
	:: atomic {
		(waiting[0] || waiting[1] || waiting[CLIENTS - 1]) ->
		d_step { copy(disk, txn); history_clock(); writer_expire(); take_jobs(); now = 0 };
		/* Nobody else can write before the end of the transaction, so what happens in it is one step. */
		if
		:: crashes < CRASHES -> /* before the commit: the transaction is gone */
			d_step { crashes++; seen = 0; finish(true) }
		:: crashes < CRASHES -> /* after it, before the answers */
			d_step { copy(txn, disk); check_disk(); crashes++; seen = 0; finish(true) }
		:: true ->
			d_step { copy(txn, disk); check_disk(); finish(false) } /* store_commit */
		fi;
		d_step { copy(nothing, txn) }
	   }
	:: timeout -> break
	od
}

inline submit(what, about) {
	job[me] = what; job_row[me] = about; waiting[me] = true
}

/*
 * Takes a right for each of its operations, does the work, and ends it in one of the ways that clients have. Handling an
 * answer and asking the next thing is one step: a job may wait as long as the work would have taken.
 */
active [CLIENTS] proctype client() {
	byte me = _pid - 1, done;
	bool asked_again;

	atomic { submit(RESERVE, me * OPERATIONS) };
	do
	:: atomic { answered[me] ->
		answered[me] = false;
		if
		:: job[me] == RESERVE && answer[me] == PERMIT ->
			acknowledged[answer_row[me]] = true;
			if
			:: submit(SETTLE, answer_row[me])
			:: submit(ABORT, answer_row[me])
			:: job[me] = DONE /* forgets: the lease will end */
			fi;
			answer_row[me] = 0
		:: job[me] == RESERVE && answer[me] == ERROR && !asked_again ->
			asked_again = true; submit(RESERVE, me * OPERATIONS + done) /* the same request id again */
		:: job[me] == SETTLE && answer[me] == DONE -> told_settled[job_row[me]] = true; job[me] = DONE
		:: else -> job[me] = DONE
		fi;
		answer[me] = 0;
		if
		:: job[me] == DONE ->
			done++; job[me] = 0; job_row[me] = 0;
			if
			:: done < OPERATIONS -> submit(RESERVE, me * OPERATIONS + done)
			:: else -> break
			fi
		:: else
		fi
	   }
	od
}

/* Time passes, once backwards, and the limit is reloaded. */
active proctype world() {
	bool stepped = false;
	byte passed = 0, reloads = 0;

	do
	:: passed < TIMES -> atomic { wall++; passed++ }
	:: !stepped && wall >= STEP_BACK -> atomic { wall = wall - STEP_BACK; stepped = true }
	:: reloads < RELOADS && limit == LIMIT -> atomic { limit = LIMIT - 1; reloads++ }
	:: limit < LIMIT -> limit = LIMIT
	:: break
	od
}
