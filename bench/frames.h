// Queries as frames, and files of them that net_pcap replays.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FRAME_QUERY_MAX 512
// Whom the queries ask, and the prefix of the clients: one that the default ACL allows.
#define BENCH_SERVICE "192.0.2.53"

struct frame_query {
	const uint8_t *name; // wire form
	size_t name_len;
	uint16_t type;
	bool dnssec;     // OPT with DO=1, otherwise OPT without
	uint64_t random; // makes ID, client address and port
};

// Ethernet, IPv4, UDP, one question and OPT; every length and checksum right. Returns its length.
size_t frame_query(const struct frame_query *query, uint8_t out[FRAME_QUERY_MAX])
	__attribute__((nonnull));

// 0, or -errno.
int pcap_begin(FILE *file) __attribute__((nonnull, warn_unused_result));
int pcap_add(FILE *file, const uint8_t *frame, size_t len)
	__attribute__((nonnull, warn_unused_result));
