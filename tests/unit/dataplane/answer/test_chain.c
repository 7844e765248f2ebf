// ATTACKS O11: CNAMEs first, in chain order, then what they lead to; RFC 6604, RFC 6672.
#include "tests/unit/dataplane/answer/setting.h"

#define SOA "@ns.c. @admin.c. #1 #2 #3 #4 #5"
// RDATA of an RRSIG (22 bytes) behind the type that it covers.
#define SIG " 08 01 #60 #1800000000 #1600000000 %9 @c. 55"

static struct given cname(const char *name, const char *rdata, uint32_t ttl_s)
{
	return (struct given){.name = name, .kind = ENTRY_CNAME, .ttl_s = ttl_s,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_CNAME, ttl_s, rdata}},
			      .rrsigs = {{NULL, TYPE_RRSIG, ttl_s, "%5" SIG}}};
}

static struct given dname(const char *name, const char *rdata, uint32_t ttl_s)
{
	return (struct given){.name = name, .kind = ENTRY_DNAME, .ttl_s = ttl_s,
			      .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_DNAME, ttl_s, rdata}},
			      .rrsigs = {{NULL, TYPE_RRSIG, ttl_s, "%39" SIG}}};
}

static struct given address(const char *name, uint32_t ttl_s)
{
	return (struct given){.name = name, .type = TYPE_A, .kind = ENTRY_POSITIVE,
			      .ttl_s = ttl_s, .security = SECURITY_SECURE,
			      .data = {{NULL, TYPE_A, ttl_s, "c0000201"}},
			      .rrsigs = {{NULL, TYPE_RRSIG, ttl_s, "%1" SIG}}};
}

static void chain_of(const struct given *list, size_t count)
{
	given_nothing();
	for (size_t i = 0; i < count; i++)
		given_next(&list[i]);
}
#define CHAIN(...)                                                                                 \
	chain_of((const struct given[]){__VA_ARGS__},                                              \
		 sizeof((const struct given[]){__VA_ARGS__}) / sizeof(struct given))

static void O11_cnames_come_first_in_chain_order(void **state)
{
	(void)state;
	CHAIN(cname("a.", "@B.", 60), cname("b.", "@c.", 50), address("c.", 40));
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_reply("beef 8180 %1 %3 %0 %0 @a. %1 %1 c00c %5 %1 #60 %3 @B. "
		     "c01f %5 %1 #50 %3 @c. c02e %1 %1 #40 %4 c0000201");
	ask(FLAG_RD, "@a. %1 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %6 %0 %1 @a. %1 %1 c00c %5 %1 #60 %3 @B. "
		     "c00c %46 %1 #60 %22 %5" SIG " c01f %5 %1 #50 %3 @c. "
		     "c01f %46 %1 #50 %22 %5" SIG " c050 %1 %1 #40 %4 c0000201 "
		     "c050 %46 %1 #40 %22 %1" SIG " 00 %41 %1232 #32768 %0");
}

static void O11_order_holds_when_links_are_of_mixed_age(void **state)
{
	(void)state;
	struct given list[] = {cname("a.", "@b.", 60), cname("b.", "@c.", 50), address("c.", 40)};

	list[0].now_ms = NOW_MS - 59000;
	list[1].now_ms = NOW_MS - 60000; // past its time, within its stale time
	list[1].stale_s = 3600;
	list[2].now_ms = NOW_MS - 10000;
	chain_of(list, 3);
	stale_allowed = true;
	ask(FLAG_RD | FLAG_AD, "@a. %1 %1", OPT_PLAIN);
	assert_reply("beef 8180 %1 %3 %0 %1 @a. %1 %1 c00c %5 %1 #1 %3 @b. "
		     "c01f %5 %1 #30 %3 @c. c02e %1 %1 #30 %4 c0000201 "
		     "00 %41 %1232 #0 %6 %15 %2 %3");
}

static void longest_chain_is_rendered_whole(void **state)
{
	(void)state;
	char names[LOOKUP_LINKS_MAX + 1][24], rdata[LOOKUP_LINKS_MAX + 1][24];
	struct given list[LOOKUP_LINKS_MAX];

	for (int i = 0; i < LOOKUP_LINKS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d.x.", i);
		snprintf(rdata[i], sizeof(rdata[i]), "@n%d.x.", i + 1);
		list[i] = i + 1 < LOOKUP_LINKS_MAX ? cname(names[i], rdata[i], 60)
						   : address(names[i], 60);
	}
	chain_of(list, LOOKUP_LINKS_MAX);
	ask(FLAG_RD, "@n0.x. %1 %1", OPT_DO);
	render();
	struct message *message;
	assert_int_equal(message_parse(reply, reply_len, &message), MESSAGE_OK);
	const struct section_rrsets *answer = &message->sections[SECTION_ANSWER];
	assert_int_equal(answer->count, LOOKUP_LINKS_MAX);
	for (int i = 0; i < LOOKUP_LINKS_MAX; i++) {
		uint8_t name[NAME_MAX_LEN];

		assert_true(name_from_text(names[i], name) > 0);
		assert_true(name_equal(answer->rrsets[i]->owner, name));
		assert_int_equal(answer->rrsets[i]->rrsig_count, 1);
	}
	message_free(message);
	assert_limits();
}

static void cname_asked_for_is_the_answer(void **state)
{
	(void)state;
	CHAIN(cname("a.", "@b.", 60));
	ask(FLAG_RD, "@a. %5 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @a. %5 %1 c00c %5 %1 #60 %3 @b.");
}

// RFC 6604 §3: RCODE is that of the last name.
static void rcode_is_the_last_links(void **state)
{
	(void)state;
	CHAIN(cname("a.", "@b.c.", 60),
	      (struct given){.name = "b.c.", .kind = ENTRY_NXDOMAIN, .ttl_s = 50,
			     .security = SECURITY_SECURE, .data = {{"c.", TYPE_SOA, 50, SOA}}});
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_reply("beef 8183 %1 %1 %1 %0 @a. %1 %1 c00c %5 %1 #60 %5 @b.c. "
		     "c021 %6 %1 #50 %35 " SOA);
	CHAIN(cname("a.", "@b.c.", 60),
	      (struct given){.name = "b.c.", .kind = ENTRY_NODATA, .type = TYPE_A, .ttl_s = 50,
			     .security = SECURITY_SECURE, .data = {{"c.", TYPE_SOA, 50, SOA}}});
	assert_reply("beef 8180 %1 %1 %1 %0 @a. %1 %1 c00c %5 %1 #60 %5 @b.c. "
		     "c021 %6 %1 #50 %35 " SOA);
}

static void nxdomain_above_a_target_answers_it(void **state)
{
	(void)state;
	CHAIN(cname("a.", "@x.y.b.c.", 60),
	      (struct given){.name = "b.c.", .kind = ENTRY_NXDOMAIN, .ttl_s = 50,
			     .security = SECURITY_SECURE, .data = {{"c.", TYPE_SOA, 50, SOA}}});
	ask(FLAG_RD, "@a. %1 %1", NULL);
	assert_reply("beef 8183 %1 %1 %1 %0 @a. %1 %1 c00c %5 %1 #60 %9 @x.y.b.c. "
		     "c025 %6 %1 #50 %35 " SOA);
}

// RFC 6672 §3.1: the CNAME comes after its DNAME, unsigned, with the DNAME's TTL.
static void dname_comes_with_the_cname_made_from_it(void **state)
{
	(void)state;
	struct given d = dname("old.", "@New.", 600);

	d.now_ms = NOW_MS - 100000;
	CHAIN(d, address("x.y.new.", 40));
	ask(FLAG_RD, "@X.y.Old. %1 %1", OPT_DO);
	assert_reply("beef 81a0 %1 %5 %0 %1 @X.y.Old. %1 %1 c010 %39 %1 #500 %5 @New. "
		     "c010 %46 %1 #500 %22 %39" SIG " c00c %5 %1 #500 %9 @X.y.New. "
		     "c058 %1 %1 #40 %4 c0000201 c058 %46 %1 #40 %22 %1" SIG
		     " 00 %41 %1232 #32768 %0");
	ask(FLAG_RD, "@x.y.old. %1 %1", NULL);
	assert_reply("beef 8180 %1 %3 %0 %0 @x.y.old. %1 %1 c010 %39 %1 #500 %5 @New. "
		     "c00c %5 %1 #500 %9 @x.y.New. c036 %1 %1 #40 %4 c0000201");
}

static void dname_at_its_own_name_rewrites_nothing(void **state)
{
	(void)state;
	CHAIN(dname("old.", "@new.", 600));
	ask(FLAG_RD, "@old. %39 %1", NULL);
	assert_reply("beef 8180 %1 %1 %0 %0 @old. %39 %1 c00c %39 %1 #600 %5 @new.");
}

static void dname_to_the_root_and_from_the_root(void **state)
{
	(void)state;
	CHAIN(dname("old.", "00", 600), address("x.", 40));
	ask(FLAG_RD, "@x.old. %1 %1", NULL);
	assert_reply("beef 8180 %1 %3 %0 %0 @x.old. %1 %1 c00e %39 %1 #600 %1 00 "
		     "c00c %5 %1 #600 %3 @x. c030 %1 %1 #40 %4 c0000201");
	CHAIN(dname(".", "@new.", 600), address("x.new.", 40));
	ask(FLAG_RD, "@x. %1 %1", NULL);
	assert_reply("beef 8180 %1 %3 %0 %0 @x. %1 %1 c00e %39 %1 #600 %5 @new. "
		     "c00c %5 %1 #600 %7 @x.new. c030 %1 %1 #40 %4 c0000201");
}

static void dname_used_twice_goes_out_once(void **state)
{
	(void)state;
	CHAIN(dname("old.", "@new.", 600), cname("x.new.", "@y.old.", 60), address("y.new.", 40));
	// The same entry again, before what it leads to.
	links[3] = links[2];
	links[2] = links[0];
	link_count = 4;
	ask(FLAG_RD, "@x.old. %1 %1", OPT_DO);
	render();
	struct message *message;
	assert_int_equal(message_parse(reply, reply_len, &message), MESSAGE_OK);
	const struct section_rrsets *answer = &message->sections[SECTION_ANSWER];
	static const uint16_t types[] = {TYPE_DNAME, TYPE_CNAME, TYPE_CNAME, TYPE_CNAME, TYPE_A};
	assert_int_equal(answer->count, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(answer->rrsets[i]->type, types[i]);
		assert_int_equal(answer->rrsets[i]->count, 1);
	}
	assert_int_equal(header_ancount(reply), 8); // and three RRSIGs
	message_free(message);
	assert_limits();
	link_count = 3;
	links[2] = links[3];
}

// RFC 6672 §2.2
static void dname_that_makes_a_name_too_long_is_yxdomain(void **state)
{
	(void)state;
	static char question[400], target[300], golden[1200];
	int n = snprintf(question, sizeof(question), "@");

	for (int i = 0; i < 4; i++)
		n += snprintf(question + n, sizeof(question) - (size_t)n, "%060d.", i);
	snprintf(question + n, sizeof(question) - (size_t)n, "old. %%1 %%1");
	snprintf(target, sizeof(target), "@aaaaaaaaaaaaaaaa.new.");
	CHAIN(dname("old.", target, 600));
	ask(FLAG_RD, question, NULL);
	snprintf(golden, sizeof(golden), "beef 8186 %%1 %%1 %%0 %%0 %s c100 %%39 %%1 #600 %%22 %s",
		 question, target);
	assert_reply(golden);
}

static void links_that_are_no_chain_are_not_rendered(void **state)
{
	(void)state;
	ask(FLAG_RD, "@a.b. %1 %1", NULL);
	CHAIN(address("b.", 40)); // speaks for its own name only
	assert_int_equal(render_as(&query, reply, sizeof(reply)), 0);
	CHAIN(address("longer.a.b.", 40));
	assert_int_equal(render_as(&query, reply, sizeof(reply)), 0);
	CHAIN(cname("a.b.", "@c.", 60), address("d.e.", 40));
	assert_int_equal(render_as(&query, reply, sizeof(reply)), 0);
	CHAIN(dname("c.", "@d.", 60), address("a.d.", 40)); // not above the question
	ask(FLAG_RD, "@a.b. %1 %1", NULL);
	assert_int_equal(render_as(&query, reply, sizeof(reply)), 0);
	given_nothing();
	assert_int_equal(render_as(&query, reply, sizeof(reply)), 0);
	for (int i = 0; i <= LOOKUP_LINKS_MAX; i++)
		given_next(&(struct given){.name = "a.b.", .kind = ENTRY_CNAME, .ttl_s = 60,
					   .data = {{NULL, TYPE_CNAME, 60, "@a.b."}}});
	assert_int_equal(render_as(&query, reply, sizeof(reply)), 0);
}

static void proofs_that_links_share_go_out_once(void **state)
{
	(void)state;
	struct given wild = cname("q.c.", "@r.c.", 60);
	struct given none = {.name = "r.c.", .kind = ENTRY_NXDOMAIN, .ttl_s = 50,
			     .security = SECURITY_SECURE,
			     .data = {{"c.", TYPE_SOA, 50, SOA}},
			     .proofs = {{"p.c.", TYPE_NSEC, 50, "@z.c. 0001 40"},
					{"p.c.", TYPE_RRSIG, 50, "%47 01"},
					{"c.", TYPE_NSEC, 50, "@p.c. 0001 02"},
					{"o.c.", TYPE_RRSIG, 50, "%47 01"}}};

	wild.proofs[0] = (struct given_record){"P.c.", TYPE_NSEC, 60, "@z.c. 0001 40"};
	wild.proofs[1] = (struct given_record){"P.c.", TYPE_RRSIG, 60, "%47 01"};
	CHAIN(wild, none);
	ask(FLAG_RD, "@q.c. %1 %1", OPT_DO);
	assert_reply("beef 81a3 %1 %2 %5 %1 @q.c. %1 %1 c00c %5 %1 #60 %5 @r.c. "
		     "c00c %46 %1 #60 %22 %5" SIG
		     " .P c00e %47 %1 #60 %8 @z.c. 0001 40 .P c00e %46 %1 #60 %3 %47 01 "
		     "c023 %6 %1 #50 %35 " SOA
		     " c023 %47 %1 #50 %8 @p.c. 0001 02 .o c023 %46 %1 #50 %3 %47 01 "
		     "00 %41 %1232 #32768 %0");
}

// Compression pointers reach 16 KiB; names that stand behind are written out.
static void owners_behind_the_reach_of_pointers_are_written_out(void **state)
{
	(void)state;
	static char name[9][64], rdata[9][80];
	struct given list[9];

	for (int i = 0; i < 9; i++) {
		snprintf(name[i], sizeof(name[i]), "host%d.zone%d.example.", i, i);
		snprintf(rdata[i], sizeof(rdata[i]), "@host%d.zone%d.example.", i + 1, i + 1);
		list[i] = cname(name[i], rdata[i], 60);
		list[i].rrsigs[0].rdata = "%5" SIG " *4000:5a";
		list[i].proofs[0] = (struct given_record){"a.example.", TYPE_NSEC, 60,
							      "@c. 0001 40"};
		list[i].proofs[1] = (struct given_record){name[i], TYPE_RRSIG, 60, "%47" SIG};
	}
	list[6] = dname("zone6.example.", "@Zone7.example.", 70);
	snprintf(name[7], sizeof(name[7]), "host6.zone7.example.");
	list[8] = address(name[8], 40);
	list[8].proofs[0] = (struct given_record){"b.example.", TYPE_NSEC, 40, "@c. 0001 40"};
	chain_of(list, 9);
	context.limit = 65535;
	context.tcp = true;
	ask(FLAG_RD, "@host0.zone0.example. %1 %1", OPT_DO);
	render();
	assert_true(reply_len > 28000);
	assert_int_equal(header_flags(reply) & FLAG_TC, 0);

	struct message *message;
	assert_int_equal(message_parse(reply, reply_len, &message), MESSAGE_OK);
	const struct section_rrsets *answer = &message->sections[SECTION_ANSWER];
	assert_int_equal(answer->count, 10); // and the CNAME made from the DNAME
	for (size_t i = 0; i < 10; i++) {
		size_t n = i < 7 ? i : i - 1;
		uint8_t owner[NAME_MAX_LEN];
		const char *text = i == 7 ? "host6.zone6.example." : list[n].name;

		assert_true(name_from_text(text, owner) > 0);
		assert_true(name_equal(answer->rrsets[i]->owner, owner));
	}
	assert_int_equal(answer->rrsets[6]->type, TYPE_DNAME);
	assert_int_equal(answer->rrsets[7]->ttl_s, 70);
	assert_non_null(message_find(message, SECTION_AUTHORITY, (const uint8_t *)"\1b\7example",
				     TYPE_NSEC));
	message_free(message);
	assert_limits();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		setting_test(O11_cnames_come_first_in_chain_order),
		setting_test(O11_order_holds_when_links_are_of_mixed_age),
		setting_test(longest_chain_is_rendered_whole),
		setting_test(cname_asked_for_is_the_answer),
		setting_test(rcode_is_the_last_links),
		setting_test(nxdomain_above_a_target_answers_it),
		setting_test(dname_comes_with_the_cname_made_from_it),
		setting_test(dname_at_its_own_name_rewrites_nothing),
		setting_test(dname_to_the_root_and_from_the_root),
		setting_test(dname_used_twice_goes_out_once),
		setting_test(dname_that_makes_a_name_too_long_is_yxdomain),
		setting_test(links_that_are_no_chain_are_not_rendered),
		setting_test(proofs_that_links_share_go_out_once),
		setting_test(owners_behind_the_reach_of_pointers_are_written_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
