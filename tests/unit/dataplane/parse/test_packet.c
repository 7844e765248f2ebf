// ATTACKS F (frames), D10: what is ours, what is the host's, what ends here and why.
#include "dataplane/parse/packet.h"
#include "tests/unit/dataplane/parse/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct service_addresses services;
static struct packet packet;

// Parses a copy in a block of exactly the frame's size, so that ASan sees one byte too many.
static enum packet_verdict parse_with(const struct frame *f, struct packet_offload offload)
{
	uint8_t *copy = malloc(f->len ? f->len : 1);

	memcpy(copy, f->bytes, f->len);
	enum packet_verdict verdict = packet_parse(copy, f->len, &services, offload, &packet);
	assert_memory_equal(copy, f->bytes, f->len);
	if (verdict == PACKET_DNS) {
		assert_ptr_equal(packet.payload, copy + f->dns);
		assert_true(packet.payload + packet.payload_len <= copy + f->len);
	}
	free(copy);
	return verdict;
}

static enum packet_verdict parse(const struct frame *f)
{
	return parse_with(f, (struct packet_offload){false, false});
}

static void assert_drop(const struct frame *f, enum drop_reason reason)
{
	assert_int_equal(parse(f), PACKET_DROP);
	assert_int_equal(packet.reason, reason);
}

static void assert_exception(const struct frame *f, enum exception_class class_)
{
	assert_int_equal(parse(f), PACKET_EXCEPTION);
	assert_int_equal(packet.exception, class_);
}

static struct frame make(uint8_t family)
{
	struct frame_spec spec = frame_default(family);
	struct frame f;

	frame_make(&f, &spec);
	return f;
}

static void fix(struct frame *f)
{
	if (f->family == 4)
		frame_fix_ip_checksum(f);
	frame_fix_udp_checksum(f);
}

static int setup(void **state)
{
	(void)state;
	services = frame_services();
	return 0;
}

static void query_over_ipv4_is_dns(void **state)
{
	(void)state;
	struct frame f = make(4);

	assert_int_equal(parse(&f), PACKET_DNS);
	assert_int_equal(packet.l2_len, 14);
	assert_int_equal(packet.l3_len, 20);
	assert_int_equal(packet.family, 4);
	assert_int_equal(packet.source_port, 40000);
	assert_int_equal(packet.payload_len, sizeof(frame_query));
	assert_int_equal(packet.source.family, 4);
	assert_memory_equal(packet.source.bytes, frame_client4, 4);
	assert_memory_equal(packet.destination.bytes, frame_service4, 4);
	for (int i = 4; i < 16; i++)
		assert_int_equal(packet.source.bytes[i] | packet.destination.bytes[i], 0);
}

static void query_over_ipv6_is_dns(void **state)
{
	(void)state;
	struct frame f = make(6);

	assert_int_equal(parse(&f), PACKET_DNS);
	assert_int_equal(packet.l3_len, 40);
	assert_int_equal(packet.family, 6);
	assert_memory_equal(packet.source.bytes, frame_client6, 16);
	assert_memory_equal(packet.destination.bytes, frame_service6, 16);
}

static void up_to_two_vlan_tags_are_read(void **state)
{
	(void)state;
	for (unsigned tags = 1; tags <= 3; tags++) {
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct frame_spec spec = frame_default(family);
			struct frame f;

			spec.vlan_count = tags;
			frame_make(&f, &spec);
			if (tags == 3) {
				assert_drop(&f, DROP_vlan_depth);
				continue;
			}
			assert_int_equal(parse(&f), PACKET_DNS);
			assert_int_equal(packet.vlan_count, tags);
			assert_int_equal(packet.l2_len, 14 + 4 * tags);
		}
	}
}

static void padding_after_the_ip_packet_is_ignored(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = make(family);

		memset(f.bytes + f.len, 0xaa, 30);
		f.len += 30;
		assert_int_equal(parse(&f), PACKET_DNS);
		assert_int_equal(packet.payload_len, sizeof(frame_query));
	}
}

// Every cut of a good frame is dropped: nothing is read beyond its end (parse() has ASan watch).
static void F_runt_frames_of_every_length_are_dropped(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (unsigned tags = 0; tags <= 2; tags++) {
			struct frame_spec spec = frame_default(family);
			struct frame f;

			spec.vlan_count = tags;
			frame_make(&f, &spec);
			for (size_t whole = f.len; f.len > 0;) {
				f.len--;
				assert_drop(&f, DROP_runt);
				assert_true(f.len < whole);
			}
		}
	}
}

static void F_unknown_ethertype_is_dropped(void **state)
{
	(void)state;
	struct frame f = make(4);

	frame_put16(f.bytes + 12, 0x88cc);
	assert_drop(&f, DROP_ethertype);
}

static void F_bad_ipv4_headers_are_dropped(void **state)
{
	(void)state;
	struct frame f = make(4);

	f.bytes[f.ip] = 0x65; // version
	fix(&f);
	assert_drop(&f, DROP_ip_header);
	f = make(4);
	f.bytes[f.ip] = 0x44; // header length under five words
	assert_drop(&f, DROP_ip_header);
	f = make(4);
	frame_put16(f.bytes + f.ip + 2, 19); // total length under the header's
	fix(&f);
	assert_drop(&f, DROP_ip_header);
	f = make(4);
	frame_put16(f.bytes + f.ip + 2, (unsigned)(f.len - f.ip + 1)); // beyond the frame
	fix(&f);
	assert_drop(&f, DROP_runt);
	f = make(4);
	f.bytes[f.ip + 8] ^= 1; // a bit flipped on the way
	assert_drop(&f, DROP_ip_checksum);
}

static void nic_may_have_verified_the_checksums(void **state)
{
	(void)state;
	struct frame f = make(4);

	f.bytes[f.ip + 10] ^= 0x55;
	f.bytes[f.udp + 6] ^= 0x55;
	assert_drop(&f, DROP_ip_checksum);
	assert_int_equal(parse_with(&f, (struct packet_offload){true, false}), PACKET_DROP);
	assert_int_equal(packet.reason, DROP_udp_checksum);
	assert_int_equal(parse_with(&f, (struct packet_offload){true, true}), PACKET_DNS);
}

static void F_ip_options_are_skipped(void **state)
{
	(void)state;
	static const uint8_t options[40] = {7, 39, 4}; // record route
	for (size_t len = 4; len <= sizeof(options); len += 4) {
		struct frame_spec spec = frame_default(4);
		struct frame f;

		spec.options = options;
		spec.options_len = len;
		frame_make(&f, &spec);
		assert_int_equal(parse(&f), PACKET_DNS);
		assert_int_equal(packet.l3_len, 20 + len);
	}
}

static struct frame with_extensions(const uint8_t *headers, size_t len, uint8_t first)
{
	struct frame_spec spec = frame_default(6);
	struct frame f;

	spec.options = headers;
	spec.options_len = len;
	spec.first_header = first;
	frame_make(&f, &spec);
	return f;
}

static void F_ipv6_extension_headers_are_bounded(void **state)
{
	(void)state;
	uint8_t headers[8 * 5] = {0};

	for (size_t count = 1; count <= 5; count++) {
		for (size_t i = 0; i < count; i++)
			headers[8 * i] = i + 1 < count ? 60 : 17;
		struct frame f = with_extensions(headers, 8 * count, 0);
		if (count <= 4) {
			assert_int_equal(parse(&f), PACKET_DNS);
			assert_int_equal(packet.l3_len, 40 + 8 * count);
		} else {
			assert_drop(&f, DROP_ip_header);
			f.bytes[f.ip + 39] ^= 1; // not to us: the host's business
			assert_exception(&f, EXCEPTION_OTHER);
		}
	}
}

static void F_ipv6_extension_header_past_the_packet_is_dropped(void **state)
{
	(void)state;
	uint8_t header[16] = {17, 1};
	struct frame f = with_extensions(header, 16, 0);

	assert_int_equal(parse(&f), PACKET_DNS);
	for (unsigned words = 6; words < 256; words++) {
		f.bytes[f.ip + 41] = (uint8_t)words;
		assert_drop(&f, DROP_ip_header);
	}
	// One that begins where less than a header is left.
	f = make(6);
	f.bytes[f.ip + 6] = 60;
	frame_put16(f.bytes + f.ip + 4, 7);
	f.len = f.ip + 47;
	assert_drop(&f, DROP_ip_header);
}

static void long_extension_headers_are_skipped_whole(void **state)
{
	(void)state;
	uint8_t header[512] = {17, 63};
	struct frame f = with_extensions(header, sizeof(header), 60);

	assert_int_equal(parse(&f), PACKET_DNS);
	assert_int_equal(packet.l3_len, 40 + 512);
}

static void routing_header_with_segments_left_is_the_hosts(void **state)
{
	(void)state;
	uint8_t header[8] = {17, 0, 0, 1};
	struct frame f = with_extensions(header, 8, 43);

	assert_exception(&f, EXCEPTION_OTHER);
	header[3] = 0;
	f = with_extensions(header, 8, 43);
	assert_int_equal(parse(&f), PACKET_DNS);
}

static void F_fragments_to_a_service_address_are_dropped(void **state)
{
	(void)state;
	static const uint16_t fields[] = {0x2000, 0x0001, 0x2001, 0x1fff};
	for (size_t i = 0; i < 4; i++) {
		struct frame f = make(4);

		frame_put16(f.bytes + f.ip + 6, fields[i]);
		fix(&f);
		assert_drop(&f, DROP_fragment);
		f.bytes[f.ip + 9] = 6; // TCP too
		fix(&f);
		assert_drop(&f, DROP_fragment);
		f.bytes[f.ip + 19] ^= 1;
		fix(&f);
		assert_exception(&f, EXCEPTION_OTHER);
	}
	struct frame whole = make(4);
	frame_put16(whole.bytes + whole.ip + 6, 0x4000); // DF is no fragment
	fix(&whole);
	assert_int_equal(parse(&whole), PACKET_DNS);

	static const uint8_t header[8] = {17};
	struct frame f = with_extensions(header, 8, 44);
	assert_drop(&f, DROP_fragment);
	f.bytes[f.ip + 39] ^= 1;
	assert_exception(&f, EXCEPTION_OTHER);
	static const uint8_t behind_options[16] = {44, 0, 0, 0, 0, 0, 0, 0, 17};
	f = with_extensions(behind_options, 16, 0);
	assert_drop(&f, DROP_fragment);
}

static void F_udp_length_other_than_ips_is_dropped(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		static const int lens[] = {0, 7, 8, 8 + (int)sizeof(frame_query) - 1,
					   8 + (int)sizeof(frame_query) + 1, 65535};
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			struct frame f = make(family);

			frame_put16(f.bytes + f.udp + 4, (unsigned)lens[i]);
			assert_drop(&f, DROP_udp_length);
		}
	}
	for (unsigned left = 0; left < 8; left++) { // a UDP header that is not all there
		struct frame f = make(4);

		frame_put16(f.bytes + f.ip + 2, 20 + left);
		frame_fix_ip_checksum(&f);
		assert_drop(&f, DROP_udp_length);
	}
}

static void F_wrong_udp_checksum_is_dropped(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = make(family);

		for (size_t byte = f.udp; byte < f.len; byte++) {
			if (byte >= f.udp + 2 && byte < f.udp + 6)
				continue; // port and length have verdicts of their own
			f.bytes[byte] ^= 0x10;
			assert_drop(&f, DROP_udp_checksum);
			f.bytes[byte] ^= 0x10;
		}
		assert_int_equal(parse(&f), PACKET_DNS);
	}
}

static void F_zero_udp_checksum_is_allowed_over_ipv4_only(void **state)
{
	(void)state;
	struct frame f = make(4);

	frame_put16(f.bytes + f.udp + 6, 0);
	assert_int_equal(parse(&f), PACKET_DNS);
	f = make(6);
	frame_put16(f.bytes + f.udp + 6, 0);
	assert_drop(&f, DROP_udp_checksum);
	assert_int_equal(parse_with(&f, (struct packet_offload){true, true}), PACKET_DROP);
	assert_int_equal(packet.reason, DROP_udp_checksum);
}

// All lengths and alignments of the sum, against another way to compute it.
static void checksums_agree_for_every_payload_length(void **state)
{
	(void)state;
	uint8_t dns[300];

	for (size_t i = 0; i < sizeof(dns); i++)
		dns[i] = (uint8_t)((i * 73 + (i >> 3)) | 0x80);
	for (size_t len = 12; len <= sizeof(dns); len++) {
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct frame_spec spec = frame_default(family);
			struct frame f;

			spec.dns = dns;
			spec.dns_len = len;
			frame_make(&f, &spec);
			assert_int_equal(parse(&f), PACKET_DNS);
			assert_int_equal(packet.payload_len, len);
		}
	}
}

static void D10_source_port_zero_is_dropped(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = make(family);

		frame_put16(f.bytes + f.udp, 0);
		fix(&f);
		assert_drop(&f, DROP_udp_port);
	}
}

static void D10_own_address_as_source_is_dropped(void **state)
{
	(void)state;
	struct frame f = make(4);

	memcpy(f.bytes + f.ip + 12, frame_service4, 4);
	fix(&f);
	assert_drop(&f, DROP_ip_source);
	f = make(6);
	memcpy(f.bytes + f.ip + 8, frame_service6, 16);
	fix(&f);
	assert_drop(&f, DROP_ip_source);
}

static void impossible_sources_are_dropped(void **state)
{
	(void)state;
	static const uint8_t bad4[][4] = {{0, 0, 0, 0}, {0, 1, 2, 3}, {127, 0, 0, 1},
		{127, 255, 0, 1}, {224, 0, 0, 1}, {239, 255, 255, 250}, {255, 255, 255, 255}};
	static const uint8_t good4[][4] = {{1, 0, 0, 1}, {126, 255, 255, 255}, {128, 0, 0, 1},
		{223, 255, 255, 255}, {10, 255, 255, 255}};
	static const uint8_t bad6[][16] = {{0}, {[15] = 1}, {0xff, 2, [15] = 1}, {0xff, 0xff}};
	static const uint8_t good6[][16] = {{[15] = 2}, {0xfe, 0x80, [15] = 1}, {0xfc, [15] = 1}};

	for (size_t i = 0; i < sizeof(bad4) / 4; i++) {
		struct frame f = make(4);

		memcpy(f.bytes + f.ip + 12, bad4[i], 4);
		fix(&f);
		assert_drop(&f, DROP_ip_source);
		f.bytes[f.ip + 9] = 6; // nor does TCP reach the host from there
		fix(&f);
		assert_drop(&f, DROP_ip_source);
	}
	for (size_t i = 0; i < sizeof(good4) / 4; i++) {
		struct frame f = make(4);

		memcpy(f.bytes + f.ip + 12, good4[i], 4);
		fix(&f);
		assert_int_equal(parse(&f), PACKET_DNS);
	}
	for (size_t i = 0; i < sizeof(bad6) / 16; i++) {
		struct frame f = make(6);

		memcpy(f.bytes + f.ip + 8, bad6[i], 16);
		fix(&f);
		assert_drop(&f, DROP_ip_source);
	}
	for (size_t i = 0; i < sizeof(good6) / 16; i++) {
		struct frame f = make(6);

		memcpy(f.bytes + f.ip + 8, good6[i], 16);
		fix(&f);
		assert_int_equal(parse(&f), PACKET_DNS);
	}
}

static void group_mac_addresses_ask_nothing(void **state)
{
	(void)state;
	struct frame f = make(4);

	f.bytes[0] |= 1;
	assert_drop(&f, DROP_l2_address);
	f = make(4);
	f.bytes[6] |= 1;
	assert_drop(&f, DROP_l2_address);
	f = make(6);
	memset(f.bytes, 0xff, 6);
	assert_drop(&f, DROP_l2_address);
}

static void dns_under_a_header_is_dropped(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 12; len++) {
		struct frame_spec spec = frame_default(4);
		struct frame f;

		spec.dns_len = len;
		frame_make(&f, &spec);
		if (len < 12)
			assert_drop(&f, DROP_dns_short);
		else
			assert_int_equal(parse(&f), PACKET_DNS);
	}
}

static void everything_else_is_the_hosts_in_its_class(void **state)
{
	(void)state;
	struct frame f = make(4);

	frame_put16(f.bytes + 12, 0x0806);
	assert_exception(&f, EXCEPTION_ARP);
	f.len = 14;
	assert_exception(&f, EXCEPTION_ARP);
	static const struct {
		uint8_t protocol, family;
		enum exception_class class_;
	} rows[] = {{6, 4, EXCEPTION_SYN}, {1, 4, EXCEPTION_ICMP}, {47, 4, EXCEPTION_OTHER},
		{58, 4, EXCEPTION_OTHER}, {6, 6, EXCEPTION_SYN}, {1, 6, EXCEPTION_OTHER},
		{59, 6, EXCEPTION_OTHER}, {50, 6, EXCEPTION_OTHER}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = make(rows[i].family);
		f.bytes[f.ip + (rows[i].family == 4 ? 9 : 6)] = rows[i].protocol;
		fix(&f);
		assert_exception(&f, rows[i].class_);
	}
}

static void nd_passes_from_any_source(void **state)
{
	(void)state;
	for (unsigned type = 128; type <= 143; type++) {
		struct frame f = make(6);
		bool nd = type >= 133 && type <= 137;

		f.bytes[f.ip + 6] = 58;
		f.bytes[f.udp] = (uint8_t)type;
		assert_exception(&f, EXCEPTION_ICMP); // forwarded, as its hop limit tells
		f.bytes[f.ip + 7] = 255;
		assert_exception(&f, nd ? EXCEPTION_ND : EXCEPTION_ICMP);
		memset(f.bytes + f.ip + 8, 0, 16); // duplicate address detection
		if (nd)
			assert_exception(&f, EXCEPTION_ND);
		else
			assert_drop(&f, DROP_ip_source);
	}
	struct frame empty = make(6);
	empty.bytes[empty.ip + 6] = 58;
	frame_put16(empty.bytes + empty.ip + 4, 0);
	empty.len = empty.ip + 40;
	assert_exception(&empty, EXCEPTION_ICMP);
}

static void other_ports_and_addresses_are_the_hosts(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = make(family);

		frame_put16(f.bytes + f.udp + 2, 54);
		assert_exception(&f, EXCEPTION_OTHER); // whatever its checksum
		f = make(family);
		f.bytes[f.udp - 1] ^= 1; // the last byte of the destination address
		fix(&f);
		assert_exception(&f, EXCEPTION_OTHER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query_over_ipv4_is_dns),
		cmocka_unit_test(query_over_ipv6_is_dns),
		cmocka_unit_test(up_to_two_vlan_tags_are_read),
		cmocka_unit_test(padding_after_the_ip_packet_is_ignored),
		cmocka_unit_test(F_runt_frames_of_every_length_are_dropped),
		cmocka_unit_test(F_unknown_ethertype_is_dropped),
		cmocka_unit_test(F_bad_ipv4_headers_are_dropped),
		cmocka_unit_test(nic_may_have_verified_the_checksums),
		cmocka_unit_test(F_ip_options_are_skipped),
		cmocka_unit_test(F_ipv6_extension_headers_are_bounded),
		cmocka_unit_test(F_ipv6_extension_header_past_the_packet_is_dropped),
		cmocka_unit_test(long_extension_headers_are_skipped_whole),
		cmocka_unit_test(routing_header_with_segments_left_is_the_hosts),
		cmocka_unit_test(F_fragments_to_a_service_address_are_dropped),
		cmocka_unit_test(F_udp_length_other_than_ips_is_dropped),
		cmocka_unit_test(F_wrong_udp_checksum_is_dropped),
		cmocka_unit_test(F_zero_udp_checksum_is_allowed_over_ipv4_only),
		cmocka_unit_test(checksums_agree_for_every_payload_length),
		cmocka_unit_test(D10_source_port_zero_is_dropped),
		cmocka_unit_test(D10_own_address_as_source_is_dropped),
		cmocka_unit_test(impossible_sources_are_dropped),
		cmocka_unit_test(group_mac_addresses_ask_nothing),
		cmocka_unit_test(dns_under_a_header_is_dropped),
		cmocka_unit_test(everything_else_is_the_hosts_in_its_class),
		cmocka_unit_test(nd_passes_from_any_source),
		cmocka_unit_test(other_ports_and_addresses_are_the_hosts),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
