// Whether the host's stack would answer clients: on the tap it is asked what they ask, in the name
// of one that it knows, by ARP or ND and by the first segment of a TCP connection to port 53. A
// packet filter, a route or a setting that keeps it from answering them keeps it from answering us.
// Its answers are taken off the way out, and the connection is reset: no client hears of either.
//
// Threads: whoever looks, one at a time, asks; the host thread takes answers.
#pragma once

#include "dataplane/parse/packet.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_FRAME_MAX 96

struct probe_client {
	struct address address; // of the family that is asked about
	uint8_t mac[6];
};

// Bit i of each: service address i was asked about and has not answered. Looking thread: sets,
// host thread: clears.
struct probe {
	_Atomic uint64_t neighbour, tcp;
	// In whose name neighbours are asked about, IPv4 and IPv6: the bytes of an address.
	// Looking thread: rw, host thread: ro.
	_Atomic uint64_t clients[2][2];
	// The client's port in the upper half, and the sequence number for address 0; that of
	// address i is i more. Looking thread: rw, host thread: ro.
	_Atomic uint64_t connection;
};
static_assert(SERVICE_ADDRESSES_MAX <= 64, "a bit for each");

// Sets bits of neighbour, for a client of that family.
void probe_await(struct probe *probe, const struct probe_client *client, uint64_t bits)
	__attribute__((nonnull));
// Frames for the tap, to be written once the bit is set. Their length.
size_t probe_neighbour(const struct probe_client *client, const struct address *service,
		       uint8_t out[PROBE_FRAME_MAX]) __attribute__((nonnull));
size_t probe_tcp(const struct probe *probe, unsigned index, const struct probe_client *client,
		 const uint8_t mac[6], const struct address *service, uint8_t out[PROBE_FRAME_MAX])
	__attribute__((nonnull));
// Whether a frame that the host's stack sends is for a client that we only spoke for, and goes no
// further. *reset_len bytes of reset are to be written to the tap then.
bool probe_takes(struct probe *probe, const struct service_addresses *service, const uint8_t *frame,
		 size_t len, uint8_t reset[PROBE_FRAME_MAX], size_t *reset_len)
	__attribute__((nonnull));
