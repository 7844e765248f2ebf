#include "control/validator/trust_points.h"

#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_MIN_MS 3600000ull // RFC 5011 §2.3: no more often than once an hour
#define STATICS_MAX  TRUST_POINT_CONFIGURED_MAX

struct managed {
	struct trust_zone shown;
	uint8_t name[NAME_MAX_LEN];
	bool unreached; // the last look brought no RRset at all
	struct trust_point *point;
	struct trust_record statics[STATICS_MAX];
};

struct trust_points {
	struct trust *trust;
	struct trust_points_config config;
	struct batch *batch; // of its own: what is verified here waits for nobody
	struct digester *digester;
	struct managed *zones[TRUST_POINTS_MAX];
	size_t count;
	bool changed, begun;
	int64_t clock_off_s;
	uint64_t probes, probe_failures, untrusted, accepted, revoked;
};

struct trust_points *trust_points_new(struct trust *trust, const struct trust_points_config *config)
{
	const struct batch_config batch = {.keys_max = 64, .memo_max = 256, .jobs_max = 16};
	struct trust_points *points = calloc(1, sizeof(*points));

	if (points == NULL)
		return NULL;
	points->trust = trust;
	points->config = *config;
	points->batch = batch_new(&batch);
	points->digester = digester_new();
	if (points->batch == NULL || points->digester == NULL) {
		trust_points_free(points);
		return NULL;
	}
	return points;
}

static void managed_free(struct managed *zone)
{
	for (size_t i = 0; i < zone->shown.static_count; i++)
		free(zone->statics[i].rdata);
	trust_point_free(zone->point);
	free(zone);
}

void trust_points_free(struct trust_points *points)
{
	if (points == NULL)
		return;
	for (size_t i = 0; i < points->count; i++)
		managed_free(points->zones[i]);
	if (points->batch != NULL)
		batch_free(points->batch);
	digester_free(points->digester);
	free(points);
}

static struct managed *find(const struct trust_points *points, const uint8_t *zone)
{
	for (size_t i = 0; i < points->count; i++) {
		if (name_equal(points->zones[i]->name, zone))
			return points->zones[i];
	}
	return NULL;
}

// ---- words ----

const char *trust_key_state_words(enum trust_key_state state)
{
	static const char *const words[] = {
		[TRUST_KEY_PENDING] = "pending", [TRUST_KEY_VALID] = "valid",
		[TRUST_KEY_MISSING] = "missing", [TRUST_KEY_REVOKED] = "revoked",
		[TRUST_KEY_REMOVED] = "removed",
	};

	return words[state];
}

static const char *observed_words(enum trust_observed observed)
{
	static const char *const words[] = {
		[TRUST_OBSERVED] = "seen, signed by a trust anchor",
		[TRUST_UNTRUSTED] = "the DNSKEY RRset is signed by no trust anchor",
		[TRUST_CLOCK_BEHIND] = "the clock is before the time of the last look at the keys",
		[TRUST_FULL] = "more keys than can be kept track of",
	};

	return words[observed];
}

__attribute__((format(printf, 3, 4))) static void say(struct trust_points *points, bool alarm,
						      const char *format, ...)
{
	char text[NAME_TEXT_MAX + TRUST_WORDS_MAX];
	va_list args;

	if (points->config.say == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	points->config.say(points->config.arg, alarm, text);
}

// ---- the anchors that hold ----

static size_t holding(const struct managed *zone,
		      struct trust_anchor out[STATICS_MAX + TRUST_POINT_KEYS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < zone->shown.static_count; i++) {
		const struct trust_record *record = &zone->statics[i];
		out[count++] = (struct trust_anchor){record->type, record->rdata, record->len};
	}
	if (zone->point == NULL)
		return count;
	const struct trust_ledger *ledger = trust_point_ledger(zone->point);
	for (size_t i = 0; i < ledger->count; i++) {
		const struct trust_key *key = &ledger->keys[i];
		const struct trust_record *record = key->configured;
		if (!trust_key_trusted(key))
			continue;
		out[count++] =
			record != NULL
				? (struct trust_anchor){record->type, record->rdata, record->len}
				: (struct trust_anchor){TYPE_DNSKEY, key->rdata, key->len};
	}
	return count;
}

static void apply(struct trust_points *points, struct managed *zone)
{
	struct trust_anchor anchors[STATICS_MAX + TRUST_POINT_KEYS_MAX];
	size_t count = holding(zone, anchors);

	points->changed = true;
	if (trust_anchors_set(points->trust, zone->name, anchors, count) != 0)
		say(points, true, "out of memory for trust anchors: those of before hold");
}

// ---- configuration ----

static struct managed *find_or_add(struct trust_points *points, const uint8_t *owner)
{
	struct managed *zone = find(points, owner);

	if (zone != NULL || points->count == TRUST_POINTS_MAX)
		return zone;
	zone = calloc(1, sizeof(*zone));
	if (zone == NULL)
		return NULL;
	name_lower(zone->name, owner, name_len(owner));
	zone->shown.name = zone->name;
	zone->shown.statics = zone->statics;
	zone->shown.due_ms = UINT64_MAX;
	points->zones[points->count++] = zone;
	return zone;
}

static int add_static(struct managed *zone, uint16_t type, const uint8_t *rdata, uint16_t len)
{
	struct trust_record *record = &zone->statics[zone->shown.static_count];

	if (zone->shown.static_count == STATICS_MAX)
		return -ENOSPC;
	*record = (struct trust_record){.type = type, .len = len, .rdata = malloc(len)};
	if (record->rdata == NULL)
		return -ENOMEM;
	memcpy(record->rdata, rdata, len);
	zone->shown.static_count++;
	return 0;
}

int trust_points_add(struct trust_points *points, const uint8_t *owner, uint16_t type,
		     const uint8_t *rdata, size_t rdlen, bool automatic)
{
	int rc = trust_anchor_check(type, rdata, rdlen);

	if (rc != 0)
		return rc;
	struct managed *zone = find_or_add(points, owner);
	if (zone == NULL)
		return points->count == TRUST_POINTS_MAX ? -ENOSPC : -ENOMEM;
	if (!automatic)
		return add_static(zone, type, rdata, (uint16_t)rdlen);
	if (zone->point == NULL) {
		zone->point = trust_point_new(owner, points->digester);
		zone->shown.point = zone->point;
	}
	if (zone->point == NULL)
		return -ENOMEM;
	return trust_point_configure(zone->point, type, rdata, (uint16_t)rdlen);
}

static struct observation *observe(struct trust_points *points, const struct rrset *rrset,
				   int64_t at_s, uint64_t at_ms)
{
	return observation_new(rrset, points->batch, points->config.inception_skew_s, at_s, at_ms);
}

bool trust_points_restore(struct trust_points *points, const struct rrset *rrset, int64_t at_s)
{
	struct managed *zone = find(points, rrset->owner);

	if (zone == NULL || zone->point == NULL)
		return false;
	struct observation *observation = observe(points, rrset, at_s, 0);
	return observation != NULL &&
	       trust_point_restore(zone->point, observation) == TRUST_OBSERVED;
}

void trust_points_begin(struct trust_points *points, uint64_t now_ms, int64_t now_s)
{
	for (size_t i = 0; i < points->count; i++) {
		struct managed *zone = points->zones[i];
		apply(points, zone);
		if (zone->point == NULL)
			continue;
		const struct observation *last = trust_point_ledger(zone->point)->last;
		int64_t wait_s =
			last != NULL ? last->at_s + trust_point_refresh_s(zone->point) - now_s : 0;
		if (wait_s < 0 || wait_s > trust_point_refresh_s(zone->point))
			wait_s = 0;
		zone->shown.due_ms = now_ms + (uint64_t)wait_s * 1000;
		if (last != NULL)
			snprintf(zone->shown.result, sizeof(zone->shown.result),
				 "known from the state file");
	}
	points->begun = true;
}

// ---- looking at the zones' keys ----

const uint8_t *trust_points_due(struct trust_points *points, uint64_t now_ms, uint64_t *next_ms)
{
	*next_ms = UINT64_MAX;
	for (size_t i = 0; i < points->count; i++) {
		struct managed *zone = points->zones[i];
		if (zone->shown.due_ms <= now_ms) {
			zone->shown.due_ms = now_ms + PROBE_MIN_MS;
			points->probes++;
			*next_ms = now_ms;
			return zone->name;
		}
		if (zone->shown.due_ms < *next_ms)
			*next_ms = zone->shown.due_ms;
	}
	return NULL;
}

static void set_result(struct managed *zone, bool failing, const char *words)
{
	zone->shown.failing = failing;
	snprintf(zone->shown.result, sizeof(zone->shown.result), "%s", words);
}

// By configured record or by tag: keys of before may be gone from memory.
static const struct trust_key *key_before(const struct trust_ledger *before,
					  const struct trust_key *key)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct trust_key *old = &before->keys[i];
		if (old->configured == key->configured && old->tag == key->tag &&
		    old->algorithm == key->algorithm)
			return old;
	}
	return NULL;
}

static void report_key(struct trust_points *points, const struct managed *zone,
		       const struct trust_key *key, const struct trust_key *old)
{
	char name[NAME_TEXT_MAX];
	bool was_trusted = old != NULL && trust_key_trusted(old);

	if (old != NULL && old->state == key->state)
		return;
	points->accepted += trust_key_trusted(key) && !was_trusted;
	points->revoked += key->state == TRUST_KEY_REVOKED;
	say(points, key->state == TRUST_KEY_REVOKED || key->state == TRUST_KEY_MISSING,
	    "trust anchor %s key %u (algorithm %u): %s%s", name_to_text(zone->name, name), key->tag,
	    key->algorithm, old == NULL ? "new, " : "",
	    key->state == TRUST_KEY_PENDING ? "trusted when it stays for 30 days"
					    : trust_key_state_words(key->state));
}

static void report(struct trust_points *points, const struct managed *zone,
		   const struct trust_ledger *before)
{
	const struct trust_ledger *now = trust_point_ledger(zone->point);
	char name[NAME_TEXT_MAX];

	for (size_t i = 0; i < now->count; i++)
		report_key(points, zone, &now->keys[i], key_before(before, &now->keys[i]));
	for (size_t i = 0; i < before->count; i++) {
		if (key_before(now, &before->keys[i]) == NULL)
			say(points, false, "trust anchor %s key %u: gone, it was %s",
			    name_to_text(zone->name, name), before->keys[i].tag,
			    trust_key_state_words(before->keys[i].state));
	}
	if (trust_point_deleted(zone->point) && zone->shown.static_count == 0)
		say(points, true,
		    "trust anchor %s: all keys are revoked, it counts as not configured "
		    "(RFC 5011 section 5)",
		    name_to_text(zone->name, name));
}

// Who sends old keys can have it said that the clock is ahead; no more comes of it.
static int64_t clock_off_s(const struct rrset *rrset, int64_t now_s)
{
	int64_t ahead = INT64_MAX, behind = INT64_MAX;
	struct rdata_rrsig rrsig;

	for (size_t i = 0; i < rrset->rrsig_count; i++) {
		if (!rdata_rrsig(rrset->rrsigs[i].data, rrset->rrsigs[i].len, &rrsig))
			continue;
		int64_t past = (int32_t)((uint32_t)now_s - rrsig.expiration);
		int64_t before = (int32_t)(rrsig.inception - (uint32_t)now_s);

		if (past <= 0 && before <= 0)
			return 0;
		if (past > 0 && past < ahead)
			ahead = past;
		if (before > 0 && before < behind)
			behind = before;
	}
	if (ahead == INT64_MAX && behind == INT64_MAX)
		return 0;
	return ahead < behind ? ahead : -behind;
}

void trust_points_ask_now(struct trust_points *points, uint64_t now_ms)
{
	for (size_t i = 0; i < points->count; i++) {
		if (points->zones[i]->point != NULL)
			points->zones[i]->shown.due_ms = now_ms;
	}
}

void trust_points_heard(struct trust_points *points, const uint8_t *name, uint64_t now_ms)
{
	struct managed *zone = find(points, name);

	if (zone != NULL && zone->point != NULL && zone->unreached) {
		zone->unreached = false;
		zone->shown.due_ms = now_ms;
	}
}

int64_t trust_points_clock_off_s(const struct trust_points *points)
{
	return points->clock_off_s;
}

enum trust_observed trust_points_observe(struct trust_points *points, const struct rrset *rrset,
					 uint64_t now_ms, int64_t now_s)
{
	struct managed *zone = find(points, rrset->owner);
	enum trust_observed seen = TRUST_UNTRUSTED;

	if (zone == NULL || zone->point == NULL)
		return seen;
	const struct trust_ledger before = *trust_point_ledger(zone->point);
	if (zone->name[0] == 0)
		points->clock_off_s = clock_off_s(rrset, now_s);
	struct observation *observation = observe(points, rrset, now_s, now_ms);
	if (observation != NULL)
		seen = trust_point_observe(zone->point, observation);
	zone->unreached = false;
	set_result(zone, seen != TRUST_OBSERVED, observed_words(seen));
	points->untrusted += seen == TRUST_UNTRUSTED;
	uint32_t wait_s = seen == TRUST_OBSERVED ? trust_point_refresh_s(zone->point)
						 : trust_point_retry_s(zone->point);
	zone->shown.due_ms = now_ms + wait_s * 1000ull;
	if (seen == TRUST_OBSERVED) {
		report(points, zone, &before);
		apply(points, zone);
	}
	return seen;
}

void trust_points_failed(struct trust_points *points, const uint8_t *name, const char *why,
			 uint64_t now_ms)
{
	struct managed *zone = find(points, name);

	if (zone == NULL || zone->point == NULL)
		return;
	points->probe_failures++;
	zone->unreached = true;
	set_result(zone, true, why);
	zone->shown.due_ms = now_ms + trust_point_retry_s(zone->point) * 1000ull;
}

bool trust_points_changed(struct trust_points *points)
{
	bool changed = points->changed;

	points->changed = false;
	return changed;
}

// ---- what is known ----

static int by_number(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static uint16_t tag_of(const struct trust_anchor *anchor)
{
	struct rdata_ds ds;

	if (anchor->type == TYPE_DS && rdata_ds(anchor->rdata, anchor->len, &ds))
		return ds.key_tag;
	return rdata_dnskey_tag(anchor->rdata, anchor->len);
}

size_t trust_points_tags(const struct trust_points *points, const uint8_t *name, uint16_t *tags,
			 size_t max)
{
	struct trust_anchor anchors[STATICS_MAX + TRUST_POINT_KEYS_MAX];
	uint16_t all[STATICS_MAX + TRUST_POINT_KEYS_MAX];
	const struct managed *zone = find(points, name);
	size_t count = zone != NULL ? holding(zone, anchors) : 0, kept = 0;

	for (size_t i = 0; i < count; i++)
		all[i] = tag_of(&anchors[i]);
	qsort(all, count, sizeof(all[0]), by_number);
	for (size_t i = 0; i < count && kept < max; i++) {
		if (i == 0 || all[i] != all[i - 1])
			tags[kept++] = all[i];
	}
	return kept;
}

static void count_line(const char *text, void *arg)
{
	(void)text;
	++*(uint64_t *)arg;
}

void trust_points_counters(const struct trust_points *points, struct trust_points_counters *out)
{
	*out = (struct trust_points_counters){
		.probes = points->probes,
		.probe_failures = points->probe_failures,
		.untrusted = points->untrusted,
		.accepted = points->accepted,
		.revoked = points->revoked,
	};
	for (size_t i = 0; i < points->count; i++) {
		struct trust_anchor anchors[STATICS_MAX + TRUST_POINT_KEYS_MAX];
		const struct managed *zone = points->zones[i];
		out->anchors += holding(zone, anchors);
		if (zone->point == NULL)
			continue;
		const struct trust_ledger *ledger = trust_point_ledger(zone->point);
		for (size_t k = 0; k < ledger->count; k++)
			out->pending += ledger->keys[k].state == TRUST_KEY_PENDING;
	}
	trust_points_alarms(points, count_line, &out->alarms);
}

size_t trust_points_count(const struct trust_points *points)
{
	return points->count;
}

const struct trust_zone *trust_points_zone(const struct trust_points *points, size_t i)
{
	return &points->zones[i]->shown;
}

static void zone_alarms(const struct managed *zone, void (*line)(const char *text, void *arg),
			void *arg)
{
	char text[NAME_TEXT_MAX + TRUST_WORDS_MAX + 80], name[NAME_TEXT_MAX];
	const struct trust_ledger *ledger = trust_point_ledger(zone->point);

	name_to_text(zone->name, name);
	if (zone->shown.failing) {
		snprintf(text, sizeof(text), "the keys of trust anchor %s cannot be followed: %s",
			 name, zone->shown.result);
		line(text, arg);
	}
	if (ledger->overflow) {
		snprintf(text, sizeof(text), "trust anchor %s has more keys than are followed",
			 name);
		line(text, arg);
	}
	if (trust_point_deleted(zone->point) && zone->shown.static_count == 0) {
		snprintf(text, sizeof(text),
			 "all keys of trust anchor %s are revoked: it counts as not configured",
			 name);
		line(text, arg);
	}
}

void trust_points_alarms(const struct trust_points *points,
			 void (*line)(const char *text, void *arg), void *arg)
{
	for (size_t i = 0; i < points->count; i++) {
		if (points->zones[i]->point != NULL)
			zone_alarms(points->zones[i], line, arg);
	}
}
