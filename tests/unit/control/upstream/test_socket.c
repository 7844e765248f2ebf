// The real transport, against a server on loopback.
#include "control/descriptors.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/peer.h"
#include "tests/unit/control/upstream/script.h"

#include <uv.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct fixture {
	uv_loop_t loop;
	struct socket_transport *sockets;
	struct upstream *upstream;
	struct peer peer;
	unsigned done;
	struct exchange_reply reply; // the last one; its message is freed, but known to have been
	bool had_message;
	size_t records;
	uint32_t timeout_ms;
	unsigned chain; // ask that often again, over TCP, from inside done
};

static void on_timer(void *arg)
{
	upstream_timer(((struct fixture *)arg)->upstream);
}

static void open_upstream(struct fixture *f, const struct socket_transport_config *config)
{
	struct upstream_config upstream_config = script_config;
	struct transport transport;

	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(
		socket_transport_open(&f->loop, config, on_timer, f, &transport, &f->sockets), 0);
	upstream_config.exchanges_max = 1000;
	f->upstream = upstream_new(&upstream_config, &transport);
	assert_non_null(f->upstream);
	upstream_allow_loopback(f->upstream, true);
}

static void start(struct fixture *f, int family, enum peer_udp udp, enum peer_tcp tcp)
{
	memset(f, 0, sizeof(*f));
	f->timeout_ms = 2000;
	if (!peer_start(&f->peer, family, udp, tcp))
		skip(); // no IPv6 here
	open_upstream(f, &(struct socket_transport_config){0});
}

static void close_upstream(struct fixture *f)
{
	upstream_free(f->upstream);
	socket_transport_close(f->sockets);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void stop(struct fixture *f)
{
	close_upstream(f);
	peer_stop(&f->peer);
}

static struct exchange *ask(struct fixture *f, bool tcp);

static void on_done(void *arg, const struct exchange_reply *reply)
{
	struct fixture *f = arg;

	f->done++;
	f->reply = *reply;
	f->had_message = reply->message != NULL;
	f->records = 0;
	if (reply->message && reply->message->sections[SECTION_ANSWER].count)
		f->records = reply->message->sections[SECTION_ANSWER].rrsets[0]->count;
	message_free(reply->message);
	f->reply.message = NULL;
	if (f->chain > 0) {
		f->chain--;
		assert_non_null(ask(f, true));
	}
	uv_stop(&f->loop);
}

static struct exchange *ask(struct fixture *f, bool tcp)
{
	struct exchange_request request = {
		.server = script_address(f->peer.family == 6 ? "::1" : "127.0.0.1"),
		.port = f->peer.port,
		.name = script_name("www.example."),
		.type = TYPE_TXT,
		.tcp = tcp,
		.timeout_ms = f->timeout_ms,
	};

	return exchange_start(f->upstream, &request, on_done, f);
}

static void on_alarm(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

// Until that many are done, at most two minutes.
static void run_until(struct fixture *f, unsigned done)
{
	uv_timer_t alarm;
	bool late = false;

	uv_timer_init(&f->loop, &alarm);
	alarm.data = &late;
	uv_timer_start(&alarm, on_alarm, 120000, 0);
	while (f->done < done && !late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&alarm, NULL);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_false(late);
}

static void run_one(struct fixture *f, bool tcp)
{
	f->done = 0;
	assert_non_null(ask(f, tcp));
	assert_int_equal(f->done, 0);
	run_until(f, 1);
}

static void expect(const struct fixture *f, enum upstream_outcome outcome)
{
	assert_int_equal(f->done, 1);
	assert_string_equal(upstream_outcome_words(f->reply.outcome),
			    upstream_outcome_words(outcome));
	assert_int_equal(f->had_message, outcome == UPSTREAM_OK);
}

static void udp_answer_arrives(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_int_equal(f.records, 1);
	assert_false(f.reply.tcp);
	assert_true(f.reply.rtt_us > 0 && f.reply.rtt_us < 2000000);
	stop(&f);
}

static void udp_and_tcp_work_over_ipv6(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 6, PEER_UDP_TRUNCATE, PEER_TCP_ANSWER);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_true(f.reply.tcp);
	stop(&f);
}

static void truncated_answer_comes_over_tcp(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_TRUNCATE, PEER_TCP_LARGE);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_true(f.reply.tcp);
	assert_int_equal(f.records, 224);
	assert_true(f.reply.bytes > 57000);
	stop(&f);
}

static void message_is_put_together_byte_by_byte(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_TRUNCATE, PEER_TCP_BYTE_BY_BYTE);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_int_equal(f.records, 1);
	stop(&f);
}

static void silence_times_out(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_SILENT, PEER_TCP_ANSWER);
	f.timeout_ms = 60;
	run_one(&f, false);
	expect(&f, UPSTREAM_TIMEOUT);
	stop(&f);
}

// This thread gets no CPU from the question until after its timeout.
static void answer_that_came_during_a_stall_is_no_timeout(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	f.timeout_ms = 50;
	assert_non_null(ask(&f, false));
	uint64_t asked_ms = uv_hrtime() / 1000000;
	while (uv_hrtime() / 1000000 < asked_ms + 60 ||
	       (atomic_load(&f.peer.udp_answers) == 0 && uv_hrtime() / 1000000 < asked_ms + 10000))
		;
	run_until(&f, 1);
	expect(&f, UPSTREAM_OK);
	stop(&f);
}

static void stalls_over_tcp_time_out(void **state)
{
	static const enum peer_tcp kinds[] = {PEER_TCP_STALL, PEER_TCP_HALF,
					      PEER_TCP_ANNOUNCE_ONLY};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start(&f, 4, PEER_UDP_ANSWER, kinds[i]);
		run_one(&f, true);
		expect(&f, UPSTREAM_TIMEOUT);
		assert_int_equal(f.peer.tcp_questions, 1);
		stop(&f);
	}
}

static void d11_reset_and_close_are_one_connection_each(void **state)
{
	static const enum peer_tcp kinds[] = {PEER_TCP_RESET, PEER_TCP_CLOSE_BEFORE};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&f, 4, PEER_UDP_TRUNCATE, kinds[i]);
		run_one(&f, false);
		expect(&f, UPSTREAM_RESET);
		assert_int_equal(f.peer.connections, 1);
		stop(&f);
	}
}

static void closed_port_is_unreachable_and_reset(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	peer_stop(&f.peer); // its port is closed now
	run_one(&f, false);
	expect(&f, UPSTREAM_UNREACHABLE);
	run_one(&f, true);
	expect(&f, UPSTREAM_RESET);
	close_upstream(&f);
}

static void connection_is_kept_for_the_next_question(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	for (unsigned i = 0; i < 20; i++) {
		run_one(&f, true);
		expect(&f, UPSTREAM_OK);
	}
	assert_int_equal(f.peer.connections, 1);
	assert_int_equal(f.peer.tcp_questions, 20);
	stop(&f);
}

static void next_question_may_be_asked_while_an_answer_is_told(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	f.chain = 19;
	assert_non_null(ask(&f, true));
	run_until(&f, 20);
	assert_int_equal(f.reply.outcome, UPSTREAM_OK);
	assert_int_equal(f.peer.connections, 1);
	stop(&f);
}

static void questions_at_once_do_not_share_a_connection(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(ask(&f, true));
	run_until(&f, 10);
	assert_int_equal(f.peer.connections, 10);
	f.done = 0;
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(ask(&f, true));
	run_until(&f, 10);
	assert_int_equal(f.peer.connections, 18); // two were kept
	stop(&f);
}

static void kept_connection_that_ended_costs_nothing(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_CLOSE_AFTER);
	for (unsigned i = 0; i < 50; i++) {
		run_one(&f, true);
		expect(&f, UPSTREAM_OK);
	}
	assert_int_equal(f.peer.tcp_questions, 50);
	stop(&f);
}

static void cancelled_connection_is_not_kept(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	exchange_cancel(ask(&f, true)); // before it stands
	run_one(&f, true);
	expect(&f, UPSTREAM_OK);
	exchange_cancel(ask(&f, true)); // taken from the kept ones, not yet told
	run_one(&f, true);
	expect(&f, UPSTREAM_OK);
	stop(&f);
}

static void many_questions_at_once_are_told_apart(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	for (unsigned i = 0; i < 150; i++)
		assert_non_null(ask(&f, false));
	run_until(&f, 150);
	assert_int_equal(f.peer.udp_questions, 150);
	assert_int_equal(f.reply.outcome, UPSTREAM_OK);
	stop(&f);
}

static void source_address_is_used(void **state)
{
	struct socket_transport_config config = {.source_v4 = script_address("127.0.0.9")};
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	close_upstream(&f);
	open_upstream(&f, &config);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	run_one(&f, true);
	expect(&f, UPSTREAM_OK);
	close_upstream(&f);
	config.source_v4 = script_address("192.0.2.77"); // not ours
	open_upstream(&f, &config);
	run_one(&f, false);
	expect(&f, UPSTREAM_NO_RESOURCE);
	run_one(&f, true);
	expect(&f, UPSTREAM_NO_RESOURCE);
	stop(&f);
}

static void interface_is_used(void **state)
{
	struct socket_transport_config config = {.interface = "lo"};
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	close_upstream(&f);
	open_upstream(&f, &config);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	close_upstream(&f);
	strcpy(config.interface, "nosuchdevice0");
	open_upstream(&f, &config);
	run_one(&f, false);
	expect(&f, UPSTREAM_NO_RESOURCE);
	stop(&f);
}

static void no_descriptor_left_is_no_resource(void **state)
{
	struct rlimit before, low;
	struct fixture f;
	int lowest;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(lowest >= 0);
	close(lowest);
	low = before;
	low.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	run_one(&f, false);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect(&f, UPSTREAM_NO_RESOURCE);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	stop(&f);
}

// A kept connection gives its descriptor away.
static void kept_connections_make_room(void **state)
{
	struct rlimit before, low;
	struct fixture f;
	int lowest;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	run_one(&f, true);
	expect(&f, UPSTREAM_OK);
	lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	// None is left for questions; what is beyond the bound is not theirs.
	for (low = before, low.rlim_cur = (rlim_t)lowest;
	     descriptors_bound(DESCRIPTORS_SERVERS) != (unsigned)lowest; low.rlim_cur++)
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	run_one(&f, false);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect(&f, UPSTREAM_OK);
	stop(&f);
}

// ATTACKS A5: the kernel delivers what comes from the server's address and port, nothing else.
static void a5_answer_from_another_port_or_address_is_not_delivered(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_FORGED_FIRST, PEER_TCP_ANSWER);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_int_equal(f.reply.ignored, 0);
	assert_int_equal(f.reply.bytes, 12 + 13 + 4 + 2 + 10 + 256);
	stop(&f);
}

// ATTACKS A5: a stranger who sends to a port that is open for a question sees what a closed port
// shows.
static void a5_open_port_looks_closed_from_elsewhere(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_PROBE_PORT, PEER_TCP_ANSWER);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_int_equal(f.peer.open_port_errno, f.peer.closed_port_errno);
	stop(&f);
}

// ATTACKS A6.
static void a6_datagram_in_fragments_is_asked_over_tcp(void **state)
{
	struct fixture f;

	(void)state;
	if (!peer_can_send_raw())
		skip();
	start(&f, 4, PEER_UDP_FRAGMENTS, PEER_TCP_ANSWER);
	run_one(&f, false);
	expect(&f, UPSTREAM_OK);
	assert_true(f.reply.tcp);
	assert_int_equal(f.peer.tcp_questions, 1);
	stop(&f);
}

static int compare(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

// ATTACKS A1, A4: Kolmogorov-Smirnov over 1024-65535. sqrt(n) D > 3.5 has a chance of 5e-11.
static void a4_source_ports_fill_the_whole_range(void **state)
{
	const unsigned count = 4000;
	struct fixture f;
	double distance = 0;
	unsigned distinct = 1;

	(void)state;
	start(&f, 4, PEER_UDP_ANSWER, PEER_TCP_ANSWER);
	for (unsigned i = 0; i < count; i += 50) {
		f.done = 0;
		for (unsigned k = 0; k < 50; k++)
			assert_non_null(ask(&f, false));
		run_until(&f, 50);
	}
	assert_int_equal(f.peer.udp_questions, count);
	stop(&f);
	qsort(f.peer.ports, count, sizeof(f.peer.ports[0]), compare);
	assert_true(f.peer.ports[0] >= 1024);
	for (unsigned i = 0; i < count; i++) {
		double expected = (f.peer.ports[i] - 1023) / 64512.0;
		double below = fabs((double)i / count - expected);
		double above = fabs((double)(i + 1) / count - expected);

		distance = fmax(distance, fmax(below, above));
		distinct += i > 0 && f.peer.ports[i] != f.peer.ports[i - 1];
	}
	assert_true(distance * sqrt(count) < 3.5);
	// 4000 draws from 64512 repeat about 121 times, sigma 11.
	assert_in_range(distinct, count - 121 - 77, count - 121 + 77);
}

static void closing_with_questions_under_way_leaks_nothing(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 4, PEER_UDP_SILENT, PEER_TCP_STALL);
	for (unsigned i = 0; i < 20; i++)
		assert_non_null(ask(&f, i % 2));
	uv_run(&f.loop, UV_RUN_NOWAIT);
	stop(&f);
	assert_int_equal(f.done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_answer_arrives),
		cmocka_unit_test(udp_and_tcp_work_over_ipv6),
		cmocka_unit_test(truncated_answer_comes_over_tcp),
		cmocka_unit_test(message_is_put_together_byte_by_byte),
		cmocka_unit_test(silence_times_out),
		cmocka_unit_test(answer_that_came_during_a_stall_is_no_timeout),
		cmocka_unit_test(stalls_over_tcp_time_out),
		cmocka_unit_test(d11_reset_and_close_are_one_connection_each),
		cmocka_unit_test(closed_port_is_unreachable_and_reset),
		cmocka_unit_test(connection_is_kept_for_the_next_question),
		cmocka_unit_test(next_question_may_be_asked_while_an_answer_is_told),
		cmocka_unit_test(questions_at_once_do_not_share_a_connection),
		cmocka_unit_test(kept_connection_that_ended_costs_nothing),
		cmocka_unit_test(cancelled_connection_is_not_kept),
		cmocka_unit_test(many_questions_at_once_are_told_apart),
		cmocka_unit_test(source_address_is_used),
		cmocka_unit_test(interface_is_used),
		cmocka_unit_test(no_descriptor_left_is_no_resource),
		cmocka_unit_test(kept_connections_make_room),
		cmocka_unit_test(a5_answer_from_another_port_or_address_is_not_delivered),
		cmocka_unit_test(a5_open_port_looks_closed_from_elsewhere),
		cmocka_unit_test(a6_datagram_in_fragments_is_asked_over_tcp),
		cmocka_unit_test(a4_source_ports_fill_the_whole_range),
		cmocka_unit_test(closing_with_questions_under_way_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
