#include "control/upstream/timer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int timers_open(struct timers *timers, size_t cap)
{
	*timers = (struct timers){
		.heap = calloc(cap + 1, sizeof(*timers->heap)),
		.cap = cap,
	};
	return timers->heap ? 0 : -ENOMEM;
}

void timers_close(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}

static void place(struct timers *timers, struct timer *timer, size_t at)
{
	timers->heap[at] = timer;
	timer->place = at;
}

static void rise(struct timers *timers, struct timer *timer)
{
	size_t at = timer->place;

	while (at > 1 && timers->heap[at / 2]->at_us > timer->at_us) {
		place(timers, timers->heap[at / 2], at);
		at /= 2;
	}
	place(timers, timer, at);
}

static void sink(struct timers *timers, struct timer *timer)
{
	size_t at = timer->place;

	for (size_t child = at * 2; child <= timers->count; child = at * 2) {
		if (child < timers->count &&
		    timers->heap[child + 1]->at_us < timers->heap[child]->at_us)
			child++;
		if (timers->heap[child]->at_us >= timer->at_us)
			break;
		place(timers, timers->heap[child], at);
		at = child;
	}
	place(timers, timer, at);
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t at_us)
{
	if (timer->place == 0) {
		assert(timers->count < timers->cap);
		place(timers, timer, ++timers->count);
	}
	timer->at_us = at_us;
	rise(timers, timer);
	sink(timers, timer);
}

void timers_remove(struct timers *timers, struct timer *timer)
{
	size_t at = timer->place;
	struct timer *last;

	if (at == 0)
		return;
	timer->place = 0;
	last = timers->heap[timers->count--];
	if (last == timer)
		return;
	place(timers, last, at);
	rise(timers, last);
	sink(timers, last);
}

uint64_t timers_next_us(const struct timers *timers)
{
	return timers->count ? timers->heap[1]->at_us : UINT64_MAX;
}

struct timer *timers_pop_due(struct timers *timers, uint64_t now_us)
{
	struct timer *timer;

	if (timers_next_us(timers) > now_us)
		return NULL;
	timer = timers->heap[1];
	timers_remove(timers, timer);
	return timer;
}
