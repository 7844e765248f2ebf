// Forward zones whose names are no zone cuts: the forwarder knows the zone that they are part of.
#include "tests/scenario/zones.h"

#define FORWARDER "203.0.113.50"
#define OTHERS    "203.0.113.51"

static const char *const apexes[] = {"co.com.", "co.org.", "co.net."};
enum { NSEC_ZONE, NSEC3_ZONE, UNSIGNED_ZONE, ZONES };

static void begin_cut(unsigned which, enum route_dnssec dnssec)
{
	static char text[400], route[40];
	const char *apex = apexes[which];

	begin();
	snprintf(text, sizeof(text),
		 "www.sub.%s 300 IN A 192.0.2.1\ncn.sub.%s 300 IN CNAME nx.sub.%s\n"
		 "*.w.sub.%s 300 IN A 192.0.2.2\n",
		 apex, apex, apex, apex);
	world_add(w, &(struct world_zone){.apex = apex,
					  .servers = "ns.elsewhere.com.=" OTHERS,
					  .text = text,
					  .options = {.unsigned_ = which == UNSIGNED_ZONE,
						      .nsec3 = which == NSEC3_ZONE}});
	snprintf(route, sizeof(route), "sub.%s", apex);
	world_route(w, route, true, FORWARDER)->dnssec = dnssec;
	world_start(w);
	world_serve_all(w, FORWARDER);
}

static struct question *ask_in(unsigned which, const char *label, uint16_t type)
{
	char name[60];

	snprintf(name, sizeof(name), "%ssub.%s", label, apexes[which]);
	return world_ask(w, name, type, ASK_DO);
}

static void each_way(void (*test)(unsigned which, bool ad))
{
	for (unsigned n = 0; n < 2 * ZONES; n++) {
		const bool insecure = n >= ZONES;
		begin_cut(n % ZONES, insecure ? ROUTE_INSECURE : ROUTE_VALIDATE);
		test(n % ZONES, !insecure && n % ZONES != UNSIGNED_ZONE);
		end_world(NULL);
	}
}

static void look_at_denials(unsigned which, bool ad)
{
	for (int again = 0; again < 2; again++) {
		assert_answer(ask_in(which, "www.", TYPE_A), RCODE_NOERROR, ad, EDE_NONE);
		assert_answer(ask_in(which, "www.", TYPE_AAAA), RCODE_NOERROR, ad, EDE_NONE);
		assert_answer(ask_in(which, "nx.", TYPE_A), RCODE_NXDOMAIN, ad, EDE_NONE);
		assert_answer(ask_in(which, "", TYPE_A), RCODE_NOERROR, ad, EDE_NONE);
		assert_answer(ask_in(which, "", TYPE_SOA), RCODE_NOERROR, ad, EDE_NONE);
		struct question *q = ask_in(which, "cn.", TYPE_A);
		assert_answer(q, RCODE_NXDOMAIN, ad, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 1);
	}
	assert_int_equal(network_sent(&w->network, OTHERS, "www.sub.co.com.", 0), 0);
}

static void what_the_zone_above_denies_is_denied(void **state)
{
	(void)state;
	each_way(look_at_denials);
}

static void look_at_wildcards(unsigned which, bool ad)
{
	assert_answer(ask_in(which, "x.w.", TYPE_A), RCODE_NOERROR, ad, EDE_NONE);
	assert_answer(ask_in(which, "x.w.", TYPE_MX), RCODE_NOERROR, ad, EDE_NONE);
}

static void wildcards_are_proven_by_the_zone_above(void **state)
{
	(void)state;
	each_way(look_at_wildcards);
}

// Without signatures in a signed zone, or with others', it is bogus as ever.
static void a_denial_that_is_not_proven_is_none(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_STRIP, FAULT_BOGUS, FAULT_NXDOMAIN};

	(void)state;
	for (unsigned n = 0; n < 6; n++) {
		begin_cut(n % 2, ROUTE_VALIDATE);
		with((struct fault){.kind = kinds[n / 2],
				    .server = FORWARDER,
				    .name = n % 2 ? "nx.sub.co.org." : "nx.sub.co.com."});
		struct question *q = ask_in(n % 2, "nx.", TYPE_A);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		end_world(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_zone_above_denies_is_denied),
		cmocka_unit_test(wildcards_are_proven_by_the_zone_above),
		cmocka_unit_test(a_denial_that_is_not_proven_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
