/* listening - sockets of all addresses, and the workers that serve them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/clguardd/listening.h"

#include <stdlib.h>

#include "api/confine/confine_process.h"
#include "api/identity/listener.h"
#include "api/identity/tls.h"
#include "api/process/log.h"
#include "api/server/server.h"
#include "api/system/descriptors.h"

int
listening_open(struct program *program, struct error *err)
{
	const struct settings *settings = &program->settings;
	unsigned count = (unsigned)settings->listeners.count;
	bool open = !auth_is_wanted(settings) && !settings->tls_certificate && !settings->open_to_network;
	const struct socket_access access = {settings->socket_mode, settings->socket_owner, settings->socket_group};
	const char *reached = NULL;
	unsigned taken;

	if (!settings->tls_certificate != !settings->tls_key)
		return error_set(err, ERROR_MISSING, NULL, "tls_certificate and tls_key: expected both, or neither");
	program->listeners = calloc(count + 1, sizeof(*program->listeners));
	program->listening = calloc(count + 1, sizeof(*program->listening));
	if (!program->listeners || !program->listening)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (unsigned i = 0; i < count; i++)
		if (listener_parse(settings->listeners.items[i], &program->listeners[i], err) != 0)
			return -(int)err->code;
	if (sockets_open(settings->listen, 0, program->worker_count, &access, &program->sockets, err) != 0)
		return -(int)err->code;
	for (unsigned i = 0; i < count; i++) {
		if (sockets_open(program->listeners[i].address, i + 1, 1, &access, &program->listening[i], err) != 0)
			return -(int)err->code;
		program->listener_count++;
		if (!listener_is_local(program->listening[i].name))
			reached = program->listening[i].name;
	}
	taken = program->sockets.inherited;
	for (unsigned i = 0; i < count; i++)
		taken += program->listening[i].inherited;
	if (sockets_inherited() > taken)
		return error_set(
			err, ERROR_CONFLICT, NULL,
			"the service manager handed over %u sockets, and %u of them are for an address: expected "
			"one for listen and one for each of listeners, in their order, or FileDescriptorName= "
			"listen, listener-1, listener-2 and so on",
			sockets_inherited(), taken);
	/* By the sockets, not by the settings: a service manager's may be another. Nothing has been accepted yet. */
	if (!listener_is_local(program->sockets.name))
		reached = program->sockets.name;
	if (open && reached)
		return error_set(err, ERROR_MISSING, NULL,
		                 "%s is reached by other machines, and the service has neither users, tokens nor TLS: "
		                 "set users, or tls_certificate, or open_to_network: allow",
		                 reached);
	return 0;
}

int
listening_confine(const struct program *program, struct error *err)
{
	const char **paths = calloc(program->listener_count + 1, sizeof(*paths));
	size_t count = 0;
	int r;

	if (!paths)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (program->sockets.unix_path[0])
		paths[count++] = program->sockets.unix_path;
	for (unsigned i = 0; i < program->listener_count; i++)
		if (program->listening[i].unix_path[0])
			paths[count++] = program->listening[i].unix_path;
	r = confine_process(&program->settings, paths, count, err);
	free(paths);
	return r;
}

/* As many connections as are configured, or as many as there are descriptors for. */
static int
share_descriptors(const struct program *program, struct server_options *options, struct error *err)
{
	unsigned wanted = (unsigned)program->settings.connections,
		 needed = descriptors_needed(program->worker_count + program->listener_count);
	unsigned workers = program->worker_count + program->listener_count;
	unsigned room = descriptors_room(needed), connections = server_connections(wanted, room, workers);

	if (room < program->worker_count + program->listener_count)
		return error_set(err, ERROR_IO, NULL,
		                 "the limit of open descriptors (ulimit -n) is too low: a connection a worker needs %u",
		                 needed + program->worker_count + program->listener_count);
	if (connections < wanted)
		log_line(&program->settings, LOG_LEVEL_WARNING,
		         "%u connections, not %u: the limit of open descriptors (ulimit -n) allows no more",
		         connections, wanted);
	options->connections = connections;
	options->descriptors = needed;
	return 0;
}

/* The first name in a client's certificate that holds roles; else the first. */
static void
name_client(struct worker *worker, void *session, char *buf, size_t size)
{
	char names[1024];

	tls_client_names(session, names, sizeof(names));
	buf[0] = '\0';
	for (const char *name = names; *name; name += strlen(name) + 1) {
		char identity[IDENTITY_MAX];

		if ((size_t)snprintf(identity, sizeof(identity), "cert:%s", name) >= sizeof(identity))
			continue;
		if (!buf[0] || auth_knows(worker->service->auth, str_from(identity)))
			(void)snprintf(buf, size, "%s", identity);
		if (auth_knows(worker->service->auth, str_from(identity)))
			return;
	}
}

/* The sockets of all workers in one list: those of `listen`, then one a listener. */
static int
gather_sockets(struct program *program, struct error *err)
{
	unsigned count = program->worker_count + program->listener_count;

	program->fds = calloc(count, sizeof(*program->fds));
	program->tls = calloc(count, sizeof(*program->tls));
	if (!program->fds || !program->tls)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (unsigned i = 0; i < count; i++) {
		const struct listener *listener =
			i < program->worker_count ? NULL : &program->listeners[i - program->worker_count];

		program->fds[i] =
			listener ? program->listening[i - program->worker_count].fds[0] : program->sockets.fds[i];
		program->tls[i] = program->service.tls && !(listener ? listener->plain : program->sockets.unix_path[0]);
		if (listener && !strncmp(listener->address, "unix:", 5))
			program->tls[i] = false;
	}
	return 0;
}

static void
close_sockets(struct program *program)
{
	sockets_close(&program->sockets);
	for (unsigned i = 0; i < program->listener_count; i++)
		sockets_close(&program->listening[i]);
}

int
listening_start(struct program *program, struct error *err)
{
	const struct settings *settings = &program->settings;
	unsigned count = program->worker_count + program->listener_count;
	struct server_options options = {
		.workers = count,
		.contexts = program->workers,
		.shared_sockets = program->sockets.inherited,
		.name_client = settings->tls_client_ca && program->service.auth ? name_client : NULL,
		.tls_trust = program->service.tls ? tls_trust(program->service.tls) : NULL,
		.begin = service_begin,
		.finish = service_finish,
		.header_bytes = (size_t)settings->header_size,
		.header_count = (unsigned)settings->header_count,
		.body_bytes = (size_t)settings->body_size,
		.budget = &program->service.budget,
		.address_connections = (unsigned)settings->address_connections,
		.address_requests = (unsigned)settings->address_requests,
		.address_local = settings->address_limits_all,
		.idle_timeout_s = (unsigned)settings->idle_timeout_s,
		.header_timeout_s = (unsigned)settings->header_timeout_s,
		.answer_timeout_s = (unsigned)settings->answer_timeout_s,
		.body_timeout_s = (unsigned)settings->body_timeout_s,
	};
	int r = gather_sockets(program, err);

	for (unsigned i = 0; i < count && r == 0; i++) {
		r = worker_open(&program->service, i, &program->workers[i], err);
		if (r == 0)
			program->workers[i]->tls = program->tls[i];
		if (r == 0 && i >= program->worker_count)
			program->workers[i]->carries = program->listeners[i - program->worker_count].roles;
	}
	if (r == 0)
		r = share_descriptors(program, &options, err);
	if (r != 0) {
		close_sockets(program);
		return r;
	}
	options.sockets = program->fds;
	options.tls = program->tls;
	return server_start(&options, &program->service.server, err);
}
