#include "dataplane/dns/types.h"
#include "tests/unit/dataplane/cache/cached.h"

#include <urcu/urcu-qsbr.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

// ---- a reader that is quiescent only when told ----

struct reader {
	pthread_t thread;
	_Atomic int asked, done;
};

enum { READER_PAUSE, READER_QUIESCE, READER_END };

static void wait_for(_Atomic int *value, int wanted)
{
	struct timespec pause = {.tv_nsec = 100000};

	for (unsigned i = 0; i < 500000 && atomic_load(value) != wanted; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(atomic_load(value), wanted);
}

static void *run_reader(void *arg)
{
	struct reader *reader = arg;
	struct timespec pause = {.tv_nsec = 100000};

	urcu_qsbr_register_thread();
	atomic_store(&reader->done, READER_PAUSE);
	for (;;) {
		int asked = atomic_load(&reader->asked);
		if (asked == READER_END)
			break;
		if (asked == READER_QUIESCE)
			urcu_qsbr_quiescent_state();
		nanosleep(&pause, NULL);
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void start_reader(struct reader *reader, int how)
{
	atomic_init(&reader->asked, how);
	atomic_init(&reader->done, -1);
	assert_int_equal(pthread_create(&reader->thread, NULL, run_reader, reader), 0);
	wait_for(&reader->done, READER_PAUSE);
}

static void end_reader(struct reader *reader)
{
	atomic_store(&reader->asked, READER_END);
	pthread_join(reader->thread, NULL);
}

// ---- grace periods ----

static void retired_memory_waits_for_readers(void **state)
{
	static struct reader reader;
	struct timespec pause = {.tv_nsec = 20000000};

	start_reader(&reader, READER_PAUSE);
	PUT(spec_a("www.example.", 1));
	const struct entry *old = cache_find(*state, wire("www.example."), TYPE_A);
	PUT(spec_a("www.example.", 2));
	assert_int_equal(counters_of(*state).bytes_pending, 128);
	for (unsigned i = 0; i < 5; i++) {
		cache_maintain(*state, NOW_MS);
		nanosleep(&pause, NULL);
	}
	assert_int_equal(counters_of(*state).bytes_pending, 128);
	assert_int_equal(address_of(old), 1); // as the reader would still see it
	atomic_store(&reader.asked, READER_QUIESCE);
	settle(*state, NOW_MS);
	assert_true(counters_of(*state).grace_periods > 0);
	end_reader(&reader);
}

static void pinned_entry_outlives_its_grace_period(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 1);
	const struct entry *pinned;
	uint64_t used;

	assert_int_equal(cache_publish(*state, &spec, &pinned), PUBLISHED);
	used = counters_of(*state).bytes_used;
	cache_pin(*state, pinned);
	assert_int_equal(flush_all(*state), 1);
	settle(*state, NOW_MS);
	assert_int_equal(address_of(pinned), 1);
	assert_int_equal(counters_of(*state).bytes_used, used);
	cache_unpin(*state, pinned);
	assert_int_equal(address_of(pinned), 1);
	cache_unpin(*state, pinned);
	assert_true(counters_of(*state).bytes_used < used);
}

static void unpinned_entry_in_its_grace_period_is_freed_after_it(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 1);
	const struct entry *pinned;
	uint64_t empty = counters_of(*state).bytes_used;

	assert_int_equal(cache_publish(*state, &spec, &pinned), PUBLISHED);
	assert_int_equal(flush_all(*state), 1);
	cache_unpin(*state, pinned);
	settle(*state, NOW_MS);
	assert_int_equal(counters_of(*state).bytes_used, empty);
}

static void pinned_unproven_entry_is_freed_where_it_belongs(void **state)
{
	struct entry_spec spec = spec_a("www.example.", 1);
	const struct entry *pinned;
	uint64_t empty = counters_of(*state).bytes_used;

	spec.security = SECURITY_UNPROVEN;
	assert_int_equal(cache_publish(*state, &spec, &pinned), PUBLISHED);
	assert_int_equal(flush_all(*state), 1);
	settle(*state, NOW_MS);
	cache_unpin(*state, pinned);
	assert_int_equal(counters_of(*state).bytes_used, empty);
}

// ---- ATTACKS E5: one name renewed without end ----

static void renew(struct cache *cache, unsigned times, unsigned *published)
{
	static uint64_t now_ms = NOW_MS; // of all tests: it does not go back
	struct entry_spec spec = spec_a("hot.example.", 1);

	for (unsigned i = 0; i < times; i++) {
		spec.now_ms = ++now_ms;
		*published += put(cache, spec) == PUBLISHED;
		if (i % 64 == 0)
			cache_maintain(cache, spec.now_ms);
	}
}

// After all that renew() has made.
static struct entry_spec later(struct entry_spec spec)
{
	spec.now_ms += 1 << 22;
	return spec;
}

static void E5_name_renewed_a_million_times_leaves_memory_flat(void **state)
{
	static struct reader reader;
	unsigned published = 0;

	start_reader(&reader, READER_QUIESCE);
	renew(*state, 1000, &published);
	settle(*state, NOW_MS);
	uint64_t used = counters_of(*state).bytes_used;
	uint64_t most = 0;
	for (unsigned i = 0; i < 100; i++) {
		renew(*state, 10000, &published);
		if (counters_of(*state).bytes_used > most)
			most = counters_of(*state).bytes_used;
	}
	settle(*state, NOW_MS);
	// An eighth of the memory waits for readers at most.
	assert_true(most <= used + counters_of(*state).bytes_budget / 8 + (128 << 10));
	assert_int_equal(counters_of(*state).bytes_used, used);
	assert_int_equal(counters_of(*state).entries, 1);
	assert_true(published > 10000);
	PUT(later(spec_a("hot.example.", 2)));
	end_reader(&reader);
}

// ---- ATTACKS O17: a poll-mode core that never comes to rest ----

static void O17_stalled_reader_bounds_pending_bytes_and_raises_the_alarm(void **state)
{
	static struct reader reader;
	unsigned published = 0;

	start_reader(&reader, READER_PAUSE);
	PUT(spec_a("other.example.", 7));
	renew(*state, 200000, &published);
	struct cache_counters c = counters_of(*state);
	assert_int_equal(c.stalled, 1);
	assert_true(c.refused > 100000);
	assert_in_range(c.bytes_pending, 1, c.bytes_budget / 8);
	assert_true(c.bytes_used < c.bytes_budget / 3);

	// By value, and what is in the table still answers.
	assert_int_equal(put(*state, spec_a("new.example.", 1)), ONE_SHOT);
	assert_true(hits(*state, "other.example.", TYPE_A));
	assert_true(hits(*state, "hot.example.", TYPE_A));

	atomic_store(&reader.asked, READER_QUIESCE);
	settle(*state, NOW_MS);
	assert_int_equal(counters_of(*state).stalled, 0);
	PUT(spec_a("new.example.", 1));
	PUT(later(spec_a("hot.example.", 1)));
	end_reader(&reader);
}

static void O17_full_cache_with_a_stalled_reader_stays_in_its_budget(void **state)
{
	static struct reader reader;
	unsigned last = 0;

	start_reader(&reader, READER_PAUSE);
	for (unsigned i = 0; i < 200000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%u.example.", i);
		last += put(*state, spec_a(name, i)) == PUBLISHED;
	}
	struct cache_counters c = counters_of(*state);
	assert_true(c.refused > 50000);
	assert_true(c.bytes_used <= c.bytes_budget);
	assert_true(c.bytes_pending <= c.bytes_budget / 8);
	cache_maintain(*state, NOW_MS + 2000);
	assert_int_equal(counters_of(*state).stalled, 1);

	// An operator's flush still works, and frees all when the reader goes on.
	assert_int_equal(flush_all(*state), c.entries);
	assert_false(hits(*state, "n1.example.", TYPE_A));
	atomic_store(&reader.asked, READER_QUIESCE);
	settle(*state, NOW_MS + 2000);
	assert_int_equal(counters_of(*state).stalled, 0);
	for (unsigned i = 0; i < 1000; i++) {
		char name[32];
		snprintf(name, sizeof(name), "m%u.example.", i);
		PUT(spec_a(name, i));
	}
	end_reader(&reader);
}

// ---- ATTACKS E6: nothing torn, nothing read too late ----

#define NAMES 256
#define BURST 32

struct checker {
	pthread_t thread;
	struct cache *cache;
	_Atomic bool stop;
	uint64_t checked, wrong;
	uint8_t names[NAMES][NAME_MAX_LEN];
};

// RDATA: 2 bytes of length, 2 of sum, then what is summed.
static uint16_t sum(const uint8_t *bytes, size_t len)
{
	uint32_t s = 1;

	for (size_t i = 0; i < len; i++)
		s = s * 31 + bytes[i];
	return (uint16_t)(s ^ s >> 16);
}

static bool intact(const struct entry *entry)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record record;

	entry_show(entry, &reader);
	if (!entry_next(&reader, &part, &record) || record.rdlen < 4)
		return false;
	uint16_t len, said;
	memcpy(&len, record.rdata, 2);
	memcpy(&said, record.rdata + 2, 2);
	return len == record.rdlen && said == sum(record.rdata + 4, (size_t)len - 4);
}

static void *run_checker(void *arg)
{
	struct checker *checker = arg;
	struct lookup lookups[BURST];
	struct lookup *pointers[BURST];
	unsigned next = 0;

	urcu_qsbr_register_thread();
	while (!atomic_load_explicit(&checker->stop, memory_order_relaxed)) {
		for (unsigned i = 0; i < BURST; i++) {
			const uint8_t *name = checker->names[next++ % NAMES];
			lookups[i] = (struct lookup){.name = name,
						     .name_len = (uint16_t)name_len(name),
						     .type = TYPE_TXT,
						     .now_ms = NOW_MS,
						     .now_s = NOW_S};
			pointers[i] = &lookups[i];
		}
		cache_lookup_burst(checker->cache, pointers, BURST);
		for (unsigned i = 0; i < BURST; i++) {
			if (lookups[i].status != LOOKUP_HIT)
				continue;
			checker->checked++;
			checker->wrong += !intact(lookups[i].links[0]);
		}
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void start_checker(struct checker *checker, struct cache *cache)
{
	char text[32];

	*checker = (struct checker){.cache = cache};
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(text, sizeof(text), "n%u.example.", i);
		name_copy(checker->names[i], wire(text));
	}
	assert_int_equal(pthread_create(&checker->thread, NULL, run_checker, checker), 0);
}

static struct entry_spec summed(const char *name, unsigned seed)
{
	uint16_t len = (uint16_t)(4 + seed * 2654435761u % 1500);
	struct entry_spec spec = spec_bytes(name, TYPE_TXT, len);
	// The fixture's own bytes, which the spec only shows as const.
	uint8_t *bytes = (uint8_t *)(uintptr_t)spec.data[0].rdata;

	for (unsigned i = 4; i < len; i++)
		bytes[i] = (uint8_t)(seed * i + (seed >> 8));
	uint16_t s = sum(bytes + 4, (size_t)len - 4);
	memcpy(bytes, &len, 2);
	memcpy(bytes + 2, &s, 2);
	return spec;
}

static bool past(const struct timespec *start, unsigned seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec > (time_t)seconds ||
	       (now.tv_sec - start->tv_sec == (time_t)seconds && now.tv_nsec >= start->tv_nsec);
}

static void E6_readers_see_whole_entries_while_the_writer_replaces(void **state)
{
	static struct checker checker;
	struct timespec start;
	unsigned seed = 0, published = 0;

	start_checker(&checker, *state);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!past(&start, 2)) {
		char name[32];
		for (unsigned i = 0; i < 100; i++, seed++) {
			// Names that are read, and others that push them about in memory.
			snprintf(name, sizeof(name), "%c%u.example.", seed % 3 == 0 ? 'm' : 'n',
				 seed % 3 == 0 ? seed : seed % NAMES);
			published += put(*state, summed(name, seed)) == PUBLISHED;
		}
		// The cache may be empty, but only while a reader that gets no CPU holds the last
		// flush's memory and the writer waits for it.
		if (seed % 20000 == 0 && flush_all(*state) == 0)
			assert_true(counters_of(*state).bytes_pending > 0);
		cache_maintain(*state, NOW_MS);
	}
	atomic_store(&checker.stop, true);
	pthread_join(checker.thread, NULL);
	assert_int_equal(checker.wrong, 0);
	assert_true(checker.checked > 1000);
	assert_true(published > 1000);
	assert_true(counters_of(*state).grace_periods > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cached(retired_memory_waits_for_readers),
		cached(pinned_entry_outlives_its_grace_period),
		cached(unpinned_entry_in_its_grace_period_is_freed_after_it),
		cached(pinned_unproven_entry_is_freed_where_it_belongs),
		cached(E5_name_renewed_a_million_times_leaves_memory_flat),
		cached(O17_stalled_reader_bounds_pending_bytes_and_raises_the_alarm),
		cached(O17_full_cache_with_a_stalled_reader_stays_in_its_budget),
		cached(E6_readers_see_whole_entries_while_the_writer_replaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
