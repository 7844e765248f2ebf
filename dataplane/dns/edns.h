// The OPT pseudo-RR and its options (RFC 6891), cookies (RFC 7873, RFC 9018) and
// Extended DNS Errors (RFC 8914).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDNS_UDP_SIZE 1232   // what we announce and the most we send over UDP
#define EDNS_OPTIONS_MAX 16  // of a query; more is FORMERR (ATTACKS C7)
#define COOKIE_CLIENT_LEN 8
#define COOKIE_SERVER_LEN 16 // RFC 9018 §4: version, reserved, timestamp, SipHash-2-4
#define COOKIE_SERVER_MAX 32 // RFC 7873 §4

enum edns_option { EDNS_NSID = 3, EDNS_CLIENT_SUBNET = 8, EDNS_COOKIE = 10,
	EDNS_TCP_KEEPALIVE = 11, EDNS_PADDING = 12, EDNS_EDE = 15 };

struct edns {
	bool present;
	bool do_bit;
	uint8_t version;
	uint8_t rcode_high; // upper 8 bits of the extended RCODE
	uint16_t udp_size;
	bool has_cookie;
	uint8_t client_cookie[COOKIE_CLIENT_LEN];
	uint8_t server_cookie[COOKIE_SERVER_MAX];
	uint8_t server_cookie_len; // 0, or 8..32
	int ede;            // first EDE code seen, EDE_NONE without one
	bool has_subnet;    // an ECS option was seen (never used, counted)
	bool has_keepalive; // RFC 7828, TCP only
	uint16_t pad_to;    // builder: fill the message up to a multiple of this (RFC 7830); 0: no
};

enum edns_verdict { EDNS_OK = 0, EDNS_FORMERR };

// Reads an OPT RR's fixed fields and options. class_be.. are host-order values of
// the RR. Bounds are those of RDATA. A cookie of impossible length is FORMERR
// (RFC 7873 §5.2.2), as are over options_max options. The fixed fields are set in any
// case; the options of a version above 0 are not read.
enum edns_verdict edns_parse(uint16_t class_, uint32_t ttl, const uint8_t *rdata, size_t rdlen,
			     size_t options_max, struct edns *out)
	__attribute__((nonnull(6), warn_unused_result));

// Server cookie of RFC 9018 §4.2: SipHash-2-4 over client cookie, version,
// reserved, timestamp and client address with a 16-byte secret.
void cookie_server_make(const uint8_t client[COOKIE_CLIENT_LEN], const uint8_t *addr,
			size_t addr_len, uint32_t now_s, const uint8_t secret[16],
			uint8_t out[COOKIE_SERVER_LEN]) __attribute__((nonnull));
// Valid when the hash agrees and the timestamp is at most 1 h old or 5 min ahead (§4.3).
bool cookie_server_valid(const uint8_t client[COOKIE_CLIENT_LEN], const uint8_t *server,
			 size_t server_len, const uint8_t *addr, size_t addr_len, uint32_t now_s,
			 const uint8_t secret[16]) __attribute__((nonnull));

// SipHash-c-d as a keyed hash (Aumasson and Bernstein 2012), also for the cache's index (1-3).
uint64_t siphash_2_4(const uint8_t key[16], const uint8_t *data, size_t len)
	__attribute__((nonnull, pure));
uint64_t siphash_1_3(const uint8_t key[16], const uint8_t *data, size_t len)
	__attribute__((nonnull, pure));
// The same, of data with zeros behind it up to the next multiple of eight bytes.
uint64_t siphash_1_3_padded(const uint8_t key[16], const uint8_t *data, size_t len)
	__attribute__((nonnull, pure));
