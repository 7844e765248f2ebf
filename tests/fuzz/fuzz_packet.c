// packet_parse(), and that both ways to build a reply's headers agree. The first byte says
// what the NIC has verified; the rest is the frame.
#include "dataplane/parse/packet.h"
#include "tests/fuzz/check.h"
#include "tests/unit/dataplane/parse/frames.h"

#define FRAME_MAX 4096

static void check_payload(const uint8_t *frame, size_t len, const struct packet *packet)
{
	CHECK(packet->family == 4 || packet->family == 6);
	CHECK(packet->l2_len == 14 + 4 * packet->vlan_count && packet->vlan_count <= 2);
	CHECK(packet->l3_len >= (packet->family == 4 ? 20 : 40));
	CHECK(packet->payload == frame + packet->l2_len + packet->l3_len + 8);
	CHECK(packet->payload_len >= 12);
	CHECK(packet->payload + packet->payload_len <= frame + len);
	CHECK(packet->source_port != 0);
	CHECK(((frame[0] | frame[6]) & 1) == 0);
	CHECK(packet->source.family == packet->family);
	CHECK(packet->destination.family == packet->family);
}

static void check_reply(uint8_t *frame, const struct packet *packet)
{
	static uint8_t fresh[FRAME_MAX + 64];
	struct packet_path path;
	size_t dns_len = packet->payload_len;

	packet_path(frame, packet, &path);
	size_t headers = packet_path_headers(&path);
	CHECK(headers <= (size_t)(packet->payload - frame));
	memcpy(fresh + headers, packet->payload, dns_len);
	size_t len = packet_path_reply(&path, fresh, dns_len);
	CHECK(len == headers + dns_len);
	CHECK(packet_reply(frame, packet, dns_len) == len);
	CHECK(memcmp(frame, fresh, len) == 0);

	struct frame f = {.ip = packet->l2_len, .family = packet->family};
	f.udp = f.ip + (packet->family == 4 ? 20 : 40);
	if (len > sizeof(f.bytes))
		return;
	memcpy(f.bytes, frame, len);
	CHECK(frame_udp_sum(&f) == 0xffff);
	CHECK(packet->family == 6 || frame_sum(0, frame + f.ip, 20) == 0xffff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service_addresses services = frame_services();
	struct packet packet;

	if (size == 0 || size > FRAME_MAX)
		return 0;
	struct packet_offload offload = {(data[0] & 1) != 0, (data[0] & 2) != 0, (data[0] & 4) != 0,
					 (data[0] & 8) != 0};
	size_t len = size - 1;
	uint8_t *frame = malloc(len > 0 ? len : 1); // of just this size, for ASan to watch
	CHECK(frame != NULL);
	memcpy(frame, data + 1, len);
	enum packet_verdict verdict = packet_parse(frame, len, &services, offload, &packet);
	CHECK(memcmp(frame, data + 1, len) == 0);
	if (verdict == PACKET_DROP)
		CHECK(packet.reason < DROP_REASON_COUNT);
	if (verdict == PACKET_EXCEPTION) {
		CHECK(packet.exception < EXCEPTION_CLASS_COUNT);
		packet_finish(frame, len, &packet, offload);
	}
	if (verdict == PACKET_DNS) {
		check_payload(frame, len, &packet);
		check_reply(frame, &packet);
	}
	free(frame);
	return 0;
}
