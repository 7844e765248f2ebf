// What a secure answer says beyond its own name goes to the denial chains (RFC 8198).
#include "control/publish/inside.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>

static uint32_t least(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

// True: all that count are kept. The signatures' end bounds what is answered with them.
static bool put_proofs(struct publisher *publisher, const struct step *step,
		       const struct validation_result *result,
		       const struct publication *publication)
{
	bool all = true;

	for (size_t i = 0; i < step->proof_count && i < STEP_PROOFS_MAX; i++) {
		const struct rrset *proof = step->proofs[i];
		if ((result->proofs_used & 1u << i) == 0)
			continue;
		// RFC 2181 §8: a TTL with its top bit set is 0.
		uint32_t ttl_s = proof->ttl_s > INT32_MAX
					 ? 0
					 : least(proof->ttl_s, result->proof_ttl_s[i],
						 publisher->config.negative_ttl_max_s);
		enum denial_put put =
			cache_denial_put(publisher->cache, result->signer, proof, ttl_s,
					 result->signature_expires_s, publication->now_ms);
		all = all && put == DENIAL_KEPT;
		publisher->counters.denial_kept += put == DENIAL_KEPT;
		publisher->counters.denial_unfit +=
			put == DENIAL_GENERATED || put == DENIAL_SPANS || put == DENIAL_UNFIT;
	}
	return all;
}

// RFC 4035 §5.3.4: an expanded RRset is that of the wildcard next to the ancestor with so many
// labels as its RRSIGs say. One of them was verified: only if all agree is it known which.
static bool wildcard_of(const struct step *step, const uint8_t *signer, uint8_t out[NAME_MAX_LEN])
{
	const struct rrset *rrset = step->rrset;
	size_t labels = name_labels(rrset->owner), said = labels;

	for (size_t i = 0; i < rrset->rrsig_count; i++) {
		struct rdata_rrsig rrsig;
		if (!rdata_rrsig(rrset->rrsigs[i].data, rrset->rrsigs[i].len, &rrsig) ||
		    !name_equal(rrsig.signer, signer))
			continue;
		if (said != labels && said != rrsig.labels)
			return false;
		said = rrsig.labels;
	}
	if (said >= labels || said < name_labels(signer))
		return false;
	return name_wildcard_of(name_ancestor(rrset->owner, said), out) > 0;
}

// The wildcard's own RRset answers for other names, once a record shows that they do not exist.
static void put_wildcard(struct publisher *publisher, const struct step *step,
			 const struct validation_result *result, const uint8_t *name,
			 uint32_t ttl_s, const struct publication *publication)
{
	const struct rrset *rrset = step->rrset;

	if (ttl_s == 0)
		return;
	size_t count = (size_t)rrset->count + rrset->rrsig_count;
	struct record *records = calloc(count, sizeof(*records));
	if (records == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		bool rrsig = i >= rrset->count;
		const struct rdata *rdata =
			rrsig ? &rrset->rrsigs[i - rrset->count] : &rrset->rdatas[i];
		records[i] = (struct record){.owner = name,
					     .rdata = rdata->data,
					     .ttl_s = ttl_s,
					     .type = rrsig ? TYPE_RRSIG : rrset->type,
					     .class_ = CLASS_IN,
					     .rdlen = rdata->len};
	}
	const struct entry_spec spec = {
		.name = name,
		.type = rrset->type,
		.kind = step->kind == STEP_CNAME ? ENTRY_CNAME : ENTRY_POSITIVE,
		.security = SECURITY_SECURE,
		.provenance = publication->provenance,
		.ede = EDE_NONE,
		.now_ms = publication->now_ms,
		.asked_ms = publication->asked_ms,
		.ttl_s = ttl_s,
		.signature_expires_s = result->signature_expires_s,
		.data = records,
		.data_count = rrset->count,
		.rrsigs = records + rrset->count,
		.rrsig_count = rrset->rrsig_count,
	};
	const struct entry *entry;
	if (cache_publish(publisher->cache, &spec, &entry) != PUBLISH_FAILED)
		cache_unpin(publisher->cache, entry);
	free(records);
}

// The owner whose data the link has, or the wildcard that they are expanded from. NULL: not known.
static const uint8_t *source_of(const struct step *step, const struct validation_result *result,
				uint8_t wildcard[NAME_MAX_LEN])
{
	if (!result->wildcard)
		return step->rrset->owner;
	return result->signer != NULL && wildcard_of(step, result->signer, wildcard) ? wildcard
										     : NULL;
}

static uint64_t *shown_ms(struct publisher *publisher, const uint8_t *zone)
{
	uint8_t lower[NAME_MAX_LEN];
	size_t len = name_len(zone);

	name_lower(lower, zone, len);
	return &publisher->shown_ms[cache_hash(publisher->cache, lower, len) % SHOWN_SLOTS];
}

// Data of the zone have been given that were asked for later. What such a late denial covers may
// have been among them, by value too, and cannot be looked up: it speaks for its own name alone.
static bool is_overtaken(struct publisher *publisher, const struct validation_result *result,
			 const struct publication *publication)
{
	return publication->asked_ms != 0 && result->signer != NULL &&
	       publication->asked_ms < *shown_ms(publisher, result->signer);
}

// An apex is always there; the keys and the DS by which a denial is judged are always asked for
// later than it was.
static bool may_be_new(const struct step *step, const struct validation_result *result)
{
	return step->type != TYPE_DS && result->signer != NULL &&
	       !name_equal(step->name, result->signer);
}

static void note_shown(struct publisher *publisher, const struct validation_result *result,
		       const struct publication *publication)
{
	uint64_t *shown = shown_ms(publisher, result->signer);
	uint64_t asked_ms =
		publication->asked_ms != 0 ? publication->asked_ms : publication->now_ms;
	if (asked_ms > *shown)
		*shown = asked_ms;
}

bool publish_denial(struct publisher *publisher, const struct step *step,
		    const struct validation_result *result, uint32_t ttl_s,
		    const struct publication *publication)
{
	// What was asked before a flush teaches nothing of others.
	if (publication->asked_ms != 0 &&
	    cache_flushed_since(publisher->cache, step->name, publication->asked_ms))
		return false;
	bool negative = step->kind == STEP_NODATA || step->kind == STEP_NXDOMAIN;
	uint8_t wildcard[NAME_MAX_LEN];
	const uint8_t *source = negative ? NULL : source_of(step, result, wildcard);

	if (!negative && may_be_new(step, result))
		note_shown(publisher, result, publication);
	if (source != NULL)
		cache_denial_refute(publisher->cache, source, step->rrset->type, result->signer,
				    publication->hash, publication->hash_arg);
	if (!negative && !result->wildcard)
		return false;
	if (!publication->denial || result->signer == NULL || result->opt_out || result->nxname ||
	    result->tolerated || is_overtaken(publisher, result, publication))
		return false;
	bool soa = negative && step->soa != NULL && name_equal(step->soa->owner, result->signer) &&
		   cache_denial_soa(publisher->cache, step->soa, ttl_s, result->signature_expires_s,
				    publication->now_ms);
	bool all = put_proofs(publisher, step, result, publication);
	if (source != NULL && step->kind != STEP_DNAME)
		put_wildcard(publisher, step, result, source, ttl_s, publication);
	return soa && all;
}
