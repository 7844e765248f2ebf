// Frames as they come from the wire: Ethernet, up to two VLAN tags, IPv4 or IPv6, UDP.
// Every length and checksum is verified before a byte of DNS is looked at. No mbuf here.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address {           // shared by the whole dataplane and the seam
	uint8_t family;    // 4 or 6; 0: none
	uint8_t bytes[16]; // network order; IPv4 in the first four, the rest zero
};

#define SERVICE_ADDRESSES_MAX 64
#define STATIONS_MAX          8
#define PEERS_MAX             16
struct peer_sessions; // dataplane/parse/exception.h
struct service_addresses {
	struct address list[SERVICE_ADDRESSES_MAX];
	size_t count;
	// Routers that this host speaks BGP or BFD with. sessions: NULL where nobody notes them.
	struct address peers[PEERS_MAX];
	size_t peer_count;
	const struct peer_sessions *sessions;
	// Hardware addresses that frames are for; without any, all frames are.
	uint8_t stations[STATIONS_MAX][6];
	size_t station_count;
};

// Why a packet ends here: symbol, operator's words. One list for the whole dataplane.
#define DROP_REASONS(X)                                                                            \
	X(runt, "shorter than its headers say")                                                    \
	X(ethertype, "not IPv4, IPv6 or ARP")                                                      \
	X(vlan_depth, "more than two VLAN tags")                                                   \
	X(l2_address, "a question from or to a group MAC address")                                 \
	X(l2_station, "a frame for another station's MAC address")                                 \
	X(l2_own, "a frame for the host's stack from our own MAC address: it came back")           \
	X(ip_header, "bad IP version, length, or too many extension headers")                      \
	X(ip_checksum, "wrong IPv4 header checksum")                                               \
	X(ip_source, "source address unspecified, multicast, broadcast or our own")                \
	X(fragment, "an IP fragment to a service address")                                         \
	X(udp_length, "UDP length does not fit the packet")                                        \
	X(udp_checksum, "wrong or (IPv6) missing UDP checksum")                                    \
	X(udp_port, "source port 0")                                                               \
	X(dns_short, "shorter than a DNS header")                                                  \
	X(dns_response, "QR=1: a response is not a question")                                      \
	X(acl_drop, "client address matches a drop rule")                                          \
	X(miss_full, "no ticket left for a miss")                                                  \
	X(exception_limited, "the host's stack: the class is over its rate")                       \
	X(exception_full, "the host's stack: the ring of the class is full, or no tap")            \
	X(tx_full, "transmit queue full")                                                          \
	X(no_mbuf, "no packet buffer")                                                             \
	X(render, "answer could not be rendered")

enum drop_reason {
#define X(name, words) DROP_##name,
	DROP_REASONS(X)
#undef X
		DROP_REASON_COUNT
};

enum packet_verdict {
	PACKET_DNS,       // UDP to port 53 of a service address: payload is set
	PACKET_EXCEPTION, // for the host's stack: ARP, ND, ICMP, TCP, other UDP, other addresses
	PACKET_DROP,      // reason is set
};

// What the NIC has already verified.
struct packet_offload {
	bool ip_checksum_good;
	bool udp_checksum_good;
	// The data are intact, but the sender left the checksum to a NIC that the frame never
	// passed: its field does not hold it.
	bool unfinished;
	// The same may be true of a frame from this host, and nobody says so. Its checksum field
	// then holds the sum of the pseudo-header.
	bool local;
};

// Classes of exception traffic, each with a rate, a ring and a weight of its own
// (dataplane/host/classes.h). dataplane/parse/exception.h says what belongs to which.
#define EXCEPTION_CLASSES(X)                                                                       \
	X(BGP, bgp, "TCP of BGP sessions with configured peers")                                   \
	X(BFD, bfd, "BFD of configured peers")                                                     \
	X(PEER, peer, "ARP, ND and what may begin a session, of configured peers")                 \
	X(ARP, arp, "ARP")                                                                         \
	X(ND, nd, "neighbour discovery")                                                           \
	X(ICMP, icmp, "other ICMP")                                                                \
	X(TCP, tcp, "TCP behind its SYN")                                                          \
	X(SYN, syn, "TCP that begins a connection")                                                \
	X(REPLY, reply, "UDP from port 53: answers of servers")                                    \
	X(OTHER, other, "anything else")

enum exception_class {
#define X(symbol, name, words) EXCEPTION_##symbol,
	EXCEPTION_CLASSES(X)
#undef X
		EXCEPTION_CLASS_COUNT
};

struct packet {
	enum drop_reason reason;
	enum exception_class exception;
	uint8_t l2_len; // Ethernet and VLAN tags
	uint8_t vlan_count;
	uint8_t family;       // 4 or 6; 0: no IP header was read
	uint16_t l3_len;      // IP header with options or extension headers
	uint16_t source_port; // host order
	struct address source, destination;
	uint8_t *payload; // DNS message, inside the frame
	uint16_t payload_len;
};

// frame: one contiguous buffer of len bytes (padding after the IP packet is ignored).
// Nothing outside it is read, nothing in it is written. A frame whose source address cannot be
// one is dropped whatever it carries, except ND, which needs it for duplicate address detection.
// What our own station sent never goes to the host's stack: a loop of the network would otherwise
// show it its own probes as somebody else's (RFC 4862 §5.4).
enum packet_verdict packet_parse(uint8_t *frame, size_t len,
				 const struct service_addresses *service,
				 struct packet_offload offload, struct packet *out)
	__attribute__((nonnull, warn_unused_result));

// Before the host's stack gets a frame that packet_parse() called an exception: finishes the
// checksum of TCP or UDP that the sender left unfinished. Any other frame stays as it is.
void packet_finish(uint8_t *frame, size_t len, const struct packet *packet,
		   struct packet_offload offload) __attribute__((nonnull));

// Turns the received frame into the reply's: swaps Ethernet, IP and UDP source and
// destination, keeps VLAN tags, drops IP options and extension headers, sets lengths, TTL 64,
// DF (RFC 9715 §3.1) and software checksums. The reply's DNS bytes (dns_len) are already at
// packet->payload; where options or extension headers go away they are moved towards the front,
// so packet->payload holds no longer afterwards. Returns the frame's new length.
size_t packet_reply(uint8_t *frame, const struct packet *packet, size_t dns_len)
	__attribute__((nonnull));

// What a ticket remembers in order to build a reply's headers from nothing.
struct packet_path {
	uint8_t l2_source[6], l2_destination[6]; // as received
	uint16_t vlan[2];                        // TCI
	uint16_t vlan_type[2];                   // 0x8100 or 0x88a8
	uint8_t vlan_count;
	struct address source, destination; // as received
	uint16_t source_port;
};
void packet_path(const uint8_t *frame, const struct packet *packet, struct packet_path *out)
	__attribute__((nonnull));
// Bytes before the DNS payload that packet_path_reply() will write.
size_t packet_path_headers(const struct packet_path *path) __attribute__((nonnull, pure));
// Writes Ethernet…UDP headers in front of dns_len bytes that already stand at
// frame + packet_path_headers(). Returns the frame's length.
size_t packet_path_reply(const struct packet_path *path, uint8_t *frame, size_t dns_len)
	__attribute__((nonnull));
