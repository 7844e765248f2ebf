// ATTACKS G1: half-sent questions, clients that do not read, too many connections, and connections
// that end while their questions are under way.
#include "control/descriptors.h"
#include "tests/unit/control/listen/clients.h"

#define CLIENTS LISTENER_CONNECTIONS_MAX

static void G1_idle_connection_is_closed(void **state)
{
	(void)state;
	listener->idle_ms = 50;
	int fd = taken_client();

	until(is_closed(fd));
	assert_int_equal(listener->counters.timed_out, 1);
	close(fd);
}

// Single bytes are no sign of life: the time runs from the last whole question.
static void G1_half_sent_question_is_closed_however_often_a_byte_comes(void **state)
{
	(void)state;
	uint8_t bytes[600];
	uint64_t start = real_ms();
	size_t sent = 0;

	listener->idle_ms = 200;
	int fd = taken_client();
	question(bytes, 1, "@a-name-of-many-bytes.in-a-domain-of-more.example. %1 %1");
	while (!is_closed(fd)) {
		assert_true(real_ms() < start + PATIENCE_MS);
		if (sent < 40 && send(fd, bytes + sent, 1, MSG_NOSIGNAL) == 1)
			sent++;
		turn();
	}
	assert_true(sent < 40 || real_ms() - start < 20000);
	assert_int_equal(listener->counters.timed_out, 1);
	assert_int_equal(listener->counters.queries, 0);
	close(fd);
}

// The client is not to blame for the time that we take.
static void question_under_way_keeps_the_connection(void **state)
{
	(void)state;
	uint64_t start;

	listener->idle_ms = 30;
	int fd = taken_client();
	send_question(fd, 1, "@slow.example. %1 %1");
	until(kept_count == 1);
	start = real_ms();
	until(real_ms() > start + 100);
	assert_open(fd);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(fd);
	until(is_closed(fd));
	close(fd);
}

// The answer starts the time anew: who has waited long may ask again.
static void answer_starts_the_idle_time_anew(void **state)
{
	(void)state;
	uint64_t start = real_ms();

	listener->idle_ms = 400;
	int fd = taken_client();
	send_question(fd, 1, "@slow.example. %1 %1");
	until(real_ms() > start + 350);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(fd);
	start = real_ms();
	until(is_closed(fd));
	assert_true(real_ms() - start >= 350);
	close(fd);
}

static void publish_large_text(const char *name)
{
	static char rdata[60 * 12];
	struct given text = {.name = name,
			     .type = TYPE_TXT,
			     .security = SECURITY_INSECURE,
			     .ttl_s = 300,
			     .data = {{.type = TYPE_TXT, .ttl_s = 300, .rdata = rdata}}};

	rdata[0] = '\0';
	for (int i = 0; i < 60; i++)
		strcat(rdata, " ff *255:41"); // 60 strings of 255 bytes
	publish(&text);
}

// A client that asks for much more than the kernel holds for it, and reads nothing.
static int client_that_does_not_read(void)
{
	int fd = taken_client();

	for (int i = 0; i < 1000; i++)
		send_question(fd, 1, "@big.example. %16 %1");
	until(listener->unsent > 0 || listener->counters.unread > 0);
	return fd;
}

static void G1_client_that_does_not_read_stops_itself(void **state)
{
	(void)state;
	const size_t answer_len = 12 + 13 + 4 + 12 + 60 * 256;
	uint64_t queries;

	publish_large_text("big.example.");
	listener->idle_ms = 120000; // however slow the machine is
	int fd = client_that_does_not_read(), other = taken_client();
	do {
		queries = listener->counters.queries;
		for (int i = 0; i < 10; i++)
			turn();
	} while (listener->counters.queries > queries);
	assert_true(queries < 1000);
	assert_in_range(listener->unsent, 1, 100000);
	// Others notice nothing, and what is read at last is whole.
	send_question(other, 2, "@big.example. %16 %1");
	assert_int_equal(read_answer(other), answer_len);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(read_answer(fd), answer_len);
		assert_int_equal(answer_id(), 1);
	}
	assert_int_equal(listener->counters.queries, 1001);
	close(fd);
	close(other);
}

static void G1_client_that_does_not_read_is_closed_in_the_end(void **state)
{
	(void)state;
	publish_large_text("big.example.");
	listener->idle_ms = 200;
	int fd = client_that_does_not_read();

	until(listener->connection_count == 0);
	assert_int_equal(listener->counters.timed_out, 1);
	until(listener->unsent == 0);
	close(fd);
}

static void G1_unread_answers_have_a_bound_over_all_clients(void **state)
{
	(void)state;
	publish_large_text("big.example.");
	listener->unsent_max = 20000;
	int patient = taken_client(), fd = client_that_does_not_read();

	until(listener->counters.unread == 1);
	until(listener->unsent == 0);
	assert_int_equal(listener->connection_count, 1);
	send_question(patient, 2, "@big.example. %16 %1");
	read_answer(patient);
	assert_int_equal(answer_id(), 2);
	close(fd);
	close(patient);
}

static int clients[CLIENTS + 8];

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * CLIENTS + 64)
		skip();
}

static void fill_all_places(void)
{
	raise_descriptor_limit();
	listener->idle_ms = 2 * PATIENCE_MS; // none goes because the machine is slow
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = taken_client();
	assert_int_equal(listener->connection_count, CLIENTS);
}

static void G1_quietest_connection_gives_way_to_a_new_one(void **state)
{
	(void)state;
	publish_address("www.example.");
	fill_all_places();
	// The first two show life, so that the third is the quietest.
	for (size_t i = 0; i < 2; i++) {
		send_question(clients[i], 1, "@www.example. %1 %1");
		read_answer(clients[i]);
	}
	clients[CLIENTS] = taken_client();
	assert_int_equal(listener->counters.displaced, 1);
	assert_int_equal(listener->connection_count, CLIENTS);
	until(is_closed(clients[2]));
	for (size_t i = 0; i < CLIENTS; i++) {
		if (i != 2)
			assert_open(clients[i]);
	}
	send_question(clients[CLIENTS], 3, "@www.example. %1 %1");
	read_answer(clients[CLIENTS]);
	for (size_t i = 0; i <= CLIENTS; i++)
		close(clients[i]);
}

static void G1_connection_that_waits_for_us_gives_way_last(void **state)
{
	(void)state;
	fill_all_places();
	for (size_t i = 0; i < CLIENTS - 1; i++)
		send_question(clients[i], 1, "@slow.example. %1 %1");
	until(kept_count == CLIENTS - 1);
	clients[CLIENTS] = taken_client();
	until(is_closed(clients[CLIENTS - 1])); // the only quiet one
	clients[CLIENTS + 1] = taken_client();
	until(is_closed(clients[CLIENTS])); // quiet now
	send_question(clients[CLIENTS + 1], 1, "@slow.example. %1 %1");
	until(kept_count == CLIENTS);
	clients[CLIENTS + 2] = taken_client();
	until(is_closed(clients[0])); // none is quiet: who has waited longest
	assert_int_equal(listener->counters.displaced, 3);
	for (size_t i = 0; i < kept_count; i++)
		answer_kept(i, RCODE_SERVFAIL);
	for (size_t i = 1; i < CLIENTS - 1; i++)
		read_answer(clients[i]);
	for (size_t i = 0; i < CLIENTS + 3; i++)
		close(clients[i]);
}

// A client that asks slow questions and hangs up does not hold its place until they end.
static void G1_client_that_hung_up_gives_way_before_one_that_waits(void **state)
{
	(void)state;
	listener->connections_max = 2;
	int waits = taken_client(), gone = taken_client();

	send_question(waits, 1, "@slow.example. %1 %1");
	until(kept_count == 1);
	send_question(gone, 2, "@slow.example. %1 %1");
	until(kept_count == 2);
	close(gone);
	until(listener->quiet.oldest);
	int next = taken_client();
	assert_int_equal(listener->counters.displaced, 1);
	assert_open(waits);
	answer_kept(1, RCODE_SERVFAIL);
	assert_int_equal(listener->counters.answered, 0);
	answer_kept(0, RCODE_SERVFAIL);
	read_answer(waits);
	close(waits);
	close(next);
}

static void G1_idle_time_shrinks_as_connections_run_short(void **state)
{
	(void)state;
	int fds[8];

	listener->idle_ms = 20000;
	listener->connections_max = 8;
	for (size_t i = 0; i < 8; i++)
		fds[i] = taken_client();
	until(listener->counters.timed_out == 2); // beyond three quarters
	assert_open(fds[0]);
	assert_true(is_closed(fds[7]));
	for (size_t i = 0; i < 8; i++)
		close(fds[i]);
}

static int held_back;

static void limit_descriptors(unsigned limit, struct rlimit *before)
{
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){limit, before->rlim_max}), 0);
}

static void b4_clients_leave_descriptors_to_others(void **state)
{
	struct rlimit before;
	int fds[90];
	size_t count = 0;

	(void)state;
	limit_descriptors(200, &before);
	const unsigned bound = descriptors_bound(DESCRIPTORS_CLIENTS);
	assert_true(bound < descriptors_bound(DESCRIPTORS_SERVERS));
	// Both ends are of this process. Beyond its bound a client is turned away.
	while (count < 90 && listener->counters.refused == 0) {
		fds[count++] = client();
		until(listener->counters.accepted + listener->counters.refused == count);
	}
	assert_int_equal(listener->counters.refused, 1);
	assert_true(listener->connection_count > 10);
	// The next one has the place of the one that was quiet for the longest.
	close(fds[--count]);
	for (size_t i = 0; i < 2 && listener->counters.displaced == 0; i++) {
		int fd = client();
		until(listener->counters.accepted + listener->counters.refused == count + 2 + i);
		close(fd);
	}
	assert_int_equal(listener->counters.displaced, 1);
	assert_true(is_closed(fds[0]));
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	setrlimit(RLIMIT_NOFILE, &before);
}

// libuv tried for ever to take what waits, and nothing else happened.
static void b4_without_a_descriptor_the_loop_goes_on(void **state)
{
	struct rlimit before;
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	uv_os_fd_t listening;
	int fd = socket(AF_INET, SOCK_STREAM, 0), taken[64];
	size_t count = 0;

	(void)state;
	uv_fileno((uv_handle_t *)&listener->sockets[0], &listening);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	// What libuv holds back is beyond the new limit, and so is of no use to it.
	limit_descriptors((unsigned)held_back + 1, &before);
	while (count < 64 && (taken[count] = dup(0)) >= 0)
		count++;
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	until(listener->counters.refused > 0);
	assert_true(is_closed(fd));
	assert_int_equal(listener->counters.accepted, 0);
	setrlimit(RLIMIT_NOFILE, &before);
	while (count > 0)
		close(taken[--count]);
	close(fd);
}

static void listener_closes_while_questions_are_under_way(void **state)
{
	(void)state;
	int one = taken_client(), two = taken_client();

	send_question(one, 1, "@a.example. %1 %1");
	send_question(one, 2, "@b.example. %1 %1");
	send_question(two, 3, "@a.example. %1 %1");
	until(kept_count == 3);
	listener_close(listener);
	listener = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(is_closed(one) && is_closed(two));
	for (size_t i = 0; i < 3; i++)
		answer_kept(i, RCODE_SERVFAIL); // under ASan: nothing of the listener is missing
	close(one);
	close(two);
}

static void listener_closes_before_the_loop_has_let_go(void **state)
{
	(void)state;
	int fd = taken_client();

	send_question(fd, 1, "@a.example. %1 %1");
	until(kept_count == 1);
	listener_close(listener);
	listener = NULL;
	answer_kept(0, RCODE_SERVFAIL);
	uv_run(&loop, UV_RUN_DEFAULT);
	close(fd);
}

static void client_resets_with_answers_unsent(void **state)
{
	(void)state;
	struct linger now = {.l_onoff = 1};

	publish_large_text("big.example.");
	int fd = client_that_does_not_read();
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	until(listener->connection_count == 0);
	until(listener->unsent == 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(G1_idle_connection_is_closed),
		TEST(G1_half_sent_question_is_closed_however_often_a_byte_comes),
		TEST(question_under_way_keeps_the_connection),
		TEST(answer_starts_the_idle_time_anew),
		TEST(G1_client_that_does_not_read_stops_itself),
		TEST(G1_client_that_does_not_read_is_closed_in_the_end),
		TEST(G1_unread_answers_have_a_bound_over_all_clients),
		TEST(G1_quietest_connection_gives_way_to_a_new_one),
		TEST(G1_connection_that_waits_for_us_gives_way_last),
		TEST(G1_client_that_hung_up_gives_way_before_one_that_waits),
		TEST(G1_idle_time_shrinks_as_connections_run_short),
		TEST(b4_clients_leave_descriptors_to_others),
		TEST(b4_without_a_descriptor_the_loop_goes_on),
		TEST(listener_closes_while_questions_are_under_way),
		TEST(listener_closes_before_the_loop_has_let_go),
		TEST(client_resets_with_answers_unsent),
	};

	held_back = descriptors_hold();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
