#include "dataplane/parse/packet.h"
#include "tests/unit/dataplane/parse/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct service_addresses services;
static uint8_t reply_dns[1300];

static void assert_reply(const struct frame *query, const uint8_t *reply, size_t len,
			 unsigned tags, size_t dns_len)
{
	size_t ip = 14 + 4 * tags, header = query->family == 4 ? 20 : 40;
	struct frame f = {.len = len, .ip = ip, .udp = ip + header, .family = query->family};

	assert_int_equal(len, ip + header + 8 + dns_len);
	memcpy(f.bytes, reply, len);
	assert_memory_equal(reply, query->bytes + 6, 6);
	assert_memory_equal(reply + 6, query->bytes, 6);
	assert_memory_equal(reply + 12, query->bytes + 12, ip - 12); // tags and type
	if (query->family == 4) {
		const uint8_t fixed[10] = {0x45, 0, (uint8_t)((len - ip) >> 8),
					   (uint8_t)(len - ip), 0, 0, 0x40, 0, 64, 17};

		assert_memory_equal(reply + ip, fixed, sizeof(fixed));
		assert_int_equal(frame_sum(0, reply + ip, 20), 0xffff);
		assert_memory_equal(reply + ip + 12, frame_service4, 4);
		assert_memory_equal(reply + ip + 16, frame_client4, 4);
	} else {
		const uint8_t fixed[8] = {0x60, 0, 0, 0, (uint8_t)((8 + dns_len) >> 8),
					  (uint8_t)(8 + dns_len), 17, 64};

		assert_memory_equal(reply + ip, fixed, sizeof(fixed));
		assert_memory_equal(reply + ip + 8, frame_service6, 16);
		assert_memory_equal(reply + ip + 24, frame_client6, 16);
	}
	const uint8_t ports[4] = {0, 53, 40000 >> 8, 40000 & 255};
	assert_memory_equal(reply + f.udp, ports, 4);
	assert_int_equal(reply[f.udp + 4] << 8 | reply[f.udp + 5], 8 + dns_len);
	assert_int_equal(frame_udp_sum(&f), 0xffff);
	assert_true(reply[f.udp + 6] | reply[f.udp + 7]);
	assert_memory_equal(reply + f.udp + 8, reply_dns, dns_len);
}

static void answer_both_ways(const struct frame_spec *spec, size_t dns_len)
{
	struct frame f;
	struct packet packet;
	struct packet_path path;
	uint8_t in_place[2048], fresh[2048];

	frame_make(&f, spec);
	memcpy(in_place, f.bytes, sizeof(in_place));
	assert_int_equal(packet_parse(in_place, f.len, &services,
				      (struct packet_offload){false, false}, &packet), PACKET_DNS);
	packet_path(in_place, &packet, &path);
	memcpy(packet.payload, reply_dns, dns_len);
	size_t len = packet_reply(in_place, &packet, dns_len);
	assert_reply(&f, in_place, len, spec->vlan_count, dns_len);

	memset(fresh, 0xee, sizeof(fresh));
	size_t headers = packet_path_headers(&path);
	memcpy(fresh + headers, reply_dns, dns_len);
	assert_int_equal(packet_path_reply(&path, fresh, dns_len), len);
	assert_memory_equal(fresh, in_place, len);
	assert_int_equal(fresh[len], 0xee);
}

static void reply_goes_back_the_way_the_query_came(void **state)
{
	(void)state;
	static const size_t lens[] = {12, 13, 29, 30, 31, 32, 512, 1232};
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (unsigned tags = 0; tags <= 2; tags++) {
			for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
				struct frame_spec spec = frame_default(family);

				spec.vlan_count = tags;
				answer_both_ways(&spec, lens[i]);
			}
		}
	}
}

static void reply_has_no_options_and_moves_to_the_front(void **state)
{
	(void)state;
	static const uint8_t options[40] = {1, 1, 1};
	static const uint8_t extensions[16] = {60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4};
	struct frame_spec spec = frame_default(4);

	spec.options = options;
	for (spec.options_len = 4; spec.options_len <= 40; spec.options_len += 4)
		answer_both_ways(&spec, 700);
	spec = frame_default(6);
	spec.options = extensions;
	spec.options_len = sizeof(extensions);
	spec.vlan_count = 2;
	answer_both_ways(&spec, 1232);
}

// RFC 768: a sum of zero is sent as all ones, never as "no checksum".
static void udp_checksum_of_zero_is_sent_as_all_ones(void **state)
{
	(void)state;
	unsigned seen = 0;

	for (unsigned v = 0; v < 65536; v++) {
		struct frame_spec spec = frame_default(4);
		struct frame f;
		struct packet packet;

		frame_make(&f, &spec);
		assert_int_equal(packet_parse(f.bytes, f.len, &services,
					      (struct packet_offload){true, true}, &packet),
				 PACKET_DNS);
		memset(packet.payload, 0, 12);
		frame_put16(packet.payload, v);
		packet_reply(f.bytes, &packet, 12);
		unsigned checksum = f.bytes[f.udp + 6] << 8 | f.bytes[f.udp + 7];
		assert_int_not_equal(checksum, 0);
		seen += checksum == 0xffff;
	}
	assert_int_equal(seen, 1);
}

static int setup(void **state)
{
	(void)state;
	services = frame_services();
	for (size_t i = 0; i < sizeof(reply_dns); i++)
		reply_dns[i] = (uint8_t)(i * 131 + 17);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_goes_back_the_way_the_query_came),
		cmocka_unit_test(reply_has_no_options_and_moves_to_the_front),
		cmocka_unit_test(udp_checksum_of_zero_is_sent_as_all_ones),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
