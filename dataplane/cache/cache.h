// The cache of validated RRsets: a fixed-size lock-free index of cache-line buckets
// over entries in a hard byte budget. Many readers (RCU, QSBR), one writer per shard.
//
// Readers: any registered urcu-qsbr thread; an entry is valid until that thread's next
// quiescent state. Writer: the control thread, which may also use the readers' functions
// without being registered, since only it takes entries out; an entry it found is valid until
// its next cache_publish(), cache_maintain() or flush, unless it pins it.
#pragma once

#include "dataplane/cache/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

#define CACHE_MEMORY_MAX ((size_t)32 << 32) // what a reference reaches

struct cache_config {
	size_t memory_bytes;   // everything: index, entries, slack, pending frees, UNPROVEN
	unsigned shards;       // power of two; 1 unless testing
	bool hugepages;        // try MAP_HUGETLB first, else madvise
	bool hugepages_only;   // never the latter: fail instead
	uint8_t hash_key[16];  // secret, per boot
	size_t one_shot_bytes; // bound of one-shot entries alive
	size_t denial_bytes;   // of memory_bytes, for dataplane/cache/denial/denial.h; 0: none is
			       // kept
};

// Reserves and populates the whole budget (never a late SIGBUS) and starts the
// reclaimer thread. NULL with a sentence in err.
struct cache *cache_new(const struct cache_config *config, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// All readers must have ended.
// Memory that the start asked for is not to be had after all (cgroups): -errno; 0 so far.
int cache_memory_failed(const struct cache *cache) __attribute__((nonnull));
void cache_free(struct cache *cache);

// ---- readers ----

#define LOOKUP_LINKS_MAX 12 // 11 CNAME or DNAME links and what they lead to

enum lookup_status {
	LOOKUP_MISS,    // not, or not completely, in the cache
	LOOKUP_HIT,     // links[0..count) answer the question, all fresh
	LOOKUP_FAILURE, // links[count-1] is a fresh FAILURE; the links before it lead there
};

// In: name (lower case), name_len, type, unproven, dnssec, now_ms, now_s. Out: the rest.
struct lookup {
	const uint8_t *name;
	uint16_t name_len;
	uint16_t type;
	bool unproven; // CD=1: the UNPROVEN table may answer after the main one misses
	bool dnssec;   // a hint: signatures and proofs will be read, not only the data
	bool sibling;  // a hint: of the same parent as the one before it in its burst
	uint64_t now_ms;
	int64_t now_s; // wall: a SECURE entry whose signatures are over is not fresh
	uint64_t hash; // of name; set by cache_lookup*
	enum lookup_status status;
	uint8_t count;
	bool outlived;       // a name of the chain is denied or rewritten with one above it,
			     // and something that was asked for before that stands there still
	uint8_t stale_count; // with MISS or FAILURE: a complete chain in stale_links, at least
			     // one link past its TTL, each within its stale time; 0: none
	const struct entry *links[LOOKUP_LINKS_MAX];
	const struct entry *stale_links[LOOKUP_LINKS_MAX];
};

uint64_t cache_hash(const struct cache *cache, const uint8_t *lower_name, size_t len)
	__attribute__((nonnull, pure));

// Follows CNAMEs, ancestors' DNAMEs (link is the DNAME entry itself; the reader rewrites; one
// whose substitution is too long ends the chain: YXDOMAIN) and secure NXDOMAINs of ancestors
// (RFC 8020) with at most 24 labels. Type ANY and RRSIG always miss. A question for CNAME is
// answered by the CNAME, which is then not followed; one for DS only by (name, DS) and by
// secure NXDOMAINs. Loops and chains of more than 11 aliases miss.
void cache_lookup(struct cache *cache, struct lookup *lookup) __attribute__((nonnull));
// The same for a burst, in stages (hash, prefetch index, match, prefetch entries, compare).
void cache_lookup_burst(struct cache *cache, struct lookup *const *lookups, size_t count)
	__attribute__((nonnull));
// After a miss: whether the cache holds anything of the name but failures, of whatever type and
// age. In: name, name_len, hash.
bool cache_knows(const struct cache *cache, const struct lookup *lookup) __attribute__((nonnull));
// After a miss: whether an ancestor's DNAME or NXDOMAIN, fresh or stale, rules over the name. In:
// name, name_len, now_ms, now_s.
bool cache_below_cut(struct cache *cache, const struct lookup *lookup) __attribute__((nonnull));
// One exact entry (kind FAILURE only by cache_find_failure). NXDOMAIN: type 0. May be expired.
const struct entry *cache_find(struct cache *cache, const uint8_t *lower_name, uint16_t type)
	__attribute__((nonnull));
const struct entry *cache_find_failure(struct cache *cache, const uint8_t *lower_name,
				       uint16_t type) __attribute__((nonnull));

// ---- writer ----

enum publish_status {
	PUBLISHED,      // in the table; replaced what stood there
	ONE_SHOT,       // spec->one_shot, ttl_s 0, type ANY or RRSIG, over 64 KiB (less in a
			// small cache), no room, or older than what is in the table: by value only
	PUBLISH_FAILED, // the one-shot budget is used up, or the spec makes no entry
};

// Builds and publishes. FAILURE goes beside data and never replaces any. UNPROVEN security goes
// to the UNPROVEN table (at most 30 s). A SECURE or INSECURE entry for (name, type) voids its
// FAILURE; NXDOMAIN takes out the name's other data and failures; POSITIVE, CNAME and NODATA
// take out the name's NXDOMAIN; CNAME and data of the same name replace each other, except for
// the types that stand beside a CNAME (DS, NSEC, KEY). A CNAME voids the FAILUREs of the types
// it answers. Data and NODATA take out the NXDOMAINs and DNAMEs that rule over the name from above.
// An answer by value takes out whatever it would have taken the place of (RFC 8767 §4: or that
// would come back as stale data), but for ANY, RRSIG, and with spec->aside. One that is older than
// what it would take out, by the times at which their questions were put, is by value and takes out
// nothing. The entry comes back with one pin, which cache_unpin() ends.
enum publish_status cache_publish(struct cache *cache, const struct entry_spec *spec,
				  const struct entry **out)
	__attribute__((nonnull, warn_unused_result));

// A name above has been denied, or rewritten by a DNAME, in answer to a question about this name:
// what is older of it ends. Returns how many entries.
size_t cache_end_name(struct cache *cache, const uint8_t *name, uint64_t asked_ms)
	__attribute__((nonnull));
// The same for the names of a chain that cache_lookup() has found to be outlived.
void cache_end_outlived(struct cache *cache, const struct lookup *lookup) __attribute__((nonnull));
// Something but failures stands at the name, however old.
bool cache_holds(struct cache *cache, const uint8_t *name) __attribute__((nonnull));

void cache_pin(struct cache *cache, const struct entry *entry) __attribute__((nonnull));
// The last pin of a one-shot or retired entry frees it.
void cache_unpin(struct cache *cache, const struct entry *entry) __attribute__((nonnull));

// These return how many entries were taken out. Also what rules over the name or zone from above,
// an NXDOMAIN or a DNAME, and cached denial by NSEC; NSEC3 is left to who can make hashes
// (cache_denial_flush()).
size_t cache_flush_name(struct cache *cache, const uint8_t *name) __attribute__((nonnull));
// Also the name's NXDOMAIN and CNAME, which answer for the type.
size_t cache_flush_type(struct cache *cache, const uint8_t *name, uint16_t type)
	__attribute__((nonnull));
// A zone, all below it, and what zones above say of it; ".": everything. Nothing of it is found any
// more from now on; cache_maintain() takes it out in slices. Answers to what was asked before are
// given by value, for as long as they may come.
struct cache_flush {
	uint64_t hash, ends;
};
void cache_flush_zone(struct cache *cache, const uint8_t *zone, struct cache_flush *out)
	__attribute__((nonnull));
// Whether all is taken out; how many so far, of this zone.
bool cache_flush_over(const struct cache *cache, const struct cache_flush *flush, size_t *count)
	__attribute__((nonnull));
// Whether any flush is not over.
bool cache_flushing(const struct cache *cache) __attribute__((nonnull));
// Whether a question about this name, put at that time, was put before a flush: what is answered to
// it is not to be kept.
bool cache_flushed_since(const struct cache *cache, const uint8_t *name, uint64_t asked_ms)
	__attribute__((nonnull));
// No more than the entries of that name and type, and the name's NXDOMAIN.
size_t cache_drop_type(struct cache *cache, const uint8_t *name, uint16_t type)
	__attribute__((nonnull));
// The FAILURE entry of (name, type), when a probe or an operator has voided it.
bool cache_flush_failure(struct cache *cache, const uint8_t *name, uint16_t type)
	__attribute__((nonnull));

// Collects what the reclaimer has let through a grace period, sweeps a bounded part of
// the index for entries past their stale time, goes on with what is flushed. Call it every
// event-loop turn. True: there is more to do at once.
bool cache_maintain(struct cache *cache, uint64_t now_ms) __attribute__((nonnull));

// The entry of a name with this hash and of this type, FAILURE aside, or NULL. May be expired.
const struct entry *cache_find_hash(struct cache *cache, uint64_t hash, uint16_t type)
	__attribute__((nonnull));
// Whether readers have asked for the entry since it was published or the mark was cleared; the mark
// becomes `visited` (eviction goes by it too). False also when it is no longer in the table.
bool cache_mark_visited(struct cache *cache, const struct entry *entry, bool visited)
	__attribute__((nonnull));

// Walks every entry (writer only), for dumps: those of the UNPROVEN table too, which
// entry_facts() tells apart. False from visit ends it. visit changes nothing.
void cache_walk(struct cache *cache, bool (*visit)(const struct entry *entry, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));

// Writer-side numbers (X-macro: field, operator's words). Of the answer table: entries ==
// inserted - replaced - voided - evicted - expired - flushed.
#define CACHE_COUNTERS(X)                                                                          \
	X(entries, "entries in the answer table")                                                  \
	X(unproven, "entries in the UNPROVEN table")                                               \
	X(bytes_budget, "bytes of the memory budget")                                              \
	X(bytes_used, "bytes in use: index, entries and slack")                                    \
	X(bytes_pending, "bytes that wait for a grace period")                                     \
	X(bytes_one_shot, "bytes of one-shot entries alive")                                       \
	X(inserted, "entries published")                                                           \
	X(replaced, "entries that replaced an older one")                                          \
	X(voided, "entries that news of their name made void")                                     \
	X(evicted, "entries evicted to make room")                                                 \
	X(expired, "entries swept after their time")                                               \
	X(flushed, "entries flushed")                                                              \
	X(refused, "publications refused for want of room")                                        \
	X(one_shot, "one-shot entries made")                                                       \
	X(grace_periods, "grace periods waited for")                                               \
	X(denial_zones, "zones and barred names in the denial index")                              \
	X(denial_records, "NSEC and NSEC3 records kept for aggressive denial")                     \
	X(denial_bytes, "bytes of the denial chains in use")                                       \
	X(denial_kept, "denial records taken in")                                                  \
	X(denial_removed, "denial records expired, refuted, flushed or given up for room")         \
	X(denial_refused, "denial records refused for want of room")                               \
	X(stalled, "1 while reclamation is stalled and the writer has stopped publishing")

struct cache_counters {
#define X(field, words) uint64_t field;
	CACHE_COUNTERS(X)
#undef X
};
void cache_counters(const struct cache *cache, struct cache_counters *out) __attribute__((nonnull));
