// Delegations: DS and DNSKEY, what is insecure and why, rolls. Rows B6 to B9, C3.
#include "tests/unit/control/validator/delegating.h"

// ---- algorithms and digests ----

// ATTACKS B7, B8; RFC 4509 §3, RFC 6840 §5.2.
static void b7_b8_which_ds_count(void **state)
{
	enum { GOOD = 1, WRONG = 2, NO_ALGORITHM = 4 };
	static const struct {
		struct {
			uint8_t digest_type, how;
		} ds[3];
		enum verdict verdict;
		int ede;
	} cases[] = {
		{{{2, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{4, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{1, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{2, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		{{{2, WRONG}, {4, GOOD}}, VERDICT_SECURE, EDE_NONE},
		// B8: a forged SHA-1 beside the real SHA-256 does not help, nor does a real one
		// beside a wrong one.
		{{{1, GOOD}, {2, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		{{{1, WRONG}, {2, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{1, GOOD}, {4, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		// B7: only what we cannot do is insecure; beside what we can it is ignored.
		{{{2, GOOD | NO_ALGORITHM}}, VERDICT_INSECURE, EDE_UNSUPPORTED_DNSKEY_ALGORITHM},
		{{{3, GOOD}}, VERDICT_INSECURE, EDE_UNSUPPORTED_DS_DIGEST},
		{{{5, GOOD}}, VERDICT_INSECURE, EDE_UNSUPPORTED_DS_DIGEST},
		{{{2, GOOD | NO_ALGORITHM}, {2, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{2, GOOD | NO_ALGORITHM}, {2, WRONG}}, VERDICT_FAILED, EDE_DNSKEY_MISSING},
		{{{3, GOOD}, {1, GOOD}}, VERDICT_SECURE, EDE_NONE},
		{{{2, GOOD | NO_ALGORITHM}, {1, GOOD}}, VERDICT_SECURE, EDE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t rdatas[3][64];
		size_t lens[3], count = 0;
		for (; count < 3 && cases[i].ds[count].how != 0; count++) {
			uint8_t type = cases[i].ds[count].digest_type, how = cases[i].ds[count].how;
			uint8_t *rdata = rdatas[count];
			lens[count] =
				signer_ds(ksk(), ZONE, type == 1 || type == 4 ? type : 2, rdata);
			rdata[3] = type;
			if (how & WRONG)
				rdata[10] ^= 1;
			if (how & NO_ALGORITHM)
				rdata[2] = 12;
		}
		set_ds_wire((const uint8_t(*)[64])rdatas, lens, count);
		assert_verdict(ask_www(), cases[i].verdict, &w);
		assert_int_equal(w.result.ede, cases[i].ede);
		assert_int_equal(world_ask(&w, "nx.signed.example.", TYPE_A), cases[i].verdict);
	}
}

// ATTACKS C3: many DS, many keys of their tag.
static void c3_hashing_keys_for_ds_is_bounded(void **state)
{
	static uint8_t rdatas[100][64];
	size_t lens[100];
	struct signer_key *keys[100];

	(void)state;
	for (unsigned i = 0; i < 98; i++)
		keys[i] = signer_key_with_tag(8, 257, 4711, i);
	keys[98] = ksk();
	keys[99] = zsk();
	for (unsigned i = 0; i < 100; i++) {
		lens[i] = signer_ds(keys[0], ZONE, 2, rdatas[i]);
		rdatas[i][5] = (uint8_t)i;
	}
	// None of a hundred DS fits any of a hundred keys.
	set_ds_wire((const uint8_t(*)[64])rdatas, lens, 100);
	set_keys(keys, 100, ksk(), NULL);
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSKEY_MISSING);
	// And none of those that it names has signed.
	for (unsigned i = 0; i < 98; i++)
		lens[i] = signer_ds(keys[i], ZONE, 2, rdatas[i]);
	set_ds_wire((const uint8_t(*)[64])rdatas, lens, 98);
	uint32_t before = w.budget.left[BUDGET_failed_signatures];
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_in_range(before - w.budget.left[BUDGET_failed_signatures], 0, 4);
	for (unsigned i = 0; i < 98; i++)
		signer_key_free(keys[i]);
}

// ATTACKS C3: the third key of the tag that a DS names is not looked at.
static void c3_two_keys_of_one_tag_are_hashed_per_ds(void **state)
{
	struct signer_key *keys[4];

	(void)state;
	keys[3] = signer_key_new(8, 0, 257);
	keys[0] = signer_key_with_tag(8, 257, keys[3]->tag, 1);
	keys[1] = signer_key_with_tag(8, 257, keys[3]->tag, 2);
	keys[2] = zsk();
	set_ds(signer_ds_rrset(ZONE, &keys[3], 1, 2, 3600));
	set_keys(keys + 1, 3, keys[3], NULL);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	set_keys(keys, 4, keys[3], NULL);
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSKEY_MISSING);
	for (int i = 0; i < 4; i++) {
		if (i != 2)
			signer_key_free(keys[i]);
	}
}

static void causes_of_a_bogus_dnskey_rrset(void **state)
{
	struct signer_key *other = signer_key_new(13, 0, 257);
	struct signer_key *keys[] = {ksk(), zsk(), other};
	struct signer_options expired = {
		.inception_s = SIGNER_NOW - 1000,
		.expiration_s = SIGNER_NOW - 10,
	};

	(void)state;
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DNSKEY), VERDICT_SECURE, &w);
	set_keys(keys + 1, 2, other, NULL);
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_DNSKEY_MISSING);
	// Signed, but not by the one that the DS names.
	w.now_ms += 6000;
	set_keys(keys, 3, other, NULL);
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_RRSIGS_MISSING);
	w.now_ms += 6000;
	set_keys(keys, 2, ksk(), &expired);
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_SIGNATURE_EXPIRED);
	set_keys(keys, 2, ksk(), &(struct signer_options){.corrupt = true});
	assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), EDE_DNSSEC_BOGUS);
	// What depends on it cannot be judged, for the same reason.
	assert_verdict(ask_www(), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_DNSSEC_BOGUS);
	signer_key_free(other);
}

static void a_ds_that_names_no_zone_key(void **state)
{
	static const struct {
		uint16_t flags;
		int ede;
	} cases[] = {{0x0001, EDE_NO_ZONE_KEY_BIT}, {0x0181, EDE_DNSKEY_MISSING}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct signer_key *key = signer_key_new(13, 0, 257);
		signer_key_set_flags(key, cases[i].flags);
		set_ds(signer_ds_rrset(ZONE, &key, 1, 2, 3600));
		set_keys(&key, 1, key, NULL);
		w.now_ms += 6000;
		assert_bogus(world_ask(&w, "signed.example.", TYPE_DNSKEY), cases[i].ede);
		signer_key_free(key);
	}
}

// ---- insecure, or stripped ----

// ATTACKS B9
static void b9_stripped_answers_under_a_secure_delegation_are_bogus(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
	} questions[] = {
		{"www.signed.example.", TYPE_A},     {"www.signed.example.", TYPE_AAAA},
		{"nx.signed.example.", TYPE_A},      {"alias.signed.example.", TYPE_A},
		{"x.wild.signed.example.", TYPE_A},  {"signed.example.", TYPE_DNSKEY},
		{"sub.signed.example.", TYPE_DS},    {"island.signed.example.", TYPE_DS},
		{"b.dname.signed.example.", TYPE_A},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct fixture f;
		assert_true(world_step(&w, questions[i].name, questions[i].type, &f));
		if (f.step.rrset != NULL)
			f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
		if (f.step.soa != NULL)
			f.step.soa = world_keep(&w, signer_strip(f.step.soa));
		f.step.proof_count = 0;
		enum verdict seen = world_judge(&w, &f.step);
		assert_verdict(seen, VERDICT_BOGUS, &w);
		assert_int_equal(w.result.ede, EDE_RRSIGS_MISSING);
		assert_int_equal(w.result.cut, CUT_UNKNOWN);
	}
}

static void an_insecure_zone_may_send_any_garbage(void **state)
{
	struct signer_key *key = signer_key_new(13, 0, 256);
	struct rrset *plain =
		world_keep(&w, signer_rrset("www.unsigned.example. 9 IN A 192.0.2.6"));
	static const char *const signers[] = {"unsigned.example.", "example.", ".", "com.",
					      "www.unsigned.example."};

	(void)state;
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		struct fixture f;
		trust_forget(w.trust, signer_name("."));
		assert_true(world_step(&w, "www.unsigned.example.", TYPE_A, &f));
		f.step.rrset =
			world_keep(&w, signer_sign(plain, key, signer_name(signers[i]), NULL));
		assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
		assert_int_equal(w.result.ede, EDE_NONE);
	}
	signer_key_free(key);
}

static void insecurity_lasts_as_long_as_its_proof(void **state)
{
	struct signer_zone *example = world_zone(&w, "example.");
	const uint8_t *name = signer_name("unsigned.example.");
	struct rrset *nsec = signer_strip(signer_zone_find(example, name, TYPE_NSEC));
	struct signer_options options = {.expiration_s = SIGNER_NOW + 1234};

	(void)state;
	signer_zone_replace(example, signer_sign(nsec, signer_zone_zsk(example),
						 signer_name("example."), &options));
	rrset_free(nsec);
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_int_equal(w.result.signature_expires_s, SIGNER_NOW + 1234);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 1);
	// Within it nothing is asked; after it, or after the TTL, the parent is.
	w.now_s += 100;
	w.now_ms += 100000;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 1);
	w.now_ms += 300000;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_INSECURE, &w);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 2);
	w.now_s += 1200;
	assert_verdict(world_ask(&w, "www.unsigned.example.", TYPE_A), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_SIGNATURE_EXPIRED);
}

// The zone that answers is known, so its DS is asked for before those of the names in between.
static void names_between_known_cuts_are_not_asked_for(void **state)
{
	static const struct signer_zone_options none = {.unsigned_ = true};
	char text[1000];

	(void)state;
	world_close(&w);
	world_open(&w);
	world_add(&w, signer_zone_new("8.b.d.0.1.0.0.2.ip6.arpa.",
				      "8.b.d.0.1.0.0.2.ip6.arpa. 9 IN SOA a. b. 1 2 3 4 5\n"
				      "8.b.d.0.1.0.0.2.ip6.arpa. 9 IN NS a.\n"
				      "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 9 IN PTR a.",
				      &none));
	snprintf(text, sizeof(text),
		 ". 9 IN SOA a. b. 1 2 3 4 5\n. 9 IN NS a.\n"
		 "8.b.d.0.1.0.0.2.ip6.arpa. 9 IN NS a.\n");
	world_anchor(&w, world_add(&w, signer_zone_new(".", text, NULL)));
	assert_verdict(world_ask(&w, "1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_PTR),
		       VERDICT_INSECURE, &w);
	assert_int_equal(w.asked_count, 2); // its DS, and the root's keys
	assert_int_equal(world_asked(&w, "8.b.d.0.1.0.0.2.ip6.arpa.", TYPE_DS), 1);
}

static void an_unsigned_cut_on_the_same_servers_is_found(void **state)
{
	struct fixture f;

	(void)state;
	// The resolver knows nothing below the root's servers.
	assert_true(world_step(&w, "a.b.c.unsigned.example.", TYPE_A, &f));
	f.step.zone = signer_name(".");
	assert_verdict(world_judge(&w, &f.step), VERDICT_INSECURE, &w);
	assert_int_equal(world_asked(&w, "example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "unsigned.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "c.unsigned.example.", TYPE_DS), 0);
	// And in a secure zone every name is looked at before the answer is called bogus.
	assert_true(world_step(&w, "a.ent.signed.example.", TYPE_A, &f));
	f.step.zone = signer_name(".");
	f.step.rrset = world_keep(&w, signer_strip(f.step.rrset));
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(world_asked(&w, "ent.signed.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "a.ent.signed.example.", TYPE_DS), 1);
}

static void nothing_is_below_a_name_that_does_not_exist(void **state)
{
	struct fixture f;

	(void)state;
	assert_true(world_step(&w, "nx.signed.example.", TYPE_A, &f));
	f.step.name = signer_name("a.b.c.nx.signed.example.");
	f.step.proof_count = 0;
	// The zone that the SOA names is signed: no name below can excuse it.
	const struct rrset *soa = world_keep(&w, signer_strip(f.step.soa));
	f.step.soa = soa;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(world_asked(&w, "nx.signed.example.", TYPE_DS), 0);
	f.step.soa = NULL;
	assert_bogus(world_judge(&w, &f.step), EDE_RRSIGS_MISSING);
	assert_int_equal(world_asked(&w, "nx.signed.example.", TYPE_DS), 1);
	assert_int_equal(world_asked(&w, "c.nx.signed.example.", TYPE_DS), 0);
}

// ---- what is learned ----

// ATTACKS B6
static void b6_bogus_data_teach_nothing(void **state)
{
	struct fixture f;
	struct signer_key *evil = signer_key_new(13, 0, 257);
	struct rrset *ds = signer_ds_rrset(ZONE, &evil, 1, 2, 3600);
	struct signer_zone *example = world_zone(&w, "example.");

	(void)state;
	assert_true(world_step(&w, "signed.example.", TYPE_DS, &f));
	f.step.rrset =
		world_keep(&w, signer_sign(ds, signer_zone_zsk(example), signer_name("example."),
					   &(struct signer_options){.corrupt = true}));
	assert_bogus(world_judge(&w, &f.step), EDE_DNSSEC_BOGUS);
	trust_learn(w.trust, &f.step, &w.result, w.now_ms, w.now_s);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DS), 1);
	// Nor does an INSECURE that comes from above, by the same road.
	assert_verdict(world_ask(&w, "x.unsigned.example.", TYPE_DS), VERDICT_INSECURE, &w);
	assert_int_equal(w.result.cut, CUT_UNKNOWN);
	rrset_free(ds);
	signer_key_free(evil);
}

// A bogus answer first, for CD=1, does not spoil the good one after it, and the other way round.
static void b6_order_of_good_and_bogus_does_not_matter(void **state)
{
	struct fixture good, bad;

	(void)state;
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &good));
	bad = good;
	bad.step.rrset =
		world_keep(&w, signer_sign(world_keep(&w, signer_strip(good.step.rrset)), zsk(),
					   ZONE, &(struct signer_options){.corrupt = true}));
	for (int i = 0; i < 3; i++) {
		assert_bogus(world_judge(&w, &bad.step), EDE_DNSSEC_BOGUS);
		assert_verdict(world_judge(&w, &good.step), VERDICT_SECURE, &w);
	}
}

static void keys_with_ttl_0_serve_the_query_they_were_fetched_for(void **state)
{
	struct signer_key *keys[] = {ksk(), zsk()};
	struct rrset *rrset = signer_dnskey_rrset(ZONE, keys, 2, 0);

	(void)state;
	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, ksk(), ZONE, NULL));
	rrset_free(rrset);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	w.now_ms += 11000;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 2);
}

static void what_cannot_be_fetched_is_held_against_nobody(void **state)
{
	struct fixture f;

	(void)state;
	// The root is not there any more, and nothing is known yet.
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	for (size_t i = 0; i < w.zone_count; i++) {
		if (name_is_root(signer_zone_apex(w.zones[i]))) {
			signer_zone_free(w.zones[i]);
			w.zones[i] = w.zones[--w.zone_count];
		}
	}
	assert_verdict(world_judge(&w, &f.step), VERDICT_FAILED, &w);
	assert_int_equal(w.result.ede, EDE_NO_REACHABLE_AUTHORITY);
}

// A key roll inside the TTL is no attack.
static void a_rolled_zsk_is_fetched_once_more(void **state)
{
	struct signer_key *rolled = signer_key_new(13, 0, 256);
	struct signer_key *keys[] = {ksk(), zsk(), rolled};
	struct fixture f;
	struct rrset *rrset;

	(void)state;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_true(world_step(&w, "www.signed.example.", TYPE_A, &f));
	f.step.rrset = world_keep(
		&w, signer_sign(world_keep(&w, signer_strip(f.step.rrset)), rolled, ZONE, NULL));
	rrset = signer_dnskey_rrset(ZONE, keys, 3, 3600);
	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, ksk(), ZONE, NULL));
	rrset_free(rrset);
	size_t before = w.asked_count;
	assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	assert_int_equal(w.asked_count, before + 1);
	assert_true(w.asked[before].fresh);
	assert_int_equal(w.asked[before].type, TYPE_DNSKEY);
	signer_key_free(rolled);
}

static void a_rolled_ksk_is_found_through_the_ds_fetched_once_more(void **state)
{
	struct signer_key *rolled = signer_key_new(15, 0, 257);
	struct signer_key *keys[] = {rolled, zsk()};
	struct signer_zone *example = world_zone(&w, "example.");
	struct rrset *rrset;

	(void)state;
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	rrset = signer_ds_rrset(ZONE, &rolled, 1, 2, 3600);
	signer_zone_replace(example, signer_sign(rrset, signer_zone_zsk(example),
						 signer_name("example."), NULL));
	rrset_free(rrset);
	rrset = signer_dnskey_rrset(ZONE, keys, 2, 3600);
	signer_zone_replace(world_zone(&w, "signed.example."),
			    signer_sign(rrset, rolled, ZONE, NULL));
	rrset_free(rrset);
	assert_verdict(world_ask(&w, "signed.example.", TYPE_DNSKEY), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DS), 2);
	assert_true(w.asked[w.asked_count - 1].fresh);
	signer_key_free(rolled);
}

static void a_zone_that_is_new_below_a_secure_one_is_found(void **state)
{
	struct fixture f;
	struct signer_zone *zone;
	static const char text[] = "www.signed.example. 9 IN SOA a. b. 1 2 3 4 5\n"
				   "www.signed.example. 9 IN NS a.\n"
				   "www.signed.example. 9 IN A 192.0.2.99\n";

	(void)state;
	// That no cut is there is known...
	assert_true(world_step(&w, "www.signed.example.", TYPE_DS, &f));
	assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
	assert_int_equal(w.result.cut, CUT_NONE);
	trust_learn(w.trust, &f.step, &w.result, w.now_ms, w.now_s);
	// ... and then it is.
	zone = world_add(&w, signer_zone_new("www.signed.example.", text, NULL));
	struct rrset *ds = signer_rrset(signer_zone_ds_text(zone));
	signer_zone_replace(world_zone(&w, "signed.example."), signer_sign(ds, zsk(), ZONE, NULL));
	rrset_free(ds);
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_true(name_equal(w.result.signer, signer_name("www.signed.example.")));
}

// ---- bounds ----

static void cold_chains_do_not_nest_deeply(void **state)
{
	struct signer_zone *child = NULL;
	char apex[300], text[1000];

	(void)state;
	// Ten zones below each other, one label each.
	world_close(&w);
	world_open(&w);
	for (int labels = 10; labels >= 0; labels--) {
		apex[0] = '\0';
		for (int i = labels; i > 0; i--)
			sprintf(apex + strlen(apex), "n%d.", i);
		if (labels == 0)
			strcpy(apex, ".");
		snprintf(text, sizeof(text),
			 "%s 300 IN SOA a. b. 1 2 3 4 5\n%s 300 IN NS a.\n%s%s 300 IN A "
			 "192.0.2.1\n%s",
			 apex, apex, labels == 0 ? "www" : "www.", labels == 0 ? "." : apex,
			 child != NULL ? signer_zone_ds_text(child) : "");
		if (child != NULL) {
			char line[300], name[NAME_TEXT_MAX];
			snprintf(line, sizeof(line), "%s 300 IN NS a.\n",
				 name_to_text(signer_zone_apex(child), name));
			strcat(text, line);
		}
		child = world_add(&w, signer_zone_new(apex, text, NULL));
	}
	world_anchor(&w, child);
	budget_start(&w.budget, w.now_ms);
	assert_verdict(world_ask(&w, "www.n10.n9.n8.n7.n6.n5.n4.n3.n2.n1.", TYPE_A), VERDICT_SECURE,
		       &w);
	assert_true(w.depth_max <= BUDGET_DEPTH_MAX);
}

static void zones_are_bounded_and_anchors_stay(void **state)
{
	struct fixture f;

	(void)state;
	trust_free(w.trust);
	w.trust = trust_new(&(struct trust_config){.zones_max = 8, .nsec3_iterations_max = 50},
			    w.batch);
	world_anchor(&w, world_zone(&w, "."));
	assert_int_equal(trust_insecure_add(w.trust, signer_name("nta."), UINT64_MAX, true), 0);
	for (int i = 0; i < 100; i++) {
		char name[100];
		snprintf(name, sizeof(name), "x%d.signed.example.", i);
		assert_true(world_step(&w, name, TYPE_DS, &f));
		budget_start(&w.budget, w.now_ms);
		assert_verdict(world_judge(&w, &f.step), VERDICT_SECURE, &w);
		trust_learn(w.trust, &f.step, &w.result, w.now_ms, w.now_s);
	}
	// What is in use stays, asked-for noise goes.
	assert_verdict(ask_www(), VERDICT_SECURE, &w);
	assert_int_equal(world_asked(&w, "signed.example.", TYPE_DNSKEY), 1);
	assert_int_equal(trust_zone_state(w.trust, signer_name("a.nta."), w.now_ms, w.now_s),
			 ZONE_INSECURE);
	assert_int_equal(trust_anchor_count(w.trust), 1);
	// The operator's word does, whether anybody asks below it or not.
	assert_non_null(trust_anchors(w.trust, signer_name(".")));
	assert_true(trust_insecure_remove(w.trust, signer_name("nta.")));
	assert_int_equal(trust_zone_state(w.trust, signer_name("a.nta."), w.now_ms, w.now_s),
			 ZONE_SECURE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(b7_b8_which_ds_count),
		TEST(c3_hashing_keys_for_ds_is_bounded),
		TEST(c3_two_keys_of_one_tag_are_hashed_per_ds),
		TEST(causes_of_a_bogus_dnskey_rrset),
		TEST(a_ds_that_names_no_zone_key),
		TEST(b9_stripped_answers_under_a_secure_delegation_are_bogus),
		TEST(an_insecure_zone_may_send_any_garbage),
		TEST(insecurity_lasts_as_long_as_its_proof),
		TEST(names_between_known_cuts_are_not_asked_for),
		TEST(an_unsigned_cut_on_the_same_servers_is_found),
		TEST(nothing_is_below_a_name_that_does_not_exist),
		TEST(b6_bogus_data_teach_nothing),
		TEST(b6_order_of_good_and_bogus_does_not_matter),
		TEST(keys_with_ttl_0_serve_the_query_they_were_fetched_for),
		TEST(what_cannot_be_fetched_is_held_against_nobody),
		TEST(a_rolled_zsk_is_fetched_once_more),
		TEST(a_rolled_ksk_is_found_through_the_ds_fetched_once_more),
		TEST(a_zone_that_is_new_below_a_secure_one_is_found),
		TEST(cold_chains_do_not_nest_deeply),
		TEST(zones_are_bounded_and_anchors_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
