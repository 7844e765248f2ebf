// How the daemon and those it asks are: status, health, stats, requests and servers.
#include "tests/unit/control/api/operator.h"

static void status_says_who_since_when_and_with_what_clock(void **state)
{
	(void)state;
	char start[100];

	now.now_ms += (2 * 86400ull + 3 * 3600 + 4 * 60 + 5) * 1000;
	store_set_clock(store, &now);
	ask("status", "");
	snprintf(start, sizeof(start), "assayd %s, process %d, up 2 d 03:04:05\n", ASSAY_VERSION,
		 (int)getpid());
	assert_int_equal(strncmp(text, start, strlen(start)), 0);
	assert_says("clock: 2023-11-14T22:13:20Z, trusted\n");
	assert_says("log level: info\n");
	assert_says("port 0: net_af_xdp0, up\n");
	assert_says("no alarms\n");
	assert_int_equal(json_integer_value(json_object_get(data, "pid")), getpid());
	assert_int_equal(json_integer_value(json_object_get(data, "uptime_s")), 183845);
	assert_true(json_is_true(json_object_get(data, "clock_trusted")));
	assert_int_equal(json_array_size(json_object_get(data, "alarms")), 0);
	assert_int_equal(json_array_size(json_object_get(data, "lines")), 1);
}

static void status_raises_alarms(void **state)
{
	(void)state;
	now.trusted = false;
	store_set_clock(store, &now);
	alarm_raise(alarms, ALARM_LOG_LOST, "", 0, "log lines were lost");
	alarm_raise(alarms, ALARM_CLOCK, "", 0, "the clock is\x1b[2J wrong");
	ask("status", "");
	assert_says("NOT TRUSTED\n");
	assert_says("ALARM: the clock is?[2J wrong\n  clock, critical: ");
	assert_says("ALARM: log lines were lost\n  log-lost, warning: ");
	assert_true(strstr(text, "ALARM: the clock") < strstr(text, "ALARM: log lines"));
	assert_says_nothing_of("no alarms");
	assert_int_equal(json_array_size(json_object_get(data, "alarms")), 2);
	assert_int_equal(json_array_size(json_object_get(data, "lines")), 1);
	assert_false(json_is_true(json_object_get(data, "clock_trusted")));
}

static void health_says_what_is_wrong_since_when_and_what_to_do(void **state)
{
	(void)state;
	ask("health", "");
	assert_string_equal(text, "no alarms\n");
	assert_true(json_is_true(json_object_get(data, "well")));
	alarm_raise(alarms, ALARM_POOL_OUT, "corp.", 0, "none of corp.\x1b answers");
	now.now_ms += 5000;
	store_set_clock(store, &now);
	ask("health", "");
	assert_says("error pool-out since 2023-11-14T22:13:20Z: none of corp.? answers; see why");
	assert_false(json_is_true(json_object_get(data, "well")));
	json_t *alarm = json_array_get(json_object_get(data, "alarms"), 0);
	assert_string_equal(word_of(alarm, "name"), "pool-out");
	assert_string_equal(word_of(alarm, "severity"), "error");
	assert_string_equal(word_of(alarm, "subject"), "corp.");
	assert_string_equal(word_of(alarm, "text"), "none of corp.? answers");
	assert_non_null(strstr(word_of(alarm, "remedy"), "assayctl servers ZONE"));
	assert_int_equal(number_of(alarm, "since_s"), NOW_S);
	assert_int_equal(number_of(alarm, "for_ms"), 5000);
}

// ATTACKS O27: the address is withdrawn when this host fails, not when a zone does.
static void O27_health_of_the_service_is_that_of_this_host_alone(void **state)
{
	(void)state;
	alarm_raise(alarms, ALARM_POOL_OUT, "corp.", 0, "none of corp. answers");
	alarm_raise(alarms, ALARM_PARENT, "com.", 0, "com. bogus");
	alarm_raise(alarms, ALARM_SIGNATURES, "example.", 0, "example. is late");
	ask("health", "\"--service\"");
	assert_true(json_is_true(json_object_get(data, "well")));
	assert_int_equal(json_array_size(json_object_get(data, "alarms")), 3); // and says them
	alarm_raise(alarms, ALARM_QUEUES, "port 0", 0, "lost");
	ask("health", "\"--service\"");
	assert_false(json_is_true(json_object_get(data, "well")));
	alarm_end(alarms, ALARM_QUEUES, "port 0");
	ask("health", "\"--service\"");
	assert_true(json_is_true(json_object_get(data, "well")));
	ask("health", "");
	assert_false(json_is_true(json_object_get(data, "well")));
	assert_refused("health", "\"--everything\"", "\"--everything\" is not understood");
}

static void stats_groups_counters_and_hides_zeros(void **state)
{
	(void)state;
	ask("stats", "");
	assert_string_equal(
		text, "dataplane\n"
		      "  received                        12345678901  packets received\n"
		      "upstream\n"
		      "  sent_udp                                  7  questions sent over UDP\n");
	assert_int_equal(json_object_size(data), 4);
	assert_int_equal(json_integer_value(json_object_get(data, "dataplane.received")),
			 12345678901);
	assert_int_equal(json_integer_value(json_object_get(data, "tcp.open")), 0);
	ask("stats", "\"--all\"");
	assert_says("dataplane\n");
	assert_says(
		"  drop.runt                                 0  shorter than its headers say\n");
	assert_says("tcp\n  open                                      0  TCP connections open\n");
}

static void stats_cycles_measures_between_two_questions(void **state)
{
	(void)state;
	cycles_asked = 0;
	ask("stats", "\"cycles\"");
	assert_says("measuring begins: ask again");
	assert_false(json_is_true(json_object_get(data, "measured")));
	ask("stats", "\"cycles\"");
	assert_says("1000 packets, 360.0 ticks each; counter 2.600 GHz; since the last question\n");
	assert_says("  match          20.0    4.4 %  short lane: tags of the index\n");
	assert_says("  idle              -   20.0 %  turns that found nothing\n");
	assert_says("  2 to 3          500\n");
	assert_true(json_is_true(json_object_get(data, "measured")));
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(data, "ticks"), "answer")),
		40000);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(data, "bursts"), "2")),
			 500);
}

static void requests_are_shown_up_to_a_bound(void **state)
{
	(void)state;
	requests_under_way = 3;
	ask("requests", "");
	assert_says("www0.example. A waits for room 120 ms\n"
		    "www1.example. A waits for 192.0.2.1 (example.) 120 ms\n");
	json_t *list = json_object_get(data, "requests");
	assert_int_equal(json_array_size(list), 3);
	assert_int_equal(number_of(data, "under_way"), 3);
	assert_string_equal(word_of(json_array_get(list, 0), "name"), "www0.example.");
	assert_string_equal(word_of(json_array_get(list, 0), "type"), "A");
	assert_string_equal(word_of(json_array_get(list, 0), "state"), "waits for room");
	assert_int_equal(number_of(json_array_get(list, 0), "age_ms"), 120);
	assert_null(word_of(json_array_get(list, 0), "server"));
	assert_string_equal(word_of(json_array_get(list, 1), "server"), "192.0.2.1");
	assert_string_equal(word_of(json_array_get(list, 1), "zone"), "example.");
	requests_under_way = 1500;
	ask("requests", "");
	assert_says("www999.example. A waits");
	assert_says_nothing_of("www1000.example.");
	assert_says("and 500 later ones\n");
	assert_int_equal(json_array_size(json_object_get(data, "requests")), 1000);
	assert_int_equal(number_of(data, "under_way"), 1500);
}

static void servers_are_asked_for_by_zone_address_or_all(void **state)
{
	(void)state;
	requests_under_way = 1;
	ask("servers", "");
	assert_says("192.0.2.1 rtt 10.0 ms +- 5.0, good\n");
	assert_int_equal(number_of(data, "count"), 1);
	assert_null(word_of(data, "zone"));
	ask("servers", "\"Example.COM\"");
	assert_string_equal(servers_asked, "example.com.");
	ask("servers", "\"2001:db8::1\"");
	assert_string_equal(servers_asked, "2001:db8::1");
	requests_under_way = 0;
	ask("servers", "\"192.0.2.7\"");
	assert_says("no server is known\n");
	assert_int_equal(number_of(data, "count"), 0);
	assert_refused("servers", "\"--all\"", "is no domain name");
}

// However many there are: three in a turn, here, and others are served between two.
static void o31_all_servers_are_listed_in_shares(void **state)
{
	(void)state;
	requests_under_way = 1500;
	int fd = greeted_operator();
	send_text(fd, "{\"verb\": \"servers\"}\n");
	while (shares == 0)
		turn();
	assert_true(shares < 500);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_true(shares < 500);
	take_answer(fd);
	assert_int_equal(shares, 500);
	assert_int_equal(number_of(data, "count"), 1500);
	assert_int_equal(json_array_size(json_object_get(data, "servers")), 1000);
	assert_says("and 500 others\n");
	close(fd);
}

static void servers_are_data_for_programs(void **state)
{
	static const struct pool pool = {.name = "isp"};

	(void)state;
	requests_under_way = 1;
	servers_route = (struct route){.forward = true, .first = true, .pool = &pool};
	ask("servers", "\"example.com\"");
	servers_route.pool = NULL;
	assert_string_equal(word_of(data, "zone"), "example.com.");
	assert_int_equal(number_of(data, "minimal_cut"), 2);
	assert_string_equal(word_of(data, "type"), "forward");
	assert_string_equal(word_of(data, "mode"), "first");
	assert_string_equal(word_of(data, "pool"), "isp");
	json_t *server = json_array_get(json_object_get(data, "servers"), 0);
	assert_string_equal(word_of(server, "address"), "192.0.2.1");
	assert_string_equal(word_of(server, "name"), "ns.example.");
	assert_string_equal(word_of(server, "domain"), "east"); // the pool's, above the file's
	assert_string_equal(word_of(server, "standing"), "out");
	assert_string_equal(word_of(server, "cause"), "did not answer in time");
	assert_string_equal(word_of(server, "transport"), "tls");
	assert_int_equal(number_of(server, "port"), 853);
	assert_int_equal(number_of(server, "rtt_us"), 10000);
	assert_int_equal(number_of(server, "failures_in_a_row"), 3);
	assert_int_equal(number_of(server, "next_probe_ms"), 1500);
	assert_int_equal(number_of(json_object_get(server, "counts"), "timeout"), 3);
	assert_string_equal(word_of(json_object_get(server, "for_zone"), "standing"), "good");
	ask("servers", "");
	server = json_array_get(json_object_get(data, "servers"), 0);
	assert_string_equal(word_of(server, "domain"), "provider-a");
	assert_null(json_object_get(server, "for_zone"));
	assert_null(json_object_get(server, "port"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)
	const struct CMUnitTest tests[] = {
		TEST(status_says_who_since_when_and_with_what_clock),
		TEST(status_raises_alarms),
		TEST(health_says_what_is_wrong_since_when_and_what_to_do),
		TEST(O27_health_of_the_service_is_that_of_this_host_alone),
		TEST(stats_groups_counters_and_hides_zeros),
		TEST(stats_cycles_measures_between_two_questions),
		TEST(requests_are_shown_up_to_a_bound),
		TEST(servers_are_asked_for_by_zone_address_or_all),
		TEST(o31_all_servers_are_listed_in_shares),
		TEST(servers_are_data_for_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
