// What the host's stack gets, by class; and what somebody who writes another's address into his
// packets cannot reach.
#include "dataplane/parse/exception.h"
#include "tests/unit/dataplane/parse/frames.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

static struct service_addresses services;
static struct peer_sessions sessions;

static enum exception_class class_of(const struct frame *f)
{
	uint8_t *copy = malloc(f->len ? f->len : 1);
	struct packet packet;

	memcpy(copy, f->bytes, f->len);
	enum packet_verdict verdict =
		packet_parse(copy, f->len, &services, (struct packet_offload){0}, &packet);
	free(copy);
	if (verdict == PACKET_DROP)
		fail_msg("dropped for reason %d", packet.reason);
	assert_int_equal(verdict, PACKET_EXCEPTION);
	return packet.exception;
}

static enum drop_reason reason_of(struct frame *f)
{
	struct packet packet;

	assert_int_equal(
		packet_parse(f->bytes, f->len, &services, (struct packet_offload){0}, &packet),
		PACKET_DROP);
	return packet.reason;
}

static enum exception_class sent(const struct frame *f)
{
	uint8_t *copy = malloc(f->len ? f->len : 1);

	memcpy(copy, f->bytes, f->len);
	enum exception_class class_ = exception_sent(&services, &sessions, copy, f->len);
	free(copy);
	return class_;
}

// The client of frames.h is the one peer.
static int with_peers(void **state)
{
	(void)state;
	services = frame_services();
	services.peer_count = 2;
	services.peers[0].family = 4;
	memcpy(services.peers[0].bytes, frame_client4, 4);
	services.peers[1].family = 6;
	memcpy(services.peers[1].bytes, frame_client6, 16);
	memset(&sessions, 0, sizeof(sessions));
	services.sessions = &sessions;
	return 0;
}

static void turn_around(struct frame *f)
{
	uint8_t *ip = f->bytes + f->ip, other[16];
	const size_t len = f->family == 4 ? 4 : 16, at = f->family == 4 ? 12 : 8;

	memcpy(other, ip + at, len);
	memcpy(ip + at, ip + at + len, len);
	memcpy(ip + at + len, other, len);
}

// A segment of the peer's to the service address, with some bytes of data.
static struct frame tcp(uint8_t family, uint16_t from, uint16_t to, uint8_t flags, size_t data)
{
	static const uint8_t zero[64];
	struct frame_spec spec = frame_default(family);
	struct frame f;

	spec.source_port = from;
	spec.destination_port = to;
	spec.dns = zero;
	spec.dns_len = 12 + data; // 20 bytes of header
	frame_make(&f, &spec);
	f.bytes[f.ip + (family == 4 ? 9 : 6)] = 6;
	f.bytes[f.udp + 12] = 5 << 4;
	f.bytes[f.udp + 13] = flags;
	if (family == 4)
		frame_fix_ip_checksum(&f);
	return f;
}

static struct frame tcp_sent(uint8_t family, uint16_t from, uint16_t to, uint8_t flags, size_t data)
{
	struct frame f = tcp(family, from, to, flags, data);

	turn_around(&f);
	return f;
}

static struct frame udp(uint8_t family, uint16_t from, uint16_t to, uint8_t ttl)
{
	struct frame_spec spec = frame_default(family);
	struct frame f;

	spec.source_port = from;
	spec.destination_port = to;
	frame_make(&f, &spec);
	f.bytes[f.ip + (family == 4 ? 8 : 7)] = ttl;
	if (family == 4)
		frame_fix_ip_checksum(&f);
	return f;
}

static void assert_class(struct frame f, enum exception_class class_)
{
	assert_int_equal(class_of(&f), class_);
}

#define EACH_FAMILY for (uint8_t family = 4; family <= 6; family += 2)

static void tcp_is_told_apart_by_its_flags(void **state)
{
	(void)state;
	EACH_FAMILY
	{
		for (unsigned flags = 0; flags < 256; flags++) {
			bool begins = (flags & SYN) && !(flags & ACK);
			bool there = (flags & (ACK | RST)) && !begins;

			assert_class(tcp(family, 4000, 53, (uint8_t)flags, 0),
				     there ? EXCEPTION_TCP : EXCEPTION_SYN);
		}
	}
}

static void answers_of_servers_are_apart_from_other_udp(void **state)
{
	(void)state;
	EACH_FAMILY
	{
		assert_class(udp(family, 53, 40000, 60), EXCEPTION_REPLY);
		assert_class(udp(family, 123, 40000, 60), EXCEPTION_OTHER);
	}
}

static void a_session_that_the_host_opens_is_bgp_from_its_first_segment(void **state)
{
	(void)state;
	EACH_FAMILY
	{
		struct frame open = tcp_sent(family, 35000, 179, SYN, 0);

		assert_class(tcp(family, 179, 35000, SYN | ACK, 0), EXCEPTION_PEER);
		assert_int_equal(sent(&open), EXCEPTION_BGP);
		assert_class(tcp(family, 179, 35000, SYN | ACK, 0), EXCEPTION_BGP);
		assert_class(tcp(family, 179, 35000, ACK, 30), EXCEPTION_BGP);
		assert_class(tcp(family, 179, 35000, RST, 0), EXCEPTION_BGP);
	}
}

static void a_session_that_the_peer_opens_is_bgp_once_the_host_sends_data(void **state)
{
	(void)state;
	EACH_FAMILY
	{
		struct frame data = tcp_sent(family, 179, 36000, ACK | PSH, 29);

		assert_class(tcp(family, 36000, 179, SYN, 0), EXCEPTION_PEER);
		assert_class(tcp(family, 36000, 179, ACK, 0), EXCEPTION_PEER);
		assert_int_equal(sent(&data), EXCEPTION_BGP);
		assert_class(tcp(family, 36000, 179, ACK, 29), EXCEPTION_BGP);
	}
}

static void what_is_forged_in_the_peers_name_is_no_session(void **state)
{
	(void)state;
	EACH_FAMILY
	{
		struct frame data = tcp_sent(family, 179, 36000, ACK, 29);

		assert_int_equal(sent(&data), EXCEPTION_BGP);
		for (unsigned port = 1; port < 65536; port += 7) {
			if (port == 36000)
				continue;
			assert_class(tcp(family, (uint16_t)port, 179, ACK, 19), EXCEPTION_PEER);
			assert_class(tcp(family, 179, (uint16_t)port, ACK, 19), EXCEPTION_PEER);
		}
		// The right ports, but it begins a connection.
		assert_class(tcp(family, 36000, 179, SYN, 0), EXCEPTION_PEER);
	}
}

// What a stack sends back to forged packets: SYN|ACK, RST, an ACK for what does not fit.
static void answers_to_forged_packets_make_no_session(void **state)
{
	static const uint8_t flags[] = {SYN | ACK, RST, RST | ACK, ACK};

	(void)state;
	EACH_FAMILY
	{
		for (size_t i = 0; i < sizeof(flags); i++) {
			struct frame answer = tcp_sent(family, 179, 37000, flags[i], 0);

			assert_int_equal(sent(&answer), EXCEPTION_BGP);
			assert_class(tcp(family, 37000, 179, ACK, 19), EXCEPTION_PEER);
		}
	}
}

static void the_latest_sessions_are_remembered(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= PEER_SESSIONS; i++) {
		struct frame open = tcp_sent(4, (uint16_t)(35000 + i), 179, SYN, 0);

		for (unsigned again = 0; again < 3; again++)
			(void)sent(&open);
	}
	assert_class(tcp(4, 179, 35000, ACK, 0), EXCEPTION_PEER);
	for (unsigned i = 1; i <= PEER_SESSIONS; i++)
		assert_class(tcp(4, 179, (uint16_t)(35000 + i), ACK, 0), EXCEPTION_BGP);
}

static void peers_do_not_share_sessions_nor_does_anybody_else(void **state)
{
	struct frame data = tcp_sent(4, 179, 36000, ACK, 29);
	struct frame stranger = tcp(4, 36000, 179, ACK, 29);

	(void)state;
	(void)sent(&data);
	assert_class(tcp(6, 36000, 179, ACK, 29), EXCEPTION_PEER);
	stranger.bytes[stranger.ip + 15]++;
	frame_fix_ip_checksum(&stranger);
	assert_class(stranger, EXCEPTION_TCP);
	services.peer_count = 0;
	assert_class(tcp(4, 36000, 179, ACK, 29), EXCEPTION_TCP);
}

static void other_tcp_of_a_peer_is_like_anybodys(void **state)
{
	(void)state;
	assert_class(tcp(4, 5000, 22, ACK, 10), EXCEPTION_TCP);
	assert_class(tcp(4, 5000, 22, SYN, 0), EXCEPTION_SYN);
}

// RFC 5881 §5: a TTL of 255 shows that no router has forwarded it.
static void bfd_counts_when_it_was_not_forwarded(void **state)
{
	(void)state;
	EACH_FAMILY
	{
		assert_class(udp(family, 49152, 3784, 255), EXCEPTION_BFD);
		assert_class(udp(family, 49152, 3784, 254), EXCEPTION_OTHER);
		assert_class(udp(family, 49152, 4784, 250), EXCEPTION_PEER);
	}
	services.peer_count = 0;
	assert_class(udp(4, 49152, 3784, 255), EXCEPTION_OTHER);
}

static void fragments_and_options_in_a_peers_name_are_anything_else(void **state)
{
	static const uint8_t nop[4] = {1, 1, 1, 0}, hops[8] = {17, 0, 1, 4};
	struct frame_spec spec = frame_default(4);
	struct frame f;

	(void)state;
	spec.destination_port = 3784;
	spec.options = nop;
	spec.options_len = sizeof(nop);
	frame_make(&f, &spec);
	f.bytes[f.ip + 8] = 255;
	frame_fix_ip_checksum(&f);
	assert_class(f, EXCEPTION_OTHER);
	spec = frame_default(6);
	spec.destination_port = 3784;
	spec.options = hops;
	spec.options_len = sizeof(hops);
	spec.first_header = 0;
	frame_make(&f, &spec);
	f.bytes[f.ip + 7] = 255;
	assert_class(f, EXCEPTION_OTHER);
	// A fragment to an address of the host's that is none of ours to answer.
	f = tcp(4, 36000, 179, ACK, 29);
	f.bytes[f.ip + 19] ^= 1;
	f.bytes[f.ip + 6] = 0x20;
	frame_fix_ip_checksum(&f);
	assert_class(f, EXCEPTION_OTHER);
}

static struct frame arp(const uint8_t sender[4])
{
	struct frame f = tcp(4, 1, 2, 0, 0);

	frame_put16(f.bytes + 12, 0x0806);
	memcpy(f.bytes + 14 + 14, sender, 4);
	f.len = 14 + 28;
	return f;
}

static void arp_of_a_peer_is_apart_from_a_storm_of_others(void **state)
{
	static const uint8_t other[4] = {192, 0, 2, 99};
	struct frame f = arp(frame_client4);

	(void)state;
	assert_class(f, EXCEPTION_PEER);
	f.len--;
	assert_class(f, EXCEPTION_ARP);
	assert_class(arp(other), EXCEPTION_ARP);
}

static struct frame nd(uint8_t type, const uint8_t source[16], const uint8_t target[16])
{
	struct frame f = udp(6, 0, 0, 255);

	f.bytes[f.ip + 6] = 58;
	memcpy(f.bytes + f.ip + 8, source, 16);
	memset(f.bytes + f.udp, 0, 24);
	f.bytes[f.udp] = type;
	memcpy(f.bytes + f.udp + 8, target, 16);
	return f;
}

static void nd_of_a_peer_is_told_by_source_or_target(void **state)
{
	static const uint8_t other[16] = {0x20, 1, 0xd, 0xb8, [15] = 99}, link[16] = {0xfe, 0x80};
	struct frame f = nd(136, link, frame_client6);

	(void)state;
	assert_class(nd(135, frame_client6, other), EXCEPTION_PEER);
	assert_class(f, EXCEPTION_PEER);
	assert_class(nd(135, link, other), EXCEPTION_ND);
	assert_class(nd(134, link, frame_client6), EXCEPTION_ND); // no target there
	f.bytes[f.ip + 7] = 254;
	assert_class(f, EXCEPTION_ICMP);
}

static void what_our_own_station_sent_does_not_come_back_to_the_host(void **state)
{
	static const uint8_t own[16] = {0xfe, 0x80};
	struct frame f = nd(135, own, own);

	(void)state;
	services.station_count = 1;
	memcpy(services.stations[0], f.bytes + 6, 6);
	memset(f.bytes, 0x33, 6);
	assert_int_equal(reason_of(&f), DROP_l2_own);
	f.bytes[11] ^= 1;
	assert_class(f, EXCEPTION_ND);
}

static void what_is_sent_to_peers_and_neighbours_has_their_class(void **state)
{
	struct frame f = udp(4, 49152, 3784, 255);

	(void)state;
	turn_around(&f);
	assert_int_equal(sent(&f), EXCEPTION_BFD);
	f = arp(frame_service4);
	assert_int_equal(sent(&f), EXCEPTION_ARP);
	f = nd(135, frame_service6, frame_client6);
	assert_int_equal(sent(&f), EXCEPTION_PEER);
	f = tcp_sent(4, 53, 4000, ACK, 20);
	assert_int_equal(sent(&f), EXCEPTION_TCP);
	for (size_t len = 0; len < f.len; len++) {
		struct frame cut = f;

		cut.len = len;
		assert_in_range(sent(&cut), 0, EXCEPTION_CLASS_COUNT - 1);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, with_peers)
	const struct CMUnitTest tests[] = {
		TEST(tcp_is_told_apart_by_its_flags),
		TEST(answers_of_servers_are_apart_from_other_udp),
		TEST(a_session_that_the_host_opens_is_bgp_from_its_first_segment),
		TEST(a_session_that_the_peer_opens_is_bgp_once_the_host_sends_data),
		TEST(what_is_forged_in_the_peers_name_is_no_session),
		TEST(answers_to_forged_packets_make_no_session),
		TEST(the_latest_sessions_are_remembered),
		TEST(peers_do_not_share_sessions_nor_does_anybody_else),
		TEST(other_tcp_of_a_peer_is_like_anybodys),
		TEST(bfd_counts_when_it_was_not_forwarded),
		TEST(fragments_and_options_in_a_peers_name_are_anything_else),
		TEST(arp_of_a_peer_is_apart_from_a_storm_of_others),
		TEST(nd_of_a_peer_is_told_by_source_or_target),
		TEST(what_our_own_station_sent_does_not_come_back_to_the_host),
		TEST(what_is_sent_to_peers_and_neighbours_has_their_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
