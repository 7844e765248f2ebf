// A scripted second of the exception path: floods beside what routing lives on, from the frame to
// the tap, with the thread that takes 2 to 5 µs a frame on a quarter of a CPU.
#include "dataplane/host/limit.h"
#include "dataplane/host/rings.h"
#include "dataplane/host/share.h"
#include "dataplane/parse/exception.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#define FRAME_NS    5000 // what a frame costs the host thread, at worst
#define SYN_PER_S   10000
#define SYN         0x02
#define ACK         0x10
#define BGP         179
#define OUR_PORT    53
#define MS_PER_S    1000
#define NS_PER_MS   1000000
#define HEADERS_LEN 54

static const uint8_t service4[4] = {192, 0, 2, 53}, peer4[4] = {192, 0, 2, 1},
		     other4[4] = {198, 51, 100, 7};

struct path {
	struct service_addresses service;
	struct peer_sessions sessions;
	struct limit limit;
	struct rings rings;
	struct share share;
	uint64_t now_ns; // of the host thread
	unsigned offered[EXCEPTION_CLASS_COUNT], passed[EXCEPTION_CLASS_COUNT];
};

static uint16_t ip_sum(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void tcp(uint8_t frame[HEADERS_LEN], const uint8_t from[4], const uint8_t to[4],
		uint16_t source, uint16_t destination, uint8_t flags)
{
	uint8_t *ip = frame + 14;

	memset(frame, 0, HEADERS_LEN);
	frame[6] = 2;
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, 40);
	ip[8] = 1;
	ip[9] = 6;
	memcpy(ip + 12, from, 4);
	memcpy(ip + 16, to, 4);
	put16(ip + 10, ip_sum(ip));
	put16(ip + 20, source);
	put16(ip + 22, destination);
	ip[32] = 5 << 4;
	ip[33] = flags;
}

static void arrives(struct path *path, uint8_t *frame, size_t len)
{
	struct packet packet;

	assert_int_equal(
		packet_parse(frame, len, &path->service, (struct packet_offload){0}, &packet),
		PACKET_EXCEPTION);
	path->offered[packet.exception]++;
	if (limit_take(&path->limit, packet.exception))
		(void)rings_offer(&path->rings, packet.exception, 0, frame, len);
}

static void to_tap(const struct frame *frame, enum exception_class class, void *arg)
{
	struct path *path = arg;

	(void)frame;
	path->passed[class]++;
}

// The host thread until then, resting when its share is used up.
static void host_until(struct path *path, uint64_t until_ns)
{
	while (path->now_ns < until_ns) {
		unsigned count = rings_turn(&path->rings, 1, 0, to_tap, path);

		path->now_ns += count * FRAME_NS;
		path->now_ns += share_spend(&path->share, path->now_ns, count * FRAME_NS);
		if (count == 0)
			path->now_ns = until_ns;
	}
}

static void open(struct path *path)
{
	uint8_t frame[HEADERS_LEN];

	memset(path, 0, sizeof *path);
	path->service = (struct service_addresses){
		.list = {{.family = 4}}, .count = 1, .peers = {{.family = 4}}, .peer_count = 1};
	memcpy(path->service.list[0].bytes, service4, 4);
	memcpy(path->service.peers[0].bytes, peer4, 4);
	path->service.sessions = &path->sessions;
	limit_init(&path->limit, SYN_PER_S, 0);
	share_init(&path->share, SHARE_PERCENT, 0);
	assert_int_equal(rings_init(&path->rings), 0);
	// The session stands: the host has opened it.
	tcp(frame, service4, peer4, 40000, BGP, SYN);
	(void)exception_sent(&path->service, &path->sessions, frame, sizeof frame);
}

struct flood {
	const char *what;
	const uint8_t *from;
	uint16_t source, destination; // source 0: another each time
	uint8_t flags;
};

// A second with bgp_per_ms segments of the session and the flood beside them.
static void second_of(struct path *path, const struct flood *flood, unsigned flood_per_s,
		      unsigned bgp_per_ms)
{
	uint8_t bgp[HEADERS_LEN], other[HEADERS_LEN];

	tcp(bgp, peer4, service4, BGP, 40000, ACK);
	for (unsigned ms = 0; ms < MS_PER_S; ms++) {
		limit_tick(&path->limit, ms);
		for (unsigned i = 0; i < flood_per_s / MS_PER_S; i++) {
			tcp(other, flood->from, service4,
			    flood->source ? flood->source : (uint16_t)(1024 + i * 7 + ms),
			    flood->destination, flood->flags);
			arrives(path, other, sizeof other);
		}
		for (unsigned i = 0; i < bgp_per_ms; i++)
			arrives(path, bgp, sizeof bgp);
		host_until(path, (uint64_t)(ms + 1) * NS_PER_MS);
	}
}

static void assert_bgp_passes(const struct flood *flood, unsigned bgp_per_ms)
{
	static struct path path;

	open(&path);
	second_of(&path, flood, 500000, bgp_per_ms);
	assert_int_equal(path.offered[EXCEPTION_BGP], bgp_per_ms * MS_PER_S);
	print_message("%s, 500000/s: %u of %u BGP packets pass, of the flood %u\n", flood->what,
		      path.passed[EXCEPTION_BGP], path.offered[EXCEPTION_BGP],
		      path.passed[EXCEPTION_SYN] + path.passed[EXCEPTION_TCP] +
			      path.passed[EXCEPTION_PEER]);
	assert_true(path.passed[EXCEPTION_BGP] * 100 >= path.offered[EXCEPTION_BGP] * 99);
	rings_fini(&path.rings);
}

static void bgp_passes_beside_any_flood(void **state)
{
	static const struct flood floods[] = {
		{"SYNs to port 53", other4, 0, OUR_PORT, SYN},
		{"SYNs to port 179", other4, 0, BGP, SYN},
		{"SYNs in the peer's name", peer4, 0, BGP, SYN},
		{"SYNs in the peer's name with the session's ports", peer4, BGP, 40000, SYN},
		{"ACKs to port 53", other4, 0, OUR_PORT, ACK},
		{"ACKs in the peer's name", peer4, 0, BGP, ACK},
		{"ACKs from the peer's port", peer4, BGP, 40001, ACK},
		{"segments without a flag", other4, 0, OUR_PORT, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
		assert_bgp_passes(&floods[i], 1);
		assert_bgp_passes(&floods[i], 10);
	}
}

static void connections_begin_at_no_more_than_their_rate(void **state)
{
	static const struct flood flood = {"SYNs", other4, 0, OUR_PORT, SYN};
	static struct path path;

	(void)state;
	open(&path);
	second_of(&path, &flood, 500000, 1);
	assert_int_equal(path.offered[EXCEPTION_SYN], 500000);
	assert_in_range(path.passed[EXCEPTION_SYN], SYN_PER_S * 9 / 10, SYN_PER_S + 128);
	rings_fini(&path.rings);
}

static void no_class_takes_the_room_of_another(void **state)
{
	const uint8_t frame[60] = {0};
	struct rings rings;

	(void)state;
	assert_int_equal(rings_init(&rings), 0);
	for (enum exception_class class = 0; class < EXCEPTION_CLASS_COUNT; class ++) {
		unsigned taken = 0;

		while (taken <= class_terms[class].ring &&
		       rings_offer(&rings, class, 0, frame, sizeof frame))
			taken++;
		assert_int_equal(taken, class_terms[class].ring);
	}
	rings_fini(&rings);
}

static void tally(const struct frame *frame, enum exception_class class, void *arg)
{
	unsigned *taken = arg;

	(void)frame;
	taken[class]++;
}

static void a_turn_takes_each_class_by_its_weight_over_all_cores(void **state)
{
	unsigned taken[EXCEPTION_CLASS_COUNT] = {0}, all = 0;
	const uint8_t frame[60] = {0};
	struct rings rings[3];

	(void)state;
	for (unsigned core = 0; core < 3; core++) {
		assert_int_equal(rings_init(&rings[core]), 0);
		for (enum exception_class class = 0; class < EXCEPTION_CLASS_COUNT; class ++) {
			while (rings_offer(&rings[core], class, 0, frame, sizeof frame))
				;
		}
	}
	unsigned count = rings_turn(rings, 3, 2, tally, taken);
	for (unsigned class = 0; class < EXCEPTION_CLASS_COUNT; class ++) {
		assert_int_equal(taken[class], class_terms[class].weight);
		all += taken[class];
	}
	assert_int_equal(count, all);
	// 5 µs each: what is done between two looks at the share.
	assert_true(all * FRAME_NS < NS_PER_MS);
	for (unsigned core = 0; core < 3; core++)
		rings_fini(&rings[core]);
}

static void a_frame_that_is_too_long_is_not_taken(void **state)
{
	static const uint8_t frame[FRAME_MAX + 1];
	struct rings rings;

	(void)state;
	assert_int_equal(rings_init(&rings), 0);
	assert_true(rings_empty(&rings, 1));
	assert_false(rings_offer(&rings, EXCEPTION_TCP, 0, frame, FRAME_MAX + 1));
	assert_true(rings_offer(&rings, EXCEPTION_TCP, 0, frame, FRAME_MAX));
	assert_false(rings_empty(&rings, 1));
	rings_fini(&rings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bgp_passes_beside_any_flood),
		cmocka_unit_test(connections_begin_at_no_more_than_their_rate),
		cmocka_unit_test(no_class_takes_the_room_of_another),
		cmocka_unit_test(a_turn_takes_each_class_by_its_weight_over_all_cores),
		cmocka_unit_test(a_frame_that_is_too_long_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
