#include "control/posture/dossier.h"

#include "dataplane/dns/edns.h" // siphash
#include "dataplane/dns/name.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

#define NEW_SHARE  4  // of the table are on probation
#define LET_GO_MAX 64 // overdue zones, in a call
#define COOL_SHARE 5  // a signature with more of its validity left cannot be overdue

struct dossiers {
	struct dossier **buckets;
	size_t bucket_mask;
	size_t max, count, new_count;
	struct list new, old; // the first came or was used the longest ago
	struct list overdue;
	size_t overdue_count;
	dossier_event event;
	void *event_arg;
	uint8_t key[16];
	struct {
#define X(field, words) uint64_t field;
		POSTURE_COUNTERS(X)
#undef X
	} counters;
};

const char *signed_class_words(enum signed_class class)
{
	static const char *const words[] = {
		[SIGNED_DNSKEY] = "DNSKEY", [SIGNED_SOA] = "SOA", [SIGNED_DATA] = "data"};

	return words[class];
}

struct dossiers *dossiers_new(size_t max, const uint8_t key[16])
{
	struct dossiers *d = calloc(1, sizeof(*d));
	size_t buckets = 64;

	if (d == NULL)
		return NULL;
	d->max = max != 0 ? max : DOSSIERS_MAX;
	while (buckets < d->max)
		buckets *= 2;
	d->bucket_mask = buckets - 1;
	d->buckets = calloc(buckets, sizeof(d->buckets[0]));
	if (d->buckets == NULL) {
		free(d);
		return NULL;
	}
	memcpy(d->key, key, sizeof(d->key));
	list_init(&d->new);
	list_init(&d->old);
	list_init(&d->overdue);
	return d;
}

// ---- the table ----

static void set_overdue(struct dossiers *d, struct dossier *z, unsigned classes)
{
	bool before = z->classes_overdue != 0;

	z->classes_overdue = classes;
	if (before == (classes != 0))
		return;
	if (classes != 0)
		list_push(&d->overdue, &z->overdue);
	else
		list_remove(&z->overdue);
	d->overdue_count += classes != 0 ? 1 : (size_t)-1;
}

static void drop(struct dossiers *d, struct dossier *z)
{
	struct dossier **p = &d->buckets[z->hash & d->bucket_mask];

	while (*p != z)
		p = &(*p)->next;
	*p = z->next;
	set_overdue(d, z, 0);
	list_remove(&z->order);
	d->count--;
	d->new_count -= !z->old;
	free(z->bogus.text);
	free(z->failure.text);
	free(z);
}

void dossiers_free(struct dossiers *d)
{
	if (d == NULL)
		return;
	while (!list_empty(&d->new))
		drop(d, LIST_OF(d->new.next, struct dossier, order));
	while (!list_empty(&d->old))
		drop(d, LIST_OF(d->old.next, struct dossier, order));
	free(d->buckets);
	free(d);
}

static void make_room(struct dossiers *d)
{
	bool of_new = d->new_count >= d->max / NEW_SHARE || list_empty(&d->old);

	if (d->count < d->max)
		return;
	drop(d, LIST_OF(of_new ? d->new.next : d->old.next, struct dossier, order));
	d->counters.forgotten++;
}

static uint64_t hash_of(const struct dossiers *d, const uint8_t *name, uint8_t lower[NAME_MAX_LEN],
			size_t *len)
{
	*len = name_len(name);
	name_lower(lower, name, *len);
	return siphash_1_3(d->key, lower, *len);
}

static struct dossier *find(const struct dossiers *d, uint64_t hash, const uint8_t *lower)
{
	struct dossier *z = d->buckets[hash & d->bucket_mask];

	while (z != NULL && (z->hash != hash || !name_equal(z->zone, lower)))
		z = z->next;
	return z;
}

const struct dossier *dossiers_find(const struct dossiers *d, const uint8_t *zone)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;
	uint64_t hash = hash_of(d, zone, lower, &len);

	return find(d, hash, lower);
}

static struct dossier *add(struct dossiers *d, uint64_t hash, const uint8_t *lower, size_t len,
			   const struct dossiers_now *now)
{
	struct dossier *z;

	make_room(d);
	z = calloc(1, sizeof(*z) + len);
	if (z == NULL)
		return NULL;
	memcpy(z->zone, lower, len);
	z->hash = hash;
	z->since_s = now->s;
	z->window = now->ms / DOSSIER_WINDOW_MS;
	for (size_t i = 0; i < SIGNED_CLASS_COUNT; i++)
		rhythm_start(&z->rhythms[i]);
	list_init(&z->overdue);
	z->next = d->buckets[hash & d->bucket_mask];
	d->buckets[hash & d->bucket_mask] = z;
	list_push(&d->new, &z->order);
	d->count++;
	d->new_count++;
	return z;
}

// Once in a window is enough to keep the order, and what comes up in a second one stays.
static void turn_window(struct dossiers *d, struct dossier *z, const struct dossiers_now *now)
{
	uint64_t window = now->ms / DOSSIER_WINDOW_MS;

	if (window == z->window)
		return;
	z->asked_before = window == z->window + 1 ? z->asked : 0;
	z->asked = 0;
	z->window = window;
	d->new_count -= !z->old;
	z->old = true;
	list_remove(&z->order);
	list_push(&d->old, &z->order);
}

// Finds or makes it. NULL: no memory.
static struct dossier *get(struct dossiers *d, const uint8_t *zone, bool asked,
			   const struct dossiers_now *now)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;
	uint64_t hash = hash_of(d, zone, lower, &len);
	struct dossier *z = find(d, hash, lower);

	if (z == NULL)
		z = add(d, hash, lower, len, now);
	if (z == NULL)
		return NULL;
	turn_window(d, z, now);
	if (asked && z->asked < UINT32_MAX)
		z->asked++;
	return z;
}

uint32_t dossier_heat(const struct dossier *z, uint64_t now_ms)
{
	uint64_t windows = now_ms / DOSSIER_WINDOW_MS - z->window;
	uint64_t heat = windows == 0   ? (uint64_t)z->asked + z->asked_before
			: windows == 1 ? z->asked
				       : 0;

	return heat < UINT32_MAX ? (uint32_t)heat : UINT32_MAX;
}

// ---- signatures ----

static void note_key(struct dossier *z, const struct verified *by, int64_t now_s)
{
	struct dossier_key *place = &z->keys[0];

	for (size_t i = 0; i < DOSSIER_KEYS_MAX; i++) {
		struct dossier_key *key = &z->keys[i];
		if (key->tag == by->tag && key->algorithm == by->algorithm && key->seen_s != 0) {
			key->seen_s = now_s;
			return;
		}
		if (key->seen_s < place->seen_s)
			place = key;
	}
	*place = (struct dossier_key){by->tag, by->algorithm, now_s};
}

static uint64_t hash_of_rrset(const struct dossiers *d, const struct rrset *rrset)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len;

	// Another type is another RRset: an odd multiple apart.
	return hash_of(d, rrset->owner, lower, &len) + rrset->type * UINT64_C(0x9e3779b97f4a7c15);
}

static void note_soonest(struct dossier *z, uint64_t rrset, const struct verified *by,
			 int64_t now_s)
{
	bool same = z->soonest.rrset == rrset;
	bool gone =
		now_s - z->soonest.seen_s > DOSSIER_FORGET_S || z->soonest.expiration_s <= now_s;

	if (!same && !gone && z->soonest.expiration_s <= by->expiration_s)
		return;
	z->soonest.rrset = rrset;
	z->soonest.expiration_s = by->expiration_s;
	z->soonest.seen_s = now_s;
}

// An older one than before is of a server that lags, unless the newer one is gone for good.
static void see_apex(struct rhythm *rhythm, const struct verified *by, int64_t now_s)
{
	if (by->inception_s < rhythm->inception_s && now_s - rhythm->seen_s > DOSSIER_FORGET_S)
		rhythm_turn_to(rhythm, by->inception_s, by->expiration_s, now_s);
	else
		rhythm_see(rhythm, by->inception_s, by->expiration_s, now_s);
}

// One RRset is watched for as long as it is asked for.
static void see_data(struct dossier *z, uint64_t rrset, const struct verified *by, int64_t now_s)
{
	struct rhythm *rhythm = &z->rhythms[SIGNED_DATA];

	if (rrset != z->watched && now_s - rhythm->seen_s <= DOSSIER_FORGET_S)
		return;
	if (rrset == z->watched)
		rhythm_see(rhythm, by->inception_s, by->expiration_s, now_s);
	else
		rhythm_turn_to(rhythm, by->inception_s, by->expiration_s, now_s);
	z->watched = rrset;
}

static enum signed_class class_of(const struct rrset *rrset, const uint8_t *zone)
{
	if ((rrset->type != TYPE_DNSKEY && rrset->type != TYPE_SOA) ||
	    !name_equal(rrset->owner, zone))
		return SIGNED_DATA;
	return rrset->type == TYPE_SOA ? SIGNED_SOA : SIGNED_DNSKEY;
}

static void see(struct dossiers *d, struct dossier *z, const struct rrset *rrset,
		const struct verified *by, int64_t now_s)
{
	enum signed_class class = class_of(rrset, z->zone);

	if (by->expiration_s == 0)
		return;
	note_key(z, by, now_s);
	if (class != SIGNED_DATA) {
		see_apex(&z->rhythms[class], by, now_s);
		return;
	}
	uint64_t hash = hash_of_rrset(d, rrset);
	note_soonest(z, hash, by, now_s);
	see_data(z, hash, by, now_s);
}

void dossier_rhythm(const struct dossier *z, enum signed_class class, int64_t now_s,
		    struct rhythm_facts *out)
{
	uint32_t floor_s =
		class == SIGNED_SOA ? rhythm_least_s(&z->rhythms[SIGNED_DATA]) : RHYTHM_NONE;

	rhythm_facts(&z->rhythms[class], floor_s, now_s, out);
	// It is renewed with every change: what data leave says when it is late, or nothing does.
	if (class == SIGNED_SOA && floor_s == RHYTHM_NONE) {
		out->late = out->overdue = false;
		out->missed = 0;
	}
}

// ---- warnings ----

static bool may_be_overdue(const struct rhythm *r, int64_t now_s)
{
	return r->renewals >= RHYTHM_RENEWALS_MIN &&
	       r->expiration_s - now_s < (r->expiration_s - r->inception_s) / COOL_SHARE;
}

static void tell(struct dossiers *d, struct dossier *z, enum signed_class class,
		 const struct rhythm_facts *facts, bool over)
{
	if (over)
		d->counters.recovered++;
	else
		d->counters.warnings++;
	if (d->event != NULL)
		d->event(d->event_arg, z, class, facts, over);
}

// Nearly always this looks at three numbers.
static void look_for_overdue(struct dossiers *d, struct dossier *z, const struct dossiers_now *now)
{
	unsigned classes = z->classes_overdue;

	for (unsigned i = 0; i < SIGNED_CLASS_COUNT; i++) {
		struct rhythm_facts facts;
		unsigned bit = 1u << i;
		if (!(classes & bit) && !may_be_overdue(&z->rhythms[i], now->s))
			continue;
		dossier_rhythm(z, i, now->s, &facts);
		bool hot = dossier_heat(z, now->ms) >= DOSSIER_HOT;
		if (facts.overdue == !!(classes & bit) || (facts.overdue && !hot))
			continue;
		classes ^= bit;
		tell(d, z, i, &facts, !facts.overdue);
	}
	set_overdue(d, z, classes);
	if (classes != 0) {
		list_remove(&z->overdue);
		list_push(&d->overdue, &z->overdue);
	}
}

// Nobody asks for these zones any more: neither well nor overdue. The first has not been seen for
// the longest.
static void let_go(struct dossiers *d, int64_t now_s)
{
	for (unsigned i = 0; i < LET_GO_MAX && !list_empty(&d->overdue); i++) {
		struct dossier *z = LIST_OF(d->overdue.next, struct dossier, overdue);
		if (now_s - z->secure_s <= DOSSIER_OVERDUE_S)
			return;
		set_overdue(d, z, 0);
	}
}

void dossiers_watch(struct dossiers *d, dossier_event event, void *arg)
{
	d->event = event;
	d->event_arg = arg;
}

// ---- learning ----

static void note_denial(struct dossier *z, const struct step *step,
			const struct validation_result *result, int64_t now_s)
{
	struct rdata_nsec3 nsec3;

	for (size_t i = 0; i < step->proof_count && i < STEP_PROOFS_MAX; i++) {
		const struct rrset *proof = step->proofs[i];
		if (!(result->proofs_used & 1u << i) || proof->count == 0)
			continue;
		z->denial_s = now_s;
		if (proof->type == TYPE_NSEC) {
			z->denies = result->nxname ? DENIES_COMPACT : DENIES_NSEC;
			return;
		}
		if (proof->type != TYPE_NSEC3 ||
		    !rdata_nsec3(proof->rdatas[0].data, proof->rdatas[0].len, &nsec3))
			continue;
		z->denies = DENIES_NSEC3;
		z->iterations = nsec3.iterations;
		z->salt_len = nsec3.salt_len;
		if (nsec3.flags & NSEC3_OPTOUT)
			z->opt_out_s = now_s;
	}
}

static const struct rrset *first_used(const struct step *step,
				      const struct validation_result *result)
{
	unsigned i = (unsigned)__builtin_ctz(result->proofs_used);

	return i < step->proof_count ? step->proofs[i] : NULL;
}

static bool is_signed(const struct validation_result *result)
{
	return result->looked_at != NULL &&
	       (result->rrset_by.expiration_s != 0 || result->soa_by.expiration_s != 0 ||
		result->proof_by.expiration_s != 0);
}

// The servers that answered may serve a zone below theirs, too, which no referral shows.
static const uint8_t *zone_of(const struct step *step, const struct validation_result *result)
{
	if (is_signed(result))
		return result->looked_at;
	if (result->insecure_at != NULL && name_within(result->insecure_at, step->zone))
		return result->insecure_at;
	return step->zone;
}

static void learn_signed(struct dossiers *d, struct dossier *z, const struct step *step,
			 const struct validation_result *result, const struct dossiers_now *now)
{
	z->secure_s = now->s;
	if (step->rrset != NULL)
		see(d, z, step->rrset, &result->rrset_by, now->s);
	if (step->soa != NULL)
		see(d, z, step->soa, &result->soa_by, now->s);
	if (result->proofs_used != 0) {
		const struct rrset *proof = first_used(step, result);
		note_denial(z, step, result, now->s);
		if (proof != NULL && result->proof_by.expiration_s != 0) {
			note_key(z, &result->proof_by, now->s);
			note_soonest(z, hash_of_rrset(d, proof), &result->proof_by, now->s);
		}
	}
	look_for_overdue(d, z, now);
}

void dossiers_learn(struct dossiers *d, const struct step *step,
		    const struct validation_result *result, bool asked,
		    const struct dossiers_now *now)
{
	struct dossier *z = get(d, zone_of(step, result), asked, now);

	if (z == NULL)
		return;
	z->above = (uint8_t)name_labels(name_within(z->zone, step->zone) ? step->zone : z->zone);
	// That it has keys says nothing of its data.
	if (step->type != TYPE_DNSKEY)
		z->answered_ms = now->ms;
	if (is_signed(result))
		learn_signed(d, z, step, result, now);
	else
		z->insecure_s = now->s;
}

static void note_trouble(struct trouble *trouble, int ede, const char *text,
			 const struct dossiers_now *now)
{
	trouble->count++;
	trouble->ede = (int16_t)ede;
	trouble->at_s = now->s;
	trouble->at_ms = now->ms;
	free(trouble->text);
	trouble->text = text != NULL ? strndup(text, TROUBLE_TEXT_MAX) : NULL;
}

void dossiers_bogus(struct dossiers *d, const uint8_t *zone, int ede, const char *text,
		    const struct dossiers_now *now)
{
	struct dossier *z = get(d, zone, false, now);

	if (z != NULL)
		note_trouble(&z->bogus, ede, text, now);
}

void dossiers_failed(struct dossiers *d, const uint8_t *zone, int ede, const char *text,
		     uint32_t ttl_s, bool asked, const struct dossiers_now *now)
{
	struct dossier *z = get(d, zone, asked, now);

	if (z == NULL)
		return;
	note_trouble(&z->failure, ede, text, now);
	z->failure.until_ms = now->ms + ttl_s * UINT64_C(1000);
}

// ---- for operators ----

bool dossiers_some(const struct dossiers *d, size_t *at, size_t share,
		   void (*visit)(const struct dossier *dossier, void *arg), void *arg)
{
	for (size_t seen = 0; seen < share && *at <= d->bucket_mask; seen++, (*at)++) {
		for (const struct dossier *z = d->buckets[*at]; z != NULL; z = z->next, seen++)
			visit(z, arg);
	}
	return *at <= d->bucket_mask;
}

size_t dossiers_overdue(struct dossiers *d, int64_t now_s, size_t max,
			void (*visit)(const struct dossier *dossier, void *arg), void *arg)
{
	let_go(d, now_s);
	for (struct list *at = d->overdue.next; at != &d->overdue && max > 0; at = at->next, max--)
		visit(LIST_OF(at, struct dossier, overdue), arg);
	return d->overdue_count;
}

void dossiers_counters(struct dossiers *d, int64_t now_s,
		       void (*visit)(const char *name, const char *words, uint64_t value,
				     void *arg),
		       void *arg)
{
	let_go(d, now_s);
#define X(field, words) visit("posture." #field, words, d->counters.field, arg);
	POSTURE_COUNTERS(X)
#undef X
	visit("posture.zones", "zones of which something is remembered", d->count, arg);
	visit("posture.overdue", "hot zones that are overdue with the renewal of signatures",
	      d->overdue_count, arg);
}
