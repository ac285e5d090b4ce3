/* settings_table - the one table of what can be set, by clguard.yaml and by the command line */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings_table.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "api/process/log.h"
#include "api/system/socket.h"

#define KI INT64_C(1024)
#define MI (1024 * KI)
#define GI (1024 * MI)
#define TI (1024 * GI)

#define AT(member) offsetof(struct settings, member)

/* Names that the decision log can mask beside attributes of requests. */
static bool
mask_name_good(const char *name)
{
	static const char *const others[] = {"requestId", "user", "client", "message", "fields"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (strcmp(name, others[i]) == 0)
			return true;
	}
	return attribute_find(str_from(name)) >= 0;
}

static bool
url_good(const char *text)
{
	struct str url = str_from(text);
	size_t scheme = str_starts_with(url, STR("https://")) ? 8 : str_starts_with(url, STR("http://")) ? 7 : 0;

	for (size_t i = 0; i < url.len; i++) {
		if (url.ptr[i] <= ' ' || url.ptr[i] == '"' || url.ptr[i] == '\\' || url.ptr[i] == '?' ||
		    url.ptr[i] == '#')
			return false;
	}
	return scheme && url.len > scheme && url.ptr[url.len - 1] != '/' && url.ptr[scheme] != '/';
}

/* Why a reload does not change it. */
#define FIXED_SOCKETS "sockets are opened at start, before the process gives up its rights"
#define FIXED_DATABASE "the database is opened with it"
#define FIXED_RIGHTS "the process has given up what it would need for that"
#define FIXED_ANSWERS "what the answer to a question is does not change while the service answers"
#define FIXED_IDENTITY "who may ask is checked by what was read at start"
#define FIXED_SERVER "the HTTP server is started with it"
#define FIXED_RUNTIME "the control loop runtime is started with it"
#define FIXED_DOCUMENTS "policies in force were read within it"
#define FIXED_LOG "the log is opened with it"

/* In the order in which they are printed. */
static const struct setting table[] = {
	{"listen", SETTING_TEXT, AT(listen), "127.0.0.1:6969", .word = "ADDR:PORT", .good = socket_address_good,
         .form = "ADDR:PORT, [ADDR]:PORT or unix:PATH", .fixed = FIXED_SOCKETS,
         .help = "Where to listen: ADDR:PORT, [ADDR]:PORT or unix:PATH; port 0 takes a free one."},
	{"socket_mode", SETTING_TEXT, AT(socket_mode), .word = "MODE", .good = socket_mode_good,
         .form = "an octal mode such as 0660", .fixed = FIXED_SOCKETS,
         .help = "Permissions of unix sockets, octal; whoever may write to one may connect. Without it the umask "
                 "decides."},
	{"socket_owner", SETTING_TEXT, AT(socket_owner), .word = "USER", .fixed = FIXED_SOCKETS,
         .help = "Owner of unix sockets, by name or number. Needs the rights to give files away."},
	{"socket_group", SETTING_TEXT, AT(socket_group), .word = "GROUP", .fixed = FIXED_SOCKETS,
         .help = "Group of unix sockets, by name or number; one that the service is a member of."},
	{"data", SETTING_TEXT, AT(data), .word = "DIR", .fixed = FIXED_DATABASE,
         .help = "Directory of the database, made when missing. Without it the operation counters live in a private "
                 "temporary one and are gone at exit."},
	{"policies", SETTING_LIST, AT(policies), .word = "PATH...", .live = true,
         .help = "Policy files, or directories of *.yaml, *.yml and *.json; read again when they change."},
	{"skip_bad_policies", SETTING_BOOL, AT(skip_bad_policies), "false", .fixed = FIXED_ANSWERS,
         .help = "Leave a policy with errors out and say so, instead of refusing the whole set."},
	{"mode", SETTING_CHOICE, AT(mode), "strict", .choices = {"strict", "onap"}, .fixed = FIXED_ANSWERS,
         .help = "How guards answer: strict, or exactly as ONAP's policy decision point does."},
	{"state", SETTING_CHOICE, AT(passive), "active", .choices = {"active", "passive"}, .fixed = FIXED_ANSWERS,
         .help = "State at start; a passive service answers no decisions."},
	{"users", SETTING_TEXT, AT(users), .word = "FILE", .live = true,
         .help = "Users for HTTP Basic, a line name:password or name:hash (crypt(3)) each. Without it the service is "
                 "open to everyone who reaches it."},
	{"tokens", SETTING_TEXT, AT(tokens), .word = "FILE", .live = true,
         .help = "Bearer tokens, a line name:HASH each, the hash the token's SHA-256 in hexadecimal."},
	{"roles", SETTING_TEXT, AT(roles), .word = "FILE", .live = true,
         .help = "Which roles users, tokens and peers hold: a YAML map {roles: {NAME: [ROLE, ...]}}. Without it each "
                 "of "
                 "them holds all."},
	{"listeners", SETTING_LIST, AT(listeners), .word = "ADDR[,plain][,roles=ROLE+ROLE]...", .fixed = FIXED_SOCKETS,
         .help = "Further addresses, each served by a worker of its own: ADDR:PORT, [ADDR]:PORT or unix:PATH, with the "
                 "roles that requests over it may use (all without it), and plain for one without TLS."},
	{"tls_certificate", SETTING_TEXT, AT(tls_certificate), .word = "FILE", .live = true,
         .help = "Certificate and chain, PEM: TLS 1.2 and 1.3 on all TCP addresses but those of plain listeners. Read "
                 "again on SIGHUP without a dropped connection."},
	{"tls_key", SETTING_TEXT, AT(tls_key), .word = "FILE", .live = true,
         .help = "The certificate's private key, PEM."},
	{"tls_client_ca", SETTING_TEXT, AT(tls_client_ca), .word = "FILE", .fixed = FIXED_IDENTITY,
         .help = "Authorities of client certificates, PEM. A client with a certificate of one of them is the identity "
                 "cert:NAME, after a DNS name, a URI or the common name in it that has roles."},
	{"https_ca", SETTING_TEXT, AT(https_ca), .word = "FILE", .fixed = FIXED_RUNTIME,
         .help = "Authorities that vouch for whom the service calls by https, PEM: actors, and the collectors of the "
                 "decision log and of traces. Without it the system's. A certificate that is not verified, or of "
                 "another name, is a failed request."},
	{"jwt_keys", SETTING_TEXT, AT(jwt_keys), .word = "FILE|URL", .fixed = FIXED_IDENTITY,
         .help = "Key set (JWKS) of JSON Web Tokens that are taken as bearer tokens: a file, or an https URL that is "
                 "fetched again and again. Their identity is jwt:SUBJECT. Needs jwt_issuer and jwt_audience."},
	{"jwt_keys_ca", SETTING_TEXT, AT(jwt_keys_ca), .word = "FILE", .fixed = FIXED_IDENTITY,
         .help = "Authorities that vouch for the URL of jwt_keys, PEM. Without it the system's."},
	{"jwt_issuer", SETTING_TEXT, AT(jwt_issuer), .word = "TEXT", .fixed = FIXED_IDENTITY,
         .help = "Issuer (iss) that a token must have, exactly."},
	{"jwt_audience", SETTING_TEXT, AT(jwt_audience), .word = "TEXT", .fixed = FIXED_IDENTITY,
         .help = "Audience (aud) that a token must be for: this service."},
	{"jwt_algorithms", SETTING_LIST, AT(jwt_algorithms), .word = "ALGORITHM...", .fixed = FIXED_IDENTITY,
         .help = "Algorithms that a token may be signed by. Without it all of RS, PS, ES and EdDSA; shared secrets "
                 "(HS256 and the like) only when they are named here, and never none."},
	{"jwt_roles_claim", SETTING_TEXT, AT(jwt_roles_claim), "roles", .word = "CLAIM", .fixed = FIXED_IDENTITY,
         .help = "Where a token has its roles: a list of texts, or one text with spaces; a.b is b inside a. A role "
                 "clguard:ROLE or clguard:ROLE:SCOPE is one of ours; others count by an entry claim:TEXT of the roles "
                 "file."},
	{"jwt_refresh_s", SETTING_NUMBER, AT(jwt_refresh_s), "300", 10, 86400, .unit = "seconds",
         .fixed = FIXED_IDENTITY,
         .help = "How often the URL of jwt_keys is fetched; also when a token names a key that is not there, but at "
                 "most every ten seconds."},
	{"jwt_keys_max_age_s", SETTING_NUMBER, AT(jwt_keys_max_age_s), "86400", 60, 30 * 86400, .unit = "seconds",
         .fixed = FIXED_IDENTITY,
         .help = "How long the last keys hold while the URL of jwt_keys cannot be fetched; then each token is "
                 "refused."},
	{"jwt_leeway_s", SETTING_NUMBER, AT(jwt_leeway_s), "30", 0, 300, .unit = "seconds", .fixed = FIXED_IDENTITY,
         .help = "How far the clocks of issuer and service may differ."},
	{"open_to_network", SETTING_CHOICE, AT(open_to_network), "refuse", .choices = {"refuse", "allow"},
         .fixed = FIXED_SOCKETS,
         .help = "Whether to start on an address that other machines reach with neither users, tokens, client "
                 "certificates nor TLS."},
	{"origins", SETTING_LIST, AT(origins), .word = "ORIGIN...", .fixed = FIXED_IDENTITY,
         .help = "Web origins, such as https://noc.example, whose pages may call the service and read its answers "
                 "(CORS), "
                 "beside its own."},
	{"hosts", SETTING_LIST, AT(hosts), .word = "HOST...", .fixed = FIXED_IDENTITY,
         .help = "Names by which the service is reached. With it a request with another Host is refused; without it "
                 "only requests of browsers must name an address, localhost or the name of the machine."},
	{"public_url", SETTING_TEXT, AT(public_url), .word = "URL", .good = url_good,
         .form = "http://HOST... or https://HOST..., without a slash at its end", .fixed = FIXED_IDENTITY,
         .help = "Where clients reach the service, such as https://pdp.example: the policy_decision_point of "
                 "/.well-known/authzen-configuration. Without it that tells what the client called it."},
	{"entities", SETTING_TEXT, AT(entities), .word = "FILE", .fixed = FIXED_IDENTITY,
         .help = "Subjects, actions and resources that AuthZEN's searches know beside those of policies and the "
                 "operation "
                 "history: a YAML map {subjects: [{type, id, properties}], actions: [{name, properties}], resources: "
                 "[{type, id, properties}]}. Read at each search."},
	{"user", SETTING_TEXT, AT(user), .word = "USER", .fixed = FIXED_RIGHTS,
         .help = "User, by name or number, that the process becomes once it listens; needs to be started as root. The "
                 "files of all other settings are read, and the database is made, as that user."},
	{"group", SETTING_TEXT, AT(group), .word = "GROUP", .fixed = FIXED_RIGHTS,
         .help = "Group that the process becomes; without it that of the user. It keeps no other."},
	{"landlock", SETTING_CHOICE, AT(landlock), "on", .choices = {"off", "on"}, .fixed = FIXED_RIGHTS,
         .help = "Whether the process, where the kernel has Landlock, gives up all files but those of its settings, "
                 "with the directories in which they lie, and the system's libraries and configuration."},
	{"seccomp", SETTING_CHOICE, AT(seccomp), "on", .choices = {"off", "on"}, .fixed = FIXED_RIGHTS,
         .help = "Whether the process, where the kernel has seccomp, gives up system calls that it never makes: other "
                 "programs, other processes, mounts, modules, clocks, users and the like."},
	{"core_dumps", SETTING_CHOICE, AT(core_dumps), "off", .choices = {"off", "on"}, .fixed = FIXED_RIGHTS,
         .help = "Whether a crash may leave a core dump, with all that is in memory, and the process may be looked "
                 "into by other programs of its user."},
	{"clock", SETTING_CHOICE, AT(manual_clock), "system", .choices = {"system", "manual"}, .fixed = FIXED_DATABASE,
         .help = "manual: time stands still but for PUT /clguard/v1/clock. For tests."},
	{"on_error", SETTING_CHOICE, AT(on_error_permit), "deny", .choices = {"deny", "permit"}, .fixed = FIXED_ANSWERS,
         .help = "Strict mode: the answer when a guard cannot be evaluated. A reservation that cannot be entered is "
                 "always denied."},
	{"when_no_guard", SETTING_CHOICE, AT(no_guard_deny), "permit", .choices = {"permit", "deny"},
         .fixed = FIXED_ANSWERS, .help = "Strict mode: the answer when no guard applies."},
	{"require_policies", SETTING_BOOL, AT(require_policies), "false", .fixed = FIXED_ANSWERS,
         .help = "Deny every question, with reason no_policies, and answer /ready with 503, while no guard is in "
                 "force. "
                 "Without it a set of no guards permits, and a warning says so."},
	{"lease_s", SETTING_NUMBER, AT(lease_s), "3600", 1, 366 * 86400, .unit = "seconds", .fixed = FIXED_DATABASE,
         .help = "How long an operation that was started and never ended counts as under way."},
	{"durability", SETTING_CHOICE, AT(process_durability), "group", .choices = {"group", "process"},
         .fixed = FIXED_DATABASE,
         .help = "What an acknowledged operation survives: group: also power loss; process: only the end of the "
                 "process."},
	{"map_size", SETTING_NUMBER, AT(map_size), "64G", MI, 16 * TI, .unit = "bytes", .fixed = FIXED_DATABASE,
         .help = "Address space of the database; never changes while it is open."},
	{"max_bytes", SETTING_NUMBER, AT(max_bytes), "0", 0, 16 * TI, .unit = "bytes", .fixed = FIXED_DATABASE,
         .help = "Where the database stops growing. Nothing new is entered then, and because the counts may be too low "
                 "reservations are denied and limiters and coordinations cannot be evaluated, until there is room; 0: "
                 "a little before map_size."},
	{"retention_s", SETTING_NUMBER, AT(retention_s), "2592000", 0, INT64_C(100) * 366 * 86400, .unit = "seconds",
         .fixed = FIXED_DATABASE,
         .help = "How long operations that have ended are kept, but never less than the longest window that a limiter "
                 "in force, or any before it, has. The default is 30 days; 0: for ever."},
	{"unknown_attributes", SETTING_CHOICE, AT(ignore_unknown), "refuse", .choices = {"refuse", "ignore"},
         .live = true,
         .help = "Strict mode, and reservations: a request with a member of resource.guard that clguard does not know "
                 "is refused "
                 "with 400 and a suggestion, or the member is ignored as ONAP does."},
	{"lease_expired", SETTING_CHOICE, AT(release_expired), "used", .choices = {"used", "released"},
         .fixed = FIXED_DATABASE,
         .help = "Whether a reservation that was neither settled nor aborted in time counts as used."},
	{"workers", SETTING_NUMBER, AT(workers), "0", 0, 256, .fixed = FIXED_SERVER,
         .help = "HTTP workers; 0: one a CPU."},
	{"connections", SETTING_NUMBER, AT(connections), "4096", 1, 1000000, .fixed = FIXED_SERVER,
         .help = "Open connections, shared out among the workers. One more makes one go that waits for a request, "
                 "those first that send none in their first second; when all are at work, an eighth on top is kept "
                 "back for decisions, "
                 "reservations, probes and administration, and others get 503. Fewer, with a warning at start, when "
                 "the "
                 "limit of open descriptors (ulimit -n) allows no more."},
	{"polls", SETTING_NUMBER, AT(polls), "0", 0, 1000000, .live = true,
         .help = "Requests for messages that may wait at a time; one more is answered with 503 and Retry-After. 0: "
                 "half "
                 "of connections."},
	{"address_connections", SETTING_NUMBER, AT(address_connections), "1024", 0, 1000000, .fixed = FIXED_SERVER,
         .help = "Open connections of one address, or of one network of 64 bits with IPv6; more are closed at once. 0: "
                 "any number. Who stands behind a proxy shares its address."},
	{"address_requests", SETTING_NUMBER, AT(address_requests), "50000", 0, 1000000, .fixed = FIXED_SERVER,
         .help = "Requests a second of one address, as many of them at once; more are answered with 429, Retry-After "
                 "and RateLimit headers. 0: any number. /live and /ready are not counted."},
	{"address_limits", SETTING_CHOICE, AT(address_limits_all), "network", .choices = {"network", "all"},
         .fixed = FIXED_SERVER,
         .help = "Whose limits address_connections and address_requests are: of addresses of other machines, or of "
                 "all, "
                 "also 127.0.0.0/8, ::1 and unix sockets (all of them together)."},
	{"idle_timeout_s", SETTING_NUMBER, AT(idle_timeout_s), "60", 1, 3600, .unit = "seconds", .fixed = FIXED_SERVER,
         .help = "A connection on which nothing moves is closed."},
	{"header_timeout_s", SETTING_NUMBER, AT(header_timeout_s), "10", 1, 3600, .unit = "seconds",
         .fixed = FIXED_SERVER,
         .help = "A new connection's TLS handshake and first headers must be there by then, however they trickle in; "
                 "those of a later request within idle_timeout_s and that."},
	{"body_timeout_s", SETTING_NUMBER, AT(body_timeout_s), "30", 1, 3600, .unit = "seconds", .fixed = FIXED_SERVER,
         .help = "A request's body must be there by then."},
	{"answer_timeout_s", SETTING_NUMBER, AT(answer_timeout_s), "30", 1, 3600, .unit = "seconds",
         .fixed = FIXED_SERVER,
         .help = "An answer must have been taken by then, and a second later for each 64 KiB of it."},
	{"commit_timeout_s", SETTING_NUMBER, AT(commit_timeout_s), "30", 1, 60, .unit = "seconds", .live = true,
         .help = "A request that waits for a commit is answered with 503 by then; the commit may still come."},
	{"max_future_s", SETTING_NUMBER, AT(max_future_s), "86400", 1, INT64_C(100) * 366 * 86400, .unit = "seconds",
         .fixed = FIXED_DATABASE,
         .help = "How far ahead of now the start and the end of an operation may lie that is entered; one that ends in "
                 "the far "
                 "future would count until then."},
	{"clock_difference_ms", SETTING_NUMBER, AT(clock_difference_ms), "5000", 100, 86400000, .unit = "milliseconds",
         .live = true,
         .help = "How far the wall clock may be set from the clock that decisions go by, which cannot be set, before "
                 "the log, "
                 "/ready and the metrics tell of it."},
	{"heart_beat_ms", SETTING_NUMBER, AT(heart_beat_ms), "20000", 100, 3600000, .unit = "milliseconds",
         .fixed = FIXED_RUNTIME, .help = "Control loop runtime: how often participants and transitions are looked at."},
	{"max_status_wait_ms", SETTING_NUMBER, AT(max_status_wait_ms), "100000", 100, 86400000, .unit = "milliseconds",
         .fixed = FIXED_RUNTIME,
         .help = "How long a participant may be silent, and how long an answer to an order may take before the order "
                 "is sent "
                 "again. At least twice the interval at which participants report."},
	{"max_wait_ms", SETTING_NUMBER, AT(max_wait_ms), "20000", 100, 86400000, .unit = "milliseconds",
         .fixed = FIXED_RUNTIME, .help = "How long the answer to PARTICIPANT_UPDATE may take before it is sent again."},
	{"max_retry_count", SETTING_NUMBER, AT(max_retry_count), "4", 0, 1000, .fixed = FIXED_RUNTIME,
         .help = "How often anything is sent again before the participant is off line or the transition stands as "
                 "TIMEOUT."},
	{"on_failure", SETTING_CHOICE, AT(on_failure_rollback), "rollback", .choices = {"hold", "rollback"},
         .fixed = FIXED_RUNTIME,
         .help = "What becomes of a transition that failed or timed out. rollback: an element that refuses is ordered "
                 "again, "
                 "max_retry_count times, then the transition is ordered back once, by itself. hold: it stands at once, "
                 "until "
                 "an operator orders it forward or back."},
	{"on_host_lost", SETTING_CHOICE, AT(on_host_lost_move), "wait", .choices = {"wait", "move"},
         .fixed = FIXED_RUNTIME,
         .help = "What becomes of the elements of a participant that is OFF_LINE or has deregistered: they wait for "
                 "it, or, "
                 "after host_lost_wait_ms, another participant of the type hosts them. Types of control loops may say "
                 "otherwise."},
	{"host_lost_wait_ms", SETTING_NUMBER, AT(host_lost_wait_ms), "300000", 0, 86400000, .unit = "milliseconds",
         .fixed = FIXED_RUNTIME,
         .help = "How long a participant is OFF_LINE or gone before on_host_lost: move takes its elements away."},
	{"compat", SETTING_CHOICE, AT(compat), "auto", .choices = {"auto", "clamp", "strict"}, .fixed = FIXED_RUNTIME,
         .help = "How control loop types of ONAP's CLAMP are taken: clamp accepts, with warnings, a missing "
                 "participantType, a "
                 "missing instance property and the misspelling requred; strict refuses them; auto is clamp for "
                 "documents that "
                 "declare node types of ONAP's names, org.onap.policy.clamp., and strict for the rest."},
	{"on_withdrawal", SETTING_CHOICE, AT(on_withdrawal_abort), "finish", .choices = {"finish", "abort"},
         .fixed = FIXED_RUNTIME,
         .help = "What becomes of the executions of an operational policy that a control loop takes out of force: they "
                 "go on to "
                 "their end, or are aborted. POLICY_WITHDRAWN on the notification topic says which, and how many."},
	{"runtime_topic", SETTING_TEXT, AT(runtime_topic), "POLICY-CLRUNTIME-PARTICIPANT", .word = "TOPIC",
         .fixed = FIXED_RUNTIME, .help = "Where runtime and participants talk."},
	{"composition_topic", SETTING_TEXT, AT(composition_topic), "POLICY-ACRUNTIME-PARTICIPANT", .word = "TOPIC",
         .fixed = FIXED_RUNTIME,
         .help = "Where the runtime talks to participants that know control loops as automation compositions."},
	{"notification_topic", SETTING_TEXT, AT(notification_topic), "CLGUARD-NOTIFICATION", .word = "TOPIC",
         .fixed = FIXED_RUNTIME,
         .help = "Where the runtime tells of changes of state, failures, timeouts and silent participants."},
	{"policy_participant", SETTING_TEXT, AT(policy_participant),
         "org.onap.policy.controlloop.PolicyControlLoopParticipant", .word = "TYPE", .may_be_empty = true,
         .fixed = FIXED_RUNTIME,
         .help = "Name of the participant type whose elements clguardd hosts itself while nobody else of that type is "
                 "registered: it puts their guard policies into force. Empty: none."},
	{"event_topic", SETTING_TEXT, AT(event_topic), "unauthenticated.DCAE_CL_OUTPUT", .word = "TOPIC",
         .fixed = FIXED_RUNTIME, .help = "Where events (ONSET, ABATED) for operational policies come in."},
	{"loop_notification_topic", SETTING_TEXT, AT(loop_notification_topic), "POLICY-CL-MGT", .word = "TOPIC",
         .fixed = FIXED_RUNTIME,
         .help = "Where operational policies tell what they do: ACTIVE, OPERATION, FINAL: SUCCESS and the like."},
	{"api_checks", SETTING_CHOICE, AT(lenient_api), "strict", .choices = {"strict", "onap"}, .fixed = FIXED_ANSWERS,
         .help = "What the policy API (/policy/api/v1) takes: strict: what passes all our checks, with file, line and "
                 "column of what "
                 "does not; onap: whatever ONAP's takes; then a guard that would be wrong is refused when it is "
                 "deployed."},
	{"pdp_group", SETTING_TEXT, AT(pdp_group), "defaultGroup", .word = "GROUP", .fixed = FIXED_RUNTIME,
         .help = "The group of policy decision points that clguardd itself belongs to: what is deployed there is in "
                 "force here. "
                 "none: to no group."},
	{"pdp_type", SETTING_TEXT, AT(pdp_type), "xacml", .word = "TYPE", .fixed = FIXED_RUNTIME,
         .help = "The subgroup of that group (pdpType)."},
	{"pdp_topic", SETTING_TEXT, AT(pdp_topic), "policy-pdp-pap", .word = "TOPIC", .fixed = FIXED_RUNTIME,
         .help = "Where other policy decision points register and are told what to deploy."},
	{"policy_notification_topic", SETTING_TEXT, AT(policy_notification_topic), "policy-notification",
         .word = "TOPIC", .fixed = FIXED_RUNTIME,
         .help = "Where it is told what became of policies that were deployed or undeployed."},
	{"actors", SETTING_LIST, AT(actors), .word = "ACTOR=ENDPOINT...", .fixed = FIXED_RUNTIME,
         .help = "Where requests to actors go: ACTOR=REQUEST_TOPIC,RESPONSE_TOPIC, or ACTOR=URL for a POST. Without it "
                 "the "
                 "topics are ACTOR-CL and ACTOR-CL-RSP, APPC-LCM-READ and APPC-LCM-WRITE for APPC and APPCLCM, A1-P "
                 "and A1-P-RSP "
                 "for A1P. AAI=... is the inventory; without it events must say all that is needed."},
	{"transactions_max", SETTING_NUMBER, AT(transactions_max), "1024", 1, 1000000, .fixed = FIXED_RUNTIME,
         .help = "Transactions of operational policies at a time; an event that would be one more is rejected."},
	{"guard_operations", SETTING_CHOICE, AT(unguarded_operations), "enforce", .choices = {"enforce", "off"},
         .fixed = FIXED_RUNTIME,
         .help = "Whether operational policies ask the guards before each operation; with off the operation history is "
                 "kept "
                 "all the same."},
	{"topic_messages", SETTING_NUMBER, AT(topic_messages), "100000", 1, 100000000, .fixed = FIXED_RUNTIME,
         .help = "Messages kept of a topic; the oldest go first, read or not."},
	{"topic_size", SETTING_NUMBER, AT(topic_size), "256M", KI, INT64_C(1) << 40, .unit = "bytes",
         .fixed = FIXED_RUNTIME, .help = "Bytes kept of a topic."},
	{"topics_size", SETTING_NUMBER, AT(topics_size), "1G", MI, INT64_C(1) << 44, .unit = "bytes",
         .fixed = FIXED_RUNTIME,
         .help = "Bytes kept of all topics together. Beyond it the oldest messages of the largest topic go first, so "
                 "that a "
                 "small topic does not pay for a large one; the runtime's own topics are bounded by topic_size alone."},
	{"topic_groups", SETTING_NUMBER, AT(topic_groups), "10000", 100, 1000000, .fixed = FIXED_RUNTIME,
         .help = "Consumer groups of all topics together; beyond it those that asked least recently go."},
	{"publish_rate", SETTING_NUMBER, AT(publish_rate), "16M", KI, INT64_C(1) << 40, .unit = "bytes",
         .fixed = FIXED_SERVER,
         .help = "Bytes a second that one address may publish to topics, after four times as much at once; more is "
                 "answered "
                 "with 429 and Retry-After. Who stands behind a proxy shares its address."},
	{"statistics_kept", SETTING_NUMBER, AT(statistics_kept), "1000", 1, 10000000, .fixed = FIXED_RUNTIME,
         .help = "Statistics records kept of each participant, and of the elements of each."},
	{"header_size", SETTING_NUMBER, AT(header_size), "8K", KI, MI, .unit = "bytes", .fixed = FIXED_SERVER,
         .help = "Request line and headers together, and a connection's buffer."},
	{"header_count", SETTING_NUMBER, AT(header_count), "64", 8, 1000, .fixed = FIXED_SERVER,
         .help = "Headers of a request."},
	{"body_size", SETTING_NUMBER, AT(body_size), "1M", 256, 16 * MI, .unit = "bytes", .fixed = FIXED_SERVER,
         .help = "Body of a request."},
	{"body_depth", SETTING_NUMBER, AT(body_depth), "32", 4, 256, .live = true,
         .help = "Nesting of lists and maps in a body."},
	{"body_nodes", SETTING_NUMBER, AT(body_nodes), "250000", 1000, 10000000, .live = true,
         .help = "Values in a body, aliases expanded. A document that is read for the control loop runtime has no more "
                 "than it "
                 "has bytes, and 1,000, whatever its aliases make of it."},
	{"batch_items", SETTING_NUMBER, AT(batch_items), "1000", 1, 10000, .live = true,
         .help = "Questions of one batch: of evaluations, decisions, reservations. A worker answers them one after the "
                 "other, "
                 "and other requests wait for it."},
	{"memory_budget", SETTING_NUMBER, AT(memory_budget), "256M", 8 * MI, INT64_C(1) << 44, .unit = "bytes",
         .fixed = FIXED_SERVER,
         .help = "Memory for all that requests can make grow: bodies, documents, answers that clients have not read "
                 "yet, "
                 "requests that wait. Over it a request is answered with 503 and Retry-After; the last eighth is for "
                 "decisions, "
                 "reservations and the service's own figures alone."},
	{"document_size", SETTING_NUMBER, AT(document_size), "16M", KI, GI, .unit = "bytes", .fixed = FIXED_DOCUMENTS,
         .help = "One policy document."},
	{"document_depth", SETTING_NUMBER, AT(document_depth), "64", 8, 256, .fixed = FIXED_DOCUMENTS,
         .help = "Nesting of lists and maps in a policy document."},
	{"document_nodes", SETTING_NUMBER, AT(document_nodes), "2000000", 100, 100000000, .fixed = FIXED_DOCUMENTS,
         .help = "Values in a policy document, aliases expanded."},
	{"document_aliases", SETTING_NUMBER, AT(document_aliases), "1000", 0, 1000000, .fixed = FIXED_DOCUMENTS,
         .help = "YAML aliases in a policy document."},
	{"scalar_size", SETTING_NUMBER, AT(scalar_size), "1M", KI, GI, .unit = "bytes", .fixed = FIXED_DOCUMENTS,
         .help = "One text in a policy document."},
	{"policies_max", SETTING_NUMBER, AT(policies_max), "1000000", 1, 100000000, .fixed = FIXED_DOCUMENTS,
         .help = "Guards in a set."},
	{"decision_log", SETTING_TEXT, AT(decision_log), .word = "FILE", .fixed = FIXED_LOG,
         .help = "Appends a line of JSON to FILE for every answer about a right or a permission, whichever door gave "
                 "it: decisions of both actions, reservations and what becomes of them, what control loops and "
                 "operational policies asked; and for every change of the operation counters. Lines are numbered, and "
                 "each is bound to those before it, so that clguard log verify sees a gap or a change; clguard replay "
                 "reads them. SIGHUP opens it again. Beside it stand FILE.lanes, with lines that wait, and FILE.key."},
	{"decision_log_key", SETTING_TEXT, AT(decision_log_key), .word = "FILE", .fixed = FIXED_LOG,
         .help = "The key that binds lines of the decision log, 32 hex digits; made when missing. Without it the key "
                 "is "
                 "in FILE.key, beside the log."},
	{"decision_log_overflow", SETTING_CHOICE, AT(decision_log_overflow), "block",
         .choices = {"block", "drop", "deny"}, .live = true,
         .help = "What becomes of a line that finds no room, because the disk is slower than the answers or full. "
                 "block: "
                 "its answer waits for room, decision_log_wait_ms at most, then it is dropped; drop: it is dropped and "
                 "counted, and the log tells how many; deny: what cannot be logged is denied, with reason error, and "
                 "no reservation is given (what the service's own control loops ask is dropped)."},
	{"decision_log_wait_ms", SETTING_NUMBER, AT(decision_log_wait_ms), "250", 1, 60000, .unit = "milliseconds",
         .live = true,
         .help = "How long an answer waits for room in the decision log. One that waited in vain is the last to wait "
                 "until "
                 "something could be written again."},
	{"decision_log_size", SETTING_NUMBER, AT(decision_log_size), "0", 0, 16 * TI, .unit = "bytes", .live = true,
         .help = "A file of the decision log that has so many bytes is moved aside, to FILE.NUMBER after its first "
                 "line; "
                 "0: never."},
	{"decision_log_age_s", SETTING_NUMBER, AT(decision_log_age_s), "0", 0, 366 * 86400, .unit = "seconds",
         .live = true,
         .help = "A file of the decision log is moved aside when so much time has passed, counted from midnight UTC: "
                 "86400 makes a file a day; 0: never."},
	{"decision_log_keep", SETTING_NUMBER, AT(decision_log_keep), "0", 0, 1000000, .live = true,
         .help = "How many files of the decision log that were moved aside are kept; 0: all."},
	{"decision_log_permits", SETTING_NUMBER, AT(decision_log_permits), "1", 0, 1000000, .fixed = FIXED_LOG,
         .help = "One in so many Permits that change no counter is logged; 0: none. Denies, reservations and changes "
                 "always "
                 "are. What is left out has no number."},
	{"decision_log_mask", SETTING_LIST, AT(decision_log_mask), .word = "NAME...", .good = mask_name_good,
         .form = "an attribute of a request, requestId, fields, user, client or message", .fixed = FIXED_LOG,
         .help = "Members whose values the decision log hides: an attribute of requests such as target, requestId "
                 "(with "
                 "subrequestId), fields (what filters test beside), user, client or message. A value becomes ~ and 16 "
                 "digits of its hash under the log's "
                 "key, "
                 "the same for the same value."},
	{"decision_log_url", SETTING_TEXT, AT(decision_log_url), .word = "URL", .good = url_good,
         .form = "http://HOST... or https://HOST..., without blanks, a query or a slash at its end", .fixed = FIXED_LOG,
         .help = "Sends the lines of the decision log to URL, in order, POST of a JSON list of at most 1000; 2xx is "
                 "taken "
                 "for delivered, and anything else tried again, for as long as the log's files are kept. Needs "
                 "libcurl."},
	{"decision_log_journal", SETTING_TEXT, AT(decision_log_journal), .word = "SOCKET", .fixed = FIXED_LOG,
         .help = "Sends each line of the decision log as a datagram to SOCKET: /run/systemd/journal/socket, or "
                 "/dev/log "
                 "for syslog."},
	{"audit_log", SETTING_TEXT, AT(audit_log), .word = "FILE|stderr", .fixed = FIXED_LOG,
         .help = "Appends a line of JSON to FILE, or to stderr, for every request that changes what the service does "
                 "or "
                 "guards (state, clock, deployments, control loops and orders), done or refused, every failed log-in "
                 "and every reload: who, from where, by which request, with which outcome. SIGHUP opens it again."},
	{"trace_url", SETTING_TEXT, AT(trace_url), .word = "URL", .good = url_good,
         .form = "http://HOST... or https://HOST..., without blanks, a query or a slash at its end",
         .help = "Sends a span of each request that is sampled to URL, such as http://127.0.0.1:4318/v1/traces, in "
                 "batches, as "
                 "OTLP's JSON. A request without a valid traceparent header begins a trace. What the collector does "
                 "not take "
                 "is dropped, and counted in clguard_trace_spans_total. Needs libcurl."},
	{"trace_sample", SETTING_NUMBER, AT(trace_sample), "1", 1, 1000000,
         .help = "One in so many traces that begin here is sampled; whether another's is says its traceparent header."},
	{"log_level", SETTING_CHOICE, AT(log_level), "info", .choices = {"error", "warning", "info", "debug"},
         .live = true, .help = "What is written to stderr."},
	{"log_levels", SETTING_LIST, AT(log_levels), .word = "MODULE=LEVEL...", .good = log_level_good,
         .form = "MODULE=LEVEL, of the modules access, clguardd, confine, daemon, decision_log, identity, process, "
                 "tracing and "
                 "the "
                 "levels of log_level",
         .help = "Levels of single modules, in place of log_level. access=info writes a line for each request: method, "
                 "path, status, microseconds, client, who asked."},
	{"log_format", SETTING_CHOICE, AT(log_json), "text", .choices = {"text", "json"},
         .help = "Lines on stderr as text, or each as a JSON object with time, level, module, message, and requestId "
                 "and "
                 "traceId where a line is about a request."},
	{"log_journal", SETTING_TEXT, AT(log_journal), .word = "SOCKET",
         .help = "Sends the lines to SOCKET, such as /run/systemd/journal/socket, in the journal's own protocol, with "
                 "the "
                 "fields CLGUARD_MODULE, CLGUARD_REQUEST_ID and CLGUARD_TRACE_ID; what it does not take at once goes "
                 "to "
                 "stderr."},
	{"log_burst", SETTING_NUMBER, AT(log_burst), "20", 0, 1000000,
         .help = "How many lines of one kind are written within ten seconds; of those beyond one line tells how many "
                 "there "
                 "were. 0: all are written. Lines of access are not counted."},
	{0},
};

static_assert(sizeof(table) / sizeof(*table) <= SETTINGS_MOST, "settings_text.c has a place for each");

const struct setting *
setting_find(struct str name)
{
	for (const struct setting *setting = table; setting->name; setting++)
		if (str_is(name, setting->name))
			return setting;
	return NULL;
}

struct suggestion
setting_suggest(struct str name)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, name);
	for (const struct setting *setting = table; setting->name; setting++)
		suggestion_offer(&suggestion, str_from(setting->name));
	return suggestion;
}

const struct setting *
setting_table(void)
{
	return table;
}
