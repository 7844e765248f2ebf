#include "control/validator/ds.h"

#include "crypto/algorithm.h"
#include "dataplane/dns/types.h"

#include <stdbool.h>

#define DIGEST_SHA1 1

// A set of key tags: of many records each is looked at once.
struct tags {
	uint64_t words[65536 / 64];
};

static void tags_add(struct tags *tags, uint16_t tag)
{
	tags->words[tag / 64] |= UINT64_C(1) << tag % 64;
}

static bool tags_hold(const struct tags *tags, uint16_t tag)
{
	return tags->words[tag / 64] >> tag % 64 & 1;
}

// RFC 4035 §5.2, RFC 6840 §5.2: a DS that names what we cannot do counts as not there.
static bool usable(const struct rdata_ds *ds, int *ede)
{
	if (!algorithm_supported(ds->algorithm)) {
		*ede = EDE_UNSUPPORTED_DNSKEY_ALGORITHM;
		return false;
	}
	if (!algorithm_ds_digest_supported(ds->digest_type)) {
		*ede = EDE_UNSUPPORTED_DS_DIGEST;
		return false;
	}
	return true;
}

static bool better_than_sha1(const struct records *records, int *ede)
{
	struct rdata_ds ds;
	bool found = false;

	for (size_t i = 0; i < records->count; i++) {
		const struct rdata *rdata = &records->items[i].rdata;
		if (rdata_ds(rdata->data, rdata->len, &ds) && usable(&ds, ede) &&
		    ds.digest_type != DIGEST_SHA1)
			found = true;
	}
	return found;
}

// Those that name a tag of the set or, the other way round, none.
static void choose(const struct records *records, bool no_sha1, const struct tags *tags, bool named,
		   struct ds_choice *out)
{
	struct rdata_ds ds;
	int ede;

	for (size_t i = 0; i < records->count && out->count < DS_MAX; i++) {
		const struct rdata *rdata = &records->items[i].rdata;
		if (!rdata_ds(rdata->data, rdata->len, &ds) || !usable(&ds, &ede))
			continue;
		// RFC 4509 §3: SHA-1 is ignored beside a better digest.
		if (ds.digest_type == DIGEST_SHA1 && no_sha1)
			continue;
		if (tags_hold(tags, ds.key_tag) == named)
			out->ds[out->count++] = ds;
	}
}

void ds_choose(const struct records *records, const struct records *keys, struct ds_choice *out)
{
	struct tags tags = {0};
	int ede = EDE_NONE;

	bool no_sha1 = better_than_sha1(records, &ede);
	*out = (struct ds_choice){.ede = ede};
	for (size_t i = 0; keys != NULL && i < keys->count; i++)
		tags_add(&tags, keys->items[i].tag);
	choose(records, no_sha1, &tags, true, out);
	choose(records, no_sha1, &tags, false, out);
}
