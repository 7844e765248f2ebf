#include "control/validator/trust.h"

#include "control/validator/ds.h"
#include "control/validator/hashes.h"
#include "control/validator/prolong.h"
#include "control/validator/trust_lookup.h"
#include "control/validator/validator.h"
#include "crypto/algorithm.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASHES_MAX     16384
#define TTL_MAX_S      86400
#define NEGATIVE_MAX_S 3600
// Longer than a client query may take: what was fetched for it is there when it goes on.
#define HOLD_S          10
#define TOLERATED_MAX_S 30

struct trust {
	struct trust_config config;
	struct batch *batch;
	int64_t drill_skew_s;
	uint64_t drill_until_ms;
	struct zones *zones;
	struct hashes *hashes;
	struct digester *digester;
	size_t anchor_count;
	size_t exception_count; // zones with insecure_until_ms
	uint64_t order;         // of what was proven and revoked
};

struct trust *trust_new(const struct trust_config *config, struct batch *batch)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		return NULL;
	trust->config = *config;
	trust->batch = batch;
	trust->zones = zones_new(config->zones_max);
	trust->hashes = hashes_new(HASHES_MAX);
	trust->digester = digester_new();
	if (trust->zones == NULL || trust->hashes == NULL || trust->digester == NULL) {
		trust_free(trust);
		return NULL;
	}
	return trust;
}

void trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	zones_free(trust->zones);
	hashes_free(trust->hashes);
	digester_free(trust->digester);
	free(trust);
}

// ---- what the operator says ----

static int anchor_check(uint16_t type, const uint8_t *rdata, size_t rdlen, uint16_t *tag)
{
	struct rdata_dnskey dnskey;
	struct rdata_ds ds;

	if (type == TYPE_DS && rdata_ds(rdata, rdlen, &ds)) {
		*tag = ds.key_tag;
		return algorithm_supported(ds.algorithm) &&
				       algorithm_ds_digest_supported(ds.digest_type)
			       ? 0
			       : -ENOTSUP;
	}
	if (type == TYPE_DNSKEY && rdata_dnskey(rdata, rdlen, &dnskey)) {
		*tag = rdata_dnskey_tag(rdata, rdlen);
		// RFC 5011 §2.1: a revoked key is trusted for nothing.
		if (!(dnskey.flags & DNSKEY_ZONE) || dnskey.flags & DNSKEY_REVOKE)
			return -EINVAL;
		return algorithm_supported(dnskey.algorithm) ? 0 : -ENOTSUP;
	}
	return -EINVAL;
}

int trust_anchor_check(uint16_t type, const uint8_t *rdata, size_t rdlen)
{
	uint16_t tag;

	return rdlen > UINT16_MAX ? -EINVAL : anchor_check(type, rdata, rdlen, &tag);
}

// Puts it at *link. 0, -EINVAL, -ENOTSUP, -ENOMEM.
static int anchor_new(struct anchor **link, const struct trust_anchor *from)
{
	uint16_t tag;
	int rc = anchor_check(from->type, from->rdata, from->len, &tag);

	if (rc != 0)
		return rc;
	struct anchor *anchor = malloc(sizeof(*anchor) + from->len);
	if (anchor == NULL)
		return -ENOMEM;
	*anchor = (struct anchor){.next = *link, .type = from->type, .tag = tag, .len = from->len};
	memcpy(anchor->rdata, from->rdata, from->len);
	*link = anchor;
	return 0;
}

int trust_anchor_add(struct trust *trust, const uint8_t *owner, uint16_t type, const uint8_t *rdata,
		     size_t rdlen)
{
	const struct trust_anchor anchor = {type, rdata, (uint16_t)rdlen};
	int rc = trust_anchor_check(type, rdata, rdlen);

	if (rc != 0)
		return rc;
	struct zone *zone = zones_get(trust->zones, owner);
	if (zone == NULL)
		return -ENOMEM;
	rc = anchor_new(&zone->anchors, &anchor);
	trust->anchor_count += rc == 0;
	return rc;
}

static void anchors_free(struct anchor *anchors)
{
	while (anchors != NULL) {
		struct anchor *next = anchors->next;
		free(anchors);
		anchors = next;
	}
}

static bool has_anchor(const struct anchor *anchors, const struct anchor *wanted)
{
	for (; anchors != NULL; anchors = anchors->next) {
		if (anchors->type == wanted->type && anchors->len == wanted->len &&
		    memcmp(anchors->rdata, wanted->rdata, wanted->len) == 0)
			return true;
	}
	return false;
}

int trust_anchors_set(struct trust *trust, const uint8_t *owner, const struct trust_anchor *anchors,
		      size_t count)
{
	struct zone *zone = zones_get(trust->zones, owner);
	struct anchor *fresh = NULL, *old;
	int rc = zone != NULL ? 0 : -ENOMEM;
	bool gone = false;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = anchor_new(&fresh, &anchors[i]);
	if (rc != 0) {
		anchors_free(fresh);
		return rc;
	}
	for (const struct anchor *a = zone->anchors; a != NULL; a = a->next) {
		gone |= !has_anchor(fresh, a);
		trust->anchor_count--;
	}
	trust->anchor_count += count;
	old = zone->anchors;
	zone->anchors = fresh;
	anchors_free(old);
	if (gone) {
		zone->revoked_at = ++trust->order;
		records_unref(zone->keys);
		zone->keys = NULL;
		zones_weigh(trust->zones, zone);
	}
	return 0;
}

size_t trust_anchor_count(const struct trust *trust)
{
	return trust->anchor_count;
}

int trust_insecure_add(struct trust *trust, const uint8_t *name, uint64_t until_ms, bool nta)
{
	if (name_is_root(name))
		return -EINVAL;
	struct zone *zone = zones_get(trust->zones, name);
	if (zone == NULL)
		return -ENOMEM;
	if (nta && zone->insecure_until_ms != 0 && !zone->nta)
		return -EEXIST;
	trust->exception_count += zone->insecure_until_ms == 0;
	zones_except(trust->zones, zone, until_ms);
	zone->nta = nta;
	return 0;
}

bool trust_insecure_remove(struct trust *trust, const uint8_t *name)
{
	struct zone *zone = zones_find(trust->zones, name);

	if (zone == NULL || zone->insecure_until_ms == 0)
		return false;
	zones_except(trust->zones, zone, 0);
	trust->exception_count--;
	return true;
}

// ---- what was proven ----

static struct term term_of(uint32_t ttl_s, uint32_t max_s, int64_t expires_s, uint64_t now_ms)
{
	if (ttl_s > max_s)
		ttl_s = max_s;
	if (ttl_s < HOLD_S)
		ttl_s = HOLD_S;
	return (struct term){.until_ms = now_ms + ttl_s * 1000ull, .expires_s = expires_s};
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

// RFC 2308 §5 with RFC 9077, over what the denial rests on.
static uint32_t negative_ttl_s(const struct step *step, const struct validation_result *result)
{
	uint32_t ttl_s = NEGATIVE_MAX_S;
	struct rdata_soa soa;

	if (step->soa != NULL && step->soa->count > 0 &&
	    rdata_soa(step->soa->rdatas[0].data, step->soa->rdatas[0].len, &soa))
		ttl_s = lesser(lesser(step->soa->ttl_s, soa.minimum), result->soa_ttl_s);
	for (size_t i = 0; i < step->proof_count && i < STEP_PROOFS_MAX; i++) {
		if (result->proofs_used & 1u << i)
			ttl_s = lesser(ttl_s,
				       lesser(step->proofs[i]->ttl_s, result->proof_ttl_s[i]));
	}
	return ttl_s;
}

static void learn_ds(struct trust *trust, struct zone *zone, const struct step *step,
		     const struct validation_result *result, uint64_t now_ms, int64_t now_s)
{
	bool positive = step->rrset != NULL;
	uint32_t ttl_s = positive ? lesser(step->rrset->ttl_s, result->rrset_ttl_s)
				  : negative_ttl_s(step, result);
	struct records *ds = NULL;
	struct ds_choice choice = {.ede = result->ede};

	if (step->kind == STEP_ANSWER) {
		ds = records_new(step->rrset->rdatas, step->rrset->count, TYPE_DS);
		if (ds == NULL)
			return;
		ds_choose(ds, NULL, &choice);
	}
	if (!records_same(zone->ds, ds) || zone->cut != result->cut)
		zone->in_vain = 0;
	// What was validated by this very DS while it was past its TTL rests on a proof again.
	if (!result->outdated && zone->keys != NULL && records_same(zone->ds, ds))
		zone->keys->outdated = false;
	records_unref(zone->ds);
	zone->ds = ds;
	zone->cut = result->cut;
	zone->cut_tolerated = result->tolerated;
	zone->cut_outdated = result->outdated;
	zone->cut_learned_ms = now_ms;
	zone->cut_ended_ms = 0;
	zone->ds_fetched_ms = step->fetched_ms;
	zone->cut_ede = result->cut == CUT_INSECURE ? choice.ede : EDE_NONE;
	zone->cut_term = term_of(ttl_s,
				 result->outdated    ? TRUST_PROLONG_S
				 : result->tolerated ? TOLERATED_MAX_S
				 : positive          ? TTL_MAX_S
						     : NEGATIVE_MAX_S,
				 result->signature_expires_s, now_ms);
	proof_take(zone, trust->zones, step, result, ++trust->order, now_ms, now_s);
}

static void learn_keys(struct trust *trust, struct zone *zone, const struct step *step,
		       const struct validation_result *result, uint64_t now_ms)
{
	struct records *keys = records_new(step->rrset->rdatas, step->rrset->count, TYPE_DNSKEY);

	if (keys == NULL)
		return;
	keys->tolerated = result->tolerated;
	keys->outdated = result->outdated;
	keys->ceiling_ms = result->ceiling_ms;
	if (!records_same(zone->keys, keys))
		zone->in_vain = 0;
	if (proof_revokes(zone->keys, keys))
		zone->revoked_at = ++trust->order;
	records_unref(zone->keys);
	zone->keys = keys;
	zone->keys_fetched_ms = step->fetched_ms;
	zone->keys_term = term_of(lesser(step->rrset->ttl_s, result->rrset_ttl_s),
				  result->outdated    ? TRUST_PROLONG_S
				  : result->tolerated ? TOLERATED_MAX_S
						      : TTL_MAX_S,
				  result->signature_expires_s, now_ms);
}

void trust_learn(struct trust *trust, const struct step *step,
		 const struct validation_result *result, uint64_t now_ms, int64_t now_s)
{
	bool secure = result->verdict == VERDICT_SECURE || result->tolerated ||
		      (result->outdated && result->verdict == VERDICT_INSECURE && result->signer);
	// INSECURE for a reason further up teaches nothing of this name.
	bool ds = step->type == TYPE_DS && result->cut != CUT_UNKNOWN &&
		  (secure || result->verdict == VERDICT_INSECURE);
	bool keys = step->type == TYPE_DNSKEY && step->kind == STEP_ANSWER && secure;

	if ((!ds && !keys) || result->verdict == VERDICT_BOGUS ||
	    result->signature_expires_s < now_s)
		return;
	struct zone *zone = zones_get(trust->zones, step->name);
	if (zone == NULL)
		return;
	if (zone->refreshing == step->type)
		zone->refreshing = 0;
	if (ds)
		learn_ds(trust, zone, step, result, now_ms, now_s);
	else
		learn_keys(trust, zone, step, result, now_ms);
	zones_weigh(trust->zones, zone);
}

void trust_contradict(struct trust *trust, const uint8_t *name)
{
	struct zone *zone = zones_find(trust->zones, name);

	if (zone == NULL || (zone->cut != CUT_SECURE && zone->cut != CUT_INSECURE))
		return;
	records_unref(zone->ds);
	zone->ds = NULL;
	zone->cut = CUT_UNKNOWN;
	zone->proof = (struct cut_proof){0};
	zones_weigh(trust->zones, zone);
}

void trust_reopen(struct trust *trust, const uint8_t *name, const uint8_t *above)
{
	for (const uint8_t *at = name; !name_equal(at, above); at = name_skip(at, 1)) {
		struct zone *zone = zones_find(trust->zones, at);
		bool denies = zone != NULL && (zone->cut == CUT_NOTHING_BELOW ||
					       (zone->cut == CUT_NONE && at == name));
		if (denies)
			zone->cut = CUT_UNKNOWN;
	}
}

void trust_forget(struct trust *trust, const uint8_t *name)
{
	zones_forget(trust->zones, name);
}

bool trust_run(struct trust *trust)
{
	return zones_run(trust->zones);
}

// ---- what the validation asks ----

static bool excepted(const struct zone *zone, const struct moment *moment)
{
	return moment->now_ms < zone->insecure_until_ms && !(zone->nta && moment->past_nta);
}

void trust_standing(const struct trust *trust, const uint8_t *name, const struct moment *moment,
		    struct standing *out)
{
	struct zone *zone = zones_find(trust->zones, name);

	*out = (struct standing){
		.zone = zone, .ede = EDE_NONE, .expires_s = VALIDATION_NEVER_EXPIRES};
	if (zone == NULL)
		return;
	if (excepted(zone, moment)) {
		out->cut = CUT_INSECURE;
		if (!zone->nta)
			return;
		// Nothing that rests on it may outlive it, also where nobody is there to flush it.
		uint64_t left_ms = zone->insecure_until_ms - moment->now_ms;
		out->nta = true;
		out->ede = EDE_NEGATIVE_TRUST_ANCHOR;
		out->expires_s = moment->now_s + (int64_t)(left_ms / 1000);
	} else if (zone->anchors != NULL) {
		out->cut = CUT_SECURE;
		out->anchored = true;
	} else if (zone->cut != CUT_UNKNOWN &&
		   term_holds(&zone->cut_term, moment->now_ms, moment->now_s)) {
		out->cut = zone->cut;
		out->ede = zone->cut_ede;
		out->expires_s = zone->cut_term.expires_s;
		out->tolerated = zone->cut_tolerated;
		out->outdated = zone->cut_outdated;
		out->prolonged = zone->cut_ended_ms != 0;
		out->ceiling_ms = zone->proof.ceiling_ms;
	}
}

bool trust_exception(const struct trust *trust, const uint8_t *name, const struct moment *moment,
		     const uint8_t **at, struct standing *out)
{
	if (trust->exception_count == 0)
		return false;
	for (size_t labels = name_labels(name) + 1; labels-- > 0;) {
		const uint8_t *above = name_ancestor(name, labels);
		const struct zone *zone = zones_find(trust->zones, above);
		if (zone == NULL)
			continue;
		if (excepted(zone, moment)) {
			*at = above;
			trust_standing(trust, above, moment, out);
			return true;
		}
		if (zone->anchors != NULL)
			return false;
	}
	return false;
}

const uint8_t *trust_denies(const struct trust *trust, const uint8_t *name, uint64_t now_ms,
			    int64_t now_s)
{
	const struct moment moment = {.now_ms = now_ms, .now_s = now_s};

	for (const uint8_t *at = name; !name_is_root(at); at = name_skip(at, 1)) {
		struct standing standing;
		trust_standing(trust, at, &moment, &standing);
		if (standing.cut == CUT_NOTHING_BELOW)
			return at;
		if (standing.cut == CUT_SECURE || standing.cut == CUT_INSECURE)
			return NULL;
	}
	return NULL;
}

bool trust_cut_since(const struct trust *trust, const uint8_t *name, const uint8_t *above,
		     uint64_t since_ms)
{
	for (size_t labels = name_labels(name); labels > name_labels(above); labels--) {
		const struct zone *zone = zones_find(trust->zones, name);
		if (zone != NULL && (zone->cut == CUT_SECURE || zone->cut == CUT_INSECURE) &&
		    zone->cut_learned_ms > since_ms)
			return true;
		name = name_skip(name, 1);
	}
	return false;
}

struct records *trust_keys(struct trust *trust, const uint8_t *name, const struct moment *moment)
{
	struct zone *zone = zones_find(trust->zones, name);

	if (zone == NULL || zone->keys == NULL ||
	    !term_holds(&zone->keys_term, moment->now_ms, moment->now_s))
		return NULL;
	return records_ref(zone->keys);
}

struct records *trust_ds(struct trust *trust, const uint8_t *name, const struct moment *moment)
{
	struct zone *zone = zones_find(trust->zones, name);

	if (zone == NULL || zone->ds == NULL ||
	    !term_holds(&zone->cut_term, moment->now_ms, moment->now_s))
		return NULL;
	return records_ref(zone->ds);
}

const struct anchor *trust_anchors(const struct trust *trust, const uint8_t *name)
{
	const struct zone *zone = zones_find(trust->zones, name);

	return zone != NULL ? zone->anchors : NULL;
}

bool trust_keys_since(const struct trust *trust, const uint8_t *name, uint64_t since_ms)
{
	const struct zone *zone = zones_find(trust->zones, name);

	return zone != NULL && zone->keys_fetched_ms != 0 && zone->keys_fetched_ms >= since_ms;
}

bool trust_may_refresh(struct trust *trust, const uint8_t *name, uint16_t type, uint64_t began_ms,
		       uint64_t now_ms, uint64_t *next_ms)
{
	struct zone *zone = zones_get(trust->zones, name);

	if (zone == NULL)
		return false;
	// Where keys of the zone have been good, they are rolling, and the parent may be about to
	// say so: that is worth the wait.
	if (type == TYPE_DS && zone->ds_fetched_ms != 0 && zone->ds_fetched_ms >= began_ms &&
	    zone->keys == NULL)
		return false;
	if (zone->refreshed_ms != 0 && now_ms - zone->refreshed_ms < REFRESH_MS) {
		if (zone->refreshing == type)
			return true;
		if (zone->in_vain < REFRESH_VAIN_MAX)
			*next_ms = zone->refreshed_ms + REFRESH_MS;
		return false;
	}
	if (now_ms - zone->refreshed_ms > REFRESH_VAIN_MS)
		zone->in_vain = 0;
	zone->in_vain += zone->in_vain < UINT8_MAX;
	zone->refreshed_ms = now_ms != 0 ? now_ms : 1;
	zone->refreshing = type;
	return true;
}

bool trust_nsec3_hash(struct trust *trust, struct budget *budget, const uint8_t *name,
		      const struct rdata_nsec3 *params, uint8_t out[NSEC3_HASH_LEN])
{
	if (hashes_find(trust->hashes, name, params, out))
		return true;
	if ((budget != NULL && !budget_charge(budget, BUDGET_nsec3_hashes, 1)) ||
	    !digester_nsec3(trust->digester, name, params->salt, params->salt_len,
			    params->iterations, out))
		return false;
	hashes_add(trust->hashes, name, params, out);
	return true;
}

enum zone_trust trust_zone_state(const struct trust *trust, const uint8_t *name, uint64_t now_ms,
				 int64_t now_s)
{
	const struct moment moment = {.now_ms = now_ms, .now_s = now_s};
	size_t labels = name_labels(name);
	struct standing exception;
	const uint8_t *at;

	if (trust_exception(trust, name, &moment, &at, &exception))
		return ZONE_INSECURE;

	for (size_t up = 0; up <= labels; up++) {
		struct standing standing;
		trust_standing(trust, name_skip(name, up), &moment, &standing);
		if (standing.cut == CUT_SECURE)
			return ZONE_SECURE;
		if (standing.cut == CUT_INSECURE)
			return ZONE_INSECURE;
	}
	// Below no anchor nothing can become secure.
	return ZONE_INSECURE;
}

const struct trust_config *trust_configuration(const struct trust *trust)
{
	return &trust->config;
}

void trust_drill_clock(struct trust *trust, int64_t skew_s, uint64_t until_ms)
{
	trust->drill_skew_s = skew_s;
	trust->drill_until_ms = until_ms;
}

int64_t trust_drill_skew_s(const struct trust *trust, uint64_t now_ms)
{
	return now_ms < trust->drill_until_ms ? trust->drill_skew_s : 0;
}

const struct zones *trust_zones(const struct trust *trust, size_t *exceptions)
{
	*exceptions = trust->exception_count;
	return trust->zones;
}

struct batch *trust_batch(struct trust *trust)
{
	return trust->batch;
}

struct digester *trust_digester(struct trust *trust)
{
	return trust->digester;
}
