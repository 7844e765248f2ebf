// Zones that give no good answer at all: while somebody asks for them, one question of our own
// every second or two sees whether that is over. The first good answer voids every failure that is
// remembered below them (DESIGN §5), so that their return is noticed within that time, however long
// the failures in a row had made them be held. A zone that answers well, but for some names, is not
// one of these: those names are asked for again after five seconds.
//
// The parent is asked again which servers the zone has, though its delegation has not ended: a zone
// that has moved, or whose referral was forged, need not fail for as long as that lasts.
//
// Bounded; the zone that has not been asked for the longest gives way. Thread: control.
#pragma once

#include "control/resolver/resolver.h"

#include <stdbool.h>
#include <stdint.h>

#define AILING_MAX         256
#define AILING_WELL_MS     2000  // a good answer is at least so old
#define AILING_HOT_MS      10000 // asked for since
#define AILING_PROBE_MS    1000
#define AILING_LONG_MS     30000 // then half as often
#define AILING_REFER_MS    4000  // for so long, what its parent says of its servers holds; doubles
#define AILING_REFER_STEPS 3     // to 32 s
#define AILING_FAILURE_S   1     // of failure entries: control looks again whether it holds

struct ailing;
struct task;
struct ailing *ailing_new(void) __attribute__((warn_unused_result));
void ailing_free(struct ailing *ailing);
// How long a failure of the task may be remembered at most: of a zone that is not one of these
// nobody would see that the name is mended.
uint32_t ailing_hold_s(struct task *task, uint32_t max_s) __attribute__((nonnull));
// The zone that the task was asking has failed it. Returns the life of its failure entry.
uint32_t ailing_failed(struct task *task, uint32_t ttl_s) __attribute__((nonnull));
// The zone that the task is asking seems to be silent: it is looked at at once.
void ailing_doubted(struct task *task) __attribute__((nonnull));
// The zone that the task was asking has given an answer that was proven.
void ailing_good(struct task *task) __attribute__((nonnull));
// A name has been asked for whose failure is remembered.
void ailing_asked(struct resolver *resolver, const uint8_t *name) __attribute__((nonnull));
// Whether a failure of that time is void, because a zone at or above the name has recovered since.
bool ailing_voids(const struct resolver *resolver, const uint8_t *name, uint64_t made_ms)
	__attribute__((nonnull));
// Whether the task is the question that sees whether its zone has recovered.
bool ailing_probes(const struct task *task) __attribute__((nonnull));
// Whether that zone is asked whether it has recovered.
bool ailing_is(const struct resolver *resolver, const uint8_t *zone) __attribute__((nonnull));
uint64_t ailing_run(struct resolver *resolver) __attribute__((nonnull)); // when to be called again
