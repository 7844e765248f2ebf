// The writer's side: what is fit to be kept, and what that contradicts.
#include "dataplane/cache/denial/denial.h"
#include "dataplane/cache/denial/place.h"
#include "dataplane/cache/shard.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define HASH_LEN       20
#define HASH_TEXT_LEN  32
#define NSEC3_SHA1     1
#define POINTER        0xc000
#define RECORD_FIXED   10 // type, class, TTL, RDLENGTH
#define LEAVES_REFUTED 8  // that one record may put an end to

// At or below a barred name.
static bool barred(struct cache *cache, const uint8_t *name)
{
	struct denial_place place;

	for (size_t labels = name_labels(name) + 1; labels-- > 0;) {
		denial_place(cache, name_ancestor(name, labels), &place);
		const struct denial_zone *zone = denial_place_zone(&place);
		if (zone != NULL && atomic_load_explicit(&zone->bars, memory_order_relaxed) > 0)
			return true;
	}
	return false;
}

// ---- SOA ----

static void replace_soa(struct denial_store *store, struct denial_zone *zone,
			struct denial_soa *soa)
{
	denial_ref old = atomic_load_explicit(&zone->soa, memory_order_relaxed);

	// Release: partner of the acquire in the readers' look at it.
	atomic_store_explicit(&zone->soa, denial_ref_of(store, soa), memory_order_release);
	if (old != 0)
		denial_retire(store, zone, denial_at(store, old));
}

static size_t list_records(const struct rrset *rrset, bool rrsigs, uint32_t ttl_s,
			   struct record *out, size_t max)
{
	size_t count = rrsigs ? rrset->rrsig_count : rrset->count;
	const struct rdata *rdatas = rrsigs ? rrset->rrsigs : rrset->rdatas;

	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct record){.owner = rrset->owner,
					 .rdata = rdatas[i].data,
					 .ttl_s = ttl_s,
					 .type = rrsigs ? TYPE_RRSIG : rrset->type,
					 .class_ = CLASS_IN,
					 .rdlen = rdatas[i].len};
	}
	return count;
}

static struct denial_zone *zone_for(struct cache *cache, const struct denial_place *place)
{
	if (place->store->bytes == 0 || barred(cache, place->name))
		return NULL;
	cache->denial_counts.any_kept = true;
	return denial_place_make(place);
}

bool cache_denial_soa(struct cache *cache, const struct rrset *soa, uint32_t ttl_s,
		      int64_t signature_expires_s, uint64_t now_ms)
{
	struct record records[1 + RRSET_RRSIGS_MAX];
	struct denial_place place;

	if (soa->type != TYPE_SOA || soa->count != 1 || ttl_s == 0)
		return false;
	denial_place(cache, soa->owner, &place);
	struct denial_zone *zone = zone_for(cache, &place);
	if (zone == NULL)
		return false;
	(void)list_records(soa, false, ttl_s, records, 1);
	struct entry_spec spec = {
		.name = place.name,
		.type = TYPE_SOA,
		.kind = ENTRY_NODATA,
		.security = SECURITY_SECURE,
		.ede = EDE_NONE,
		.now_ms = now_ms,
		.ttl_s = ttl_s,
		.signature_expires_s = signature_expires_s,
		.data = records,
		.data_count = 1,
		.rrsigs = records + 1,
		.rrsig_count = list_records(soa, true, ttl_s, records + 1, RRSET_RRSIGS_MAX),
	};
	long bytes = entry_size(&spec);
	if (bytes < 0)
		return false;
	denial_make_room(place.store, zone);
	struct denial_soa *held = denial_alloc(place.store, zone, sizeof(*held) + (size_t)bytes);
	if (held == NULL)
		return false;
	held->ttl_s = ttl_s;
	entry_build(&spec, place.hash, &held->entry);
	replace_soa(place.store, zone, held);
	return true;
}

// ---- records ----

// A record while it is taken in.
struct intake {
	const struct rrset *rrset;
	const struct denial_zone *zone;
	unsigned tree;
	uint32_t ttl_s;
	size_t key_len, next_len;
	const uint8_t *bitmap; // in the RDATA
	size_t bitmap_len;
	struct rdata_nsec3 nsec3;
	size_t own_len; // bytes of the owner's labels below the zone
	uint8_t key[DENIAL_KEY_MAX + DENIAL_KEY_PAD], next[DENIAL_KEY_MAX + DENIAL_KEY_PAD];
};

static bool has(const struct intake *in, uint16_t type)
{
	return rdata_bitmap_has(in->bitmap, in->bitmap_len, type);
}

// The types a bitmap lists, but for those that every record of the kind has.
static bool lists_nothing(const struct intake *in)
{
	const uint8_t *p = in->bitmap, *end = p + in->bitmap_len;

	while (p + 2 <= end && p + 2 + p[1] <= end) {
		for (unsigned i = 0; i < p[1]; i++) {
			unsigned base = p[0] * 256u + i * 8;
			for (unsigned bit = 0; bit < 8; bit++) {
				unsigned type = base + bit;
				if ((p[2 + i] & 0x80 >> bit) && type != TYPE_RRSIG &&
				    type != TYPE_NSEC && type != TYPE_NXNAME)
					return false;
			}
		}
		p += 2 + p[1];
	}
	return true;
}

static enum denial_put read_nsec(struct intake *in)
{
	static const uint8_t successor[] = {1, 1, 0}; // the label \000
	const struct rdata *rdata = &in->rrset->rdatas[0];
	const struct denial_zone *zone = in->zone;
	uint8_t lower[NAME_MAX_LEN];
	struct rdata_nsec nsec;

	// ATTACKS B2: the chain of a zone does not lead out of it.
	if (!rdata_nsec(rdata->data, rdata->len, &nsec) || !name_within(nsec.next, zone->name))
		return DENIAL_UNFIT;
	name_lower(lower, in->rrset->owner, name_len(in->rrset->owner));
	if (!denial_key(lower, name_len(lower), zone->name_len, in->key, sizeof(in->key),
			&in->key_len))
		return DENIAL_UNFIT;
	name_lower(lower, nsec.next, name_len(nsec.next));
	if (!denial_key(lower, name_len(lower), zone->name_len, in->next, sizeof(in->next),
			&in->next_len))
		return DENIAL_UNFIT;
	in->bitmap = nsec.bitmap;
	in->bitmap_len = nsec.bitmap_len;
	if (in->next_len > 0 &&
	    denial_key_compare(in->key, in->key_len, in->next, in->next_len) >= 0)
		return DENIAL_UNFIT;
	// RFC 9824 §3: the next name is the very next. RFC 4470 §2: a name that is not there has
	// no other types, and one that is has some.
	bool compact = in->next_len == in->key_len + sizeof(successor) &&
		       denial_key_within(in->next, in->next_len, in->key, in->key_len) &&
		       memcmp(in->next + in->key_len, successor, sizeof(successor)) == 0;
	return compact || lists_nothing(in) ? DENIAL_GENERATED : DENIAL_KEPT;
}

// Whether the span is so small that only this answer can be meant (RFC 7129 appendix B): a zone of
// 2^32 names leaves 2^128 between two.
static bool narrow(const uint8_t from[HASH_LEN], const uint8_t to[HASH_LEN])
{
	uint8_t span[HASH_LEN];
	int borrow = 0;

	if (memcmp(from, to, HASH_LEN) == 0)
		return false; // the only one of its zone
	for (int i = HASH_LEN - 1; i >= 0; i--) {
		int d = to[i] - from[i] - borrow;
		borrow = d < 0;
		span[i] = (uint8_t)(d & 0xff);
	}
	for (int i = 0; i < 12; i++) {
		if (span[i] != 0)
			return false;
	}
	return true;
}

static enum denial_put read_nsec3(struct intake *in)
{
	const struct rdata *rdata = &in->rrset->rdatas[0];
	const uint8_t *owner = in->rrset->owner;
	struct rdata_nsec3 *nsec3 = &in->nsec3;

	// ATTACKS B3: the owner is one hash in front of the zone's very name.
	if (name_labels(owner) != in->zone->labels + 1u || owner[0] != HASH_TEXT_LEN ||
	    base32hex_decode(owner + 1, HASH_TEXT_LEN, in->key, HASH_LEN) != HASH_LEN)
		return DENIAL_UNFIT;
	if (!rdata_nsec3(rdata->data, rdata->len, nsec3) || nsec3->algorithm != NSEC3_SHA1 ||
	    (nsec3->flags & ~NSEC3_OPTOUT) != 0 || nsec3->next_len != HASH_LEN)
		return DENIAL_UNFIT;
	memset(in->key + HASH_LEN, 0, DENIAL_KEY_PAD);
	memcpy(in->next, nsec3->next, HASH_LEN);
	in->key_len = in->next_len = HASH_LEN;
	in->bitmap = nsec3->bitmap;
	in->bitmap_len = nsec3->bitmap_len;
	if ((nsec3->flags & NSEC3_OPTOUT) != 0)
		return DENIAL_SPANS;
	return narrow(in->key, in->next) ? DENIAL_GENERATED : DENIAL_KEPT;
}

static enum denial_put read_record(struct intake *in)
{
	const struct rrset *rrset = in->rrset;

	if (rrset->count != 1 || rrset->rrsig_count == 0 ||
	    !name_within(rrset->owner, in->zone->name))
		return DENIAL_UNFIT;
	in->own_len = name_len(rrset->owner) - in->zone->name_len;
	if (rrset->type == TYPE_NSEC) {
		in->tree = TREE_NSEC;
		return read_nsec(in);
	}
	in->tree = TREE_NSEC3;
	return rrset->type == TYPE_NSEC3 ? read_nsec3(in) : DENIAL_UNFIT;
}

static size_t records_len(const struct intake *in)
{
	size_t head = in->own_len + 2 + RECORD_FIXED;
	size_t len = head + in->rrset->rdatas[0].len;

	for (size_t i = 0; i < in->rrset->rrsig_count; i++)
		len += head + in->rrset->rrsigs[i].len;
	return len;
}

static uint8_t *put_record(uint8_t *p, const struct intake *in, uint16_t type,
			   const struct rdata *rdata)
{
	memcpy(p, in->rrset->owner, in->own_len);
	p += in->own_len;
	wire_put16(p, POINTER);
	wire_put16(p + 2, type);
	wire_put16(p + 4, CLASS_IN);
	wire_put32(p + 6, in->ttl_s);
	wire_put16(p + 10, rdata->len);
	memcpy(p + 12, rdata->data, rdata->len);
	return p + 12 + rdata->len;
}

static uint32_t sum_of(const struct denial_item *item)
{
	size_t len = (size_t)item->key_len + item->next_len + item->salt_len + item->records_len;
	uint32_t sum = 1;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + item->body[i];
	return sum;
}

bool denial_item_whole(const struct denial_item *item)
{
	return item->sum == sum_of(item);
}

static void fill(struct denial_item *item, const struct intake *in, uint64_t expires_ms,
		 int64_t signature_expires_s)
{
	const struct rrset *rrset = in->rrset;
	bool stops = has(in, TYPE_DNAME) || (has(in, TYPE_NS) && !has(in, TYPE_SOA));
	uint8_t *p = item->body;

	item->key_len = (uint16_t)in->key_len;
	item->next_len = (uint16_t)in->next_len;
	item->expires_ms = expires_ms;
	item->signature_expires_s = signature_expires_s;
	item->iterations = in->nsec3.iterations;
	item->salt_len = (uint8_t)in->nsec3.salt_len;
	item->flags = stops ? DENIAL_STOPS : 0;
	item->record_count = (uint16_t)(1 + rrset->rrsig_count);
	item->bitmap_len = (uint16_t)in->bitmap_len;
	item->bitmap = (uint16_t)(in->own_len + 2 + RECORD_FIXED +
				  (size_t)(in->bitmap - rrset->rdatas[0].data));
	memcpy(p, in->key, in->key_len);
	p += in->key_len;
	memcpy(p, in->next, in->next_len);
	p += in->next_len;
	if (item->salt_len > 0)
		memcpy(p, in->nsec3.salt, item->salt_len);
	p += item->salt_len;
	uint8_t *start = p;
	p = put_record(p, in, rrset->type, &rrset->rdatas[0]);
	for (size_t i = 0; i < rrset->rrsig_count; i++)
		p = put_record(p, in, TYPE_RRSIG, &rrset->rrsigs[i]);
	item->records_len = (uint16_t)(p - start);
	item->sum = sum_of(item);
}

// ---- what a new one contradicts ----

struct span {
	const uint8_t *from, *to;
	size_t from_len, to_len;
	bool last;
};

static bool strictly_inside(const struct denial_item *item, const void *arg)
{
	const struct span *span = arg;
	bool after =
		denial_key_compare(span->from, span->from_len, item_key(item), item->key_len) < 0;
	bool before = denial_key_compare(item_key(item), item->key_len, span->to, span->to_len) < 0;

	// The last of a chain of hashes leads past 0 to the first.
	return span->last ? after || before : after && before;
}

static struct span span_of(const uint8_t *key, size_t key_len, const uint8_t *next, size_t next_len)
{
	return (struct span){key, next, key_len, next_len,
			     denial_key_compare(key, key_len, next, next_len) >= 0};
}

// A key that comes right before this one.
static size_t before(const uint8_t *key, size_t len, unsigned tree,
		     uint8_t out[DENIAL_KEY_MAX + DENIAL_KEY_PAD])
{
	memcpy(out, key, len);
	memset(out + len, 0, DENIAL_KEY_PAD);
	if (tree == TREE_NSEC)
		return len > 0 ? len - 1 : 0; // its last byte is 0, and nothing is less
	for (size_t i = len; i-- > 0;) {
		if (out[i]-- != 0)
			break;
	}
	return len;
}

static void remove_contradicted(struct denial_store *store, struct denial_zone *zone,
				const struct intake *in)
{
	const struct span span = span_of(in->key, in->key_len, in->next, in->next_len);
	const struct denial_item *held = denial_floor(store, zone, in->tree, in->key, in->key_len);
	uint8_t end[DENIAL_KEY_MAX + DENIAL_KEY_PAD];

	if (held != NULL) {
		const struct span theirs =
			span_of(item_key(held), held->key_len, item_next(held), held->next_len);
		if (denial_key_compare(in->key, in->key_len, theirs.from, theirs.from_len) != 0 &&
		    (theirs.last ||
		     denial_key_compare(in->key, in->key_len, theirs.to, theirs.to_len) < 0))
			denial_remove_one(store, zone, in->tree, held);
	}
	const size_t end_len = before(in->next, in->next_len, in->tree, end);
	for (unsigned i = 0; i < LEAVES_REFUTED; i++) {
		held = denial_floor(store, zone, in->tree, end, end_len);
		// The last of a chain of hashes covers the end of it as well as the beginning.
		if (span.last && (held == NULL || !strictly_inside(held, &span)))
			held = denial_last(store, zone, in->tree);
		if (held == NULL || !strictly_inside(held, &span) ||
		    denial_remove(store, zone, in->tree, item_key(held), held->key_len,
				  strictly_inside, &span) <= 0)
			return;
	}
}

// NSEC3 records of other parameters are another chain; the newer one is what the zone uses.
static void keep_one_chain(struct denial_store *store, struct denial_zone *zone,
			   const struct intake *in)
{
	const struct denial_item *held = denial_last(store, zone, in->tree);

	if (in->tree == TREE_NSEC3 && held != NULL &&
	    (held->iterations != in->nsec3.iterations || held->salt_len != in->nsec3.salt_len ||
	     memcmp(item_salt(held), in->nsec3.salt, held->salt_len) != 0))
		denial_clear(store, zone, in->tree);
}

// The zone as the record shows it: what was kept of another one goes, one of the same owner too.
static void contradict(struct denial_store *store, struct denial_zone *zone,
		       const struct intake *in)
{
	keep_one_chain(store, zone, in);
	remove_contradicted(store, zone, in);
	const struct denial_item *held = denial_floor(store, zone, in->tree, in->key, in->key_len);
	if (held != NULL && denial_key_same(item_key(held), held->key_len, in->key, in->key_len))
		denial_remove_one(store, zone, in->tree, held);
}

static enum denial_put put(struct denial_store *store, struct denial_zone *zone,
			   const struct intake *in, uint64_t expires_ms,
			   int64_t signature_expires_s)
{
	size_t len = records_len(in);

	if (len > UINT16_MAX)
		return DENIAL_NO_ROOM;
	denial_make_room(store, zone);
	struct denial_item *item = denial_alloc(
		store, zone, sizeof(*item) + in->key_len + in->next_len + in->nsec3.salt_len + len);
	if (item == NULL)
		return DENIAL_NO_ROOM;
	fill(item, in, expires_ms, signature_expires_s);
	keep_one_chain(store, zone, in);
	remove_contradicted(store, zone, in);
	if (denial_insert(store, zone, in->tree, item))
		return DENIAL_KEPT;
	denial_drop(store, zone, item);
	return DENIAL_NO_ROOM;
}

enum denial_put cache_denial_put(struct cache *cache, const uint8_t *zone_name,
				 const struct rrset *record, uint32_t ttl_s,
				 int64_t signature_expires_s, uint64_t now_ms)
{
	struct intake in = {.rrset = record};
	struct denial_place place;

	denial_place(cache, zone_name, &place);
	struct denial_zone *zone = ttl_s > 0 ? zone_for(cache, &place) : NULL;
	if (zone == NULL)
		return DENIAL_NO_ZONE;
	in.zone = zone;
	denial_ref soa = atomic_load_explicit(&zone->soa, memory_order_relaxed);
	// RFC 9077 §3
	uint32_t ttl_max_s =
		soa != 0 ? ((const struct denial_soa *)denial_at(place.store, soa))->ttl_s
			 : DENIAL_NO_SOA_TTL_S;
	in.ttl_s = ttl_s < ttl_max_s ? ttl_s : ttl_max_s;
	enum denial_put fit = read_record(&in);
	if (fit == DENIAL_SPANS)
		contradict(place.store, zone, &in);
	if (fit != DENIAL_KEPT)
		return fit;
	enum denial_put kept =
		put(place.store, zone, &in, now_ms + in.ttl_s * 1000ULL, signature_expires_s);
	if (kept == DENIAL_KEPT)
		place.store->kept++;
	else
		place.store->refused++;
	return kept;
}
