// The bounded memory of servers.
#include "control/upstream/server.h"
#include "tests/unit/control/upstream/script.h"

static const uint8_t key[16] = "0123456789abcde";

static struct address numbered(uint32_t n)
{
	return (struct address){
		.family = 4,
		.bytes = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n},
	};
}

static void server_is_known_by_address_and_port(void **state)
{
	struct address a = numbered(1), b = numbered(2);
	struct servers servers;
	struct server *server;

	(void)state;
	assert_int_equal(servers_open(&servers, 64, key), 0);
	assert_null(servers_find(&servers, &a, 53));
	server = servers_use(&servers, &a, 53, 5);
	server->udp_timeouts = 7;
	assert_ptr_equal(servers_find(&servers, &a, 53), server);
	assert_ptr_equal(servers_use(&servers, &a, 53, 6), server);
	assert_int_equal(server->udp_timeouts, 7);
	assert_null(servers_find(&servers, &a, 5353));
	assert_null(servers_find(&servers, &b, 53));
	servers_close(&servers);
}

static void memory_is_bounded_and_new_servers_get_in(void **state)
{
	struct servers servers;
	unsigned known = 0;

	(void)state;
	assert_int_equal(servers_open(&servers, 64, key), 0);
	for (uint32_t n = 0; n < 10000; n++) {
		struct address address = numbered(n);

		servers_use(&servers, &address, 53, n + 1);
		assert_non_null(servers_find(&servers, &address, 53));
	}
	for (uint32_t n = 0; n < 10000; n++) {
		struct address address = numbered(n);

		known += servers_find(&servers, &address, 53) != NULL;
	}
	assert_int_equal(known, 64);
	servers_close(&servers);
}

static void server_in_use_outlives_a_flood_of_others(void **state)
{
	struct address hot = numbered(123456);
	struct servers servers;

	(void)state;
	assert_int_equal(servers_open(&servers, 64, key), 0);
	servers_use(&servers, &hot, 53, 1)->cookie_len = 16;
	for (uint32_t n = 0; n < 10000; n++) {
		struct address address = numbered(n);

		servers_use(&servers, &address, 53, n + 1);
		servers_use(&servers, &hot, 53, n + 1);
	}
	assert_int_equal(servers_find(&servers, &hot, 53)->cookie_len, 16);
	servers_close(&servers);
}

static void timeouts_lead_from_small_to_tcp_and_an_answer_ends_it(void **state)
{
	struct server server = {0};

	(void)state;
	assert_false(server_wants_small(&server, 1));
	server_udp_timeout(&server);
	assert_true(server_wants_small(&server, 1));
	assert_false(server_wants_tcp(&server, 1));
	server_udp_timeout(&server);
	assert_true(server_wants_tcp(&server, 1));
	server_udp_answer(&server, true, false, 1);
	assert_false(server_wants_small(&server, 2));
	assert_false(server_wants_tcp(&server, 2));
}

// A server that was away comes back over TCP first: UDP is tried again at once, later only when it
// stays lost.
static void detour_over_tcp_begins_when_udp_is_lost_again(void **state)
{
	struct server server = {.port = 53};
	uint64_t now = 1;

	(void)state;
	server_tcp_answer(&server, now);
	assert_false(server_wants_tcp(&server, now));
	server_udp_timeout(&server);
	assert_true(server_wants_tcp(&server, now));
	server_tcp_answer(&server, now);
	assert_true(server_wants_tcp(&server, now + 1999999));
	assert_false(server_wants_tcp(&server, now += 2000001));
	server_udp_timeout(&server);
	server_tcp_answer(&server, now);
	assert_true(server_wants_tcp(&server, now + 3999999));
	assert_false(server_wants_tcp(&server, now += 4000001));
	server_udp_answer(&server, true, false, now);
	server_tcp_answer(&server, now);
	assert_false(server_wants_tcp(&server, now));
	for (unsigned i = 0; i < 300; i++)
		server_tcp_answer(&server, now);
	assert_true(server_wants_tcp(&server, now + 59999999));
	assert_false(server_wants_tcp(&server, now + 60000001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_is_known_by_address_and_port),
		cmocka_unit_test(memory_is_bounded_and_new_servers_get_in),
		cmocka_unit_test(server_in_use_outlives_a_flood_of_others),
		cmocka_unit_test(timeouts_lead_from_small_to_tcp_and_an_answer_ends_it),
		cmocka_unit_test(detour_over_tcp_begins_when_udp_is_lost_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
