#include "dataplane/miss/beat.h"

void beat_publish(struct beat *beat, const struct store_clock *clock, uint64_t counter_ms)
{
	atomic_store_explicit(&beat->offset_ms, clock->now_ms - counter_ms, memory_order_relaxed);
	atomic_store_explicit(&beat->beat_ms, clock->now_ms, memory_order_relaxed);
	const int64_t wall_ms = clock->now_s * 1000 - (int64_t)counter_ms;
	atomic_store_explicit(&beat->wall, wall_ms * 2 + clock->trusted, memory_order_relaxed);
}

void beat_read(const struct beat *beat, uint64_t counter_ms, struct beat_view *view)
{
	uint64_t now_ms = counter_ms + atomic_load_explicit(&beat->offset_ms, memory_order_relaxed);
	uint64_t beat_ms = atomic_load_explicit(&beat->beat_ms, memory_order_relaxed);
	int64_t wall = atomic_load_explicit(&beat->wall, memory_order_relaxed);
	uint64_t age_ms;

	// The counter may have been set back, or be of another machine by now.
	if ((int64_t)(now_ms - beat_ms) < 0)
		now_ms = beat_ms;
	// A new offset may be a little smaller than the last one. One that is much smaller puts
	// right what a counter that jumped had made of the time.
	if (now_ms < view->clock.now_ms &&
	    (beat_ms == view->beat_ms || view->clock.now_ms - now_ms < BEAT_BACK_MS))
		now_ms = view->clock.now_ms;
	view->beat_ms = beat_ms;
	age_ms = now_ms > beat_ms ? now_ms - beat_ms : 0;
	view->clock.now_ms = now_ms;
	view->clock.now_s = ((wall - (wall & 1)) / 2 + (int64_t)counter_ms) / 1000;
	view->clock.trusted = wall & 1;
	view->control_late = age_ms > BEAT_LATE_MS;
}
