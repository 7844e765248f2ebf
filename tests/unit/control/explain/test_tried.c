// What is kept of servers that failed, and what is said of them in a few bytes.
#include "tests/unit/control/explain/given.h"

static struct tried *tried;
static char text[JOURNAL_TEXT_MAX];

static int setup(void **state)
{
	(void)state;
	tried = tried_new(name_of("www.example.com."), TYPE_A);
	return tried == NULL;
}

static int teardown(void **state)
{
	(void)state;
	tried_unref(tried);
	return 0;
}

static void add(unsigned host, enum server_failure cause, unsigned zone_labels)
{
	struct tried_server server = server_of(host, cause, zone_labels);

	tried_add(tried, &server, name_of("ns1.example.com."), NULL);
}

static void the_text_names_each_server_with_its_first_cause_in_order(void **state)
{
	(void)state;
	struct tried_server v6 = server_of(0, SERVER_REFUSED, 2);

	v6.address = (struct address){6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	add(1, SERVER_LAME, 2);
	tried_add(tried, &v6, NULL, NULL);
	add(1, SERVER_SERVFAIL, 2);
	assert_true(tried_text(tried, 2, text, sizeof(text)));
	assert_string_equal(text, "example.com.: 192.0.2.1 lame; 2001:db8::1 REFUSED");
	assert_int_equal(tried->count, 2);
	assert_int_equal(tried->servers[0].count, 2);
	assert_int_equal(tried->servers[0].cause, SERVER_LAME);
	assert_int_equal(tried->servers[0].last_cause, SERVER_SERVFAIL);
}

static void what_a_server_says_outweighs_its_silence(void **state)
{
	(void)state;
	add(1, SERVER_TIMEOUT, 2);
	add(1, SERVER_RESET, 2);
	add(1, SERVER_LAME, 2);
	add(1, SERVER_SERVFAIL, 2);
	add(1, SERVER_TIMEOUT, 2);
	assert_int_equal(tried->count, 1);
	assert_int_equal(tried->servers[0].count, 5);
	assert_int_equal(tried->servers[0].cause, SERVER_TIMEOUT);
	assert_int_equal(tried->servers[0].last_cause, SERVER_TIMEOUT);
	assert_true(tried_text(tried, 2, text, sizeof(text)));
	assert_string_equal(text, "example.com.: 192.0.2.1 lame");
}

static void only_servers_of_the_zone_are_named(void **state)
{
	(void)state;
	add(1, SERVER_TIMEOUT, 1);
	assert_false(tried_text(tried, 2, text, sizeof(text)));
	assert_string_equal(text, "");
	add(1, SERVER_LAME, 2);
	assert_true(tried_text(tried, 2, text, sizeof(text)));
	assert_string_equal(text, "example.com.: 192.0.2.1 lame");
	assert_int_equal(tried->count, 2); // the same server in two zones
}

static void a_name_server_without_an_address_goes_by_its_name(void **state)
{
	(void)state;
	struct tried_server none = {.cause = TRIED_NO_ADDRESS, .zone_labels = 2, .ede = EDE_NONE};

	tried_add(tried, &none, name_of("ns1.example.net."), NULL);
	tried_add(tried, &none, name_of("ns2.example.net."), NULL);
	tried_add(tried, &none, name_of("ns1.example.net."), NULL);
	tried_text(tried, 2, text, sizeof(text));
	assert_string_equal(text, "example.com.: ns1.example.net. no address; "
				  "ns2.example.net. no address");
	assert_int_equal(tried->servers[0].count, 2);
}

static void what_does_not_fit_is_said_to_be_there(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TRIED_MAX; i++)
		add(100 + i, SERVER_TRUNCATED_OVER_TCP, 2);
	tried_text(tried, 2, text, sizeof(text));
	assert_true(strlen(text) < sizeof(text));
	assert_non_null(strstr(text, "192.0.2.100 TC over TCP; 192.0.2.101 TC over TCP"));
	assert_string_equal(text + strlen(text) - strlen("; and others"), "; and others");
	// None is cut in the middle.
	assert_string_equal(text + strlen(text) - strlen("TCP; and others"), "TCP; and others");
}

static void more_servers_than_there_is_room_for_are_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++)
		add(i, SERVER_TIMEOUT, 2);
	assert_int_equal(tried->count, TRIED_MAX);
	assert_int_equal(tried->beyond, 200 - TRIED_MAX);
	tried_text(tried, 2, text, sizeof(text));
	assert_string_equal(text + strlen(text) - strlen("; and others"), "; and others");
}

static void names_are_kept_once_and_as_many_as_fit(void **state)
{
	(void)state;
	char name[200];

	add(1, SERVER_TIMEOUT, 2);
	add(2, SERVER_TIMEOUT, 2);
	assert_int_equal(tried->servers[0].name, tried->servers[1].name);
	for (unsigned i = 3; i <= TRIED_MAX; i++) {
		struct tried_server server = server_of(i, SERVER_TIMEOUT, 2);
		snprintf(name, sizeof(name), "%.*s%u.example.net.", 60,
			 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", i);
		tried_add(tried, &server, name_of(name), NULL);
	}
	assert_true(tried->names_len <= TRIED_NAME_BYTES);
	assert_null(tried_name(tried, &tried->servers[TRIED_MAX - 1]));
	assert_true(name_equal(tried_name(tried, &tried->servers[1]), name_of("ns1.example.com.")));
}

static void labels_are_kept_once(void **state)
{
	(void)state;
	struct tried_server one = server_of(1, SERVER_TIMEOUT, 2);
	struct tried_server other = server_of(2, SERVER_TIMEOUT, 2);

	tried_add(tried, &one, NULL, "east");
	tried_add(tried, &other, NULL, "east");
	assert_string_equal(tried_label(tried, &tried->servers[1]), "east");
	assert_int_equal(tried->names_len, 5);
	add(3, SERVER_TIMEOUT, 2);
	assert_null(tried_label(tried, &tried->servers[2]));
}

// Whatever a name holds, a terminal and an EDE get printable ASCII.
static void hostile_names_stay_printable(void **state)
{
	(void)state;
	static const uint8_t hostile[] = "\x05\x1b[2J\x07\x03\xc3\xa4\n\x03" "com";
	struct tried_server none = {.cause = TRIED_NO_ADDRESS, .zone_labels = 2, .ede = EDE_NONE};

	tried_unref(tried);
	tried = tried_new(hostile, TYPE_A);
	tried_add(tried, &none, hostile, NULL);
	tried_text(tried, 2, text, sizeof(text));
	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c >= ' ' && *c <= '~');
	assert_non_null(strstr(text, "\\195\\164\\010.com."));
}

static void every_cause_has_its_words(void **state)
{
	(void)state;
	for (unsigned cause = 0; cause <= TRIED_BOGUS_ADDRESS; cause++) {
		assert_string_not_equal(tried_cause_word(cause), "failed");
		assert_string_not_equal(tried_cause_words(cause), "failed");
	}
	assert_string_equal(tried_cause_word(TRIED_BOGUS_ADDRESS + 1), "failed");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_text_names_each_server_with_its_first_cause_in_order),
		TEST(what_a_server_says_outweighs_its_silence),
		TEST(only_servers_of_the_zone_are_named),
		TEST(a_name_server_without_an_address_goes_by_its_name),
		TEST(what_does_not_fit_is_said_to_be_there),
		TEST(more_servers_than_there_is_room_for_are_counted),
		TEST(names_are_kept_once_and_as_many_as_fit),
		TEST(labels_are_kept_once),
		TEST(hostile_names_stay_printable),
		TEST(every_cause_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
