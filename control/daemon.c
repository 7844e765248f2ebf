#include "control/daemon.h"

#include "control/alarms/alarms.h"
#include "control/api/api.h"
#include "control/api/rights.h"
#include "control/clock.h"
#include "control/config/host.h"
#include "control/drill/host.h"
#include "control/listen/listen.h"
#include "control/lock.h"
#include "control/log.h"
#include "control/metrics/metrics.h"
#include "control/notify.h"
#include "control/own.h"
#include "control/privileges.h"
#include "control/resolver/resolver.h"
#include "control/state/drills.h"
#include "control/state/trust.h"
#include "control/turns.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"
#include "control/watch/exceptions.h"
#include "control/watch/looker.h"
#include "control/watch/watch.h"
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
#include <time.h>
#include <unistd.h>

#define HEARTBEAT_MS        50
#define METRICS_MS          1000
#define WATCHDOG_MS         1000
#define MISSES_PER_TURN     256
#define SIGNATURES_PER_TURN 64
#define SIGNATURES_US       200
#define DENIAL_SHARE        16 // of the cache's memory for aggressive denial
#define ONE_SHOT_BYTES      (16u << 20)

struct daemon {
	const struct config *config;
	struct locks locks;
	bool in_use; // by another assayd: something that we would need
	struct clock clock;
	struct store_clock now;
	struct acl *acl;
	struct store *store;
	struct dataplane *dataplane;
	struct batch *batch;
	struct trust *trust;
	struct trust_state *anchors;
	struct transport transport;
	struct socket_transport *sockets;
	struct upstream *upstream;
	struct resolver *resolver;
	struct drill_host *drills;
	struct drill_state *drill_state;
	struct listener *listener;
	struct api *api;
	struct metrics *metrics;
	struct alarms *alarms;
	struct watch watch;
	struct looker *looker;

	uv_loop_t loop;
	uv_poll_t wake, signals;
	uv_prepare_t before;
	uv_check_t after;
	uv_idle_t busy; // active: the loop does not block
	uv_timer_t heartbeat, due, report;
	uv_async_t results;
	int signal_fd;
	bool loop_open, stopping, silent;
	struct silence_scope scope; // silent: of our rules
	char not_silent[256];       // why not, though it should be
	uint64_t watchdog_ms;
	uint64_t misses, misses_refused;
	struct turns turns;
};

// One daemon in a process; callbacks of tickets carry the ticket alone.
static struct daemon assayd;

// ---- one turn ----

// What the loop does is counted by parts, so that a turn that takes too long has a name.
static const char *working_at(const char *what)
{
	uint64_t worked_ns = uv_hrtime() - uv_metrics_idle_time(&assayd.loop);

	return turns_at(&assayd.turns, what, worked_ns / 1000);
}

static void verb_runs(void *arg, const char *verb)
{
	(void)arg;
	(void)working_at(verb);
}

static void end_turn(void)
{
	uint64_t worked_ns = uv_hrtime() - uv_metrics_idle_time(&assayd.loop);

	turns_end(&assayd.turns, "sockets and timers", worked_ns / 1000);
}

static void ticket_done(void *arg, struct store_result *result)
{
	dataplane_return(assayd.dataplane, arg, result);
	store_result_unref(assayd.store, result);
}

static void refuse_ticket(struct ticket *ticket)
{
	struct store_result *result =
		store_result_error(assayd.store, RCODE_SERVFAIL, EDE_OTHER, RESOLVER_REFUSED);

	assayd.misses_refused++;
	dataplane_return(assayd.dataplane, ticket, result);
	if (result)
		store_result_unref(assayd.store, result);
}

static bool take_misses(void)
{
	struct ticket *tickets[MISSES_PER_TURN];
	size_t count = dataplane_misses(assayd.dataplane, tickets, MISSES_PER_TURN);

	for (size_t i = 0; i < count; i++) {
		assayd.misses++;
		if (resolver_ask(assayd.resolver, ticket_question(tickets[i]), ticket_done,
				 tickets[i]) != 0)
			refuse_ticket(tickets[i]);
	}
	return count == MISSES_PER_TURN;
}

static void read_clock(void)
{
	clock_read(&assayd.clock, &assayd.now);
	store_set_clock(assayd.store, &assayd.now);
}

static void due_now(uv_timer_t *timer)
{
	(void)timer;
}

static void wake_at(uint64_t at_ms)
{
	uint64_t delay = at_ms > assayd.now.now_ms ? at_ms - assayd.now.now_ms : 0;

	if (at_ms == UINT64_MAX)
		uv_timer_stop(&assayd.due);
	else
		uv_timer_start(&assayd.due, due_now, delay, 0);
}

static uint64_t monotonic_us(void *arg)
{
	(void)arg;
	return uv_hrtime() / 1000;
}

static uint64_t run_drills(void)
{
	uint64_t due_us = drill_host_run(assayd.drills), now_us = uv_hrtime() / 1000;

	drill_state_run(assayd.drill_state, assayd.now.now_ms);
	if (due_us == UINT64_MAX)
		return UINT64_MAX;
	return assayd.now.now_ms + (due_us > now_us ? (due_us - now_us + 999) / 1000 : 0);
}

// Everything that may have become due: new misses, signatures, timers of the resolver, memory
// that came back through a grace period.
static bool turn(void)
{
	bool more;

	read_clock();
	working_at("misses");
	more = take_misses();
	working_at("signatures");
	more |= batch_run(assayd.batch, SIGNATURES_PER_TURN, monotonic_us, NULL, SIGNATURES_US) > 0;
	working_at("resolver");
	uint64_t resolver_ms = resolver_run(assayd.resolver, &assayd.now);
	working_at("drills");
	uint64_t drills_ms = run_drills();
	wake_at(resolver_ms < drills_ms ? resolver_ms : drills_ms);
	working_at("trust anchors");
	trust_state_run(assayd.anchors, &assayd.now);
	working_at("cache");
	more |= cache_maintain(store_cache(assayd.store), assayd.now.now_ms);
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
	if (assayd.stopping)
		return;
	if (more || !dataplane_may_sleep(assayd.dataplane))
		uv_idle_start(&assayd.busy, on_busy);
	else
		uv_idle_stop(&assayd.busy);
	end_turn();
}

static void on_after(uv_check_t *check)
{
	(void)check;
	dataplane_awake(assayd.dataplane);
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
	uint64_t count;

	(void)poll, (void)status, (void)events;
	// Only empties the counter: the turn before blocking again does the work.
	if (read(dataplane_wake_fd(assayd.dataplane), &count, sizeof(count)) < 0)
		return;
}

// `systemctl status` shows it.
static void tell_systemd(void)
{
	static char told[ALARMS_SUMMARY_MAX];
	char summary[ALARMS_SUMMARY_MAX], status[sizeof("STATUS=") + ALARMS_SUMMARY_MAX];

	alarms_summary(assayd.alarms, summary);
	if (strcmp(summary, told) == 0)
		return;
	memcpy(told, summary, sizeof(told));
	snprintf(status, sizeof(status), "STATUS=%s", summary);
	notify(status);
}

static void on_heartbeat(uv_timer_t *timer)
{
	(void)timer;
	const char *before = working_at("heartbeat");
	read_clock();
	dataplane_heartbeat(assayd.dataplane, &assayd.now);
	looker_beat(assayd.looker);
	alarms_run(assayd.alarms, &assayd.now);
	tell_systemd();
	if (assayd.now.now_ms - assayd.watchdog_ms >= WATCHDOG_MS) {
		assayd.watchdog_ms = assayd.now.now_ms;
		notify("WATCHDOG=1");
		locks_run(&assayd.locks);
	}
	working_at(before);
}

static void on_upstream_timer(void *arg)
{
	(void)arg;
	if (assayd.upstream)
		upstream_timer(assayd.upstream);
}

// ---- counters ----

static void all_counters(void *arg, api_counter_visit visit, void *visit_arg)
{
	struct cache_counters cache;
	struct batch_counters batch;

	(void)arg;
	dataplane_counters(assayd.dataplane, visit, visit_arg);
	cache_counters(store_cache(assayd.store), &cache);
#define X(field, words) visit("cache." #field, words, cache.field, visit_arg);
	CACHE_COUNTERS(X)
#undef X
	struct store_counters store;
	store_counters(assayd.store, &store);
#define X(field, words) visit("store." #field, words, store.field, visit_arg);
	STORE_COUNTERS(X)
#undef X
	resolver_counters(assayd.resolver, visit, visit_arg);
	upstream_counters(assayd.upstream, visit, visit_arg);
	batch_counters(assayd.batch, &batch);
#define X(field, words) visit("crypto." #field, words, batch.field, visit_arg);
	BATCH_COUNTERS(X)
#undef X
	trust_state_counters(assayd.anchors, visit, visit_arg);
	if (assayd.drills)
		drill_host_counters(assayd.drills, visit, visit_arg);
	if (assayd.listener)
		listener_counters(assayd.listener, visit, visit_arg);
	visit("control.misses", "misses taken from the poll-mode cores", assayd.misses, visit_arg);
	visit("control.misses_refused", "misses refused because too many were under way",
	      assayd.misses_refused, visit_arg);
	visit("control.turns", "turns of the event loop", assayd.turns.count, visit_arg);
	visit("control.turns_too_long", "turns of the event loop over 5 ms", assayd.turns.too_long,
	      visit_arg);
	visit("control.longest_turn_us", "longest turn of the event loop since the start",
	      assayd.turns.longest_us, visit_arg);
	visit("control.log_lines_lost", "log lines lost because nobody read them", log_lines_lost(),
	      visit_arg);
}

static bool all_cycles(void *arg, struct cycles *out, uint64_t *hz)
{
	(void)arg;
	return dataplane_cycles(assayd.dataplane, out, hz);
}

static void describe_turns(void (*line)(const char *text, void *line_arg), void *line_arg)
{
	const struct turns *turns = &assayd.turns;
	char text[160];

	if (turns->longest == NULL)
		return;
	snprintf(text, sizeof(text),
		 "event loop: longest turn %" PRIu64 ".%" PRIu64 " ms (%s), %" PRIu64 " over %d ms",
		 turns->longest_us / 1000, turns->longest_us / 100 % 10, turns->longest,
		 turns->too_long, TURN_LONG_US / 1000);
	line(text, line_arg);
}

static void describe(void *arg, void (*line)(const char *text, void *line_arg), void *line_arg)
{
	(void)arg;
	trust_state_describe(assayd.anchors, line, line_arg);
	drill_state_describe(assayd.drill_state, line, line_arg);
	exceptions_describe(assayd.config, line, line_arg);
	dataplane_describe(assayd.dataplane, line, line_arg);
	describe_turns(line, line_arg);
}

static void on_nta_end(void *arg, const uint8_t *name, enum nta_end end)
{
	static const char *const why[] = {
		[NTA_REMOVED] = "was taken back",
		[NTA_EXPIRED] = "has reached the end of its lifetime",
		[NTA_RECOVERED] = "is no longer needed, the zone validates",
	};
	char text[NAME_TEXT_MAX];

	(void)arg;
	log_warning("the negative trust anchor of %.128s %s: it is validated again",
		    name_to_text(name, text), why[end]);
}

static void on_pool(void *arg, const uint8_t *zone, bool down)
{
	char name[NAME_TEXT_MAX];

	(void)arg;
	name_to_text(zone, name);
	if (down)
		alarm_raise(assayd.alarms, ALARM_POOL_OUT, name, 0,
			    "none of the configured servers of %s answers: questions about it fail "
			    "at once, or get stale data, until one does",
			    name);
	else
		alarm_end(assayd.alarms, ALARM_POOL_OUT, name);
}

static void on_crowd(void *arg, const uint8_t *zone)
{
	char name[NAME_TEXT_MAX];

	(void)arg;
	log_warning(
		"questions about %.128s have taken their share of the places for questions under "
		"way: more of them fail at once (counter resolver.crowded)",
		name_to_text(zone, name));
}

static void on_report(uv_timer_t *timer)
{
	(void)timer;
	const char *before = working_at("metrics");
	metrics_begin(assayd.metrics);
	all_counters(NULL, metrics_value, assayd.metrics);
	for (int i = 0; i < ALARM_COUNT; i++)
		metrics_alarm(assayd.metrics, alarm_name(i), alarm_severity_name(alarm_severity(i)),
			      alarms_named(assayd.alarms, i) > 0);
	metrics_end(assayd.metrics);
	working_at(before);
}

// ---- start ----

static int fail(const char *sentence)
{
	char status[640];

	log_error("%s", sentence);
	snprintf(status, sizeof(status), "STATUS=cannot start: %s", sentence);
	notify(status);
	return -1;
}

// Before any port, program, table, tap or socket is touched.
static int start_locks(void)
{
	char err[512];
	int status = own_take(&assayd.locks, assayd.config, err, sizeof(err));

	assayd.in_use = status == -EBUSY;
	return status == 0 ? 0 : fail(err);
}

static int start_store(void)
{
	const struct config *config = assayd.config;
	struct store_config store = {
		.cache = {.memory_bytes = config->cache_bytes,
			  .shards = 1,
			  .hugepages = config->hugepages != HUGEPAGES_OFF,
			  .hugepages_only = config->hugepages == HUGEPAGES_REQUIRE,
			  .one_shot_bytes = ONE_SHOT_BYTES,
			  .denial_bytes = config->aggressive_denial
						  ? config->cache_bytes / DENIAL_SHARE
						  : 0},
		.rotate = config->rotate,
		.stale_ttl_s = 30,
	};
	char err[256];

	assayd.acl = acl_new(config->acl_rules, config->acl_rule_count);
	if (!assayd.acl)
		return fail("out of memory for the access list");
	store.acl = assayd.acl;
	if (RAND_bytes(store.cache.hash_key, sizeof(store.cache.hash_key)) != 1 ||
	    RAND_bytes(store.cookie_secret, sizeof(store.cookie_secret)) != 1)
		return fail("the system gives no random numbers");
	memcpy(store.identity, config->identity, sizeof(store.identity));
	memcpy(store.version, config->version, sizeof(store.version));
	assayd.store = store_new(&store, err, sizeof(err));
	return assayd.store ? 0 : fail(err);
}

static int start_dataplane(void)
{
	struct dataplane_config config = assayd.config->dataplane;
	char err[512];

	if (assayd.silent)
		config.silence = &assayd.scope;
	snprintf(config.file_prefix, sizeof(config.file_prefix), "assay-%d", (int)getpid());
	if (dataplane_start(&config, assayd.store, &assayd.dataplane, err, sizeof(err)) != 0)
		return fail(err);
	dataplane_heartbeat(assayd.dataplane, &assayd.now);
	return 0;
}

static void on_results(uv_async_t *async)
{
	(void)async; // waking the loop is all: the turn takes the results
}

// On a crypto worker's thread.
static void on_verified(void *arg)
{
	(void)arg;
	uv_async_send(&assayd.results);
}

static void warn_of_exception(const char *text, void *arg)
{
	(void)arg;
	log_warning("%s", text);
}

static int start_trust(void)
{
	const struct config *config = assayd.config;
	struct trust_config trust = {.inception_skew_s = config->inception_skew_s,
				     .expiration_skew_s = config->expiration_skew_s,
				     .nsec3_iterations_max = 50};
	struct batch_config batch = {.workers = config->crypto_workers, .wake = on_verified};
	char err[256];

	assayd.batch = batch_new(&batch);
	if (!assayd.batch)
		return fail("no memory or no threads for signature verification");
	assayd.trust = trust_new(&trust, assayd.batch);
	if (!assayd.trust)
		return fail("out of memory for trust anchors");
	assayd.anchors = trust_state_open(&assayd.loop, config, assayd.trust, assayd.store, err,
					  sizeof(err));
	if (!assayd.anchors)
		return fail(err);
	for (size_t i = 0; i < config->insecure_count; i++) {
		if (trust_insecure_add(assayd.trust, config->insecure[i].name, UINT64_MAX, false) !=
		    0)
			return fail("out of memory for insecure zones");
		if (!cache_denial_bar(store_cache(assayd.store), config->insecure[i].name))
			return fail("no room for insecure zones beside cached denial: enlarge "
				    "memory.cache");
	}
	exceptions_describe(config, warn_of_exception, NULL);
	return 0;
}

// Answers are worth more than silence about ports: no reason not to start.
static void start_silence(void)
{
	const struct socket_transport_config *source = &assayd.config->source;

	assayd.scope = (struct silence_scope){.interface = source->interface,
					      .port = assayd.config->dataplane.devices[0],
					      .sources = {source->source_v4, source->source_v6}};
	if (!silence_has_scope(&assayd.scope)) {
		log_info(
			"neither upstream.interface nor upstream.source is set: that no ICMP error "
			"tells of open ports is left to the host's packet filter");
		return;
	}
	assayd.silent =
		silence_begin(&assayd.scope, assayd.not_silent, sizeof(assayd.not_silent)) == 0;
}

static void stop_silence(void)
{
	if (assayd.silent)
		silence_end(&assayd.scope);
}

static void say_of_tls(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

static int start_resolver(void)
{
	const struct config *config = assayd.config;
	struct resolver_parts parts = {.store = assayd.store,
				       .trust = assayd.trust,
				       .batch = assayd.batch,
				       .points = trust_state_points(assayd.anchors)};

	struct socket_transport_config sockets = config->source;
	sockets.say = say_of_tls;
	int error = socket_transport_open(&assayd.loop, &sockets, on_upstream_timer, NULL,
					  &assayd.transport, &assayd.sockets);
	if (error == -EINVAL && sockets.tls)
		return fail("no certificate of an authority can be read for TLS towards servers: "
			    "see upstream.tls-ca-file");
	if (error != 0)
		return fail("sockets towards servers cannot be opened");
	assayd.upstream = upstream_new(&config->upstream, &assayd.transport);
	if (!assayd.upstream)
		return fail("out of memory for questions to servers");
	for (size_t i = 0; i < config->dataplane.service.count; i++)
		upstream_own_address_add(assayd.upstream, &config->dataplane.service.list[i]);
	upstream_allow_loopback(assayd.upstream, config->allow_loopback_upstream);
	parts.upstream = assayd.upstream;
	assayd.resolver = resolver_new(&config->resolver, &parts);
	if (!assayd.resolver)
		return fail("out of memory for the resolver");
	resolver_nta_watch(assayd.resolver, on_nta_end, NULL);
	resolver_pool_watch(assayd.resolver, on_pool, NULL);
	resolver_crowd_watch(assayd.resolver, on_crowd, NULL);
	if (config->log_level == LOG_LEVEL_DEBUG)
		api_log_questions(assayd.resolver);
	return 0;
}

static void say_of_drill(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

static uint64_t wall_ms(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int start_drills(void)
{
	const struct drill_host_config config = {
		.resolver = assayd.resolver,
		.upstream = assayd.upstream,
		.trust = assayd.trust,
		.random = assayd.transport.random,
		.random_arg = assayd.transport.ctx,
		.counters = all_counters,
		.wall_ms = wall_ms,
		.say = say_of_drill,
	};

	assayd.drills = drill_host_new(&config);
	if (assayd.drills)
		assayd.drill_state = drill_state_open(&assayd.loop, assayd.config, assayd.drills);
	return assayd.drill_state ? 0 : fail("out of memory for drills");
}

static int ask_for_listener(void *arg, const struct ticket_question *question,
			    void (*done)(void *done_arg, struct store_result *result),
			    void *done_arg)
{
	(void)arg;
	return resolver_ask(assayd.resolver, question, done, done_arg);
}

static void request_stop(void *arg)
{
	(void)arg;
	if (assayd.stopping) {
		log_warning("asked to stop a second time: ending at once");
		_exit(1);
	}
	assayd.stopping = true;
	uv_stop(&assayd.loop);
}

static int find_groups(struct api_groups *groups, char *err, size_t err_len)
{
	const struct config *config = assayd.config;
	int status = privileges_group(config->operators, "control.operators", &groups->operators,
				      err, err_len);

	if (status == 0)
		status = privileges_group(config->readers, "control.readers", &groups->readers, err,
					  err_len);
	return status;
}

static int start_alarms(void)
{
	assayd.watch = (struct watch){.config = assayd.config,
				      .store = assayd.store,
				      .trust = assayd.trust,
				      .points = trust_state_points(assayd.anchors),
				      .resolver = assayd.resolver,
				      .upstream = assayd.upstream,
				      .dataplane = assayd.dataplane,
				      .not_silent = assayd.not_silent};
	if (watch_begin(&assayd.watch, assayd.alarms) &&
	    alarms_add(assayd.alarms, trust_state_alarms, assayd.anchors) &&
	    alarms_add(assayd.alarms, drill_state_alarms, assayd.drill_state))
		return 0;
	return fail("there are more parts to watch than places");
}

static int start_services(void)
{
	const struct config *config = assayd.config;
	struct api_groups groups;
	struct api_context context = {.store = assayd.store,
				      .resolver = assayd.resolver,
				      .upstream = assayd.upstream,
				      .trust = assayd.trust,
				      .drills = assayd.drills,
				      .alarms = assayd.alarms,
				      .points = trust_state_points(assayd.anchors),
				      .groups = &groups,
				      .counters = all_counters,
				      .cycles = all_cycles,
				      .describe = describe,
				      .runs = verb_runs,
				      .stop = request_stop};
	char err[512];

	if (config->dataplane.tap_name[0] != '\0') {
		assayd.listener =
			listener_open(&assayd.loop, assayd.store, &config->dataplane.service, 53,
				      ask_for_listener, NULL, err, sizeof(err));
		if (!assayd.listener)
			return fail(err);
	}
	if (find_groups(&groups, err, sizeof(err)) != 0)
		return fail(err);
	assayd.api = api_open(&assayd.loop, config->control_socket, &context, err, sizeof(err));
	if (!assayd.api)
		return fail(err);
	if (config->metrics_address[0] == '\0')
		return 0;
	assayd.metrics = metrics_open(config->metrics_address, err, sizeof(err));
	return assayd.metrics ? 0 : fail(err);
}

static void on_signal(uv_poll_t *poll, int status, int events)
{
	struct signalfd_siginfo info;

	(void)poll, (void)status, (void)events;
	if (read(assayd.signal_fd, &info, sizeof(info)) != sizeof(info))
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
	assayd.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (assayd.signal_fd < 0)
		return fail("signals cannot be taken");
	uv_poll_init(&assayd.loop, &assayd.signals, assayd.signal_fd);
	return uv_poll_start(&assayd.signals, UV_READABLE, on_signal);
}

static void start_loop(void)
{
	uv_poll_init(&assayd.loop, &assayd.wake, dataplane_wake_fd(assayd.dataplane));
	uv_poll_start(&assayd.wake, UV_READABLE, on_wake);
	uv_prepare_init(&assayd.loop, &assayd.before);
	uv_prepare_start(&assayd.before, on_before);
	uv_check_init(&assayd.loop, &assayd.after);
	uv_check_start(&assayd.after, on_after);
	uv_idle_init(&assayd.loop, &assayd.busy);
	uv_timer_init(&assayd.loop, &assayd.due);
	uv_timer_init(&assayd.loop, &assayd.heartbeat);
	uv_timer_start(&assayd.heartbeat, on_heartbeat, 0, HEARTBEAT_MS);
	uv_timer_init(&assayd.loop, &assayd.report);
	if (assayd.metrics)
		uv_timer_start(&assayd.report, on_report, 0, METRICS_MS);
}

static int start(void)
{
	char err[256];

	if (clock_open(&assayd.clock, assayd.config->test_clock) != 0)
		return fail("the test clock's file cannot be read");
	clock_read(&assayd.clock, &assayd.now);
	if (privileges_prepare() != 0)
		return fail("resource limits cannot be set");
	assayd.alarms = alarms_new();
	if (!assayd.alarms)
		return fail("out of memory for alarms");
	assayd.loop_open = uv_loop_init(&assayd.loop) == 0;
	if (!assayd.loop_open || uv_loop_configure(&assayd.loop, UV_METRICS_IDLE_TIME) != 0 ||
	    uv_async_init(&assayd.loop, &assayd.results, on_results) != 0)
		return fail("no event loop");
	if (start_signals() != 0 || start_locks() != 0 || start_store() != 0)
		return -1;
	read_clock();
	start_silence(); // before the first port is open
	// The port opens when there is somebody behind it: a start that fails has answered nobody.
	if (start_trust() != 0 || start_resolver() != 0 || start_drills() != 0 ||
	    start_dataplane() != 0 || start_alarms() != 0 || start_services() != 0)
		return -1;
	start_loop();
	if (privileges_drop(assayd.config->user, err, sizeof(err)) != 0)
		return fail(err);
	assayd.looker = looker_start(assayd.config, assayd.dataplane);
	if (!assayd.looker || !alarms_add(assayd.alarms, looker_alarms, assayd.looker))
		return fail("no thread that looks for faults");
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

int daemon_run(const struct config *config)
{
	int status;

	memset(&assayd, 0, sizeof(assayd));
	assayd.config = config;
	assayd.signal_fd = -1;
	log_set_level(config->log_level);
	if (!host_is_fit(config))
		return 1;
	status = start();
	if (status == 0) {
		log_info("assayd %s answers", ASSAY_VERSION);
		notify("READY=1");
		uv_run(&assayd.loop, UV_RUN_DEFAULT);
		notify("STOPPING=1");
	}
	stop();
	if (status == 0)
		log_info("stopped");
	return status == 0 ? 0 : assayd.in_use ? DAEMON_IN_USE : 1;
}
