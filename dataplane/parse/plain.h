// Frames of the commonest shape: Ethernet with at most one VLAN tag, IPv4 without options or IPv6
// without extension headers, UDP with a checksum, a plain query (dataplane/dns/plain.h) from a
// possible source to a service address. What is taken here is PACKET_DNS for packet_parse(), and
// QUERY_ANSWER for query_parse() if its name and type are sound; what is not may be anything.
#pragma once

#include "dataplane/dns/plain.h"
#include "dataplane/parse/ip.h"
#include "dataplane/parse/packet.h"

#include <assert.h>
#include <immintrin.h>

#define PLAIN_REPLY_TTL     64
#define PLAIN_DONT_FRAGMENT 0x4000
#define PLAIN_FRAGMENT      0x3fff // more fragments, offset
// Room behind the start of a frame: of all headers, the longest query, and what is read behind it.
#define PLAIN_ROOM (ETHERNET_LEN + 4 + IPV6_LEN + UDP_LEN + HEADER_LEN + 2 * BLOCK_LEN)

// The service addresses, laid out for one comparison each.
struct plain_service {
	uint32_t v4_count, v6_count;
	uint64_t v4_bits;                      // plain_bit() of each
	uint32_t v4[SERVICE_ADDRESSES_MAX];    // network order
	uint64_t v6[SERVICE_ADDRESSES_MAX][2]; // as they stand in memory
	uint32_t station_count;
	uint64_t stations[STATIONS_MAX]; // plain_station() of each
};
void plain_service_make(const struct service_addresses *service, struct plain_service *out)
	__attribute__((nonnull));

struct plain_frame {
	uint8_t *bytes;
	uint16_t len;  // of the frame; of the reply's frame once it is there
	uint16_t room; // from `bytes` to the end of the buffer
	struct packet_offload offload;
	uint8_t l2_len; // set by plain_parse(), as is family
	uint8_t family;
};

// One of 64 bits for an IPv4 address.
static inline uint64_t plain_bit(uint32_t address)
{
	return 1ull << (address * 0x9e3779b1u >> 26);
}

// A frame's destination, from its first eight bytes.
static inline uint64_t plain_station(uint64_t bytes)
{
	return bytes & 0xffffffffffff;
}

static inline bool plain_for_us(const struct plain_service *service, const uint8_t *bytes)
{
	const uint64_t station = plain_station(plain_load64(bytes));

	for (uint32_t i = 0; i < service->station_count; i++) {
		if (service->stations[i] == station)
			return true;
	}
	return service->station_count == 0;
}

static inline bool plain_is_ours(const struct plain_service *service, uint32_t address)
{
	uint32_t i = 0;

	while (i < service->v4_count && service->v4[i] != address)
		i++;
	return i < service->v4_count;
}

static inline bool plain_source_possible_v4(const struct plain_service *service, uint32_t source,
					    uint32_t destination)
{
	uint8_t first = (uint8_t)source; // little-endian: of the address's bytes
	bool us = (service->v4_bits & plain_bit(source)) != 0 && plain_is_ours(service, source);

	// More than packet_parse() refuses: class E, which nobody has.
	return plain_is_ours(service, destination) && !us && (uint8_t)(first - 1) < 223 &&
	       first != 127;
}

static inline bool plain_source_possible_v6(const struct plain_service *service,
					    const uint8_t *addresses)
{
	const uint64_t source[2] = {plain_load64(addresses), plain_load64(addresses + 8)};
	const uint64_t destination[2] = {plain_load64(addresses + 16),
					 plain_load64(addresses + 24)};
	bool ours = false, us = false;

	for (uint32_t i = 0; i < service->v6_count; i++) {
		const uint64_t *own = service->v6[i];

		ours |= own[0] == destination[0] && own[1] == destination[1];
		us |= own[0] == source[0] && own[1] == source[1];
	}
	// :: and ::1 are among those that begin with 64 zeros, which nobody has either.
	return ours && !us && source[0] != 0 && addresses[0] != 0xff;
}

// ---- checksums, of many frames together ----

#define PLAIN_SUMS   16
#define PLAIN_INTACT 0xffff // what all that a checksum covers sums up to, with the checksum

struct plain_sums {
	_Alignas(64) uint64_t headers[PLAIN_SUMS]; // of IPv4
	uint64_t rests[PLAIN_SUMS];                // of what UDP's covers, but the block
	const uint8_t *blocks[PLAIN_SUMS];         // UDP's first
	uint8_t lens[PLAIN_SUMS];
};

// IPv4 and IPv6 have their addresses right before what they carry.
static inline void plain_sum_udp(const struct plain_frame *frame, const uint8_t *udp, size_t len,
				 struct plain_sums *sums, size_t n)
{
	uint64_t sum = __builtin_bswap16(IP_UDP) + (uint64_t)__builtin_bswap16((uint16_t)len);

	if (frame->family == 4)
		sum += (uint64_t)plain_load32(udp - 8) + plain_load32(udp - 4);
	else
		sum += block_sum(block_load(udp - 32, 32));
	// Most end before that, and the next line of the buffer is not in any cache.
	if (len > BLOCK_LEN)
		sum += block_sum(block_load(udp + BLOCK_LEN, len - BLOCK_LEN));
	sums->blocks[n] = udp;
	sums->lens[n] = (uint8_t)(len < BLOCK_LEN ? len : BLOCK_LEN);
	sums->rests[n] = sum;
	if (frame->offload.udp_checksum_good) {
		sums->lens[n] = 0;
		sums->rests[n] = PLAIN_INTACT;
	}
}
static_assert(UDP_LEN + PLAIN_LEN_MAX <= 2 * BLOCK_LEN, "two blocks are all of it");

#ifdef __AVX512BW__

static_assert(PLAIN_SUMS == BLOCK_SUMS, "all at once");

// Of eight sums below 2^48: those that are PLAIN_INTACT, folded. What would have to be folded once
// more is not.
static inline __mmask8 plain_intact(__m512i sums)
{
	const __m512i low = _mm512_set1_epi64(0xffff);
	__m512i once = _mm512_add_epi64(_mm512_and_si512(sums, low),
					_mm512_and_si512(_mm512_srli_epi64(sums, 16), low));

	once = _mm512_add_epi64(once, _mm512_srli_epi64(sums, 32));
	return _mm512_cmpeq_epi64_mask(
		_mm512_add_epi64(_mm512_and_si512(once, low), _mm512_srli_epi64(once, 16)), low);
}

// One bit for each of the first count that are intact, IPv4 and UDP.
static inline unsigned plain_sums_intact(struct plain_sums *sums, size_t count)
{
	if (count == 0)
		return 0;
	for (size_t i = count; i < PLAIN_SUMS; i++) {
		sums->blocks[i] = sums->blocks[0];
		sums->lens[i] = 0;
		sums->headers[i] = sums->rests[i] = 0;
	}
	__m512i blocks = block_sums(sums->blocks, sums->lens);
	__m512i low = _mm512_cvtepu32_epi64(_mm512_castsi512_si256(blocks));
	__m512i high = _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(blocks, 1));

	low = _mm512_add_epi64(low, _mm512_load_si512(sums->rests));
	high = _mm512_add_epi64(high, _mm512_load_si512(sums->rests + 8));
	return (unsigned)(plain_intact(low) & plain_intact(_mm512_load_si512(sums->headers))) |
	       (unsigned)(plain_intact(high) & plain_intact(_mm512_load_si512(sums->headers + 8)))
		       << 8;
}

#else

static inline unsigned plain_sums_intact(struct plain_sums *sums, size_t count)
{
	unsigned intact = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t udp =
			sums->rests[i] + block_sum(block_load(sums->blocks[i], sums->lens[i]));
		bool good = checksum_fold(sums->headers[i]) == PLAIN_INTACT &&
			    checksum_fold(udp) == PLAIN_INTACT;

		intact |= (unsigned)good << i;
	}
	return intact;
}

#endif

// ---- headers ----

// What never differs among plain queries over Ethernet and IPv4: `mask` says which bits of the
// first 64 bytes. `seen` below: they were looked at, all at once.
#ifdef __AVX512BW__

static inline bool plain_seen(const uint8_t *bytes)
{
	// clang-format off
	// A row for each part: Ethernet to one station from one, its type; version and length,
	// fragment, protocol; the port; of DNS opcode and counts.
	static const struct {
		_Alignas(64) uint8_t mask[64], value[64];
	} shape = {
		{1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0xff, 0xff,
		 0xff, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		 0, 0, 0xff, 0xff, 0, 0, 0, 0,
		 0, 0, 0xf8, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe},
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00,
		 0x45, 0, 0, 0, 0, 0, 0, 0, 0, IP_UDP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		 0, 0, 0, DNS_PORT, 0, 0, 0, 0,
		 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0},
	};
	// clang-format on
	__m512i differ =
		_mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_load_si512(shape.value));

	return _mm512_test_epi64_mask(differ, _mm512_load_si512(shape.mask)) == 0;
}
static_assert(ETHERNET_LEN + IPV4_LEN + UDP_LEN == 42, "where the masks look");

#else

static inline bool plain_seen(const uint8_t *bytes)
{
	(void)bytes;
	return false;
}

#endif

static inline bool plain_parse_udp(const struct plain_frame *frame, uint8_t *udp, size_t len,
				   bool seen, struct plain_query *query, struct plain_sums *sums,
				   size_t n)
{
	uint16_t checksum;

	if (len < UDP_LEN + PLAIN_LEN_MIN || len > UDP_LEN + PLAIN_LEN_MAX ||
	    (!seen && wire_get16(udp + 2) != DNS_PORT) || wire_get16(udp + 4) != len ||
	    wire_get16(udp) == 0)
		return false;
	// RFC 768: zero means that none was made.
	memcpy(&checksum, udp + 6, sizeof(checksum));
	if (checksum == 0)
		return false;
	plain_sum_udp(frame, udp, len, sums, n);
	// With its checksum all of it comes to zero: without, to what the checksum is against.
	query->sum = (uint16_t)~checksum;
	query->message = udp + UDP_LEN;
	query->len = (uint16_t)(len - UDP_LEN);
	query->room = (uint16_t)(frame->bytes + frame->room - query->message);
	return plain_read(query, seen);
}

static inline uint64_t plain_ipv4_sum(const uint8_t *ip)
{
	return (uint64_t)plain_load32(ip) + plain_load32(ip + 4) + plain_load32(ip + 8) +
	       plain_load32(ip + 12) + plain_load32(ip + 16);
}

static inline bool plain_parse_ipv4(struct plain_frame *frame, const struct plain_service *service,
				    bool seen, struct plain_query *query, struct plain_sums *sums,
				    size_t n)
{
	uint8_t *ip = frame->bytes + frame->l2_len;
	size_t len = wire_get16(ip + 2);

	frame->family = 4;
	if (!seen &&
	    (ip[0] != 0x45 || ip[9] != IP_UDP || (wire_get16(ip + 6) & PLAIN_FRAGMENT) != 0))
		return false;
	if (len > (size_t)frame->len - frame->l2_len || len < IPV4_LEN)
		return false;
	if (!plain_source_possible_v4(service, plain_load32(ip + 12), plain_load32(ip + 16)))
		return false;
	sums->headers[n] = frame->offload.ip_checksum_good ? PLAIN_INTACT : plain_ipv4_sum(ip);
	return plain_parse_udp(frame, ip + IPV4_LEN, len - IPV4_LEN, seen, query, sums, n);
}

static inline bool plain_parse_ipv6(struct plain_frame *frame, const struct plain_service *service,
				    struct plain_query *query, struct plain_sums *sums, size_t n)
{
	uint8_t *ip = frame->bytes + frame->l2_len;
	size_t len = wire_get16(ip + 4);

	frame->family = 6;
	if (ip[0] >> 4 != 6 || ip[6] != IP_UDP ||
	    len + IPV6_LEN > (size_t)frame->len - frame->l2_len)
		return false;
	if (!plain_source_possible_v6(service, ip + 8))
		return false;
	sums->headers[n] = PLAIN_INTACT;
	return plain_parse_udp(frame, ip + IPV6_LEN, len, false, query, sums, n);
}

// Nothing in the frame changes. False: take packet_parse(). Checksums are not looked at: what they
// are made of is number n of `sums`.
static inline bool plain_parse(struct plain_frame *frame, const struct plain_service *service,
			       struct plain_query *query, struct plain_sums *sums, size_t n)
{
	const uint8_t *bytes = frame->bytes;
	unsigned type;

	// Headers, query and what is read behind it lie in the buffer, and the whole shortest
	// frame of this kind (IPv4: 14 + 20 + 8 + 17 bytes) is there to be looked at.
	if (frame->len < ETHERNET_LEN + IPV4_LEN + UDP_LEN + PLAIN_LEN_MIN ||
	    frame->room < PLAIN_ROOM || !plain_for_us(service, bytes))
		return false;
	if (__builtin_expect(plain_seen(bytes), true)) {
		frame->l2_len = ETHERNET_LEN;
		return plain_parse_ipv4(frame, service, true, query, sums, n);
	}
	if (((bytes[0] | bytes[6]) & 1) != 0)
		return false;
	type = wire_get16(bytes + 12);
	frame->l2_len = ETHERNET_LEN;
	if (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) {
		type = wire_get16(bytes + 16);
		frame->l2_len = ETHERNET_LEN + 4;
	}
	if (type == ETHERTYPE_IPV4)
		return plain_parse_ipv4(frame, service, false, query, sums, n);
	return type == ETHERTYPE_IPV6 && plain_parse_ipv6(frame, service, query, sums, n);
}

// The source address, 4 or 16 bytes, in the frame.
static inline const uint8_t *plain_client(const struct plain_frame *frame)
{
	return frame->bytes + frame->l2_len + (frame->family == 4 ? 12 : 8);
}

// ---- the way back ----

static inline __m128i block16(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline void plain_turn_ipv4(uint8_t *ip, size_t udp_len)
{
	uint32_t source = plain_load32(ip + 12), destination = plain_load32(ip + 16);
	const uint16_t len = (uint16_t)(IPV4_LEN + udp_len);

	wire_put32(ip, 0x45000000u | len);
	// RFC 6864 §4.1: an atomic datagram may have any identification. RFC 9715 §3.1: DF.
	wire_put32(ip + 4, PLAIN_DONT_FRAGMENT);
	uint64_t sum = (uint64_t)source + destination;
	sum += __builtin_bswap16(0x4500) + __builtin_bswap16(PLAIN_DONT_FRAGMENT) +
	       __builtin_bswap16(PLAIN_REPLY_TTL << 8 | IP_UDP);
	sum += __builtin_bswap16(len);
	uint16_t checksum = (uint16_t)~checksum_fold(sum);
	ip[8] = PLAIN_REPLY_TTL;
	ip[9] = IP_UDP;
	memcpy(ip + 10, &checksum, sizeof(checksum));
	memcpy(ip + 12, &destination, sizeof(destination));
	memcpy(ip + 16, &source, sizeof(source));
}

static inline void plain_turn_ipv6(uint8_t *ip, size_t udp_len)
{
	__m128i source = block16(ip + 8), destination = block16(ip + 24);

	wire_put32(ip, 0x60000000);
	wire_put16(ip + 4, (uint16_t)udp_len);
	ip[6] = IP_UDP;
	ip[7] = PLAIN_REPLY_TTL;
	_mm_storeu_si128((__m128i *)(void *)(ip + 8), destination);
	_mm_storeu_si128((__m128i *)(void *)(ip + 24), source);
}

// packet_reply() of such a frame: turns the headers around, with checksums. The reply stands at
// query->message, reply_len and sum are set.
static inline void plain_reply(struct plain_frame *frame, const struct plain_query *query)
{
	uint8_t *bytes = frame->bytes, *ip = bytes + frame->l2_len;
	uint8_t *udp = query->message - UDP_LEN;
	const size_t udp_len = UDP_LEN + (size_t)query->reply_len;
	// Both MAC addresses change places; the four bytes behind stay.
	const __m128i turned = _mm_setr_epi8(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);

	_mm_storeu_si128((__m128i *)(void *)bytes, _mm_shuffle_epi8(block16(bytes), turned));
	if (frame->family == 4)
		plain_turn_ipv4(ip, udp_len);
	else
		plain_turn_ipv6(ip, udp_len);
	uint16_t port;
	uint16_t checksum = (uint16_t)~checksum_fold(query->sum);
	// RFC 768: zero means that there is none, so all ones stands for a sum of zero.
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(&port, udp, sizeof(port));
	// Little-endian: ports, length, checksum in one.
	const uint64_t header = __builtin_bswap16(DNS_PORT) | (uint64_t)port << 16 |
				(uint64_t)__builtin_bswap16((uint16_t)udp_len) << 32 |
				(uint64_t)checksum << 48;
	memcpy(udp, &header, sizeof(header));
	frame->len = (uint16_t)(udp + udp_len - bytes);
}
