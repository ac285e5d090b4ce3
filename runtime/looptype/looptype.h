/* looptype - control loop types: service templates, what must hold in them, and what stands where */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOPTYPE_LOOPTYPE_H
#define RUNTIME_LOOPTYPE_LOOPTYPE_H

#include "policytypes/catalogue.h"
#include "runtime/model/concept_set.h"
#include "runtime/model/loop.h"

/*
 * A document is the tree of a service template: node_types, topology_template.node_templates and so on. Node types that
 * it does not bring itself are built in (`builtin`, policytypes/types). Functions answer NULL for what is not there.
 */

/* The faults of a document: sentences, one a line, each with its place, and the HTTP status of the first. */
struct looptype_findings {
	struct text text;
	unsigned status; /* 0: nothing */
	unsigned count;
	struct text warnings; /* JSON strings with commas between them: what does not stop it */
	unsigned warning_count;
};

/* Documents that are read in CLAMP's looser way: those that declare node types of ONAP's names, all, or none. */
enum compat { COMPAT_AUTO, COMPAT_CLAMP, COMPAT_STRICT };

/* Whether the document is taken as CLAMP took it. */
bool looptype_is_clamp(const struct node *root, enum compat compat);

/*
 * All rules that a document must keep to be commissioned. whole: common properties must have their values; a loop type
 * of the catalogue may get them later. Findings are in `arena`.
 */
struct looptype_rules {
	enum compat compat;
	bool whole;
};

void looptype_check(const struct catalogue *builtin, const struct node *root, struct looptype_rules rules,
                    struct arena *arena, struct looptype_findings *ret);

/* Section maps. */
const struct node *looptype_section(const struct node *root, const char *name); /* "node_types", ... */
const struct node *looptype_templates(const struct node *root);                 /* topology_template.node_templates */

/* The node template with this name and version. */
const struct node *looptype_template(const struct node *root, struct concept concept);

/* (name, version) of a node template; a version that is missing is 0.0.0. */
struct concept looptype_concept(const struct node *template);

bool looptype_is_loop(const struct node *root, const struct node *template);
bool looptype_is_element(const struct node *root, const struct node *template);
bool looptype_is_participant(const struct node *root, const struct node *template);

/* The elements that a loop's template lists: each entry's concept, {name, version} or "name:version". */
struct concept looptype_element_ref(const struct node *entry);
const struct node *looptype_elements(const struct node *loop_template);

/* A value of a node template's properties. */
const struct node *looptype_property(const struct node *template, const char *name);

/* Fills what an element has from its definition: participant type, phase, timeouts, fragment. */
void looptype_fill_element(const struct node *template, struct element *element);

/*
 * Writes {"property": definition, ...} of the template's type and all that it is derived from, the nearest winning:
 * those with metadata common: true, or the others. How many were written.
 */
size_t looptype_write_properties(const struct catalogue *builtin, const struct node *root, const struct node *template,
                                 bool common, struct text *out);

/*
 * A required property, common or not, without a default, that neither the template nor an instance's element gives;
 * absent when there is none. given: the element with its "propertiesMap", or NULL. after: the one that was found last, or
 * absent.
 */
struct str looptype_missing(const struct catalogue *builtin, const struct node *root, const struct node *template,
                            const struct node *given, bool common, struct str after);

/* Types of one document and the built-in ones that it does not declare, for the values of instances. */
struct looptype_values {
	const struct catalogue *builtin;
	const struct node *root;
	const struct catalogue *types; /* NULL: out of memory, or not read yet */
	bool clamp;
};

/* Reads the types, unless they are those of `root` already. */
void looptype_values_of(struct looptype_values *values, const struct catalogue *builtin, const struct node *root,
                        enum compat compat, struct arena *arena);

/*
 * What an instance gives for the element defined by `template`, and what it does not give: unknown and common properties,
 * types, constraints, entry schemas, required ones. given: the element with its "propertiesMap".
 */
void looptype_check_given(const struct looptype_values *values, const struct node *template, const struct node *given,
                          struct arena *arena, struct looptype_findings *findings);

/*
 * The participant type of an element's definition: participantType, else what stands in participant_id. Absent names where
 * there is neither.
 */
struct concept looptype_participant_type(const struct node *template);

/*
 * Whether participants of a type can host an element of this template: false only when the participant type's template
 * is in the document and it, or its node type, has capabilities of which none takes the element's type.
 */
bool looptype_can_host(const struct catalogue *builtin, const struct node *root, struct concept participant_type,
                       const struct node *template);

/* A node template as answers and messages carry it: {"name", "version", "type", ...}. properties: NULL for its own. */
void looptype_write_template(struct text *out, const struct node *template, struct str properties);

/* The definitions that participants are primed with, document after document: each once. */
struct definition_list {
	struct text *out;
	struct concept_set written;
	bool comma;
};

/*
 * Adds {"participantType","controlLoopElementDefinitionList":[...]} for each participant type of the document, without what
 * an earlier one brought. Stops, somewhere, when the text is longer than `most`.
 */
void looptype_write_definitions(const struct catalogue *builtin, const struct node *root, size_t most,
                                struct definition_list *list);

/*
 * The fragment of a document that goes to elements that name policies:
 * {"data_types","policy_types","topology_template"}.
 */
bool looptype_write_fragment(const struct node *root, struct text *out);

#endif
