/* cmd_check - clguard check: compile policies and print every finding */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/loop_check.h"
#include "api/findings/findings_format.h"
#include "api/process/arguments.h"
#include "base/clock.h"
#include "engine/analysis/analysis.h"
#include "engine/decide/load.h"
#include "engine/decide/policyset.h"
#include "engine/simulation/operational_set.h"

static const char help[] =
	"usage: clguard check [--mode strict|onap] [--compat auto|clamp|strict] [--strict-warnings] [--witness]\n"
	"       [--format text|json|github|sarif]\n"
	"       FILE|DIRECTORY...\n\n"
	"Compiles service templates, Control Loop Guard 2.0.0 files and bare policy bodies, and prints\n"
	"every finding as file:line:column: severity: text. Exit code 1 when there is an error.\n\n"
	"  --compat            how a service template with a control loop is taken, which is checked as\n"
	"                      commissioning does: as the service's setting of that name\n"
	"  --strict-warnings   a warning is an error; metadata 'allow: [ID]' of a policy silences one\n"
	"  --format            text (the default); json, findings and totals as one document; github, commands that a\n"
	"                      workflow of GitHub shows at the lines; sarif, a log of SARIF 2.1.0\n"
	"  --json              as --format json\n"
	"  --witness           run the request that shows a finding about the whole set, and print what it showed\n";

/* Compiles the other documents though control loops among them have errors: the findings of all files come in one wave. */
static int
compile_beside(const struct compile_options *options, const struct document *documents, size_t count,
               struct policyset **ret, struct diags *diags)
{
	const size_t errors = diags->count[SEVERITY_ERROR];
	int r;

	diags->count[SEVERITY_ERROR] = 0; /* compiling stops behind a pass with errors */
	r = policyset_compile(options, documents, count, ret, diags);
	diags->count[SEVERITY_ERROR] += errors;
	return r;
}

/* What the set as a whole does that its authors cannot have meant. */
static int
analyse(const struct policyset *set, struct arena *arena, struct diags *diags, const struct witness **ret)
{
	for (const struct operational *at = set->operational; at; at = at->next)
		operational_hints(at, diags);
	return analysis_run(set, set->operational, clock_wall_ms(), arena, diags, ret);
}

/* Two policies for one loop leave no set; what they would do can be shown all the same. */
static int
analyse_doubles(const struct document *documents, size_t count, struct arena *arena, struct diags *diags,
                const struct witness **ret)
{
	const struct operational *list;
	struct diags told; /* already */
	const struct diag *diag = diags->first;

	while (diag && !(diag->code && strcmp(diag->code, "OPV-35") == 0))
		diag = diag->next;
	if (!diag)
		return 0;
	diags_init(&told, arena);
	(void)operational_set_compile(documents, count, arena, &list, &told); /* false: the doubles are an error */
	return analysis_doubles(list, clock_wall_ms(), arena, diags, ret);
}

/* Turns the warnings into errors. */
static void
diags_promote(struct diags *diags)
{
	for (struct diag *diag = diags->first; diag; diag = diag->next) {
		if (diag->severity == SEVERITY_WARNING)
			diag->severity = SEVERITY_ERROR;
	}
	diags->count[SEVERITY_ERROR] += diags->count[SEVERITY_WARNING];
	diags->count[SEVERITY_WARNING] = 0;
}

enum check_format { CHECK_TEXT, CHECK_JSON, CHECK_GITHUB, CHECK_SARIF };

/* What is asked for beside the files. */
struct check_options {
	enum guard_mode mode;
	enum compat compat;
	enum check_format format;
	bool witnesses, strict_warnings;
};

/* NULL: text, or json when `json` is set. False after a message. */
static bool
read_format(const char *text, bool json, enum check_format *ret)
{
	static const char *const words[] = {
		[CHECK_TEXT] = "text", [CHECK_JSON] = "json", [CHECK_GITHUB] = "github", [CHECK_SARIF] = "sarif"};

	*ret = json ? CHECK_JSON : CHECK_TEXT;
	if (!text)
		return true;
	for (*ret = CHECK_TEXT; *ret <= CHECK_SARIF; ++*ret)
		if (strcmp(text, words[*ret]) == 0)
			break;
	if (*ret > CHECK_SARIF)
		fprintf(stderr, "clguard check: --format is wrong: expected text, json, github or sarif, got '%s'\n",
		        text);
	else if (json && *ret != CHECK_JSON)
		fprintf(stderr, "clguard check: --json is --format json, which is not --format %s\n", text);
	return *ret <= CHECK_SARIF && (!json || *ret == CHECK_JSON);
}

/* "auto" (also NULL), "clamp" or "strict". False after a message. */
static bool
read_compat(const char *text, enum compat *ret)
{
	static const char *const words[] = {
		[COMPAT_AUTO] = "auto", [COMPAT_CLAMP] = "clamp", [COMPAT_STRICT] = "strict"};

	*ret = COMPAT_AUTO;
	while (text && *ret <= COMPAT_STRICT && strcmp(text, words[*ret]) != 0)
		++*ret;
	if (*ret <= COMPAT_STRICT)
		return true;
	fprintf(stderr, "clguard check: --compat is wrong: expected auto, clamp or strict, got '%s'\n", text);
	return false;
}

static void
print_totals(const struct policyset *set, const struct diags *diags)
{
	if (set)
		fprintf(stderr, "%zu %s, %zu %s: ", set->policies, set->policies == 1 ? "policy" : "policies",
		        set->guards.count, set->guards.count == 1 ? "guard" : "guards");
	fprintf(stderr, "%zu %s, %zu %s\n", diags->count[SEVERITY_ERROR],
	        diags->count[SEVERITY_ERROR] == 1 ? "error" : "errors", diags->count[SEVERITY_WARNING],
	        diags->count[SEVERITY_WARNING] == 1 ? "warning" : "warnings");
}

/* {"errors", "warnings", "policies", "guards", "findings"}; policies and guards only of a set that compiles. */
static void
json_check(struct text *out, const struct policyset *set, const struct diags *diags)
{
	text_addf(out, "{\"errors\":%zu,\"warnings\":%zu", diags->count[SEVERITY_ERROR],
	          diags->count[SEVERITY_WARNING]);
	if (set)
		text_addf(out, ",\"policies\":%zu,\"guards\":%zu", set->policies, set->guards.count);
	text_add(out, STR(",\"findings\":"));
	findings_json(out, diags);
	text_add(out, STR("}\n"));
}

/* The findings of a check that ends with the exit code. False, after a message, on allocation failure. */
static bool
print_check(enum check_format format, const struct policyset *set, const struct diags *diags, int code,
            struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	if (format == CHECK_TEXT)
		print_findings(stdout, diags, SEVERITY_INFO);
	else if (format == CHECK_JSON)
		json_check(&out, set, diags);
	else if (format == CHECK_GITHUB)
		findings_github(&out, diags);
	else
		findings_sarif(&out, diags, code != EXIT_ENVIRONMENT);
	if (!out.failed) {
		fwrite(out.ptr, 1, out.len, stdout);
		return true;
	}
	fputs("clguard check: out of memory\n", stderr);
	return false;
}

static int
cmd_check_files(const struct check_options *asked, const struct words *paths)
{
	struct compile_options options = {
		.mode = asked->mode,
		.limits = engine_options_default.limits,
		.policies_max = engine_options_default.policies_max,
	};
	struct policyset *set = NULL;
	struct document *documents = NULL;
	struct arena arena;
	struct diags diags;
	struct error err = {0};
	const struct witness *witness = NULL;
	bool hold = true; /* every witness behaved as claimed */
	size_t count = 0;
	int r, code;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = policyset_builtin(&arena, &options.builtin, &err);
	if (r != 0)
		diags_add_error(&diags, "", &err);
	if (r == 0)
		r = load_documents(paths->words, paths->count, options.limits.bytes, false, &arena, &documents, &count,
		                   &diags);
	if (r == 0 && count == 0) {
		diags_error(&diags, NULL, "there is no policy file in these directories");
		r = -ERROR_MISSING;
	}
	if (r == 0)
		loop_check_documents(&options, asked->compat, documents, &count, &arena, &diags);
	if (r == 0)
		r = compile_beside(&options, documents, count, &set, &diags);
	if (r == 0)
		r = analyse(set, &arena, &diags, &witness);
	else if (diags.count[SEVERITY_ERROR] > 0 && analyse_doubles(documents, count, &arena, &diags, &witness) < 0)
		r = -ERROR_MEMORY;
	if (asked->strict_warnings)
		diags_promote(&diags);
	if (r == 0 && diags.count[SEVERITY_ERROR] > 0)
		r = -ERROR_SYNTAX;
	if (r == -ERROR_IO || r == -ERROR_MEMORY || r == -ERROR_INTERNAL)
		code = EXIT_ENVIRONMENT;
	else
		code = r == 0 ? EXIT_DONE : EXIT_INPUT;
	if (!print_check(asked->format, set, &diags, code, &arena))
		code = EXIT_ENVIRONMENT;
	for (; asked->witnesses && witness; witness = witness->next)
		hold = witness_run(witness, documents, count, asked->format == CHECK_TEXT ? stdout : stderr) && hold;
	if (asked->format == CHECK_TEXT || asked->format == CHECK_GITHUB)
		print_totals(set, &diags);
	policyset_drop(set);
	arena_free(&arena);
	return code == EXIT_DONE && !hold ? EXIT_INPUT : code;
}

int
cmd_check(int argc, char **argv)
{
	const char *mode_text = NULL, *compat_text = NULL, *format_text = NULL;
	struct words paths = {0};
	struct check_options asked = {0};
	bool want_help = false, json = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--mode", .value = &mode_text},
		{"--compat", .value = &compat_text},
		{"--strict-warnings", .flag = &asked.strict_warnings},
		{"--witness", .flag = &asked.witnesses},
		{"--format", .value = &format_text},
		{"--json", .flag = &json},
		{0},
	};

	if (arguments_parse("clguard check", argc, argv, table, &paths) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (!read_mode("clguard check", mode_text, &asked.mode) || !read_compat(compat_text, &asked.compat) ||
	    !read_format(format_text, json, &asked.format))
		return EXIT_USAGE;
	if (!paths.count) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	return cmd_check_files(&asked, &paths);
}
