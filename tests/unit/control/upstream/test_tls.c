// DNS over TLS (RFC 7858, RFC 8310, RFC 7766) with the real transport, against servers of OpenSSL
// on loopback.
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"
#include "tests/unit/control/upstream/tls_server.h"

#include <uv.h>

#include <stdlib.h>
#include <string.h>

#define DAY 86400

// Of socket_tls.h, which the scripts' own channels stand in the way of.
#define TLS_LINKS_SERVER_MAX 4
#define TLS_QUESTIONS_MAX    128

struct fixture {
	uv_loop_t loop;
	struct socket_transport *sockets;
	struct transport transport;
	struct upstream *upstream;
	struct tls_authority authority, other; // the first is trusted
	struct tls_proof proof;
	struct tls_server server;
	struct tls_peer peer;
	const struct tls_peer *as; // in its place
	uint32_t timeout_ms;
	unsigned done, good;
	struct exchange_reply reply; // the last one; its message is freed
	size_t records;
	unsigned names; // asked for so far
	uint8_t asked[1024][32];
	bool mixed; // an answer came to another question than its own
	unsigned late;
	char said[512];
	unsigned said_count;
};
static struct fixture *f;

static void on_timer(void *arg)
{
	upstream_timer(((struct fixture *)arg)->upstream);
}

static void say(void *arg, const char *text)
{
	(void)arg;
	snprintf(f->said, sizeof(f->said), "%s", text);
	f->said_count++;
}

static void open_upstream(void)
{
	struct upstream_config config = script_config;
	const struct socket_transport_config sockets = {
		.tls = true, .tls_ca_file = f->authority.file, .say = say};

	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(
		socket_transport_open(&f->loop, &sockets, on_timer, f, &f->transport, &f->sockets),
		0);
	config.exchanges_max = 1000;
	f->upstream = upstream_new(&config, &f->transport);
	assert_non_null(f->upstream);
	upstream_allow_loopback(f->upstream, true);
}

static int set_up(void **state)
{
	(void)state;
	f = calloc(1, sizeof(*f));
	f->timeout_ms = 2000;
	tls_authority_make(&f->authority);
	tls_authority_make(&f->other);
	strcpy(f->peer.name, "dns.test");
	open_upstream();
	return 0;
}

static void serve(enum tls_server_kind kind)
{
	if (f->proof.key == NULL)
		f->proof = tls_proof_make(&f->authority, "DNS:dns.test", "x", -DAY, DAY);
	f->server.kind = kind;
	tls_server_start(&f->server, &f->proof);
}

static void close_upstream(void)
{
	upstream_free(f->upstream);
	socket_transport_close(f->sockets);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	f->upstream = NULL;
}

static int tear_down(void **state)
{
	(void)state;
	if (f->upstream != NULL)
		close_upstream();
	if (f->server.context != NULL)
		tls_server_stop(&f->server);
	tls_proof_free(&f->proof);
	tls_authority_free(&f->authority);
	tls_authority_free(&f->other);
	free(f);
	return 0;
}

static void on_done(void *arg, const struct exchange_reply *reply)
{
	f->done++;
	f->good += reply->outcome == UPSTREAM_OK;
	f->reply = *reply;
	f->records = 0;
	if (reply->message != NULL) {
		f->mixed |= !name_equal(reply->message->qname, arg);
		if (reply->message->sections[SECTION_ANSWER].count > 0)
			f->records = reply->message->sections[SECTION_ANSWER].rrsets[0]->count;
	}
	message_free(reply->message);
	f->reply.message = NULL;
}

static void on_late(void *arg)
{
	(void)arg;
	f->late++;
}

static struct exchange *ask_with(uint32_t late_ms)
{
	char text[32];
	uint8_t *name = f->asked[f->names];

	snprintf(text, sizeof(text), "n%u.example.", f->names++);
	memcpy(name, script_name(text), name_len(script_name(text)));
	struct exchange_request request = {
		.server = script_address("127.0.0.1"),
		.port = f->server.port,
		.name = name,
		.type = TYPE_TXT,
		.tls = f->as != NULL ? f->as : &f->peer,
		.timeout_ms = f->timeout_ms,
		.late_ms = late_ms,
		.late = on_late,
	};
	return exchange_start(f->upstream, &request, on_done, name);
}

static struct exchange *ask(void)
{
	return ask_with(0);
}

static void on_alarm(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

// Until it is so, at most two minutes.
static void run_until(bool (*is_so)(unsigned number), unsigned number)
{
	uv_timer_t alarm, tick;
	bool late = false, ticked = false;

	uv_timer_init(&f->loop, &alarm);
	uv_timer_init(&f->loop, &tick); // what the server's threads do wakes nobody here
	alarm.data = &late;
	tick.data = &ticked;
	uv_timer_start(&alarm, on_alarm, 120000, 0);
	uv_timer_start(&tick, on_alarm, 10, 10);
	while (!is_so(number) && !late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&alarm, NULL);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_false(late);
}

static bool are_done(unsigned number)
{
	return f->done >= number;
}

static bool have_ended(unsigned number)
{
	return f->server.ended >= number;
}

static bool have_asked(unsigned number)
{
	return f->server.questions >= number;
}

static void expect(enum upstream_outcome outcome)
{
	assert_string_equal(upstream_outcome_words(f->reply.outcome),
			    upstream_outcome_words(outcome));
}

static void ask_one(enum upstream_outcome outcome)
{
	f->done = 0;
	assert_non_null(ask());
	assert_int_equal(f->done, 0);
	run_until(are_done, 1);
	assert_int_equal(f->done, 1);
	expect(outcome);
}

static void ask_many(unsigned count)
{
	f->done = f->good = 0;
	for (unsigned i = 0; i < count; i++)
		assert_non_null(ask());
	run_until(are_done, count);
	assert_int_equal(f->done, count);
	assert_false(f->mixed);
}

struct wanted_counter {
	const char *name;
	uint64_t value;
};

static void look(const char *name, const char *words, uint64_t value, void *arg)
{
	struct wanted_counter *wanted = arg;

	(void)words;
	if (strcmp(name, wanted->name) == 0)
		wanted->value = value;
}

static uint64_t counter(const char *name)
{
	struct wanted_counter wanted = {.name = name, .value = UINT64_MAX};

	upstream_counters(f->upstream, look, &wanted);
	assert_true(wanted.value != UINT64_MAX);
	return wanted.value;
}

// ---- who it is ----

// And what goes with it: padded questions without a cookie, ALPN, the name for the server.
static void an_answer_comes_from_a_server_that_proves_its_name(void **state)
{
	(void)state;
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_OK);
	assert_int_equal(f->records, 1);
	assert_true(f->reply.tcp);
	assert_int_equal(f->server.alpn, 1);
	assert_string_equal(f->server.name, "dns.test");
	assert_int_equal(f->server.unpadded, 0);
	assert_int_equal(counter("upstream.sent_tls"), 1);
	assert_int_equal(counter("upstream.sent_tcp"), 0);
	assert_int_equal(counter("upstream.sent_udp"), 0);
	assert_int_equal(counter("upstream.tls_handshakes"), 1);
}

static void tls_1_2_will_do(void **state)
{
	(void)state;
	f->server.version_max = TLS1_2_VERSION;
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_OK);
}

static void tls_1_1_will_not(void **state)
{
	(void)state;
	f->server.version_max = TLS1_1_VERSION;
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_RESET);
	assert_int_equal(f->server.questions, 0);
}

struct proof_case {
	const char *what, *san, *common_name, *name;
	int by; // 0: the authority, 1: another one, 2: itself
	long from_s, until_s;
	bool good;
};

// No such server hears a question, over TLS or otherwise.
static void certificates_are_judged_strictly(void **state)
{
	static const struct proof_case cases[] = {
		{"the name", "DNS:dns.test", "x", "dns.test", 0, -DAY, DAY, true},
		{"one of its names", "DNS:a.test, DNS:dns.test", "x", "dns.test", 0, -DAY, DAY,
		 true},
		{"a wildcard", "DNS:*.dns.test", "x", "a.dns.test", 0, -DAY, DAY, true},
		{"case", "DNS:DNS.Test", "x", "dns.test", 0, -DAY, DAY, true},
		{"an address", "IP:127.0.0.1", "x", "127.0.0.1", 0, -DAY, DAY, true},
		{"an IPv6 address", "IP:::1", "x", "::1", 0, -DAY, DAY, true},
		{"another name", "DNS:other.test", "x", "dns.test", 0, -DAY, DAY, false},
		{"a part of a wildcard", "DNS:a*.dns.test", "x", "ab.dns.test", 0, -DAY, DAY,
		 false},
		{"a name below", "DNS:test", "x", "dns.test", 0, -DAY, DAY, false},
		{"another address", "IP:127.0.0.2", "x", "127.0.0.1", 0, -DAY, DAY, false},
		{"an address as a name", "DNS:127.0.0.1", "x", "127.0.0.1", 0, -DAY, DAY, false},
		{"the common name alone", NULL, "dns.test", "dns.test", 0, -DAY, DAY, false},
		{"the common name, and others", "DNS:a.test", "dns.test", "dns.test", 0, -DAY, DAY,
		 false},
		{"expired", "DNS:dns.test", "x", "dns.test", 0, -2 * DAY, -60, false},
		{"not yet", "DNS:dns.test", "x", "dns.test", 0, 60, DAY, false},
		{"another authority", "DNS:dns.test", "x", "dns.test", 1, -DAY, DAY, false},
		{"self-signed", "DNS:dns.test", "x", "dns.test", 2, -DAY, DAY, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct proof_case *c = &cases[i];
		const struct tls_authority *by[] = {&f->authority, &f->other, NULL};

		f->proof = tls_proof_make(by[c->by], c->san, c->common_name, c->from_s, c->until_s);
		f->server = (struct tls_server){.port = 0};
		strcpy(f->peer.name, c->name);
		serve(TLS_SERVER_ANSWER);
		f->done = 0;
		assert_non_null(ask());
		run_until(are_done, 1);
		if (f->reply.outcome != (c->good ? UPSTREAM_OK : UPSTREAM_UNTRUSTED))
			fail_msg("%s: %s", c->what, upstream_outcome_words(f->reply.outcome));
		tls_server_stop(&f->server);
		tls_proof_free(&f->proof);
		assert_int_equal(f->server.questions, c->good);
		assert_int_equal(f->server.connections, 1);
	}
	f->server.context = NULL;
	f->proof = (struct tls_proof){.key = NULL};
	assert_int_equal(counter("upstream.tls_untrusted"), 11);
	assert_int_equal(counter("upstream.sent_udp"), 0);
	assert_int_equal(counter("upstream.sent_tcp"), 0);
}

// By whom, and why; not more often than a remote can be allowed to.
static void operators_are_told_of_a_server_that_is_not_trusted(void **state)
{
	(void)state;
	f->proof = tls_proof_make(&f->authority, "DNS:dns.test", "x", -2 * DAY, -60);
	serve(TLS_SERVER_ANSWER);
	for (unsigned i = 0; i < 5; i++)
		ask_one(UPSTREAM_UNTRUSTED);
	assert_int_equal(f->said_count, 1);
	assert_non_null(strstr(f->said, "127.0.0.1"));
	assert_non_null(strstr(f->said, "expired"));
}

static void pin(bool right)
{
	tls_proof_pin(&f->proof, f->peer.pins[1]);
	f->peer.pins[1][0] ^= !right;
	f->peer.pin_count = 2; // the first is nobody's
}

// RFC 7858 §4.2: expired, self-signed, for another name.
static void a_pin_alone_is_enough(void **state)
{
	(void)state;
	f->proof = tls_proof_make(NULL, "DNS:other.test", "x", -2 * DAY, -60);
	f->peer.name[0] = '\0';
	pin(true);
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_OK);
	assert_int_equal(f->server.named, 0); // what is not known is not sent
}

static void a_wrong_pin_is_not(void **state)
{
	(void)state;
	f->proof = tls_proof_make(&f->authority, "DNS:dns.test", "x", -DAY, DAY);
	f->peer.name[0] = '\0';
	pin(false);
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_UNTRUSTED);
	assert_int_equal(f->server.questions, 0);
}

static void with_a_name_and_a_pin_both_must_hold(void **state)
{
	(void)state;
	for (unsigned wrong = 0; wrong < 3; wrong++) {
		f->proof = tls_proof_make(wrong == 1 ? &f->other : &f->authority, "DNS:dns.test",
					  "x", -DAY, DAY);
		pin(wrong != 2);
		f->server = (struct tls_server){.port = 0};
		serve(TLS_SERVER_ANSWER);
		ask_one(wrong == 0 ? UPSTREAM_OK : UPSTREAM_UNTRUSTED);
		tls_server_stop(&f->server);
		tls_proof_free(&f->proof);
		assert_int_equal(f->server.questions, wrong == 0);
	}
	f->server.context = NULL;
	f->proof = (struct tls_proof){.key = NULL};
}

// The same server and port, but another one to be: a whole handshake, which fails.
static void a_session_stands_for_nobody_else(void **state)
{
	static struct tls_peer other;

	(void)state;
	f->server.batch = 1;
	serve(TLS_SERVER_CLOSE_LATER);
	ask_one(UPSTREAM_OK);
	strcpy(other.name, "other.test");
	f->as = &other;
	ask_one(UPSTREAM_UNTRUSTED);
	f->as = NULL;
	ask_one(UPSTREAM_OK);
	assert_int_equal(f->server.connections, 3);
	assert_int_equal(f->server.handshakes, 2);
}

// ---- one connection for many questions ----

static void questions_share_one_connection(void **state)
{
	(void)state;
	serve(TLS_SERVER_ANSWER);
	ask_many(100);
	assert_int_equal(f->good, 100);
	ask_many(100);
	assert_int_equal(f->good, 100);
	assert_int_equal(f->server.connections, 1);
	assert_int_equal(f->server.questions, 200);
	assert_int_equal(f->server.unpadded, 0);
}

static void answers_come_in_any_order(void **state)
{
	(void)state;
	f->server.batch = 50;
	serve(TLS_SERVER_REVERSE);
	ask_many(100);
	assert_int_equal(f->good, 100);
	assert_int_equal(f->server.connections, 1);
}

static void more_questions_than_one_connection_holds_take_another(void **state)
{
	(void)state;
	f->server.batch = TLS_QUESTIONS_MAX;
	serve(TLS_SERVER_REVERSE);
	ask_many(2 * TLS_QUESTIONS_MAX);
	assert_int_equal(f->good, 2 * TLS_QUESTIONS_MAX);
	assert_int_equal(f->server.connections, 2);
}

static void connections_to_one_server_are_bounded(void **state)
{
	const unsigned most = TLS_LINKS_SERVER_MAX * TLS_QUESTIONS_MAX;

	(void)state;
	serve(TLS_SERVER_STALL);
	f->timeout_ms = 1500;
	for (unsigned i = 0; i < most; i++)
		assert_non_null(ask_with(0));
	assert_non_null(ask());
	run_until(are_done, 1);
	assert_int_equal(f->reply.outcome, UPSTREAM_NO_RESOURCE);
	run_until(are_done, most + 1);
	assert_int_equal(f->reply.outcome, UPSTREAM_TIMEOUT);
	assert_int_equal(f->server.connections, TLS_LINKS_SERVER_MAX);
}

static void large_answers_are_put_together(void **state)
{
	(void)state;
	serve(TLS_SERVER_LARGE);
	ask_many(10);
	assert_int_equal(f->good, 10);
	assert_int_equal(f->records, 224);
	assert_int_equal(f->server.connections, 1);
}

static void answers_are_put_together_byte_by_byte(void **state)
{
	(void)state;
	serve(TLS_SERVER_BYTE_BY_BYTE);
	ask_many(5);
	assert_int_equal(f->good, 5);
}

static void an_idle_connection_is_ended(void **state)
{
	(void)state;
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_OK);
	run_until(have_ended, 1);
	assert_int_equal(f->server.connections, 1);
}

// ---- sessions ----

static void sessions_are_resumed(int version)
{
	f->server.version_max = version;
	f->server.batch = 1;
	serve(TLS_SERVER_CLOSE_LATER);
	ask_one(UPSTREAM_OK);
	for (unsigned i = 0; i < 4; i++) // each finds that the connection has ended, and asks again
		ask_one(UPSTREAM_OK);
	assert_int_equal(f->server.connections, 5);
	assert_int_equal(f->server.resumed, 4);
	assert_int_equal(counter("upstream.tls_resumed"), 4);
}

static void sessions_of_tls_1_3_are_resumed(void **state)
{
	(void)state;
	sessions_are_resumed(TLS1_3_VERSION);
}

static void sessions_of_tls_1_2_are_resumed(void **state)
{
	(void)state;
	sessions_are_resumed(TLS1_2_VERSION);
}

// Pins are held against the certificate of the first handshake, every time.
static void a_resumed_session_is_still_pinned(void **state)
{
	(void)state;
	f->server.batch = 1;
	f->proof = tls_proof_make(&f->authority, "DNS:dns.test", "x", -DAY, DAY);
	pin(true);
	serve(TLS_SERVER_CLOSE_LATER);
	ask_one(UPSTREAM_OK);
	ask_one(UPSTREAM_OK);
	assert_int_equal(f->server.resumed, 1);
	f->peer.pins[1][0] ^= 1;
	ask_one(UPSTREAM_UNTRUSTED);
}

// ---- what a server may do ----

static void a_lost_connection_is_asked_again_once(void **state)
{
	static const enum tls_server_kind kinds[] = {TLS_SERVER_CLOSE_LATER,
						     TLS_SERVER_RESET_LATER};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		f->server = (struct tls_server){.batch = 3};
		serve(kinds[i]);
		for (unsigned k = 0; k < 9; k++)
			ask_one(UPSTREAM_OK);
		tls_server_stop(&f->server);
		assert_int_equal(f->server.connections, 3);
	}
	f->server.context = NULL;
}

// d11 for TLS.
static void d11_a_connection_that_never_answered_is_not_asked_again(void **state)
{
	static const enum tls_server_kind kinds[] = {
		TLS_SERVER_CLOSE_AT_ONCE, TLS_SERVER_CLOSE_SHAKING, TLS_SERVER_CLOSE_BEFORE,
		TLS_SERVER_HALF_CLOSE, TLS_SERVER_NO_TLS};

	(void)state;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		f->server = (struct tls_server){.port = 0};
		serve(kinds[i]);
		ask_one(UPSTREAM_RESET);
		tls_server_stop(&f->server);
		assert_int_equal(f->server.connections, 1);
	}
	f->server.context = NULL;
	assert_int_equal(counter("upstream.sent_udp"), 0);
	assert_int_equal(counter("upstream.sent_tcp"), 0);
}

static void a_closed_port_is_a_reset(void **state)
{
	(void)state;
	serve(TLS_SERVER_ANSWER);
	tls_server_stop(&f->server);
	f->server.context = NULL;
	ask_one(UPSTREAM_RESET);
}

// The handshake is part of the time that a question has, and has a limit of its own.
static void a_slow_handshake_is_given_up(void **state)
{
	static const enum tls_server_kind kinds[] = {TLS_SERVER_STALL, TLS_SERVER_DRIP};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		f->server = (struct tls_server){.port = 0};
		serve(kinds[i]);
		ask_one(UPSTREAM_TIMEOUT);
		assert_int_equal(f->server.ended, 0); // the next question may be luckier
		run_until(have_ended, 1);
		tls_server_stop(&f->server);
		assert_int_equal(f->server.questions, 0);
	}
	f->server.context = NULL;
}

static void messages_that_do_not_end_time_out(void **state)
{
	static const enum tls_server_kind kinds[] = {TLS_SERVER_HALF_LENGTH, TLS_SERVER_ANNOUNCE};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		f->server = (struct tls_server){.port = 0};
		serve(kinds[i]);
		ask_one(UPSTREAM_TIMEOUT);
		run_until(have_ended, 1); // it takes no more questions, and is ended
		tls_server_stop(&f->server);
	}
	f->server.context = NULL;
}

// Bytes without an end, none of which is an answer: the connection is, before the question is.
static void floods_end_the_connection(void **state)
{
	static const enum tls_server_kind kinds[] = {TLS_SERVER_EMPTY, TLS_SERVER_WRONG_ID,
						     TLS_SERVER_KEY_UPDATES, TLS_SERVER_TICKETS};

	(void)state;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		f->server = (struct tls_server){.port = 0};
		f->timeout_ms = 8000;
		serve(kinds[i]);
		f->done = 0;
		assert_non_null(ask());
		run_until(have_ended, 1);
		run_until(are_done, 1);
		assert_true(f->reply.outcome == UPSTREAM_RESET ||
			    f->reply.outcome == UPSTREAM_TIMEOUT);
		tls_server_stop(&f->server);
		// Beside what the kernel's buffers hold.
		assert_true(f->server.sent_bytes < 16u << 20);
	}
	f->server.context = NULL;
}

static void an_answer_to_another_question_is_no_answer(void **state)
{
	(void)state;
	serve(TLS_SERVER_WRONG_QUESTION);
	ask_one(UPSTREAM_WRONG_QUESTION);
}

static void renegotiation_is_refused(void **state)
{
	(void)state;
	f->server.version_max = TLS1_2_VERSION;
	serve(TLS_SERVER_RENEGOTIATE);
	f->done = 0;
	assert_non_null(ask());
	run_until(are_done, 1);
	assert_int_equal(f->server.handshakes, 1);
	assert_int_equal(f->server.connections, 1);
}

static void a_huge_chain_is_refused(void **state)
{
	(void)state;
	f->server.padding = 400;
	serve(TLS_SERVER_ANSWER);
	ask_one(UPSTREAM_RESET);
	assert_int_equal(f->server.questions, 0);
}

// A server that is gone without a word: its connection is not kept for the next questions.
static void a_silent_connection_takes_no_more_questions(void **state)
{
	(void)state;
	f->server.batch = 1;
	f->timeout_ms = 1500;
	serve(TLS_SERVER_SILENT_LATER);
	ask_one(UPSTREAM_OK);
	ask_one(UPSTREAM_TIMEOUT);
	ask_one(UPSTREAM_OK);
	assert_int_equal(f->server.connections, 2);
}

static void cancelled_questions_leave_the_connection_to_others(void **state)
{
	(void)state;
	f->server.batch = 20;
	serve(TLS_SERVER_REVERSE);
	f->done = f->good = 0;
	for (unsigned i = 0; i < 20; i++) {
		struct exchange *exchange = ask();
		assert_non_null(exchange);
		if (i % 2 == 0)
			exchange_cancel(exchange);
	}
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(ask());
	run_until(are_done, 20);
	assert_int_equal(f->good, 20);
	assert_int_equal(f->server.connections, 1);
	// With the question under way, too.
	struct exchange *exchange = ask();
	run_until(have_asked, 21);
	exchange_cancel(exchange);
	f->done = 0;
	for (unsigned i = 0; i < 19; i++)
		assert_non_null(ask());
	run_until(are_done, 19);
	assert_int_equal(f->server.connections, 1);
}

static void closing_with_questions_under_way_leaks_nothing(void **state)
{
	(void)state;
	serve(TLS_SERVER_SILENT);
	for (unsigned i = 0; i < 20; i++)
		assert_non_null(ask());
	run_until(have_asked, 20);
	for (unsigned i = 0; i < 20; i++)
		assert_non_null(ask());
	close_upstream();
	assert_int_equal(f->done, 0);
}

// ---- time ----

static void the_round_trip_is_without_the_handshake(void **state)
{
	(void)state;
	serve(TLS_SERVER_ANSWER);
	uint64_t begun_us = uv_hrtime() / 1000;
	ask_one(UPSTREAM_OK);
	assert_true(f->reply.rtt_us > 0);
	assert_true(f->reply.rtt_us < uv_hrtime() / 1000 - begun_us);
}

// Hedges go by how long the server has had the question.
static void lateness_counts_from_the_question_on(void **state)
{
	(void)state;
	serve(TLS_SERVER_STALL);
	f->done = 0;
	assert_non_null(ask_with(50));
	run_until(are_done, 1);
	assert_int_equal(f->late, 0);
	tls_server_stop(&f->server);
	f->server = (struct tls_server){.port = 0};
	serve(TLS_SERVER_SILENT);
	f->done = 0;
	assert_non_null(ask_with(50));
	run_until(are_done, 1);
	expect(UPSTREAM_TIMEOUT);
	assert_int_equal(f->late, 1);
}

#define tls_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tls_test(an_answer_comes_from_a_server_that_proves_its_name),
		tls_test(tls_1_2_will_do),
		tls_test(tls_1_1_will_not),
		tls_test(certificates_are_judged_strictly),
		tls_test(operators_are_told_of_a_server_that_is_not_trusted),
		tls_test(a_pin_alone_is_enough),
		tls_test(a_wrong_pin_is_not),
		tls_test(with_a_name_and_a_pin_both_must_hold),
		tls_test(a_session_stands_for_nobody_else),
		tls_test(questions_share_one_connection),
		tls_test(answers_come_in_any_order),
		tls_test(more_questions_than_one_connection_holds_take_another),
		tls_test(connections_to_one_server_are_bounded),
		tls_test(large_answers_are_put_together),
		tls_test(answers_are_put_together_byte_by_byte),
		tls_test(an_idle_connection_is_ended),
		tls_test(sessions_of_tls_1_3_are_resumed),
		tls_test(sessions_of_tls_1_2_are_resumed),
		tls_test(a_resumed_session_is_still_pinned),
		tls_test(a_lost_connection_is_asked_again_once),
		tls_test(d11_a_connection_that_never_answered_is_not_asked_again),
		tls_test(a_closed_port_is_a_reset),
		tls_test(a_slow_handshake_is_given_up),
		tls_test(messages_that_do_not_end_time_out),
		tls_test(floods_end_the_connection),
		tls_test(an_answer_to_another_question_is_no_answer),
		tls_test(renegotiation_is_refused),
		tls_test(a_huge_chain_is_refused),
		tls_test(a_silent_connection_takes_no_more_questions),
		tls_test(cancelled_questions_leave_the_connection_to_others),
		tls_test(closing_with_questions_under_way_leaks_nothing),
		tls_test(the_round_trip_is_without_the_handshake),
		tls_test(lateness_counts_from_the_question_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
