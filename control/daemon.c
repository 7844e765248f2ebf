#include "control/daemon.h"

#include "control/api/api.h"
#include "control/clock.h"
#include "control/listen/listen.h"
#include "control/log.h"
#include "control/metrics/metrics.h"
#include "control/notify.h"
#include "control/privileges.h"
#include "control/resolver/resolver.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"
#include "crypto/batch.h"
#include "dataplane/dataplane.h"
#include "dataplane/store.h"

#include <openssl/rand.h>
#include <uv.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define HEARTBEAT_MS 50
#define METRICS_MS 1000
#define WATCHDOG_MS 1000
#define MISSES_PER_TURN 256
#define ONE_SHOT_BYTES (16u << 20)

struct daemon {
	const struct config *config;
	struct clock clock;
	struct store_clock now;
	struct acl *acl;
	struct store *store;
	struct dataplane *dataplane;
	struct batch *batch;
	struct trust *trust;
	struct transport transport;
	struct socket_transport *sockets;
	struct upstream *upstream;
	struct resolver *resolver;
	struct listener *listener;
	struct api *api;
	struct metrics *metrics;

	uv_loop_t loop;
	uv_poll_t wake, signals;
	uv_prepare_t before;
	uv_check_t after;
	uv_idle_t busy; // active: the loop does not block
	uv_timer_t heartbeat, due, report;
	int signal_fd;
	bool stopping;
	uint64_t watchdog_ms;
	uint64_t misses, misses_refused;
	bool clock_was_trusted;
};

// One daemon in a process; callbacks of tickets carry the ticket alone.
static struct daemon daemon;

// ---- one turn ----

static void ticket_done(void *arg, struct store_result *result)
{
	dataplane_return(daemon.dataplane, arg, result);
	store_result_unref(daemon.store, result);
}

static void refuse_ticket(struct ticket *ticket)
{
	struct store_result *result =
		store_result_error(daemon.store, RCODE_SERVFAIL, EDE_OTHER, "too many questions");

	daemon.misses_refused++;
	dataplane_return(daemon.dataplane, ticket, result);
	if (result)
		store_result_unref(daemon.store, result);
}

static bool take_misses(void)
{
	struct ticket *tickets[MISSES_PER_TURN];
	size_t count = dataplane_misses(daemon.dataplane, tickets, MISSES_PER_TURN);

	for (size_t i = 0; i < count; i++) {
		daemon.misses++;
		if (resolver_ask(daemon.resolver, ticket_question(tickets[i]), ticket_done,
				 tickets[i]) != 0)
			refuse_ticket(tickets[i]);
	}
	return count == MISSES_PER_TURN;
}

static void watch_clock(void)
{
	if (daemon.now.trusted == daemon.clock_was_trusted)
		return;
	daemon.clock_was_trusted = daemon.now.trusted;
	if (daemon.now.trusted)
		log_warning("the clock is right again: signatures are judged");
	else
		log_error("the clock says a date before this version was built: no signature can be "
			  "judged and signed names fail until it is set");
}

static void read_clock(void)
{
	clock_read(&daemon.clock, &daemon.now);
	store_set_clock(daemon.store, &daemon.now);
	watch_clock();
}

static void due_now(uv_timer_t *timer)
{
	(void)timer;
}

static void wake_at(uint64_t at_ms)
{
	uint64_t delay = at_ms > daemon.now.now_ms ? at_ms - daemon.now.now_ms : 0;

	if (at_ms == UINT64_MAX)
		uv_timer_stop(&daemon.due);
	else
		uv_timer_start(&daemon.due, due_now, delay, 0);
}

// Everything that may have become due: new misses, signatures, timers of the resolver, memory
// that came back through a grace period.
static bool turn(void)
{
	bool more;

	read_clock();
	more = take_misses();
	batch_run(daemon.batch, daemon.now.now_ms, daemon.now.now_s);
	wake_at(resolver_run(daemon.resolver, &daemon.now));
	more |= batch_pending(daemon.batch) > 0;
	cache_maintain(store_cache(daemon.store), daemon.now.now_ms);
	return more;
}

static void on_busy(uv_idle_t *idle)
{
	(void)idle;
}

// Runs right before the loop would block.
static void on_before(uv_prepare_t *prepare)
{
	bool more = turn();

	(void)prepare;
	if (daemon.stopping)
		return;
	if (more || !dataplane_may_sleep(daemon.dataplane))
		uv_idle_start(&daemon.busy, on_busy);
	else
		uv_idle_stop(&daemon.busy);
}

static void on_after(uv_check_t *check)
{
	(void)check;
	dataplane_awake(daemon.dataplane);
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
	uint64_t count;

	(void)poll, (void)status, (void)events;
	// Only empties the counter: the turn before blocking again does the work.
	if (read(dataplane_wake_fd(daemon.dataplane), &count, sizeof(count)) < 0)
		return;
}

static void on_heartbeat(uv_timer_t *timer)
{
	(void)timer;
	read_clock();
	dataplane_heartbeat(daemon.dataplane, &daemon.now);
	if (daemon.now.now_ms - daemon.watchdog_ms >= WATCHDOG_MS) {
		daemon.watchdog_ms = daemon.now.now_ms;
		notify("WATCHDOG=1");
	}
}

static void on_upstream_timer(void *arg)
{
	(void)arg;
	if (daemon.upstream)
		upstream_timer(daemon.upstream);
}

// ---- counters ----

static void all_counters(void *arg, api_counter_visit visit, void *visit_arg)
{
	struct cache_counters cache;

	(void)arg;
	dataplane_counters(daemon.dataplane, visit, visit_arg);
	cache_counters(store_cache(daemon.store), &cache);
#define X(field, words) visit("cache." #field, words, cache.field, visit_arg);
	CACHE_COUNTERS(X)
#undef X
	resolver_counters(daemon.resolver, visit, visit_arg);
	upstream_counters(daemon.upstream, visit, visit_arg);
	batch_counters(daemon.batch, visit, visit_arg);
	if (daemon.listener)
		listener_counters(daemon.listener, visit, visit_arg);
	visit("control.misses", "misses taken from the poll-mode cores", daemon.misses, visit_arg);
	visit("control.misses_refused", "misses refused because too many were under way",
	      daemon.misses_refused, visit_arg);
	visit("control.log_lines_lost", "log lines lost because nobody read them", log_lines_lost(),
	      visit_arg);
}

static void describe(void *arg, void (*line)(const char *text, void *line_arg), void *line_arg)
{
	char text[160];

	(void)arg;
	snprintf(text, sizeof(text), "clock: %s", daemon.now.trusted ? "trusted" : "NOT TRUSTED");
	line(text, line_arg);
	snprintf(text, sizeof(text), "trust anchors: %zu", trust_anchor_count(daemon.trust));
	line(text, line_arg);
	dataplane_describe(daemon.dataplane, line, line_arg);
}

static void on_report(uv_timer_t *timer)
{
	(void)timer;
	metrics_begin(daemon.metrics);
	all_counters(NULL, metrics_value, daemon.metrics);
	metrics_end(daemon.metrics);
}

// ---- start ----

static int fail(const char *sentence)
{
	log_error("%s", sentence);
	return -1;
}

static int start_store(void)
{
	const struct config *config = daemon.config;
	struct store_config store = {
		.cache = {.memory_bytes = config->cache_bytes,
			  .shards = 1,
			  .hugepages = config->hugepages != HUGEPAGES_OFF,
			  .one_shot_bytes = ONE_SHOT_BYTES},
		.rotate = config->rotate,
		.stale_ttl_s = 30,
	};
	char err[256];

	daemon.acl = acl_new(config->acl_rules, config->acl_rule_count);
	if (!daemon.acl)
		return fail("out of memory for the access list");
	store.acl = daemon.acl;
	if (RAND_bytes(store.cache.hash_key, sizeof(store.cache.hash_key)) != 1 ||
	    RAND_bytes(store.cookie_secret, sizeof(store.cookie_secret)) != 1)
		return fail("the system gives no random numbers");
	memcpy(store.identity, config->identity, sizeof(store.identity));
	memcpy(store.version, config->version, sizeof(store.version));
	daemon.store = store_new(&store, err, sizeof(err));
	return daemon.store ? 0 : fail(err);
}

static int start_dataplane(void)
{
	char err[512];

	if (dataplane_start(&daemon.config->dataplane, daemon.store, &daemon.dataplane, err,
			    sizeof(err)) != 0)
		return fail(err);
	dataplane_heartbeat(daemon.dataplane, &daemon.now);
	return 0;
}

static int start_trust(void)
{
	const struct config *config = daemon.config;
	struct trust_config trust = {.inception_skew_s = config->inception_skew_s,
				     .expiration_skew_s = config->expiration_skew_s,
				     .nsec3_iterations_max = 50};
	struct batch_config batch = {.workers = config->crypto_workers};
	char name[NAME_TEXT_MAX];
	size_t usable = 0;

	daemon.batch = batch_new(&batch);
	if (!daemon.batch)
		return fail("out of memory for signature verification");
	daemon.trust = trust_new(&trust, daemon.batch);
	if (!daemon.trust)
		return fail("out of memory for trust anchors");
	for (size_t i = 0; i < config->anchor_count; i++) {
		const struct config_anchor *anchor = &config->anchors[i];
		int status = trust_anchor_add(daemon.trust, anchor->owner, anchor->type,
					      anchor->rdata, anchor->rdlen);

		if (status == 0)
			usable++;
		else
			log_warning("a trust anchor of %s cannot be used: %s",
				    name_to_text(anchor->owner, name), strerror(-status));
	}
	if (config->anchor_count > 0 && usable == 0)
		return fail("none of the trust anchors can be used");
	for (size_t i = 0; i < config->insecure_count; i++) {
		if (trust_insecure_add(daemon.trust, config->insecure[i].name, UINT64_MAX, false) != 0)
			return fail("out of memory for insecure zones");
	}
	return 0;
}

static int start_resolver(void)
{
	const struct config *config = daemon.config;
	struct resolver_parts parts = {.store = daemon.store, .trust = daemon.trust,
				       .batch = daemon.batch};

	if (socket_transport_open(&daemon.loop, &config->source, on_upstream_timer, NULL,
				  &daemon.transport, &daemon.sockets) != 0)
		return fail("sockets towards servers cannot be opened");
	daemon.upstream = upstream_new(&config->upstream, &daemon.transport);
	if (!daemon.upstream)
		return fail("out of memory for questions to servers");
	for (size_t i = 0; i < config->dataplane.service.count; i++)
		upstream_own_address_add(daemon.upstream, &config->dataplane.service.list[i]);
	upstream_allow_loopback(daemon.upstream, config->allow_loopback_upstream);
	parts.upstream = daemon.upstream;
	daemon.resolver = resolver_new(&config->resolver, &parts);
	return daemon.resolver ? 0 : fail("out of memory for the resolver");
}

static int ask_for_listener(void *arg, const struct ticket_question *question,
			    void (*done)(void *done_arg, struct store_result *result), void *done_arg)
{
	(void)arg;
	return resolver_ask(daemon.resolver, question, done, done_arg);
}

static void request_stop(void *arg)
{
	(void)arg;
	if (daemon.stopping) {
		log_warning("asked to stop a second time: ending at once");
		_exit(1);
	}
	daemon.stopping = true;
	uv_stop(&daemon.loop);
}

static int start_services(void)
{
	const struct config *config = daemon.config;
	struct api_context context = {.store = daemon.store, .resolver = daemon.resolver,
				      .upstream = daemon.upstream, .trust = daemon.trust,
				      .counters = all_counters, .describe = describe,
				      .stop = request_stop};
	char err[512];

	if (config->dataplane.tap_name[0] != '\0') {
		daemon.listener = listener_open(&daemon.loop, daemon.store,
						&config->dataplane.service, 53, ask_for_listener, NULL,
						err, sizeof(err));
		if (!daemon.listener)
			return fail(err);
	}
	daemon.api = api_open(&daemon.loop, config->control_socket, &context, err, sizeof(err));
	if (!daemon.api)
		return fail(err);
	if (config->metrics_address[0] == '\0')
		return 0;
	daemon.metrics = metrics_open(config->metrics_address, err, sizeof(err));
	return daemon.metrics ? 0 : fail(err);
}

static void on_signal(uv_poll_t *poll, int status, int events)
{
	struct signalfd_siginfo info;

	(void)poll, (void)status, (void)events;
	if (read(daemon.signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
		log_info("signal %u: stopping", info.ssi_signo);
		request_stop(NULL);
	}
}

static int start_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	daemon.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (daemon.signal_fd < 0)
		return fail("signals cannot be taken");
	uv_poll_init(&daemon.loop, &daemon.signals, daemon.signal_fd);
	return uv_poll_start(&daemon.signals, UV_READABLE, on_signal);
}

static void start_loop(void)
{
	uv_poll_init(&daemon.loop, &daemon.wake, dataplane_wake_fd(daemon.dataplane));
	uv_poll_start(&daemon.wake, UV_READABLE, on_wake);
	uv_prepare_init(&daemon.loop, &daemon.before);
	uv_prepare_start(&daemon.before, on_before);
	uv_check_init(&daemon.loop, &daemon.after);
	uv_check_start(&daemon.after, on_after);
	uv_idle_init(&daemon.loop, &daemon.busy);
	uv_timer_init(&daemon.loop, &daemon.due);
	uv_timer_init(&daemon.loop, &daemon.heartbeat);
	uv_timer_start(&daemon.heartbeat, on_heartbeat, 0, HEARTBEAT_MS);
	uv_timer_init(&daemon.loop, &daemon.report);
	if (daemon.metrics)
		uv_timer_start(&daemon.report, on_report, 0, METRICS_MS);
}

static int start(void)
{
	char err[256];

	if (clock_open(&daemon.clock, daemon.config->test_clock) != 0)
		return fail("the test clock's file cannot be read");
	clock_read(&daemon.clock, &daemon.now);
	daemon.clock_was_trusted = true;
	if (privileges_prepare() != 0)
		return fail("resource limits cannot be set");
	if (uv_loop_init(&daemon.loop) != 0)
		return fail("no event loop");
	if (start_signals() != 0 || start_store() != 0)
		return -1;
	read_clock();
	if (start_dataplane() != 0 || start_trust() != 0 || start_resolver() != 0 ||
	    start_services() != 0)
		return -1;
	start_loop();
	if (privileges_drop(daemon.config->user, err, sizeof(err)) != 0)
		return fail(err);
	return 0;
}

// ---- stop ----

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

// Listeners, new misses, waiters, lcores and ports, then what they stood on (DESIGN §8).
static void stop(void)
{
	api_close(daemon.api);
	listener_close(daemon.listener);
	if (daemon.dataplane)
		dataplane_drain(daemon.dataplane);
	if (daemon.resolver) {
		take_misses();
		resolver_free(daemon.resolver);
	}
	if (daemon.dataplane)
		dataplane_stop(daemon.dataplane);
	if (daemon.upstream)
		upstream_free(daemon.upstream);
	socket_transport_close(daemon.sockets);
	metrics_close(daemon.metrics);
	if (daemon.trust)
		trust_free(daemon.trust);
	if (daemon.batch)
		batch_free(daemon.batch);
	uv_walk(&daemon.loop, close_handle, NULL);
	uv_run(&daemon.loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon.loop);
	if (daemon.store)
		store_free(daemon.store);
	acl_free(daemon.acl);
	clock_close(&daemon.clock);
	if (daemon.signal_fd >= 0)
		close(daemon.signal_fd);
}

int daemon_run(const struct config *config)
{
	int status;

	memset(&daemon, 0, sizeof(daemon));
	daemon.config = config;
	daemon.signal_fd = -1;
	log_set_level(config->log_level);
	status = start();
	if (status == 0) {
		log_info("assayd %s answers", ASSAY_VERSION);
		notify("READY=1");
		uv_run(&daemon.loop, UV_RUN_DEFAULT);
		notify("STOPPING=1");
	}
	stop();
	if (status == 0)
		log_info("stopped");
	return status == 0 ? 0 : 1;
}
