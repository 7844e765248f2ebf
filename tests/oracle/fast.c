#include "tests/oracle/fast.h"

#include "dataplane/short.h"
#include "tests/unit/dataplane/parse/frames.h"

size_t fast_ask(struct store *store, const struct store_clock *clock, const uint8_t *query,
		size_t len, uint8_t *reply, size_t cap)
{
	static const uint8_t client[4] = {10, 0, 0, 7}; // whom the access list allows
	static struct frame frame;
	struct frame_spec spec = frame_default(4);
	const struct service_addresses addresses = frame_services();
	const struct short_turn turn = {
		.now_ms = clock->now_ms,
		.now_s = clock->now_s,
		.clock_trusted = clock->trusted,
	};
	struct plain_service service;

	spec.dns = query;
	spec.dns_len = len;
	frame_make(&frame, &spec);
	memcpy(frame.bytes + frame.ip + 12, client, sizeof(client));
	frame_fix_ip_checksum(&frame);
	frame_fix_udp_checksum(&frame);
	plain_service_make(&addresses, &service);
	struct short_frame one = {.frame = {.bytes = frame.bytes,
					    .len = (uint16_t)frame.len,
					    .room = sizeof(frame.bytes)}};
	if (short_best()(store, &service, &turn, &one, 1) == 0)
		return 0;
	size_t reply_len = one.frame.len - frame.dns;
	if (reply_len > cap)
		return 0;
	memcpy(reply, frame.bytes + frame.dns, reply_len);
	return reply_len;
}
