#include "bench/policy.h"

#include <stdlib.h>

#define NONE         UINT32_MAX
#define FREQ_MAX     3 // S3-FIFO's two bits
#define FREQ_TO_MAIN 2
#define SMALL_SHARE  10

struct place {
	uint32_t key, newer, older;
	uint8_t freq; // one bit but for S3-FIFO
	uint8_t queue;
};

struct queue {
	uint32_t newest, oldest;
	size_t count;
};

enum { MAIN, SMALL, QUEUES };

struct policy {
	enum policy_kind kind;
	size_t capacity, small_max, used;
	uint32_t hand;   // SIEVE
	uint32_t ghosts; // S3-FIFO: keys that left the small queue, so far
	uint32_t *where; // by key: place, or NONE
	uint32_t *ghost; // by key: its number among the ghosts, 0: never
	struct place *places;
	struct queue queues[QUEUES];
};

struct policy *policy_new(enum policy_kind kind, size_t capacity, size_t keys)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy == NULL)
		return NULL;
	*policy = (struct policy){.kind = kind,
				  .capacity = capacity,
				  .hand = NONE,
				  .small_max = capacity / SMALL_SHARE,
				  .queues = {{NONE, NONE, 0}, {NONE, NONE, 0}}};
	policy->where = malloc(keys * sizeof(policy->where[0]));
	policy->ghost = calloc(kind == POLICY_s3fifo ? keys : 1, sizeof(policy->ghost[0]));
	policy->places = malloc(capacity * sizeof(policy->places[0]));
	if (policy->where == NULL || policy->ghost == NULL || policy->places == NULL) {
		policy_free(policy);
		return NULL;
	}
	for (size_t i = 0; i < keys; i++)
		policy->where[i] = NONE;
	return policy;
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	free(policy->where);
	free(policy->ghost);
	free(policy->places);
	free(policy);
}

static void push(struct policy *policy, unsigned queue, uint32_t i)
{
	struct queue *q = &policy->queues[queue];
	struct place *place = &policy->places[i];

	place->queue = (uint8_t)queue;
	place->newer = NONE;
	place->older = q->newest;
	if (q->newest != NONE)
		policy->places[q->newest].newer = i;
	q->newest = i;
	if (q->oldest == NONE)
		q->oldest = i;
	q->count++;
}

static void take(struct policy *policy, uint32_t i)
{
	struct place *place = &policy->places[i];
	struct queue *q = &policy->queues[place->queue];

	if (place->newer != NONE)
		policy->places[place->newer].older = place->older;
	else
		q->newest = place->older;
	if (place->older != NONE)
		policy->places[place->older].newer = place->newer;
	else
		q->oldest = place->newer;
	q->count--;
}

// Each returns a place that is in no queue any more.

static uint32_t evict_lru(struct policy *policy)
{
	uint32_t i = policy->queues[MAIN].oldest;

	take(policy, i);
	return i;
}

// Also the main queue of S3-FIFO.
static uint32_t evict_clock(struct policy *policy)
{
	for (;;) {
		uint32_t i = policy->queues[MAIN].oldest;
		take(policy, i);
		if (policy->places[i].freq == 0)
			return i;
		policy->places[i].freq--;
		push(policy, MAIN, i);
	}
}

static uint32_t evict_sieve(struct policy *policy)
{
	uint32_t i = policy->hand;

	for (;;) {
		if (i == NONE)
			i = policy->queues[MAIN].oldest;
		if (policy->places[i].freq == 0)
			break;
		policy->places[i].freq = 0;
		i = policy->places[i].newer;
	}
	policy->hand = policy->places[i].newer;
	take(policy, i);
	return i;
}

static uint32_t evict_s3fifo(struct policy *policy)
{
	struct queue *small = &policy->queues[SMALL];

	while (small->count > 0 &&
	       (small->count >= policy->small_max || policy->queues[MAIN].count == 0)) {
		uint32_t i = small->oldest;
		take(policy, i);
		if (policy->places[i].freq < FREQ_TO_MAIN) {
			policy->ghost[policy->places[i].key] = ++policy->ghosts;
			return i;
		}
		policy->places[i].freq = 0;
		push(policy, MAIN, i);
	}
	return evict_clock(policy);
}

static uint32_t room(struct policy *policy)
{
	static uint32_t (*const evict[POLICY_COUNT])(struct policy *) = {
#define X(name, words) evict_##name,
		POLICIES(X)
#undef X
	};

	if (policy->used < policy->capacity)
		return (uint32_t)policy->used++;
	uint32_t i = evict[policy->kind](policy);
	policy->where[policy->places[i].key] = NONE;
	return i;
}

static bool is_ghost(const struct policy *policy, uint32_t key)
{
	uint32_t number = policy->ghost[key];

	return number != 0 && policy->ghosts - number < policy->capacity - policy->small_max;
}

static void hit(struct policy *policy, uint32_t i)
{
	struct place *place = &policy->places[i];

	switch (policy->kind) {
	case POLICY_lru:
		take(policy, i);
		push(policy, MAIN, i);
		break;
	case POLICY_s3fifo:
		place->freq += place->freq < FREQ_MAX;
		break;
	default:
		place->freq = 1;
	}
}

bool policy_access(struct policy *policy, uint32_t key)
{
	if (policy->where[key] != NONE) {
		hit(policy, policy->where[key]);
		return true;
	}
	unsigned queue = policy->kind == POLICY_s3fifo && !is_ghost(policy, key) ? SMALL : MAIN;
	uint32_t i = room(policy);
	policy->places[i].key = key;
	policy->places[i].freq = 0;
	policy->where[key] = i;
	push(policy, queue, i);
	return false;
}
