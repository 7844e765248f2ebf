// RFC 7766: questions and answers over TCP, one after the other, many at once, and in pieces.
#include "tests/unit/control/listen/clients.h"

static void cached_answer_comes_at_once(void **state)
{
	(void)state;
	publish_address("www.example.");
	int fd = taken_client();

	send_question(fd, 7, "@WwW.example. %1 %1");
	read_answer(fd);
	assert_int_equal(answer_id(), 7);
	assert_int_equal(answer_rcode(), RCODE_NOERROR);
	assert_memory_equal(answer + 12, "\3WwW\7example", 12); // byte for byte as asked
	assert_int_equal(wire_get16(answer + 6), 1);
	assert_int_equal(kept_count, 0);
	assert_int_equal(listener->counters.queries, 1);
	assert_int_equal(listener->counters.answered, 1);
	assert_int_equal(listener->counters.cached, 1);
	close(fd);
}

static void miss_is_answered_with_its_result(void **state)
{
	(void)state;
	int fd = taken_client();

	send_question(fd, 1, "@miss.example. %28 %1");
	until(kept_count == 1);
	assert_true(kept[0].question.tcp);
	assert_int_equal(kept[0].question.client.family, 4);
	assert_memory_equal(kept[0].question.client.bytes, "\x7f\0\0\1", 4);
	assert_int_equal(kept[0].question.qtype, TYPE_AAAA);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(fd);
	assert_int_equal(answer_id(), 1);
	assert_int_equal(answer_rcode(), RCODE_SERVFAIL);
	assert_int_equal(listener->counters.cached, 0);
	assert_int_equal(listener->counters.failed, 0); // its result is counted where it was made
	close(fd);
}

// RFC 7766 §6.2.1.1: further questions do not wait for the answers to earlier ones, and (§7)
// answers go out as they are ready.
static void answers_go_out_in_the_order_in_which_they_are_ready(void **state)
{
	(void)state;
	uint8_t bytes[2000];
	size_t len = 0;

	publish_address("hit.example.");
	int fd = taken_client();
	len += question(bytes + len, 1, "@a.example. %1 %1");
	len += question(bytes + len, 2, "@b.example. %1 %1");
	len += question(bytes + len, 3, "@hit.example. %1 %1");
	len += question(bytes + len, 4, "@c.example. %1 %1");
	send_all(fd, bytes, len);
	read_answer(fd);
	assert_int_equal(answer_id(), 3);
	until(kept_count == 3);
	answer_kept(2, RCODE_REFUSED);
	answer_kept(0, RCODE_SERVFAIL);
	answer_kept(1, RCODE_SERVFAIL);
	read_answer(fd);
	assert_int_equal(answer_id(), 4);
	assert_int_equal(answer_rcode(), RCODE_REFUSED);
	read_answer(fd);
	assert_int_equal(answer_id(), 1);
	read_answer(fd);
	assert_int_equal(answer_id(), 2);
	close(fd);
}

static void questions_beyond_the_pipeline_wait_unread(void **state)
{
	(void)state;
	int fd = taken_client();

	for (unsigned id = 0; id < LISTENER_PIPELINE_MAX + 8; id++)
		send_question(fd, id, "@slow.example. %1 %1");
	until(kept_count == LISTENER_PIPELINE_MAX);
	for (int i = 0; i < 5; i++)
		turn();
	assert_int_equal(kept_count, LISTENER_PIPELINE_MAX);
	for (size_t i = 0; i < LISTENER_PIPELINE_MAX + 8; i++) {
		until(kept_count > i);
		assert_int_equal(kept[i].question.id, i);
		answer_kept(i, RCODE_SERVFAIL);
		read_answer(fd);
		assert_int_equal(answer_id(), i);
	}
	close(fd);
}

static void question_comes_one_byte_at_a_time(void **state)
{
	(void)state;
	uint8_t bytes[600];
	size_t len = question(bytes, 9, "@slow.example. %1 %1");
	size_t more = question(bytes + len, 10, "@next.example. %1 %1");
	int fd = taken_client();

	for (size_t i = 0; i < len + more; i++) {
		send_all(fd, bytes + i, 1);
		turn();
		assert_int_equal(kept_count, (i + 1 >= len) + (i + 1 >= len + more));
	}
	answer_kept(1, RCODE_SERVFAIL);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(fd);
	assert_int_equal(answer_id(), 10);
	read_answer(fd);
	assert_int_equal(answer_id(), 9);
	close(fd);
}

static void message_of_impossible_length_ends_the_connection(void **state)
{
	(void)state;
	static const uint8_t lengths[][2] = {{0, 0}, {0, 11}, {16, 1}, {255, 255}};

	for (size_t i = 0; i < 4; i++) {
		int fd = taken_client();

		send_all(fd, lengths[i], 2);
		until(is_closed(fd));
		assert_int_equal(listener->counters.malformed, i + 1);
		close(fd);
	}
	assert_int_equal(listener->counters.queries, 0);
}

static void longest_question_is_read(void **state)
{
	(void)state;
	static struct bytes query;
	uint8_t bytes[2 + 4096];
	int fd = taken_client();

	// 12 of header, 9 + 4 of question, 11 of OPT, and an option of padding up to 4096.
	given_query(&query, FLAG_RD, "@example. %1 %1", "00 %41 %1232 #0 %4060 %12 %4056 *4056:00");
	assert_int_equal(query.len, 4096);
	wire_put16(bytes, 4096);
	memcpy(bytes + 2, query.data, 4096);
	send_all(fd, bytes, sizeof(bytes));
	until(kept_count == 1);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(fd);
	close(fd);
}

static void response_instead_of_a_question_ends_the_connection(void **state)
{
	(void)state;
	uint8_t bytes[600];
	size_t len = question(bytes, 1, "@example. %1 %1");
	int fd = taken_client();

	bytes[4] |= 0x80; // QR
	send_all(fd, bytes, len);
	until(is_closed(fd));
	assert_int_equal(listener->counters.dropped, 1);
	close(fd);
}

// RFC 7766 §6.2.4: a client that has closed its side still gets what it asked for.
static void half_closed_client_gets_its_answers(void **state)
{
	(void)state;
	int fd = taken_client();

	send_question(fd, 1, "@a.example. %1 %1");
	send_question(fd, 2, "@b.example. %1 %1");
	shutdown(fd, SHUT_WR);
	until(kept_count == 2);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(fd);
	assert_open(fd);
	answer_kept(1, RCODE_SERVFAIL);
	read_answer(fd);
	assert_int_equal(answer_id(), 2);
	until(is_closed(fd));
	close(fd);
}

static void refused_question_gets_servfail(void **state)
{
	(void)state;
	int fd = taken_client();

	resolver_is_full = true;
	send_question(fd, 5, "@a.example. %1 %1");
	read_answer(fd);
	assert_int_equal(answer_id(), 5);
	assert_int_equal(answer_rcode(), RCODE_SERVFAIL);
	assert_int_equal(listener->counters.failed, 1);
	resolver_is_full = false;
	send_question(fd, 6, "@a.example. %1 %1");
	until(kept_count == 1);
	answer_kept(0, RCODE_NXDOMAIN);
	read_answer(fd);
	assert_int_equal(answer_id(), 6);
	close(fd);
}

static void refused_question_gets_a_stale_answer_where_one_is_allowed(void **state)
{
	(void)state;
	struct given a = {.name = "old.example.",
			  .type = TYPE_A,
			  .security = SECURITY_INSECURE,
			  .ttl_s = 300,
			  .stale_s = 3600,
			  .now_ms = NOW_MS - 400000,
			  .data = {{.type = TYPE_A, .ttl_s = 300, .rdata = "c0000201"}}};
	int fd = taken_client();

	publish(&a);
	resolver_is_full = true;
	send_question(fd, 5, "@old.example. %1 %1");
	read_answer(fd);
	assert_int_equal(answer_rcode(), RCODE_NOERROR);
	assert_int_equal(wire_get16(answer + 6), 1);
	assert_int_equal(listener->counters.stale, 1);
	assert_int_equal(listener->counters.failed, 0);
	close(fd);
}

static void result_that_never_was_is_servfail(void **state)
{
	(void)state;
	int fd = taken_client();

	send_question(fd, 5, "@a.example. %1 %1");
	until(kept_count == 1);
	kept[0].done(kept[0].arg, NULL); // no memory for a result
	read_answer(fd);
	assert_int_equal(answer_id(), 5);
	assert_int_equal(answer_rcode(), RCODE_SERVFAIL);
	assert_int_equal(listener->counters.dropped, 0);
	close(fd);
}

static void address_in_use_is_said(void **state)
{
	(void)state;
	struct service_addresses addresses = {.list = {{4, {127, 0, 0, 1}}}, .count = 1};
	struct sockaddr_in bound;
	int len = sizeof(bound);
	char err[256];

	uv_tcp_getsockname(&listener->sockets[0], (struct sockaddr *)&bound, &len);
	assert_null(listener_open(&loop, store, &addresses, ntohs(bound.sin_port), keep, NULL, err,
				  sizeof(err)));
	assert_non_null(strstr(err, "of 127.0.0.1 cannot be opened: address already in use"));
}

static void visit(const char *name, const char *words, uint64_t value, void *arg)
{
	assert_true(strncmp(name, "tcp.", 4) == 0);
	assert_true(words[0] != '\0');
	*(uint64_t *)arg += value;
}

static void counters_tell_what_is_open(void **state)
{
	(void)state;
	uint64_t sum = 0;
	int fd = taken_client();

	listener_counters(listener, visit, &sum);
	assert_int_equal(sum, 2); // open, accepted
	close(fd);
	until(listener->connection_count == 0);
	sum = 0;
	listener_counters(listener, visit, &sum);
	assert_int_equal(sum, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(cached_answer_comes_at_once),
		TEST(miss_is_answered_with_its_result),
		TEST(answers_go_out_in_the_order_in_which_they_are_ready),
		TEST(questions_beyond_the_pipeline_wait_unread),
		TEST(question_comes_one_byte_at_a_time),
		TEST(message_of_impossible_length_ends_the_connection),
		TEST(longest_question_is_read),
		TEST(response_instead_of_a_question_ends_the_connection),
		TEST(half_closed_client_gets_its_answers),
		TEST(refused_question_gets_servfail),
		TEST(refused_question_gets_a_stale_answer_where_one_is_allowed),
		TEST(result_that_never_was_is_servfail),
		TEST(address_in_use_is_said),
		TEST(counters_tell_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
