/* doctor - findings with what to do about them, as text and as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/doctor/doctor.h"

#include <stdarg.h>

#include "api/process/excerpt.h"

static const char *const area_names[] = {
#define X(area, text) [DOCTOR_##area] = text,
	DOCTOR_AREAS(X)
#undef X
};

static void
doctor_vadd(struct doctor *doctor, enum doctor_area area, enum severity severity, const char *advice,
            const char *format, va_list args)
{
	struct doctor_finding *finding = arena_alloc(doctor->arena, sizeof(*finding));
	char text[2 * ERROR_TEXT_SIZE];

	(void)vsnprintf(text, sizeof(text), format, args); /* a long one is cut */
	doctor->count[severity]++;
	if (finding)
		*finding = (struct doctor_finding){NULL, severity, area, arena_str(doctor->arena, str_from(text)).ptr,
		                                   advice};
	if (!finding || !finding->what) {
		doctor->out_of_memory = true;
		return;
	}
	if (doctor->last)
		doctor->last->next = finding;
	else
		doctor->first = finding;
	doctor->last = finding;
}

void
doctor_add(struct doctor *doctor, enum doctor_area area, enum severity severity, const char *advice, const char *format,
           ...)
{
	va_list args;

	va_start(args, format);
	doctor_vadd(doctor, area, severity, advice, format, args);
	va_end(args);
}

void
doctor_unseen(struct doctor *doctor, enum doctor_area area, const char *advice, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	doctor_vadd(doctor, area, SEVERITY_ERROR, advice, format, args);
	va_end(args);
	doctor->unseen = true;
}

void
doctor_print(const struct doctor *doctor, FILE *out)
{
	struct excerpt_style style = excerpt_style_of(out);

	for (const struct doctor_finding *at = doctor->first; at; at = at->next) {
		excerpt_severity(out, style, at->severity);
		fprintf(out, ": %s: %s\n", area_names[at->area], at->what);
		if (at->advice)
			fprintf(out, "    %s\n", at->advice);
	}
}

void
doctor_json(const struct doctor *doctor, struct text *out)
{
	text_addf(out, "{\"errors\":%zu,\"warnings\":%zu,\"findings\":[", doctor->count[SEVERITY_ERROR],
	          doctor->count[SEVERITY_WARNING]);
	for (const struct doctor_finding *at = doctor->first; at; at = at->next) {
		text_addf(out, "%s{\"severity\":\"%s\",\"area\":\"%s\",\"what\":", at == doctor->first ? "" : ",",
		          severity_name(at->severity), area_names[at->area]);
		text_add_json(out, str_from(at->what));
		text_add(out, STR(",\"advice\":"));
		text_add_json(out, str_from(at->advice));
		text_add(out, STR("}"));
	}
	text_add(out, STR("]}"));
}
