// Frames whose checksum the sender left to a NIC that they never passed, and frames that a network
// floods to stations they are not for.
#include "tests/unit/dataplane/parse/frames.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

static const struct packet_offload nothing_known, by_driver = {.unfinished = true},
						  from_this_host = {.local = true};

static struct packet packet;

static enum packet_verdict parse(struct frame *f, struct packet_offload offload)
{
	const struct service_addresses services = frame_services();

	return packet_parse(f->bytes, f->len, &services, offload, &packet);
}

static struct frame query(uint8_t family)
{
	struct frame_spec spec = frame_default(family);
	struct frame f;

	frame_make(&f, &spec);
	return f;
}

static uint32_t pseudo(const struct frame *f, unsigned protocol, size_t len)
{
	const uint8_t *ip = f->bytes + f->ip;
	uint32_t sum = f->family == 4 ? frame_sum(0, ip + 12, 8) : frame_sum(0, ip + 8, 32);

	sum += protocol + (uint32_t)len;
	return (sum & 0xffff) + (sum >> 16);
}

// As Linux leaves it (CHECKSUM_PARTIAL).
static struct frame unfinished_query(uint8_t family)
{
	struct frame f = query(family);

	frame_put16(f.bytes + f.udp + 6, pseudo(&f, 17, f.len - f.udp));
	return f;
}

// The same frame as TCP: the UDP part becomes 20 bytes of header and one of data.
static struct frame unfinished_segment(uint8_t family)
{
	struct frame f = query(family);

	f.bytes[f.ip + (family == 4 ? 9 : 6)] = 6;
	if (family == 4)
		frame_fix_ip_checksum(&f);
	f.bytes[f.udp + 12] = 5 << 4;
	frame_put16(f.bytes + f.udp + 16, pseudo(&f, 6, f.len - f.udp));
	return f;
}

static uint32_t sum_of_tcp(const struct frame *f)
{
	return frame_sum(pseudo(f, 6, f->len - f->udp), f->bytes + f->udp, f->len - f->udp);
}

static void an_unfinished_question_of_this_host_is_answered(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = unfinished_query(family);

		assert_int_equal(parse(&f, nothing_known), PACKET_DROP);
		assert_int_equal(packet.reason, DROP_udp_checksum);
		assert_int_equal(parse(&f, from_this_host), PACKET_DNS);
		assert_int_equal(parse(&f, by_driver), PACKET_DNS);
	}
}

static void its_reply_has_a_whole_checksum(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = unfinished_query(family);

		assert_int_equal(parse(&f, from_this_host), PACKET_DNS);
		f.len = packet_reply(f.bytes, &packet, packet.payload_len);
		assert_int_equal(frame_udp_sum(&f), 0xffff);
	}
}

static void wrong_checksums_of_this_host_are_dropped(void **state)
{
	(void)state;
	struct frame f = unfinished_query(4);

	f.bytes[f.udp + 7] ^= 1;
	assert_int_equal(parse(&f, from_this_host), PACKET_DROP);
	assert_int_equal(packet.reason, DROP_udp_checksum);
	f = query(4);
	f.bytes[f.len - 1] ^= 1;
	assert_int_equal(parse(&f, from_this_host), PACKET_DROP);
	assert_int_equal(packet.reason, DROP_udp_checksum);
}

static void unfinished_tcp_is_finished_for_the_hosts_stack(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = unfinished_segment(family);

		assert_int_equal(parse(&f, from_this_host), PACKET_EXCEPTION);
		packet_finish(f.bytes, f.len, &packet, nothing_known);
		assert_int_not_equal(sum_of_tcp(&f), 0xffff);
		packet_finish(f.bytes, f.len, &packet, from_this_host);
		assert_int_equal(sum_of_tcp(&f), 0xffff);
	}
}

static void unfinished_udp_of_other_ports_is_finished(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = unfinished_query(family);

		frame_put16(f.bytes + f.udp + 2, 5353);
		assert_int_equal(parse(&f, from_this_host), PACKET_EXCEPTION);
		packet_finish(f.bytes, f.len, &packet, from_this_host);
		assert_int_equal(frame_udp_sum(&f), 0xffff);
	}
}

static void what_is_whole_or_wrong_stays_as_it_is(void **state)
{
	(void)state;
	struct frame f = unfinished_segment(4), before;

	assert_int_equal(parse(&f, from_this_host), PACKET_EXCEPTION);
	packet_finish(f.bytes, f.len, &packet, from_this_host);
	before = f;
	packet_finish(f.bytes, f.len, &packet, from_this_host);
	assert_memory_equal(f.bytes, before.bytes, f.len);
	f.bytes[f.udp + 17] ^= 4;
	before = f;
	packet_finish(f.bytes, f.len, &packet, from_this_host);
	assert_memory_equal(f.bytes, before.bytes, f.len);
}

static void a_fragment_is_not_finished(void **state)
{
	(void)state;
	struct frame f = unfinished_segment(4), before;

	f.bytes[f.ip + 16] ^= 1; // to another address, or it is dropped
	frame_put16(f.bytes + f.udp + 16, pseudo(&f, 6, f.len - f.udp));
	frame_put16(f.bytes + f.ip + 6, 0x2000);
	frame_fix_ip_checksum(&f);
	before = f;
	assert_int_equal(parse(&f, from_this_host), PACKET_EXCEPTION);
	packet_finish(f.bytes, f.len, &packet, from_this_host);
	assert_memory_equal(f.bytes, before.bytes, f.len);
}

static enum packet_verdict parse_as(const uint8_t station[6], struct frame *f)
{
	struct service_addresses services = frame_services();

	memcpy(services.stations[0], "\x02\0\0\0\0\x63", 6);
	memcpy(services.stations[1], station, 6);
	services.station_count = 2;
	return packet_parse(f->bytes, f->len, &services, nothing_known, &packet);
}

static void a_frame_for_another_station_is_dropped(void **state)
{
	(void)state;
	struct frame f = query(4);
	uint8_t station[6];

	memcpy(station, f.bytes, 6);
	assert_int_equal(parse_as(station, &f), PACKET_DNS);
	station[5] ^= 1;
	assert_int_equal(parse_as(station, &f), PACKET_DROP);
	assert_int_equal(packet.reason, DROP_l2_station);
	frame_put16(f.bytes + f.udp + 2, 5353);
	frame_fix_udp_checksum(&f);
	assert_int_equal(parse_as(station, &f), PACKET_DROP);
	assert_int_equal(packet.reason, DROP_l2_station);
}

static void a_group_is_every_stations(void **state)
{
	(void)state;
	struct frame f = query(6);
	const uint8_t station[6] = {2, 0, 0, 0, 0, 9};

	memcpy(f.bytes, "\x33\x33\xff\0\0\x53", 6);
	f.bytes[f.ip + 6] = 58; // neighbour solicitation
	f.bytes[f.udp] = 135;
	f.bytes[f.ip + 7] = 255; // not forwarded
	assert_int_equal(parse_as(station, &f), PACKET_EXCEPTION);
	assert_int_equal(packet.exception, EXCEPTION_ND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unfinished_question_of_this_host_is_answered),
		cmocka_unit_test(its_reply_has_a_whole_checksum),
		cmocka_unit_test(wrong_checksums_of_this_host_are_dropped),
		cmocka_unit_test(unfinished_tcp_is_finished_for_the_hosts_stack),
		cmocka_unit_test(unfinished_udp_of_other_ports_is_finished),
		cmocka_unit_test(what_is_whole_or_wrong_stays_as_it_is),
		cmocka_unit_test(a_fragment_is_not_finished),
		cmocka_unit_test(a_frame_for_another_station_is_dropped),
		cmocka_unit_test(a_group_is_every_stations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
