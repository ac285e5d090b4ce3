/* vocabulary - control loops under their later name, automation compositions: one table of words, both ways */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/vocabulary.h"

#define LOOPS "org.onap.policy.clamp.controlloop."
#define COMPOSITIONS VOCABULARY_COMPOSITIONS

enum word_kind {
	WORD_TYPE,   /* of a node, or of a participant */
	WORD_MEMBER, /* of a body or a message */
	WORD_RECORD, /* a member of an element's statistics alone */
	WORD_MESSAGE /* a messageType */
};

static const struct word {
	enum word_kind kind;
	const char *loop, *composition;
} words[] = {
	{WORD_TYPE, LOOPS "ControlLoop", COMPOSITIONS "AutomationComposition"},
	{WORD_TYPE, LOOPS "ControlLoopElement", COMPOSITIONS "AutomationCompositionElement"},
	{WORD_TYPE, LOOPS "Participant", COMPOSITIONS "Participant"},
	{WORD_TYPE, LOOPS "PolicyControlLoopElement", COMPOSITIONS "PolicyAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "HttpControlLoopElement", COMPOSITIONS "HttpAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "K8SMicroserviceControlLoopElement",
         COMPOSITIONS "K8SMicroserviceAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "KubernetesControlLoopElement", COMPOSITIONS "KubernetesAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "CDSControlLoopElement", COMPOSITIONS "CDSAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "DCAEMicroserviceControlLoopElement",
         COMPOSITIONS "DCAEMicroserviceAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "ConfigurationPersistenceControlLoopElement",
         COMPOSITIONS "ConfigurationPersistenceAutomationCompositionElement"},
	{WORD_TYPE, LOOPS "PolicyParticipant", COMPOSITIONS "PolicyParticipant"},
	{WORD_TYPE, LOOPS "HttpParticipant", COMPOSITIONS "HttpParticipant"},
	{WORD_TYPE, LOOPS "KubernetesParticipant", COMPOSITIONS "KubernetesParticipant"},
	{WORD_TYPE, LOOPS "ControllerParticipant", COMPOSITIONS "ControllerParticipant"},
	{WORD_TYPE, LOOPS "DCAEParticipant", COMPOSITIONS "DCAEParticipant"},
	{WORD_TYPE, LOOPS "ConfigurationPersistenceParticipant", COMPOSITIONS "ConfigurationPersistenceParticipant"},
	{WORD_TYPE, "org.onap.policy.controlloop.PolicyControlLoopParticipant",
         "org.onap.policy.acm.PolicyAutomationCompositionParticipant"},

	{WORD_MEMBER, "controlLoopId", "automationCompositionId"},
	{WORD_MEMBER, "controlLoopResultMap", "automationCompositionResultMap"},
	{WORD_MEMBER, "controlLoopInfoList", "automationCompositionInfoList"},
	{WORD_MEMBER, "controlLoopStatistics", "automationCompositionStatistics"},
	{WORD_MEMBER, "controlLoopElementList", "automationCompositionElementList"},
	{WORD_MEMBER, "controlLoopElementDefinitionList", "automationCompositionElementDefinitionList"},
	{WORD_MEMBER, "controlLoopElementToscaNodeTemplate", "automationCompositionElementToscaNodeTemplate"},
	{WORD_MEMBER, "clElementDefinitionId", "acElementDefinitionId"},
	{WORD_MEMBER, "clElementStatisticsList", "acElementStatisticsList"},
	{WORD_MEMBER, "clElementStatistics", "acElementStatistics"},
	{WORD_MEMBER, "clElementUptime", "acElementUptime"},
	{WORD_RECORD, "controlLoopState", "state"},
	{WORD_MEMBER, "controlLoopList", "automationCompositionList"},
	{WORD_MEMBER, "controlLoopIdentifierList", "automationCompositionIdentifierList"},
	{WORD_MEMBER, "controlLoopStatusList", "automationCompositionStatusList"},
	{WORD_MEMBER, "primedControlLoopsList", "primedAutomationCompositionsList"},
	{WORD_MEMBER, "affectedControlLoops", "affectedAutomationCompositions"},
	{WORD_MEMBER, "affectedControlLoopDefinitions", "affectedAutomationCompositionDefinitions"},

	{WORD_MESSAGE, "CONTROL_LOOP_UPDATE", "AUTOMATION_COMPOSITION_UPDATE"},
	{WORD_MESSAGE, "CONTROL_LOOP_STATE_CHANGE", "AUTOMATION_COMPOSITION_STATE_CHANGE"},
	{WORD_MESSAGE, "CONTROLLOOP_UPDATE_ACK", "AUTOMATION_COMPOSITION_UPDATE_ACK"},
	{WORD_MESSAGE, "CONTROLLOOP_STATECHANGE_ACK", "AUTOMATION_COMPOSITION_STATECHANGE_ACK"},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

/* Members whose values are users': no word of ours stands below them. */
static const char *const users[] = {"propertiesMap",
                                    "properties",
                                    "commonPropertiesMap",
                                    "toscaServiceTemplateFragment",
                                    "controlLoopElementToscaNodeTemplate",
                                    "automationCompositionElementToscaNodeTemplate",
                                    "topology_template",
                                    "node_types",
                                    "data_types",
                                    "policy_types",
                                    "capability_types",
                                    "document",
                                    "common"};

struct str
vocabulary_type(struct str name)
{
	if (!str_starts_with(name, STR("org.onap.policy.")))
		return name;
	for (size_t i = 0; i < WORDS && words[i].kind == WORD_TYPE; i++)
		if (str_is(name, words[i].composition))
			return str_from(words[i].loop);
	return name;
}

bool
vocabulary_types(size_t n, struct str *ret_composition, struct str *ret_loop)
{
	if (n >= WORDS || words[n].kind != WORD_TYPE)
		return false;
	*ret_composition = str_from(words[n].composition);
	*ret_loop = str_from(words[n].loop);
	return true;
}

/* The other word; absent when the table has none. record: inside an element's statistics. */
static struct str
other_word(struct str word, bool to_loops, bool message, bool record)
{
	for (size_t i = 0; i < WORDS; i++) {
		const char *from = to_loops ? words[i].composition : words[i].loop;

		if (words[i].kind == WORD_TYPE || (words[i].kind == WORD_MESSAGE) != message ||
		    (words[i].kind == WORD_RECORD && !record) || !str_is(word, from))
			continue;
		return str_from(to_loops ? words[i].loop : words[i].composition);
	}
	return STR_NONE;
}

static bool
is_users(struct str key)
{
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if (str_is(key, users[i]))
			return true;
	return false;
}

static bool
is_statistics(struct str key)
{
	return str_is(key, "clElementStatistics") || str_is(key, "acElementStatistics");
}

/* Depth is bounded by the reader. record: the tree is inside an element's statistics. */
static void
rename_members(struct node *tree, bool to_loops, bool record)
{
	for (struct node *child = tree->first; child; child = child->next) {
		bool user = child->key.ptr && is_users(child->key);
		bool statistics = record || (child->key.ptr && is_statistics(child->key));
		struct str other = child->key.ptr ? other_word(child->key, to_loops, false, record) : STR_NONE;

		if (str_is(child->key, "messageType") && child->kind == NODE_TEXT) {
			struct str type = other_word(child->text, to_loops, true, false);

			child->text = type.ptr ? type : child->text;
		}
		if (!user && !node_is_scalar(child))
			rename_members(child, to_loops, statistics);
		if (other.ptr)
			child->key = other;
	}
}

void
vocabulary_to_loops(struct node *tree)
{
	rename_members(tree, true, false);
}

void
vocabulary_to_compositions(struct node *tree)
{
	rename_members(tree, false, false);
}
