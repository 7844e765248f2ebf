#include "control/daemon/parts.h"
#include "control/descriptors.h"
#include "control/log.h"
#include "control/notify.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define HEARTBEAT_MS        50
#define METRICS_MS          1000
#define WATCHDOG_MS         1000
#define MISSES_PER_TURN     16 // each has its task run several times
#define SIGNATURES_PER_TURN 64
#define SIGNATURES_US       200

// What the loop does is counted by parts, so that a turn that takes too long has a name.
const char *working_at(const char *what)
{
	uint64_t worked_ns = uv_hrtime() - uv_metrics_idle_time(&assayd.loop);

	return turns_at(&assayd.turns, what, worked_ns / 1000);
}

void verb_runs(void *arg, const char *verb)
{
	(void)arg;
	(void)working_at(verb);
}

// Of this thread: it stands while the loop waits, and while others have its CPU.
static uint64_t cpu_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void end_turn(void)
{
	uint64_t worked_ns = uv_hrtime() - uv_metrics_idle_time(&assayd.loop);

	turns_end(&assayd.turns, "sockets and timers", worked_ns / 1000);
	turns_end(&assayd.cpu_turns, "", cpu_us());
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

bool take_misses(void)
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

void read_clock(void)
{
	clock_read(&assayd.clock, &assayd.now);
	store_set_clock(assayd.store, &assayd.now);
	alarms_at(assayd.alarms, &assayd.now);
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
	(void)descriptors_hold();
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

// What is not there now would be a SIGBUS, or the kernel's choice of a victim, later.
static void check_memory(void)
{
	int error = cache_memory_failed(store_cache(assayd.store));

	if (error == 0 || assayd.stopping)
		return;
	log_error("memory.cache: %zu MiB are not to be had: %s; configure less cache memory",
		  assayd.config->cache_bytes >> 20, strerror(-error));
	assayd.failed = true;
	request_stop(NULL);
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
		check_memory();
		locks_run(&assayd.locks);
	}
	working_at(before);
}

void on_upstream_timer(void *arg)
{
	(void)arg;
	if (assayd.upstream)
		upstream_timer(assayd.upstream);
}

void on_results(uv_async_t *async)
{
	(void)async; // waking the loop is all: the turn takes the results
}

void request_stop(void *arg)
{
	(void)arg;
	if (assayd.stopping) {
		log_warning("asked to stop a second time: ending at once");
		_exit(1);
	}
	assayd.stopping = true;
	uv_stop(&assayd.loop);
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
	} else if (info.ssi_signo == SIGHUP) {
		log_warning("signal %u: nothing is read anew while it runs: assayd --check-config, "
			    "then restart it",
			    info.ssi_signo);
	}
}

int start_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	assayd.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (assayd.signal_fd < 0)
		return start_fail("signals cannot be taken");
	uv_poll_init(&assayd.loop, &assayd.signals, assayd.signal_fd);
	return uv_poll_start(&assayd.signals, UV_READABLE, on_signal);
}

void start_loop(void)
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
	if (assayd.config->metrics_address[0] != '\0')
		uv_timer_start(&assayd.report, on_report, 0, METRICS_MS);
}
