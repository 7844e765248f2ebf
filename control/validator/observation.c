#include "control/validator/observation.h"

#include "control/validator/time.h"
#include "crypto/algorithm.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SAME_TAG_MAX  2 // ATTACKS C1
#define ZONE_PROTOCOL 3

static void verified(void *arg, bool good)
{
	*(bool *)arg = good;
}

static bool verifies(struct batch *batch, const struct rrset *rrset, const struct rdata *rrsig,
		     const struct observed_key *key)
{
	bool good = false;
	const struct batch_request request = {
		.dnskey = key->rdata,
		.dnskey_len = key->len,
		.rrset = rrset,
		.rrsig = *rrsig,
		.done = verified,
		.arg = &good,
	};
	struct batch_ticket *ticket;

	switch (batch_submit(batch, &request, &ticket)) {
	case BATCH_GOOD:
		return true;
	case BATCH_QUEUED:
		while (batch_run(batch, 1, NULL, NULL, 0) > 0)
			;
		return good;
	default:
		return false;
	}
}

// RFC 4035 §5.3.1, for a DNSKEY RRset.
static bool may_count(const struct observation *o, uint32_t skew_s, const struct rdata *rdata,
		      struct rdata_rrsig *rrsig, int64_t *expires_s)
{
	const struct rrset *rrset = o->rrset;

	return rdata_rrsig(rdata->data, rdata->len, rrsig) && rrsig->covered == TYPE_DNSKEY &&
	       name_equal(rrsig->signer, rrset->owner) &&
	       rrsig->labels == name_labels(rrset->owner) &&
	       algorithm_supported(rrsig->algorithm) &&
	       signature_time(rrsig, o->at_s, skew_s, 0, expires_s) == TIME_VALID;
}

// Revoked keys as well: RFC 5011 §2.1 has them sign their own revocation.
static bool may_sign(const struct observed_key *key, const struct rdata_rrsig *rrsig)
{
	return key->zone_key && key->algorithm == rrsig->algorithm &&
	       rdata_dnskey_tag(key->rdata, key->len) == rrsig->key_tag;
}

static void take_signature(struct observation *o, const struct rdata_rrsig *rrsig,
			   int64_t expires_s)
{
	if (rrsig->original_ttl < o->original_ttl_s)
		o->original_ttl_s = rrsig->original_ttl;
	if (expires_s < o->expires_s)
		o->expires_s = expires_s;
}

static void verify(struct observation *o, struct batch *batch, uint32_t skew_s)
{
	struct rrset *rrset = o->rrset;
	uint16_t good = 0;

	for (size_t s = 0; s < rrset->rrsig_count && s < RRSET_RRSIGS_MAX; s++) {
		struct rdata_rrsig rrsig;
		int64_t expires_s;
		unsigned tried = 0;
		if (!may_count(o, skew_s, &rrset->rrsigs[s], &rrsig, &expires_s))
			continue;
		for (size_t k = 0; k < o->count && tried < SAME_TAG_MAX; k++) {
			if (!may_sign(&o->keys[k], &rrsig))
				continue;
			tried++;
			if (!verifies(batch, rrset, &rrset->rrsigs[s], &o->keys[k]))
				continue;
			o->keys[k].signer = true;
			take_signature(o, &rrsig, expires_s);
			rrset->rrsigs[good++] = rrset->rrsigs[s];
			break;
		}
	}
	// The others would only be carried along, into the state file as well.
	rrset->rrsig_count = good;
}

static bool takes(const struct rrset *rrset)
{
	if (rrset->type != TYPE_DNSKEY || rrset->count > OBSERVATION_KEYS_MAX)
		return false;
	for (size_t i = 0; i < rrset->count; i++) {
		struct rdata_dnskey key;
		if (rrset->rdatas[i].len > OBSERVATION_KEY_BYTES_MAX ||
		    !rdata_dnskey(rrset->rdatas[i].data, rrset->rdatas[i].len, &key))
			return false;
	}
	return true;
}

static void describe_keys(struct observation *o)
{
	uint8_t plain[OBSERVATION_KEY_BYTES_MAX];

	for (size_t i = 0; i < o->count; i++) {
		const struct rdata *rdata = &o->rrset->rdatas[i];
		struct rdata_dnskey dnskey;
		if (!rdata_dnskey(rdata->data, rdata->len, &dnskey))
			continue; // takes() has looked
		memcpy(plain, rdata->data, rdata->len);
		plain[1] &= (uint8_t)~DNSKEY_REVOKE;
		o->keys[i] = (struct observed_key){
			.rdata = rdata->data,
			.len = rdata->len,
			.tag = rdata_dnskey_tag(plain, rdata->len),
			.algorithm = dnskey.algorithm,
			.zone_key = dnskey.flags & DNSKEY_ZONE &&
				    dnskey.protocol == ZONE_PROTOCOL &&
				    algorithm_supported(dnskey.algorithm),
			.sep = dnskey.flags & DNSKEY_SEP,
			.revoked = dnskey.flags & DNSKEY_REVOKE,
		};
	}
}

struct observation *observation_new(const struct rrset *rrset, struct batch *batch,
				    uint32_t inception_skew_s, int64_t at_s, uint64_t at_ms)
{
	struct observation *o = NULL;

	if (!takes(rrset)) {
		errno = EINVAL;
		return NULL;
	}
	o = calloc(1, sizeof(*o) + rrset->count * sizeof(o->keys[0]));
	if (o == NULL)
		return NULL;
	o->at_s = at_s;
	o->at_ms = at_ms;
	o->original_ttl_s = UINT32_MAX;
	o->expires_s = INT64_MAX;
	o->count = rrset->count;
	o->rrset = rrset_clone(rrset);
	if (o->rrset == NULL) {
		free(o);
		errno = ENOMEM;
		return NULL;
	}
	describe_keys(o);
	verify(o, batch, inception_skew_s);
	return o;
}

void observation_free(struct observation *o)
{
	if (o == NULL)
		return;
	rrset_free(o->rrset);
	free(o);
}
