#include "dataplane/cache/shard.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

// ---- what ends what (RFC 8767 §4: an answer has refreshed what was there) ----

static struct news news_of(const struct entry_spec *spec)
{
	return (struct news){
		.spec = spec,
		.kind = entry_kind_of(spec),
		.type = entry_type_of(spec),
		.local = spec->provenance == FROM_LOCAL,
		.nxdomain = spec->kind == ENTRY_NODATA && spec->rcode == RCODE_NXDOMAIN,
		.now_ms = spec->now_ms,
		.asked_ms = spec->asked_ms != 0 ? spec->asked_ms : spec->now_ms,
	};
}

// Does the one void the other, of the same name and under another type or kind?
static bool excludes(enum entry_kind kind, uint16_t type, enum entry_kind held_kind,
		     uint16_t held_type)
{
	if (kind == ENTRY_FAILURE)
		return false;
	// RFC 2308 §5: it stands for all types; and it came from servers that answered.
	if (kind == ENTRY_NXDOMAIN)
		return true;
	if (held_kind == ENTRY_NXDOMAIN)
		return true;
	if (kind == ENTRY_CNAME)
		return !type_beside_cname(held_type);
	if (held_kind == ENTRY_FAILURE)
		return held_type == type;
	// RFC 1034 §3.6.2: other data, or word that a type is absent, and the CNAME is gone.
	return held_kind == ENTRY_CNAME && !type_beside_cname(type);
}

bool publish_voids(const struct news *news, const struct entry *held)
{
	if (news->entry == held)
		return false;
	if (news->nxdomain)
		return !entry_is_nxdomain(held);
	return excludes(news->kind, news->type, (enum entry_kind)held->kind, held->type);
}

bool publish_replaces(const struct news *news, const struct entry *held)
{
	if (held->kind != ENTRY_FAILURE && held->type == news->type)
		return news->entry != held;
	return publish_voids(news, held);
}

static bool voided_by(const struct entry *held, const void *news)
{
	return publish_voids(news, held);
}

static bool has_record(const struct entry_spec *spec, const struct record *record)
{
	for (size_t i = 0; i < spec->data_count; i++) {
		if (spec->data[i].rdlen == record->rdlen &&
		    memcmp(spec->data[i].rdata, record->rdata, record->rdlen) == 0)
			return true;
	}
	return false;
}

#define COMPARED_MAX 32 // records: a longer RRset is taken to be another

// An answer that only repeats what is there need not end it.
static bool repeats(const struct entry_spec *spec, const struct entry *held)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record record;

	if (held->kind != entry_kind_of(spec) || held->type != entry_type_of(spec))
		return false;
	if (!entry_is_rrset(held))
		return true; // denied before, and denied again
	if (spec->data_count != held->data_count || spec->data_count > COMPARED_MAX)
		return false;
	entry_show(held, &reader);
	while (entry_next(&reader, &part, &record) && part == ENTRY_DATA) {
		if (!has_record(spec, &record))
			return false;
	}
	return true;
}

static bool replaced_by(const struct entry *held, const void *arg)
{
	const struct news *news = arg;

	return publish_replaces(news, held) && !repeats(news->spec, held);
}

static bool is_denial(enum entry_kind kind)
{
	return kind == ENTRY_NODATA || kind == ENTRY_NXDOMAIN;
}

// Both deny the same.
static bool agree(const struct news *news, enum entry_kind kind, uint16_t type)
{
	return is_denial(kind) && news->kind == kind && news->type == type;
}

// Of two answers that exclude each other the one whose question was put later holds, for as long as
// it may still be given.
static bool is_newer(const struct entry *held, const struct news *news)
{
	return !agree(news, (enum entry_kind)held->kind, held->type) &&
	       held->kind != ENTRY_FAILURE && entry_asked_ms(held) > news->asked_ms &&
	       held->stale_until_ms > news->now_ms;
}

// For another type than the news', which it leaves alone when it is older.
static bool denies_name(const struct entry *held, const struct news *news)
{
	return entry_is_nxdomain(held) && news->kind != ENTRY_NXDOMAIN && !news->nxdomain;
}

struct rivals {
	const struct subject *subject;
	const struct news *news;
	bool newer;
};

static void look_at_rival(const struct position *position, struct entry *held, void *arg)
{
	struct rivals *rivals = arg;
	const struct subject *subject = rivals->subject;

	(void)position;
	if (entry_is_named(held, subject->hash, subject->name, subject->len) &&
	    (publish_replaces(rivals->news, held) || denies_name(held, rivals->news)) &&
	    is_newer(held, rivals->news))
		rivals->newer = true;
}

// Ancestors' NXDOMAINs and DNAMEs, which say that nothing is below them. What is there now ends
// them; `only_look`: whether one of them is newer.
struct cut_check {
	const struct news *news;
	bool only_look, newer;
};

static bool cut_ends(const struct entry *cut, void *arg)
{
	struct cut_check *check = arg;

	check->newer = check->newer || is_newer(cut, check->news);
	return !check->only_look;
}

static bool ends_cuts(struct cache *cache, const struct subject *subject, const struct news *news,
		      bool only_look)
{
	struct cut_check check = {news, only_look, false};

	if (news->kind == ENTRY_NXDOMAIN || news->kind == ENTRY_FAILURE || news->local)
		return false;
	(void)cuts_remove(cache, subject, false, cut_ends, &check, REMOVAL_VOIDED);
	return check.newer;
}

static void note_said(const struct subject *subject, const struct news *news)
{
	subject->shard->said[subject->hash & (SAID_MAX - 1)] = (struct said){
		.hash = subject->hash,
		.asked_ms = news->asked_ms,
		.type = news->nxdomain ? 0 : news->type,
		.kind = (uint8_t)(news->nxdomain ? ENTRY_NXDOMAIN : news->kind),
	};
}

// An answer by value that was asked for later has said otherwise.
static bool said_since(const struct subject *subject, const struct news *news)
{
	const struct said *said = &subject->shard->said[subject->hash & (SAID_MAX - 1)];

	return said->hash == subject->hash && said->asked_ms > news->asked_ms &&
	       !agree(news, (enum entry_kind)said->kind, said->type) &&
	       (said->type == news->type ||
		excludes((enum entry_kind)said->kind, said->type, news->kind, news->type));
}

static bool is_outdated(struct cache *cache, const struct subject *subject, const struct news *news)
{
	struct table *table = &subject->shard->answers.table;
	struct rivals rivals = {subject, news, false};

	if (news->kind == ENTRY_FAILURE)
		return false;
	if (said_since(subject, news))
		return true;
	table_each(table, table_bucket(table, subject->hash), look_at_rival, &rivals);
	return rivals.newer || ends_cuts(cache, subject, news, true);
}

static void remove_replaced(struct cache *cache, const struct subject *subject,
			    const struct news *news)
{
	(void)space_remove_of_name(&subject->shard->answers, subject->hash, subject->name,
				   subject->len, replaced_by, news, REMOVAL_VOIDED);
	unproven_supersede(subject, news);
	(void)ends_cuts(cache, subject, news, false);
	note_said(subject, news);
}

// ---- one entry ----

static enum publish_status publish_by_value(struct shard *shard, const struct entry_spec *spec,
					    size_t bytes, uint64_t hash, const struct entry **out)
{
	if (bytes > shard->one_shot_max - shard->one_shot_bytes)
		return PUBLISH_FAILED;
	struct entry *entry = malloc(bytes);
	if (entry == NULL)
		return PUBLISH_FAILED;
	entry_build(spec, hash, entry);
	entry->flags |= ENTRY_ONE_SHOT;
	entry->pins = 1;
	shard->one_shot_bytes += bytes;
	shard->one_shot++;
	*out = entry;
	return ONE_SHOT;
}

// What no look-up would find is not kept: ANY and RRSIG are questions about whatever
// happens to be there (RFC 8482, RFC 4035 §3.1).
static bool by_value_only(const struct entry_spec *spec)
{
	uint16_t type = entry_type_of(spec);

	return spec->one_shot || spec->ttl_s == 0 || type == TYPE_ANY || type == TYPE_RRSIG;
}

static enum publish_status publish_in(struct space *space, const struct entry_spec *spec,
				      size_t bytes, struct news *news, uint64_t hash,
				      const struct entry **out)
{
	if (spec->now_ms > space->now_ms)
		space->now_ms = spec->now_ms;
	struct entry *entry = space_alloc(space, bytes);
	if (entry == NULL)
		return ONE_SHOT;
	entry_build(spec, hash, entry);
	entry->pins = 1;
	news->entry = entry;
	// First the new, then the void: no reader finds neither.
	space_put(space, entry);
	(void)space_remove_of_name(space, hash, entry_name(entry), entry->name_len, voided_by, news,
				   REMOVAL_VOIDED);
	*out = entry;
	return PUBLISHED;
}

// It might stand in the table: then it ends what it would have taken the place of there.
static bool ends_others(const struct entry_spec *spec, const struct news *news)
{
	return !spec->aside && news->kind != ENTRY_FAILURE && news->type != TYPE_ANY &&
	       news->type != TYPE_RRSIG;
}

static enum publish_status put_proven(struct cache *cache, const struct subject *subject,
				      const struct entry_spec *spec, size_t bytes,
				      const struct entry **out)
{
	struct shard *shard = subject->shard;
	struct news news = news_of(spec);
	// What was asked before a flush is no news either.
	bool outdated = is_outdated(cache, subject, &news) ||
			cache_flushed_since(cache, subject->name, news.asked_ms);
	bool fits = !by_value_only(spec) && bytes <= memory_largest(&shard->answers.memory);

	if (fits && !outdated &&
	    publish_in(&shard->answers, spec, bytes, &news, subject->hash, out) == PUBLISHED) {
		unproven_supersede(subject, &news);
		(void)ends_cuts(cache, subject, &news, false);
		return PUBLISHED;
	}
	// Also where there is no memory to give it by value: servers have said it.
	if (!outdated && ends_others(spec, &news))
		remove_replaced(cache, subject, &news);
	return publish_by_value(shard, spec, bytes, subject->hash, out);
}

static enum publish_status put_unproven(struct cache *cache, const struct subject *subject,
					const struct entry_spec *spec, size_t bytes,
					const struct entry **out)
{
	struct space *space = &subject->shard->unproven;
	struct entry_spec kept = unproven_spec(spec);
	struct news news = news_of(spec);

	if (!by_value_only(spec) && bytes <= memory_largest(&space->memory) &&
	    !cache_flushed_since(cache, subject->name, news.asked_ms) &&
	    publish_in(space, &kept, bytes, &news, subject->hash, out) == PUBLISHED)
		return PUBLISHED;
	return publish_by_value(subject->shard, spec, bytes, subject->hash, out);
}

enum publish_status cache_publish(struct cache *cache, const struct entry_spec *spec,
				  const struct entry **out)
{
	struct subject subject;
	long bytes = entry_size(spec);

	*out = NULL;
	if (bytes < 0)
		return PUBLISH_FAILED;
	subject_find(cache, spec->name, &subject);
	if (spec->security != SECURITY_UNPROVEN || spec->kind == ENTRY_FAILURE)
		return put_proven(cache, &subject, spec, (size_t)bytes, out);
	return put_unproven(cache, &subject, spec, (size_t)bytes, out);
}

// ---- names that are denied with a name above ----

static bool is_older(const struct entry *held, const void *asked_ms)
{
	return held->kind == ENTRY_FAILURE || entry_asked_ms(held) <= *(const uint64_t *)asked_ms;
}

size_t cache_end_name(struct cache *cache, const uint8_t *name, uint64_t asked_ms)
{
	struct subject subject;

	subject_find(cache, name, &subject);
	return space_remove_of_name(&subject.shard->answers, subject.hash, subject.name,
				    subject.len, is_older, &asked_ms, REMOVAL_VOIDED);
}

struct holding {
	const struct subject *subject;
	bool found;
};

static void look_for_data(const struct position *position, struct entry *held, void *arg)
{
	struct holding *holding = arg;
	const struct subject *subject = holding->subject;

	(void)position;
	holding->found |= held->kind != ENTRY_FAILURE &&
			  entry_is_named(held, subject->hash, subject->name, subject->len);
}

bool cache_holds(struct cache *cache, const uint8_t *name)
{
	struct subject subject;
	struct holding holding = {&subject, false};

	subject_find(cache, name, &subject);
	struct table *table = &subject.shard->answers.table;
	table_each(table, table_bucket(table, subject.hash), look_for_data, &holding);
	return holding.found;
}

// ---- pins ----

void cache_pin(struct cache *cache, const struct entry *entry)
{
	(void)cache;
	// The writer's own field in memory that it owns; readers get it as const.
	((struct entry *)(uintptr_t)entry)->pins++;
}

void cache_unpin(struct cache *cache, const struct entry *pinned)
{
	struct entry *entry = (struct entry *)(uintptr_t)pinned;
	struct shard *shard = cache_shard(cache, entry->hash);

	if (--entry->pins > 0)
		return;
	if ((entry->flags & ENTRY_ONE_SHOT) != 0) {
		shard->one_shot_bytes -= entry->bytes;
		free(entry);
	} else if (entry->reserved == ENTRY_HELD) {
		struct space *space =
			entry->security == SECURITY_UNPROVEN ? &shard->unproven : &shard->answers;
		space_release_held(space, entry);
	}
}
