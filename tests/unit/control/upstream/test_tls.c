// DNS over TLS (RFC 7858, RFC 8310, RFC 7766) with the real transport: who a server is, connections
// and sessions.
#include "tests/unit/control/upstream/tls_asking.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
