#include "control/validator/ds.h"

#include "crypto/algorithm.h"
#include "dataplane/dns/types.h"

#include <stdbool.h>

#define DIGEST_SHA1 1

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

void ds_choose(const struct records *records, struct ds_choice *out)
{
	bool better_than_sha1 = false;
	int ede = EDE_NONE;
	struct rdata_ds ds;

	for (size_t i = 0; i < records->count; i++) {
		const struct rdata *rdata = &records->items[i].rdata;
		if (rdata_ds(rdata->data, rdata->len, &ds) && usable(&ds, &ede) &&
		    ds.digest_type != DIGEST_SHA1)
			better_than_sha1 = true;
	}
	*out = (struct ds_choice){.ede = ede};
	for (size_t i = 0; i < records->count && out->count < DS_MAX; i++) {
		const struct rdata *rdata = &records->items[i].rdata;
		if (!rdata_ds(rdata->data, rdata->len, &ds) || !usable(&ds, &ede))
			continue;
		// RFC 4509 §3: SHA-1 is ignored beside a better digest.
		if (ds.digest_type == DIGEST_SHA1 && better_than_sha1)
			continue;
		out->ds[out->count++] = ds;
	}
}
