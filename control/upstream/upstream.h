// Exchanges with servers: one question to one server over UDP or TCP, matched strictly, and
// ended by exactly one named outcome. Knows nothing of zones, caches or validation.
//
// Thread: control. Reaches the network only through struct transport, so that whole resolutions
// run in tests with scripted servers and a scripted clock.
#pragma once

#include "control/upstream/tls.h"
#include "dataplane/dns/message.h"
#include "dataplane/store.h" // struct address

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- transport: the one small table of functions to the network ----

struct channel; // one UDP port, one TCP connection, or one question's share of a TLS connection

enum channel_event {
	CHANNEL_CONNECTED,   // TCP, TLS
	CHANNEL_MESSAGE,     // one datagram, or one length-prefixed TCP message; data, len
	CHANNEL_UNREACHABLE, // ICMP, no route
	CHANNEL_RESET,       // TCP reset or closed by the peer
	CHANNEL_NO_RESOURCE, // our own: no port, no descriptor, no memory
	CHANNEL_FRAGMENT,    // UDP: a datagram arrived in fragments; its bytes are not delivered
	CHANNEL_STALE,       // TCP, TLS: a connection kept from before ended before it answered
	CHANNEL_UNTRUSTED,   // TLS: the server did not prove who it must be
};
// data lives until the callback returns or closes the channel. from may be NULL over TCP.
typedef void (*channel_event_fn)(void *arg, enum channel_event event, const uint8_t *data,
				 size_t len, const struct address *from);

struct tls_counters {
	uint64_t handshakes, resumed, untrusted;
};

struct transport {
	void *ctx;
	// A UDP channel has a source port of its own, drawn by a CSPRNG over the whole range and
	// used for one question only; packets from another address or port than the server's are
	// not delivered. tls (with tcp): over TLS, on a connection that questions share; it lives
	// as long as the transport. on_event is never called from inside open() or send(). NULL: no
	// resource.
	struct channel *(*open)(void *ctx, const struct address *server, uint16_t port, bool tcp,
				const struct tls_peer *tls, channel_event_fn on_event, void *arg);
	int (*send)(struct channel *channel, const uint8_t *data, size_t len); // 0 or -errno
	void (*close)(struct channel *channel);
	// After close() nothing is delivered. It may be called from inside on_event.

	uint64_t (*now_us)(void *ctx); // monotonic
	// One timer for the whole upstream: calls upstream_timer() at or soon after `at_us`, never
	// from inside set_timer(). A new time replaces the old one; UINT64_MAX: none.
	void (*set_timer)(void *ctx, uint64_t at_us);
	void (*random)(void *ctx, void *out, size_t len); // CSPRNG
	const struct tls_counters *tls;                   // NULL: no TLS
};

// ---- exchanges ----

#define UPSTREAM_OUTCOMES(X)                                                                       \
	X(OK, "a well-formed matching response")                                                   \
	X(TIMEOUT, "no answer in time")                                                            \
	X(UNREACHABLE, "network or port unreachable")                                              \
	X(RESET, "TCP connection refused, reset or closed")                                        \
	X(MALFORMED, "only malformed messages with our ID and port")                               \
	X(WRONG_QUESTION, "only responses with our ID and port to other questions")                \
	X(UNTRUSTED, "TLS: it did not prove who it must be")                                       \
	X(TRUNCATED_OVER_TCP, "TC=1 over TCP")                                                     \
	X(FORMERR, "FORMERR to every form of the question")                                        \
	X(BADVERS, "EDNS version refused")                                                         \
	X(NOTIMP, "NOTIMP")                                                                        \
	X(NO_RESOURCE, "no port, descriptor or memory of our own")                                 \
	X(CANCELLED, "no longer wanted: the budget of the question ended")

enum upstream_outcome {
#define X(symbol, words) UPSTREAM_##symbol,
	UPSTREAM_OUTCOMES(X)
#undef X
		UPSTREAM_OUTCOME_COUNT
};
const char *upstream_outcome_words(enum upstream_outcome outcome);

struct exchange_request {
	struct address server;
	uint16_t port; // 53
	// Whose server it is and what it is called there, lower case; its pool and the label of its
	// failure domain. For drills alone: looked at while the exchange starts. NULL: none, or not
	// told.
	const uint8_t *zone, *ns_name;
	const char *pool, *domain;
	const uint8_t *name; // lower case; its case is randomised on the wire (0x20)
	uint16_t type;
	uint8_t zone_len; // of the zone's name, at the end of this one; 0: not told
	bool whole_name;  // what is denied is the answer: not a part of a name, on the way down
	bool rd, cd;      // for forwarders
	bool signed_zone; // below a secure delegation, or unknown: never retried without EDNS
	// The same may be learnt while it is under way: called when the server seems not to know
	// EDNS. True: the zone is proven to be unsigned. False: it is not, or not yet; then whoever
	// learns it calls exchange_reconsider(). May be NULL; may not cancel the exchange.
	bool (*unsigned_zone)(void *arg); // the argument of done
	// A reply whose question is in another case than ours is handed over (unsettled) when it
	// has signatures: they prove it, or it is asked for again without this.
	bool signatures_settle;
	bool tcp; // start over TCP
	// Nothing else is left. Some servers drop or refuse questions with a cookie, or names in
	// mixed case. The question is put as ever and, beside it, without cookie and in one case;
	// an answer to those counts when the first one stays silent for at least as long, or gets
	// an error. With tcp: over TCP, without both, and so over UDP only when TCP is closed. Not
	// where the server has echoed our cookie or kept the case within a day. Each gives up what
	// one of the two guards, for one reply; none of them is strong over UDP but by its cookie.
	bool last_try;
	bool tcp_only;              // nor over UDP then
	const struct tls_peer *tls; // over TLS, never otherwise; NULL: not. Outlives the upstream
	uint32_t timeout_ms; // of the first attempt (the selector's); TCP gets at least 1,500
	uint32_t most_ms;    // of all attempts together, whatever they are; 0: as long as they take
	bool (*charge)(void *arg,
		       unsigned packets); // called before EVERY packet sent, also retries,
					  // TCP fallbacks and cookies; false ends the exchange
					  // (CANCELLED). May not cancel the exchange itself.
	void *charge_arg;
	// When there is no answer to the first packet after late_ms (0: never), and it went over
	// UDP or over TCP because UDP was silent before: whoever started it may ask another server
	// too. May not cancel the exchange.
	uint32_t late_ms;
	void (*late)(void *arg); // the argument of done
};

struct exchange_reply {
	enum upstream_outcome outcome;
	struct message *message; // OK only; owned by the callee from now on. wire_len counts
	uint64_t rtt_us;         // of the packet that was answered, without any handshake before it
	bool tcp;                // answered over TCP
	bool strong;        // cannot be forged blindly: over TCP or TLS, or our own client cookie
			    // of this exchange came back with a server cookie (RFC 7873 §5.3)
	bool unsettled;     // OK only: see signatures_settle
	bool bare;          // an error without the question, to two questions over UDP
	bool drilled;       // a drill has spoilt its signatures
	uint32_t waited_ms; // since the exchange began, with or without an answer
	uint32_t bytes;     // received in all, ignored packets included
	uint32_t ignored;   // packets that did not match
};
// Called exactly once per exchange that was not cancelled, never from inside exchange_start().
typedef void (*exchange_done)(void *arg, const struct exchange_reply *reply);

struct upstream;
struct upstream_config {
	bool case_randomisation; // 0x20
	bool cookies;
	size_t servers_max;          // remembered servers, 0: 65,536
	size_t exchanges_max;        // at once, 0: 16,384
	bool ipv4, ipv6;             // neither: both
	const struct labels *labels; // of failure domains; NULL: none. Outlive it
};
struct upstream *upstream_new(const struct upstream_config *config,
			      const struct transport *transport)
	__attribute__((nonnull, warn_unused_result));
void upstream_free(struct upstream *upstream); // cancels everything, calls nobody
void upstream_timer(struct upstream *upstream) __attribute__((nonnull));

// Told of each answer that came after its question was given up, or to a hedge that was not needed:
// somebody is there. pooled: a server of a route. tcp: asked over nothing else. Not from inside
// exchange_start().
typedef void (*upstream_heard)(void *arg, const uint8_t *zone, bool pooled, uint16_t type,
			       bool tcp);
void upstream_listen(struct upstream *upstream, upstream_heard heard, void *arg)
	__attribute__((nonnull(1)));
// An answer to a question that was given up (not the hedge's). It may be the answer to one that is
// asked again meanwhile, where more than the numbers of a packet proves it: it is strong, or there are
// signatures that somebody will verify. One more open question is one more for a forger to hit, but
// those he cannot forge. True: the message is taken over. Before upstream_heard.
struct upstream_late {
	const uint8_t *zone, *name; // lower case
	uint16_t type;
	bool pooled, has_signatures;
	struct address server;
	const struct exchange_reply *reply; // OK
};
typedef bool (*upstream_late_fn)(void *arg, const struct upstream_late *late);
void upstream_take_late(struct upstream *upstream, upstream_late_fn take, void *arg)
	__attribute__((nonnull(1)));

struct exchange;
// NULL: too many at once (NO_RESOURCE).
struct exchange *exchange_start(struct upstream *upstream, const struct exchange_request *request,
				exchange_done done, void *arg)
	__attribute__((nonnull(1, 2, 3), warn_unused_result));
// What request.unsigned_zone says may have changed.
void exchange_reconsider(struct exchange *exchange) __attribute__((nonnull));
// Part of a drill: what becomes of it says nothing of the server.
bool exchange_drilled(const struct exchange *exchange) __attribute__((nonnull, pure));
// In how many ms the reply to what it has sent is due, going by what its server took lately, and that
// (took_ms). UINT64_MAX: nothing says that there will be one: the server has not answered anybody for
// so long, is overdue, or is not waited for until then.
uint64_t exchange_due_ms(const struct exchange *exchange, uint32_t silent_ms, uint32_t *took_ms)
	__attribute__((nonnull));
void exchange_cancel(struct exchange *exchange) __attribute__((nonnull)); // done is not called
// Nobody waits for it any more, but what comes of the packet under way says how its server does for
// the zone: reported to the selector. done is not called.
void exchange_abandon(struct exchange *exchange, const uint8_t *zone) __attribute__((nonnull));

// ---- faults on purpose (control/drill) ----

// What may happen to a question or to its reply. The answer that comes of it is worse than the one
// there would have been, or the same: nothing here adds data, or makes any more believable.
enum harm {
	HARM_NONE,
	HARM_DROP,     // the question is not sent
	HARM_DELAY,    // it is sent later, and counts as sent at once
	HARM_SERVFAIL, // in the place of the reply, when that comes
	HARM_REFUSED,
	HARM_TRUNCATE, // the same with TC=1; what comes over TCP is let through
	HARM_STRIP,    // the reply loses its RRSIGs
	HARM_BOGUS,    // all signatures in it are altered
};

struct interference {
	// Told once of each exchange, before its first packet: which drill it is part of. 0: none.
	uint32_t (*choose)(void *arg, const struct exchange_request *request, uint64_t now_us);
	// What happens to it at this moment: HARM_NONE from the moment on at which that drill ends.
	enum harm (*harm)(void *arg, uint32_t drill, uint64_t now_us, uint32_t *delay_ms);
	void *arg;
};
// The transport's clock, which drills go by.
uint64_t upstream_clock_us(const struct upstream *upstream) __attribute__((nonnull));
// In the place of what was there before; NULL: none.
void upstream_interfere(struct upstream *upstream, const struct interference *interference)
	__attribute__((nonnull(1)));

// ---- selection: which server of a zone next ----

// The resolver reports what became of each exchange, with what only it can know.
// The first argument is the symbol, then the name of its counter and the operator's words.
#define SERVER_FAILURES(X)                                                                         \
	X(GOOD, good, "answered well")                                                             \
	X(TIMEOUT, timeout, "did not answer in time")                                              \
	X(UNREACHABLE, unreachable, "network or port unreachable")                                 \
	X(RESET, reset, "TCP connection refused, reset or closed")                                 \
	X(UNTRUSTED, untrusted, "TLS: did not prove who it must be")                               \
	X(SERVFAIL, servfail, "SERVFAIL")                                                          \
	X(REFUSED, refused, "REFUSED")                                                             \
	X(LAME, lame, "not authoritative for the zone, or an upward referral")                     \
	X(FORMERR, formerr, "FORMERR, NOTIMP or BADVERS to every form of the question")            \
	X(TRUNCATED_OVER_TCP, truncated_over_tcp, "TC=1 over TCP")                                 \
	X(MALFORMED, malformed, "malformed messages")                                              \
	X(TOO_LARGE, too_large, "an RRset of more than 1024 records or 65535 octets: our limit")   \
	X(WRONG_QUESTION, wrong_question, "responses to other questions than ours")                \
	X(BOGUS, bogus, "data that did not validate")                                              \
	X(STRIPPED, stripped, "RRSIGs missing below a secure delegation")                          \
	X(SLOW, slow, "answered, but after we had given up waiting")

enum server_failure { // beyond the outcomes above
#define X(symbol, name, words) SERVER_##symbol,
	SERVER_FAILURES(X)
#undef X
		SERVER_FAILURE_COUNT
};
const char *server_failure_words(enum server_failure failure);
#define LISTEN_MS            3000
#define LISTENERS_MAX        128
#define LISTENERS_PER_SERVER 4
// Whether silence to a question of that type says anything about the server: some drop what they do
// not know (ATTACKS D14). What is said of servers, families and our own path is told by these
// alone.
bool upstream_type_counts(uint16_t type) __attribute__((const));
// SLOW follows a TIMEOUT of the same question, takes its place in what is told of the server, and
// comes from upstream itself: the port of a question over UDP that was given up stays open for
// LISTEN_MS. That costs a port and about 1 KB for each, at most LISTENERS_MAX in all, which are
// among exchanges_max and give way to new questions, and LISTENERS_PER_SERVER per server. The
// answer is matched as any other, read for its time alone and then thrown away, unless more than its
// numbers proves it (upstream_take_late()): whoever guesses ID, port and case makes a silent server a
// slow one, and nothing more. rtt_us: of the reply, 0 when
// none came. NO_RESOURCE and CANCELLED are nobody's failure: not reported.
void upstream_report(struct upstream *upstream, const uint8_t *zone, const struct address *server,
		     enum server_failure failure, uint64_t rtt_us) __attribute__((nonnull));

// What a server has answered for the zone has validated as secure.
void upstream_validated(struct upstream *upstream, const uint8_t *zone,
			const struct address *server) __attribute__((nonnull));
// It has been looked at often enough, and is good: what it sent before counts no more.
void upstream_cured(struct upstream *upstream, const uint8_t *zone, const struct address *server)
	__attribute__((nonnull));

struct pool_server;
struct candidate {
	struct address address;
	const uint8_t *ns_name;         // may be NULL (forwarders, hints)
	const char *label;              // of its failure domain, see upstream_label(); may be NULL
	const struct pool_server *pool; // pool.h; NULL: no server of a pool
	uint8_t tries;                  // in this task, kept by the resolver
	uint8_t failed;                 // in this task: failures of this server
	uint8_t trouble;                // in this task, of which kinds; the resolver's own
	bool spoilt;                    // in this task: data of its failure domain did not validate
};
// Index of the server to ask next and its timeout: lowest smoothed RTT plus variance within
// reach, a few percent of exploration, servers that are out only when nothing else is left;
// while a server of the zone has sent bogus data lately, the one first whose data validated last;
// those of a failure domain that is spoilt last
// or it is time for a probe; after `avoid` failed first one of another failure domain (domain.h).
// -1 when each has been tried max_tries times (or may not be asked).
int upstream_select(struct upstream *upstream, const uint8_t *zone,
		    const struct candidate *candidates, size_t count, unsigned max_tries,
		    const struct address *avoid, uint32_t *timeout_ms)
	__attribute__((nonnull(1, 2, 3, 7), warn_unused_result));

// The same in a pool (pool.h). use: enum pool_use, or'ed.
int upstream_select_pool(struct upstream *upstream, const uint8_t *zone,
			 const struct candidate *candidates, size_t count, unsigned max_tries,
			 unsigned use, const struct address *avoid, uint32_t *timeout_ms)
	__attribute__((nonnull(1, 2, 3, 8), warn_unused_result));

// Whether a last try has been of use with one of them within a day: what it drops once it drops
// again, and the next one need not wait as long.
bool upstream_last_was_of_use(struct upstream *upstream, const struct candidate *candidates,
			      size_t count) __attribute__((nonnull));
// The server to put the last try to, of those that failed; -1: it would be of no use, -2: another
// question's is under way, and will tell. A server gets one in ten seconds until one is of use.
// over_tcp: it has answered, with errors; those first that did so without the question.
int upstream_last_try(struct upstream *upstream, const struct candidate *candidates, size_t count,
		      bool over_tcp) __attribute__((nonnull, warn_unused_result));

// After how many ms a server's answer is later than about 19 of 20 of its answers; 0: not known.
uint32_t upstream_late_ms(struct upstream *upstream, const uint8_t *zone,
			  const struct address *server) __attribute__((nonnull));
// Which server to ask as well, now that the first one is late: a good one of another /24 or /48, or
// in a pool of another failure domain and the same class, that has not been tried. -1: none, or
// hedges have used up their three hundredths of all packets.
int upstream_hedge(struct upstream *upstream, const uint8_t *zone,
		   const struct candidate *candidates, size_t count, const struct address *first,
		   uint32_t *timeout_ms) __attribute__((nonnull, warn_unused_result));

// For so long no question of others sees whether the server, if it is out for the zone, is back:
// its caller does that.
void upstream_hold(struct upstream *upstream, const uint8_t *zone, const struct address *server,
		   uint64_t for_us) __attribute__((nonnull));
// Uniform over 0..count-1, of the CSPRNG.
uint32_t upstream_draw(struct upstream *upstream, uint32_t count) __attribute__((nonnull));

// Whether some candidate has not been tried and is neither out nor failed in this task.
bool upstream_good_left(struct upstream *upstream, const uint8_t *zone,
			const struct candidate *candidates, size_t count)
	__attribute__((nonnull(1, 2)));

// Own, unspecified, loopback, link-local, IPv4-mapped, multicast, broadcast addresses and
// families that are off may never be asked (ATTACKS A14); exchange_start() refuses them too.
void upstream_own_address_add(struct upstream *upstream, const struct address *address)
	__attribute__((nonnull));
// Why an address may never be asked, whoever has it, in words; NULL when it may.
const char *upstream_never_asks(const struct upstream_config *config, bool allow_loopback,
				const struct address *server) __attribute__((nonnull, pure));
void upstream_allow_loopback(struct upstream *upstream, bool allow) __attribute__((nonnull));
bool upstream_may_ask(const struct upstream *upstream, const struct address *server)
	__attribute__((nonnull, pure));

// Servers of many unrelated networks have fallen silent together and nobody answers: our own path
// is lost. Failures are then held against no server.
bool upstream_uplink_lost(const struct upstream *upstream) __attribute__((nonnull, pure));
// Somebody is silent, and nobody has answered since: it takes a question for the root to tell
// whether it is they or our own path. In so many ms; 0: now; UINT64_MAX: there is no doubt.
uint64_t upstream_uplink_doubted_in_ms(const struct upstream *upstream) __attribute__((nonnull));

// What the operator says that it fails together with: the label of its place in a pool, or else of
// its address (labels.h); NULL: nothing.
const char *candidate_label(const struct candidate *server) __attribute__((nonnull, pure));
const char *upstream_label(const struct upstream *upstream, const struct address *server)
	__attribute__((nonnull, pure));

// The alarm of a lost path of our own, if it is lost.
void upstream_describe_uplink(const struct upstream *upstream,
			      void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 2)));
// Counters ("upstream.sent_udp").
typedef void (*upstream_counter_visit)(const char *name, const char *words, uint64_t value,
				       void *arg);
void upstream_counters(const struct upstream *upstream, upstream_counter_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
// A line about one server, and with a zone how it does for that.
void upstream_describe_server(struct upstream *upstream, const uint8_t *zone,
			      const struct address *server,
			      void (*line)(const char *text, void *arg), void *arg)
	__attribute__((nonnull(1, 3, 4)));

// The same as numbers, for the zone; where that has not asked it, for every zone.
enum server_standing { SERVER_UNASKED, SERVER_WELL, SERVER_IN_DOUBT, SERVER_OUT };
struct server_facts {
	enum server_standing standing;
	bool here;                 // said of the zone itself
	bool due;                  // out, and it is time to see whether it still is
	uint32_t rtt_us;           // smoothed; 0: it has not answered
	uint32_t slow_us;          // while it answers too late; 0: it does not
	uint8_t fails;             // in a row
	enum server_failure cause; // of the last report
};
void upstream_server_facts(struct upstream *upstream, const uint8_t *zone,
			   const struct address *server, struct server_facts *out)
	__attribute__((nonnull));

// All of it, for operators: of every zone, and of one.
struct server_record {
	struct server_facts facts; // of every zone
	uint32_t rttvar_us;
	uint32_t slow_us;  // what it takes while it answers too late; 0: it does not
	uint64_t since_ms; // for so long it has been as it is; 0: not known
	uint64_t probe_ms; // until it is probed; 0: by the next question, or it is not out
	const char *label; // of the file upstream.domains, NULL: none
	uint32_t counts[SERVER_FAILURE_COUNT]; // what became of all that it was asked
	struct server_facts here;              // of the zone; here.here: it was asked for it
};
void upstream_server_record(struct upstream *upstream, const uint8_t *zone,
			    const struct address *server, struct server_record *out)
	__attribute__((nonnull(1, 3, 4)));
// Servers that are remembered, in shares: at most `max` of those from place *at on, which begins with
// 0. False: there are no more. What changes between two calls may be left out or come twice.
#define SERVERS_LOOKED_AT 4096 // places in one call
bool upstream_servers_some(const struct upstream *upstream, size_t *at, size_t max,
			   void (*visit)(const struct address *server, void *arg), void *arg)
	__attribute__((nonnull(1, 2, 4)));
// For how long no server has answered, of many networks or of the root; 0: our own path is there,
// as far as is known.
uint64_t upstream_path_lost_ms(const struct upstream *upstream) __attribute__((nonnull));
// For how long no server has answered over a family (4, 6) that used to, while the other one's do; 0:
// it is not so.
uint64_t upstream_family_lost_ms(const struct upstream *upstream, unsigned family)
	__attribute__((nonnull));
const char *server_failure_name(enum server_failure failure) __attribute__((const));

// ---- the real transport: UDP and TCP sockets on a libuv loop ----

struct uv_loop_s;
struct socket_transport;
struct socket_transport_config {
	struct address source_v4, source_v6; // family 0: the kernel chooses
	char interface[16];                  // "" : any (SO_BINDTODEVICE)
	bool tls;                            // some servers are asked over TLS
	const char *tls_ca_file; // authorities that may vouch for them; NULL, "": the system's
	// A line about servers that are not who they must be, every ten seconds at most. May be
	// NULL.
	void (*say)(void *arg, const char *text);
	void *say_arg;
};
// One UDP socket per question: bound to a port drawn from 1024-65535, connected, so that the
// kernel delivers only what comes from that address and port. Datagrams that came in fragments
// are never read as messages (ATTACKS A6). TCP connections that answered are kept for two
// seconds for the next question to the same server, one question at a time.
// TLS connections (RFC 7858) are shared by the questions to a server, and kept for ten seconds.
// Fills `transport`. on_timer(on_timer_arg) is called when the timer set through it is due.
int socket_transport_open(struct uv_loop_s *loop, const struct socket_transport_config *config,
			  void (*on_timer)(void *arg), void *on_timer_arg,
			  struct transport *transport, struct socket_transport **out)
	__attribute__((nonnull(1, 2, 3, 5, 6), warn_unused_result));
// Close it after upstream_free(). Its memory goes when the loop has run once more.
void socket_transport_close(struct socket_transport *sockets);
