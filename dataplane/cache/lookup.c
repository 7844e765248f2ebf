// The readers' side: no lock, no allocation, no write but visited bits.
#include "dataplane/cache/shard.h"
#include "dataplane/dns/edns.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define ALIAS_RDATA 12 // owner (a pointer), type, class, TTL, RDLENGTH

// A chain as it is followed: the name that comes next.
struct walk {
	const struct cache *cache;
	const struct lookup *lookup;
	const uint8_t *name;
	size_t len;
	uint64_t hash;
	uint8_t names[2][NAME_MAX_LEN]; // by turns
	unsigned turn;
};

// What the cache knows at one name of a chain. At most one of fresh and stale is set.
struct finding {
	struct candidate fresh;
	struct candidate stale;
	struct candidate failure; // fresh
	struct candidate denial;  // the latest stale NXDOMAIN of a name above
	bool outlived;            // fresh is of a name above, and something older stands here
};

uint64_t cache_hash(const struct cache *cache, const uint8_t *lower_name, size_t len)
{
	return siphash_1_3(cache->hash_key, lower_name, len);
}

static inline bool usable_fresh(const struct entry *entry, const struct lookup *lookup)
{
	return entry_fresh(entry, lookup->now_ms) && entry_signatures_valid(entry, lookup->now_s);
}

// RFC 8767 §4; and never past the signatures that the verdict rests on.
static inline bool usable_stale(const struct entry *entry, const struct lookup *lookup)
{
	return lookup->now_ms < entry->stale_until_ms &&
	       entry_signatures_valid(entry, lookup->now_s);
}

// What a flush has ended is not there, though the walk has not come to it.
static void leave_flushed(const struct cache *cache, struct node *node)
{
	struct candidate *const all[] = {&node->exact, &node->cname, &node->nxdomain,
					 &node->failure};

	for (size_t i = 0; i < 4; i++) {
		if (all[i]->entry != NULL && flushes_cover(cache, all[i]->entry))
			all[i]->entry = NULL;
	}
}

typedef bool (*usable)(const struct entry *entry, const struct lookup *lookup);

// Of what stands at a name, that which answers the question.
static inline const struct candidate *pick(const struct node *node, const struct lookup *lookup,
					   usable good)
{
	if (node->exact.entry != NULL && good(node->exact.entry, lookup))
		return &node->exact;
	const struct entry *cname = node->cname.entry;
	if (cname != NULL && entry_is_cname_for(cname, lookup->type) && good(cname, lookup))
		return &node->cname;
	const struct entry *nxdomain = node->nxdomain.entry;
	if (nxdomain == NULL || !good(nxdomain, lookup))
		return NULL;
	// RFC 4035 §3.1.4.1: DS is the parent's to deny. A child's servers may say NXDOMAIN of
	// their own apex, but they cannot prove it.
	if (lookup->type == TYPE_DS && nxdomain->security != SECURITY_SECURE)
		return NULL;
	return &node->nxdomain;
}

// ---- ancestors: the slow lane, after a miss at the name itself ----

static bool any_cut(const struct cuts *cuts, size_t labels)
{
	for (size_t i = 0; i <= CUT_LABELS_MAX && i < labels; i++) {
		if (atomic_load_explicit(&cuts->count[i], memory_order_relaxed) != 0)
			return true;
	}
	return false;
}

static void look_at_ancestor(const struct walk *walk, const uint8_t *name, bool unproven,
			     struct finding *out)
{
	size_t len = walk->len - (size_t)(name - walk->name);
	uint64_t hash = cache_hash(walk->cache, name, len);
	const struct shard *shard = cache_shard_of(walk->cache, hash);
	const bool walking = flushes_walking(&walk->cache->flushes);
	struct node node;

	table_node(unproven ? &shard->unproven.table : &shard->answers.table, hash, name, len,
		   TYPE_DNAME, &node);
	if (__builtin_expect(walking, false))
		leave_flushed(walk->cache, &node);
	const struct entry *dname = node.exact.entry;
	const struct entry *nxdomain = node.nxdomain.entry;
	if (dname != NULL && dname->kind == ENTRY_DNAME && entry_is_cut(dname)) {
		if (usable_fresh(dname, walk->lookup))
			out->fresh = node.exact;
		else if (usable_stale(dname, walk->lookup) && out->stale.entry == NULL)
			out->stale = node.exact;
	}
	// RFC 8020 §2, but of proven NXDOMAINs only (ATTACKS A12), and never a stale one.
	if (out->fresh.entry == NULL && nxdomain != NULL && entry_is_cut(nxdomain) &&
	    usable_fresh(nxdomain, walk->lookup))
		out->fresh = node.nxdomain;
	else if (nxdomain != NULL && entry_is_cut(nxdomain) &&
		 usable_stale(nxdomain, walk->lookup) &&
		 (out->denial.entry == NULL ||
		  entry_asked_ms(nxdomain) > entry_asked_ms(out->denial.entry)))
		out->denial = node.nxdomain;
}

// From the root down, as resolution goes: the first that rules over the name decides.
static void look_at_ancestors(const struct walk *walk, bool unproven, struct finding *out)
{
	const struct cuts *cuts = unproven ? &walk->cache->unproven_cuts : &walk->cache->cuts;
	size_t labels = name_labels(walk->name);
	const uint8_t *ancestors[NAME_MAX_LABELS + 1];
	const uint8_t *name = walk->name;

	if (!any_cut(cuts, labels))
		return;
	for (size_t i = labels; i > 0; i--) {
		ancestors[i] = name;
		name += (size_t)*name + 1;
	}
	ancestors[0] = name;
	for (size_t i = 0; i <= CUT_LABELS_MAX && i < labels; i++) {
		if (atomic_load_explicit(&cuts->count[i], memory_order_relaxed) == 0)
			continue;
		look_at_ancestor(walk, ancestors[i], unproven, out);
		if (out->fresh.entry != NULL)
			return;
	}
}

// ---- one name ----

// RFC 8767 §4: of what is stale the latest has refreshed the rest. A stale NXDOMAIN of a name above
// is no answer of its own, but it ends what is older.
static void pick_stale(const struct candidate *own, struct finding *out)
{
	if (own == NULL)
		return;
	if (out->stale.entry == NULL ||
	    entry_asked_ms(own->entry) >= entry_asked_ms(out->stale.entry))
		out->stale = *own;
	if (out->denial.entry != NULL &&
	    entry_asked_ms(out->denial.entry) > entry_asked_ms(out->stale.entry))
		out->stale = out->denial;
}

static void look_at(const struct walk *walk, struct finding *out)
{
	const struct lookup *lookup = walk->lookup;
	const struct shard *shard = cache_shard_of(walk->cache, walk->hash);
	const bool walking = flushes_walking(&walk->cache->flushes);
	const struct candidate *picked;
	struct node node;

	*out = (struct finding){0};
	table_node(&shard->answers.table, walk->hash, walk->name, walk->len, lookup->type, &node);
	if (__builtin_expect(walking, false))
		leave_flushed(walk->cache, &node);
	picked = pick(&node, lookup, usable_fresh);
	if (picked != NULL) {
		out->fresh = *picked;
		return;
	}
	if (lookup->unproven) {
		struct node other;
		table_node(&shard->unproven.table, walk->hash, walk->name, walk->len, lookup->type,
			   &other);
		if (__builtin_expect(walking, false))
			leave_flushed(walk->cache, &other);
		picked = pick(&other, lookup, usable_fresh);
		if (picked != NULL) {
			out->fresh = *picked;
			return;
		}
	}
	look_at_ancestors(walk, false, out);
	if (out->fresh.entry != NULL)
		out->outlived = table_holds_older(&shard->answers.table, walk->hash, walk->name,
						  walk->len, entry_asked_ms(out->fresh.entry));
	else if (lookup->unproven)
		look_at_ancestors(walk, true, out);
	if (out->fresh.entry != NULL)
		return;
	pick_stale(pick(&node, lookup, usable_stale), out);
	const struct entry *failure = node.failure.entry;
	if (failure != NULL && entry_fresh(failure, lookup->now_ms))
		out->failure = node.failure;
}

// Goes on to where the entry leads. False at the end of the chain.
static bool follow(struct walk *walk, const struct entry *entry)
{
	uint8_t *next = walk->names[walk->turn];
	const uint8_t *target = entry_data(entry) + ALIAS_RDATA;
	int len;

	if (entry_is_cname_for(entry, walk->lookup->type)) {
		len = (int)name_len(target);
		name_lower(next, target, (size_t)len);
	} else if (entry->kind == ENTRY_DNAME && entry->name_len < walk->len &&
		   walk->lookup->type != TYPE_CNAME) { // the CNAME that it makes is the answer
		len = name_substitute(walk->name, entry_name(entry), target, next);
		// RFC 6672 §2.2: too long is YXDOMAIN, which the DNAME itself shows.
		if (len < 0)
			return false;
		name_lower(next, next, (size_t)len);
	} else {
		return false;
	}
	walk->turn ^= 1;
	walk->name = next;
	walk->len = (size_t)len;
	walk->hash = cache_hash(walk->cache, next, (size_t)len);
	return true;
}

// ---- chains ----

static bool never_cached(uint16_t type)
{
	return type == 0 || type == TYPE_ANY || type == TYPE_RRSIG;
}

static void end_chain(struct lookup *lookup, bool stale, unsigned count)
{
	if (stale) {
		lookup->stale_count = (uint8_t)count;
	} else {
		lookup->status = LOOKUP_HIT;
		lookup->count = (uint8_t)count;
	}
}

static inline void start_walk(struct walk *walk, const struct cache *cache,
			      const struct lookup *lookup)
{
	walk->cache = cache;
	walk->lookup = lookup;
	walk->name = lookup->name;
	walk->len = lookup->name_len;
	walk->hash = lookup->hash;
	walk->turn = 0;
}

static void lookup_chain(const struct cache *cache, struct lookup *lookup)
{
	struct walk walk; // its buffers are for chains: most questions never touch them

	start_walk(&walk, cache, lookup);
	const struct entry **links = lookup->links;
	bool stale = false;

	for (unsigned count = 0; count < LOOKUP_LINKS_MAX;) {
		struct finding found;
		look_at(&walk, &found);
		if (found.fresh.entry == NULL && !stale) {
			// From here on only a stale chain can come of it.
			if (found.failure.entry != NULL) {
				lookup->status = LOOKUP_FAILURE;
				lookup->links[count] = found.failure.entry;
				lookup->count = (uint8_t)(count + 1);
				candidate_visit(&found.failure);
			}
			memcpy(lookup->stale_links, links, count * sizeof(*links));
			links = lookup->stale_links;
			stale = true;
		}
		const struct candidate *use =
			found.fresh.entry != NULL ? &found.fresh : &found.stale;
		if (use->entry == NULL)
			return;
		lookup->outlived |= found.outlived;
		candidate_visit(use);
		links[count++] = use->entry;
		if (!follow(&walk, use->entry)) {
			end_chain(lookup, stale, count);
			return;
		}
	}
}

static inline void lookup_hashed(const struct cache *cache, struct lookup *lookup)
{
	lookup->status = LOOKUP_MISS;
	lookup->count = 0;
	lookup->stale_count = 0;
	lookup->outlived = false;
	if (!never_cached(lookup->type))
		lookup_chain(cache, lookup);
}

void cache_lookup(struct cache *cache, struct lookup *lookup)
{
	lookup->hash = cache_hash(cache, lookup->name, lookup->name_len);
	lookup_hashed(cache, lookup);
}

bool cache_knows(const struct cache *cache, const struct lookup *lookup)
{
	const struct table *table = &cache_shard_of(cache, lookup->hash)->answers.table;

	return table_holds(table, lookup->hash, lookup->name, lookup->name_len);
}

void cache_end_outlived(struct cache *cache, const struct lookup *lookup)
{
	struct walk walk;

	start_walk(&walk, cache, lookup);
	for (size_t i = 0; i < lookup->count; i++) {
		const struct entry *link = lookup->links[i];
		if (link->kind != ENTRY_FAILURE && link->name_len < walk.len)
			(void)cache_end_name(cache, walk.name, entry_asked_ms(link));
		if (!follow(&walk, link))
			return;
	}
}

bool cache_below_cut(struct cache *cache, const struct lookup *lookup)
{
	struct finding found = {0};
	struct walk walk;

	start_walk(&walk, cache, lookup);
	look_at_ancestors(&walk, false, &found);
	return found.fresh.entry != NULL || found.stale.entry != NULL;
}

// ---- bursts ----

#define STAGE_MAX 64 // look-ups in a stage: more would push each other out of the first cache
#define REST_MAX  768

// What table_guess() has not asked for, of an entry as large as most signed ones.
static inline void prefetch_rest(const struct entry *entry)
{
	size_t end = entry->bytes < REST_MAX ? entry->bytes : REST_MAX;

	for (size_t at = GUESS_BYTES; at < end; at += 64)
		__builtin_prefetch((const uint8_t *)entry + at);
}

// The short lane: the very entry of (name, type), if it is fresh. It is the first that pick()
// would take, and of no kind that follow() would go on from.
static inline bool end_with(struct lookup *lookup, const struct candidate *guess)
{
	const struct entry *entry = guess->entry;

	if (entry == NULL || !entry_is_named(entry, lookup->hash, lookup->name, lookup->name_len) ||
	    !usable_fresh(entry, lookup))
		return false;
	lookup->stale_count = 0;
	lookup->outlived = false;
	lookup->links[0] = entry;
	end_chain(lookup, false, 1);
	candidate_visit(guess);
	if (lookup->dnssec)
		prefetch_rest(entry);
	return true;
}

static void lookup_stage(const struct cache *cache, struct lookup *const *lookups, size_t count)
{
	struct candidate guesses[STAGE_MAX];
	const bool walking = flushes_walking(&cache->flushes);

	for (size_t i = 0; i < count; i++) {
		struct lookup *lookup = lookups[i];
		lookup->hash = cache_hash(cache, lookup->name, lookup->name_len);
		table_prefetch(&cache_shard_of(cache, lookup->hash)->answers.table, lookup->hash);
	}
	for (size_t i = 0; i < count; i++) {
		const struct lookup *lookup = lookups[i];
		const struct table *table = &cache_shard_of(cache, lookup->hash)->answers.table;

		if (never_cached(lookup->type) ||
		    !table_guess(table, lookup->hash, lookup->type, &guesses[i])) {
			guesses[i].entry = NULL;
			table_prefetch_entries(table, lookup->hash);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (walking || !end_with(lookups[i], &guesses[i]))
			lookup_hashed(cache, lookups[i]);
	}
}

void cache_lookup_burst(struct cache *cache, struct lookup *const *lookups, size_t count)
{
	for (; count > STAGE_MAX; lookups += STAGE_MAX, count -= STAGE_MAX)
		lookup_stage(cache, lookups, STAGE_MAX);
	lookup_stage(cache, lookups, count);
}

static const struct entry *find(struct cache *cache, const uint8_t *lower_name, uint32_t what)
{
	size_t len = name_len(lower_name);
	uint64_t hash = cache_hash(cache, lower_name, len);
	const struct table *table = &cache_shard_of(cache, hash)->answers.table;
	struct node node;

	table_node(table, hash, lower_name, len, (uint16_t)what, &node);
	if (flushes_walking(&cache->flushes))
		leave_flushed(cache, &node);
	return (what & WHAT_FAILURE) != 0 ? node.failure.entry : node.exact.entry;
}

const struct entry *cache_find(struct cache *cache, const uint8_t *lower_name, uint16_t type)
{
	return find(cache, lower_name, table_what(type, false));
}

const struct entry *cache_find_failure(struct cache *cache, const uint8_t *lower_name,
				       uint16_t type)
{
	return find(cache, lower_name, table_what(type, true));
}
