// Messages of which something cannot be read: what of them is used, and that nothing else is lost.
#include "dataplane/dns/builder.h"
#include "tests/scenario/explained.h"
#include "tests/scenario/zones.h"

static void warm(void)
{
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	world_ask(w, "www.plain.org.", TYPE_MX, 0);
	network_forget_log(&w->network);
}

struct spoil {
	enum section section;
	const char *owner;
	uint16_t type;
	const char *rdata;
	uint16_t rdlen;
};

static void put_spoilt(const struct network_query *query, enum section section, struct builder *b,
		       void *arg)
{
	const struct spoil *spoil = arg;

	(void)query;
	if (section == spoil->section)
		builder_record(b, section, text_name(spoil->owner), spoil->type, CLASS_IN, 300,
			       (const uint8_t *)spoil->rdata, spoil->rdlen);
}

static struct spoil beside[] = {
	{SECTION_ANSWER, "other.plain.org.", TYPE_AAAA, "\1\2\3\4", 4},
	{SECTION_ANSWER, "www.plain.org.", TYPE_AAAA, "\1\2\3\4", 4},
	{SECTION_AUTHORITY, "plain.org.", TYPE_SOA, "\0", 1},
	{SECTION_ADDITIONAL, "ns1.plain.org.", TYPE_A, "\1\2\3", 3},
	{SECTION_ADDITIONAL, "x.plain.org.", TYPE_TXT, "\11ab", 3},
	{SECTION_ADDITIONAL, "x.plain.org.", TYPE_DNSKEY, "\1", 1},
};

static void a_malformed_record_beside_the_answer_costs_nothing(void **state)
{
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		start_common(state);
		warm();
		with((struct fault){.decorate = put_spoilt, .hook_arg = &beside[i]});
		struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		assert_address(q, "192.0.2.90");
		assert_sent(w, 1);
		q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_sent(w, 2);
		end_world(state);
	}
}

// One of its records is malformed: neither the others of its RRset nor a denial are an answer.
static void a_malformed_record_of_the_answer_is_the_servers_failure(void **state)
{
	static struct spoil spoilt = {SECTION_ANSWER, "www.plain.org.", TYPE_A, "\1\2\3", 3};

	(void)state;
	warm();
	with((struct fault){.server = "192.0.2.20", .decorate = put_spoilt, .hook_arg = &spoilt});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE); // by the other server
	assert_address(q, "192.0.2.90");
	with((struct fault){.decorate = put_spoilt, .hook_arg = &spoilt});
	world_advance(w, 301000);
	q = world_ask(w, "www.plain.org.", TYPE_AAAA, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE); // another type's
	end_world(state);
	start_common(state);
	warm();
	with((struct fault){.decorate = put_spoilt, .hook_arg = &spoilt});
	q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_not_cached(w, "www.plain.org.", TYPE_A);
}

// A malformed referral must not become NODATA.
static void a_referral_that_cannot_be_read_is_no_denial(void **state)
{
	static struct spoil spoilt = {SECTION_AUTHORITY, "sub.plain.org.", TYPE_NS, "\5ab", 3};

	(void)state;
	warm();
	for (int i = 0; i < 2; i++)
		with((struct fault){.server = i == 0 ? "192.0.2.20" : "198.51.100.20",
				    .below = "sub.plain.org.",
				    .replace = put_spoilt,
				    .hook_arg = &spoilt});
	assert_answer(world_ask(w, "www.sub.plain.org.", TYPE_A, ASK_DO), RCODE_SERVFAIL, false,
		      EDE_NO_REACHABLE_AUTHORITY);
	assert_not_cached(w, "www.sub.plain.org.", TYPE_A);
	assert_not_cached(w, "sub.plain.org.", TYPE_A);
}

static void octets_behind_a_message_cost_nothing(void **state)
{
	(void)state;
	warm();
	with((struct fault){.trailing = 9});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	assert_answer(world_ask(w, "nope.plain.org.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, false,
		      EDE_NONE);
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_answer(world_ask(w, "nope.example.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true,
		      EDE_NONE);
	assert_int_equal(world_counter(w, "upstream.ignored_malformed"), 0);
}

// RFC 9460 §2.2: it is the client that rejects a list it cannot read.
static void https_records_with_odd_parameters_are_passed_on(void **state)
{
	static const struct {
		const char *rdata;
		uint16_t len;
	} rows[] = {
#define ROW(text) {text, sizeof(text) - 1}
		ROW("\0\1\0\0\3\0\2\1\273\0\1\0\3\2h2"), // keys out of order
		ROW("\0\1\0\0\1\0\3\2h2\0\1\0\3\2h3"),   // twice
		ROW("\0\1\0\0\1\0\0"),                   // an empty alpn
		ROW("\0\1\0\0\0\0\2\0\4"),               // mandatory, and not there
		ROW("\0\1\0\0\4\0\3\1\2\3"),             // three octets of an address
		ROW("\0\0\0\0\1\0\3\2h2"),               // an alias with parameters
		ROW("\0\1\0\0\1\0\11ab"),                // cut short
		ROW("\0\1\0\7"),
#undef ROW
	};

	(void)state;
	warm();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[40];
		snprintf(name, sizeof(name), "h%zu.plain.org.", i);
		struct spoil record = {SECTION_ANSWER, name, TYPE_HTTPS, rows[i].rdata,
				       rows[i].len};
		network_heal(&w->network);
		with((struct fault){.replace = put_spoilt, .hook_arg = &record, .flags = FLAG_AA});
		struct question *q = world_ask(w, name, TYPE_HTTPS, ASK_DO);
		assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
		const struct rrset *rrset =
			message_find(q->reply, SECTION_ANSWER, text_name(name), TYPE_HTTPS);
		assert_non_null(rrset);
		assert_int_equal(rrset->rdatas[0].len, rows[i].len);
		assert_memory_equal(rrset->rdatas[0].data, rows[i].rdata, rows[i].len);
	}
}

static void put_many(const struct network_query *query, enum section section, struct builder *b,
		     void *arg)
{
	(void)arg;
	for (unsigned i = 0; section == SECTION_ANSWER && i < 1100; i++) {
		const uint8_t address[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
		builder_record(b, section, query->name, TYPE_A, CLASS_IN, 300, address, 4);
	}
}

static void rrsets_beyond_our_limits_name_the_limit(void **state)
{
	(void)state;
	warm();
	with((struct fault){.below = "plain.org.", .replace = put_many, .flags = FLAG_AA});
	struct question *q = world_ask(w, "www.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_non_null(strstr(ede_text_of(q), "over 1024 records"));
	assert_null(strstr(ede_text_of(q), "malformed"));
	// The servers are good for everything else.
	network_heal(&w->network);
	network_forget_log(&w->network);
	q = world_ask(w, "x.new.plain.org.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_true(q->done_us - q->asked_us < 500000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_malformed_record_beside_the_answer_costs_nothing),
		scenario_common(a_malformed_record_of_the_answer_is_the_servers_failure),
		scenario_common(a_referral_that_cannot_be_read_is_no_denial),
		scenario_common(octets_behind_a_message_cost_nothing),
		scenario_common(https_records_with_odd_parameters_are_passed_on),
		scenario_common(rrsets_beyond_our_limits_name_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
