// A TLD that is bogus at some of its servers: with one provider that proves what it says no name is
// lost, from the first question on.
#include "tests/scenario/many.h"

static void ask_some(unsigned nth, unsigned first, unsigned end, const char *when)
{
	for (unsigned i = first; i < end; i++) {
		char name[60];
		snprintf(name, sizeof(name), "n%u.wild.%s", nth, children[i]);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		if (q->reply->rcode != RCODE_NOERROR) {
			network_print_log(&w->network);
			fail_msg("%s: %s is lost, EDE %d", when, name, q->reply->edns.ede);
		}
		bool ad = (q->reply->flags & FLAG_AD) != 0;
		assert_int_equal(ad, child_is_signed(i));
		assert_int_equal(q->reply->edns.ede, EDE_NONE);
	}
}

static void ask_all(unsigned nth, unsigned first, const char *when)
{
	ask_some(nth, first, CHILDREN, when);
}

static void lose_nothing(enum denial denial, unsigned hosts, unsigned first, enum fault_kind kind,
			 uint16_t type, bool known)
{
	const struct tld tld = {denial, PROVIDERS, hosts, 0};

	start_tld(&tld);
	if (known)
		ask_all(0, 4, "before");
	break_providers(&tld, first, PROVIDERS - 1, kind, type);
	if (known)
		world_advance(w, 7200000);
	network_forget_log(&w->network);
	ask_all(1, 0, "first");
	world_advance(w, 4000000); // all proofs end once more
	ask_all(2, 0, "later");
	end_world(NULL);
}

static void b17_one_good_provider_of_four_is_enough(void **state)
{
	static const struct {
		const char *words;
		enum fault_kind kind;
		uint16_t type;
	} faults[] = {
		{"bogus", FAULT_BOGUS, 0},
		{"signed by an unknown key", FAULT_UNKNOWN_KEY, 0},
		{"expired", FAULT_EXPIRED, 0},
		{"stripped", FAULT_STRIP, 0},
		{"SERVFAIL", FAULT_SERVFAIL, 0},
		{"bogus DS", FAULT_BOGUS, TYPE_DS},
		{"bogus DNSKEY", FAULT_BOGUS, TYPE_DNSKEY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (enum denial denial = 0; denial < DENIALS; denial++) {
			for (unsigned variant = 0; variant < 4; variant++) {
				print_message("%s, %s, %u servers at each, %s\n", faults[i].words,
					      denial_words[denial], 1 + variant / 2,
					      variant % 2 ? "known" : "new");
				lose_nothing(denial, 1 + variant / 2, (unsigned)i + variant,
					     faults[i].kind, faults[i].type, variant % 2);
			}
		}
	}
}

// One that errs or strips speaks for itself alone, though another one stands in its network.
static void b17_a_server_is_not_its_whole_network(void **state)
{
	static const enum fault_kind kinds[] = {FAULT_BOGUS, FAULT_STRIP, FAULT_SERVFAIL,
						FAULT_REFUSED};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (enum denial denial = 0; denial < DENIALS; denial++) {
			const struct tld tld = {denial, 1, 2, 60};
			start_tld(&tld);
			ask_all(0, 0, "before");
			with((struct fault){.kind = kinds[i], .server = providers[0][1]});
			for (unsigned nth = 1; nth < 9; nth++) {
				world_advance(w, 61000);
				ask_all(nth, 0, "since");
			}
			end_world(NULL);
		}
	}
}

// Nearly all questions go where data have validated.
static void b17_the_server_that_validated_last_comes_first(void **state)
{
	const struct tld tld = {NSEC3, PROVIDERS, 1, 0};

	(void)state;
	start_tld(&tld);
	break_providers(&tld, 0, 3, FAULT_BOGUS, 0);
	ask_some(1, 0, 2, "first");
	network_forget_log(&w->network);
	ask_all(1, 2, "later");
	size_t good = network_sent(&w->network, providers[3][0], NULL, 0);
	size_t bad = 0;
	for (unsigned i = 0; i < 3; i++)
		bad += network_sent(&w->network, providers[i][0], NULL, 0);
	print_message("good %zu, bad %zu\n", good, bad);
	assert_true(good >= CHILDREN - 2);
	// Checkups of those that were bogus are among them.
	assert_true(bad * 4 < good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_one_good_provider_of_four_is_enough),
		scenario(b17_a_server_is_not_its_whole_network),
		scenario(b17_the_server_that_validated_last_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
