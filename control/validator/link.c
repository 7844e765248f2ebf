// What is known of each name on the way down from an anchor, in the words of operators.
#include "control/validator/trust_lookup.h"
#include "control/validator/zone.h"
#include "dataplane/dns/edns.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

static size_t list_records(const struct records *records, uint16_t type, struct link_key *out)
{
	size_t count = 0;

	for (size_t i = 0; records != NULL && i < records->count && count < TRUST_LINK_KEYS_MAX;
	     i++) {
		const struct rdata *rdata = &records->items[i].rdata;
		struct link_key *key = &out[count];
		struct rdata_dnskey dnskey;
		struct rdata_ds ds;

		*key = (struct link_key){.tag = records->items[i].tag};
		if (type == TYPE_DS && rdata_ds(rdata->data, rdata->len, &ds)) {
			key->algorithm = ds.algorithm;
			key->digest = ds.digest_type;
			count++;
		} else if (type == TYPE_DNSKEY && rdata_dnskey(rdata->data, rdata->len, &dnskey)) {
			key->algorithm = dnskey.algorithm;
			key->flags = dnskey.flags;
			count++;
		}
	}
	return count;
}

static size_t list_anchors(const struct anchor *anchor, struct link_key *out)
{
	size_t count = 0;

	for (; anchor != NULL && count < TRUST_LINK_KEYS_MAX; anchor = anchor->next) {
		struct rdata_dnskey dnskey;
		struct rdata_ds ds;

		out[count] = (struct link_key){.tag = anchor->tag};
		if (anchor->type == TYPE_DS && rdata_ds(anchor->rdata, anchor->len, &ds)) {
			out[count].algorithm = ds.algorithm;
			out[count++].digest = ds.digest_type;
		} else if (anchor->type == TYPE_DNSKEY &&
			   rdata_dnskey(anchor->rdata, anchor->len, &dnskey)) {
			out[count].algorithm = dnskey.algorithm;
			out[count++].flags = dnskey.flags;
		}
	}
	return count;
}

static enum trust_word word_of(const struct zone *zone, uint64_t now_ms)
{
	if (now_ms < zone->insecure_until_ms)
		return zone->nta ? TRUST_NTA : TRUST_EXCEPTION;
	if (zone->anchors != NULL)
		return TRUST_ANCHORED;
	switch (zone->cut) {
	case CUT_SECURE:
		return TRUST_SECURE;
	case CUT_INSECURE:
		return TRUST_INSECURE;
	case CUT_NONE:
	case CUT_NOTHING_BELOW:
		return TRUST_NO_CUT;
	default:
		return TRUST_UNKNOWN;
	}
}

void trust_link(const struct trust *trust, const uint8_t *name, uint64_t now_ms, int64_t now_s,
		struct trust_link *out)
{
	size_t exceptions;
	const struct zone *zone = zones_find(trust_zones(trust, &exceptions), name);

	*out = (struct trust_link){.ede = EDE_NONE};
	if (zone == NULL)
		return;
	out->word = word_of(zone, now_ms);
	if (out->word == TRUST_NTA)
		out->left_ms = zone->insecure_until_ms - now_ms;
	if (out->word == TRUST_INSECURE)
		out->ede = zone->cut_ede;
	out->past = (out->word == TRUST_SECURE || out->word == TRUST_INSECURE ||
		     out->word == TRUST_NO_CUT) &&
		    !term_holds(&zone->cut_term, now_ms, now_s);
	out->ds_count = zone->anchors != NULL ? list_anchors(zone->anchors, out->ds)
					      : list_records(zone->ds, TYPE_DS, out->ds);
	out->key_count = list_records(zone->keys, TYPE_DNSKEY, out->keys);
}

struct exceptions {
	uint64_t now_ms;
	void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg);
	void *arg;
};

static void look_for_exception(const struct zone *zone, void *arg)
{
	const struct exceptions *exceptions = arg;

	if (exceptions->now_ms < zone->insecure_until_ms)
		exceptions->visit(zone->name, zone->nta,
				  zone->insecure_until_ms - exceptions->now_ms, exceptions->arg);
}

void trust_exceptions(const struct trust *trust, uint64_t now_ms,
		      void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg),
		      void *arg)
{
	struct exceptions exceptions = {.now_ms = now_ms, .visit = visit, .arg = arg};
	size_t count;
	const struct zones *zones = trust_zones(trust, &count);

	zones_each_excepted(zones, look_for_exception, &exceptions);
}
