// Every reply checked: a million questions through the lanes as a poll-mode core takes them, each
// reply read by ldns, which shares no code with what wrote it, and held against what was asked
// and cached.
//
//   bench_replies [count=N] [names=N] [cache_mib=N] [seed=N] [kind=0|1]
//
// kind: of the short lane (dataplane/short.h), the best for this processor unless said. Prints one
// line of JSON; the first reply that is wrong ends it with status 1.
#include "bench/fill.h"
#include "bench/frames.h"
#include "bench/names.h"
#include "bench/option.h"
#include "bench/random.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/query.h"
#include "dataplane/dns/types.h"
#include "dataplane/parse/ip.h"
#include "dataplane/short.h"

#include <ldns/ldns.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST      STORE_BURST_MAX
#define FRAME_ROOM 2048
#define HEADERS    (ETHERNET_LEN + IPV4_LEN + UDP_LEN)
#define LIFE_S     86400
#define AGE_S      100 // of what is cached, when it is asked for

struct asked {
	uint8_t frame[FRAME_QUERY_MAX];
	size_t len;
	uint64_t name;
	bool dnssec;
};

struct check {
	struct store *store;
	struct acl *acl;
	struct service_addresses service;
	struct plain_service plain;
	short_serve *serve;
	struct short_turn turn;
	bool is_signed;
	uint64_t names, random;
	uint64_t checked, by_short, rrsigs;
	struct asked asked[BURST];
	uint8_t replies[BURST][FRAME_ROOM];
	size_t lens[BURST];
};

static _Noreturn void wrong(const struct check *check, size_t i, const char *what)
{
	char name[NAME_TEXT_MAX];
	uint8_t wire[NAME_MAX_LEN];

	bench_name(check->asked[i].name, wire);
	fprintf(stderr, "bench_replies: reply %" PRIu64 " (%s, DO=%d): %s\n", check->checked,
		name_to_text(wire, name), check->asked[i].dnssec, what);
	exit(1);
}

// ---- asking ----

// Letters of the name in random case, checksum made good again.
static void mix_case(struct asked *asked, size_t name_len, uint64_t random)
{
	uint8_t *udp = asked->frame + ETHERNET_LEN + IPV4_LEN, *name = udp + UDP_LEN + HEADER_LEN;

	for (size_t i = 0; i < name_len; i++) {
		if (isalpha(name[i]) && name[i] > 63 && random >> (i % 64) & 1)
			name[i] ^= 0x20;
	}
	const size_t len = asked->len - ETHERNET_LEN - IPV4_LEN;
	uint64_t sum = checksum_add(0, udp - 8, 8);
	wire_put16(udp + 6, 0);
	sum = checksum_add16(checksum_add16(sum, IP_UDP), (uint16_t)len);
	uint16_t checksum = (uint16_t)~checksum_fold(checksum_add(sum, udp, len));
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(udp + 6, &checksum, sizeof(checksum));
}

static void ask(struct check *check, size_t i)
{
	struct asked *asked = &check->asked[i];
	uint8_t name[NAME_MAX_LEN];
	struct frame_query query = {.name = name, .type = TYPE_A};

	asked->name = random_below(&check->random, check->names);
	asked->dnssec = random_below(&check->random, 2) != 0;
	query.name_len = bench_name(asked->name, name);
	query.random = random_next(&check->random);
	query.dnssec = asked->dnssec;
	asked->len = frame_query(&query, asked->frame);
	mix_case(asked, query.name_len, random_next(&check->random));
}

// ---- answering, as worker.c does ----

static size_t slow(struct check *check, size_t i)
{
	uint8_t *frame = check->replies[i];
	const struct packet_offload none = {false, false};
	struct packet packet;
	enum serve_verdict verdict;

	if (packet_parse(frame, check->asked[i].len, &check->service, none, &packet) != PACKET_DNS)
		return 0;
	const uint16_t len = packet.payload_len, cap = FRAME_ROOM - HEADERS;
	struct serve serve = {
		.client = &packet.source,
		.now_ms = check->turn.now_ms,
		.now_s = check->turn.now_s,
		.clock_trusted = true,
	};
	store_serve_burst(check->store, &packet.payload, &len, &cap, &serve, &verdict, 1);
	return verdict == SERVE_REPLY ? packet_reply(frame, &packet, serve.reply_len) : 0;
}

static void answer(struct check *check, size_t count)
{
	struct short_frame frames[BURST];

	for (size_t i = 0; i < count; i++) {
		memcpy(check->replies[i], check->asked[i].frame, check->asked[i].len);
		frames[i].frame = (struct plain_frame){.bytes = check->replies[i],
						       .len = (uint16_t)check->asked[i].len,
						       .room = FRAME_ROOM};
	}
	check->by_short += check->serve(check->store, &check->plain, &check->turn, frames, count);
	check->turn.rotation += (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		check->lens[i] = frames[i].answered ? frames[i].frame.len : slow(check, i);
}

// ---- checking ----

// RFC 1071, one 16-bit number after the other: 0xffff when what is summed is intact.
static uint32_t plain_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_headers(const struct check *check, size_t i)
{
	const uint8_t *asked = check->asked[i].frame, *reply = check->replies[i];
	const uint8_t *ip = reply + ETHERNET_LEN, *udp = ip + IPV4_LEN;
	const size_t ip_len = check->lens[i] - ETHERNET_LEN;

	if (check->lens[i] < HEADERS + HEADER_LEN)
		wrong(check, i, "there is none");
	if (memcmp(reply, asked + 6, 6) != 0 || memcmp(reply + 6, asked, 6) != 0 ||
	    memcmp(reply + 12, asked + 12, 2) != 0)
		wrong(check, i, "Ethernet header");
	if (memcmp(ip + 12, asked + ETHERNET_LEN + 16, 4) != 0 ||
	    memcmp(ip + 16, asked + ETHERNET_LEN + 12, 4) != 0 || ip[0] != 0x45 ||
	    wire_get16(ip + 2) != ip_len || plain_sum(0, ip, IPV4_LEN) != 0xffff)
		wrong(check, i, "IPv4 header");
	if (wire_get16(udp) != 53 || memcmp(udp + 2, asked + ETHERNET_LEN + IPV4_LEN, 2) != 0 ||
	    wire_get16(udp + 4) != ip_len - IPV4_LEN || wire_get16(udp + 6) == 0)
		wrong(check, i, "UDP header");
	uint32_t sum = plain_sum(IP_UDP + (uint32_t)(ip_len - IPV4_LEN), ip + 12, 8);
	if (plain_sum(sum, udp, ip_len - IPV4_LEN) != 0xffff)
		wrong(check, i, "UDP checksum");
}

static void check_flags(const struct check *check, size_t i, const ldns_pkt *pkt)
{
	if (ldns_pkt_id(pkt) != wire_get16(check->asked[i].frame + HEADERS))
		wrong(check, i, "ID");
	if (!ldns_pkt_qr(pkt) || ldns_pkt_aa(pkt) || ldns_pkt_tc(pkt) || !ldns_pkt_rd(pkt) ||
	    !ldns_pkt_ra(pkt) || ldns_pkt_cd(pkt) ||
	    ldns_pkt_get_opcode(pkt) != LDNS_PACKET_QUERY ||
	    ldns_pkt_get_rcode(pkt) != LDNS_RCODE_NOERROR)
		wrong(check, i, "flags");
	if (ldns_pkt_ad(pkt) != (check->is_signed && check->asked[i].dnssec))
		wrong(check, i, "AD");
	if (!ldns_pkt_edns(pkt) || ldns_pkt_edns_udp_size(pkt) != EDNS_UDP_SIZE ||
	    ldns_pkt_edns_version(pkt) != 0 || ldns_pkt_edns_extended_rcode(pkt) != 0 ||
	    ldns_pkt_edns_do(pkt) != check->asked[i].dnssec)
		wrong(check, i, "OPT");
}

static void check_records(struct check *check, size_t i, const ldns_pkt *pkt,
			  const ldns_rr *question)
{
	const ldns_rr_list *answers = ldns_pkt_answer(pkt);
	const bool signature = check->is_signed && check->asked[i].dnssec;
	const uint32_t address = bench_address(check->asked[i].name);

	if (ldns_pkt_nscount(pkt) != 0 || ldns_rr_list_rr_count(answers) != 1u + signature)
		wrong(check, i, "counts");
	for (size_t n = 0; n < ldns_rr_list_rr_count(answers); n++) {
		const ldns_rr *rr = ldns_rr_list_rr(answers, n);

		if (ldns_rdf_compare(ldns_rr_owner(rr), ldns_rr_owner(question)) != 0 ||
		    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
			wrong(check, i, "owner");
		if (ldns_rr_ttl(rr) != LIFE_S - AGE_S)
			wrong(check, i, "TTL");
		if (ldns_rr_get_type(rr) != (n == 0 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_RRSIG))
			wrong(check, i, "type");
	}
	const ldns_rdf *data = ldns_rr_rdf(ldns_rr_list_rr(answers, 0), 0);
	if (ldns_rdf_size(data) != 4 || memcmp(ldns_rdf_data(data), &address, 4) != 0)
		wrong(check, i, "address");
	if (signature) {
		const ldns_rr *rrsig = ldns_rr_list_rr(answers, 1);

		if (ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rrsig)) != LDNS_RR_TYPE_A ||
		    ldns_rdf_size(ldns_rr_rrsig_sig(rrsig)) != 64)
			wrong(check, i, "RRSIG");
		check->rrsigs++;
	}
}

static void check_reply(struct check *check, size_t i)
{
	const uint8_t *message = check->replies[i] + HEADERS;
	const uint8_t *asked = check->asked[i].frame + HEADERS;
	const size_t len = check->lens[i] - HEADERS;
	ldns_pkt *pkt = NULL;

	check_headers(check, i);
	if (ldns_wire2pkt(&pkt, message, len) != LDNS_STATUS_OK)
		wrong(check, i, "ldns cannot read it");
	check_flags(check, i, pkt);
	const ldns_rr_list *questions = ldns_pkt_question(pkt);
	if (ldns_rr_list_rr_count(questions) != 1)
		wrong(check, i, "questions");
	// Byte for byte, in the case that it was asked in.
	const size_t question_len = name_len(asked + HEADER_LEN) + 4;
	if (memcmp(message + HEADER_LEN, asked + HEADER_LEN, question_len) != 0)
		wrong(check, i, "the question is not as it was asked");
	check_records(check, i, pkt, ldns_rr_list_rr(questions, 0));
	ldns_pkt_free(pkt);
	check->checked++;
}

static void run(struct check *check, uint64_t count, bool is_signed, uint64_t cache_mib)
{
	struct filling filling;
	char err[256];

	check->is_signed = is_signed;
	check->store = fill_store(cache_mib << 20, false, &check->acl, err, sizeof(err));
	if (check->store == NULL)
		fail("store", err);
	filling_init(&filling, is_signed);
	filling_put_all(&filling, store_cache(check->store), 0, check->names);
	check->turn.now_ms = filling.clock.now_ms + AGE_S * 1000;
	check->turn.now_s = filling.clock.now_s + AGE_S;
	check->turn.clock_trusted = true;
	for (uint64_t done = 0; done < count; done += BURST) {
		size_t n = count - done < BURST ? (size_t)(count - done) : BURST;

		for (size_t i = 0; i < n; i++)
			ask(check, i);
		answer(check, n);
		for (size_t i = 0; i < n; i++)
			check_reply(check, i);
	}
	store_free(check->store);
	acl_free(check->acl);
}

int main(int argc, char **argv)
{
	static struct check check;
	const uint64_t count = option_number(argc, argv, "count", 1000000);
	const uint64_t cache_mib = option_number(argc, argv, "cache_mib", 96);
	const uint64_t kind = option_number(argc, argv, "kind", short_runs(1) ? 1 : 0);

	if (kind >= SHORT_KINDS || !short_runs(kind)) {
		fprintf(stderr, "bench_replies: kind: not on this processor\n");
		return 77; // skipped
	}
	check.serve = short_kinds[kind].serve;
	check.names = option_number(argc, argv, "names", 200000);
	check.random = option_number(argc, argv, "seed", 1);
	check.service.count = 1;
	if (address_from_text(BENCH_SERVICE, &check.service.list[0]) < 0)
		fail("service", "no address");
	plain_service_make(&check.service, &check.plain);
	run(&check, count / 2, false, cache_mib);
	run(&check, count - count / 2, true, cache_mib);
	printf("{\"checked\": %" PRIu64 ", \"short_lane\": %" PRIu64 ", \"rrsigs\": %" PRIu64
	       ", \"kind\": \"%s\"}\n",
	       check.checked, check.by_short, check.rrsigs, short_kinds[kind].name);
	return 0;
}
