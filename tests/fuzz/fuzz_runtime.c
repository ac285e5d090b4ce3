/* fuzz_runtime - messages of the topic and bodies: what is kept stays whole, what is said is JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/commissioning/commission.h"
#include "runtime/calls/configuration.h"
#include "runtime/commissioning/designs.h"
#include "runtime/calls/instantiation.h"
#include "runtime/calls/participant.h"
#include "runtime/calls/receive.h"
#include "runtime/rows/bus_priv.h"
#include "runtime/thread/runtime.h"

/*
 * An input is a script of lines: a message of the topic, or a word and what belongs to it:
 *   commission BODY, create BODY, change BODY, order BODY, onboard BODY, compose BODY
 *   decommission NAME VERSION, delete NAME VERSION, back NAME VERSION TO, forget NAME VERSION
 *   fetch TOPIC GROUP INSTANCE, wait BEATS
 * It is played on a database with a type, participants and instances in several states; afterwards everything is
 * undone, so that each input finds the same.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* JSON with ' for ", so that it can be read here. */
#define NAME(name) "{'name':'" name "','version':'1.0.0'}"
#define ID(digit) #digit "0000000-0000-4000-8000-000000000000"
#define ELEMENT(name, more) \
	"'" name "':{'type':'org.onap.policy.clamp.controlloop.ControlLoopElement','type_version':'1.0.1'," \
	"'version':'1.0.0','properties':{'participantType':" NAME("P") ",'startPhase':1," more "}},"
#define LOOP(name) \
	"{'name':'" name "','version':'1.0.0','definition':" NAME( \
		"T") ",'elements':{" \
		     "'" ID(1) "':{'definition':" NAME("E1") ",'participantId':" NAME( \
			     "p") "}," \
				  "'" ID(2) "':{'definition':" NAME("E2") "}}}"
#define ORDER(state, list) "order {'orderedState':'" state "','controlLoopIdentifierList':[" list "]}\n"
#define SAYS(type, who) "{'messageType':'" type "','participantType':" NAME("P") ",'participantId':" NAME(who)
#define ACK(name, state, result) \
	SAYS("CONTROLLOOP_STATECHANGE_ACK", "p") \
	",'controlLoopId':" NAME(name) ",'controlLoopResultMap':{" \
				       "'" ID(1) "':{'state':'" state "','result':" result \
						 "},'" ID(2) "':{'state':'" state "','result':true}}}\n"

/* A type with a guard and an offered element; a is new, b initialises, c and e are PASSIVE, d RUNNING, f has failed. */
static const char setting[] =
	"commission "
	"{'tosca_definitions_version':'tosca_simple_yaml_1_3','topology_template':{'node_templates':{" ELEMENT(
		"E1", "'"
		      "p"
		      "o"
		      "l"
		      "i"
		      "c"
		      "y"
		      "_"
		      "i"
		      "d"
		      "'"
		      ":" NAME("g"))
		ELEMENT("E2",
                        "'participantSelection':'participant'") "'T':{'type':'org.onap.policy.clamp.controlloop."
								"ControlLoop','"
								"type_version':'1.0.1','version':'1.0.0',"
								"'properties':{'elements':[" NAME("E1") "," NAME(
									"E2") "]}}},"
									      "'policies':[{'g':{'type':'onap.policies."
									      "controlloop.guard.common.MinMax','"
									      "version':'1.0."
									      "0',"
									      "'properties':{'actor':'P','operation':'"
									      "RUNNING',"
									      "'max':3}}}]}}\n" SAYS(
										      "PARTICIPANT_REGISTER",
										      "p") "}\n" SAYS("PARTICIPANT_"
                                                                                                      "REGISTER",
                                                                                                      "q") "}\n"
													   "create "
													   "{'"
													   "controlLoop"
													   "List':"
													   "[" LOOP("a") "," LOOP("b") "," LOOP("c") "," LOOP("d") "," LOOP("e") "," LOOP("f") "]}\n" ORDER(
														   "PAS"
														   "SIV"
														   "E",
														   NAME("b") "," NAME("c") "," NAME(
															   "d") "," NAME("e") "," NAME("f"))
														   ACK("c",
                                                                                                                       "PASSIVE",
                                                                                                                       "true") ACK("d",
                                                                                                                                   "PASSIVE",
                                                                                                                                   "true")
															   ACK("e",
                                                                                                                               "PASSIV"
                                                                                                                               "E",
                                                                                                                               "true") ACK("f", "PASSIVE", "false")
																   ORDER("RUNNING",
                                                                                                                                         NAME("d"))
																	   ACK("d",
                                                                                                                                               "RUNNIN"
                                                                                                                                               "G",
                                                                                                                                               "true");

struct machine {
	struct engine *engine;
	struct runtime *runtime;
	sem_t done;
	struct str script;
	bool keep; /* the setting, and not an input */
	unsigned refusals;
};

static int64_t
noon(void *context)
{
	(void)context;
	return INT64_C(1776168000000);
}

static void
set_clock(void *context, int64_t now_ms)
{
	(void)context;
	(void)now_ms; /* scripts move the time of their own txn */
}

/* The next word of a line, without the blanks around it. */
static struct str
take_word(struct str *line)
{
	size_t len = 0;
	struct str word;

	while (len < line->len && line->ptr[len] != ' ')
		len++;
	word = (struct str){line->ptr, len};
	*line = str_trim((struct str){line->ptr + len, line->len - len});
	return word;
}

static const struct {
	const char *word;
	int (*run)(struct txn *txn, struct runtime_call *call);
	unsigned words; /* 0: a body */
} commands[] = {
	{"commission", commission_create, 0},   {"create", instances_create, 0}, {"change", instances_update, 0},
	{"order", instances_order, 0},          {"onboard", designs_onboard, 0}, {"compose", designs_compose, 0},
	{"decommission", commission_delete, 2}, {"delete", instance_delete, 2},  {"back", configuration_roll_back, 3},
	{"forget", designs_delete, 2},
};

static void
fetch(struct txn *txn, struct str line)
{
	struct bus_question question = {.topic = take_word(&line), .group = take_word(&line), .limit = 3};
	struct bytes *bytes = NULL;

	question.instance = take_word(&line);
	if (bus_name_valid(question.topic) && bus_name_valid(question.group) && bus_name_valid(question.instance))
		(void)bus_fetch(txn, &question, &bytes); /* there may be nothing */
	bytes_drop(bytes);
}

/* What a call would answer; a negative code ends the script, as it would end the transaction. */
static int
command(struct txn *txn, struct runtime_call *call, struct str line)
{
	struct str word = take_word(&line);

	if (str_is(word, "fetch"))
		fetch(txn, line);
	if (str_is(word, "wait")) {
		txn->now_ms += INT64_C(20000) * (line.len % 16 + 1);
		(void)runtime_scan(txn);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct document_limits limits = document_limits_default;
		struct node *root;

		if (!str_is(word, commands[i].word))
			continue;
		call->name = call->version = call->other = STR_NONE;
		call->denials = NULL;
		if (commands[i].words > 0) {
			call->name = take_word(&line);
			call->version = take_word(&line);
			call->other = take_word(&line);
		} else if (json_read(line, "", &limits, txn->arena, &root, NULL) == 0) {
			call->body = root;
		} else {
			return 0;
		}
		return commands[i].run(txn, call);
	}
	return 0;
}

/* --- what must hold afterwards --- */

static void
must(bool true_, const char *what)
{
	if (true_)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

struct tally {
	struct txn *txn;
	int64_t running, on, hosted;
};

static bool
check_loop(void *context, struct loop *loop)
{
	struct tally *tally = context;
	struct str key = txn_key(tally->txn, ROW_BUSY, loop->id.name, loop->id.version), row;

	if (loop_busy(loop))
		must(txn_get(tally->txn, key, &row), "an instance under way is not looked at by scans");
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		must(loop_state_settled(element->ordered), "an element is ordered into a transition");
		must(element->ordered == loop->ordered, "an element is ordered elsewhere than its instance");
		if (!loop_busy(loop))
			must(element->state == loop->state && !element->pending,
			     "a settled instance has an element that is not");
		tally->running += element->ordered == LOOP_RUNNING;
		tally->on += element->ordered != LOOP_UNINITIALISED;
		tally->hosted += element->participant_id.name.ptr &&
		                 (element->ordered != LOOP_UNINITIALISED || element->state != LOOP_UNINITIALISED);
	}
	return true;
}

static bool
subtract_count(void *context, struct str key, struct str value)
{
	struct tally *tally = context;

	must(value.len == 16 && store_unpack_i64(value.ptr) >= 0 && store_unpack_i64(value.ptr + 8) >= 0,
	     "a count is negative");
	if (key.ptr[0] == ROW_COUNT) {
		tally->running -= store_unpack_i64(value.ptr);
		tally->on -= store_unpack_i64(value.ptr + 8);
	} else {
		tally->hosted -= store_unpack_i64(value.ptr);
	}
	return true;
}

static bool
see_participant(void *context, struct participant *participant)
{
	(void)context;
	must(concept_name_valid(participant->id.name) && concept_name_valid(participant->type.name),
	     "a participant has no name");
	return true;
}

static void
check_messages(struct txn *txn, struct str topic, uint64_t from)
{
	static const struct document_limits limits = {SIZE_MAX, 512, SIZE_MAX, 0, SIZE_MAX};

	for (uint64_t i = from; i < bus_end(txn, topic); i++) {
		struct str message;
		struct node *root;

		if (txn_table_get(txn, HISTORY_OUTBOX, bus_message_key(txn, topic, i), &message))
			must(json_read(message, "", &limits, txn->arena, &root, NULL) == 0, "a message is no JSON");
	}
}

static int
play(struct txn *txn, struct runtime_call *call)
{
	struct machine *machine = call->context;
	const struct runtime_options *options = runtime_options_of(txn->runtime);
	uint64_t said = bus_end(txn, options->topic), told = bus_end(txn, options->notifications);
	struct tally tally = {.txn = txn};
	int r = 0;

	for (size_t at = 0; r == 0 && at < machine->script.len;) {
		const char *line = machine->script.ptr + at, *end = memchr(line, '\n', machine->script.len - at);
		size_t len = end ? (size_t)(end - line) : machine->script.len - at;

		call->status = 0;
		if (len > 0 && line[0] == '{')
			runtime_receive(txn, (struct str){line, len}, false);
		else
			r = command(txn, call, (struct str){line, len});
		machine->refusals += call->status >= 300;
		at += len + 1;
	}
	if (r == 0) {
		loops_each(txn, STR_NONE, STR_NONE, check_loop, &tally);
		txn_each(txn, txn_key(txn, ROW_COUNT, STR(""), STR_NONE), subtract_count, &tally);
		txn_each(txn, txn_key(txn, ROW_HOSTED, STR(""), STR_NONE), subtract_count, &tally);
		participants_each(txn, see_participant, NULL);
		must(tally.running == 0 && tally.on == 0 && tally.hosted == 0,
		     "the counts are not those of the instances");
		check_messages(txn, options->topic, said);
		check_messages(txn, options->notifications, told);
	}
	must(txn->failed == 0, "the txn has failed");
	call_answer(call, 200, STR("{}"));
	return machine->keep ? r : -ERROR_CONFLICT;
}

static void
done(struct runtime_call *call)
{
	sem_post(&((struct machine *)call->context)->done);
}

static void
run(struct machine *machine, struct str script, bool keep)
{
	struct runtime_call call = {.run = play, .done = done, .context = machine};
	struct error err = {0};

	machine->script = script;
	machine->keep = keep;
	arena_init(&call.arena, 0);
	if (runtime_call(machine->runtime, &call, &err) != 0)
		abort();
	while (sem_wait(&machine->done) != 0)
		continue; /* interrupted */
	if (call.err.code && call.err.code != ERROR_CONFLICT)
		fprintf(stderr, "%s\n", call.err.text);
	arena_free(&call.arena);
}

static bool
open_machine(struct machine *machine)
{
	struct runtime_options options = {
		.heart_beat_ms = 20000,
		.status_wait_ms = 100000,
		.update_wait_ms = 20000,
		.retries = 2,
		.rollback = true,
		.topic_messages = 100,
		.topic_bytes = 1 << 20,
		.statistics = 5,
		.topic = STR("TOPIC"),
		.notifications = STR("NOTE"),
		.manual = true,
		.set_clock = set_clock,
	};
	struct engine_options engine = engine_options_default;
	char script[sizeof(setting)];
	struct error err = {0};

	engine.clock = noon;
	engine.history.map_bytes = (size_t)1 << 28;
	if (sem_init(&machine->done, 0, 0) != 0 || engine_open(&engine, &machine->engine, &err) != 0 ||
	    runtime_open(machine->engine, &options, &machine->runtime, &err) != 0)
		return false;
	for (size_t i = 0; i < sizeof(setting); i++)
		script[i] = setting[i] == '\'' ? '"' : setting[i];
	run(machine, (struct str){script, sizeof(setting) - 1}, true);
	return machine->refusals == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;

	if (!machine.runtime && !open_machine(&machine))
		abort();
	run(&machine, (struct str){(const char *)data, size}, false);
	return 0;
}
