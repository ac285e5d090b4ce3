/* participant_settings_table - the rows: what can be set of clguard-participant */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/participant_settings_table.h"

#include <assert.h>

#include "participants/framework/element_host.h"

#define OF_PROCESS(member) true, ROW_TEXT, offsetof(struct process_settings, member)
#define OF_ONE(member) false, ROW_TEXT, offsetof(struct participant_settings, member)
#define NUMBER_OF_ONE(member) false, ROW_NUMBER, offsetof(struct participant_settings, member)

const struct participant_setting participant_setting_rows[] = {
	{"service", OF_PROCESS(service), "127.0.0.1:6969", 0, 0, "ADDRESS",
         "The clguardd: ADDR:PORT, http://ADDR:PORT, https://HOST:PORT or unix:PATH."},
	{"service_user", OF_PROCESS(service_user), NULL, 0, 0, "NAME:PASSWORD",
         "Credentials there; it needs the role messages."},
	{"service_token", OF_PROCESS(service_token), NULL, 0, 0, "FILE",
         "A bearer token in place of them, in a file that is read for each request."},
	{"service_ca", OF_PROCESS(service_ca), NULL, 0, 0, "FILE",
         "https: authorities of the service's certificate, PEM; without it the system's."},
	{"service_certificate", OF_PROCESS(service_certificate), NULL, 0, 0, "FILE",
         "https: the process's own certificate, PEM, by which the service knows it."},
	{"service_key", OF_PROCESS(service_key), NULL, 0, 0, "FILE", "https: its private key, PEM."},
	{"topic", OF_PROCESS(topic), "POLICY-CLRUNTIME-PARTICIPANT", 0, 0, "TOPIC",
         "The topic of runtime and participants."},
	{"data", OF_PROCESS(data), NULL, 0, 0, "DIR",
         "Where elements and definitions are kept, made when missing. Without it they are lost at exit, and the "
         "runtime "
         "brings them again."},
	{"report_ms", true, ROW_NUMBER, offsetof(struct process_settings, report_ms), "20000", 10, 3600000, "MS",
         "Between two reports: at most half of the runtime's max_status_wait_ms."},
	{"gateway", OF_PROCESS(gateway), NULL, 0, 0, "KIND",
         "The API gateway that this process keeps: nginx, envoy or kong. Without it, none."},
	{"gateway_target", OF_PROCESS(gateway_target), NULL, 0, 0, "PATH|URL",
         "What it reads: a file for nginx, a folder for Envoy; for Kong the URL of its Admin API."},
	{"gateway_reload", OF_PROCESS(gateway_reload), NULL, 0, 0, "COMMAND",
         "Run after files were written, words parted by spaces, without a shell."},
	{"gateway_url", OF_PROCESS(gateway_url), NULL, 0, 0, "URL",
         "Where elements reach it: properties gateway://SERVICE point there. Without it to the services themselves."},
	{"gateway_status", OF_PROCESS(gateway_status), NULL, 0, 0, "PATH|URL",
         "What tells its use: for nginx the log, for Envoy the admin URL, for Kong the URL of its Status API."},
	{"gateway_authz", OF_PROCESS(gateway_authz), "127.0.0.1:6969", 0, 0, "HOST:PORT",
         "clguardd as the gateway reaches it."},
	{"gateway_listen", OF_PROCESS(gateway_listen), "0.0.0.0:8000", 0, 0, "ADDR:PORT", "What Envoy listens on."},
	{"gateway_user", OF_PROCESS(gateway_user), NULL, 0, 0, "NAME:PASSWORD", "Credentials of its own interfaces."},
	{"gateway_ca", OF_PROCESS(gateway_ca), NULL, 0, 0, "FILE", "Authorities of their certificates, PEM."},
	{"gateway_ms", true, ROW_NUMBER, offsetof(struct process_settings, gateway_ms), "1000", 10, 3600000, "MS",
         "Between two looks at what it should be."},
	{"quiet", true, ROW_SWITCH, offsetof(struct process_settings, quiet), "false", 0, 0, NULL,
         "Say nothing about orders on standard output."},
	{"kind", OF_ONE(kind_name), NULL, 0, 0, "KIND", "What it does; see below."},
	{"type", OF_ONE(type), NULL, 0, 0, "NAME", "Name of the participant type, as commissioned."},
	{"version", OF_ONE(version), "1.0.0", 0, 0, "VERSION", "Version of the participant type."},
	{"name", OF_ONE(name), NULL, 0, 0, "NAME", "Name of the participant, its own among all."},
	{"workers", NUMBER_OF_ONE(workers), "4", 1, WORKERS_MAX, "N", "Orders that are carried out side by side."},
	{"retries", NUMBER_OF_ONE(retries), "2", 0, 100, "N",
         "How often an order is tried again, when the far side does not answer or asks to come back, before it is "
         "refused."},
	{"retry_wait_ms", NUMBER_OF_ONE(retry_wait_ms), "500", 0, 3600000, "MS",
         "Before the first retry; doubles with each."},
	{"observe_ms", NUMBER_OF_ONE(observe_ms), "30000", 0, 86400000, "MS",
         "Between two looks at the far side, for kinds that can: what stands otherwise than ordered is reported so. 0: "
         "none."},
	{"timeout_ms", NUMBER_OF_ONE(timeout_ms), "10000", 1, 86400000, "MS", "How long a request or a tool may take."},
	{"url", OF_ONE(url), NULL, 0, 0, "URL", "Where the far side is, for kinds that have one."},
	{"user", OF_ONE(user), NULL, 0, 0, "NAME:PASSWORD", "Credentials there."},
	{"ca", OF_ONE(ca), NULL, 0, 0, "FILE", "Authorities of its certificate, PEM; without it the system's."},
	{"certificate", OF_ONE(certificate), NULL, 0, 0, "FILE", "The participant's own certificate, PEM."},
	{"key", OF_ONE(key), NULL, 0, 0, "FILE", "Its private key, PEM."},
	{"kubectl", OF_ONE(kubectl), "kubectl", 0, 0, "PROGRAM", "kubernetes: the kubectl to run."},
	{"helm", OF_ONE(helm), "helm", 0, 0, "PROGRAM", "kubernetes: the helm to run, version 3."},
	{"kubeconfig", OF_ONE(kubeconfig), NULL, 0, 0, "FILE",
         "kubernetes: the cluster and its credentials; without it what kubectl and helm take by themselves."},
	{"namespace", OF_ONE(namespace), "default", 0, 0, "NAME", "kubernetes: of elements that name none."},
	{"gateway_namespace", OF_ONE(gateway_namespace), NULL, 0, 0, "NAME",
         "kubernetes: where the API gateway's pods are, which a sandbox's may reach and be reached by; without it they "
         "reach "
         "nobody outside."},
	{"ready_ms", NUMBER_OF_ONE(ready_ms), "120000", 1000, 86400000, "MS",
         "kubernetes: how long workloads may take until they are ready, or gone."},
	{"guard", OF_ONE(guard), NULL, 0, 0, "ADDRESS|service",
         "A clguardd, ADDR:PORT, http://ADDR:PORT or unix:PATH, or the service itself, whose guards are asked before "
         "each try "
         "of an order. Without it none is."},
	{"guard_user", OF_ONE(guard_user), NULL, 0, 0, "NAME:PASSWORD",
         "Credentials there; it needs the roles reserve and decide."},
	{"guard_lease_ms", NUMBER_OF_ONE(guard_lease_ms), "600000", 1000, 86400000, "MS",
         "How long the right for a try is held when its end is not told: it counts as used then."},
	{"engine", OF_ONE(engine), NULL, 0, 0, "PROGRAM",
         "policy: the clguardd to run for elements that have an engine of their own; it needs data."},
	{"engine_config", OF_ONE(engine_config), NULL, 0, 0, "FILE",
         "policy: a clguard.yaml for all engines: users, certificates and what their types do not set."},
	{"delay_ms", NUMBER_OF_ONE(delay_ms), "0", 0, 86400000, "MS", "simulator: how long an order takes."},
	{"fail", OF_ONE(fail), NULL, 0, 0, "STATE", "simulator: refuse every order into this state."},
};
const size_t participant_setting_count = sizeof(participant_setting_rows) / sizeof(participant_setting_rows[0]);
static_assert(sizeof(participant_setting_rows) / sizeof(participant_setting_rows[0]) <= SETTINGS_MAX, "rows fit");
