// What a zone's DS and keys cost to fetch anew, and how long those wait who need them.
#include "tests/scenario/zones.h"

#define WRONG                                                                                      \
	"wrong.com. 3600 IN DS 4711 13 2 "                                                         \
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\n"

static void start_wrong(const char *ds)
{
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){
			     .apex = "wrong.com.",
			     .servers = "ns1.wrong.com.=192.0.2.30 ns2.wrong.com.=198.51.100.30",
			     .ds_text = ds,
			     .text = "www.wrong.com. 300 IN A 192.0.2.80\n"
				     "*.wrong.com. 300 IN A 192.0.2.81\n"});
	world_start(w);
}

static uint64_t took_ms(const struct question *q)
{
	return (q->done_us - q->asked_us) / 1000;
}

static size_t asked(const char *name, uint16_t type)
{
	return network_sent(&w->network, NULL, name, type);
}

static void a_wrong_ds_is_found_out_at_once(void **state)
{
	(void)state;
	start_wrong(WRONG);
	struct question *q = world_ask(w, "www.wrong.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSKEY_MISSING);
	assert_true(took_ms(q) < 200);
	assert_int_equal(asked("wrong.com.", TYPE_DS), 1);
	assert_true(asked("wrong.com.", TYPE_DNSKEY) <= 2);
	assert_int_equal(world_counter(w, "resolver.postponed"), 0);
}

// Keys that were good roll, and the parent is told half a second later: questions wait for it.
static void a_ds_that_follows_its_keys_is_waited_for(void **state)
{
	(void)state;
	start_wrong(NULL);
	assert_answer(world_ask(w, "www.wrong.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 5000);
	world_roll(w, "wrong.com.", false);
	struct question *q = world_ask_later(w, "x.wrong.com.", TYPE_A, ASK_DO);
	world_advance(w, 500);
	assert_false(q->done);
	world_publish_ds(w, "wrong.com.");
	world_run(w);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
}

// The same, and the parent is not told: it ends well within the time of a question.
static void one_that_has_become_wrong_is_looked_at_once_more(void **state)
{
	(void)state;
	start_wrong(NULL);
	assert_answer(world_ask(w, "www.wrong.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, 5000);
	world_roll(w, "wrong.com.", false);
	network_forget_log(&w->network);
	struct question *q = world_ask(w, "x.wrong.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_true(took_ms(q) < 4000); // its DNSKEY RRset waits, and it does, a second each time
	assert_true(asked("wrong.com.", TYPE_DS) <= 5);
	// And when the parent is told, it is seen.
	world_advance(w, 1000);
	world_roll(w, "wrong.com.", true);
	world_advance(w, 10000);
	assert_answer(world_ask(w, "y.wrong.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
}

// Whoever asks for ever new names of such a zone gets nothing out of its parent by that.
static void a_wrong_ds_is_asked_for_once_a_second_at_most(void **state)
{
	(void)state;
	start_wrong(WRONG);
	for (int i = 0; i < 200; i++) {
		char name[32];
		snprintf(name, sizeof(name), "n%d.wrong.com.", i);
		struct question *q = world_ask(w, name, TYPE_A, 0);
		assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
		assert_true(took_ms(q) < 1200);
		world_advance(w, 50);
	}
	uint64_t seconds = (w->network.now_us - w->start_us) / 1000000 + 1;
	assert_true(asked("wrong.com.", TYPE_DS) <= seconds);
	// Two servers, and once more after the DS.
	assert_true(asked("wrong.com.", TYPE_DNSKEY) <= 4 * seconds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(a_wrong_ds_is_found_out_at_once),
		scenario(a_ds_that_follows_its_keys_is_waited_for),
		scenario(one_that_has_become_wrong_is_looked_at_once_more),
		scenario(a_wrong_ds_is_asked_for_once_a_second_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
