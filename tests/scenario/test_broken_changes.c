// What a TLD that proves nothing hides: whatever has changed in it meanwhile shows when something
// validates again, at once, and nothing that rests on an old proof is ever AD=1.
#include "tests/scenario/broken.h"

struct change {
	const char *words;
	void (*apply)(void);
	const char *zone;
	unsigned hidden; // RCODE, while the TLD proves nothing
	unsigned rcode;  // and afterwards
	bool ad;
	const char *address; // NULL: none
};

static void roll(void)
{
	world_roll(w, "example.com.", true);
}

static void become_signed(void)
{
	world_zone(w, "free.com.")->options.unsigned_ = false;
	world_roll(w, "free.com.", false);
	world_roll(w, "com.", true);
}

static void become_unsigned(void)
{
	world_zone(w, "example.com.")->options.unsigned_ = true;
	world_roll(w, "example.com.", false);
	world_roll(w, "com.", true);
}

static void remove_signed(void)
{
	world_undelegate(w, "example.com.");
}

static void remove_unsigned(void)
{
	world_undelegate(w, "free.com.");
}

// By others, with keys and servers of their own.
static void take_over(void)
{
	struct world_zone *zone = world_zone(w, "example.com.");

	zone->servers = "ns1.example.com.=" PROVIDER_C;
	zone->text = "*.wild.example.com. 300 IN A 203.0.113.99\n";
	world_roll(w, "example.com.", false);
	world_roll(w, "com.", true);
}

static const struct change changes[] = {
	{"nothing", NULL, "example.com.", RCODE_NOERROR, RCODE_NOERROR, true, "192.0.2.81"},
	{"nothing, unsigned", NULL, "free.com.", RCODE_NOERROR, RCODE_NOERROR, false, "192.0.2.96"},
	{"DS rolled", roll, "example.com.", RCODE_SERVFAIL, RCODE_NOERROR, true, "192.0.2.81"},
	{"newly signed", become_signed, "free.com.", RCODE_NOERROR, RCODE_NOERROR, true,
	 "192.0.2.96"},
	{"newly unsigned", become_unsigned, "example.com.", RCODE_SERVFAIL, RCODE_NOERROR, false,
	 "192.0.2.81"},
	{"removed", remove_signed, "example.com.", RCODE_NOERROR, RCODE_NXDOMAIN, true, NULL},
	{"removed, unsigned", remove_unsigned, "free.com.", RCODE_NOERROR, RCODE_NXDOMAIN, true,
	 NULL},
	{"taken over", take_over, "example.com.", RCODE_SERVFAIL, RCODE_NOERROR, true,
	 "203.0.113.99"},
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static bool is_as_it_should_be(const struct question *q, const struct change *change)
{
	bool ad = (q->reply->flags & FLAG_AD) != 0;

	if (q->reply->rcode != change->rcode || ad != change->ad)
		return false;
	return change->address == NULL || strcmp(question_data(q, TYPE_A, 0), change->address) == 0;
}

// Old data only with AD=0, and not for longer than what holds on for a while: 5 s the proof and the
// delegation, 10 s the keys.
static void assert_comes_right(const struct change *change, unsigned n)
{
	uint64_t since_us = w->network.now_us;

	for (;;) {
		struct question *q = ask_number(change->zone, n++);
		if (is_as_it_should_be(q, change))
			break;
		if (q->reply->flags & FLAG_AD)
			fail_msg("%s: AD=1 with rcode %u, %s", change->words, q->reply->rcode,
				 question_data(q, TYPE_A, 0));
		if (w->network.now_us > since_us + 16000000) {
			network_print_log(&w->network);
			fail_msg("%s: still rcode %u, AD %d, EDE %d", change->words,
				 q->reply->rcode, (q->reply->flags & FLAG_AD) != 0,
				 q->reply->edns.ede);
		}
		world_advance(w, 500);
	}
	// And stays so.
	for (int i = 0; i < 10; i++) {
		world_advance(w, 1500);
		assert_true(is_as_it_should_be(ask_number(change->zone, n++), change));
	}
}

static const char *failure_text(const struct question *q)
{
	struct entry_facts facts;

	if (q->result->count == 0)
		return q->result->ede_text;
	entry_facts(q->result->links[q->result->count - 1], &facts);
	return facts.ede_text;
}

static void hide(enum tld_fault fault, const struct change *change, bool in_part)
{
	print_message("%s, %s%s\n", fault_words[fault], change->words,
		      in_part ? ", one server is back" : "");
	outlive(fault);
	assert_int_equal(ask_number(change->zone, 1)->reply->rcode, RCODE_NOERROR);
	if (change->apply != NULL)
		change->apply();
	world_advance(w, 40000); // nothing that was answered meanwhile is cached
	for (unsigned i = 0; i < 5; i++) {
		struct question *q = ask_number(change->zone, 100 + i);
		if (q->reply->rcode != change->hidden) {
			network_print_log(&w->network);
			fail_msg("%s: rcode %u, EDE %d: %s", change->words, q->reply->rcode,
				 q->reply->edns.ede, failure_text(q));
		}
		assert_false(q->reply->flags & FLAG_AD);
		world_advance(w, 2000);
	}
	network_heal(&w->network);
	if (in_part)
		break_servers(fault, COM_A, COM_A);
	assert_comes_right(change, 200);
}

static void each_change(void **state, bool in_part)
{
	for (enum tld_fault fault = 0; fault < TLD_FAULTS; fault++) {
		for (size_t i = 0; i < CHANGES; i++) {
			start(state);
			hide(fault, &changes[i], in_part);
			end_world(state);
		}
	}
}

static void b17_what_has_changed_shows_when_the_tld_is_back(void **state)
{
	each_change(state, false);
}

static void b17_one_server_that_proves_something_is_enough(void **state)
{
	each_change(state, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_what_has_changed_shows_when_the_tld_is_back),
		scenario(b17_one_server_that_proves_something_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
