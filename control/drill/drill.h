// Drills: faults that an operator orders at our own way to the servers, in production, to see
// whether anybody would notice the real ones. One at a time, for a time that ends by itself, and
// given up as soon as more clients than agreed get SERVFAIL. This is the state machine: which
// question is affected now, when it ends, what is counted. host.h connects it to the rest.
//
// A drill runs; then for half a minute it is watched how questions come back; then its report is
// closed. A new one may start as soon as the former no longer runs.
//
// Thread: control. Time is an argument; randomness comes from a callback.
#pragma once

#include "control/drill/report.h"
#include "control/drill/spec.h"
#include "control/upstream/upstream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRILL_REPORTS_MAX 16
#define DRILL_SAMPLE_US   UINT64_C(100000)
#define DRILL_WATCH_US    UINT64_C(30000000)
#define DRILL_OWED_US     UINT64_C(7000000)  // questions of before the end are answered until then
#define DRILL_ABORT_US    UINT64_C(10000000) // answers of that long are looked at
#define DRILL_ABORT_LEAST 10                 // fewer answers decide nothing

struct drill;
// random: fills len bytes from a CSPRNG.
struct drill *drill_new(void (*random)(void *arg, void *out, size_t len), void *arg)
	__attribute__((nonnull(1), warn_unused_result));
void drill_free(struct drill *drill);

// Whose servers are known at all; with one in the scope; with no other; with no other that is
// known, while some name server has no known address.
struct drill_zones {
	uint64_t known, touched, alone, unsure;
};

// 0, or -EBUSY: one is running.
int drill_start(struct drill *drill, const struct drill_spec *spec, const struct drill_zones *zones,
		const struct drill_tally *tally, uint64_t now_us, uint64_t wall_ms)
	__attribute__((nonnull, warn_unused_result));
// False: none was running.
bool drill_stop(struct drill *drill, const struct drill_tally *tally, uint64_t now_us)
	__attribute__((nonnull));

enum drill_event {
	DRILL_NOTHING,
	DRILL_HAS_ENDED,  // its report says how
	DRILL_HAS_CLOSED, // nothing more is added to its report
};
// At drill_next_us() or at any time. slowest_ms: of the answers since the last call.
enum drill_event drill_run(struct drill *drill, const struct drill_tally *tally,
			   uint64_t slowest_ms, uint64_t now_us)
	__attribute__((nonnull, warn_unused_result));
uint64_t drill_next_us(const struct drill *drill)
	__attribute__((nonnull, pure)); // UINT64_MAX: never

bool drill_running(const struct drill *drill, uint64_t now_us) __attribute__((nonnull, pure));
uint64_t drill_left_us(const struct drill *drill, uint64_t now_us) __attribute__((nonnull, pure));
const struct drill_spec *drill_spec_of(const struct drill *drill) __attribute__((nonnull, pure));

// As struct interference wants them. drill_choose() also while no drill runs: what was asked last
// is what the next one is compared with.
uint32_t drill_choose(struct drill *drill, const struct drill_aim *aim, uint64_t now_us)
	__attribute__((nonnull));
enum harm drill_harm(const struct drill *drill, uint32_t which, uint64_t now_us, uint32_t *delay_ms)
	__attribute__((nonnull));

// 0: the latest, up to drill_report_count() - 1.
size_t drill_report_count(const struct drill *drill) __attribute__((nonnull, pure));
const struct drill_report *drill_report(const struct drill *drill, size_t back)
	__attribute__((nonnull, pure));
// One of before a restart: oldest first, before the first start. One that had not ended was cut.
void drill_remember(struct drill *drill, const struct drill_report *report)
	__attribute__((nonnull));

struct drill_counters {
	uint64_t started, aborted, refused, affected;
};
const struct drill_counters *drill_counted(const struct drill *drill) __attribute__((nonnull));
