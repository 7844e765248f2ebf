// One chain, in order: a directory of leaves of items. Readers go from the directory to one leaf,
// in which the item stands, or to the one before; each row is replaced as a whole.
#include "dataplane/cache/denial/store.h"

#include <assert.h>
#include <string.h>

typedef const uint8_t *(*key_of)(const void *node, size_t *len);

static const uint8_t *key_of_item(const void *node, size_t *len)
{
	const struct denial_item *item = node;

	*len = item->key_len;
	return item_key(item);
}

static const uint8_t *key_of_leaf(const void *node, size_t *len)
{
	const struct denial_row *leaf = node;

	*len = leaf->fence_len;
	return row_fence(leaf);
}

// Acquire: partner of the release where the reference was put. What it leads to is whole.
static inline void *load(const struct denial_store *store, const _Atomic denial_ref *ref)
{
	denial_ref value = atomic_load_explicit(ref, memory_order_acquire);

	return value != 0 ? denial_at(store, value) : NULL;
}

static inline const struct denial_row *directory(const struct denial_store *store,
						 const struct denial_zone *zone, unsigned tree)
{
	return load(store, &zone->trees[tree]);
}

// ---- searching ----

// How many numbers are less than this one. Which half it is cannot be foretold: a mask, no branch.
static inline unsigned numbers_below(const struct denial_row *row, uint64_t number)
{
	const uint64_t *base = row->numbers;
	unsigned left = row->count;

	while (left > 1) {
		unsigned half = left / 2;
		base += half & -(unsigned)(base[half - 1] < number);
		left -= half;
	}
	return (unsigned)(base - row->numbers) + (*base < number);
}

// 0: the key begins with what all keys of the row begin with; else before or behind them all.
static inline int against_common(const struct denial_row *row, const uint8_t *key, size_t len)
{
	if (row->common == 0)
		return 0;
	if (row->common <= 8) {
		unsigned shift = 64 - 8u * row->common;
		uint64_t a = denial_key_padded_number(key) >> shift, b = row->prefix >> shift;
		return a < b ? -1 : a > b;
	}
	int order = memcmp(key, row_common(row), len < row->common ? len : row->common);
	return order != 0 ? order : len < row->common ? -1 : 0;
}

// Of a key that begins as all of the row do: how many are not greater, when so many numbers are
// less.
static unsigned row_floor_from(const struct denial_store *store, const struct denial_row *row,
			       const uint8_t *key, size_t len, key_of read, unsigned low)
{
	uint64_t number = denial_key_padded_number(key + row->common);
	// Those that are the same in eight bytes are mostly one: the name itself.
	unsigned high = low;
	if (low < row->count && row->numbers[low] == number)
		high = number < UINT64_MAX ? numbers_below(row, number + 1) : row->count;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		size_t other_len;
		const uint8_t *other = read(load(store, &row_refs(row)[middle]), &other_len);
		if (denial_key_compare(other, other_len, key, len) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// How many keys of the row are not greater.
static unsigned row_floor(const struct denial_store *store, const struct denial_row *row,
			  const uint8_t *key, size_t len, key_of read)
{
	int order = against_common(row, key, len);

	if (order < 0)
		return 0;
	if (order > 0)
		return row->count;
	uint64_t number = denial_key_padded_number(key + row->common);
	return row_floor_from(store, row, key, len, read, numbers_below(row, number));
}

// The number of the leaf in which the key stands or would stand. The first takes all that is less
// than its fence.
static unsigned leaf_of(const struct denial_store *store, const struct denial_row *dir,
			const uint8_t *key, size_t len)
{
	unsigned n = row_floor(store, dir, key, len, key_of_leaf);

	return n > 0 ? n - 1 : 0;
}

// The item before number `at` of the leaf.
static const struct denial_item *item_before(const struct denial_store *store,
					     const struct denial_spot *spot, unsigned at)
{
	if (at > 0)
		return load(store, &row_refs(spot->leaf)[at - 1]);
	if (spot->number == 0)
		return NULL;
	const struct denial_row *leaf = load(store, &row_refs(spot->directory)[spot->number - 1]);
	return load(store, &row_refs(leaf)[leaf->count - 1]);
}

const struct denial_item *denial_floor(const struct denial_store *store,
				       const struct denial_zone *zone, unsigned tree,
				       const uint8_t *key, size_t len)
{
	struct denial_spot spot;

	if (!denial_begin(store, zone, tree, &spot))
		return NULL;
	spot.number = leaf_of(store, spot.directory, key, len);
	spot.leaf = load(store, &row_refs(spot.directory)[spot.number]);
	return item_before(store, &spot, row_floor(store, spot.leaf, key, len, key_of_item));
}

const struct denial_item *denial_last(const struct denial_store *store,
				      const struct denial_zone *zone, unsigned tree)
{
	const struct denial_row *dir = directory(store, zone, tree);

	if (dir == NULL)
		return NULL;
	const struct denial_row *leaf = load(store, &row_refs(dir)[dir->count - 1]);
	return load(store, &row_refs(leaf)[leaf->count - 1]);
}

// ---- many at once ----

// The search of one row.
struct dive {
	const struct denial_row *row;
	const struct denial_spot *spot;
	int order; // against_common()
	uint64_t number;
	const uint64_t *at;
	unsigned left;
	unsigned floor; // row_floor()
};

// numbers_below() for each, step by step: each waits for memory while the others are looked at.
static void sink(struct dive *dives, size_t count)
{
	unsigned most = 1;

	for (size_t i = 0; i < count; i++) {
		dives[i].at = dives[i].row->numbers;
		dives[i].left = dives[i].row->count;
		most = dives[i].left > most ? dives[i].left : most;
	}
	for (; most > 1; most -= most / 2) {
		for (size_t i = 0; i < count; i++) {
			const unsigned half = dives[i].left / 2; // 0 of one that is done
			const bool less = dives[i].at[half - (half > 0)] < dives[i].number;

			dives[i].at += half & -(unsigned)less;
			dives[i].left -= half;
		}
	}
	for (size_t i = 0; i < count; i++)
		dives[i].floor = (unsigned)(dives[i].at - dives[i].row->numbers) +
				 (*dives[i].at < dives[i].number);
}

static void row_floors(const struct denial_store *store, struct dive *dives, size_t count,
		       key_of read)
{
	for (size_t i = 0; i < count; i++) {
		struct dive *dive = &dives[i];
		const uint8_t *key = dive->spot->key;

		dive->order = against_common(dive->row, key, dive->spot->len);
		dive->number =
			dive->order == 0 ? denial_key_padded_number(key + dive->row->common) : 0;
	}
	sink(dives, count);
	for (size_t i = 0; i < count; i++) {
		struct dive *dive = &dives[i];

		if (dive->order == 0)
			dive->floor = row_floor_from(store, dive->row, dive->spot->key,
						     dive->spot->len, read, dive->floor);
		else
			dive->floor = dive->order < 0 ? 0 : dive->row->count;
	}
}

bool denial_begin(const struct denial_store *store, const struct denial_zone *zone, unsigned tree,
		  struct denial_spot *out)
{
	out->directory = directory(store, zone, tree);
	return out->directory != NULL;
}

void denial_find_leaves(const struct denial_store *store, struct denial_spot *const *spots,
			size_t count)
{
	struct dive dives[DENIAL_BURST_MAX];

	for (size_t i = 0; i < count; i++) {
		dives[i].row = spots[i]->directory;
		dives[i].spot = spots[i];
	}
	row_floors(store, dives, count, key_of_leaf);
	for (size_t i = 0; i < count; i++) {
		spots[i]->number = dives[i].floor > 0 ? dives[i].floor - 1 : 0;
		spots[i]->leaf = load(store, &row_refs(dives[i].row)[spots[i]->number]);
	}
}

void denial_find_items(const struct denial_store *store, struct denial_spot *const *spots,
		       size_t count)
{
	struct dive dives[DENIAL_BURST_MAX];

	for (size_t i = 0; i < count; i++) {
		dives[i].row = spots[i]->leaf;
		dives[i].spot = spots[i];
	}
	row_floors(store, dives, count, key_of_item);
	for (size_t i = 0; i < count; i++)
		spots[i]->item = item_before(store, spots[i], dives[i].floor);
}

// ---- rows ----

// Bytes that the first and the last of a sorted row, and so all, have in common.
static size_t common_of(const struct denial_store *store, const denial_ref *refs, size_t count,
			key_of read)
{
	size_t a_len, b_len, n = 0;
	const uint8_t *a = read(denial_at(store, refs[0]), &a_len);
	const uint8_t *b = read(denial_at(store, refs[count - 1]), &b_len);

	while (n < a_len && n < b_len && a[n] == b[n])
		n++;
	return n;
}

static struct denial_row *row_new(struct denial_store *store, struct denial_zone *zone,
				  const denial_ref *refs, size_t count, key_of read,
				  const uint8_t *fence, size_t fence_len)
{
	size_t common = common_of(store, refs, count, read);
	struct denial_row *row =
		denial_alloc(store, zone,
			     sizeof(*row) + count * (sizeof(uint64_t) + sizeof(denial_ref)) +
				     common + fence_len);

	if (row == NULL)
		return NULL;
	row->count = (uint16_t)count;
	row->common = (uint16_t)common;
	row->fence_len = (uint16_t)fence_len;
	row->reserved = 0;
	row->reserved2 = 0;
	for (size_t i = 0; i < count; i++) {
		size_t len;
		const uint8_t *key = read(denial_at(store, refs[i]), &len);
		row->numbers[i] = denial_key_number(key + common, len - common);
		atomic_init(&row_refs(row)[i], refs[i]);
		if (i == 0) {
			memcpy((uint8_t *)(uintptr_t)row_common(row), key, common);
			row->prefix = denial_key_number(key, len);
		}
	}
	if (fence_len > 0)
		memcpy((uint8_t *)(uintptr_t)row_fence(row), fence, fence_len);
	return row;
}

// Release: partner of the acquire in load().
static void put(const struct denial_store *store, _Atomic denial_ref *place, const void *node)
{
	atomic_store_explicit(place, node != NULL ? denial_ref_of(store, node) : 0,
			      memory_order_release);
}

static struct denial_row *own(const struct denial_row *row)
{
	return (struct denial_row *)(uintptr_t)row;
}

// The directory with the leaves [at, at + out) replaced by `in` others. False: no room.
static bool replace_leaves(struct denial_store *store, struct denial_zone *zone, unsigned tree,
			   unsigned at, unsigned out, struct denial_row *const *leaves, unsigned in)
{
	const struct denial_row *dir = directory(store, zone, tree);
	size_t count = dir != NULL ? dir->count : 0;
	denial_ref *refs = store->scratch;
	struct denial_row *next = NULL;
	size_t n = 0;

	if (out == 1 && in == 1) {
		put(store, &row_refs(dir)[at], leaves[0]);
		return true;
	}
	if (count - out + in > DENIAL_LEAVES_MAX)
		return false;
	for (size_t i = 0; i < at; i++)
		refs[n++] = atomic_load_explicit(&row_refs(dir)[i], memory_order_relaxed);
	for (size_t i = 0; i < in; i++)
		refs[n++] = denial_ref_of(store, leaves[i]);
	for (size_t i = at + out; i < count; i++)
		refs[n++] = atomic_load_explicit(&row_refs(dir)[i], memory_order_relaxed);
	if (n > 0) {
		next = row_new(store, zone, refs, n, key_of_leaf, NULL, 0);
		if (next == NULL)
			return false;
	}
	put(store, &zone->trees[tree], next);
	if (dir != NULL)
		denial_retire(store, zone, own(dir));
	return true;
}

static struct denial_row *leaf_new(struct denial_store *store, struct denial_zone *zone,
				   const denial_ref *refs, size_t count)
{
	const struct denial_item *first = denial_at(store, refs[0]);

	return row_new(store, zone, refs, count, key_of_item, item_key(first), first->key_len);
}

// ---- changes ----

// One leaf, or two where one would be too large, in the place of `old` (NULL: there is none yet).
static bool write_leaf(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		       unsigned at, const struct denial_row *old, const denial_ref *refs,
		       size_t count)
{
	size_t head = count > DENIAL_LEAF_MAX ? count / 2 : count;
	struct denial_row *leaves[2] = {NULL, NULL};
	unsigned made = head < count ? 2 : 1;

	// The fence stays, unless what is put in is less, which only the first leaf takes.
	if (old != NULL && (at > 0 || head < count)) {
		leaves[0] = row_new(store, zone, refs, head, key_of_item, row_fence(old),
				    old->fence_len);
	} else {
		leaves[0] = leaf_new(store, zone, refs, head);
	}
	if (made == 2)
		leaves[1] = leaf_new(store, zone, refs + head, count - head);
	if (leaves[0] != NULL && (made == 1 || leaves[1] != NULL) &&
	    replace_leaves(store, zone, tree, at, old != NULL, leaves, made)) {
		if (old != NULL)
			denial_retire(store, zone, own(old));
		return true;
	}
	for (unsigned i = 0; i < made; i++) {
		if (leaves[i] != NULL)
			denial_drop(store, zone, leaves[i]);
	}
	return false;
}

static size_t copy_refs(const struct denial_row *leaf, denial_ref *refs)
{
	for (size_t i = 0; i < leaf->count; i++)
		refs[i] = atomic_load_explicit(&row_refs(leaf)[i], memory_order_relaxed);
	return leaf->count;
}

static void padded(const uint8_t *key, size_t len, uint8_t out[DENIAL_KEY_MAX + DENIAL_KEY_PAD])
{
	memcpy(out, key, len);
	memset(out + len, 0, DENIAL_KEY_PAD);
}

bool denial_insert(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		   struct denial_item *item)
{
	const struct denial_row *dir = directory(store, zone, tree);
	denial_ref refs[DENIAL_LEAF_MAX + 1];
	const struct denial_row *leaf = NULL;
	struct denial_item *same = NULL;
	unsigned n = 0, at = 0;
	size_t count = 0;

	if (dir != NULL) {
		uint8_t key[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
		padded(item_key(item), item->key_len, key);
		n = leaf_of(store, dir, key, item->key_len);
		leaf = load(store, &row_refs(dir)[n]);
		at = row_floor(store, leaf, key, item->key_len, key_of_item);
		count = copy_refs(leaf, refs);
	}
	if (at > 0) {
		same = denial_at(store, refs[at - 1]);
		if (same->key_len != item->key_len ||
		    memcmp(item_key(same), item_key(item), item->key_len) != 0)
			same = NULL;
	}
	if (same != NULL) {
		refs[at - 1] = denial_ref_of(store, item);
	} else {
		memmove(refs + at + 1, refs + at, (count - at) * sizeof(*refs));
		refs[at] = denial_ref_of(store, item);
		count++;
	}
	if (!write_leaf(store, zone, tree, n, leaf, refs, count))
		return false;
	if (same != NULL) {
		denial_retire(store, zone, same);
	} else {
		zone->items[tree]++;
		store->items++;
	}
	return true;
}

static int remove_from(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		       unsigned n, denial_chooser over, const void *arg);

// What is to go goes, also when there is no room for a new leaf: then the whole one goes, or all.
static int remove_leaf(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		       unsigned n)
{
	return remove_from(store, zone, tree, n, NULL, NULL);
}

static int remove_from(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		       unsigned n, denial_chooser over, const void *arg)
{
	const struct denial_row *dir = directory(store, zone, tree);
	const struct denial_row *leaf = load(store, &row_refs(dir)[n]);
	denial_ref refs[DENIAL_LEAF_MAX], gone[DENIAL_LEAF_MAX];
	size_t kept = 0, out = 0;

	for (size_t i = 0; i < leaf->count; i++) {
		denial_ref ref = atomic_load_explicit(&row_refs(leaf)[i], memory_order_relaxed);
		if (over == NULL || over(denial_at(store, ref), arg))
			gone[out++] = ref;
		else
			refs[kept++] = ref;
	}
	if (out == 0)
		return 0;
	bool done = kept > 0 && write_leaf(store, zone, tree, n, leaf, refs, kept);
	if (!done && kept > 0)
		return remove_leaf(store, zone, tree, n);
	if (kept == 0 && !replace_leaves(store, zone, tree, n, 1, NULL, 0)) {
		out = zone->items[tree];
		denial_clear(store, zone, tree);
		return (int)out;
	}
	if (kept == 0)
		denial_retire(store, zone, own(leaf));
	for (size_t i = 0; i < out; i++)
		denial_retire(store, zone, denial_at(store, gone[i]));
	zone->items[tree] -= (uint32_t)out;
	store->items -= out;
	store->removed += out;
	return (int)out;
}

int denial_remove(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		  const uint8_t *key, size_t len, denial_chooser over, const void *arg)
{
	const struct denial_row *dir = directory(store, zone, tree);

	return dir != NULL
		       ? remove_from(store, zone, tree, leaf_of(store, dir, key, len), over, arg)
		       : 0;
}

int denial_sweep(struct denial_store *store, struct denial_zone *zone, unsigned tree,
		 denial_chooser over, const void *arg)
{
	const struct denial_row *dir = directory(store, zone, tree);

	if (dir == NULL)
		return 0;
	unsigned n = zone->hand[tree]++;
	if (n >= dir->count)
		zone->hand[tree] = 1, n = 0;
	return remove_from(store, zone, tree, n, over, arg);
}

void denial_clear(struct denial_store *store, struct denial_zone *zone, unsigned tree)
{
	const struct denial_row *dir = directory(store, zone, tree);

	if (dir == NULL)
		return;
	put(store, &zone->trees[tree], NULL);
	for (size_t i = 0; i < dir->count; i++) {
		struct denial_row *leaf = load(store, &row_refs(dir)[i]);
		for (size_t k = 0; k < leaf->count; k++)
			denial_retire(store, zone, load(store, &row_refs(leaf)[k]));
		denial_retire(store, zone, leaf);
	}
	denial_retire(store, zone, own(dir));
	store->items -= zone->items[tree];
	store->removed += zone->items[tree];
	zone->items[tree] = 0;
	zone->hand[tree] = 0;
}

bool denial_clear_leaf(struct denial_store *store, struct denial_zone *zone, unsigned tree)
{
	const struct denial_row *dir = directory(store, zone, tree);

	if (dir == NULL)
		return false;
	struct denial_row *leaf = load(store, &row_refs(dir)[zone->hand[tree]++]);
	for (size_t i = 0; i < leaf->count; i++)
		denial_retire(store, zone, load(store, &row_refs(leaf)[i]));
	denial_retire(store, zone, leaf);
	if (zone->hand[tree] == dir->count) {
		put(store, &zone->trees[tree], NULL);
		denial_retire(store, zone, own(dir));
	}
	return true;
}
