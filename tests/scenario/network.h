// An Internet inside one process: servers at addresses, each with zones and faults, a queue of
// events, and a clock that only moves when nothing is left to do. Packets go through the same
// struct transport as real ones.
#pragma once

#include "control/upstream/upstream.h"
#include "dataplane/dns/builder.h"
#include "tests/unit/control/validator/signer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETWORK_SERVERS_MAX      160
#define NETWORK_ZONES_PER_SERVER 64
#define NETWORK_FAULTS_MAX       256
#define NETWORK_LOG_MAX          8192
#define NETWORK_RTT_US           10000

enum fault_kind {
	FAULT_NONE,
	FAULT_DROP,
	FAULT_DELAY, // the right answer, delay_ms late
	FAULT_SERVFAIL,
	FAULT_REFUSED,
	FAULT_FORMERR,
	FAULT_LAME, // upward referral
	FAULT_NO_AA,
	FAULT_CACHE,    // AA=0, RA=1: a recursive server
	FAULT_TRUNCATE, // TC over UDP
	FAULT_TRUNCATE_ALWAYS,
	FAULT_STRIP,       // no RRSIG, NSEC, NSEC3
	FAULT_BOGUS,       // every signature wrong
	FAULT_UNKNOWN_KEY, // every signature by a key that the zone does not have
	FAULT_EXPIRED,     // every signature, two days ago
	FAULT_FORGED,      // other addresses, signatures as they were
	FAULT_NXDOMAIN,    // unsigned
	FAULT_NO_SOA,
	FAULT_OTHER_RCODE, // of a denial: NXDOMAIN for NODATA, NOERROR for NXDOMAIN
	FAULT_WRONG_ID,
	FAULT_WRONG_QUESTION,
	FAULT_WRONG_CASE,
	FAULT_MALFORMED,
	FAULT_NO_EDNS, // FORMERR to EDNS, without OPT
	FAULT_BARE,    // a header alone, with the RCODE in flags
	FAULT_RESET,   // of TCP connections
	FAULT_UNREACHABLE,
};

struct network_query {
	const char *server;         // address
	uint8_t name[NAME_MAX_LEN]; // lower case
	uint16_t type;
	bool tcp, rd, cd;
	bool edns, cookie, mixed_case; // that it has
};

// Called once per section, in order: writes into the reply behind what the server says anyway
// (decorate) or instead (replace).
typedef void (*network_hook)(const struct network_query *query, enum section section,
			     struct builder *b, void *arg);

enum fault_cookie {
	COOKIE_NOT_SENT,
	COOKIE_RIGHT,   // the client cookie of the question, and a server cookie
	COOKIE_MADE_UP, // as whoever has not seen the question would
};

struct fault {
	enum fault_kind kind;
	const char *server; // NULL: all
	const char *name;   // exactly; NULL: all
	const char *below;  // at or below; NULL: all
	uint16_t type;      // 0: all
	bool good_keys;     // the DNSKEY RRset's signatures stay as they are
	int times;          // 0: for ever
	unsigned percent;   // of the questions, drawn; 0: all
	uint32_t delay_ms;
	bool udp_only, tcp_only;
	bool edns_only, cookie_only, mixed_only; // of questions that have it
	bool one_case_only;                      // or not
	bool lower_case;                         // the question comes back so
	unsigned trailing;                       // octets behind the message
	bool then_good;                          // the right answer follows 5 ms later
	network_hook decorate, replace;
	// Written, with all its RRSIGs, in the place of an RRset that the server has; NULL: left
	// out; the same: as it is.
	const struct rrset *(*rewrite)(const struct network_query *query, enum section section,
				       const struct rrset *rrset, void *arg);
	void *hook_arg;
	uint16_t flags;     // with replace: of the reply, beside QR
	uint8_t rcode_high; // with replace: of the RCODE, in the OPT (RFC 6891 §6.1.3)
	enum fault_cookie cookie;
	int ede; // that the reply carries, with a hostile text; 0: none
	unsigned hits;
};

struct log_line {
	uint64_t at_us;
	const char *server;
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;
	bool tcp;
	const struct tls_peer *tls; // who it had to be; NULL: in clear
};

struct network_server {
	char text[48];
	struct address address;
	struct signer_zone *zones[NETWORK_ZONES_PER_SERVER];
	size_t zone_count;
	uint32_t rtt_us;
};

struct network_event;

struct network {
	uint64_t now_us; // monotonic
	uint64_t timer_us;
	struct network_event *events; // by time
	struct network_server servers[NETWORK_SERVERS_MAX];
	size_t server_count;
	struct fault faults[NETWORK_FAULTS_MAX];
	size_t fault_count;
	struct log_line log[NETWORK_LOG_MAX];
	size_t log_count;
	size_t channels_open, channels_peak;
	unsigned connections; // TCP, opened
	uint64_t random;
	struct transport transport;
	// A bench's: the clock by which it measures, and how long the servers' replies took by it.
	uint64_t (*clock_ns)(void);
	uint64_t serving_ns;
};

void network_open(struct network *network);
void network_close(struct network *network); // asserts that no channel is left open

void network_serve(struct network *network, const char *address, struct signer_zone *zone);
void network_withdraw(struct network *network, const struct signer_zone *zone);
// Later ones go first. It stays until network_heal().
struct fault *network_fault(struct network *network, const struct fault *fault);
void network_heal(struct network *network);

// Delivers the next event, or moves the clock to at most `until_us`. False: neither.
bool network_step(struct network *network, uint64_t until_us);
bool network_timer_due(const struct network *network);

// Questions sent; NULL and 0: any.
size_t network_sent(const struct network *network, const char *server, const char *name,
		    uint16_t type);
void network_forget_log(struct network *network);
// Questions sent whose time is at or after at_us.
size_t network_sent_since(const struct network *network, uint64_t at_us);
void network_print_log(const struct network *network);
