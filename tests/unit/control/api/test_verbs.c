// What each verb says and does.
#include "tests/unit/control/api/operator.h"

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *word_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void publish_address(const char *name)
{
	struct given a = {.name = name,
			  .type = TYPE_A,
			  .security = SECURITY_SECURE,
			  .ttl_s = 300,
			  .stale_s = 3600,
			  .now_ms = NOW_MS - 12000,
			  .signature_expires_s = NOW_S + 86400,
			  .data = {{.type = TYPE_A, .ttl_s = 300, .rdata = "c0000201"},
				   {.type = TYPE_A, .ttl_s = 300, .rdata = "c0000202"}}};

	publish(&a);
}

static void publish_failure(const char *name, const char *words)
{
	struct given bogus = {.name = name,
			      .type = TYPE_A,
			      .kind = ENTRY_FAILURE,
			      .ttl_s = 60,
			      .rcode = RCODE_SERVFAIL,
			      .ede = EDE_DNSSEC_BOGUS,
			      .ede_text = words,
			      .now_ms = now.now_ms};

	publish(&bogus);
}

static void wrong_verbs_and_counts_are_refused(void **state)
{
	(void)state;
	assert_refused("reload", "", "\"reload\" is no verb of this version");
	assert_refused("", "", "is no verb of this version");
	assert_refused("STATUS", "", "is no verb of this version");
	assert_refused("lookup", "", "usage: lookup NAME [TYPE]");
	assert_refused("lookup", "\"a.\", \"A\", \"B\"", "usage: lookup");
	assert_refused("flush", "", "usage: flush NAME [TYPE] | --zone ZONE | --all");
	assert_refused("log", "", "usage: log error|warning|info|debug [NAME]");
	assert_refused("status", "\"x\"", "usage: status");
	assert_refused("stop", "\"now\"", "usage: stop");
	assert_refused("requests", "\"x\"", "usage: requests");
	assert_refused("stats", "\"--everything\"", "\"--everything\" is not understood");
	assert_int_equal(stops, 0);
}

static void lookup_shows_records_as_dig_does(void **state)
{
	(void)state;
	publish_address("www.example.");
	ask("lookup", "\"WWW.example\", \"a\"");
	assert_says("; www.example. A is answered from the cache\n");
	assert_says("; www.example. A: positive, secure, from recursion\n");
	assert_says("; age 12 s, fresh for 288 s, then stale for 3600 s; signatures end "
		    "2023-11-15T22:13:20Z; ");
	assert_says("www.example.\t288\tIN\tA\t192.0.2.1\nwww.example.\t288\tIN\tA\t192.0.2.2\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "hit");
	json_t *entry = json_array_get(json_object_get(data, "entries"), 0);
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 1);
	assert_int_equal(json_integer_value(json_object_get(entry, "ttl_s")), 288);
	assert_int_equal(json_integer_value(json_object_get(entry, "signatures_end")),
			 NOW_S + 86400);
	assert_string_equal(json_string_value(json_object_get(entry, "security")), "secure");
	assert_string_equal(json_string_value(json_array_get(json_object_get(entry, "records"), 1)),
			    "www.example.\t288\tIN\tA\t192.0.2.2");
}

static void lookup_tells_stale_from_fresh(void **state)
{
	(void)state;
	publish_address("www.example.");
	now.now_ms += 400 * 1000;
	now.now_s += 90000;
	store_set_clock(store, &now);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says(
		"; www.example. A is not, or not completely, in the cache: would be asked for\n");
	assert_says("; age 412 s, past its TTL for 112 s already, stale for 3488 s; signatures "
		    "ENDED ");
	assert_says("www.example.\t0\tIN\tA\t192.0.2.1\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "miss");
}

static void lookup_says_when_stale_data_stands_ready(void **state)
{
	(void)state;
	publish_address("www.example.");
	now.now_ms += 400 * 1000;
	store_set_clock(store, &now);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("would be asked for; stale data stands ready\n");
	publish_failure("www.example.", "no signature that holds");
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("is answered with stale data, because of the failure\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "stale");
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 2);
}

static void lookup_shows_failures_with_their_EDE(void **state)
{
	(void)state;
	publish_failure("bogus.example.", "no key \x1b[2Jfits \xc3\xa9");
	ask("lookup", "\"bogus.example.\", \"A\"");
	assert_says("; bogus.example. A is answered with the failure\n");
	assert_says("; bogus.example. A: failure, SERVFAIL, EDE 6 (DNSSEC Bogus): no key ?[2Jfits "
		    "??\n");
	assert_says("; age 0 s, fresh for 60 s; ");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "failure");
	json_t *entry = json_array_get(json_object_get(data, "entries"), 0);
	assert_int_equal(json_integer_value(json_object_get(entry, "ede")), 6);
	assert_string_equal(json_string_value(json_object_get(entry, "rcode")), "SERVFAIL");
}

static void lookup_follows_aliases_and_shows_negative_proofs(void **state)
{
	(void)state;
	struct given alias = {
		.name = "alias.example.",
		.type = TYPE_CNAME,
		.kind = ENTRY_CNAME,
		.security = SECURITY_SECURE,
		.ttl_s = 300,
		.data = {{.type = TYPE_CNAME, .ttl_s = 300, .rdata = "@gone.example."}}};
	struct given gone = {.name = "gone.example.",
			     .kind = ENTRY_NXDOMAIN,
			     .security = SECURITY_SECURE,
			     .ttl_s = 60,
			     .opt_out = true,
			     .data = {{.owner = "example.",
				       .type = TYPE_SOA,
				       .ttl_s = 60,
				       .rdata = "@ns.example. @admin.example. #1 #2 #3 #4 #60"}},
			     .proofs = {{.owner = "a.example.",
					 .type = TYPE_NSEC,
					 .ttl_s = 60,
					 .rdata = "@z.example. 0006 4000 0000 0003"}}};

	publish(&alias);
	publish(&gone);
	ask("lookup", "\"alias.example.\", \"AAAA\"");
	assert_says("; alias.example. AAAA is answered from the cache\n");
	assert_says("alias.example.\t300\tIN\tCNAME\tgone.example.\n");
	assert_says("; gone.example.: NXDOMAIN, secure, from recursion, opt-out (no AD)\n");
	assert_says("example.\t60\tIN\tSOA\tns.example. admin.example. 1 2 3 4 60\n");
	assert_says("; proof:\na.example.\t60\tIN\tNSEC\tz.example. A RRSIG NSEC \n");
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 2);
}

static void lookup_without_a_type_shows_all_types(void **state)
{
	(void)state;
	struct given odd = {.name = "www.example.",
			    .type = 300,
			    .security = SECURITY_INSECURE,
			    .ttl_s = 300,
			    .data = {{.type = 300, .ttl_s = 300, .rdata = "dead"}}};
	struct given above = {.name = "none.example.",
			      .kind = ENTRY_NXDOMAIN,
			      .security = SECURITY_SECURE,
			      .ttl_s = 60};

	publish_address("www.example.");
	publish(&odd);
	publish(&above);
	publish_failure("www.example.", NULL); // void: the data beside it is good
	ask("lookup", "\"www.example.\"");
	assert_says("\tIN\tA\t192.0.2.1\n");
	assert_says("www.example.\t300\tIN\tTYPE300\t\\# 2 dead\n");
	ask("lookup", "\"www.example.\", \"ANY\"");
	assert_says("\tIN\tTYPE300\t");
	ask("lookup", "\"deep.below.none.example.\"");
	assert_says("; none.example.: NXDOMAIN, secure");
	ask("lookup", "\"nothing.example.\"");
	assert_says("; nothing in the cache\n");
	assert_int_equal(json_array_size(json_object_get(data, "entries")), 0);
}

static void lookup_shows_the_longest_records_whole(void **state)
{
	(void)state;
	static char rdata[60 * 12];
	struct given large = {.name = "large.example.",
			      .type = TYPE_TXT,
			      .security = SECURITY_INSECURE,
			      .ttl_s = 300,
			      .data = {{.type = TYPE_TXT, .ttl_s = 300, .rdata = rdata}}};

	for (int i = 0; i < 60; i++)
		strcat(rdata, " ff *255:1b");
	publish(&large);
	ask("lookup", "\"large.example.\", \"TXT\"");
	assert_says("\"\\027\\027\\027");
	assert_true(strlen(text) > 60 * 255 * 4);
}

static void lookup_shows_RDATA_that_its_type_does_not_explain(void **state)
{
	(void)state;
	struct given broken = {.name = "broken.example.",
			       .type = TYPE_MX,
			       .security = SECURITY_INSECURE,
			       .ttl_s = 300,
			       .data = {{.type = TYPE_MX, .ttl_s = 300, .rdata = "00"}}};

	publish(&broken);
	ask("lookup", "\"broken.example.\", \"MX\"");
	assert_says("broken.example.\t300\tIN\tMX\t\\# 1 00\n");
}

static void lookup_refuses_what_is_no_name_or_type(void **state)
{
	(void)state;
	assert_refused("lookup", "\"a..b\"", "\"a..b\" is no domain name");
	assert_refused("lookup", "\"\\u001b[2J..\"", "\"?[2J..\" is no domain name");
	assert_refused("lookup", "\"a.\", \"TYPE65536\"", "\"TYPE65536\" is no type");
	assert_refused("lookup", "\"--zone\"", "is no domain name");
}

static void flush_says_how_many_entries(void **state)
{
	(void)state;
	publish_address("www.example.");
	publish_address("ftp.example.");
	publish_address("www.example.net.");
	ask("flush", "\"www.example.\", \"AAAA\"");
	assert_string_equal(text, "0 entries flushed\n");
	ask("flush", "\"WWW.example.\", \"A\"");
	assert_string_equal(text, "1 entry flushed\n");
	assert_int_equal(json_integer_value(json_object_get(data, "flushed")), 1);
	assert_int_equal(forgets, 0);
	publish_address("www.example.");
	ask("flush", "\"--zone\", \"Example.\"");
	assert_string_equal(text, "2 entries flushed\n");
	assert_int_equal(forgets, 1);
	assert_memory_equal(forgotten, "\7example", 9);
	ask("lookup", "\"www.example.net.\", \"A\"");
	assert_says("192.0.2.1");
	ask("flush", "\"www.example.net.\"");
	assert_string_equal(text, "1 entry flushed\n");
	publish_address("www.example.");
	ask("flush", "\"--all\"");
	assert_string_equal(text, "1 entry flushed\n");
	assert_int_equal(forgets, 2);
	assert_true(name_is_root(forgotten));
}

// Effective at once; the answer comes when all of the cache has been gone through, and others are
// served meanwhile.
static void flush_is_answered_at_its_end(void **state)
{
	(void)state;
	publish_address("www.example.");
	int fd = greeted_operator();
	send_text(fd, "{\"verb\": \"flush\", \"arguments\": [\"--zone\", \"example.\"]}\n"
		      "{\"verb\": \"requests\"}\n");
	while (forgets == 0)
		turn();
	char byte;
	assert_int_equal(recv(fd, &byte, 1, MSG_PEEK), -1);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("would be asked for");
	assert_says_nothing_of("192.0.2.1");
	take_answer(fd);
	assert_string_equal(text, "1 entry flushed\n");
	take_answer(fd);
	assert_says("no question is under way");
	// Nobody waits for it.
	publish_address("www.example.");
	send_text(fd, "{\"verb\": \"flush\", \"arguments\": [\"--all\"]}\n");
	while (forgets == 1)
		turn();
	close(fd);
	ask("flush", "\"--all\"");
	assert_says("flushed");
}

static void flush_refuses_garbage_and_flushes_nothing(void **state)
{
	(void)state;
	publish_address("www.example.");
	assert_refused("flush", "\"--zone\"", "flush --zone needs a zone");
	assert_refused("flush", "\"--zone\", \"\"", "is no domain name");
	assert_refused("flush", "\"--zone\", \"a..b\"", "\"a..b\" is no domain name");
	assert_refused("flush", "\"--zone\", \"--all\"", "\"--all\" is no domain name");
	assert_refused("flush", "\"--all\", \"example.\"", "nothing was flushed");
	assert_refused("flush", "\"--al\"", "\"--al\" is no domain name");
	assert_refused("flush", "\"www.example.\", \"AA\"", "\"AA\" is no type");
	assert_int_equal(forgets, 0);
	ask("lookup", "\"www.example.\", \"A\"");
	assert_says("192.0.2.1");
}

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

// Objects and lists of objects all the way down; only what is made of lines anyhow (of status,
// chains of aliases, records) is a list of texts.
static void assert_is_data(const char *verb, json_t *value, const char *key)
{
	static const char *const texts[] = {"lines", "alarms", "records", "proofs", "aliases"};
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, name, member) assert_is_data(verb, member, name);
		return;
	}
	json_array_foreach(value, i, member)
	{
		bool is_sentence = json_is_string(member);

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			is_sentence = is_sentence && strcmp(key, texts[k]) != 0;
		if (is_sentence)
			fail_msg("%s: %s is a list of sentences: %s", verb, key,
				 json_string_value(member));
		assert_is_data(verb, member, key);
	}
}

static const struct {
	const char *verb, *arguments;
} data_of[] = {
	{"status", ""},
	{"stats", ""},
	{"stats", "\"cycles\""},
	{"anchors", ""},
	{"lookup", "\"www.example.\", \"A\""},
	{"lookup", "\"none.example.\""},
	{"explain", "\"www.example.\""},
	{"explain", "\"--zone\", \"example.\""},
	{"explain", "\"--last\", \"5\""},
	{"flush", "\"none.example.\""},
	{"nta", "\"add\", \"broken.example.\", \"1h\", \"why\""},
	{"nta", "\"list\""},
	{"nta", "\"remove\", \"broken.example.\""},
	{"denial", ""},
	{"denial", "\"example.\""},
	{"health", ""},
	{"health", "\"--service\""},
	{"requests", ""},
	{"servers", ""},
	{"servers", "\"example.\""},
	{"posture", "\"example.\""},
	{"posture", "\"--top\""},
	{"log", "\"info\""},
	{"flush", "\"--zone\", \"example.\""},
	{"flush", "\"--all\""},
	{"stop", ""},
};

static bool has_data(const char *verb)
{
	bool asked = false;

	for (size_t i = 0; i < sizeof(data_of) / sizeof(data_of[0]); i++) {
		if (strcmp(data_of[i].verb, verb) != 0)
			continue;
		ask(verb, data_of[i].arguments);
		if (!json_is_object(data) && !json_is_array(data))
			fail_msg("%s %s: no data (%s)", verb, data_of[i].arguments,
				 error ? error : "");
		assert_is_data(verb, data, "");
		asked = true;
	}
	return asked;
}

static void every_verb_has_data_for_programs(void **state)
{
	static const char *const verbs[] = {
#define X(name, arguments, help, least, most, reads) #name,
		PROTOCOL_VERBS(X)
#undef X
	};

	(void)state;
	requests_under_way = 2;
	publish_address("www.example.");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		// test_drill.c has a drill behind its verb.
		if (strcmp(verbs[i], "drill") != 0 && !has_data(verbs[i]))
			fail_msg("%s is not asked here", verbs[i]);
	}
}

static void errors_of_the_asker_are_told_from_refusals(void **state)
{
	static const struct {
		const char *verb, *arguments;
		bool misuse;
	} cases[] = {
		{"reload", "", true},
		{"lookup", "", true},
		{"lookup", "\"a..b\"", true},
		{"lookup", "\"a.\", \"TYPE65536\"", true},
		{"stats", "\"--everything\"", true},
		{"explain", "\"--last\", \"0\"", true},
		{"flush", "\"--zone\"", true},
		{"flush", "\"--all\", \"x\"", true},
		{"nta", "\"add\", \"a.\", \"8d\"", true},
		{"nta", "\"drop\", \"a.\"", true},
		{"posture", "\"--top\", \"0\"", true},
		{"log", "\"loud\"", true},
		{"nta", "\"remove\", \"never-set.example.\"", false},
	};

	(void)state;
	nta_error = -ENOENT;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(cases[i].verb, cases[i].arguments);
		if (!error || json_is_true(json_object_get(answer, "misuse")) != cases[i].misuse)
			fail_msg("%s %s: %s", cases[i].verb, cases[i].arguments,
				 error ? error : "taken");
	}
	nta_error = 0;
}

// Taken for names they would be answered with "nothing is there".
static void words_that_are_no_names_are_refused(void **state)
{
	static const struct {
		const char *verb, *arguments, *sentence;
	} rows[] = {
		{"flush", "\"all\"", "did you mean --all?"},
		{"flush", "\"-all\"", "did you mean --all?"},
		{"flush", "\"zone\", \"A\"", "did you mean --zone?"},
		{"flush", "\"-x.example.\"", "is no domain name"},
		{"flush", "\"\"", "is no domain name"},
		{"posture", "\"top\"", "did you mean --top?"},
		{"explain", "\"last\"", "did you mean --last?"},
		{"servers", "\"all\"", "leave it out for all"},
		{"servers", "\"999.1.1.1\"", "is no address and no domain name"},
		{"servers", "\"192.0.2.0/24\"", "\"/\" in one is written"},
		{"lookup", "\"192.0.2.1\"", "is an address"},
		{"explain", "\"2001:db8::1\"", "is an address"},
		{"lookup", "\"http://www.example/\"", "is a URL"},
		{"lookup", "\"www.example/index\"", "\"/\" in one is written \\047"},
		{"lookup", "\"www example\"", "\" \" in one is written \\032"},
		{"lookup", "\"joe@example.\"", "\"@\" in one is written \\064"},
		{"explain", "\"m\u00fcnchen.example\"", "written with xn--"},
		{"nta", "\"add\", \"*.10\"", "is no address and no domain name"},
		{"drill", "\"report\", \"x\"", "is no number of a drill"},
		{"drill", "\"plan\", \"--scope\", \"zone:a b\"", "in one is written"},
		{"drill", "\"plan\", \"--scope\", \"domain:192.0.2.999\"",
		 "is no address, prefix or label"},
		{"drill", "\"plan\", \"--scope\", \"domain:192.0.2.1/24\"",
		 "the prefix is 192.0.2.0/24"},
	};
	static const char *const names[] = {"all.", "1.2.3.4.", "0/25.2.0.192.in-addr.arpa",
					    "a\\\\032b\\\\064c.example", "_25._tcp.mx.example"};
	char words[100];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_refused(rows[i].verb, rows[i].arguments, rows[i].sentence);
		assert_true(json_is_true(json_object_get(answer, "misuse")));
	}
	assert_int_equal(forgets, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(words, sizeof(words), "\"%s\"", names[i]);
		ask("lookup", words);
		if (error)
			fail_msg("%s: %s", names[i], error);
	}
}

static void log_debug_tells_the_life_of_questions(void **state)
{
	(void)state;
	ask("log", "\"debug\", \"WWW.example\"");
	assert_says("the life of questions for www.example. is logged for 10 minutes");
	assert_string_equal(word_of(data, "name"), "www.example.");
	assert_int_equal(number_of(data, "for_s"), 600);
	assert_string_equal(traced_name, "www.example.");
	assert_int_equal(log_get_level(), LOG_LEVEL_INFO); // all else is as before
	ask("status", "");
	assert_says("the life of questions for www.example. is logged for 600 s more\n");
	ask("log", "\"info\"");
	assert_null(traced_line);
	ask("log", "\"debug\"");
	assert_says("log level is debug, with the life of every question");
	assert_non_null(traced_line);
	assert_string_equal(traced_name, "");
	ask("log", "\"info\"");
	assert_null(traced_line);
	assert_refused("log", "\"info\", \"www.example\"", "a name goes with debug only");
	assert_refused("log", "\"debug\", \"a..b\"", "is no domain name");
}

// ---- the log ----

// What the log says from here on.
static int log_file, log_before;
static char logged[65536];

static void begin_log(void)
{
	log_file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert_true(log_file >= 0);
	log_before = dup(STDERR_FILENO);
	dup2(log_file, STDERR_FILENO);
}

static void end_log(void)
{
	ssize_t len = pread(log_file, logged, sizeof(logged) - 1, 0);

	dup2(log_before, STDERR_FILENO);
	close(log_before);
	close(log_file);
	assert_true(len >= 0);
	logged[len] = '\0';
}

static void assert_logged(const char *sentence)
{
	char line[400];

	snprintf(line, sizeof(line), "order of uid %u, pid %d%s", (unsigned)geteuid(),
		 (int)getpid(), sentence);
	if (!strstr(logged, line))
		fail_msg("\"%s\" is not in:\n%s", line, logged);
}

static void orders_are_logged_with_who_gave_them(void **state)
{
	(void)state;
	now.now_ms += 3000; // lines are bounded by the second, and all tests have the same one
	store_set_clock(store, &now);
	begin_log();
	ask("flush", "\"--all\"");
	ask("flush", "\"a\\u000ab\"");
	ask("log", "\"error\"");
	ask("flush", "\"silent.example.\"");
	ask("log", "\"info\"");
	ask("nta", "\"list\"");
	ask("status", "");
	ask("stop", "");
	end_log();
	assert_logged(": flush --all\n");
	assert_logged(" refused: flush a?b: \"a?b\" is no domain name");
	assert_logged(": log error\n");
	assert_logged(": log info\n");
	assert_logged(": stop\n");
	assert_null(strstr(logged, "silent.example."));
	assert_null(strstr(logged, "list"));
	assert_null(strstr(logged, "status"));
}

static void orders_beyond_a_bound_are_counted(void **state)
{
	(void)state;
	size_t lines = 0;

	now.now_ms += 5000; // a second of its own
	store_set_clock(store, &now);
	begin_log();
	for (int i = 0; i < 50; i++)
		ask("flush", "\"www.example.\"");
	now.now_ms += 5000;
	store_set_clock(store, &now);
	ask("flush", "\"--all\"");
	end_log();
	for (const char *at = logged; (at = strstr(at, "flush www.example.")) != NULL; at++)
		lines++;
	assert_int_equal(lines, 20);
	assert_non_null(strstr(logged, "30 more lines of this kind were left out"));
	assert_logged(": flush --all\n");
}

// ---- negative trust anchors ----

static void nta_add_takes_a_lifetime_and_a_reason(void **state)
{
	static const struct {
		const char *words;
		uint32_t lifetime_s;
		const char *reason;
	} cases[] = {
		{"\"add\", \"Example.COM\"", 3600, ""},
		{"\"add\", \"example.com\", \"90\"", 90, ""},
		{"\"add\", \"example.com.\", \"15m\", \"broken\", \"signer\"", 900,
		 "broken signer"},
		{"\"add\", \"example.com.\", \"2h\"", 7200, ""},
		{"\"add\", \"example.com.\", \"7d\"", 604800, ""},
	};

	(void)state;
	nta_error = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("nta", cases[i].words);
		assert_int_equal(nta_lifetime_s, cases[i].lifetime_s);
		assert_string_equal(nta_reason, cases[i].reason);
		assert_memory_equal(nta_name,
				    "\x07"
				    "example\x03"
				    "com",
				    13);
		assert_says("example.com. and all below is not validated for ");
	}
}

static void nta_refuses_what_it_cannot_do(void **state)
{
	static const char *const lifetimes[] = {"0",  "604801", "8d",  "169h",   "1w",
						"-1", "h",      "1 h", "9999999"};
	char words[64];

	(void)state;
	nta_lifetime_s = 0;
	for (size_t i = 0; i < sizeof(lifetimes) / sizeof(lifetimes[0]); i++) {
		snprintf(words, sizeof(words), "\"add\", \"example.com.\", \"%s\"", lifetimes[i]);
		assert_refused("nta", words, "is no lifetime");
	}
	assert_int_equal(nta_lifetime_s, 0);
	static char reason[NTA_REASON_MAX + 100];
	snprintf(reason, sizeof(reason), "\"add\", \"example.com.\", \"1h\", \"%0*d\"",
		 NTA_REASON_MAX + 1, 0);
	assert_refused("nta", reason, "at most 160 bytes, this one has 161");
	assert_int_equal(nta_lifetime_s, 0);
	assert_refused("nta", "\"add\"", "usage: nta add NAME");
	assert_refused("nta", "\"delete\", \"example.com.\"", "usage: nta add NAME");
	assert_refused("nta", "\"add\", \"a..b\"", "is no domain name");
	nta_error = -EINVAL;
	assert_refused("nta", "\"add\", \".\"", "the root can have no negative trust anchor");
	nta_error = -EEXIST;
	assert_refused("nta", "\"add\", \"lan.\"", "lan. is insecure by configuration");
	nta_error = -ENOSPC;
	assert_refused("nta", "\"add\", \"lan.\"", "there are 1024 negative trust anchors");
	assert_refused("nta", "\"remove\", \"lan.\"", "lan. has no negative trust anchor");
	nta_error = 0;
}

static void nta_shows_what_is_set(void **state)
{
	(void)state;
	nta = (struct nta_facts){0};
	ask("nta", "\"list\"");
	assert_string_equal(text, "no negative trust anchor is set\n");
	nta = (struct nta_facts){
		.name = (const uint8_t *)"\x06"
					 "broken\x03"
					 "com\x00",
		.reason = "ticket 4711",
		.finding = "",
		.left_s = 500,
		.lifetime_s = 3600,
	};
	ask("nta", "\"list\"");
	assert_says(
		"broken.com. not validated for 500 of 3600 s more: ticket 4711; checked 0 times\n");
	assert_int_equal(json_array_size(data), 1);
	ask("status", "");
	assert_says("negative trust anchor: broken.com. not validated for 500 of 3600 s");
	nta.checks = 10;
	nta.finding = "RRSIG expired\x1b[2J";
	ask("status", "");
	assert_says("checked 10 times, last found: RRSIG expired?[2J");
	nta = (struct nta_facts){0};
}

static struct rrset *signed_record(const char *owner, uint16_t type, const void *rdata, size_t len)
{
	static uint8_t name[NAME_MAX_LEN], rrsig[18 + 9 + 4] = {[3] = 1, [18] = 7};

	assert_true(name_from_text(owner, name) > 0);
	memcpy(rrsig + 19, "example", 8);
	wire_put16(rrsig, type);
	const struct record record = {.owner = name,
				      .rdata = rdata,
				      .ttl_s = 300,
				      .type = type,
				      .class_ = CLASS_IN,
				      .rdlen = (uint16_t)len};
	const struct record covering = {.owner = name,
					.rdata = rrsig,
					.ttl_s = 300,
					.type = TYPE_RRSIG,
					.class_ = CLASS_IN,
					.rdlen = sizeof(rrsig)};
	struct rrset *rrset = rrset_new(&record, 1, &covering, 1);
	assert_non_null(rrset);
	return rrset;
}

static void denial_shows_what_is_kept_of_each_zone(void **state)
{
	static const uint8_t soa_rdata[22] = {0};
	static const uint8_t nsec_rdata[] = "\007example\000\000\006\042\000\000\000\000\003";
	static const uint8_t zone[] = "\007example", barred[] = "\004corp\007example";
	struct cache *cache = store_cache(store);

	(void)state;
	ask("denial", "");
	assert_says("0 zones, 0 NSEC, 0 NSEC3, 0 bytes; 0 names barred by configuration\n");
	struct rrset *soa = signed_record("example.", TYPE_SOA, soa_rdata, sizeof(soa_rdata));
	struct rrset *nsec =
		signed_record("example.", TYPE_NSEC, nsec_rdata, sizeof(nsec_rdata) - 1);
	assert_true(cache_denial_soa(cache, soa, 300, NOW_S + 86400, now.now_ms));
	assert_int_equal(cache_denial_put(cache, zone, nsec, 300, NOW_S + 86400, now.now_ms),
			 DENIAL_KEPT);
	rrset_free(soa);
	rrset_free(nsec);
	assert_true(cache_denial_bar(cache, barred));
	ask("denial", "");
	assert_says("example.  ");
	assert_says("1 NSEC        0 NSEC3");
	assert_says("SOA for 300 s\n");
	assert_says("1 zones, 1 NSEC, 0 NSEC3, ");
	assert_says(" bytes; 1 names barred by configuration\n");
	assert_int_equal(json_integer_value(json_object_get(data, "nsec")), 1);
	assert_int_equal(json_array_size(json_object_get(data, "zones")), 1);
	ask("denial", "\"EXAMPLE\"");
	assert_says("example.  ");
	ask("denial", "\"corp.example\"");
	assert_says("corp.example. is answered by configuration: nothing is denied at or below it");
	ask("denial", "\"other.\"");
	assert_says("nothing is kept of other.");
	ask("lookup", "\"bogus.example.\", \"A\"");
	assert_says("; bogus.example. A is answered by cached denial: NXDOMAIN\n");
	assert_string_equal(json_string_value(json_object_get(data, "outcome")), "denied");
	ask("lookup", "\"example.\", \"A\"");
	assert_says("; example. A is answered by cached denial: NODATA\n");
	assert_refused("denial", "\"a..b\"", "name");
	cache_denial_unbar(cache, barred);
	ask("flush", "\"--all\"");
}

static void log_level_is_changed(void **state)
{
	(void)state;
	ask("log", "\"DEBUG\"");
	assert_string_equal(text,
			    "log level is debug, with the life of every question (at most 100 "
			    "lines a second)\n");
	assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
	assert_refused("log", "\"loud\"", "\"loud\" is none of error, warning, info, debug");
	assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
	ask("log", "\"warning\"");
	assert_string_equal(text, "log level is warning\n");
}

static void stop_is_answered_and_done(void **state)
{
	(void)state;
	stopping_fd = greeted_operator();
	send_text(stopping_fd, "{\"verb\": \"stop\"}\n");
	until(stops == 1);
	assert_true(stop_was_answered); // the daemon takes no further turn
	take_answer(stopping_fd);
	assert_string_equal(text, "stopping\n");
	close(stopping_fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, drop_answer)
	const struct CMUnitTest tests[] = {
		TEST(wrong_verbs_and_counts_are_refused),
		TEST(lookup_shows_records_as_dig_does),
		TEST(lookup_tells_stale_from_fresh),
		TEST(lookup_says_when_stale_data_stands_ready),
		TEST(lookup_shows_failures_with_their_EDE),
		TEST(lookup_follows_aliases_and_shows_negative_proofs),
		TEST(lookup_without_a_type_shows_all_types),
		TEST(lookup_shows_the_longest_records_whole),
		TEST(lookup_shows_RDATA_that_its_type_does_not_explain),
		TEST(lookup_refuses_what_is_no_name_or_type),
		TEST(flush_says_how_many_entries),
		TEST(flush_is_answered_at_its_end),
		TEST(flush_refuses_garbage_and_flushes_nothing),
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
		TEST(words_that_are_no_names_are_refused),
		TEST(orders_are_logged_with_who_gave_them),
		TEST(orders_beyond_a_bound_are_counted),
		TEST(log_debug_tells_the_life_of_questions),
		TEST(every_verb_has_data_for_programs),
		TEST(errors_of_the_asker_are_told_from_refusals),
		TEST(nta_add_takes_a_lifetime_and_a_reason),
		TEST(nta_refuses_what_it_cannot_do),
		TEST(nta_shows_what_is_set),
		TEST(denial_shows_what_is_kept_of_each_zone),
		TEST(log_level_is_changed),
		TEST(stop_is_answered_and_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
