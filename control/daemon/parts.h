// The one daemon of a process: its parts, what starts them, and what the event loop does with them.
// daemon.c has their order, parts.c starts what answers stand on, services.c what operators see,
// loop.c is the event loop's turn, report.c the counters and what is said.
//
// Thread: control, unless another is named.
#pragma once

#include "control/alarms/alarms.h"
#include "control/api/api.h"
#include "control/clock.h"
#include "control/config/config.h"
#include "control/drill/host.h"
#include "control/listen/listen.h"
#include "control/lock.h"
#include "control/metrics/metrics.h"
#include "control/resolver/resolver.h"
#include "control/state/drills.h"
#include "control/state/trust.h"
#include "control/turns.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"
#include "control/watch/looker.h"
#include "control/watch/watch.h"
#include "crypto/batch.h"
#include "dataplane/dataplane.h"
#include "dataplane/store.h"

#include <uv.h>

struct daemon {
	const struct config *config;
	struct locks locks;
	bool in_use;      // by another assayd: something that we would need
	bool told_to_end; // by a signal, before the start was at its end
	bool hugepages_gone;
	bool failed; // while it ran: the exit status says so
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
	struct canary *canary;
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
	bool loop_open, stopping;
	struct silence_scope scope; // has_scope: of our rules against ICMP errors
	bool has_scope, silent;     // silent: they were made
	uint64_t watchdog_ms;
	uint64_t misses, misses_refused;
	struct turns turns;
	struct turns cpu_turns; // in CPU time; by parts it is not counted
};

// Callbacks of tickets carry the ticket alone.
extern struct daemon assayd;

// ---- parts.c: 0, or start_fail()'s -1 ----

// Says why the daemon does not start: to the log and to systemd.
int start_fail(const char *sentence) __attribute__((nonnull));
// Before any port, program, table, tap or socket is touched.
int start_locks(void);
int start_store(void);
int start_dataplane(void);
int start_trust(void);
int start_resolver(void);
int start_drills(void);
// Rules against ICMP errors; the start goes on without them.
void start_silence(void);
void stop_silence(void);

// ---- services.c ----

int start_alarms(void);
int start_services(void);

// ---- loop.c ----

int start_signals(void);
void start_loop(void);
void read_clock(void);
// Hands misses of the poll-mode cores to the resolver; true: there may be more.
bool take_misses(void);
// Names what the present turn does from now on; returns what it did before.
const char *working_at(const char *what) __attribute__((nonnull));
// Of the event loop and of `struct api_context`.
void on_results(uv_async_t *async);
void on_upstream_timer(void *arg);
void on_report(uv_timer_t *timer);
void verb_runs(void *arg, const char *verb);
void request_stop(void *arg);

// ---- report.c ----

void all_counters(void *arg, api_counter_visit visit, void *visit_arg);
bool all_cycles(void *arg, struct cycles *out, uint64_t *hz);
void describe_daemon(void *arg, void (*line)(const char *text, void *line_arg), void *line_arg);
void on_nta_end(void *arg, const uint8_t *name, enum nta_end end);
// False: an alarm until it can be done.
bool open_metrics(void);
void on_pool(void *arg, const uint8_t *zone, bool down);
void on_crowd(void *arg, const uint8_t *zone);
