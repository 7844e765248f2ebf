#include "crypto/signed_data.h"

#include "dataplane/dns/header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RRSIG_FIXED_LEN  18
#define RECORD_FIXED_LEN 10 // type, class, TTL, RDLENGTH

void signed_data_free(struct signed_data *data)
{
	free(data->bytes);
	free(data->scratch);
	*data = (struct signed_data){0};
}

static int reserve(uint8_t **bytes, size_t *cap, size_t need)
{
	if (need <= *cap)
		return 0;
	size_t cap_new = need < 4096 ? 4096 : need;
	uint8_t *grown = realloc(*bytes, cap_new);
	if (grown == NULL)
		return -ENOMEM;
	*bytes = grown;
	*cap = cap_new;
	return 0;
}

// RFC 4035 §5.3.2. Returns the length of the name, or -EINVAL.
static int signed_owner(const uint8_t *owner, uint8_t labels, uint8_t out[NAME_MAX_LEN])
{
	size_t owner_labels = name_labels(owner);

	if (labels > owner_labels)
		return -EINVAL;
	if (labels == owner_labels) {
		size_t len = name_len(owner);
		name_lower(out, owner, len);
		return (int)len;
	}
	// Two octets more than a proper ancestor always fit.
	const uint8_t *encloser = name_ancestor(owner, labels);
	size_t len = name_len(encloser);
	out[0] = 1;
	out[1] = '*';
	name_lower(out + 2, encloser, len);
	return (int)(len + 2);
}

struct head {
	uint8_t owner[NAME_MAX_LEN];
	size_t owner_len;
	uint16_t type, class_;
	uint32_t ttl_s;
};

static uint8_t *put_head(uint8_t *p, const struct head *head, size_t rdlen)
{
	memcpy(p, head->owner, head->owner_len);
	p += head->owner_len;
	wire_put16(p, head->type);
	wire_put16(p + 2, head->class_);
	wire_put32(p + 4, head->ttl_s);
	wire_put16(p + 8, (uint16_t)rdlen);
	return p + RECORD_FIXED_LEN;
}

static uint8_t *put_one(uint8_t *p, const struct head *head, const struct rdata *rdata)
{
	p = put_head(p, head, rdata->len);
	memcpy(p, rdata->data, rdata->len);
	rdata_canonical(head->type, p, rdata->len);
	return p + rdata->len;
}

static uint8_t *put_sorted(uint8_t *p, const struct head *head, const struct rrset *rrset,
			   uint8_t *scratch)
{
	struct rdata *sorted = (struct rdata *)scratch;
	size_t count = rrset_canonical(rrset, scratch + rrset->count * sizeof(*sorted), sorted);

	for (size_t i = 0; i < count; i++) {
		p = put_head(p, head, sorted[i].len);
		memcpy(p, sorted[i].data, sorted[i].len);
		p += sorted[i].len;
	}
	return p;
}

int signed_data_build(struct signed_data *data, const struct rrset *rrset,
		      const uint8_t *rrsig_rdata, const struct rdata_rrsig *rrsig)
{
	struct head head = {
		.type = rrset->type,
		.class_ = rrset->class_,
		.ttl_s = rrsig->original_ttl,
	};
	size_t rdata_bytes = rrset_rdata_bytes(rrset);

	if (rrsig->covered != rrset->type)
		return -EINVAL;
	int owner_len = signed_owner(rrset->owner, rrsig->labels, head.owner);
	if (owner_len < 0)
		return owner_len;
	head.owner_len = (size_t)owner_len;
	size_t need =
		rrsig->fixed_len + rdata_bytes + rrset->count * (head.owner_len + RECORD_FIXED_LEN);
	int rc = reserve(&data->bytes, &data->cap, need);
	if (rc == 0 && rrset->count > 1)
		rc = reserve(&data->scratch, &data->scratch_cap,
			     rdata_bytes + rrset->count * sizeof(struct rdata));
	if (rc != 0)
		return rc;

	uint8_t *p = data->bytes;
	memcpy(p, rrsig_rdata, RRSIG_FIXED_LEN);
	// RFC 4034 §3.1.8.1: the signer's name in canonical form.
	name_lower(p + RRSIG_FIXED_LEN, rrsig->signer, rrsig->fixed_len - RRSIG_FIXED_LEN);
	p += rrsig->fixed_len;
	p = rrset->count == 1 ? put_one(p, &head, &rrset->rdatas[0])
			      : put_sorted(p, &head, rrset, data->scratch);
	data->len = (size_t)(p - data->bytes);
	return 0;
}
