#include "control/validator/zone.h"

#include "control/validator/forgotten.h"
#include "dataplane/dns/edns.h"
#include "dataplane/dns/name.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

#define ZONES_MAX      65536
#define BYTES_PER_ZONE 2048 // on average; large DNSKEY RRsets take the room of several
#define SLICE          4096 // looked at in a turn: empty buckets, or a sixteenth of it zones

struct zones {
	struct zone **buckets;
	size_t bucket_mask;
	size_t count, count_max;
	size_t bytes, bytes_max;
	struct list used;     // in the order they came, or were passed over
	struct list excepted; // by the operator
	uint8_t secret[16];
	struct forgotten forgotten;
	size_t bucket; // that the hand is at
};

struct zones *zones_new(size_t zones_max)
{
	struct zones *z = calloc(1, sizeof(*z));
	size_t buckets = 64;

	if (z == NULL)
		return NULL;
	z->count_max = zones_max != 0 ? zones_max : ZONES_MAX;
	z->bytes_max = z->count_max * BYTES_PER_ZONE;
	while (buckets < z->count_max)
		buckets *= 2;
	z->bucket_mask = buckets - 1;
	z->buckets = calloc(buckets, sizeof(z->buckets[0]));
	list_init(&z->used);
	list_init(&z->excepted);
	if (z->buckets == NULL || RAND_bytes(z->secret, sizeof(z->secret)) != 1) {
		free(z->buckets);
		free(z);
		return NULL;
	}
	forgotten_init(&z->forgotten, z->secret);
	return z;
}

static bool configured(const struct zone *zone)
{
	return zone->anchors != NULL || zone->insecure_until_ms != 0;
}

static void forget_records(struct zone *zone)
{
	records_unref(zone->ds);
	records_unref(zone->keys);
	zone->ds = zone->keys = NULL;
	zone->cut = CUT_UNKNOWN;
}

static void drop(struct zones *z, struct zone *zone)
{
	struct zone **p = &z->buckets[zone->hash & z->bucket_mask];

	while (*p != zone)
		p = &(*p)->next;
	*p = zone->next;
	list_remove(&zone->used);
	list_remove(&zone->excepted);
	z->count--;
	z->bytes -= zone->bytes;
	forget_records(zone);
	while (zone->anchors != NULL) {
		struct anchor *anchor = zone->anchors;
		zone->anchors = anchor->next;
		free(anchor);
	}
	free(zone);
}

void zones_free(struct zones *z)
{
	if (z == NULL)
		return;
	while (!list_empty(&z->used))
		drop(z, LIST_OF(z->used.next, struct zone, used));
	free(z->buckets);
	free(z);
}

static void pass_over(struct zones *z, struct zone *zone)
{
	zone->used_lately = false;
	list_remove(&zone->used);
	list_push(&z->used, &zone->used);
}

// Only what was learned; what was configured or is in use moves to the young end.
static void keep_within_limits(struct zones *z, const struct zone *except)
{
	for (size_t tries = 2 * z->count; tries > 0; tries--) {
		if (z->count <= z->count_max && z->bytes <= z->bytes_max)
			return;
		struct zone *oldest = LIST_OF(z->used.next, struct zone, used);
		if (configured(oldest) || oldest == except || oldest->used_lately)
			pass_over(z, oldest);
		else
			drop(z, oldest);
	}
}

static uint64_t hash_of(const struct zones *z, const uint8_t *name, uint8_t lower[NAME_MAX_LEN],
			size_t *len)
{
	*len = name_len(name);
	name_lower(lower, name, *len);
	return siphash_1_3(z->secret, lower, *len);
}

// What was learned of it. Of one that is configured the rest stays.
static bool is_gone(const struct zones *z, const struct zone *zone)
{
	return is_forgotten(&z->forgotten, zone->name, zone->made);
}

static void keep_configured(const struct zones *z, struct zone *zone)
{
	forget_records(zone);
	zone->made = z->forgotten.moment;
}

static struct zone *find(const struct zones *z, uint64_t hash, const uint8_t *lower)
{
	for (struct zone *zone = z->buckets[hash & z->bucket_mask]; zone; zone = zone->next) {
		if (zone->hash != hash || !name_equal(zone->name, lower))
			continue;
		if (!is_gone(z, zone))
			return zone;
		if (configured(zone)) {
			keep_configured(z, zone);
			return zone;
		}
	}
	return NULL;
}

struct zone *zones_find(const struct zones *z, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;
	uint64_t hash = hash_of(z, name, lower, &len);

	return find(z, hash, lower);
}

struct zone *zones_get(struct zones *z, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;
	uint64_t hash = hash_of(z, name, lower, &len);
	struct zone *zone = find(z, hash, lower);

	if (zone != NULL)
		return zone;
	zone = calloc(1, sizeof(*zone) + len);
	if (zone == NULL)
		return NULL;
	memcpy(zone->name, lower, len);
	zone->hash = hash;
	zone->made = z->forgotten.moment;
	zone->next = z->buckets[hash & z->bucket_mask];
	z->buckets[hash & z->bucket_mask] = zone;
	list_push(&z->used, &zone->used);
	list_init(&zone->excepted);
	z->count++;
	zones_weigh(z, zone);
	return zone;
}

void zones_weigh(struct zones *z, struct zone *zone)
{
	z->bytes -= zone->bytes;
	zone->bytes = sizeof(*zone) + name_len(zone->name) + (zone->ds ? zone->ds->bytes : 0) +
		      (zone->keys ? zone->keys->bytes : 0);
	z->bytes += zone->bytes;
	keep_within_limits(z, zone);
}

void zones_forget(struct zones *z, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];

	name_lower(lower, name, name_len(name));
	forgotten_add(&z->forgotten, lower, z->bucket_mask + 1);
}

static size_t sweep(struct zones *z, struct zone *zone)
{
	size_t cost = 1;

	for (struct zone *next; zone != NULL; zone = next, cost += 16) {
		next = zone->next;
		if (!is_gone(z, zone))
			continue;
		if (configured(zone))
			keep_configured(z, zone);
		else
			drop(z, zone);
	}
	return cost;
}

bool zones_run(struct zones *z)
{
	size_t seen = 0;

	while (seen < SLICE && forgotten_any(&z->forgotten)) {
		seen += sweep(z, z->buckets[z->bucket]);
		z->bucket = (z->bucket + 1) & z->bucket_mask;
		forgotten_passed(&z->forgotten, 1);
	}
	return forgotten_any(&z->forgotten);
}

void zones_latest(const struct zones *z, size_t max,
		  void (*visit)(const struct zone *zone, void *arg), void *arg)
{
	for (struct list *at = z->used.prev; at != &z->used && max > 0; at = at->prev, max--) {
		const struct zone *zone = LIST_OF(at, struct zone, used);
		if (configured(zone) || !is_gone(z, zone))
			visit(zone, arg);
	}
}

void zones_except(struct zones *z, struct zone *zone, uint64_t until_ms)
{
	list_remove(&zone->excepted);
	zone->insecure_until_ms = until_ms;
	if (until_ms != 0)
		list_push(&z->excepted, &zone->excepted);
}

void zones_each_excepted(const struct zones *z, void (*visit)(const struct zone *zone, void *arg),
			 void *arg)
{
	for (struct list *at = z->excepted.next; at != &z->excepted; at = at->next)
		visit(LIST_OF(at, struct zone, excepted), arg);
}

size_t zones_count(const struct zones *z)
{
	return z->count;
}
