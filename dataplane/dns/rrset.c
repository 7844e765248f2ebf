#include "dataplane/dns/rrset.h"

#include "dataplane/dns/rdata.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int record_order(const void *a, const void *b)
{
	const struct record *x = *(const struct record *const *)a;
	const struct record *y = *(const struct record *const *)b;
	int diff = rdata_compare(x->rdata, x->rdlen, y->rdata, y->rdlen);

	// Of duplicates the one received first comes first.
	return diff != 0 ? diff : (x > y) - (x < y);
}

// Leaves out records whose RDATA came before. `kept` gets the others, in the order
// received. Returns their count. By sorting: a large RRset costs n log n (ATTACKS C5).
static size_t drop_duplicates(const struct record *records, size_t count,
			      const struct record **kept)
{
	bool repeated[RRSET_RECORDS_MAX] = {false};
	size_t n = 0;

	if (count == 1) {
		kept[0] = records;
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		kept[i] = &records[i];
	qsort(kept, count, sizeof(kept[0]), record_order);
	for (size_t i = 1; i < count; i++) {
		if (rdata_compare(kept[i - 1]->rdata, kept[i - 1]->rdlen, kept[i]->rdata,
				  kept[i]->rdlen) == 0)
			repeated[kept[i] - records] = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!repeated[i])
			kept[n++] = &records[i];
	}
	return n;
}

static uint32_t least_ttl(const struct record *records, size_t count)
{
	uint32_t ttl_s = count > 0 ? records[0].ttl_s : 0;

	for (size_t i = 1; i < count; i++) {
		if (records[i].ttl_s < ttl_s)
			ttl_s = records[i].ttl_s;
	}
	return ttl_s;
}

static size_t sum_of_rdata(const struct record *const *records, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += records[i]->rdlen;
	return sum;
}

// Copies the RDATA to *p, which moves on, and points `to` at the copies.
static void place(struct rdata *to, const struct record *const *records, size_t count, uint8_t **p)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(*p, records[i]->rdata, records[i]->rdlen);
		to[i] = (struct rdata){.data = *p, .len = records[i]->rdlen};
		*p += records[i]->rdlen;
	}
}

static uint32_t expiration_of(const struct record *rrsig)
{
	struct rdata_rrsig fields;

	return rdata_rrsig(rrsig->rdata, rrsig->rdlen, &fields) ? fields.expiration : 0;
}

// The RRSET_RRSIGS_MAX that expire last, in the order received among equals: signers may leave old
// signatures behind, and none of these may take a good one's place.
static void latest_first(const struct record **rrsigs, size_t count)
{
	for (size_t i = 0; i < RRSET_RRSIGS_MAX; i++) {
		size_t best = i;
		for (size_t k = i + 1; k < count; k++) {
			// RFC 4034 §3.1.5: serial number arithmetic
			if ((int32_t)(expiration_of(rrsigs[k]) - expiration_of(rrsigs[best])) > 0)
				best = k;
		}
		const struct record *chosen = rrsigs[best];
		for (size_t k = best; k > i; k--)
			rrsigs[k] = rrsigs[k - 1];
		rrsigs[i] = chosen;
	}
}

static size_t block_bytes(size_t count, size_t rrsig_count, size_t bytes)
{
	return sizeof(struct rrset) + (count + rrsig_count) * sizeof(struct rdata) + bytes;
}

struct rrset *rrset_new(const struct record *records, size_t count, const struct record *rrsigs,
			size_t rrsig_count)
{
	const struct record *data[RRSET_RECORDS_MAX];
	const struct record *sigs[RRSET_RECORDS_MAX];

	if (count == 0 || count > RRSET_RECORDS_MAX) {
		errno = EMSGSIZE;
		return NULL;
	}
	if (rrsig_count > RRSET_RECORDS_MAX)
		rrsig_count = RRSET_RECORDS_MAX;
	uint32_t ttl_s = least_ttl(records, count);
	size_t owner_len = name_len(records[0].owner);
	size_t kept = drop_duplicates(records, count, data);
	size_t kept_sigs = rrsig_count > 0 ? drop_duplicates(rrsigs, rrsig_count, sigs) : 0;
	if (kept_sigs > RRSET_RRSIGS_MAX) {
		latest_first(sigs, kept_sigs);
		kept_sigs = RRSET_RRSIGS_MAX;
	}
	size_t bytes = owner_len + sum_of_rdata(data, kept) + sum_of_rdata(sigs, kept_sigs);
	if (bytes > RRSET_BYTES_MAX) {
		errno = EMSGSIZE;
		return NULL;
	}

	struct rrset *rrset = malloc(block_bytes(kept, kept_sigs, bytes));
	if (rrset == NULL)
		return NULL;
	struct rdata *slots = (struct rdata *)(rrset + 1);
	uint8_t *p = (uint8_t *)(slots + kept + kept_sigs);
	*rrset = (struct rrset){
		.owner = p,
		.type = records[0].type,
		.class_ = records[0].class_,
		.ttl_s = ttl_s,
		.rrsig_ttl_s = least_ttl(rrsigs, rrsig_count),
		.count = (uint16_t)kept,
		.rrsig_count = (uint16_t)kept_sigs,
		.rdatas = slots,
		.rrsigs = slots + kept,
	};
	memcpy(p, records[0].owner, owner_len);
	p += owner_len;
	place(rrset->rdatas, data, kept, &p);
	place(rrset->rrsigs, sigs, kept_sigs, &p);
	return rrset;
}

static size_t sum_of(const struct rdata *rdatas, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += rdatas[i].len;
	return sum;
}

size_t rrset_rdata_bytes(const struct rrset *rrset)
{
	return sum_of(rrset->rdatas, rrset->count);
}

size_t rrset_bytes(const struct rrset *rrset)
{
	return block_bytes(rrset->count, rrset->rrsig_count,
			   name_len(rrset->owner) + rrset_rdata_bytes(rrset) +
				   sum_of(rrset->rrsigs, rrset->rrsig_count));
}

// The same place in a copy of the block.
static const uint8_t *moved(const uint8_t *p, const struct rrset *from, const struct rrset *to)
{
	return (const uint8_t *)to + (p - (const uint8_t *)from);
}

struct rrset *rrset_clone(const struct rrset *rrset)
{
	size_t bytes = rrset_bytes(rrset);
	struct rrset *copy = malloc(bytes);

	if (copy == NULL)
		return NULL;
	memcpy(copy, rrset, bytes);
	struct rdata *slots = (struct rdata *)(copy + 1);
	copy->owner = moved(rrset->owner, rrset, copy);
	copy->rdatas = slots;
	copy->rrsigs = slots + copy->count;
	for (size_t i = 0; i < (size_t)copy->count + copy->rrsig_count; i++)
		slots[i].data = moved(slots[i].data, rrset, copy);
	return copy;
}

void rrset_free(struct rrset *rrset)
{
	free(rrset);
}

static int rdata_order(const void *a, const void *b)
{
	const struct rdata *x = a;
	const struct rdata *y = b;

	return rdata_compare(x->data, x->len, y->data, y->len);
}

size_t rrset_canonical(const struct rrset *rrset, uint8_t *scratch, struct rdata *sorted)
{
	size_t n = 0;

	for (size_t i = 0; i < rrset->count; i++) {
		const struct rdata *rdata = &rrset->rdatas[i];
		memcpy(scratch, rdata->data, rdata->len);
		rdata_canonical(rrset->type, scratch, rdata->len);
		sorted[i] = (struct rdata){.data = scratch, .len = rdata->len};
		scratch += rdata->len;
	}
	qsort(sorted, rrset->count, sizeof(sorted[0]), rdata_order);
	// RFC 4034 §6.3: duplicates, which folding may have made, count once.
	for (size_t i = 0; i < rrset->count; i++) {
		if (n == 0 || rdata_order(&sorted[n - 1], &sorted[i]) != 0)
			sorted[n++] = sorted[i];
	}
	return n;
}
