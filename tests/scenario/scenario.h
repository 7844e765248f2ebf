// Whole resolutions inside one process: a world of zones, a resolver with everything below it, and
// what tests say about them. No socket, no packet driver, no real time.
#pragma once

#include "control/drill/host.h"
#include "control/resolver/resolver.h"
#include "control/validator/trust.h"
#include "crypto/batch.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "dataplane/store.h"
#include "tests/scenario/network.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORLD_ZONES_MAX     64
#define WORLD_QUESTIONS_MAX 2048

// Made from the description of a zone: SOA, NS, addresses of its own name servers; in its
// parent NS, glue and DS.
struct world_zone {
	const char *apex;
	const char *servers;     // "ns1.example.com.=192.0.2.1 ns2.example.com.=198.51.100.1"
	const char *text;        // further records, one a line, or NULL
	bool no_ds;              // signed, but the parent does not say so
	const char *ds_text;     // instead of its own DS
	bool no_glue;            // the parent's referral has no addresses
	bool ghosts;             // its servers' names have no addresses anywhere
	uint32_t ns_ttl_s;       // 0: 3600
	uint32_t ds_ttl_s;       // 0: 3600
	uint32_t negative_ttl_s; // 0: 300
	struct signer_zone_options options;
	struct signer_zone *zone; // made, unless it is given
};

#define WORLD_ROUTES_MAX 8

struct question {
	bool done, used;
	struct ticket_question asked;
	struct store_result *result;
	struct message *reply; // what the client gets, read back
	uint8_t wire[65535];
	size_t wire_len;
	uint64_t asked_us, done_us;
	unsigned times_done;
};

// For worlds that are begun by the thousand: a cache is populated at its start and walked by the
// second.
#define CACHE_SMALL (2 << 20)

struct world {
	struct network network;
	struct world_zone zones[WORLD_ZONES_MAX];
	size_t zone_count;
	struct store *store;
	struct trust *trust;
	struct batch *batch;
	struct upstream *upstream;
	struct upstream_config upstream_config;
	size_t signatures_max; // under way at once; 0: as ever
	struct resolver *resolver;
	struct resolver_config config;
	bool no_anchor, clock_untrusted, started;
	bool auto_update;            // the root's anchor follows its keys (RFC 5011)
	struct trust_points *points; // auto_update
	int64_t wall_offset_s;       // of the wall clock against the monotonic one
	uint32_t expiration_skew_s;  // that is tolerated
	uint64_t waited_ms;          // how long before it asks a client's question arrived
	bool denial;                 // aggressive denial (RFC 8198)
	size_t cache_bytes;          // 0: 8 MiB; CACHE_SMALL: the test fails where it is too small
	struct drill_host *drills;   // world_drill()
	uint64_t start_us;
	struct route routes[WORLD_ROUTES_MAX];
	struct pool pools[WORLD_ROUTES_MAX]; // of the routes
	size_t route_count;
	struct question *questions[WORLD_QUESTIONS_MAX];
	size_t question_count;
};

// ---- building ----

// The one that tests use: empty, then zones and settings, then world_start().
struct world *world_new(void);
void world_add(struct world *world, const struct world_zone *zone);
// root, com. (NSEC), org. (NSEC3), net. (opt-out) and nothing else.
void world_add_tlds(struct world *world);
// Signs all, starts the resolver, lets it prime, forgets the log.
void world_start(struct world *world);
// All of the resolver anew, with nothing cached; the network, its faults and the clock go on.
// Questions under way fail first, and what world_ask() returned so far is gone.
void world_restart(struct world *world);
void world_free(struct world *world); // checks that nothing leaked
struct world_zone *world_zone(struct world *world, const char *apex);
// Signs a zone (and not its parent) anew with new keys; a new DS in the parent when `ds`.
void world_roll(struct world *world, const char *apex, bool ds);
// The parent learns of the zone's keys, and of nothing else.
void world_publish_ds(struct world *world, const char *apex);
// Takes the delegation out of the parent.
void world_undelegate(struct world *world, const char *apex);

// Starts a drill: "--scope uplink --fault drop". False: one is running. After world_start().
bool world_drill(struct world *world, const char *words);
const struct drill_report *world_drilled(const struct world *world); // its report, so far

// A zone is asked of these servers, "192.0.2.1,priority=2,weight=3,domain=a 192.0.2.2". What the
// route says of `dnssec` holds from world_start() on; the anchor is the DS of the zone's key.
struct route *world_route(struct world *world, const char *zone, bool forward, const char *servers);
// A server that has every zone of the world answers as a recursive one would.
void world_serve_all(struct world *world, const char *address);

// ---- asking ----

#define ASK_DO  1
#define ASK_CD  2
#define ASK_AD  4
#define ASK_TCP 8

struct question *world_ask_later(struct world *world, const char *name, uint16_t type,
				 unsigned flags); // NULL: refused
void world_run(struct world *world);              // until every question is answered
void world_advance(struct world *world, uint64_t ms);
// Does all that can be done now, then one event, or lets time pass until until_us at most.
void world_turn(struct world *world, uint64_t until_us);
struct question *world_ask(struct world *world, const char *name, uint16_t type, unsigned flags);
// Makes place for more; what world_ask() returned so far is gone.
void world_forget_questions(struct world *world);
// A zone is flushed from the cache alone, and taken out at once.
void world_flush(struct world *world, const uint8_t *zone);
struct store_clock world_clock(const struct world *world);

// ---- looking ----

size_t question_count_of(const struct question *question, enum section section, uint16_t type);
// Text of the n-th record of a type in the answer section: "192.0.2.1", a name.
const char *question_data(const struct question *question, uint16_t type, size_t n);
void assert_answer(const struct question *question, unsigned rcode, bool ad, int ede);
void assert_address(const struct question *question, const char *address);
// CNAMEs first, in chain order, then the rest (ATTACKS O11).
void assert_order(const struct question *question);

bool world_cached(struct world *world, const char *name, uint16_t type, struct entry_facts *facts);
void assert_cached(struct world *world, const char *name, uint16_t type, enum entry_kind kind,
		   enum entry_security security);
void assert_not_cached(struct world *world, const char *name, uint16_t type);
void assert_failure_cached(struct world *world, const char *name, uint16_t type, int ede);
void assert_no_failure_cached(struct world *world, const char *name, uint16_t type);
// No entry is owned outside these, ended by NULL (ATTACKS A7).
void assert_cached_only_below(struct world *world, const char *const *zones);
uint64_t world_counter(struct world *world, const char *name);

#define assert_sent(world, count)                                                                  \
	do {                                                                                       \
		if (network_sent(&(world)->network, NULL, NULL, 0) != (size_t)(count))             \
			network_print_log(&(world)->network);                                      \
		assert_int_equal(network_sent(&(world)->network, NULL, NULL, 0), count);           \
	} while (0)
#define assert_sent_at_most(world, count)                                                          \
	do {                                                                                       \
		if (network_sent(&(world)->network, NULL, NULL, 0) > (size_t)(count))              \
			network_print_log(&(world)->network);                                      \
		assert_true(network_sent(&(world)->network, NULL, NULL, 0) <= (size_t)(count));    \
	} while (0)
