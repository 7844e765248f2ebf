// A zone goes through the steps of a key roll while its TLD proves nothing: what was proven last
// vouches for all whose keys it fits, with AD=0, and for nothing else.
#include "tests/scenario/broken.h"

#define ZONE "example.com."
#define NAME "zero." ZONE

// Sets of keys: the former one, the new one, or both.
#define OLD  1
#define NEW  2
#define BOTH (OLD | NEW)

struct step_of_roll {
	const char *words;
	unsigned ds, keys, signatures; // of the zone's data
};

struct roll {
	const char *words;
	uint8_t algorithm; // of the new keys
	bool one_zsk;      // that stays
	size_t count;
	struct step_of_roll steps[8];
};

static const struct roll rolls[] = {
	{"KSK, both keys for a while",
	 13,
	 true,
	 5,
	 {{"before", OLD, OLD, OLD},
	  {"new DNSKEY", OLD, BOTH, OLD},
	  {"new DS", BOTH, BOTH, OLD},
	  {"old DS gone", NEW, BOTH, OLD},
	  {"old DNSKEY gone", NEW, NEW, OLD}}},
	{"KSK, both DS for a while",
	 13,
	 true,
	 4,
	 {{"before", OLD, OLD, OLD},
	  {"new DS", BOTH, OLD, OLD},
	  {"new DNSKEY", BOTH, NEW, OLD},
	  {"old DS gone", NEW, NEW, OLD}}},
	{"algorithm",
	 14,
	 false,
	 7,
	 {{"before", OLD, OLD, OLD},
	  {"new RRSIGs", OLD, OLD, BOTH},
	  {"new DNSKEY", OLD, BOTH, BOTH},
	  {"new DS", BOTH, BOTH, BOTH},
	  {"old DS gone", NEW, BOTH, BOTH},
	  {"old DNSKEY gone", NEW, NEW, BOTH},
	  {"old RRSIGs gone", NEW, NEW, NEW}}},
};
#define ROLLS (sizeof(rolls) / sizeof(rolls[0]))

static struct signer_key *ksks[2], *zsks[2];

static void make_keys(const struct roll *roll)
{
	for (size_t i = 0; i < 2; i++) {
		uint8_t algorithm = i == 0 ? 13 : roll->algorithm;
		ksks[i] = signer_key_new(algorithm, 0, 257);
		zsks[i] = signer_key_new(algorithm, 0, 256);
	}
}

static void free_keys(void)
{
	for (size_t i = 0; i < 2; i++) {
		signer_key_free(ksks[i]);
		signer_key_free(zsks[i]);
	}
}

// By each key of the set.
static struct rrset *sign(struct rrset *rrset, struct signer_key *const keys[2], unsigned set)
{
	for (size_t i = 0; i < 2; i++) {
		if (!(set & 1u << i))
			continue;
		struct rrset *more = signer_sign(rrset, keys[i], text_name(ZONE), NULL);
		rrset_free(rrset);
		rrset = more;
	}
	return rrset;
}

static void put_data(const struct step_of_roll *step, const char *text)
{
	signer_zone_replace(world_zone(w, ZONE)->zone,
			    sign(signer_rrset(text), zsks, step->signatures));
}

static void go_to(const struct roll *roll, const struct step_of_roll *step)
{
	struct signer_key *keys[4], *above[2];
	size_t count = 0, ds_count = 0;

	for (size_t i = 0; i < 2; i++) {
		if (step->keys & 1u << i)
			keys[count++] = ksks[i];
		if (roll->one_zsk ? i == 0 : (step->keys & 1u << i) != 0)
			keys[count++] = zsks[i];
		if (step->ds & 1u << i)
			above[ds_count++] = ksks[i];
	}
	signer_zone_replace(
		world_zone(w, ZONE)->zone,
		sign(signer_dnskey_rrset(text_name(ZONE), keys, count, 300), ksks, step->keys));
	put_data(step, NAME " 0 IN A 192.0.2.84");
	put_data(step, ZONE " 300 IN SOA ns.invalid. host.invalid. 1 7200 3600 1209600 300");
	struct world_zone *com = world_zone(w, "com.");
	struct rrset *ds = signer_ds_rrset(text_name(ZONE), above, ds_count, 2, 3600);
	signer_zone_replace(com->zone, signer_sign(ds, signer_zone_zsk(com->zone),
						   signer_zone_apex(com->zone), NULL));
	rrset_free(ds);
}

static void begin_roll(const struct roll *roll, const struct step_of_roll *step)
{
	make_keys(roll);
	w = world_new();
	w->cache_bytes = CACHE_SMALL;
	world_add_tlds(w);
	add_example(w);
	world_start(w);
	go_to(roll, step);
	assert_answer(world_ask(w, NAME, TYPE_A, ASK_DO), RCODE_NOERROR, true, EDE_NONE);
}

static unsigned complaints;

static void look(const struct roll *roll, const struct step_of_roll *proven,
		 const struct step_of_roll *step, const char *state, bool old, const char *when)
{
	struct question *q = world_ask(w, NAME, TYPE_A, ASK_DO);
	bool provable = !old || (proven->ds & step->keys) != 0;
	unsigned rcode = provable ? RCODE_NOERROR : RCODE_SERVFAIL;
	bool ad = (q->reply->flags & FLAG_AD) != 0;

	if (q->reply->rcode == rcode && ad == !old && (!provable || !q->result->stale) &&
	    (!old || !provable || q->reply->edns.ede == EDE_STALE_ANSWER))
		return;
	print_message("%s, %s; proven: %s; now: %s, %s: rcode %u, AD %d, EDE %d\n", roll->words,
		      state, proven->words, step->words, when, q->reply->rcode, ad,
		      q->reply->edns.ede);
	complaints++;
}

// From a step on that the TLD has proven, all that follow are taken while it proves nothing (or
// proves them by one of its servers).
static void roll_on(const struct roll *roll, size_t from, int fault)
{
	bool some = fault == TLD_FAULTS;
	const char *state = some ? "bogus at one server" : fault_words[fault];
	const struct step_of_roll *proven = &roll->steps[from];

	begin_roll(roll, proven);
	if (some)
		break_servers(BOGUS, COM_A, COM_A);
	else
		break_com((enum tld_fault)fault);
	world_advance(w, 7200000);
	for (size_t i = from; i < roll->count; i++) {
		go_to(roll, &roll->steps[i]);
		world_advance(w, 400000); // the DNSKEY RRset's TTL
		look(roll, proven, &roll->steps[i], state, !some, "first");
		world_advance(w, 2500);
		look(roll, proven, &roll->steps[i], state, !some, "again");
	}
	network_heal(&w->network);
	world_advance(w, 16000);
	look(roll, proven, &roll->steps[roll->count - 1], state, false, "healed");
	end_world(NULL);
	free_keys();
}

static void b17_steps_of_a_roll_under_a_tld_that_proves_nothing(void **state)
{
	(void)state;
	complaints = 0;
	for (size_t i = 0; i < ROLLS; i++) {
		for (int fault = 0; fault <= TLD_FAULTS; fault++) {
			if (fault == REFUSED) // as SERVFAIL
				continue;
			for (size_t from = 0; from < rolls[i].count; from++)
				roll_on(&rolls[i], from, fault);
		}
	}
	assert_int_equal(complaints, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(b17_steps_of_a_roll_under_a_tld_that_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
