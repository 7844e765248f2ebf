// Zones whose name servers are named in another zone that is silent, errs or does not validate:
// they are resolved all the same, for an address proves nothing.
#include "tests/scenario/explained.h"
#include "tests/scenario/zones.h"

#define HOST  "192.0.2.30"    // the server of the zone that the names are in
#define OTHER "198.51.100.30" // the server of the zones that are resolved

// A zone in which a server has its name, and one that is on this server: unless told otherwise.
static void begin_with(struct world_zone host, struct world_zone shop)
{
	begin();
	host.apex = "host.org.";
	host.servers = "ns.host.org.=" HOST;
	shop.apex = "shop.com.";
	shop.servers = shop.servers ? shop.servers : "out.host.org.=" OTHER;
	shop.text = "*.shop.com. 300 IN A 192.0.2.91\n";
	shop.ghosts = true;
	world_add(w, &host);
	world_add(w, &shop);
}

#define FORGOTTEN_SOON "out.host.org. 2 IN A " OTHER "\n"
#define KEPT           "out.host.org. 300 IN A " OTHER "\n"

// ---- names in a zone that is gone for a while ----

// Where a server was counts on while nobody says where it is.
static void a_server_whose_zone_fails_is_asked_where_it_was(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_DROP, FAULT_SERVFAIL, FAULT_REFUSED};

	for (size_t i = 0; i < 12; i++) {
		begin_with((struct world_zone){.text = FORGOTTEN_SOON,
					       .options = {.unsigned_ = i % 2}},
			   (struct world_zone){.options = {.unsigned_ = i / 2 % 2}});
		world_start(w);
		assert_address(world_ask(w, "a.shop.com.", TYPE_A, ASK_DO), "192.0.2.91");
		world_advance(w, 3000);
		with((struct fault){.kind = kinds[i / 4], .server = HOST});
		for (int k = 0; k < 4; k++) {
			char name[32];
			snprintf(name, sizeof(name), "w%d.shop.com.", k);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NOERROR, i / 2 % 2 == 0, EDE_NONE);
			assert_address(q, "192.0.2.91");
			assert_true(q->done_us - q->asked_us < 1500000);
			world_advance(w, 1000);
		}
		end_world(state);
	}
}

// Not once the zone has said that it is not there.
static void a_server_that_is_denied_is_not_asked_where_it_was(void **state)
{
	begin_with((struct world_zone){.text = FORGOTTEN_SOON, .negative_ttl_s = 2},
		   (struct world_zone){0});
	world_start(w);
	assert_address(world_ask(w, "a.shop.com.", TYPE_A, ASK_DO), "192.0.2.91");
	world_advance(w, 3000);
	world_zone(w, "host.org.")->text = "";
	world_roll(w, "host.org.", true);
	assert_int_equal(world_ask(w, "b.shop.com.", TYPE_A, ASK_DO)->reply->rcode, RCODE_SERVFAIL);
	with((struct fault){.kind = FAULT_DROP, .server = HOST});
	world_advance(w, 10000);
	network_forget_log(&w->network);
	assert_int_equal(world_ask(w, "c.shop.com.", TYPE_A, ASK_DO)->reply->rcode, RCODE_SERVFAIL);
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
	end_world(state);
}

// Nor once its zone is denied, or its signatures have ended.
static void nor_is_one_whose_proof_has_ended(void **state)
{
	for (int ended = 0; ended < 2; ended++) {
		begin_with(
			(struct world_zone){
				.text = FORGOTTEN_SOON,
				.ns_ttl_s = 3,
				.ds_ttl_s = 3,
				.options = {.signatures = {.expiration_s = SIGNER_NOW + 7200}}},
			(struct world_zone){0});
		world_start(w);
		assert_address(world_ask(w, "a.shop.com.", TYPE_A, ASK_DO), "192.0.2.91");
		world_advance(w, ended ? 8000000 : 5000);
		if (!ended) {
			world_undelegate(w, "host.org.");
			world_ask(w, "other.host.org.", TYPE_A, ASK_DO);
			world_advance(w, 310000);
		}
		with((struct fault){.kind = FAULT_DROP, .below = "org."});
		network_forget_log(&w->network);
		assert_int_equal(world_ask(w, "c.shop.com.", TYPE_A, ASK_DO)->reply->rcode,
				 RCODE_SERVFAIL);
		assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
		end_world(state);
	}
}

// ---- names in a zone that does not validate ----

static void begin_broken(bool is_unsigned)
{
	begin_with((struct world_zone){.text = KEPT},
		   (struct world_zone){.options = {.unsigned_ = is_unsigned}});
	world_start(w);
}

static const enum fault_kind breaks[] = {FAULT_BOGUS, FAULT_EXPIRED, FAULT_STRIP};

// Those whose zone is broken take nobody's zone with them: a signed one proves itself, and of an
// unsigned one the address was never proof.
static void a_server_in_a_bogus_zone_serves_those_that_are_not(void **state)
{
	for (size_t i = 0; i < 6; i++) {
		begin_broken(i % 2);
		with((struct fault){.kind = breaks[i / 2], .below = "host.org."});
		for (int k = 0; k < 3; k++) {
			char name[32];
			snprintf(name, sizeof(name), "w%d.shop.com.", k);
			struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
			assert_answer(q, RCODE_NOERROR, i % 2 == 0, EDE_NONE);
			assert_address(q, "192.0.2.91");
		}
		assert_not_cached(w, "out.host.org.", TYPE_A);
		assert_sent_at_most(w, 60);
		end_world(state);
	}
}

// Last: not while a server answers whose address is proven.
static void it_is_not_asked_while_another_one_answers(void **state)
{
	begin_with((struct world_zone){.text = KEPT},
		   (struct world_zone){.servers = "out.host.org.=" OTHER " ns.good.com.=192.0.2.34",
				       .options = {.unsigned_ = true}});
	world_add(w,
		  &(struct world_zone){.apex = "good.com.", .servers = "ns.good.com.=192.0.2.34"});
	world_start(w);
	with((struct fault){.kind = FAULT_BOGUS, .below = "host.org."});
	with((struct fault){.kind = FAULT_DELAY, .name = "ns.good.com.", .delay_ms = 500});
	for (int k = 0; k < 10; k++) {
		char name[32];
		snprintf(name, sizeof(name), "w%d.shop.com.", k);
		assert_address(world_ask(w, name, TYPE_A, 0), "192.0.2.91");
	}
	assert_int_equal(network_sent(&w->network, OTHER, NULL, 0), 0);
	end_world(state);
}

// What to mend is said, where nothing helps.
static void that_its_zone_is_bogus_is_said(void **state)
{
	(void)state;
	begin_broken(true);
	with((struct fault){.kind = FAULT_BOGUS, .below = "host.org."});
	with((struct fault){.kind = FAULT_DROP, .server = OTHER});
	struct question *q = world_ask(w, "www.shop.com.", TYPE_A, 0);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_non_null(strstr(ede_text_of(q), "out.host.org. address bogus"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_whose_zone_fails_is_asked_where_it_was),
		cmocka_unit_test(a_server_that_is_denied_is_not_asked_where_it_was),
		cmocka_unit_test(nor_is_one_whose_proof_has_ended),
		cmocka_unit_test(a_server_in_a_bogus_zone_serves_those_that_are_not),
		cmocka_unit_test(it_is_not_asked_while_another_one_answers),
		scenario(that_its_zone_is_bogus_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
