#include "dataplane/cache/table.h"

#include "dataplane/cache/memory.h"

#include <assert.h>
#include <string.h>

static_assert(MEMORY_UNIT == 32, "table_entry() counts in it");

// Index of an arena full of the smallest entries that are common (a plain A takes 128 bytes), which
// then fill 60 % of the slots: about one bucket in sixteen needs an overflow line. With fewer
// buckets the overflow lines run out, and full chains throw out what eviction wants to keep.
#define ENTRY_BYTES_SMALL 128
#define OVERFLOW_SHARE    6 // one overflow line for so many buckets

size_t table_bytes(size_t arena_bytes)
{
	size_t for_bucket = LINE_SLOTS * ENTRY_BYTES_SMALL * 6 / 10;
	size_t line = sizeof(struct line) + sizeof(struct line) / OVERFLOW_SHARE;
	size_t buckets = arena_bytes / (for_bucket + line);

	return (buckets + buckets / OVERFLOW_SHARE + 2) * sizeof(struct line);
}

void table_init(struct table *table, uint8_t *base, uint8_t *area, size_t bytes)
{
	uint32_t lines = (uint32_t)(bytes / sizeof(struct line));
	uint32_t overflow = lines / (OVERFLOW_SHARE + 1);

	*table = (struct table){
		.base = base,
		.lines = (struct line *)area,
		.buckets = lines - overflow,
		.line_count = lines,
	};
	for (uint32_t i = lines; i > table->buckets; i--) {
		atomic_init(&table->lines[i - 1].next, table->spare);
		table->spare = i - 1;
	}
}

static inline uint32_t word_what(uint64_t word)
{
	return (uint32_t)(word >> 32) & 0x1ffff;
}

static inline uint64_t make_word(uint64_t hash, uint32_t what, entry_ref ref)
{
	return (uint64_t)word_key(hash, what) << 32 | ref;
}

static inline struct line *next_line(const struct table *table, const struct line *line)
{
	// Acquire: partner of the release in table_room(); the line's slots were set before.
	// An overflow line may meanwhile serve another bucket: names are compared in full, the
	// chain's length is bounded, so the worst is a miss.
	uint32_t next = atomic_load_explicit(&line->next, memory_order_acquire);

	return next != 0 ? &table->lines[next] : NULL;
}

// ---- readers ----

// The place in out for what a slot holds, when a question of this type can use it.
static inline struct candidate *node_place(struct node *out, uint32_t what, uint16_t type)
{
	if (what == type)
		return &out->exact;
	if (what == TYPE_CNAME)
		return &out->cname;
	if (what == 0)
		return &out->nxdomain;
	if (what == (WHAT_FAILURE | type))
		return &out->failure;
	return NULL;
}

void table_node(const struct table *table, uint64_t hash, const uint8_t *name, size_t len,
		uint16_t type, struct node *out)
{
	struct line *line = &table->lines[table_bucket(table, hash)];
	uint32_t bits = name_bits(hash);

	*out = (struct node){0};
	for (unsigned n = 0; line != NULL && n < TABLE_CHAIN_MAX; n++) {
		for (unsigned i = 0; i < LINE_SLOTS; i++) {
			// Acquire: partner of the release in table_set().
			uint64_t word = atomic_load_explicit(&line->slots[i], memory_order_acquire);
			if (word_name_bits(word) != bits || (entry_ref)word == 0)
				continue;
			struct candidate *place = node_place(out, word_what(word), type);
			if (place == NULL)
				continue;
			const struct entry *entry = table_entry(table, (entry_ref)word);
			if (entry_is_named(entry, hash, name, len))
				*place = (struct candidate){entry, line, i};
		}
		line = next_line(table, line);
	}
}

bool table_holds(const struct table *table, uint64_t hash, const uint8_t *name, size_t len)
{
	return table_holds_older(table, hash, name, len, UINT64_MAX);
}

bool table_holds_older(const struct table *table, uint64_t hash, const uint8_t *name, size_t len,
		       uint64_t asked_ms)
{
	struct line *line = &table->lines[table_bucket(table, hash)];
	uint32_t bits = name_bits(hash);

	for (unsigned n = 0; line != NULL && n < TABLE_CHAIN_MAX; n++) {
		for (unsigned i = 0; i < LINE_SLOTS; i++) {
			// Acquire: partner of the release in table_set().
			uint64_t word = atomic_load_explicit(&line->slots[i], memory_order_acquire);
			if (word_name_bits(word) != bits || (entry_ref)word == 0 ||
			    (word_what(word) & WHAT_FAILURE) != 0)
				continue;
			const struct entry *entry = table_entry(table, (entry_ref)word);
			if (entry_is_named(entry, hash, name, len) &&
			    entry_asked_ms(entry) <= asked_ms)
				return true;
		}
		line = next_line(table, line);
	}
	return false;
}

// ---- writer: relaxed loads, for it wrote all of it ----

static inline uint64_t word_at(const struct line *line, unsigned slot)
{
	return atomic_load_explicit(&line->slots[slot], memory_order_relaxed);
}

bool table_find(const struct table *table, uint64_t hash, const uint8_t *name, size_t len,
		uint32_t what, struct position *out)
{
	struct line *line = &table->lines[table_bucket(table, hash)];
	uint32_t key = word_key(hash, what);

	for (; line != NULL; line = next_line(table, line)) {
		for (unsigned i = 0; i < LINE_SLOTS; i++) {
			uint64_t word = word_at(line, i);
			if (word >> 32 != key || (entry_ref)word == 0)
				continue;
			if (!entry_is_named(table_entry(table, (entry_ref)word), hash, name, len))
				continue;
			*out = (struct position){line, i};
			return true;
		}
	}
	return false;
}

bool table_locate(const struct table *table, const struct entry *entry, struct position *out)
{
	struct line *line = &table->lines[table_bucket(table, entry->hash)];
	uint64_t wanted = make_word(entry->hash, entry_what(entry), table_ref(table, entry));

	for (; line != NULL; line = next_line(table, line)) {
		for (unsigned i = 0; i < LINE_SLOTS; i++) {
			if (word_at(line, i) != wanted)
				continue;
			*out = (struct position){line, i};
			return true;
		}
	}
	return false;
}

struct entry *table_at(const struct table *table, const struct position *position)
{
	entry_ref ref = (entry_ref)word_at(position->line, position->slot);

	return ref != 0 ? table_entry(table, ref) : NULL;
}

bool position_visited(const struct position *position)
{
	return atomic_load_explicit(&position->line->visited, memory_order_relaxed) >>
		       position->slot &
	       1;
}

void position_set_visited(const struct position *position, bool visited)
{
	uint8_t bit = (uint8_t)(1u << position->slot);
	uint8_t old = atomic_load_explicit(&position->line->visited, memory_order_relaxed);
	uint8_t new = visited ? old | bit : old &(uint8_t)~bit;

	atomic_store_explicit(&position->line->visited, new, memory_order_relaxed);
}

void table_set(struct table *table, const struct position *position, const struct entry *entry)
{
	uint64_t word = make_word(entry->hash, entry_what(entry), table_ref(table, entry));

	if (word_at(position->line, position->slot) == 0)
		table->entries++;
	atomic_store_explicit(&position->line->slots[position->slot], word, memory_order_release);
}

void table_clear(struct table *table, const struct position *position)
{
	// Relaxed: readers may see it as late as they like until the grace period.
	atomic_store_explicit(&position->line->slots[position->slot], 0, memory_order_relaxed);
	position_set_visited(position, false);
	table->entries--;
}

static bool line_empty(const struct line *line)
{
	for (unsigned i = 0; i < LINE_SLOTS; i++) {
		if (word_at(line, i) != 0)
			return false;
	}
	return true;
}

void table_trim(struct table *table, uint32_t bucket)
{
	struct line *before = &table->lines[bucket];
	struct line *line = next_line(table, before);

	while (line != NULL) {
		struct line *next = next_line(table, line);
		if (line_empty(line)) {
			uint32_t index = (uint32_t)(line - table->lines);
			atomic_store_explicit(&before->next,
					      next != NULL ? (uint32_t)(next - table->lines) : 0,
					      memory_order_release);
			// The spares are linked by `next` too: a reader that still stands on this
			// line walks over empty lines, at most TABLE_CHAIN_MAX of them.
			atomic_store_explicit(&line->next, table->spare, memory_order_release);
			table->spare = index;
		} else {
			before = line;
		}
		line = next;
	}
}

// How readily a full chain gives an entry up; larger goes first.
static unsigned worth_taking(const struct table *table, const struct position *position,
			     uint64_t now_ms)
{
	const struct entry *entry = table_at(table, position);

	if (now_ms >= entry->stale_until_ms)
		return 4;
	if (entry->kind == ENTRY_FAILURE)
		return 3;
	if (position_visited(position))
		return 1;
	return 2;
}

// One turn around the chain from a moving start; all visited: the visits are forgotten.
static void choose_victim(struct table *table, uint64_t hash, uint64_t now_ms, struct position *out)
{
	struct position all[TABLE_CHAIN_MAX * LINE_SLOTS];
	unsigned count = 0;
	struct line *line = &table->lines[table_bucket(table, hash)];

	for (; line != NULL; line = next_line(table, line)) {
		for (unsigned i = 0; i < LINE_SLOTS; i++)
			all[count++] = (struct position){line, i};
	}
	unsigned best = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct position *position = &all[(table->hand + i) % count];
		unsigned worth = worth_taking(table, position, now_ms);
		if (worth > best) {
			best = worth;
			*out = *position;
		}
	}
	if (best < 2) {
		for (unsigned i = 0; i < count; i++)
			position_set_visited(&all[i], false);
	}
	table->hand++;
}

void table_room(struct table *table, uint64_t hash, uint64_t now_ms, struct position *out)
{
	struct line *line = &table->lines[table_bucket(table, hash)];
	struct line *last = line;
	unsigned count = 0;

	for (; line != NULL; line = next_line(table, line)) {
		for (unsigned i = 0; i < LINE_SLOTS; i++) {
			if (word_at(line, i) == 0) {
				*out = (struct position){line, i};
				return;
			}
		}
		last = line;
		count++;
	}
	if (count >= TABLE_CHAIN_MAX || table->spare == 0) {
		choose_victim(table, hash, now_ms, out);
		return;
	}
	uint32_t index = table->spare;
	line = &table->lines[index];
	table->spare = atomic_load_explicit(&line->next, memory_order_relaxed);
	atomic_store_explicit(&line->next, 0, memory_order_relaxed);
	// Release: partner of the acquire in next_line().
	atomic_store_explicit(&last->next, index, memory_order_release);
	*out = (struct position){line, 0};
}

void table_each(struct table *table, uint32_t bucket, table_visit visit, void *arg)
{
	struct line *line = &table->lines[bucket];

	for (; line != NULL; line = next_line(table, line)) {
		for (unsigned i = 0; i < LINE_SLOTS; i++) {
			struct position position = {line, i};
			struct entry *entry = table_at(table, &position);
			if (entry != NULL)
				visit(&position, entry, arg);
		}
	}
}
