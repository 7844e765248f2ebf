// Names in use are asked for again before they end, so that their clients never wait: those that
// were hit in the last tenth of their time.
//
// A wheel of times at which to look at an entry. At the start of its last tenth the mark that
// readers leave on it is cleared; from then on it is looked at whenever half of what was left has
// passed, and renewed when the mark is there again.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_MS     250
#define SLOTS       8192
#define RECORDS     (1u << 20)
#define TTL_MIN_MS  10000
#define LEFT_MIN_MS 400 // no use in asking any more
#define RUNNING_MAX 256
#define LOOKS_MAX   256 // in a turn, however many are due
#define NONE        UINT32_MAX

enum phase { PHASE_WAIT, PHASE_WATCH, PHASE_WATCH_MARKED }; // MARKED: it was when watching began

struct watched {
	uint64_t hash;
	uint64_t expires_ms; // tells the entry from one that has taken its place
	uint32_t next;
	uint16_t type;
	uint8_t phase;
};

struct prefetch {
	uint32_t slots[SLOTS];
	uint32_t spare;  // first free record
	uint32_t carved; // records beyond were never used
	uint32_t count, running;
	uint32_t due;  // first of the slot that is being looked at
	uint64_t turn; // number of the slot to be looked at next
	struct watched records[RECORDS];
};

struct prefetch *prefetch_new(void)
{
	struct prefetch *prefetch = calloc(1, sizeof(*prefetch)); // touched as it fills

	if (prefetch == NULL)
		return NULL;
	memset(prefetch->slots, 0xff, sizeof(prefetch->slots));
	prefetch->spare = prefetch->due = NONE;
	return prefetch;
}

void prefetch_free(struct prefetch *prefetch)
{
	free(prefetch);
}

static uint32_t take_record(struct prefetch *prefetch)
{
	uint32_t i = prefetch->spare;

	if (i != NONE)
		prefetch->spare = prefetch->records[i].next;
	else if (prefetch->carved < RECORDS)
		i = prefetch->carved++;
	prefetch->count += i != NONE;
	return i;
}

static void give_record(struct prefetch *prefetch, uint32_t i)
{
	prefetch->records[i].next = prefetch->spare;
	prefetch->spare = i;
	prefetch->count--;
}

// Rounded down: a little early is all right. What is too far away comes round before it is due.
static void put(struct prefetch *prefetch, uint32_t i, uint64_t due_ms)
{
	uint64_t slot = due_ms / SLOT_MS;

	if (slot < prefetch->turn)
		slot = prefetch->turn;
	if (slot > prefetch->turn + SLOTS - 1)
		slot = prefetch->turn + SLOTS - 1;
	prefetch->records[i].next = prefetch->slots[slot % SLOTS];
	prefetch->slots[slot % SLOTS] = i;
}

static uint64_t watch_ms(const struct entry_facts *facts)
{
	return facts->expires_ms - (facts->expires_ms - facts->created_ms) / 10;
}

void prefetch_track(struct resolver *resolver, const struct entry *entry)
{
	struct prefetch *prefetch = resolver->prefetch;
	struct entry_facts facts;

	entry_facts(entry, &facts);
	if (prefetch == NULL || facts.one_shot || facts.kind == ENTRY_NXDOMAIN ||
	    facts.kind == ENTRY_FAILURE || facts.expires_ms < facts.created_ms + TTL_MIN_MS)
		return;
	if (prefetch->count == 0)
		prefetch->turn = resolver->clock.now_ms / SLOT_MS;
	uint32_t i = take_record(prefetch);
	if (i == NONE)
		return;
	prefetch->records[i].hash = cache_hash(resolver->cache, facts.name, name_len(facts.name));
	prefetch->records[i].expires_ms = facts.expires_ms;
	prefetch->records[i].type = facts.type;
	prefetch->records[i].phase = PHASE_WAIT;
	put(prefetch, i, watch_ms(&facts));
}

static void done(void *arg, struct store_result *result)
{
	struct resolver *resolver = arg;

	resolver->prefetch->running--;
	store_result_unref(resolver->parts.store, result);
}

static void renew(struct resolver *resolver, const struct entry_facts *facts)
{
	if (resolver->prefetch->running >= RUNNING_MAX ||
	    !client_ask(resolver, facts->name, facts->type, done)) {
		resolver->counters.prefetch_skipped++;
		return;
	}
	resolver->counters.prefetched++;
	resolver->prefetch->running++;
}

// Keeps the record for later, or gives it back.
static void look(struct resolver *resolver, uint32_t i)
{
	struct prefetch *prefetch = resolver->prefetch;
	struct watched *record = &prefetch->records[i];
	const struct entry *entry = cache_find_hash(resolver->cache, record->hash, record->type);
	uint64_t now_ms = resolver->clock.now_ms;
	struct entry_facts facts;

	if (entry != NULL)
		entry_facts(entry, &facts);
	if (entry == NULL || facts.expires_ms != record->expires_ms) {
		give_record(prefetch, i);
		return;
	}
	if (watch_ms(&facts) >= now_ms + SLOT_MS) { // as far away as the wheel reaches
		put(prefetch, i, watch_ms(&facts));
		return;
	}
	if (facts.expires_ms < now_ms + LEFT_MIN_MS) {
		if (record->phase == PHASE_WATCH_MARKED)
			cache_mark_visited(resolver->cache, entry, true);
		give_record(prefetch, i);
		return;
	}
	bool visited = cache_mark_visited(resolver->cache, entry, false);
	if (record->phase == PHASE_WAIT) {
		record->phase = visited ? PHASE_WATCH_MARKED : PHASE_WATCH;
	} else if (visited) {
		cache_mark_visited(resolver->cache, entry, true);
		renew(resolver, &facts);
		give_record(prefetch, i);
		return;
	}
	put(prefetch, i, now_ms + (facts.expires_ms - now_ms) / 2);
}

static uint32_t next_due(struct prefetch *prefetch, uint64_t now_ms)
{
	// After a pause that is longer than the wheel, once around is enough.
	if (now_ms / SLOT_MS > prefetch->turn + SLOTS)
		prefetch->turn = now_ms / SLOT_MS - SLOTS;
	while (prefetch->due == NONE && prefetch->turn * SLOT_MS <= now_ms) {
		uint32_t *head = &prefetch->slots[prefetch->turn++ % SLOTS];
		prefetch->due = *head;
		*head = NONE;
	}
	uint32_t i = prefetch->due;
	if (i != NONE)
		prefetch->due = prefetch->records[i].next;
	return i;
}

uint64_t prefetch_run(struct resolver *resolver)
{
	struct prefetch *prefetch = resolver->prefetch;

	if (prefetch == NULL || prefetch->count == 0 || resolver->closing)
		return UINT64_MAX;
	for (unsigned looks = 0; looks < LOOKS_MAX; looks++) {
		uint32_t i = next_due(prefetch, resolver->clock.now_ms);
		if (i == NONE)
			break;
		look(resolver, i);
	}
	if (prefetch->due != NONE)
		return resolver->clock.now_ms;
	return prefetch->count > 0 ? prefetch->turn * SLOT_MS : UINT64_MAX;
}
