// Which class a frame for the host's stack belongs to. Each class has a rate, a ring and a weight
// of its own, so that what routing lives on passes beside any flood of the rest.
//
// A frame says itself whom it is from, so an address alone proves nothing. TCP of a peer is of its
// BGP session when its ports are those of one on which the host's stack has sent a first SYN or
// data: a forger would have to know the port, and a stack that was only sent forged packets sends
// neither. BFD counts when its TTL shows that no router has forwarded it (RFC 5881 §5). All else of
// a peer has a small class that it may have to share with forgers.
// XXX: BFD over several hops (RFC 5883) bears no such proof: it is in that small class.
#pragma once

#include "dataplane/parse/ip.h"
#include "dataplane/parse/packet.h"

#include <stdatomic.h>

#define PEER_SESSIONS 4 // remembered for each peer, the latest ones

// Ports of TCP sessions with the peers, as they stand in struct service_addresses: ours in the
// upper half, the peer's in the lower. 0: none.
struct peer_sessions {
	_Atomic uint32_t ports[PEERS_MAX][PEER_SESSIONS]; // host thread: rw, lcores: ro
	uint8_t next[PEERS_MAX];                          // host thread: the one to replace
};

// A packet that came in: source, destination and family are set. Fragments are OTHER.
enum exception_class exception_of_ip(const struct service_addresses *service,
				     const struct packet *packet, const uint8_t *ip,
				     const struct ip_payload *payload)
	__attribute__((nonnull, pure));
// arp: behind the Ethernet header and its tags, len bytes.
enum exception_class exception_of_arp(const struct service_addresses *service, const uint8_t *arp,
				      size_t len) __attribute__((nonnull, pure));
// RFC 4861 §6.1, §7.1: what was forwarded is no neighbour discovery, whatever its type says.
bool exception_is_nd(const uint8_t *ip, const struct ip_payload *payload)
	__attribute__((nonnull, pure));

// A frame that the host's stack sends: its class by whom it is for. Notes sessions with peers.
// sessions: those of service. Thread: host.
enum exception_class exception_sent(const struct service_addresses *service,
				    struct peer_sessions *sessions, const uint8_t *frame,
				    size_t len) __attribute__((nonnull));
