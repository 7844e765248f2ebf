#include "dataplane/dns/header.h"
#include "dataplane/host/probe.h"
#include "dataplane/parse/ip.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#define PORT   40000u
#define NUMBER 0xfffffffeu // wraps within the addresses

static const struct service_addresses service = {
	.list = {{4, {192, 0, 2, 53}},
		 {6, {0x20, 1, 0xd, 0xb8, [15] = 0x53}},
		 {4, {192, 0, 2, 54}}},
	.count = 3,
};
static const struct probe_client clients[] = {
	{{4, {192, 0, 2, 1}}, {2, 0, 0, 0, 0, 1}},
	{{6, {0x20, 1, 0xd, 0xb8, [15] = 1}}, {2, 0, 0, 0, 0, 1}},
};
static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x53};
static struct probe probe;
static uint8_t frame[256], reset[PROBE_FRAME_MAX];
static size_t reset_len;

static int start(void **state)
{
	(void)state;
	memset(&probe, 0, sizeof(probe));
	memset(frame, 0, sizeof(frame));
	atomic_init(&probe.connection, (uint64_t)PORT << 32 | NUMBER);
	probe_await(&probe, &clients[0], 5);
	probe_await(&probe, &clients[1], 2);
	atomic_init(&probe.tcp, 7);
	return 0;
}

static const struct probe_client *client_of(unsigned index)
{
	return &clients[service.list[index].family == 6];
}

// As the kernel reads it: only what is of that length, so that a sanitizer sees what is beyond.
static bool takes(size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	bool taken;

	assert_non_null(exact);
	memcpy(exact, frame, len);
	taken = probe_takes(&probe, &service, exact, len, reset, &reset_len);
	free(exact);
	return taken;
}

static uint8_t *payload_of(uint8_t *of, size_t len, enum ip_protocol protocol)
{
	uint8_t *ip = of + ETHERNET_LEN;
	const bool v4 = wire_get16(of + 12) == ETHERTYPE_IPV4;
	struct ip_payload payload;
	struct address from = {.family = v4 ? 4 : 6}, to = from;

	assert_int_equal(v4 ? ipv4_parse(ip, len - ETHERNET_LEN, false, &payload)
			    : ipv6_parse(ip, len - ETHERNET_LEN, &payload),
			 IP_OK);
	assert_int_equal(payload.protocol, protocol);
	assert_int_equal(ETHERNET_LEN + payload.offset + payload.len, len);
	memcpy(from.bytes, ip + (v4 ? 12 : 8), v4 ? 4 : 16);
	memcpy(to.bytes, ip + (v4 ? 16 : 24), v4 ? 4 : 16);
	uint64_t sum = pseudo_sum(&from, &to, protocol, (uint16_t)payload.len);
	assert_int_equal(checksum_fold(checksum_add(sum, ip + payload.offset, payload.len)),
			 0xffff);
	return ip + payload.offset;
}

// ---- what is sent ----

static void a_connection_is_asked_for_as_a_client_does(void **state)
{
	(void)state;
	for (unsigned i = 0; i < service.count; i++) {
		size_t len = probe_tcp(&probe, i, client_of(i), mac, &service.list[i], frame);
		const uint8_t *tcp = payload_of(frame, len, IP_TCP);

		assert_memory_equal(frame, mac, 6);
		assert_memory_equal(frame + 6, client_of(i)->mac, 6);
		assert_int_equal(wire_get16(tcp), PORT);
		assert_int_equal(wire_get16(tcp + 2), 53);
		assert_int_equal(wire_get32(tcp + 4), (uint32_t)(NUMBER + i));
		assert_int_equal(tcp[13], 2);
		assert_int_equal(tcp[12] >> 4, 6);
	}
}

static void neighbours_are_asked_in_a_known_ones_name(void **state)
{
	size_t len = probe_neighbour(&clients[0], &service.list[0], frame);

	(void)state;
	assert_int_equal(len, ETHERNET_LEN + 28);
	assert_int_equal(wire_get16(frame + 12), ETHERTYPE_ARP);
	assert_int_equal(wire_get16(frame + 20), 1);
	assert_memory_equal(frame + 22, clients[0].mac, 6);
	assert_memory_equal(frame + 28, clients[0].address.bytes, 4);
	assert_memory_equal(frame + 38, service.list[0].bytes, 4);
	len = probe_neighbour(&clients[1], &service.list[1], frame);
	const uint8_t *icmp = payload_of(frame, len, IP_ICMPV6);
	assert_memory_equal(frame, ((const uint8_t[]){0x33, 0x33, 0xff, 0, 0, 0x53}), 6);
	assert_int_equal(frame[ETHERNET_LEN + 7], 255);
	assert_int_equal(icmp[0], 135);
	assert_memory_equal(icmp + 8, service.list[1].bytes, 16);
	assert_memory_equal(icmp + 26, clients[1].mac, 6);
}

// ---- what comes back ----

// What the host's stack sends to whoever asked: the same with both ends exchanged.
static size_t answer_tcp(unsigned index, uint8_t flags, uint32_t acknowledged)
{
	size_t len = probe_tcp(&probe, index, client_of(index), mac, &service.list[index], frame);
	const bool v4 = service.list[index].family == 4;
	uint8_t *ip = frame + ETHERNET_LEN, *tcp = ip + (v4 ? 20 : 40);
	const size_t at = v4 ? 12 : 8, size = v4 ? 4 : 16;

	memcpy(frame, clients[0].mac, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(ip + at, service.list[index].bytes, size);
	memcpy(ip + at + size, client_of(index)->address.bytes, size);
	wire_put16(tcp, 53);
	wire_put16(tcp + 2, PORT);
	wire_put32(tcp + 4, 99);
	wire_put32(tcp + 8, acknowledged);
	tcp[13] = flags;
	return len;
}

static void an_answer_goes_no_further_and_is_reset(void **state)
{
	(void)state;
	for (unsigned i = 0; i < service.count; i++) {
		start(NULL);
		assert_true(takes(answer_tcp(i, 0x12, (uint32_t)(NUMBER + i + 1))));
		assert_int_equal(probe.tcp, 7u & ~(1u << i));
		const uint8_t *tcp = payload_of(reset, reset_len, IP_TCP);
		assert_memory_equal(reset, mac, 6);
		assert_int_equal(wire_get16(tcp), PORT);
		assert_int_equal(wire_get16(tcp + 2), 53);
		assert_int_equal(wire_get32(tcp + 4), (uint32_t)(NUMBER + i + 1));
		assert_int_equal(tcp[13], 4);
	}
}

static void a_refusal_goes_no_further_and_is_no_answer(void **state)
{
	size_t len = answer_tcp(0, 0x14, NUMBER + 1);

	(void)state;
	assert_true(takes(len));
	assert_int_equal(reset_len, 0);
	assert_int_equal(probe.tcp, 7);
}

static void what_is_a_clients_passes(void **state)
{
	size_t len;

	(void)state;
	// Of another question, address, port, sequence; data; a first segment.
	assert_false(takes(answer_tcp(0, 0x12, NUMBER)));
	assert_false(takes(answer_tcp(0, 0x12, NUMBER + 2)));
	assert_false(takes(answer_tcp(2, 0x12, NUMBER + 1)));
	assert_false(takes(answer_tcp(0, 0x02, NUMBER + 1)));
	len = answer_tcp(0, 0x12, NUMBER + 1);
	wire_put16(frame + 34, 443);
	assert_false(takes(len));
	len = answer_tcp(0, 0x12, NUMBER + 1);
	wire_put16(frame + 36, PORT + 1);
	assert_false(takes(len));
	assert_int_equal(probe.tcp, 7);
	// Before anything was asked.
	atomic_store(&probe.connection, 0);
	len = answer_tcp(0, 0x12, 1);
	wire_put16(frame + 36, 0);
	assert_false(takes(len));
	assert_int_equal(reset_len, 0);
}

static size_t answer_arp(unsigned index)
{
	size_t len = probe_neighbour(&clients[0], &service.list[index], frame);

	wire_put16(frame + 20, 2);
	memcpy(frame + 28, service.list[index].bytes, 4);
	memcpy(frame + 38, clients[0].address.bytes, 4);
	return len;
}

static size_t answer_nd(uint8_t flags)
{
	size_t len = probe_neighbour(&clients[1], &service.list[1], frame);

	memcpy(frame + ETHERNET_LEN + 8, service.list[1].bytes, 16);
	memcpy(frame + ETHERNET_LEN + 24, clients[1].address.bytes, 16);
	frame[ETHERNET_LEN + IPV6_LEN] = 136;
	frame[ETHERNET_LEN + IPV6_LEN + 4] = flags;
	return len;
}

// Whoever has asked at the same moment is answered, too.
static void one_answer_for_each_neighbours_question(void **state)
{
	size_t len = answer_arp(2);

	(void)state;
	assert_true(takes(len));
	assert_int_equal(probe.neighbour, 3);
	assert_false(takes(len));
	wire_put16(frame + 20, 1); // a question of the host's own, or an announcement
	atomic_store(&probe.neighbour, 7);
	assert_false(takes(len));
	len = answer_nd(0x60);
	assert_true(takes(len));
	assert_int_equal(probe.neighbour, 5);
	assert_false(takes(len));
	atomic_store(&probe.neighbour, 7);
	assert_false(takes(answer_nd(0x20))); // what is announced to everybody
	assert_int_equal(probe.neighbour, 7);
}

static void answers_to_other_neighbours_pass(void **state)
{
	size_t len = answer_arp(0);

	(void)state;
	frame[41]++;
	assert_false(takes(len));
	len = answer_nd(0x60);
	frame[ETHERNET_LEN + 24 + 15]++;
	assert_false(takes(len));
	len = answer_nd(0x60);
	frame[ETHERNET_LEN + 24]++;
	assert_false(takes(len));
	assert_int_equal(probe.neighbour, 7);
}

// An error that quotes what it is about.
static size_t error_about(unsigned index, uint32_t number)
{
	uint8_t quoted[PROBE_FRAME_MAX];
	const bool v4 = service.list[index].family == 4;
	size_t len = probe_tcp(&probe, index, client_of(index), mac, &service.list[index], quoted) -
		     ETHERNET_LEN;
	uint8_t *ip = frame + ETHERNET_LEN;

	wire_put32(quoted + ETHERNET_LEN + (v4 ? 20 : 40) + 4, number);
	wire_put16(frame + 12, v4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	ip[0] = v4 ? 0x45 : 0x60;
	wire_put16(ip + (v4 ? 2 : 4), (uint16_t)((v4 ? 20 : 0) + 8 + len));
	ip[v4 ? 9 : 6] = v4 ? IP_ICMP : IP_ICMPV6;
	ip[v4 ? 20 : 40] = v4 ? 3 : 1;
	memcpy(ip + (v4 ? 28 : 48), quoted + ETHERNET_LEN, len);
	return ETHERNET_LEN + (v4 ? 28 : 48) + len;
}

static void errors_about_our_own_questions_go_no_further(void **state)
{
	(void)state;
	for (unsigned i = 0; i < service.count; i++) {
		start(NULL);
		assert_true(takes(error_about(i, NUMBER + i)));
		assert_int_equal(probe.tcp, 7);
		assert_false(takes(error_about(i, NUMBER + i + 1)));
		assert_false(takes(error_about(i, NUMBER - 1)));
		size_t len = error_about(i, NUMBER + i); // about another port
		wire_put16(frame + (service.list[i].family == 4 ? 64 : 104), 443);
		assert_false(takes(len));
	}
}

static void what_is_cut_off_is_nobodys(void **state)
{
	size_t whole[] = {answer_tcp(0, 0x12, NUMBER + 1),
			  answer_tcp(1, 0x12, NUMBER + 2),
			  answer_arp(0),
			  answer_nd(0x60),
			  error_about(0, NUMBER),
			  error_about(1, NUMBER + 1)};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		for (size_t len = 0; len < whole[i]; len++) {
			start(NULL);
			(void)(i == 0   ? answer_tcp(0, 0x12, NUMBER + 1)
			       : i == 1 ? answer_tcp(1, 0x12, NUMBER + 2)
			       : i == 2 ? answer_arp(0)
			       : i == 3 ? answer_nd(0x60)
			       : i == 4 ? error_about(0, NUMBER)
					: error_about(1, NUMBER + 1));
			assert_false(takes(len));
			assert_int_equal(probe.tcp, 7);
			assert_int_equal(probe.neighbour, 7);
		}
	}
}

#define test(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_connection_is_asked_for_as_a_client_does),
		test(neighbours_are_asked_in_a_known_ones_name),
		test(an_answer_goes_no_further_and_is_reset),
		test(a_refusal_goes_no_further_and_is_no_answer),
		test(what_is_a_clients_passes),
		test(one_answer_for_each_neighbours_question),
		test(answers_to_other_neighbours_pass),
		test(errors_about_our_own_questions_go_no_further),
		test(what_is_cut_off_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
