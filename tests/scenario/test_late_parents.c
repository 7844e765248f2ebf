// A TLD that answers, all of its servers by so much too late that nobody can wait for each of the
// answers that a name needs: known names live on by its last proofs after a second, and what it
// says in the end, it says at once.
#include "tests/scenario/broken.h"

#define LATE_MS 2000

static void make_late(uint32_t delay_ms)
{
	with((struct fault){.kind = FAULT_DELAY, .server = COM_A, .delay_ms = delay_ms});
	with((struct fault){.kind = FAULT_DELAY, .server = COM_B, .delay_ms = delay_ms});
}

// All that com. has said is past its TTL.
static void outlive_late(uint32_t delay_ms)
{
	know_all();
	make_late(delay_ms);
	world_advance(w, 7200000);
}

static const struct {
	const char *zone, *address;
} zones[] = {{"example.com.", "192.0.2.81"}, {"free.com.", "192.0.2.96"}};

static void b17_names_below_a_late_parent_wait_a_second_at_most(void **state)
{
	static const uint32_t delays_ms[] = {1100, 2000, 3000, 3500, 5000};

	for (size_t i = 0; i < 10; i++) {
		start(state);
		outlive_late(delays_ms[i / 2]);
		struct question *q = ask_number(zones[i % 2].zone, 1);
		assert_lives(q, zones[i % 2].address);
		assert_in_range(took_ms(q), 0, 1500);
		q = ask_number(zones[i % 2].zone, 2);
		assert_lives(q, zones[i % 2].address);
		assert_in_range(took_ms(q), 0, 100);
		end_world(state);
	}
}

static void b17_what_a_late_parent_denies_ends_at_once(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		start(state);
		know_all();
		world_undelegate(w, zones[i].zone);
		make_late(LATE_MS);
		world_advance(w, 7200000);
		assert_lives(ask_number(zones[i].zone, 1), zones[i].address);
		world_advance(w, 3 * LATE_MS);
		for (unsigned n = 2; n < 8; n++) {
			assert_answer(ask_number(zones[i].zone, n), RCODE_NXDOMAIN, true, EDE_NONE);
			world_advance(w, 1000);
		}
		end_world(state);
	}
}

// Its servers are known to take that long, so that none of them seems to be silent before it has
// been waited for: a second is enough, for the first of its zones, and the others have learnt from
// that.
static void b17_a_parent_known_to_be_late_keeps_one_client_waiting_a_second(void **state)
{
	static const uint32_t delays_ms[] = {1500, 2000, 2500};

	for (size_t i = 0; i < 6; i++) {
		start(state);
		outlive_late(delays_ms[i / 2]);
		for (unsigned n = 0; n < 4; n++) { // of the TLD itself, which shows what it takes
			char name[40];
			snprintf(name, sizeof(name), "none%u.com.", n);
			world_ask(w, name, TYPE_A, ASK_DO);
			world_advance(w, 8000);
		}
		struct question *q = ask_number(zones[i % 2].zone, 1);
		assert_lives(q, zones[i % 2].address);
		assert_in_range(took_ms(q), 0, 1100);
		q = ask_number(zones[1 - i % 2].zone, 1);
		assert_lives(q, zones[1 - i % 2].address);
		assert_in_range(took_ms(q), 0, 100);
		end_world(state);
	}
}

// A takedown makes no ghost domains, however slowly it is told.
static void b17_a_late_parent_that_signs_nothing_is_waited_for(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "bare.",
					  .servers = "ns.bare.=" COM_A " ns2.bare.=" COM_B,
					  .options = {.unsigned_ = true}});
	world_add(w, &(struct world_zone){.apex = "taken.bare.",
					  .servers = "ns.taken.bare.=" PROVIDER_A,
					  .text = "www.taken.bare. 300 IN A 192.0.2.80\n"
						  "new.taken.bare. 300 IN A 192.0.2.81\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	assert_answer(world_ask(w, "www.taken.bare.", TYPE_A, ASK_DO), RCODE_NOERROR, false,
		      EDE_NONE);
	make_late(1500);
	world_advance(w, 7180000);
	for (unsigned n = 0; n < 3; n++) { // so that it is known to be no silence
		ask_number("bare.", n);
		world_advance(w, 2000);
	}
	world_advance(w, 20000);
	struct question *q = world_ask(w, "new.taken.bare.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_in_range(took_ms(q), 1500, 4000);
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
}

// What nobody knows has no proof to live on, and gets the time that it needs.
static void b17_new_zones_below_a_late_parent_are_waited_for(void **state)
{
	(void)state;
	outlive_late(1200);
	assert_answer(world_ask(w, "www.other.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_int_equal(world_counter(w, "resolver.revived"), 0);
}

// One of its servers is late: what the other one refers to is proven by that, or by what comes
// late.
static void no_name_is_lost_below_a_parent_one_of_whose_servers_is_late(void **state)
{
	for (unsigned round = 0; round < 64; round++) {
		start(state);
		w->network.random += round * 7919;
		know_all();
		with((struct fault){.kind = FAULT_DELAY,
				    .server = round % 2 ? COM_A : COM_B,
				    .delay_ms = 1600});
		for (unsigned n = 0; n < 3; n++) {
			world_advance(w, 7200000);
			struct question *asked[4];
			for (size_t i = 0; i < 4; i++) {
				char name[64];
				snprintf(name, sizeof(name), "m%u-%zu.wild.%s", n, i,
					 zones[i % 2].zone);
				asked[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
				world_advance(w, round % 4 * 350);
			}
			world_run(w);
			for (size_t i = 0; i < 4; i++) {
				assert_int_equal(asked[i]->reply->rcode, RCODE_NOERROR);
				assert_address(asked[i], zones[i % 2].address);
				assert_in_range(took_ms(asked[i]), 0, 3000);
			}
		}
		end_world(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(no_name_is_lost_below_a_parent_one_of_whose_servers_is_late),
		scenario(b17_names_below_a_late_parent_wait_a_second_at_most),
		scenario(b17_a_parent_known_to_be_late_keeps_one_client_waiting_a_second),
		scenario(b17_what_a_late_parent_denies_ends_at_once),
		scenario(b17_a_late_parent_that_signs_nothing_is_waited_for),
		broken(b17_new_zones_below_a_late_parent_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
