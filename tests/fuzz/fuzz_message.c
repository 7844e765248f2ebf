// message_parse(), the RRsets it makes, their canonical form and fields, and that building
// them anew gives the same RRsets.
#include "dataplane/dns/builder.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/fuzz/check.h"

#include <string.h>

static void check_bitmap(const uint8_t *bitmap, size_t len)
{
	for (unsigned type = 0; type <= UINT16_MAX; type += 97)
		(void)rdata_bitmap_has(bitmap, len, (uint16_t)type);
}

// What passed rdata_parse() is long enough for its fields.
static void check_fields(uint16_t type, const struct rdata *r)
{
	union {
		struct rdata_rrsig rrsig;
		struct rdata_dnskey dnskey;
		struct rdata_ds ds;
		struct rdata_nsec nsec;
		struct rdata_nsec3 nsec3;
		struct rdata_soa soa;
	} u;

	switch (type) {
	case TYPE_RRSIG:
		CHECK(rdata_rrsig(r->data, r->len, &u.rrsig));
		CHECK(u.rrsig.fixed_len + u.rrsig.signature_len == r->len);
		break;
	case TYPE_DNSKEY:
		CHECK(rdata_dnskey(r->data, r->len, &u.dnskey));
		(void)rdata_dnskey_tag(r->data, r->len);
		break;
	case TYPE_DS:
		CHECK(rdata_ds(r->data, r->len, &u.ds));
		break;
	case TYPE_NSEC:
		CHECK(rdata_nsec(r->data, r->len, &u.nsec));
		check_bitmap(u.nsec.bitmap, u.nsec.bitmap_len);
		break;
	case TYPE_NSEC3:
		CHECK(rdata_nsec3(r->data, r->len, &u.nsec3));
		CHECK(u.nsec3.next_len > 0);
		check_bitmap(u.nsec3.bitmap, u.nsec3.bitmap_len);
		break;
	case TYPE_SOA:
		CHECK(rdata_soa(r->data, r->len, &u.soa));
		break;
	}
}

static void check_canonical(const struct rrset *rrset)
{
	size_t bytes = rrset_rdata_bytes(rrset);
	uint8_t *scratch = malloc(bytes + 1);
	struct rdata *sorted = calloc(rrset->count, sizeof(*sorted));

	CHECK(scratch != NULL && sorted != NULL);
	size_t count = rrset_canonical(rrset, scratch, sorted);
	CHECK(count >= 1 && count <= rrset->count);
	for (size_t i = 1; i < count; i++)
		CHECK(rdata_compare(sorted[i - 1].data, sorted[i - 1].len, sorted[i].data,
				    sorted[i].len) < 0);
	free(sorted);
	free(scratch);
}

static void check_rrset(const struct rrset *rrset)
{
	CHECK(name_check(rrset->owner, NAME_MAX_LEN) == (int)name_len(rrset->owner));
	CHECK(rrset->count >= 1 && rrset->count <= RRSET_RECORDS_MAX);
	CHECK(rrset->rrsig_count <= RRSET_RRSIGS_MAX);
	CHECK(rrset->class_ == CLASS_IN && !type_is_meta(rrset->type));
	for (size_t i = 0; i < rrset->count; i++)
		check_fields(rrset->type, &rrset->rdatas[i]);
	for (size_t i = 0; i < rrset->rrsig_count; i++)
		check_fields(TYPE_RRSIG, &rrset->rrsigs[i]);
	check_canonical(rrset);
	struct rrset *copy = rrset_clone(rrset);
	CHECK(copy != NULL && rrset_bytes(copy) == rrset_bytes(rrset));
	rrset_free(copy);
}

static void check_same(const struct rrset *a, const struct rrset *b)
{
	CHECK(name_equal(a->owner, b->owner) && a->type == b->type);
	CHECK(a->count == b->count && a->rrsig_count == b->rrsig_count);
	CHECK(a->ttl_s == b->ttl_s && a->rrsig_ttl_s == b->rrsig_ttl_s);
	for (size_t i = 0; i < a->count; i++)
		CHECK(a->rdatas[i].len == b->rdatas[i].len &&
		      memcmp(a->rdatas[i].data, b->rdatas[i].data, a->rdatas[i].len) == 0);
}

static void check_built_anew(const struct message *m)
{
	static uint8_t buf[65535];
	struct builder b;
	struct message *again;

	builder_start(&b, buf, sizeof(buf), m->id, m->flags);
	if (m->has_question)
		builder_question(&b, m->qname, m->qtype, m->qclass);
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		for (size_t i = 0; i < m->sections[s].count; i++)
			builder_rrset(&b, s, m->sections[s].rrsets[i], true);
	}
	int len = builder_finish(&b);
	if (len < 0) // what was compressed in other ways may not fit
		return;
	CHECK(message_parse(buf, (size_t)len, &again) == MESSAGE_OK);
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		CHECK(again->sections[s].count == m->sections[s].count);
		for (size_t i = 0; i < m->sections[s].count; i++)
			check_same(again->sections[s].rrsets[i], m->sections[s].rrsets[i]);
	}
	message_free(again);
}

// Nothing of a lost RRset is there.
static void check_lost(const struct message *m)
{
	CHECK(m->lost_count <= MESSAGE_LOST_MAX);
	for (size_t i = 0; i < m->lost_count; i++) {
		const struct lost_rrset *lost = &m->lost[i];
		CHECK(lost->section < SECTION_COUNT);
		CHECK(name_check(lost->owner, NAME_MAX_LEN) > 0);
		CHECK(message_lost(m, lost->section, lost->owner, lost->type) != NULL);
		CHECK(lost->type == TYPE_RRSIG ||
		      message_find(m, lost->section, lost->owner, lost->type) == NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message *m;

	if (message_parse(data, size, &m) != MESSAGE_OK)
		return 0;
	CHECK(m->wire_len == size);
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		for (size_t i = 0; i < m->sections[s].count; i++) {
			const struct rrset *rrset = m->sections[s].rrsets[i];
			check_rrset(rrset);
			CHECK(message_find(m, s, rrset->owner, rrset->type) == rrset);
		}
	}
	check_lost(m);
	check_built_anew(m);
	message_free(m);
	return 0;
}
