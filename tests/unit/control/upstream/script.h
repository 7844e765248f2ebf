// A scripted network and clock for exchanges: tests see each packet sent, and say what comes back
// and when.
#pragma once

#include "control/upstream/random.h"
#include "control/upstream/upstream.h"
#include "dataplane/dns/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the four above first.
#include <cmocka.h>

#define SCRIPT_PACKETS_MAX  64
#define SCRIPT_CHANNELS_MAX 64

struct channel {
	struct script *script;
	bool open, tcp;
	const struct tls_peer *tls;
	struct address server;
	uint16_t port;
	channel_event_fn on_event;
	void *arg;
};

struct script_packet {
	bool tcp;
	size_t len;
	uint8_t data[1024];
	struct address server;
	struct channel *channel;
};

struct script {
	struct transport transport;
	struct upstream *upstream;
	struct random random;
	uint64_t now_us;
	uint64_t timer_at_us;
	struct channel channels[SCRIPT_CHANNELS_MAX];
	size_t channel_count;
	unsigned opened; // in all
	struct script_packet sent[SCRIPT_PACKETS_MAX];
	size_t sent_count;
	int fail_open;  // that many open() return NULL
	int send_error; // send() returns it
	bool in_call;   // inside a call of the code under test that must not call back

	// what became of the exchange
	struct exchange *exchange;
	unsigned done;
	struct exchange_reply reply;

	unsigned charged;
	unsigned charge_limit; // charge() refuses further ones
};

// Options of a reply; zero: NOERROR with one A record, the question as it was sent, OPT and
// cookies as a good server would.
struct script_reply {
	unsigned rcode;
	uint16_t flags; // besides QR
	bool no_opt;
	bool no_cookie;
	bool wrong_cookie;   // another client cookie than ours
	bool make_up_cookie; // both cookies, whatever was asked
	bool zero_cookie;    // with that: a client cookie of zeros
	bool no_answer;
	bool lower_case;       // the question
	uint8_t server_cookie; // first byte of a server cookie to send; 0: none
	unsigned records;      // more of them
	bool is_signed;        // an RRSIG over them
	uint8_t address;       // last byte of the first one, in the place of 100
};

extern const struct upstream_config script_config; // everything on

void script_start(struct script *script, const struct upstream_config *config);
void script_stop(struct script *script); // also asserts that nothing is left open

// www.example. A at 192.0.2.1, 400 ms.
struct exchange_request script_request(struct script *script);
void script_ask(struct script *script, const struct exchange_request *request);
// The script with one question that was asked for over TCP, whose connection stands.
void script_begin_tcp(struct script *script);

// The channel in use; fails the test when there is not exactly one.
struct channel *script_channel(struct script *script);
void script_event(struct script *script, enum channel_event event);
void script_connected(struct script *script);
void script_deliver(struct script *script, const uint8_t *data, size_t len);
// Builds and delivers a reply to the last packet sent.
void script_answer(struct script *script, struct script_reply options);
// The same to an earlier packet (the first is 0), over the channel that it went through.
// The same for the packet of that number.
size_t script_build_to(struct script *script, size_t packet, struct script_reply options,
		       uint8_t *out, size_t cap);
void script_deliver_to(struct script *script, size_t packet, const uint8_t *data, size_t len);
bool script_open_tcp(const struct script *script);
void script_answer_to(struct script *script, size_t packet, struct script_reply options);
// A header alone, to that packet.
void script_bare_error(struct script *script, size_t packet, unsigned rcode);
unsigned script_open_count(const struct script *script);
struct query script_query_at(const struct script *script, size_t packet);
size_t script_build(struct script *script, struct script_reply options, uint8_t *out, size_t cap);
void script_advance_ms(struct script *script, uint64_t ms);

const struct script_packet *script_last(const struct script *script);
struct query script_query(const struct script *script); // the last packet, read
bool script_open(const struct script *script);          // some channel is open
uint64_t script_counter(const struct script *script, const char *name);

struct address script_address(const char *text);
const uint8_t *script_name(const char *text); // static, lower case

void script_expect(struct script *script, enum upstream_outcome outcome);
void script_expect_waiting(const struct script *script);
