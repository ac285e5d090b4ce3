/* cmd_simulate - clguard simulate: play events and results through operational policies in virtual time */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "engine/decide/load.h"
#include "engine/simulation/scenario.h"
#include "engine/simulation/simulate.h"

static const char help[] =
	"usage: clguard simulate [--policy FILE...] --script FILE|- [--guards FILE...] [--mode strict|onap]\n"
	"                        [--format json|text|topic]\n"
	"       clguard simulate --policy FILE... --scenario FILE [--guards FILE...] [--mode strict|onap]\n\n"
	"Plays a script of events and results through operational policies, in virtual time, and prints what\n"
	"they do. Nothing outside is touched.\n\n"
	"  --script FILE     JSON: policy, more_policies (YAML texts), events, operation_results, guard_results, env;\n"
	"                    - is standard input\n"
	"  --policy FILE...  operational policies beside those of the script\n"
	"  --guards FILE...  guard policies that decide in place of guard_results, counting in virtual time\n"
	"  --format text     what happened when, a line each, instead of JSON\n"
	"  --format topic    the notifications as they go over the topic\n"
	"  --scenario FILE   a system: elements that fail, recover and flap at given rates, for days of virtual time;\n"
	"                    reports operations tried and denied, times to heal, and the limits needed\n";

struct simulation {
	struct words policies, guards;
	const char *script, *scenario;
	bool text, topic;
	enum guard_mode mode;
};

static int
print_result(const json_t *result, bool text)
{
	const json_t *line;
	size_t i;

	if (!text) {
		char *json = json_dumps(result, JSON_INDENT(1));

		if (!json)
			return EXIT_ENVIRONMENT;
		puts(json);
		free(json);
		return EXIT_DONE;
	}
	json_array_foreach(json_object_get(result, "timeline"), i, line) puts(json_string_value(line));
	return EXIT_DONE;
}

static int
cmd_simulate_complain(const struct error *err, const char *file)
{
	if (err->line)
		fprintf(stderr, "%s:%u:%u: error: %s\n", file, err->line, err->column, err->text);
	else
		fprintf(stderr, "clguard simulate: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
}

static json_t *
read_script(const char *path, struct arena *arena, struct error *err)
{
	const char *file = strcmp(path, "-") == 0 ? "/dev/stdin" : path;
	json_error_t where;
	struct str bytes;
	json_t *script;

	if (load_file(file, engine_options_default.limits.bytes, arena, &bytes, err) != 0)
		return NULL;
	script = json_loadb(bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, &where);
	if (!script)
		(void)error_set_at(err, ERROR_SYNTAX, (uint32_t)where.line, (uint32_t)where.column, "not JSON: %s",
		                   where.text);
	return script;
}

static int
run_scenario(const struct simulation *simulation, const struct simulate_options *given, struct arena *arena,
             struct diags *diags)
{
	struct scenario_options options = scenario_options_default;
	struct document document = {.name = simulation->scenario};
	json_t *report = NULL;
	struct error err = {0};
	int code;

	options.mode = given->mode;
	options.policies = given->policies;
	options.policy_count = given->policy_count;
	options.guards = given->guards;
	options.guard_count = given->guard_count;
	if (load_file(document.name, engine_options_default.limits.bytes, arena, &document.bytes, &err) != 0)
		return cmd_simulate_complain(&err, document.name);
	if (scenario_run(&document, &options, &report, diags, &err) != 0) {
		print_findings(stderr, diags, SEVERITY_INFO);
		return cmd_simulate_complain(&err, document.name);
	}
	code = print_result(report, false);
	json_decref(report);
	return code;
}

static int
cmd_simulate_run(const struct simulation *simulation, struct arena *arena)
{
	struct simulate_options options = simulate_options_default;
	struct document *policies = NULL, *guards = NULL;
	size_t most = engine_options_default.limits.bytes;
	json_t *script, *result = NULL;
	struct error err = {0};
	struct diags diags;
	int r, code;

	diags_init(&diags, arena);
	options.mode = simulation->mode;
	options.timeline = simulation->text;
	options.topic = simulation->topic;
	r = load_documents(simulation->policies.words, simulation->policies.count, most, false, arena, &policies,
	                   &options.policy_count, &diags);
	if (r == 0)
		r = load_documents(simulation->guards.words, simulation->guards.count, most, false, arena, &guards,
		                   &options.guard_count, &diags);
	if (r != 0) {
		print_findings(stderr, &diags, SEVERITY_INFO);
		return r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	}
	options.policies = policies;
	options.guards = simulation->guards.count ? guards : NULL;
	if (simulation->scenario)
		return run_scenario(simulation, &options, arena, &diags);
	script = read_script(simulation->script, arena, &err);
	if (!script)
		return cmd_simulate_complain(&err, simulation->script);
	r = simulate(script, &options, &result, &diags, &err);
	print_findings(stderr, &diags, SEVERITY_INFO);
	json_decref(script);
	if (r != 0)
		return cmd_simulate_complain(&err, simulation->script);
	code = print_result(simulation->topic ? json_object_get(result, "topic") : result, simulation->text);
	if (code == EXIT_DONE && strcmp(json_string_value(json_object_get(result, "compile")), "error") == 0)
		code = EXIT_INPUT;
	json_decref(result);
	return code;
}

int
cmd_simulate(int argc, char **argv)
{
	struct simulation simulation = {0};
	const char *mode = NULL, *format = NULL;
	struct words rest = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--policy", .list = &simulation.policies},
		{"--guards", .list = &simulation.guards},
		{"--scenario", .value = &simulation.scenario},
		{"--script", .value = &simulation.script},
		{"--format", .value = &format},
		{"--mode", .value = &mode},
		{0},
	};
	struct arena arena;
	int code;

	if (arguments_parse("clguard simulate", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard simulate", rest.count ? "there are words that belong to no option"
	                                    : !simulation.script == !simulation.scenario
	                                            ? "give either --script or --scenario"
	                                            : NULL) != EXIT_DONE)
		return EXIT_USAGE;
	if (!read_mode("clguard simulate", mode, &simulation.mode))
		return EXIT_USAGE;
	simulation.text = format && strcmp(format, "text") == 0;
	simulation.topic = format && strcmp(format, "topic") == 0;
	if (format && !simulation.text && !simulation.topic && strcmp(format, "json") != 0) {
		fprintf(stderr, "clguard simulate: --format must be json, text or topic, not '%s'\n", format);
		return EXIT_USAGE;
	}
	arena_init(&arena, 0);
	code = cmd_simulate_run(&simulation, &arena);
	arena_free(&arena);
	return code;
}
