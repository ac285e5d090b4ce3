/* findings_format - findings in the forms that pipelines read: GitHub's workflow commands, SARIF */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/findings/findings_format.h"

#include <string.h>

#define SARIF_SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define RULE_WITHOUT_ID "CHECK"

/* The subjects of findings, by the beginning of their id. */
static const struct rule_family {
	const char *prefix, *text;
} rule_families[] = {
	{"LINT-", "A guard that denies nothing, or everything, or not what it seems to"},
	{"SET-", "Effects of the whole set of policies that its authors cannot have intended"},
	{"OPV-", "A rule of operational policies"},
	{"GUARD2-", "A rule of Control Loop Guard 2.0.0 files"},
	{"", "A document that does not follow the language, its types or their constraints"},
};

static size_t
findings_beyond(const struct diags *diags)
{
	size_t all = 0;

	for (int s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++)
		all += diags->count[s];
	return all - diags->kept;
}

/* Percent-encodes what would end a command; in a property also what would end that. */
static void
github_add(struct text *out, const char *text, bool property)
{
	for (const char *at = text; *at; at++) {
		if (*at == '%' || *at == '\r' || *at == '\n' || (property && (*at == ':' || *at == ',')))
			text_addf(out, "%%%02X", (unsigned char)*at);
		else
			text_add(out, (struct str){at, 1});
	}
}

void
findings_github(struct text *out, const struct diags *diags)
{
	static const char *const commands[] = {
		[SEVERITY_INFO] = "notice", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};
	size_t beyond = findings_beyond(diags);

	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		const char *between = " ";

		text_addf(out, "::%s", commands[diag->severity]);
		if (diag->file[0]) {
			text_add(out, STR(" file="));
			github_add(out, diag->file, true);
			between = ",";
		}
		if (diag->file[0] && diag->line)
			text_addf(out, ",line=%u,col=%u", diag->line, diag->column);
		if (diag->code) {
			text_addf(out, "%stitle=", between);
			github_add(out, diag->code, true);
		}
		text_add(out, STR("::"));
		github_add(out, diag->text, false);
		text_add(out, STR("\n"));
	}
	if (beyond)
		text_addf(out, "::notice::and %zu more findings\n", beyond);
}

/* Which rules the findings have, each once, in the order found. */
struct rule_list {
	const char *ids[DIAGS_MAX];
	size_t count;
};

/* The place of a finding's rule in the list, which it is added to when it is not there. */
static size_t
rule_place(struct rule_list *rules, const struct diag *diag)
{
	const char *id = diag->code ? diag->code : RULE_WITHOUT_ID;
	size_t i = 0;

	while (i < rules->count && strcmp(rules->ids[i], id) != 0)
		i++;
	if (i == rules->count)
		rules->ids[rules->count++] = id;
	return i;
}

static void
sarif_rule(struct text *out, const char *id)
{
	const struct rule_family *family = rule_families;

	while (strncmp(id, family->prefix, strlen(family->prefix)) != 0)
		family++;
	text_add(out, STR("{\"id\":"));
	text_add_json(out, str_from(id));
	text_add(out, STR(",\"shortDescription\":{\"text\":"));
	text_add_json(out, str_from(family->text));
	text_add(out, STR("}}"));
}

/* A path as a reference of a URI: relative as it is, absolute with its scheme. */
static void
sarif_add_uri(struct text *out, const char *path)
{
	text_add(out, path[0] == '/' ? STR("\"file://") : STR("\""));
	for (const char *at = path; *at; at++) {
		const unsigned char c = (unsigned char)*at;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~/", c))
			text_add(out, (struct str){at, 1});
		else
			text_addf(out, "%%%02X", c);
	}
	text_add(out, STR("\""));
}

static void
sarif_location(struct text *out, const struct diag *diag)
{
	text_add(out, STR(",\"locations\":[{"));
	text_add(out, STR("\"physicalLocation\":{\"artifactLocation\":{\"uri\":"));
	sarif_add_uri(out, diag->file);
	text_add(out, STR("}"));
	if (diag->line)
		text_addf(out, ",\"region\":{\"startLine\":%u", diag->line);
	if (diag->line && diag->column)
		text_addf(out, ",\"startColumn\":%u", diag->column);
	text_add(out, diag->line ? STR("}}") : STR("}"));
	if (diag->path && diag->path[0]) {
		text_add(out, STR(",\"logicalLocations\":[{\"fullyQualifiedName\":"));
		text_add_json(out, str_from(diag->path));
		text_add(out, STR("}]"));
	}
	text_add(out, STR("}]"));
}

static void
sarif_result(struct text *out, const struct diag *diag, struct rule_list *rules)
{
	static const char *const levels[] = {
		[SEVERITY_INFO] = "note", [SEVERITY_WARNING] = "warning", [SEVERITY_ERROR] = "error"};
	size_t rule = rule_place(rules, diag);

	text_add(out, STR("{\"ruleId\":"));
	text_add_json(out, str_from(rules->ids[rule]));
	text_addf(out, ",\"ruleIndex\":%zu,\"level\":\"%s\",\"message\":{\"text\":", rule, levels[diag->severity]);
	text_add_json(out, str_from(diag->text));
	text_add(out, STR("}"));
	if (diag->file[0])
		sarif_location(out, diag);
	text_add(out, STR("}"));
}

void
findings_sarif(struct text *out, const struct diags *diags, bool done)
{
	struct rule_list rules = {.count = 0};
	const char *comma = "";

	for (const struct diag *diag = diags->first; diag; diag = diag->next)
		(void)rule_place(&rules, diag); /* it is in the list now */
	text_add(out, STR("{\"$schema\":\"" SARIF_SCHEMA "\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"
	                  "\"name\":\"clguard\",\"version\":\"" PACKAGE_VERSION "\",\"rules\":["));
	for (size_t i = 0; i < rules.count; i++) {
		text_add(out, i ? STR(",") : STR(""));
		sarif_rule(out, rules.ids[i]);
	}
	text_addf(out, "]}},\"columnKind\":\"unicodeCodePoints\",\"invocations\":[{\"executionSuccessful\":%s",
	          done ? "true" : "false");
	if (findings_beyond(diags))
		text_addf(out,
		          ",\"toolExecutionNotifications\":[{\"level\":\"warning\",\"message\":{\"text\":"
		          "\"and %zu more findings\"}}]",
		          findings_beyond(diags));
	text_add(out, STR("}],\"results\":["));
	for (const struct diag *diag = diags->first; diag; diag = diag->next, comma = ",") {
		text_add(out, str_from(comma));
		sarif_result(out, diag, &rules);
	}
	text_add(out, STR("]}]}\n"));
}
