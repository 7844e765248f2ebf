#include "tests/scenario/server.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/text.h"
#include "tests/unit/control/validator/signer.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#define CHAIN_MAX 16
#define PARTS_MAX 256

// An RRset that will be in the reply.
struct part {
	const struct rrset *rrset; // or, of a synthesised CNAME:
	uint8_t owner[NAME_MAX_LEN], target[NAME_MAX_LEN];
	enum section section;
	bool rrsigs;
};

struct making {
	const struct network_query *query;
	const struct fault *fault;
	enum fault_kind kind;
	struct builder *b;
	uint16_t flags;
	struct part parts[PARTS_MAX];
	size_t part_count;
};

void server_read_query(const uint8_t *data, size_t len, struct network_query *out)
{
	struct query query;

	assert_int_equal(query_parse(data, len, &query), QUERY_ANSWER);
	*out = (struct network_query){.type = query.qtype, .rd = query.rd, .cd = query.cd};
	memcpy(out->name, query.qname, query.qname_len);
	out->edns = query.edns.present;
	out->cookie = query.edns.present && query.edns.has_cookie;
	out->mixed_case = memcmp(query.question, query.qname, query.qname_len) != 0;
}

static size_t bare_error(const uint8_t *query_bytes, unsigned rcode, uint8_t *out)
{
	memset(out, 0, HEADER_LEN);
	wire_put16(out, header_id(query_bytes));
	wire_put16(out + 2, (uint16_t)(FLAG_QR | rcode));
	return HEADER_LEN;
}

// ---- records ----

static void spoil(enum fault_kind kind, uint8_t *rrsig, size_t len)
{
	if (kind == FAULT_BOGUS)
		rrsig[len - 1] ^= 1;
	if (kind == FAULT_UNKNOWN_KEY)
		wire_put16(rrsig + 16, wire_get16(rrsig + 16) ^ 0x5555);
	if (kind == FAULT_EXPIRED) {
		wire_put32(rrsig + 8, SIGNER_NOW - 2 * 86400);
		wire_put32(rrsig + 12, SIGNER_NOW - 9 * 86400); // inception
	}
}

static void add_rrsigs(struct making *m, enum section section, const struct rrset *rrset)
{
	for (size_t i = 0; i < rrset->rrsig_count && m->kind != FAULT_STRIP; i++) {
		uint8_t rdata[1024];
		size_t len = rrset->rrsigs[i].len;
		assert_true(len <= sizeof(rdata));
		memcpy(rdata, rrset->rrsigs[i].data, len);
		if (m->fault == NULL || !m->fault->good_keys || rrset->type != TYPE_DNSKEY)
			spoil(m->kind, rdata, len);
		builder_record(m->b, section, rrset->owner, TYPE_RRSIG, CLASS_IN, rrset->ttl_s,
			       rdata, len);
	}
}

static struct part *add_part(struct making *m, enum section section)
{
	assert_true(m->part_count < PARTS_MAX);
	struct part *part = &m->parts[m->part_count++];
	*part = (struct part){.section = section};
	return part;
}

static void add_rrset(struct making *m, enum section section, const struct rrset *rrset,
		      bool rrsigs)
{
	bool denial = rrset->type == TYPE_NSEC || rrset->type == TYPE_NSEC3;

	if (m->kind == FAULT_STRIP && denial)
		return;
	for (size_t i = 0; i < m->part_count; i++) {
		if (m->parts[i].rrset == rrset && m->parts[i].section == section)
			return;
	}
	struct part *part = add_part(m, section);
	part->rrset = rrset;
	part->rrsigs = rrsigs;
}

static void write_rrset(struct making *m, enum section section, const struct rrset *rrset,
			bool rrsigs)
{
	for (size_t i = 0; i < rrset->count; i++) {
		uint8_t rdata[4096];
		size_t len = rrset->rdatas[i].len;
		assert_true(len <= sizeof(rdata));
		memcpy(rdata, rrset->rdatas[i].data, len);
		if (m->kind == FAULT_FORGED && (rrset->type == TYPE_A || rrset->type == TYPE_AAAA))
			rdata[len - 1] ^= 0x55;
		builder_record(m->b, section, rrset->owner, rrset->type, CLASS_IN, rrset->ttl_s,
			       rdata, len);
	}
	if (rrsigs)
		add_rrsigs(m, section, rrset);
}

static void write_part(struct making *m, const struct part *part)
{
	const struct fault *fault = m->fault;
	const struct rrset *rrset = part->rrset;

	if (rrset == NULL) {
		builder_record(m->b, part->section, part->owner, TYPE_CNAME, CLASS_IN, 0,
			       part->target, name_len(part->target));
		return;
	}
	if (fault != NULL && fault->rewrite != NULL)
		rrset = fault->rewrite(m->query, part->section, rrset, fault->hook_arg);
	if (rrset != NULL)
		write_rrset(m, part->section, rrset, part->rrsigs || rrset != part->rrset);
}

static void write_section(struct making *m, enum section section)
{
	for (size_t i = 0; i < m->part_count; i++) {
		if (m->parts[i].section == section)
			write_part(m, &m->parts[i]);
	}
	if (m->fault != NULL && m->fault->replace != NULL)
		m->fault->replace(m->query, section, m->b, m->fault->hook_arg);
	if (m->fault != NULL && m->fault->decorate != NULL)
		m->fault->decorate(m->query, section, m->b, m->fault->hook_arg);
}

static void add_proofs(struct making *m, const struct signer_answer *answer)
{
	for (size_t i = 0; i < answer->proof_count; i++)
		add_rrset(m, SECTION_AUTHORITY, answer->proofs[i], true);
}

static void add_addresses(struct making *m, const struct signer_zone *zone, const struct rrset *ns)
{
	static const uint16_t types[] = {TYPE_A, TYPE_AAAA};

	for (size_t i = 0; i < ns->count; i++) {
		for (size_t t = 0; t < 2; t++) {
			const uint8_t *name = ns->rdatas[i].data;
			const struct rrset *found = signer_zone_find(zone, name, types[t]);
			if (found != NULL)
				add_rrset(m, SECTION_ADDITIONAL, found, false);
		}
	}
}

// ---- answers ----

// The deepest zone that holds the name; for DS the one above it, where the server has that.
static struct signer_zone *zone_for(const struct network_server *server, const uint8_t *name,
				    uint16_t type)
{
	struct signer_zone *best = NULL;

	for (int strict = type == TYPE_DS; strict >= 0 && best == NULL; strict--) {
		for (size_t i = 0; i < server->zone_count; i++) {
			const uint8_t *apex = signer_zone_apex(server->zones[i]);
			if (!name_within(name, apex) || (strict && name_equal(name, apex)))
				continue;
			if (best == NULL || name_labels(apex) > name_labels(signer_zone_apex(best)))
				best = server->zones[i];
		}
	}
	return best;
}

static void refer(struct making *m, const struct signer_zone *zone,
		  const struct signer_answer *answer)
{
	add_rrset(m, SECTION_AUTHORITY, answer->rrset, false);
	if (answer->ds != NULL)
		add_rrset(m, SECTION_AUTHORITY, answer->ds, true);
	add_proofs(m, answer);
	add_addresses(m, zone, answer->rrset);
}

// Adds the CNAME that a DNAME makes, and says where it leads. False: nowhere, it is too long.
static bool synthesise(struct making *m, const struct rrset *dname, uint8_t name[NAME_MAX_LEN])
{
	uint8_t target[NAME_MAX_LEN];

	if (name_substitute(name, dname->owner, dname->rdatas[0].data, target) < 0)
		return false;
	struct part *part = add_part(m, SECTION_ANSWER);
	name_copy(part->owner, name);
	name_copy(part->target, target);
	name_copy(name, target);
	return true;
}

static unsigned deny(struct making *m, const struct signer_answer *answer)
{
	if (m->kind != FAULT_NO_SOA && answer->soa != NULL)
		add_rrset(m, SECTION_AUTHORITY, answer->soa, true);
	if (m->kind != FAULT_NO_SOA)
		add_proofs(m, answer);
	bool nxdomain = (answer->kind == SIGNER_NXDOMAIN) != (m->kind == FAULT_OTHER_RCODE);
	return nxdomain ? RCODE_NXDOMAIN : RCODE_NOERROR;
}

// Follows the chain as far as this server's zones go. Returns the RCODE.
static unsigned answer_zones(struct making *m, const struct network_server *server)
{
	uint8_t name[NAME_MAX_LEN];

	name_copy(name, m->query->name);
	m->flags |= FLAG_AA;
	for (int link = 0; link < CHAIN_MAX; link++) {
		struct signer_zone *zone = zone_for(server, name, m->query->type);
		struct signer_answer answer;
		if (zone == NULL) {
			if (link == 0)
				m->flags &= (uint16_t)~FLAG_AA;
			return link == 0 ? RCODE_REFUSED : RCODE_NOERROR;
		}
		signer_zone_query(zone, name, m->query->type, &answer);
		switch (answer.kind) {
		case SIGNER_REFERRAL:
			if (link == 0)
				m->flags &= (uint16_t)~FLAG_AA;
			refer(m, zone, &answer);
			return RCODE_NOERROR;
		case SIGNER_NODATA:
		case SIGNER_NXDOMAIN:
			return deny(m, &answer);
		case SIGNER_ANSWER:
			add_rrset(m, SECTION_ANSWER, answer.rrset, true);
			add_proofs(m, &answer);
			if (m->query->type == TYPE_NS)
				add_addresses(m, zone, answer.rrset);
			return RCODE_NOERROR;
		case SIGNER_CNAME:
			add_rrset(m, SECTION_ANSWER, answer.rrset, true);
			add_proofs(m, &answer);
			name_lower(name, answer.rrset->rdatas[0].data,
				   name_len(answer.rrset->rdatas[0].data));
			break;
		case SIGNER_DNAME:
			add_rrset(m, SECTION_ANSWER, answer.rrset, true);
			if (!synthesise(m, answer.rrset, name))
				return RCODE_YXDOMAIN;
			break;
		}
	}
	return RCODE_NOERROR;
}

static const struct rrset *upward(void)
{
	static struct rrset *rrset;

	if (rrset == NULL)
		rrset = signer_rrset(". 300 IN NS ns.evil.test.");
	return rrset;
}

static unsigned answer(struct making *m, const struct network_server *server)
{
	switch (m->kind) {
	case FAULT_SERVFAIL:
		return RCODE_SERVFAIL;
	case FAULT_REFUSED:
		return RCODE_REFUSED;
	case FAULT_FORMERR:
	case FAULT_NO_EDNS:
		return RCODE_FORMERR;
	case FAULT_NXDOMAIN:
		m->flags |= FLAG_AA;
		return RCODE_NXDOMAIN;
	case FAULT_LAME:
		add_rrset(m, SECTION_AUTHORITY, upward(), false);
		return RCODE_NOERROR;
	default:
		break;
	}
	if (m->fault != NULL && m->fault->replace != NULL) {
		m->flags |= m->fault->flags & 0xfff0;
		return m->fault->flags & 15;
	}
	unsigned rcode = answer_zones(m, server);
	if (m->kind == FAULT_NO_AA || m->kind == FAULT_CACHE)
		m->flags &= (uint16_t)~FLAG_AA;
	if (m->kind == FAULT_CACHE)
		m->flags |= FLAG_RA;
	return rcode;
}

static void change_question(uint8_t *out, const struct network_query *query, enum fault_kind kind)
{
	for (size_t i = HEADER_LEN;
	     kind == FAULT_WRONG_CASE && i < HEADER_LEN + name_len(query->name); i++) {
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] += 0x20;
	}
	if (kind == FAULT_WRONG_QUESTION)
		out[HEADER_LEN + 1] = out[HEADER_LEN + 1] == 'x' ? 'y' : 'x';
	if (kind == FAULT_WRONG_ID)
		out[0] ^= 0x80;
}

static void put_cookie(struct edns *edns, const struct fault *fault, const struct query *query)
{
	if (fault == NULL || fault->cookie == COOKIE_NOT_SENT)
		return;
	edns->has_cookie = fault->cookie == COOKIE_MADE_UP || query->edns.has_cookie;
	memset(edns->client_cookie, 0x41, sizeof(edns->client_cookie));
	if (fault->cookie == COOKIE_RIGHT)
		memcpy(edns->client_cookie, query->edns.client_cookie, COOKIE_CLIENT_LEN);
	edns->server_cookie_len = 16;
	memset(edns->server_cookie, 0x42, 16);
}

static bool truncates(const struct making *m, size_t len, size_t limit)
{
	if (m->kind == FAULT_TRUNCATE_ALWAYS)
		return true;
	return !m->query->tcp && (m->kind == FAULT_TRUNCATE || len > limit);
}

static void start(struct making *m, const uint8_t *query_bytes, uint8_t *out)
{
	struct builder *b = m->b;
	const uint8_t *question = query_bytes + HEADER_LEN;
	size_t len = name_len(question);

	builder_start(b, out, 65535, header_id(query_bytes), FLAG_QR);
	builder_question(b, question, wire_get16(question + len), CLASS_IN);
}

size_t server_reply(const struct network_server *server, const struct network_query *query,
		    const struct fault *fault, const uint8_t *query_bytes, size_t query_len,
		    uint8_t out[65535])
{
	struct builder b;
	struct query parsed;
	static struct making m;

	m = (struct making){
		.query = query,
		.fault = fault,
		.kind = fault != NULL ? fault->kind : FAULT_NONE,
		.b = &b,
	};

	assert_int_equal(query_parse(query_bytes, query_len, &parsed), QUERY_ANSWER);
	if (m.kind == FAULT_BARE)
		return bare_error(query_bytes, fault->flags & 15, out);
	if (m.kind == FAULT_NO_EDNS && !parsed.edns.present)
		m.kind = FAULT_NONE;
	bool opt = parsed.edns.present && m.kind != FAULT_NO_EDNS;
	start(&m, query_bytes, out);
	unsigned rcode = answer(&m, server);
	for (enum section section = 0; section < SECTION_COUNT; section++)
		write_section(&m, section);
	struct edns edns = {.present = true,
			    .do_bit = true,
			    .udp_size = EDNS_UDP_SIZE,
			    .ede = EDE_NONE,
			    .rcode_high = fault != NULL ? fault->rcode_high : 0};
	put_cookie(&edns, fault, &parsed);
	const int ede = m.fault != NULL && m.fault->ede != 0 ? m.fault->ede : EDE_NONE;
	if (opt)
		builder_opt(&b, &edns, ede, ede != EDE_NONE ? "\x1b[2J\n\xff" : NULL);
	int len = builder_finish(&b);
	assert_true(len > 0);
	if (truncates(&m, (size_t)len, query_udp_limit(&parsed))) {
		start(&m, query_bytes, out);
		m.flags |= FLAG_TC;
		if (opt)
			builder_opt(&b, &edns, ede, ede != EDE_NONE ? "\x1b[2J\n\xff" : NULL);
		len = builder_finish(&b);
	}
	wire_put16(out + 2, (uint16_t)(FLAG_QR | m.flags | rcode | (query->cd ? FLAG_CD : 0)));
	change_question(out, query, fault != NULL && fault->lower_case ? FAULT_WRONG_CASE : m.kind);
	for (unsigned i = 0; fault != NULL && i < fault->trailing; i++)
		out[len++] = (uint8_t)i;
	if (m.kind == FAULT_MALFORMED)
		wire_put16(out + 6, (uint16_t)(header_ancount(out) + 3));
	return (size_t)len;
}
