// Connects drills to what they act on: the hook of control/upstream, the validator's clock, the
// resolver's zones, and the counters that say how clients fared.
//
// Thread: control.
#pragma once

#include "control/drill/drill.h"
#include "control/resolver/resolver.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRILL_ALONE_MAX 20 // zones that a plan names

struct drill_host_config {
	struct resolver *resolver; // borrowed, like all of these
	struct upstream *upstream;
	struct trust *trust;
	void (*random)(void *arg, void *out, size_t len);
	void *random_arg;
	// All of the daemon's counters.
	void (*counters)(void *arg, upstream_counter_visit visit, void *visit_arg);
	void *counters_arg;
	uint64_t (*wall_ms)(void *arg); // by the wall clock, since 1970
	void *wall_arg;
	void (*say)(void *arg, const char *text); // start, end, abort; may be NULL
	void *say_arg;
};

struct drill_host;
struct drill_host *drill_host_new(const struct drill_host_config *config)
	__attribute__((nonnull, warn_unused_result));
void drill_host_free(struct drill_host *host);

struct drill_plan {
	struct zones_walk walk;
	struct drill_zones zones;
	size_t named;
	uint8_t alone[DRILL_ALONE_MAX][NAME_MAX_LEN];
	struct drill_tally usual; // answers since the start of the daemon: what SERVFAIL is usual
};
// What would be lost, a share of the zones in a call: begins with zeros. True: there are more.
// Changes nothing, asks nobody.
bool drill_host_plan(struct drill_host *host, const struct drill_spec *spec,
		     struct drill_plan *plan) __attribute__((nonnull, warn_unused_result));
// What was planned, to the end. now: the clock that the validator is given. 0; -EBUSY: one is
// running; -ENOENT: no zone has a pool of that name.
int drill_host_start(struct drill_host *host, const struct drill_spec *spec,
		     const struct drill_plan *plan, const struct store_clock *now)
	__attribute__((nonnull, warn_unused_result));
bool drill_host_stop(struct drill_host *host) __attribute__((nonnull)); // false: none is running
// Whatever is due. Returns the monotonic time of the transport at which to call it again,
// UINT64_MAX: not before the next start.
uint64_t drill_host_run(struct drill_host *host) __attribute__((nonnull));

// The current one and the reports; history.h writes and reads them.
struct drill *drill_host_drill(struct drill_host *host) __attribute__((nonnull));
uint64_t drill_host_left_us(const struct drill_host *host) __attribute__((nonnull)); // 0: none runs
// True once after the reports have changed.
bool drill_host_changed(struct drill_host *host) __attribute__((nonnull));
void drill_host_counters(const struct drill_host *host, upstream_counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
