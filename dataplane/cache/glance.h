// Plain questions against the cache at a glance, by groups and in stages, so that what one stage
// asks memory for is there when the next one wants it. Finds only an RRset that stands in the
// first line of its name's bucket, under the very name and type, fresh, and ENTRY_PLAIN. Anything
// else is cache_lookup()'s, and what is found here is what that would find.
//
// Prefetches go out in loops of nothing else: one that misses the TLB holds up what comes after
// it, and the processor walks page tables for several at a time only if it can see them.
#pragma once

#include "dataplane/cache/shard.h"
#include "dataplane/dns/plain_hash.h"

#define GLANCE_MAX 16 // questions of a group: what they touch fits the first cache

struct glance {
	_Alignas(64) uint64_t hashes[GLANCE_MAX];
	struct line *lines[GLANCE_MAX];
	const struct entry *entries[GLANCE_MAX]; // NULL: not found. RCU; valid until the
						 // reader's next quiescent state
	uint8_t slots[GLANCE_MAX];
	uint8_t name_lens[GLANCE_MAX]; // in: of the questions, once more
};

static inline const struct table *glance_table(const struct cache *cache, uint64_t hash)
{
	return &cache_shard_of(cache, hash)->answers.table;
}

// Hashes names, asks for index lines.
static inline void glance_ask(const struct cache *cache, const struct plain_query *queries,
			      struct glance *glance, size_t count)
{
	plain_hash(cache->hash_key, queries, glance->name_lens, count, glance->hashes);
	for (size_t i = 0; i < count; i++) {
		const struct table *table = glance_table(cache, glance->hashes[i]);

		glance->lines[i] = &table->lines[table_bucket(table, glance->hashes[i])];
		__builtin_prefetch(glance->lines[i]);
	}
}

// One bit for each slot whose upper half is `key`. The line is looked at in one go, which C's
// memory model has no word for: who goes by it reads the slot again.
static inline unsigned glance_agree(const struct line *line, uint32_t key)
{
	const void *words = line;

#if defined(__SANITIZE_THREAD__)
	unsigned agree = 0;

	(void)words;
	for (unsigned i = 0; i < LINE_SLOTS; i++) {
		uint64_t word = atomic_load_explicit(&line->slots[i], memory_order_relaxed);
		agree |= (unsigned)((uint32_t)(word >> 32) == key) << i;
	}
	return agree;
#elif defined(__AVX512BW__)
	__mmask16 halves =
		_mm512_cmpeq_epi32_mask(_mm512_load_si512(words), _mm512_set1_epi32((int)key));

	return (unsigned)_pext_u32(halves, 0x2aaa);
#else
	const __m128 *half = words;
	const __m128i wanted = _mm_set1_epi32((int)key);
	__m128 low = _mm_shuffle_ps(half[0], half[1], _MM_SHUFFLE(3, 1, 3, 1));
	__m128 high = _mm_shuffle_ps(half[2], half[3], _MM_SHUFFLE(3, 1, 3, 1));
	__m128i a = _mm_cmpeq_epi32(_mm_castps_si128(low), wanted);
	__m128i b = _mm_cmpeq_epi32(_mm_castps_si128(high), wanted);

	return (unsigned)(_mm_movemask_ps(_mm_castsi128_ps(a)) |
			  _mm_movemask_ps(_mm_castsi128_ps(b)) << 4) &
	       0x7f;
#endif
}
static_assert(LINE_SLOTS == 7 && offsetof(struct line, slots) == 0, "what the masks say");

#define GLANCE_LINE 64
// Longer names leave no room for data in an entry's first hot line.
#define GLANCE_NAME                                                                                \
	(ENTRY_HOT + GLANCE_LINE - (int)offsetof(struct entry, body) - ENTRY_PLAIN_DATA_MIN)
#define GLANCE_REST 768 // as large as most signed ones

// Compares tags, asks for entries.
static inline void glance_match(const struct cache *cache, const struct plain_query *queries,
				struct glance *glance, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct line *line = glance->lines[i];
		uint32_t key = word_key(glance->hashes[i], queries[i].type);
		unsigned agree = glance_agree(line, key);
		unsigned slot = (unsigned)__builtin_ctz(agree | 1u << (LINE_SLOTS - 1));
		// Acquire: partner of the release in table_set().
		uint64_t word = atomic_load_explicit(&line->slots[slot], memory_order_acquire);
		bool found = (uint32_t)(word >> 32) == key && (entry_ref)word != 0;

		glance->slots[i] = (uint8_t)slot;
		glance->entries[i] =
			found ? table_entry(glance_table(cache, glance->hashes[i]), (entry_ref)word)
			      : NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const void *found = glance->entries[i], *here = glance->lines[i];
		const uint8_t *hot = (const uint8_t *)(found != NULL ? found : here) + ENTRY_HOT;
		// What the question says of the entry's length; a branch would be guessed wrong.
		bool longer = queries[i].dnssec | (queries[i].name_len > GLANCE_NAME);

		__builtin_prefetch(hot);
		__builtin_prefetch(hot + GLANCE_LINE * longer);
	}
}

// Compares names and looks at the times; asks for what else of an entry will be read.
static inline void glance_take(const struct plain_query *queries, struct glance *glance,
			       size_t count, uint64_t now_ms, int64_t now_s)
{
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = glance->entries[i];

		if (entry == NULL)
			continue;
		// An ENTRY_PLAIN entry has 16 bytes and more behind its name.
		if ((entry->flags & ENTRY_PLAIN) == 0 || entry->name_len != queries[i].name_len ||
		    !block_is(queries[i].name, entry->body, entry->name_len) ||
		    !entry_fresh(entry, now_ms) || now_s >= (int64_t)entry->plain_signature_s) {
			glance->entries[i] = NULL;
			continue;
		}
		const struct candidate found = {entry, glance->lines[i], glance->slots[i]};
		candidate_visit(&found);
	}
	for (size_t i = 0; i < count; i++) {
		const struct entry *entry = glance->entries[i];

		if (entry == NULL)
			continue;
		size_t end = offsetof(struct entry, body) + entry->name_len + entry->plain_data_len;
		if (queries[i].dnssec)
			end += entry->plain_rrsig_len;
		if (end > GLANCE_REST)
			end = GLANCE_REST;
		for (size_t at = ENTRY_HOT + GLANCE_LINE; at < end; at += GLANCE_LINE)
			__builtin_prefetch((const uint8_t *)entry + at);
	}
}

// What a flush has ended is not found, though the walk has not come to it. Only while one goes on,
// which has to be known before glance_match().
static inline void glance_leave_flushed(const struct cache *cache, struct glance *glance,
					size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (glance->entries[i] != NULL && flushes_cover(cache, glance->entries[i]))
			glance->entries[i] = NULL;
	}
}

// Whether a slot of the line is of a name with these bits of its hash. Looked at as in glance_agree().
static inline bool glance_holds(const struct line *line, uint32_t bits)
{
#if defined(__AVX512BW__) && !defined(__SANITIZE_THREAD__)
	const __m512i words = _mm512_load_si512((const void *)line);
	const __m512i names = _mm512_srli_epi64(words, 49);
	const __m512i taken = _mm512_and_si512(words, _mm512_set1_epi64(UINT32_MAX));
	const __mmask8 slots = (1u << LINE_SLOTS) - 1;
	const __mmask8 held = _mm512_mask_test_epi64_mask(slots, taken, taken);

	return _mm512_mask_cmpeq_epi64_mask(held, names, _mm512_set1_epi64(bits)) != 0;
#else
	unsigned some = 0;

	for (unsigned i = 0; i < LINE_SLOTS; i++) {
		uint64_t word = atomic_load_explicit(&line->slots[i], memory_order_relaxed);
		some |= (word_name_bits(word) == bits) & ((entry_ref)word != 0);
	}
	return some != 0;
#endif
}

// Whether nothing stands under any name of this hash, whatever its type and time: 15 bits of it are
// in no slot of the bucket that begins with the line.
static inline bool glance_absent(const struct table *table, const struct line *line, uint64_t hash)
{
	const uint32_t bits = name_bits(hash);

	for (unsigned n = 0; n < TABLE_CHAIN_MAX; n++) {
		const bool held = glance_holds(line, bits);
		// Acquire: partner of the release in table_room().
		uint32_t next = atomic_load_explicit(&line->next, memory_order_acquire);
		if (held || next == 0)
			return !held;
		line = &table->lines[next];
	}
	return false;
}
