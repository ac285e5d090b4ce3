/* clguard - guards for control loops: may this actor perform this operation on this target now? */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LIBRARY_CLGUARD_H
#define ENGINE_LIBRARY_CLGUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLG_API __attribute__((visibility("default")))

/* The version of this header; clg_version() is that of the library which the program runs with. */
#define CLG_VERSION_MAJOR 0
#define CLG_VERSION_MINOR 1
#define CLG_VERSION_PATCH 0
#define CLG_VERSION "0.1.0"

CLG_API const char *clg_version(void);

/*
 * How structs grow. One that the program fills begins with its size: CLG_..._INIT sets it, and 0 means that of version 0.1.0, so
 * that {0} will do. A library that is newer than the program takes later members for absent; one that is older does not look
 * at them. One that the library fills has reserved room, which it clears; later members take their place from there.
 */

/*
 * An engine holds the active policy set and the operation counters (a database directory). A session asks; one a thread.
 * Anything that is not said to be one thread's may be called from any thread. Functions return 0 or a negative
 * CLG_E... code and fill *err. Whatever fails while deciding is a Deny, never a silent Permit.
 */
struct clg_engine;
struct clg_session;

/* The values are stable; new ones are added at the end. */
enum clg_error_code {
	CLG_ESYNTAX = 1,
	CLG_ETYPE,
	CLG_ERANGE,
	CLG_ELIMIT,
	CLG_EMISSING,
	CLG_EUNKNOWN,
	CLG_EDUPLICATE,
	CLG_ECONFLICT,
	CLG_EMEMORY,
	CLG_EIO,
	CLG_EFULL,
	CLG_EDAMAGED,
	CLG_EBUSY,
	CLG_EINTERNAL
};

struct clg_error {
	int code;              /* CLG_E..., positive; 0 for none */
	uint32_t line, column; /* place in a document, 0 when there is none */
	char path[192];
	char text[320]; /* one sentence, lower case, no full stop */
};

/* Name of an error code: "syntax", "type", ... */
CLG_API const char *clg_error_name(int code);

enum clg_mode { CLG_STRICT, CLG_ONAP };

/* Start from CLG_OPTIONS_INIT, which has the defaults. */
struct clg_options {
	size_t size;
	const char *data; /* database directory, made when missing; NULL: private, gone at close */
	enum clg_mode mode;
	bool on_error_permit;            /* strict: what an evaluation that fails gives; default Deny */
	bool no_guard_deny;              /* strict: what no applicable guard gives; default Permit */
	bool process_durability;         /* commits survive kill -9 only, not power loss; default both */
	int64_t lease_ms;                /* how long an operation that never ends is live; default 1 h */
	size_t map_bytes;                /* address space of the database; default 64 GiB */
	int64_t (*clock)(void *context); /* Unix milliseconds; NULL: the system's */
	void *clock_context;
	bool skip_bad_policies; /* a policy with errors is left out, the rest is loaded */
	bool require_policies;  /* no guard in force denies, reason "no_policies"; default Permit */
};

#define CLG_OPTIONS_INIT \
	{ \
		sizeof(struct clg_options), NULL, CLG_STRICT, false, false, false, 3600000, (size_t)1 << 36, NULL, \
			NULL, false, false \
	}

CLG_API int clg_open(const struct clg_options *options, struct clg_engine **ret_engine, struct clg_error *err);

/* Sessions must be closed before. Takes NULL. */
CLG_API void clg_close(struct clg_engine *engine);

enum clg_severity { CLG_INFO, CLG_WARNING, CLG_ERROR };

/* Texts are borrowed for the call. */
struct clg_finding {
	enum clg_severity severity;
	const char *code; /* "GUARD2-...", "OPV-..", or "" */
	const char *file;
	uint32_t line, column;
	const char *path;
	const char *text;
};

typedef void clg_finding_fn(void *context, const struct clg_finding *finding);

/*
 * Replaces the policy set by what these files and directories (*.yaml, *.yml, *.json, by name) hold: service templates, 2.0.0
 * guard files, bare policy bodies. All or nothing: with any error the old set stays in force. finding may be NULL.
 * Sessions see the new set at their next call.
 */
CLG_API int clg_load(struct clg_engine *engine, const char *const *paths, size_t count, clg_finding_fn *finding,
                     void *context, struct clg_error *err);

CLG_API int clg_session_open(struct clg_engine *engine, struct clg_session **ret_session, struct clg_error *err);
CLG_API void clg_session_close(struct clg_session *session);

/* Something else that filters test, by its path: "resource.properties.status". A path may occur several times. */
struct clg_field {
	const char *path, *value;
};

#define CLG_FIELDS_MAX 64 /* of one request */

/* A question. NULL is "not given". */
struct clg_request {
	size_t size;
	const char *actor, *operation, *target, *clname;
	const char *vnf_name, *vnf_id, *vnf_type, *nf_naming_code, *vserver_id, *cloud_region_id;
	const char *request_id, *subrequest_id;
	const int32_t *vf_count; /* the count the operation would lead to */
	const struct clg_field *fields;
	size_t field_count;
};

#define CLG_REQUEST_INIT \
	{ \
		sizeof(struct clg_request), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
			NULL, NULL, 0 \
	}

enum clg_effect { CLG_PERMIT, CLG_DENY };

/* Texts are borrowed until the session's next call. */
struct clg_decision {
	enum clg_effect effect;
	const char *reason;                  /* "permit", "limit_reached", ... */
	const char *missing;                 /* with "missing_attribute": its name; else NULL */
	const char *policy, *version, *file; /* the guard that denied; NULL on Permit */
	uint32_t line, column;
	uint64_t generation; /* of the policy set that answered */
	const void *reserved[4];
};

/*
 * Decides. Takes no lock, allocates nothing, logs nothing. 0 whenever there is a decision (an evaluation that failed is a
 * Deny with reason "error"); -CLG_ELIMIT for an attribute over 1 KiB or too many fields, -CLG_EUNKNOWN for a field whose
 * path is none, and ret is then a Deny too.
 */
CLG_API int clg_decide(struct clg_session *session, const struct clg_request *request, struct clg_decision *ret);

/* clg_decide for many requests at one instant and one policy set. */
CLG_API int clg_decide_batch(struct clg_session *session, const struct clg_request *requests, size_t count,
                             struct clg_decision *ret);

/*
 * Decides and tells why, as JSON text, borrowed until the session's next call: {"generation","now","permit_at","change",
 * "changes":[],"guards":[{"policy","version","kind","file","line","column","verdict","reason","shadow","values":{},"used","limit",
 * "window","permit_at","change"}]}. For a Deny, permit_at is the earliest instant at which the request is permitted if nothing but
 * time changes, and changes are what together turns the answer; both were tried. doc/openapi.yaml has each member.
 */
CLG_API int clg_explain(struct clg_session *session, const struct clg_request *request, struct clg_decision *ret,
                        const char **ret_json, struct clg_error *err);

/* An operation that somebody performed. Times are Unix milliseconds, 0 for unknown. */
struct clg_operation {
	size_t size;
	const char *actor, *operation, *target, *clname;
	const char *request_id, *subrequest_id;
	const char *outcome; /* "Started", "Success", "Failure", ... */
	const char *message;
	int64_t start_ms, end_ms;
};

#define CLG_OPERATION_INIT \
	{ \
		sizeof(struct clg_operation), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 \
	}

/*
 * Enters operations, all or none; returns after the commit. Started then final with the same identity is an update.
 * -CLG_EMISSING: a row without actor or operation, or a Started one without request_id; -CLG_EFULL: no room.
 */
CLG_API int clg_record(struct clg_engine *engine, const struct clg_operation *rows, size_t count,
                       struct clg_error *err);

/*
 * Reservations: the right to perform one operation, taken in the same step as the decision, so that no other caller, thread or
 * process, can slip through between the two. A reservation counts under every limiter until it is settled (the operation then
 * counts by its end), given back with clg_abort, or its lease ends. Each call returns after the commit.
 */
enum clg_reservation_state { CLG_LIVE, CLG_SETTLED, CLG_ABORTED, CLG_EXPIRED };

struct clg_reservation {
	struct clg_decision decision; /* texts borrowed until clg_reservation_done */
	char id[33];                  /* empty unless permitted */
	bool repeated;                /* the same request ids had it already, and it is live */
	int64_t expires_ms;
	void *held;
	const void *reserved[4];
};

/*
 * Decides and, if permitted, takes the reservation. It needs an actor and an operation, as each row of the operation history.
 * lease_ms 0: the engine's. The same (request_id, subrequest_id) again gives the same reservation while that is live, and
 * a new decision after an abort or the end of its lease; -CLG_ECONFLICT when it is settled, or when the ids belong to another
 * request. `ret` is filled in any case, after an error with a Deny;
 * clg_reservation_done lets go of it.
 */
CLG_API int clg_reserve(struct clg_engine *engine, const struct clg_request *request, int64_t lease_ms,
                        struct clg_reservation *ret, struct clg_error *err);
CLG_API void clg_reservation_done(struct clg_reservation *reservation);

/* The same without waiting: `done` is called on the engine's own thread, with a reservation that is valid during the call. */
typedef void clg_reserved_fn(void *context, const struct clg_reservation *reservation, const struct clg_error *err);
CLG_API int clg_reserve_async(struct clg_engine *engine, const struct clg_request *request, int64_t lease_ms,
                              clg_reserved_fn *done, void *context, struct clg_error *err);

/*
 * Ends a reservation with the operation's outcome ("Success", "Failure", ...), gives it back, or prolongs its lease from now.
 * Repeating what was done is no error. -CLG_EUNKNOWN: there is none with this id; -CLG_ECONFLICT: it is in another state,
 * which ret_state (may be NULL) tells: a lease may have ended meanwhile.
 */
CLG_API int clg_settle(struct clg_engine *engine, const char *id, const char *outcome,
                       enum clg_reservation_state *ret_state, struct clg_error *err);
CLG_API int clg_abort(struct clg_engine *engine, const char *id, enum clg_reservation_state *ret_state,
                      struct clg_error *err);
CLG_API int clg_renew(struct clg_engine *engine, const char *id, int64_t lease_ms,
                      enum clg_reservation_state *ret_state, struct clg_error *err);

/*
 * The SDK of the Control Loop Guard 2.0.0: build a specification, check it, get YAML and messages.
 * One thread at a time. Texts given are copied.
 */
struct clg_builder;

struct clg_guard_policy {
	size_t size;
	const char *id, *name, *description, *actor, *recipe;
};

#define CLG_GUARD_POLICY_INIT \
	{ \
		sizeof(struct clg_guard_policy), NULL, NULL, NULL, NULL, NULL \
	}

struct clg_constraint {
	size_t size;
	const int *num;                         /* NULL when there is no limiter */
	const char *duration;                   /* "PT15M" or 5min 10min 30min 1h 12h 1d 5d 1w 1mon */
	const char *active_from, *active_until; /* time_in_range: arg2, arg3; NULL for always */
	const char *const *blacklist;
	size_t blacklist_count;
};

#define CLG_CONSTRAINT_INIT \
	{ \
		sizeof(struct clg_constraint), NULL, NULL, NULL, NULL, NULL, 0 \
	}

enum clg_message_level { CLG_MESSAGE_INFO, CLG_MESSAGE_WARNING, CLG_MESSAGE_ERROR, CLG_MESSAGE_EXCEPTION };

struct clg_message {
	enum clg_message_level level;
	const char *text;
};

/* The library's own. */
struct clg_results {
	bool valid;                /* false as soon as one message is an ERROR or EXCEPTION */
	const char *specification; /* YAML; NULL when it could not be made */
	const struct clg_message *messages;
	size_t message_count;
};

/* version: of the guard header, NULL for "2.0.0". NULL when out of memory. */
CLG_API struct clg_builder *clg_builder_new(const char *version);
CLG_API void clg_builder_free(struct clg_builder *builder);
CLG_API int clg_builder_add_policy(struct clg_builder *builder, const struct clg_guard_policy *policy,
                                   struct clg_error *err);
CLG_API int clg_builder_remove_policy(struct clg_builder *builder, const struct clg_guard_policy *policy,
                                      struct clg_error *err);
CLG_API int clg_builder_add_constraint(struct clg_builder *builder, const char *policy_id,
                                       const struct clg_constraint *constraint, struct clg_error *err);
CLG_API int clg_builder_remove_constraint(struct clg_builder *builder, const char *policy_id,
                                          const struct clg_constraint *constraint, struct clg_error *err);
CLG_API int clg_builder_remove_all_constraints(struct clg_builder *builder, const char *policy_id,
                                               struct clg_error *err);

/* Builds and checks; the results are borrowed until the builder's next call. */
CLG_API int clg_builder_build(struct clg_builder *builder, const struct clg_results **ret_results,
                              struct clg_error *err);

/*
 * The SDK of control loops: makes a control loop type, a TOSCA service template, of element definitions, fills in its
 * metadata and refers to its elements. Any thread.
 */
struct clg_document {
	size_t size;
	const char *name; /* for messages; may be NULL */
	const char *text; /* a service template, YAML or JSON */
};

#define CLG_DOCUMENT_INIT \
	{ \
		sizeof(struct clg_document), NULL, NULL \
	}

/*
 * documents: what a design time catalogue holds; the first that has an element's definition, or its participant type's,
 * under the name and version gives it, with its types and policies. spec: YAML or JSON, {name, version, description,
 * metadata, properties, elements: [{name, version, properties}]}, 1 to 100 elements; properties go over those of the
 * definition. ret_yaml: as POST /commission and `clguard commission` take it; free() it.
 * -CLG_ETYPE: the spec is not like that; -CLG_EUNKNOWN: no such element definition; -CLG_EDUPLICATE: an element is asked for
 * twice; -CLG_ECONFLICT: two elements bring different definitions under one name; and what reading a document gives.
 */
CLG_API int clg_compose(const struct clg_document *documents, size_t count, const char *spec, char **ret_yaml,
                        struct clg_error *err);

#ifdef __cplusplus
}
#endif

#endif
