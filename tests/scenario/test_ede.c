// RFC 8914: what a client and an operator are told when validation does not end well, one cause a
// row. Every text names what it is about, and the server where it is one server's doing.
#include "tests/scenario/explained.h"

#define ZONE   "zone.com."
#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

struct cause {
	int ede;
	const char *words;
	struct signer_zone_options options; // of zone.com.
	const char *ds_text;
	void (*prepare)(void);
	const char *name; // NULL: www.zone.com.
	uint16_t type;    // 0: A
	unsigned rcode;
	const char *text[4]; // each is part of what is said
	const char *explained[4]; // and of what operators are told, beside that
};

// ---- causes ----

static struct signer_zone *zone(void)
{
	return world_zone(w, ZONE)->zone;
}

static void wrong_signatures(void)
{
	with((struct fault){.kind = FAULT_BOGUS, .below = "www.zone.com."});
}

static void stripped(void)
{
	with((struct fault){.kind = FAULT_STRIP, .name = "www.zone.com."});
}

static const struct rrset *without_nsec(const struct network_query *query, enum section section,
					const struct rrset *rrset, void *arg)
{
	(void)query, (void)section, (void)arg;
	return rrset->type == TYPE_NSEC || rrset->type == TYPE_NSEC3 ? NULL : rrset;
}

static void no_nsec(void)
{
	with((struct fault){.name = "nope.zone.com.", .rewrite = without_nsec});
}

// The DS names a key that may not sign zones (RFC 4034 §2.1.1).
static void no_zone_key(void)
{
	struct signer_key *key = signer_key_new(13, 0, 257);
	struct signer_zone *parent = world_zone(w, "com.")->zone;
	const uint8_t *apex = signer_zone_apex(zone());

	signer_key_set_flags(key, 1);
	struct rrset *keys = signer_dnskey_rrset(apex, &key, 1, 3600);
	struct rrset *ds = signer_ds_rrset(apex, &key, 1, 2, 3600);
	signer_zone_replace(zone(), signer_sign(keys, key, apex, NULL));
	signer_zone_replace(
		parent, signer_sign(ds, signer_zone_zsk(parent), signer_zone_apex(parent), NULL));
	rrset_free(keys);
	rrset_free(ds);
	signer_key_free(key);
}

static void silent(void)
{
	with((struct fault){.kind = FAULT_DROP, .server = PROVIDER_A, .below = ZONE});
}

static void stale_answer(void)
{
	world_ask(w, "www.zone.com.", TYPE_A, ASK_DO);
	world_ask(w, "nope.zone.com.", TYPE_A, ASK_DO);
	world_advance(w, 400000);
	silent();
}

static void negative_trust_anchor(void)
{
	wrong_signatures();
	assert_int_equal(resolver_nta_add(w->resolver, text_name(ZONE), 3600, ""), 0);
}

static void no_keys(void)
{
	with((struct fault){.kind = FAULT_DROP, .name = ZONE, .type = TYPE_DNSKEY});
}

static void wrong_clock(void)
{
	w->clock_untrusted = true;
}

#define HOURS(n) ((n)*3600)
#define TIMES(from, to)                                                                            \
	{                                                                                          \
		.signatures = {                                                                    \
			.inception_s = SIGNER_NOW + HOURS(from),                                   \
			.expiration_s = SIGNER_NOW + HOURS(to)                                     \
		}                                                                                  \
	}

static const struct cause causes[] = {
	{EDE_UNSUPPORTED_DNSKEY_ALGORITHM, "a DS of an unknown algorithm",
	 .ds_text = ZONE " 3600 IN DS 12345 200 2 " DIGEST "\n"},
	{EDE_UNSUPPORTED_DS_DIGEST, "a DS of an unknown digest",
	 .ds_text = ZONE " 3600 IN DS 12345 13 200 " DIGEST "\n"},
	{EDE_STALE_ANSWER, "stale data", .prepare = stale_answer},
	{EDE_STALE_NXDOMAIN_ANSWER, "a stale denial", .prepare = stale_answer,
	 .name = "nope.zone.com.", .rcode = RCODE_NXDOMAIN},
	{EDE_DNSSEC_BOGUS, "a wrong signature", .prepare = wrong_signatures,
	 .rcode = RCODE_SERVFAIL,
	 .text = {"www.zone.com. A", "does not verify", "key tag ", "from " PROVIDER_A},
	 .explained = {"chain of trust: A of www.zone.com., to be signed by zone.com.: key tag ",
		       "algorithm 13 (ECDSAP256SHA256)\n", "data that did not validate"}},
	{EDE_SIGNATURE_EXPIRED, "expired signatures", TIMES(-48, -24), .rcode = RCODE_SERVFAIL,
	 .text = {"zone.com. DNSKEY: RRSIG with key tag ", "expired 86400 s ago",
		  "(zone zone.com.)", "from " PROVIDER_A},
	 .explained = {"chain of trust: it needs the DNSKEY of zone.com., which failed",
		       "because of: zone.com. DNSKEY, which failed",
		       "DNSKEY of zone.com., to be signed by zone.com.: key tag ",
		       ", expired since 2026-09-20T14:13:2"}},
	{EDE_SIGNATURE_NOT_YET_VALID, "signatures of tomorrow", TIMES(24, 48),
	 .rcode = RCODE_SERVFAIL,
	 .text = {"zone.com. DNSKEY: RRSIG with key tag ", "valid only in 86400 s",
		  "check this host's clock", "from " PROVIDER_A},
	 .explained = {"because of: zone.com. DNSKEY", ", not valid before 2026-09-22T14:13:2"}},
	{EDE_SIGNATURE_NOT_YET_VALID, "a clock before the build date", .prepare = wrong_clock,
	 .rcode = RCODE_SERVFAIL, .text = {"the clock of this host is before the date"},
	 .explained = {"a limit or a fault of our own"}},
	{EDE_SIGNATURE_EXPIRED_BEFORE_VALID, "signatures that end before they begin",
	 TIMES(24, -24), .rcode = RCODE_SERVFAIL,
	 .text = {"zone.com. DNSKEY: RRSIG with key tag ", "expires before it becomes valid"},
	 .explained = {"because of: zone.com. DNSKEY"}},
	{EDE_DNSKEY_MISSING, "a DS that no key matches",
	 .ds_text = ZONE " 3600 IN DS 12345 13 2 " DIGEST "\n", .rcode = RCODE_SERVFAIL,
	 .text = {"zone.com. DNSKEY: ", "no DNSKEY matches the DS", "12345", "from " PROVIDER_A},
	 .explained = {"DNSKEY of zone.com., to be signed by zone.com.: key tag 12345\n"}},
	{EDE_RRSIGS_MISSING, "no signatures", .prepare = stripped, .rcode = RCODE_SERVFAIL,
	 .text = {"www.zone.com. A: ", "no RRSIG", "from " PROVIDER_A},
	 .explained = {"chain of trust: A of www.zone.com., to be signed by zone.com.\n",
		       "RRSIGs missing below a secure delegation"}},
	{EDE_NO_ZONE_KEY_BIT, "a key that may not sign zones", .prepare = no_zone_key,
	 .rcode = RCODE_SERVFAIL,
	 .text = {"zone.com. DNSKEY: ", "DNSKEY ", "is no zone key", "from " PROVIDER_A},
	 .explained = {"DNSKEY of zone.com., to be signed by zone.com."}},
	{EDE_NSEC_MISSING, "a denial without proof", .prepare = no_nsec, .name = "nope.zone.com.",
	 .rcode = RCODE_SERVFAIL,
	 .text = {"nope.zone.com. A: ", "no NSEC or NSEC3 proves", "from " PROVIDER_A},
	 .explained = {"to be signed by zone.com.\n"}},
	{EDE_UNSUPPORTED_NSEC3_ITERATIONS,
	 "NSEC3 of 51 iterations",
	 {.nsec3 = true, .params = {.iterations = 51}},
	 .name = "nope.zone.com.",
	 .rcode = RCODE_NXDOMAIN},
	{EDE_NEGATIVE_TRUST_ANCHOR, "a negative trust anchor", .prepare = negative_trust_anchor},
	{EDE_NO_REACHABLE_AUTHORITY, "silent servers", .prepare = silent, .rcode = RCODE_SERVFAIL,
	 .text = {"zone.com.: " PROVIDER_A " timeout"},
	 .explained = {"no server of its zone gave an answer",
		       PROVIDER_A " ns1.zone.com. (192.0.2.0/24) over UDP"}},
	{EDE_NO_REACHABLE_AUTHORITY, "servers that keep their keys to themselves",
	 .prepare = no_keys, .rcode = RCODE_SERVFAIL, .text = {"zone.com.: " PROVIDER_A " timeout"},
	 .explained = {"chain of trust: it needs the DNSKEY of zone.com., which failed",
		       "because of: zone.com. DNSKEY, which failed"}},
};

// ---- asking ----

static unsigned look_at(const struct cause *cause, const struct question *q)
{
	unsigned wrong = 0;

	if (q->reply->edns.ede != cause->ede || q->reply->rcode != cause->rcode ||
	    q->reply->flags & FLAG_AD) {
		print_message("%s: EDE %d, rcode %u, flags %x (%s)\n", cause->words,
			      q->reply->edns.ede, q->reply->rcode, q->reply->flags, ede_text_of(q));
		wrong++;
	}
	for (size_t i = 0; i < 4 && cause->text[i] != NULL; i++) {
		if (strstr(ede_text_of(q), cause->text[i]) != NULL)
			continue;
		print_message("%s: \"%s\" does not say \"%s\"\n", cause->words, ede_text_of(q),
			      cause->text[i]);
		wrong++;
	}
	return wrong;
}

// One cause, one EDE and one text for clients and operators. What is answered is no failure, but
// for stale data, which stand in the place of one.
static unsigned look_at_record(const struct cause *cause, const char *name, uint16_t type,
			       const struct question *q)
{
	const struct explained *e = explain(name, type);
	bool stale = cause->prepare == stale_answer;
	unsigned wrong = 0;

	assert_int_equal(e->count, cause->rcode == RCODE_SERVFAIL || stale);
	if (e->count == 0 || stale)
		return 0;
	assert_int_equal(e->failed.ede, cause->ede);
	assert_string_equal(e->failed.text, ede_text_of(q));
	assert_explained(e, e->failed.text);
	for (size_t i = 0; i < 4 && cause->explained[i] != NULL; i++) {
		if (strstr(e->text, cause->explained[i]) != NULL)
			continue;
		print_message("%s: \"%s\" is not in:\n%s", cause->words, cause->explained[i],
			      e->text);
		wrong++;
	}
	return wrong;
}

// What did not validate is what its owner has to mend, whatever else takes the rest of the time.
static void time_that_runs_out_does_not_hide_that_keys_were_bogus(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_start(w);
	with((struct fault){.kind = FAULT_DROP, .name = "example.com.", .type = TYPE_DNSKEY});
	with((struct fault){
		.kind = FAULT_BOGUS, .name = "example.com.", .type = TYPE_DNSKEY, .times = 1});
	w->waited_ms = BUDGET_TIME_MS - 300;
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_DNSSEC_BOGUS);
	assert_int_equal(world_counter(w, "resolver.given_up_early"), 1);
}

static void each_cause_has_its_extended_error(void **state)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		const struct cause *cause = &causes[i];
		begin();
		world_add(w, &(struct world_zone){.apex = ZONE,
						  .servers = "ns1.zone.com.=" PROVIDER_A,
						  .text = "www.zone.com. 300 IN A 192.0.2.80\n",
						  .ds_text = cause->ds_text,
						  .options = cause->options});
		world_start(w);
		if (cause->prepare != NULL)
			cause->prepare();
		const char *name = cause->name != NULL ? cause->name : "www.zone.com.";
		uint16_t type = cause->type != 0 ? cause->type : TYPE_A;
		// Fresh, from the failure that is kept, and to one who does not ask for DNSSEC.
		struct question *q = world_ask(w, name, type, ASK_DO);
		wrong += look_at(cause, q);
		if (cause->prepare == stale_answer) // it goes on behind that
			world_advance(w, 3000);
		wrong += look_at_record(cause, name, type, q);
		wrong += look_at(cause, world_ask(w, name, type, ASK_DO));
		wrong += look_at(cause, world_ask(w, name, type, 0));
		print_message("%2d  %-44s %s\n", cause->ede, cause->words,
			      ede_text_of(world_ask(w, name, type, 0)));
		end_world(state);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(time_that_runs_out_does_not_hide_that_keys_were_bogus),
		scenario(each_cause_has_its_extended_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
