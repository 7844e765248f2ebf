#include "dataplane/cache/denial/search.h"

#include "dataplane/dns/name.h"

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

// RFC 8198 §5.3. The name does not exist, its closest encloser (the ancestor of so many labels) has
// a wildcard with an RRset of the type: if that is cached, it answers.
static void expand(struct search *search, size_t labels)
{
	const struct lookup *lookup = search->lookup;
	uint8_t name[NAME_MAX_LEN];
	struct node node;

	if (lookup->type == TYPE_CNAME ||
	    name_wildcard_of(name_ancestor(lookup->name, labels), name) < 0)
		return;
	size_t len = name_len(name);
	uint64_t hash = cache_hash(search->cache, name, len);
	table_node(&cache_shard_of(search->cache, hash)->answers.table, hash, name, len,
		   lookup->type, &node);
	const struct entry *entry = node.exact.entry;
	if (entry == NULL || entry->kind != ENTRY_POSITIVE || entry->security != SECURITY_SECURE ||
	    !search_fresh(search, entry->expires_ms, entry->signature_expires_s) ||
	    !search_take_soa(search))
		return;
	candidate_visit(&node.exact);
	search->out->wildcard = entry;
	search_bound(search, entry->expires_ms, entry->signature_expires_s);
	search_say(search, DENIED_WILDCARD);
}

void search_at_wildcard(struct search *search, const struct denial_item *item,
			size_t encloser_labels)
{
	enum says says = bitmap_says(search, item);

	if (says == SAYS_ABSENT) {
		search_use(search, item);
		search_deny(search, DENIED_NODATA);
	} else if (says == SAYS_THERE && !item_has(item, TYPE_CNAME)) {
		expand(search, encloser_labels);
	}
}
