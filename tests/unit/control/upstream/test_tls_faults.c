// DNS over TLS: what a server may do to it, and when it is late.
#include "tests/unit/control/upstream/tls_asking.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
