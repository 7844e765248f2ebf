#include "dataplane/cache/denial/search.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/rdata.h"

// The zone of the question before, in which the next one often is.
static inline bool is_zone(const struct denial_zone *zone, size_t labels, const uint8_t *name,
			   size_t len)
{
	return zone != NULL && zone->labels == labels && zone->name_len == len &&
	       memcmp(zone->name, name, len) == 0;
}

void search_zone(struct search *search, size_t labels, const struct denial_memo *last)
{
	const struct cache *cache = search->cache;
	const struct lookup *lookup = search->lookup;
	const uint8_t *name = lookup->name;
	size_t len = lookup->name_len;
	bool own = true;

	if (lookup->type == TYPE_DS) {
		if (labels == 0)
			return;
		own = false;
		labels--;
		len -= (size_t)*name + 1;
		name += (size_t)*name + 1;
	}
	for (;; own = false, labels--) {
		if (any_zone(cache, labels)) {
			if (is_zone(last->zone, labels, name, len)) {
				search->store = last->store;
				search->zone = last->zone;
				return;
			}
			uint64_t hash = own ? lookup->hash : cache_hash(cache, name, len);
			search->store = &cache_shard_of(cache, hash)->denial;
			search->zone = denial_find_zone(search->store, hash, name, len);
			if (search->zone != NULL)
				return;
		}
		if (labels == 0)
			return;
		len -= (size_t)*name + 1;
		name += (size_t)*name + 1;
	}
}

// Types of which a wildcard's RRset, if there is one, says nothing of other names: those of cuts.
static bool never_expanded(uint16_t type)
{
	return type == TYPE_NS || type == TYPE_SOA || type == TYPE_DS || type == TYPE_DNAME;
}

// One of the entry's RRSIGs, a record in wire form.
static const uint8_t *next_rrsig(const uint8_t *at, struct rdata_rrsig *out)
{
	while (*at < 0xc0)
		at += *at + 1;
	at += 2 + 10; // what the owner shares with the entry's name; type, class, TTL, RDLENGTH
	size_t len = wire_get16(at - 2);
	return rdata_rrsig(at, len, out) ? at + len : NULL;
}

// Its RRSIGs say whose it is, and of which labels: it can be a zone's further down, of which these
// chains know nothing, or have come from a wildcard above itself.
static bool is_wildcard_of(const struct entry *entry, const struct denial_zone *zone, size_t labels)
{
	const uint8_t *at = entry_rrsigs(entry);
	struct rdata_rrsig rrsig;

	for (size_t i = 0; i < entry->rrsig_count; i++) {
		at = next_rrsig(at, &rrsig);
		if (at == NULL || rrsig.labels != labels || !name_equal(rrsig.signer, zone->name))
			return false;
	}
	return entry->rrsig_count > 0;
}

static bool may_expand(const struct search *search, const struct candidate *found,
		       enum entry_kind kind, size_t encloser_labels)
{
	const struct entry *entry = found->entry;

	return entry != NULL && entry->kind == kind && entry->security == SECURITY_SECURE &&
	       search_fresh(search, entry->expires_ms, entry->signature_expires_s) &&
	       is_wildcard_of(entry, search->zone, encloser_labels);
}

bool search_expand(struct search *search, const struct denial_item *proof, size_t encloser_labels)
{
	const struct lookup *lookup = search->lookup;
	const enum entry_kind wanted = lookup->type == TYPE_CNAME ? ENTRY_CNAME : ENTRY_POSITIVE;
	uint8_t name[NAME_MAX_LEN];
	const bool walking = flushes_walking(&search->cache->flushes);
	const struct candidate *found;
	struct node node;

	if (never_expanded(lookup->type) ||
	    name_wildcard_of(name_ancestor(lookup->name, encloser_labels), name) < 0)
		return false;
	size_t len = name_len(name);
	uint64_t hash = cache_hash(search->cache, name, len);
	table_node(&cache_shard_of(search->cache, hash)->answers.table, hash, name, len,
		   lookup->type, &node);
	if (may_expand(search, &node.exact, wanted, encloser_labels))
		found = &node.exact;
	else if (!type_beside_cname(lookup->type) &&
		 may_expand(search, &node.cname, ENTRY_CNAME, encloser_labels))
		found = &node.cname;
	else
		return false;
	if (walking && flushes_cover(search->cache, found->entry))
		return false;
	candidate_visit(found);
	search->out->wildcard = found->entry;
	search_use(search, proof);
	if (!search_take_soa(search))
		search_bound(search, lookup->now_ms + DENIAL_NO_SOA_TTL_S * 1000ULL,
			     SIGNATURE_NEVER_EXPIRES);
	search_bound(search, found->entry->expires_ms, found->entry->signature_expires_s);
	search_say(search, DENIED_WILDCARD);
	return true;
}

void search_at_wildcard(struct search *search, const struct denial_item *item,
			const struct denial_item *proof, size_t encloser_labels)
{
	enum says says = bitmap_says(search, item);

	if (says == SAYS_ABSENT) {
		search_use(search, item);
		search_deny(search, DENIED_NODATA);
	} else if (says == SAYS_THERE && (item->flags & DENIAL_STOPS) == 0) {
		(void)search_expand(search, proof, encloser_labels);
	}
}
