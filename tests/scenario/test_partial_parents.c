// A TLD that is bogus at some of its servers: with one provider that proves what it says no name is
// lost, from the first question on.
#include "tests/scenario/zones.h"

#define SIGNED   16
#define UNSIGNED 12

static const char *const providers[][2] = {
	{"192.0.2.101", "192.0.2.102"},
	{"198.51.100.101", "198.51.100.102"},
	{"203.0.113.101", "203.0.113.102"},
	{"192.5.9.101", "192.5.9.102"},
};
#define PROVIDERS 4

enum denial { NSEC, NSEC3, OPT_OUT, DENIALS };
static const char *const denial_words[] = {"NSEC", "NSEC3", "opt-out"};

static char names[SIGNED + UNSIGNED][2][40], servers[SIGNED + UNSIGNED][80],
	texts[SIGNED + UNSIGNED][200];

static void add_children(void)
{
	for (unsigned i = 0; i < SIGNED + UNSIGNED; i++) {
		char *apex = names[i][0];
		bool is_signed = i < SIGNED;
		snprintf(apex, sizeof(names[i][0]), "%c%u.de.", is_signed ? 'z' : 'u', i);
		snprintf(names[i][1], sizeof(names[i][1]), "www.%s", apex);
		snprintf(servers[i], sizeof(servers[i]), "ns1.%s=192.0.2.%u ns2.%s=198.51.100.%u",
			 apex, 150 + i, apex, 150 + i);
		snprintf(texts[i], sizeof(texts[i]),
			 "www.%s 300 IN A 192.0.2.80\n*.wild.%s 300 IN A 192.0.2.81\n", apex, apex);
		world_add(w, &(struct world_zone){.apex = apex,
						  .servers = servers[i],
						  .text = texts[i],
						  .options = {.unsigned_ = !is_signed}});
	}
}

// hosts: servers of each provider.
static void start_world(enum denial denial, unsigned hosts)
{
	static char list[400];
	size_t len = 0;

	w = world_new();
	world_add(w, &(struct world_zone){.apex = ".",
					  .servers = "a.root.=192.88.0.1 b.root.=198.41.0.4"});
	for (unsigned i = 0; i < PROVIDERS * hosts; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%sns%u.de.=%s",
					i > 0 ? " " : "", i, providers[i / hosts][i % hosts]);
	world_add(w, &(struct world_zone){.apex = "de.",
					  .servers = list,
					  .options = {.nsec3 = denial != NSEC,
						      .params = {.opt_out = denial == OPT_OUT}}});
	add_children();
	world_start(w);
}

static void break_providers(unsigned first, unsigned count, unsigned hosts, enum fault_kind kind,
			    uint16_t type)
{
	for (unsigned i = 0; i < count * hosts; i++)
		with((struct fault){.kind = kind,
				    .server = providers[(first + i / hosts) % PROVIDERS][i % hosts],
				    .type = type});
}

static void ask_some(unsigned nth, unsigned first, unsigned end, const char *when)
{
	for (unsigned i = first; i < end; i++) {
		char name[60];
		snprintf(name, sizeof(name), "n%u.wild.%s", nth, names[i][0]);
		struct question *q = world_ask(w, name, TYPE_A, ASK_DO);
		if (q->reply->rcode != RCODE_NOERROR) {
			network_print_log(&w->network);
			fail_msg("%s: %s is lost, EDE %d", when, name, q->reply->edns.ede);
		}
		bool ad = (q->reply->flags & FLAG_AD) != 0;
		assert_int_equal(ad, i < SIGNED);
		assert_int_equal(q->reply->edns.ede, EDE_NONE);
	}
}

static void ask_all(unsigned nth, unsigned first, const char *when)
{
	ask_some(nth, first, SIGNED + UNSIGNED, when);
}

static void lose_nothing(enum denial denial, unsigned hosts, unsigned first, enum fault_kind kind,
			 uint16_t type, bool known)
{
	start_world(denial, hosts);
	if (known)
		ask_all(0, 4, "before");
	break_providers(first, PROVIDERS - 1, hosts, kind, type);
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

// Nearly all questions go where data have validated.
static void b17_the_server_that_validated_last_comes_first(void **state)
{
	(void)state;
	start_world(NSEC3, 1);
	break_providers(0, 3, 1, FAULT_BOGUS, 0);
	ask_some(1, 0, 2, "first");
	network_forget_log(&w->network);
	ask_all(1, 2, "later");
	size_t good = network_sent(&w->network, providers[3][0], NULL, 0);
	size_t bad = 0;
	for (unsigned i = 0; i < 3; i++)
		bad += network_sent(&w->network, providers[i][0], NULL, 0);
	print_message("good %zu, bad %zu\n", good, bad);
	assert_true(good >= SIGNED + UNSIGNED - 2);
	// Checkups of those that were bogus are among them.
	assert_true(bad * 4 < good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_one_good_provider_of_four_is_enough),
		scenario(b17_the_server_that_validated_last_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
