#include "control/daemon/daemon.h"

#include "control/config/host.h"
#include "control/daemon/parts.h"
#include "control/descriptors.h"
#include "control/listen/listen.h"
#include "control/log.h"
#include "control/notify.h"
#include "control/privileges.h"
#include "control/upstream/socket.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

struct daemon assayd;

// SIGTERM or SIGINT before the loop takes signals: a start of many gigabytes is not gone through to
// its end first.
static bool told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

// The port opens when there is somebody behind it: a start that fails has answered nobody.
static int start_parts(void)
{
	static int (*const parts[])(void) = {start_trust,     start_resolver, start_drills,
					     start_dataplane, start_alarms,   start_services};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (told_to_end()) {
			assayd.told_to_end = true;
			return -1;
		}
		if (parts[i]() != 0)
			return -1;
	}
	return 0;
}

// Fewer than there is room for: known before somebody finds none. Much fewer is an alarm.
static void say_of_descriptors(void)
{
	const unsigned wanted = SOCKET_CHANNELS_MAX + LISTENER_CONNECTIONS_MAX + DESCRIPTORS_FEW;
	char text[192];

	if (descriptors_limit() < wanted && !descriptors_are_few(text, sizeof(text)))
		log_info("%s (of %u and %u; LimitNOFILE=, ulimit -Hn)", text,
			 LISTENER_CONNECTIONS_MAX, SOCKET_CHANNELS_MAX);
}

static int start(void)
{
	char err[256];

	if (clock_open(&assayd.clock, assayd.config->test_clock) != 0)
		return start_fail("the test clock's file cannot be read");
	clock_read(&assayd.clock, &assayd.now);
	if (privileges_prepare() != 0)
		return start_fail("resource limits cannot be set");
	say_of_descriptors();
	assayd.alarms = alarms_new();
	if (!assayd.alarms)
		return start_fail("out of memory for alarms");
	assayd.loop_open = uv_loop_init(&assayd.loop) == 0;
	if (!assayd.loop_open || uv_loop_configure(&assayd.loop, UV_METRICS_IDLE_TIME) != 0 ||
	    uv_async_init(&assayd.loop, &assayd.results, on_results) != 0)
		return start_fail("no event loop");
	if (start_signals() != 0 || start_locks() != 0 || start_store() != 0)
		return -1;
	read_clock();
	start_silence(); // before the first port is open
	if (start_parts() != 0)
		return -1;
	start_loop();
	if (privileges_drop(assayd.config->user, err, sizeof(err)) != 0)
		return start_fail(err);
	assayd.looker = looker_start(assayd.config, assayd.dataplane);
	// The folder's alarm comes before those of the files in it.
	if (!assayd.looker || !alarms_add(assayd.alarms, looker_alarms, assayd.looker) ||
	    !alarms_add(assayd.alarms, trust_state_alarms, assayd.anchors) ||
	    !alarms_add(assayd.alarms, drill_state_alarms, assayd.drill_state))
		return start_fail("no thread that looks for faults");
	return 0;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

// Listeners, new misses, waiters, lcores and ports, then what they stood on (DESIGN §8).
static void stop(void)
{
	if (assayd.drills)
		(void)drill_host_stop(
			assayd.drills); // while there is somebody to count its answers
	looker_stop(assayd.looker);
	api_close(assayd.api);
	listener_close(assayd.listener);
	if (assayd.dataplane) {
		dataplane_drain(assayd.dataplane);
		take_misses();
	}
	drill_state_close(assayd.drill_state);
	drill_host_free(assayd.drills);
	assayd.drills = NULL;
	if (assayd.resolver)
		resolver_free(assayd.resolver);
	if (assayd.dataplane)
		dataplane_stop(assayd.dataplane);
	canary_free(assayd.canary);
	if (assayd.upstream)
		upstream_free(assayd.upstream);
	socket_transport_close(assayd.sockets);
	stop_silence();
	metrics_close(assayd.metrics);
	trust_state_close(assayd.anchors);
	if (assayd.trust)
		trust_free(assayd.trust);
	if (assayd.batch)
		batch_free(assayd.batch);
	if (assayd.loop_open) {
		uv_walk(&assayd.loop, close_handle, NULL);
		uv_run(&assayd.loop, UV_RUN_DEFAULT);
		uv_loop_close(&assayd.loop);
	}
	if (assayd.store)
		store_free(assayd.store);
	alarms_free(assayd.alarms);
	acl_free(assayd.acl);
	clock_close(&assayd.clock);
	if (assayd.signal_fd >= 0)
		close(assayd.signal_fd);
	locks_release(&assayd.locks);
}

static void log_missing(const char *sentence, bool later, void *arg)
{
	if (later)
		return; // an alarm once it runs
	log_error("%s", sentence);
	*(bool *)arg = true;
}

// Before anything of this host is touched.
static bool host_is_fit(const struct config *config)
{
	bool unfit = false;

	host_check(config, log_missing, &unfit);
	return !unfit;
}

static bool may_open_ports(const struct config *config)
{
	char err[512];

	for (size_t i = 0; i < config->dataplane.device_count; i++) {
		if (privileges_for_port(config->dataplane.devices[i], err, sizeof(err)) != 0) {
			(void)start_fail(err);
			return false;
		}
	}
	return true;
}

int daemon_run(const struct config *config)
{
	int status;

	memset(&assayd, 0, sizeof(assayd));
	assayd.config = config;
	assayd.signal_fd = -1;
	log_set_level(config->log_level);
	if (!may_open_ports(config) || !host_is_fit(config))
		return 1;
	status = start();
	if (status == 0) {
		log_info("assayd %s answers", ASSAY_VERSION);
		notify("READY=1");
		uv_run(&assayd.loop, UV_RUN_DEFAULT);
		notify("STOPPING=1");
		status = assayd.failed ? -1 : 0;
	}
	stop();
	if (status == 0 || assayd.told_to_end)
		log_info("stopped%s", assayd.told_to_end ? " before the start was at its end" : "");
	if (assayd.hugepages_gone)
		return DAEMON_NO_HUGEPAGES;
	return status == 0 || assayd.told_to_end ? 0 : assayd.in_use ? DAEMON_IN_USE : 1;
}
