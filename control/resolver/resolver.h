// Iterative resolution with validation: a question in, a result out (entries published or
// one-shot, or an error with its EDE). DESIGN §6.
//
// Thread: control. Time is passed in; the network is reached through struct upstream only.
#pragma once

#include "control/budget.h"
#include "control/explain/describe.h"
#include "control/posture/hottest.h"
#include "control/posture/posture.h"
#include "control/upstream/pool.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust_points.h"
#include "control/validator/validator.h"
#include "dataplane/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resolver;
struct publisher; // control/publish/publish.h
struct batch;

#define HINTS_MAX 32
struct root_hint {
	uint8_t name[NAME_MAX_LEN];
	struct address addresses[8];
	size_t address_count;
};

// How the operator wants a zone's data to be proven. Nothing here makes it so: anchors and
// exceptions are trust's (control/validator/trust.h).
enum route_dnssec {
	ROUTE_VALIDATE, // by the chain of trust from above
	ROUTE_ANCHORED, // by anchors of its own
	ROUTE_INSECURE, // not at all, for ever: AD=0
};

// A zone answered by configured servers. What they say counts for names in the zone alone, and
// for those not where a deeper route, or for a stub zone a delegation, leads elsewhere.
struct route {
	uint8_t zone[NAME_MAX_LEN];
	bool forward; // true: RD=1 CD=1 to recursive servers; false: stub, authoritative
	bool first;   // when they all fail: recursion; else nobody
	enum route_dnssec dnssec;
	const struct pool *pool; // lives longer than the resolver
};

struct resolver_config {
	struct root_hint hints[HINTS_MAX];
	size_t hint_count;
	const struct route *routes;
	size_t route_count;
	bool qname_minimisation; // true
	bool local_zones;        // RFC 6761, RFC 6303: answered without asking anybody; true
	const uint8_t (*local_exceptions)[NAME_MAX_LEN]; // special-use zones at or below these
	size_t local_exception_count;                    // are resolved like any other
	bool validate;                                   // true; false only in tests that say so
	bool key_tag_signal; // RFC 8145: tell the zones of automatic anchors which keys are trusted
	bool no_prefetch;    // do not renew names in use before they end
	uint32_t ttl_max_s;  // 86400
	uint32_t ttl_min_s;  // 0
	uint32_t negative_ttl_max_s; // 3600
	uint32_t stale_s;            // 86400; 0: off
	size_t tasks_max;            // questions at once, 0: 65,536
	unsigned waiters_max;        // clients waiting for one question, 0: 100
	size_t places; // clients' questions that find room somewhere; 0: tasks_max. See crowd.h
};

struct resolver_parts {
	struct store *store;
	struct trust *trust;
	struct batch *batch;
	struct upstream *upstream;
	struct trust_points *points; // looks after their keys; may be NULL
};

struct resolver *resolver_new(const struct resolver_config *config,
			      const struct resolver_parts *parts)
	__attribute__((nonnull, warn_unused_result));
void resolver_free(struct resolver *resolver); // fails every waiter with SERVFAIL first

// Called exactly once per question, never from inside resolver_ask(). The result has a
// reference for the callee.
typedef void (*resolver_done)(void *arg, struct store_result *result);

// One client's question: class IN, already refused if meta type or RD=0. Joins a task for the
// same (name, type) whatever its CD, DO, AD (ATTACKS A2). 0; -EAGAIN when too many are under way
// (counted; the caller answers SERVFAIL with that text, or a stale chain).
#define RESOLVER_REFUSED "too many questions"
int resolver_ask(struct resolver *resolver, const struct ticket_question *question,
		 resolver_done done, void *arg)
	__attribute__((nonnull(1, 2, 3), warn_unused_result));

// Moves the clock and everything that is due. Every event-loop turn, after upstream_timer()
// and batch_run(). Returns the monotonic ms of the next thing due (UINT64_MAX: none): now, when
// batch_run() has new signatures to verify.
uint64_t resolver_run(struct resolver *resolver, const struct store_clock *clock)
	__attribute__((nonnull));

// Forgets delegations, keys and failures at and below a zone (goes with cache_flush_zone).
void resolver_forget(struct resolver *resolver, const uint8_t *zone) __attribute__((nonnull));
// An operator's flush of a lower-case name, or of one type of it (NULL: all), with what denies it.
// Returns how many entries went.
size_t resolver_flush_name(struct resolver *resolver, const uint8_t *name, const uint16_t *type)
	__attribute__((nonnull(1, 2)));

// ---- negative trust anchors (RFC 7646) ----

#define NTA_LIFETIME_S     3600   // unless said otherwise
#define NTA_LIFETIME_MAX_S 604800 // a week
#define NTA_RECHECK_S      300    // does the zone validate without it?
#define NTA_REASON_MAX     160
#define NTA_FINDING_MAX    160
#define NTA_COUNT_MAX      1024

enum nta_end { NTA_REMOVED, NTA_EXPIRED, NTA_RECOVERED };
typedef void (*nta_event)(void *arg, const uint8_t *name, enum nta_end end);

struct nta_facts {
	const uint8_t *name;
	const char *reason;  // the operator's; ""
	const char *finding; // why the zone did not validate at the last check; "" before the first
	uint64_t left_s, lifetime_s;
	unsigned checks;
	bool checking;
};

// Nothing at and below the name is validated for that long, or until it validates again: a check,
// every five minutes, resolves the zone as if this were not there. An anchor of the operator's
// below the name goes on to hold. What is cached and known of these names is forgotten, at the
// start and at the end, so that neither failures nor unvalidated data outlive it. One that is there
// already begins anew. 0; -EINVAL (the root, or the lifetime), -EEXIST (the zone is insecure by
// configuration), -ENOSPC, -ENOMEM. Not kept over a restart: what validates by then needs none.
int resolver_nta_add(struct resolver *resolver, const uint8_t *name, uint32_t lifetime_s,
		     const char *reason) __attribute__((nonnull, warn_unused_result));
bool resolver_nta_remove(struct resolver *resolver, const uint8_t *name) __attribute__((nonnull));
void resolver_nta_each(const struct resolver *resolver,
		       void (*visit)(const struct nta_facts *facts, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
// Called when one ends.
void resolver_nta_watch(struct resolver *resolver, nta_event event, void *arg)
	__attribute__((nonnull(1, 2)));

// ---- failed resolutions, for operators ----

struct explain_filter {
	const uint8_t *name; // lower case, this name only; or NULL
	uint16_t type;       // this type only; or 0
	const uint8_t *zone; // at or below it only; or NULL
	size_t max;
};
// Newest first; what is shown lives until the callback returns. Returns how many. Asks nobody.
typedef void (*resolver_explain_visit)(const struct failed_view *view, void *arg);
size_t resolver_explain(struct resolver *resolver, const struct explain_filter *filter,
			resolver_explain_visit visit, void *arg) __attribute__((nonnull(1, 2, 3)));
// The same in shares, over several turns: in the order of the first one, each as it is when its
// turn comes. One that has given way to another by then is that other.
struct explain_walk {
	uint16_t places[JOURNAL_RECORDS];
	size_t count, at;
	size_t shown; // so far
};
void resolver_explain_begin(const struct resolver *resolver, struct explain_walk *walk)
	__attribute__((nonnull));
// At most `share` are shown; true: there are more.
bool resolver_explain_some(struct resolver *resolver, struct explain_walk *walk,
			   const struct explain_filter *filter, size_t share,
			   resolver_explain_visit visit, void *arg)
	__attribute__((nonnull(1, 2, 3, 5)));
// How many are recorded at and below a lower-case name.
size_t resolver_explained_below(const struct resolver *resolver, const uint8_t *zone)
	__attribute__((nonnull));
size_t resolver_explained(const struct resolver *resolver)
	__attribute__((nonnull, pure)); // failures that are recorded
// What a question for the name (lower case; type 0: any) that is under way waits for: a line each,
// and what that waits for, indented, at most 24. Returns how many questions there are. Asks nobody.
size_t resolver_under_way(struct resolver *resolver, const uint8_t *name, uint16_t type,
			  void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2, 4)));

// Called when no server of a zone's pool answers any more, not even for the SOA of the zone, and
// when one does again.
typedef void (*resolver_pool_event)(void *arg, const uint8_t *zone, bool down);
void resolver_pool_watch(struct resolver *resolver, resolver_pool_event event, void *arg)
	__attribute__((nonnull(1, 2)));

// Called when questions about a zone are refused because others about it have taken its share of
// the places (resolver_config.places): every ten seconds at most.
typedef void (*resolver_crowd_event)(void *arg, const uint8_t *zone);
void resolver_crowd_watch(struct resolver *resolver, resolver_crowd_event event, void *arg)
	__attribute__((nonnull(1, 2)));

// Parents that prove nothing to our own questions for the DS of zones below them.
struct resolver_broken {
	const uint8_t *zone;
	const char *words; // "bogus", "silent", "without an answer"
	int64_t since_s;   // wall
	uint64_t for_ms;
	size_t living; // zones below it whose last proof is past its TTL, and in use
	bool idle;     // over: only that nobody asks any more
};
typedef void (*resolver_broken_visit)(void *arg, const struct resolver_broken *parent);
void resolver_broken(const struct resolver *resolver, resolver_broken_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
// "com. bogus since 2026-05-05 19:30:00 UTC, 3 zones live on old proofs"
void resolver_broken_text(const struct resolver_broken *parent, char *text, size_t size)
	__attribute__((nonnull));
// Called when that begins, and when it is over.
typedef void (*resolver_broken_event)(void *arg, const struct resolver_broken *parent, bool over);
void resolver_broken_watch(struct resolver *resolver, resolver_broken_event event, void *arg)
	__attribute__((nonnull(1, 2)));

// Why the root's keys do not validate by the trust anchors that were given, and for how long; NULL:
// they do, as far as is known. Asked for again every two seconds until they do.
const char *resolver_root_bogus(const struct resolver *resolver, uint64_t *for_ms)
	__attribute__((nonnull));

// Zones in use none of whose servers gives a good answer, not even to our own question for the
// zone's SOA, once a second. None while our own path is lost or the root does not validate.
typedef void (*resolver_failing_visit)(void *arg, const uint8_t *zone, uint64_t for_ms);
void resolver_failing(const struct resolver *resolver, resolver_failing_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));

// The slowest answer to a client since this was last called, in ms; 0: there was none.
uint64_t resolver_take_slowest_ms(struct resolver *resolver) __attribute__((nonnull));

// The zones whose servers are known, or were within the last hour, over several calls: the walk
// begins with zeros, about `share` are visited in a call. True: there are more. Each is as it is
// when its turn comes; one that comes in between may be missed. Asks nobody.
#define RESOLVER_ZONES_ENDED_MS 3600000
struct resolver_zone {
	const uint8_t *name;
	const struct candidate *servers;
	size_t server_count;
	const uint8_t *const *unknown; // name servers without a known address
	size_t unknown_count;
	const struct route *route; // that leads to those servers; NULL: none
};
typedef void (*resolver_zone_visit)(const struct resolver_zone *zone, void *arg);
struct zones_walk {
	size_t route, at;
};
bool resolver_zones_some(struct resolver *resolver, struct zones_walk *walk, size_t share,
			 resolver_zone_visit visit, void *arg) __attribute__((nonnull(1, 2, 4)));

// Every stub and forward zone, as configured. The exceptions from validation are among them.
typedef void (*resolver_route_visit)(const struct route *route, void *arg);
void resolver_routes(const struct resolver *resolver, resolver_route_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));

// X-macro of counters, same visiting as upstream_counters().
void resolver_counters(const struct resolver *resolver, upstream_counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));

// Tells the life of the questions of clients for a name (NULL: for every one), a line for each
// step, from now on: asked, sent, heard, judged, answered. for_ms 0: until told otherwise; line
// NULL: no more. Its own limit of lines is the caller's affair.
typedef void (*resolver_trace_line)(void *arg, uint64_t now_ms, const char *text);
void resolver_trace(struct resolver *resolver, const uint8_t *name, uint64_t for_ms,
		    resolver_trace_line line, void *arg) __attribute__((nonnull(1)));
// The name that is told of, and for how long still; false: none.
bool resolver_traced(const struct resolver *resolver, uint8_t name[NAME_MAX_LEN], uint64_t *left_ms)
	__attribute__((nonnull));

// A question under way. Pointers live during the visit.
struct resolver_request {
	const uint8_t *name;
	uint16_t type;
	uint64_t age_ms;
	const char *state;            // "waits for room": what for, in words, but for a server
	const struct address *server; // that is asked, for this zone; or both NULL
	const uint8_t *zone;
};
typedef void (*resolver_request_visit)(const struct resolver_request *request, void *arg);
// At most `max` of them, oldest first. Returns how many there are.
size_t resolver_requests(const struct resolver *resolver, size_t max, resolver_request_visit visit,
			 void *arg) __attribute__((nonnull(1, 3)));

// A line per server that is remembered; with a name per server of the zone that it lies in, with an
// address for that one. Asks nobody.
void resolver_servers(struct resolver *resolver, const uint8_t *name, const struct address *address,
		      void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 4)));

// The same as numbers.
struct resolver_server {
	struct address address;
	const uint8_t *name;            // NULL: none that is known
	const struct pool_server *pool; // of a configured pool, or NULL
	struct server_record record;
};
struct resolver_servers_of {
	bool known; // a zone, whose servers they are
	uint8_t zone[NAME_MAX_LEN];
	const struct route *route; // that the configuration gives them by, or NULL
	unsigned failure_domains;  // least number whose loss leaves none, as in posture
	uint64_t path_lost_ms;     // for so long no server has answered; 0: our own path is there
};
typedef void (*resolver_server_visit)(const struct resolver_servers_of *of,
				      const struct resolver_server *server, void *arg);
// Those that are remembered, in shares, as upstream_servers_some() has it.
bool resolver_servers_some(struct resolver *resolver, size_t *at, size_t max,
			   struct resolver_servers_of *of, resolver_server_visit visit, void *arg)
	__attribute__((nonnull(1, 2, 4, 5)));
// of: filled before the first visit. Pointers to names live during the visit.
void resolver_servers_each(struct resolver *resolver, const uint8_t *name,
			   const struct address *address, struct resolver_servers_of *of,
			   resolver_server_visit visit, void *arg)
	__attribute__((nonnull(1, 4, 5)));

// ---- posture ----

// All that is known of a zone, from what is remembered: asks nobody. *facts points into what the
// resolver holds, and is good until the next call.
void resolver_posture(struct resolver *resolver, const uint8_t *zone, struct posture_facts *facts)
	__attribute__((nonnull));
// The zones that were asked for most lately, in shares; true: there are more to be weighed.
bool resolver_hottest_some(struct resolver *resolver, struct hottest *hottest)
	__attribute__((nonnull));
// Where nothing is validated: by configuration, and by negative trust anchors.
void resolver_exceptions(const struct resolver *resolver,
			 void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg),
			 void *arg) __attribute__((nonnull(1, 2)));
// Hot zones that are overdue with the renewal of their signatures, a line for each of at most `max`.
// Returns how many there are.
size_t resolver_overdue(struct resolver *resolver, size_t max,
			void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 3)));
// Called when one becomes so, and when it no longer is. text: what to say of it.
typedef void (*posture_event)(void *arg, const uint8_t *zone, const char *text, bool over);
void resolver_posture_watch(struct resolver *resolver, posture_event event, void *arg)
	__attribute__((nonnull(1, 2)));
