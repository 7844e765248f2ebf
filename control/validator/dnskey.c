// A zone's DNSKEY RRset: DS or anchor → key → its signature over all keys (RFC 4035 §5.2).
#include "control/validator/ds.h"
#include "control/validator/validation.h"
#include "crypto/digest.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

#define ZONE_PROTOCOL 3
#define VOUCHED_MAX   (DS_MAX * KEYS_SAME_TAG_MAX)

// Keys of the RRset that something we trust vouches for.
struct vouched {
	struct rdata keys[VOUCHED_MAX];
	size_t count;
	uint16_t wanted;       // key tag that the first DS or anchor names
	uint16_t not_zone_key; // tag of one that was named, but lacks the zone key bit; 0: none
	uint16_t revoked;      // the same
};

static bool may_vouch_for(struct vouched *vouched, const struct record_item *item,
			  uint8_t algorithm)
{
	const struct rdata *rdata = &item->rdata;
	struct rdata_dnskey key;

	if (!rdata_dnskey(rdata->data, rdata->len, &key) || key.algorithm != algorithm)
		return false;
	// RFC 4034 §2.1.1, §2.1.2
	if (!(key.flags & DNSKEY_ZONE) || key.protocol != ZONE_PROTOCOL)
		vouched->not_zone_key = item->tag;
	else if (key.flags & DNSKEY_REVOKE) // RFC 5011 §2.1
		vouched->revoked = item->tag;
	else
		return true;
	return false;
}

static void vouch(struct vouched *vouched, const struct rdata *rdata)
{
	for (size_t i = 0; i < vouched->count; i++) {
		if (vouched->keys[i].data == rdata->data)
			return;
	}
	if (vouched->count < VOUCHED_MAX)
		vouched->keys[vouched->count++] = *rdata;
}

// ATTACKS C3: at most two keys are hashed per DS.
static void vouch_by_ds(struct validation *v, const struct records *keys, const struct rdata_ds *ds,
			struct vouched *vouched)
{
	unsigned tried = 0;

	for (size_t i = 0; i < keys->count && tried < KEYS_SAME_TAG_MAX; i++) {
		const struct rdata *rdata = &keys->items[i].rdata;
		if (keys->items[i].tag != ds->key_tag ||
		    !may_vouch_for(vouched, &keys->items[i], ds->algorithm))
			continue;
		tried++;
		if (digester_ds_matches(trust_digester(v->trust), v->step->name, rdata->data,
					rdata->len, ds))
			vouch(vouched, rdata);
	}
}

static void vouch_by_anchors(struct validation *v, const struct records *keys,
			     const struct anchor *anchor, struct vouched *vouched)
{
	for (; anchor != NULL; anchor = anchor->next) {
		struct rdata_ds ds;
		if (anchor->type == TYPE_DS && rdata_ds(anchor->rdata, anchor->len, &ds)) {
			vouch_by_ds(v, keys, &ds, vouched);
			continue;
		}
		for (size_t i = 0; i < keys->count; i++) {
			const struct rdata *rdata = &keys->items[i].rdata;
			if (rdata->len == anchor->len &&
			    memcmp(rdata->data, anchor->rdata, anchor->len) == 0)
				vouch(vouched, rdata);
		}
	}
}

// False: no memory.
static bool find_vouched(struct validation *v, struct vouched *vouched)
{
	const struct anchor *anchors = trust_anchors(v->trust, v->step->name);
	const struct rrset *rrset = v->step->rrset;
	struct records *keys = records_new(rrset->rdatas, rrset->count, TYPE_DNSKEY);
	struct ds_choice choice;

	*vouched = (struct vouched){0};
	if (keys == NULL)
		return false;
	if (anchors != NULL) {
		vouched->wanted = anchors->tag;
		vouch_by_anchors(v, keys, anchors, vouched);
	} else {
		struct records *ds = trust_ds(v->trust, v->step->name, &v->moment);
		if (ds != NULL)
			ds_choose(ds, keys, &choice);
		if (ds != NULL && choice.count > 0)
			vouched->wanted = choice.ds[0].key_tag;
		for (size_t i = 0; ds != NULL && i < choice.count; i++)
			vouch_by_ds(v, keys, &choice.ds[i], vouched);
		records_unref(ds);
	}
	// Those found lie in `keys`; the copy that is kept is made of them.
	v->keys = records_new(vouched->keys, vouched->count, TYPE_DNSKEY);
	records_unref(keys);
	v->context.keys = v->keys;
	return v->keys != NULL;
}

static enum verdict nothing_vouched(struct validation *v, const struct vouched *vouched)
{
	bool anchored = trust_anchors(v->trust, v->step->name) != NULL;
	char cause[CAUSE_MAX];

	// The DS RRset may be older than the keys.
	if (!anchored && validation_refresh(v, v->step->name, TYPE_DS))
		return VERDICT_NEED;
	if (vouched->not_zone_key) {
		snprintf(cause, sizeof(cause), "DNSKEY %u, which the DS names, is no zone key",
			 vouched->not_zone_key);
		return validation_bogus(v, EDE_NO_ZONE_KEY_BIT, cause);
	}
	if (vouched->revoked)
		snprintf(cause, sizeof(cause), "DNSKEY %u, which the DS names, is revoked",
			 vouched->revoked);
	else
		snprintf(cause, sizeof(cause), "no DNSKEY matches the %s (key tag %u)",
			 anchored ? "trust anchor" : "DS", vouched->wanted);
	v->result.fault = (struct signature_fault){.known = true, .key_tag = vouched->wanted};
	return validation_bogus(v, EDE_DNSKEY_MISSING, cause);
}

static enum verdict not_signed_by_them(struct validation *v)
{
	struct signature *s = &v->rrset;

	if (s->state == SIGNATURE_PENDING)
		return VERDICT_WAIT;
	if (s->state == SIGNATURE_UNJUDGED)
		return validation_out_of_budget(v);
	if ((s->unknown_key || s->unverified) && trust_anchors(v->trust, v->step->name) == NULL &&
	    validation_refresh(v, v->step->name, TYPE_DS))
		return VERDICT_NEED;
	if (s->key_missing)
		return validation_bogus(v, EDE_RRSIGS_MISSING,
					"no RRSIG by a key that the DS or trust anchor names");
	v->result.fault = s->fault;
	v->result.unsupported = s->unsupported;
	return validation_bogus(v, s->ede, s->cause);
}

enum verdict dnskey_run(struct validation *v)
{
	const uint8_t *zone = v->step->name;
	struct vouched vouched;
	struct chain chain;

	if (v->step->rrset->type != TYPE_DNSKEY || !name_equal(v->step->rrset->owner, zone))
		return validation_bogus(v, EDE_DNSSEC_BOGUS,
					"the answer is for another name or type");
	v->context.signer = zone;
	chain_reach(v->trust, zone, validation_order(v, zone), &v->moment, &chain);
	switch (chain.end) {
	case CHAIN_NEED:
		return validation_need(v, chain.need, TYPE_DS);
	case CHAIN_INSECURE:
		return validation_insecure(v, &chain);
	case CHAIN_NO_CUT:
		return validation_refresh(v, zone, TYPE_DS)
			       ? VERDICT_NEED
			       : validation_bogus(v, EDE_DNSSEC_BOGUS,
						  "a DNSKEY RRset where no zone begins");
	case CHAIN_SECURE:
		break;
	}
	v->result.tolerated |= chain.standing.tolerated;
	validation_outdated(v, chain.standing.outdated, chain.standing.ceiling_ms);
	if (v->keys == NULL) {
		if (!find_vouched(v, &vouched))
			return validation_failed(v, EDE_OTHER, "out of memory");
		if (vouched.count == 0)
			return nothing_vouched(v, &vouched);
	}
	if (signature_run(&v->rrset) != SIGNATURE_GOOD)
		return not_signed_by_them(v);
	validation_use(v, &v->rrset, &v->result.rrset_ttl_s);
	return validation_secure(v);
}
