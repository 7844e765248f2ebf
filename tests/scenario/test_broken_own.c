// What is used up or switched off here says nothing of a parent: it makes none one that proves
// nothing, and neither prolongs an old proof nor ends one (ATTACKS B17, C11).
#include "control/resolver/task.h"
#include "tests/scenario/broken.h"
#include "tests/scenario/many_names.h"

#define TTL_S 60
#define MANY  40

enum own {
	QUEUE,
	EXCHANGES,
	PLACES,
	MEMORY,
	DRILL_DROP,
	DRILL_REFUSE,
	DRILL_BOGUS,
	NTA,
	OWN_COUNT
};
static const char *const own_words[] = {
	"signatures",  "exchanges",     "places",       "memory",
	"drill, drop", "drill, refuse", "drill, bogus", "negative trust anchor"};

enum parent { FINE, PARENT_SILENT, PARENT_BOGUS, PARENT_COUNT };
static const char *const parent_words[] = {"fine", "silent", "bogus"};

static void start_with(enum own own)
{
	begin();
	struct world_zone *com = world_zone(w, "com.");
	com->negative_ttl_s = com->ds_ttl_s = com->options.dnskey_ttl_s = TTL_S;
	world_zone(w, ".")->options.dnskey_ttl_s = TTL_S;
	add_example(w);
	world_zone(w, "example.com.")->options.dnskey_ttl_s = TTL_S;
	add_plain(w);
	add_many(MANY, TTL_S);
	add_free();
	if (own == QUEUE)
		w->signatures_max = 2;
	if (own == EXCHANGES)
		w->upstream_config.exchanges_max = 8;
	if (own == PLACES)
		w->config.tasks_max = MANY;
	world_start(w);
	know_all();
	world_ask(w, "many.com.", TYPE_NS, 0);
	world_ask(w, "www.plain.org.", TYPE_A, 0);
}

static unsigned numbers;

static struct question *ask_new(const char *zone)
{
	char name[60];

	snprintf(name, sizeof(name), "n%u.wild.%s", numbers++, zone);
	return world_ask_later(w, name, TYPE_A, ASK_DO);
}

static void flood(const char *zone)
{
	char name[60];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%u.%s", i, zone);
		(void)world_ask_later(w, name, TYPE_A, ASK_DO);
	}
}

static const char *const drills[] = {
	"--scope zone:com. --fault drop --for 300 --abort-if servfail>100%",
	"--scope zone:com. --fault refuse --for 300 --abort-if servfail>100%",
	"--scope zone:com. --fault bogus --for 300 --abort-if servfail>100%",
};

static bool is_drill(enum own own)
{
	return own >= DRILL_DROP && own <= DRILL_BOGUS;
}

// Two questions, one for a signed zone and one for an unsigned one, while it holds.
static void suffer(enum own own, struct question *asked[2])
{
	if (is_drill(own))
		assert_true(world_drill(w, drills[own - DRILL_DROP]));
	if (own == NTA)
		assert_int_equal(resolver_nta_add(w->resolver, text_name("com."), 100, ""), 0);
	if (own == MEMORY)
		w->resolver->message_bytes += MESSAGE_BYTES_MAX + 1;
	if (own == QUEUE)
		flood("many.com.");
	if (own == EXCHANGES) {
		with((struct fault){.kind = FAULT_DROP, .server = "192.0.2.20"});
		with((struct fault){.kind = FAULT_DROP, .server = "198.51.100.20"});
		flood("plain.org.");
	}
	asked[0] = ask_new("example.com.");
	asked[1] = ask_new("free.com.");
	if (own == PLACES)
		flood("plain.org.");
	if (own == MEMORY) {
		world_advance(w, 5000);
		w->resolver->message_bytes -= MESSAGE_BYTES_MAX + 1;
	}
	world_run(w);
	if (is_drill(own))
		assert_true(drill_host_stop(w->drills));
	if (own == NTA)
		assert_true(resolver_nta_remove(w->resolver, text_name("com.")));
}

static bool lives(const struct question *q)
{
	return q->reply->rcode == RCODE_NOERROR && q->reply->edns.ede == EDE_STALE_ANSWER &&
	       !(q->reply->flags & FLAG_AD);
}

static void say(enum own own, enum parent parent, const char *what, const struct question *q)
{
	print_message("%s, parent %s, %s: rcode %u, EDE %d\n", own_words[own], parent_words[parent],
		      what, q->reply->rcode, q->reply->edns.ede);
}

static unsigned run(enum own own, enum parent parent)
{
	struct question *during[2], *after[2];
	unsigned wrong = 0;

	start_with(own);
	if (parent != FINE)
		break_com(parent == PARENT_SILENT ? SILENT : BOGUS);
	world_advance(w, 7200000);
	for (size_t i = 0; i < 2 && parent != FINE; i++) {
		struct question *q = ask_new(i == 0 ? "example.com." : "free.com.");
		world_run(w);
		assert_true(lives(q));
	}
	suffer(own, during);
	const uint64_t old =
		world_counter(w, "resolver.prolonged") + world_counter(w, "resolver.revived");
	world_advance(w, 12000);
	after[0] = ask_new("example.com.");
	after[1] = ask_new("free.com.");
	world_run(w);
	for (size_t i = 0; i < 2; i++) {
		if (during[i] == NULL) {
			assert_int_equal(own, PLACES);
			continue;
		}
		bool none = during[i]->reply->rcode != RCODE_NOERROR;
		bool ad = (during[i]->reply->flags & FLAG_AD) != 0;
		bool under_nta =
			own == NTA && during[i]->reply->edns.ede == EDE_NEGATIVE_TRUST_ANCHOR;
		bool good = parent == FINE ? none || !lives(during[i])
					   : none || lives(during[i]) || under_nta;
		if (!good || (parent != FINE && ad)) {
			say(own, parent, "meanwhile", during[i]);
			wrong++;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		bool ad = (after[i]->reply->flags & FLAG_AD) != 0;
		// An anchor's end is a flush by the operator's word, and takes old proofs with all
		// else.
		bool flushed = own == NTA && after[i]->reply->rcode == RCODE_SERVFAIL;
		bool good = parent == FINE ? after[i]->reply->rcode == RCODE_NOERROR &&
						     !lives(after[i]) && ad == (i == 0)
					   : lives(after[i]) || flushed;
		if (!good) {
			say(own, parent, "afterwards", after[i]);
			wrong++;
		}
	}
	if (parent == FINE && old > 0) {
		print_message("%s: an old proof of a parent that is well\n", own_words[own]);
		wrong++;
	}
	end_world(NULL);
	return wrong;
}

static void b17_what_fails_here_says_nothing_of_a_parent(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (unsigned n = 0; n < OWN_COUNT * PARENT_COUNT; n++)
		wrong += run(n / PARENT_COUNT, n % PARENT_COUNT);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b17_what_fails_here_says_nothing_of_a_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
