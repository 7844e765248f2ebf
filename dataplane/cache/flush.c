#include "dataplane/cache/shard.h"
#include "dataplane/dns/name.h"

void subject_find(struct cache *cache, const uint8_t *name, struct subject *out)
{
	out->len = name_len(name);
	name_lower(out->name, name, out->len);
	out->hash = cache_hash(cache, out->name, out->len);
	out->shard = cache_shard(cache, out->hash);
}

static size_t flush_subject(const struct subject *subject, space_chooser chosen, const void *arg)
{
	struct shard *shard = subject->shard;

	return space_remove_of_name(&shard->answers, subject->hash, subject->name, subject->len,
				    chosen, arg, REMOVAL_FLUSHED) +
	       space_remove_of_name(&shard->unproven, subject->hash, subject->name, subject->len,
				    chosen, arg, REMOVAL_FLUSHED);
}

// What says of a name above that nothing is below it, or that it is elsewhere, answers for this one
// as well: left in place, the flush would have no effect.
static bool any_cut(const struct entry *cut, void *arg)
{
	(void)cut;
	(void)arg;
	return true;
}

static size_t flush_cuts(struct cache *cache, const struct subject *subject)
{
	return cuts_remove(cache, subject, false, any_cut, NULL, REMOVAL_FLUSHED) +
	       cuts_remove(cache, subject, true, any_cut, NULL, REMOVAL_FLUSHED);
}

static size_t flush_above(struct cache *cache, const struct subject *subject)
{
	cache_denial_flush(cache, subject->name, NULL, NULL);
	return flush_cuts(cache, subject);
}

size_t cache_flush_name(struct cache *cache, const uint8_t *name)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	return flush_above(cache, &subject) + flush_subject(&subject, NULL, NULL);
}

// So do an NXDOMAIN and a CNAME of the name itself.
static bool answers_type(const struct entry *entry, const void *arg)
{
	const uint16_t *type = arg;

	return entry->type == *type || entry->kind == ENTRY_NXDOMAIN ||
	       entry_is_cname_for(entry, *type);
}

size_t cache_flush_type(struct cache *cache, const uint8_t *name, uint16_t type)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	return flush_above(cache, &subject) + flush_subject(&subject, answers_type, &type);
}

static bool of_type(const struct entry *entry, const void *arg)
{
	const uint16_t *type = arg;

	return entry->type == *type || entry->kind == ENTRY_NXDOMAIN;
}

size_t cache_drop_type(struct cache *cache, const uint8_t *name, uint16_t type)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	return flush_subject(&subject, of_type, &type);
}

static bool failure_of_type(const struct entry *entry, const void *arg)
{
	const uint16_t *type = arg;

	return entry->kind == ENTRY_FAILURE && entry->type == *type;
}

bool cache_flush_failure(struct cache *cache, const uint8_t *name, uint16_t type)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	return flush_subject(&subject, failure_of_type, &type) > 0;
}

void cache_flush_zone(struct cache *cache, const uint8_t *zone, struct cache_flush *out)
{
	struct subject subject;

	subject_find(cache, zone, &subject);
	cache_denial_forget(cache, name_is_root(zone) ? NULL : zone);
	flushes_begin(cache, zone, flush_cuts(cache, &subject), out);
}
