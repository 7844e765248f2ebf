// ATTACKS B: what is signed, and yet proves nothing, through whole resolutions.
#include "tests/scenario/flaws.h"
#include "tests/scenario/zones.h"

#define RECORDS_MAX 16

// ---- what a server says ----

static struct {
	struct rrset *made[128];
	size_t made_count;
	const struct rrset *records[RECORDS_MAX];
	enum section sections[RECORDS_MAX];
	size_t count;
} script;

static struct rrset *keep(struct rrset *rrset)
{
	assert_true(script.made_count < sizeof(script.made) / sizeof(script.made[0]));
	return script.made[script.made_count++] = rrset;
}

static void say(enum section section, const struct rrset *rrset)
{
	assert_non_null(rrset);
	assert_true(script.count < RECORDS_MAX);
	script.sections[script.count] = section;
	script.records[script.count++] = rrset;
}

static void say_denial(const struct signer_answer *answer)
{
	for (size_t i = 0; i < answer->proof_count; i++)
		say(SECTION_AUTHORITY, answer->proofs[i]);
}

static void speak(const struct network_query *query, enum section section, struct builder *b,
		  void *arg)
{
	(void)query, (void)arg;
	for (size_t i = 0; i < script.count; i++) {
		if (script.sections[i] == section)
			builder_rrset(b, section, script.records[i], true);
	}
}

static struct fault *says(const char *name, unsigned rcode)
{
	return network_fault(&w->network, &(struct fault){.name = name,
							  .replace = speak,
							  .flags = (uint16_t)(FLAG_AA | rcode)});
}

static int end_script(void **state)
{
	for (size_t i = 0; i < script.made_count; i++)
		rrset_free(script.made[i]);
	memset(&script, 0, sizeof(script));
	return end_world(state);
}

static struct signer_zone *zone(const char *apex)
{
	return world_zone(w, apex)->zone;
}

static const struct rrset *find(const char *apex, const char *name, uint16_t type)
{
	return signer_zone_find(zone(apex), text_name(name), type);
}

static const struct rrset *soa(const char *apex)
{
	return find(apex, apex, TYPE_SOA);
}

static const struct rrset *sign(const char *apex, struct rrset *rrset,
				const struct signer_options *options)
{
	return keep(
		signer_sign(keep(rrset), signer_zone_zsk(zone(apex)), text_name(apex), options));
}

static struct signer_answer query(const char *apex, const char *name, uint16_t type)
{
	struct signer_answer answer;

	signer_zone_query(zone(apex), text_name(name), type, &answer);
	return answer;
}

static void fails(const char *name, uint16_t type, const struct fault *fault)
{
	static const unsigned flags[] = {ASK_DO, 0, ASK_AD};

	for (size_t i = 0; i < 3; i++) {
		struct question *q = world_ask(w, name, type, flags[i]);
		if (q->reply->rcode != RCODE_SERVFAIL)
			fail_msg("%s: rcode %u, EDE %d", name, q->reply->rcode, q->reply->edns.ede);
		assert_false(q->reply->flags & FLAG_AD);
		assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
	}
	if (fault->hits == 0)
		fail_msg("%s: the false reply was never sent", name);
	assert_not_cached(w, name, type);
	assert_not_cached(w, name, 0);
}

static void is_secure(const char *name, uint16_t type, unsigned rcode)
{
	assert_answer(world_ask(w, name, type, ASK_DO), rcode, true, EDE_NONE);
}

// victim.com. and below it sub.victim.com., a zone of somebody else.
static void open_victim(bool nsec3)
{
	begin();
	world_add(w,
		  &(struct world_zone){
			  .apex = "victim.com.",
			  .servers = "ns1.victim.com.=" PROVIDER_A " ns2.victim.com.=" PROVIDER_B,
			  .text = "www.victim.com. 300 IN A 192.0.2.80\n"
				  "*.w.victim.com. 300 IN A 192.0.2.81\n"
				  "*.c.victim.com. 300 IN CNAME www.victim.com.\n"
				  "a.ent.victim.com. 300 IN A 192.0.2.82\n"
				  "old.victim.com. 300 IN DNAME new.victim.com.\n"
				  "x.new.victim.com. 300 IN A 192.0.2.83\n",
			  .options = {.nsec3 = nsec3},
		  });
	world_add(w, &(struct world_zone){.apex = "sub.victim.com.",
					  .servers = "ns.sub.victim.com.=" PROVIDER_C,
					  .text = "www.sub.victim.com. 300 IN A 192.0.2.84\n",
					  .options = {.nsec3 = nsec3}});
	world_start(w);
}

// ---- B1 ----

static void b1_a_wildcard_above_its_signers_zone(void **state)
{
	const struct signer_options options = {
		.has_labels = true, .labels = 1, .signed_owner = signer_name("*.com.")};
	const char *name = "n.sub.victim.com.";

	(void)state;
	open_victim(false);
	say(SECTION_ANSWER,
	    sign("sub.victim.com.", signer_rrset("n.sub.victim.com. 300 IN A " FLAW_ADDRESS),
		 &options));
	struct signer_answer none = query("sub.victim.com.", name, TYPE_A);
	say_denial(&none);
	fails(name, TYPE_A, says(name, RCODE_NOERROR));
	is_secure("www.victim.com.", TYPE_A, RCODE_NOERROR);
}

// ---- B2 ----

static void b2_an_nsec_that_leads_out_of_its_zone(void **state)
{
	static const uint16_t types[] = {TYPE_NS, TYPE_SOA, TYPE_RRSIG, TYPE_NSEC, TYPE_DNSKEY, 0};
	const char *name = "nope.sub.victim.com.";

	(void)state;
	open_victim(false);
	say(SECTION_AUTHORITY, soa("sub.victim.com."));
	say(SECTION_AUTHORITY,
	    sign("sub.victim.com.", signer_nsec("sub.victim.com.", "zzz.victim.com.", types, 300),
		 NULL));
	fails(name, TYPE_A, says(name, RCODE_NXDOMAIN));
	// Nothing of it is held against names that it would cover.
	is_secure("www.victim.com.", TYPE_A, RCODE_NOERROR);
	is_secure("x.w.victim.com.", TYPE_A, RCODE_NOERROR);
}

// ---- B3 ----

static void b3_an_nsec3_of_the_child_for_the_parent(void **state)
{
	static const uint16_t types[] = {TYPE_TXT, TYPE_RRSIG, 0};
	const struct signer_nsec3_params params = {0};
	const struct signer_options child = {.signer = signer_name("sub.victim.com.")};
	const char *name = "www.victim.com.";

	(void)state;
	open_victim(true);
	// By name it would match.
	say(SECTION_AUTHORITY, soa("victim.com."));
	struct rrset *nsec3 =
		keep(signer_nsec3(name, "victim.com.", &params, false, NULL, types, 300));
	say(SECTION_AUTHORITY, keep(signer_sign(nsec3, signer_zone_zsk(zone("sub.victim.com.")),
						text_name("sub.victim.com."), &child)));
	nsec3 = signer_nsec3(name, "sub.victim.com.", &params, false, NULL, types, 300);
	say(SECTION_AUTHORITY, sign("sub.victim.com.", nsec3, NULL));
	fails(name, TYPE_MX, says(name, RCODE_NOERROR));
	network_heal(&w->network);
	is_secure("www.victim.com.", TYPE_A, RCODE_NOERROR);
}

// ---- B4 ----

static void b4_the_parents_nsec_of_a_delegation(void **state)
{
	(void)state;
	open_victim(false);
	say(SECTION_AUTHORITY, soa("victim.com."));
	say(SECTION_AUTHORITY, find("com.", "victim.com.", TYPE_NSEC));
	fails("victim.com.", TYPE_MX, says("victim.com.", RCODE_NOERROR));
	fails("www.victim.com.", TYPE_A, says("www.victim.com.", RCODE_NXDOMAIN));
}

static void b4_the_same_with_the_soa_of_the_parent(void **state)
{
	(void)state;
	open_victim(false);
	is_secure("a.ent.victim.com.", TYPE_A, RCODE_NOERROR);
	say(SECTION_AUTHORITY, soa("com."));
	say(SECTION_AUTHORITY, find("com.", "victim.com.", TYPE_NSEC));
	fails("www.victim.com.", TYPE_A, says("www.victim.com.", RCODE_NXDOMAIN));
}

static void b4_a_grandparent_denies_a_ds(void **state)
{
	(void)state;
	open_victim(false);
	say(SECTION_AUTHORITY, soa("com."));
	say(SECTION_AUTHORITY, find(".", "com.", TYPE_NSEC));
	struct fault *fault = says("victim.com.", RCODE_NOERROR);
	fault->type = TYPE_DS;
	with((struct fault){.kind = FAULT_STRIP, .name = "victim.com.", .type = TYPE_A});
	fails("victim.com.", TYPE_DS, fault);
	fails("www.victim.com.", TYPE_A, fault);
}

static void b4_the_child_denies_its_ds(void **state)
{
	(void)state;
	open_victim(false);
	say(SECTION_AUTHORITY, soa("victim.com."));
	say(SECTION_AUTHORITY, find("victim.com.", "victim.com.", TYPE_NSEC));
	struct fault *fault = says("victim.com.", RCODE_NOERROR);
	fault->type = TYPE_DS;
	fails("victim.com.", TYPE_DS, fault);
}

// ---- B5 ----

static const struct rrset *without_proof(const struct network_query *asked, enum section section,
					 const struct rrset *rrset, void *arg)
{
	(void)asked, (void)section, (void)arg;
	return rrset->type == TYPE_NSEC || rrset->type == TYPE_NSEC3 ? NULL : rrset;
}

static void b5_wildcards_without_their_proof(void **state)
{
	static const struct {
		const char *first, *name;
		uint16_t type;
	} rows[] = {
		{"a.w.victim.com.", "b.w.victim.com.", TYPE_A},
		{"a.c.victim.com.", "b.c.victim.com.", TYPE_A},
		{"a.w.victim.com.", "b.w.victim.com.", TYPE_MX},
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		open_victim(i % 2);
		// A proof for another name does not help, nor one of the same that has expired.
		is_secure(rows[i / 2].first, rows[i / 2].type, RCODE_NOERROR);
		struct fault *fault =
			network_fault(&w->network, &(struct fault){.name = rows[i / 2].name,
								   .rewrite = without_proof});
		fails(rows[i / 2].name, rows[i / 2].type, fault);
		network_heal(&w->network);
		world_advance(w, 100000);
		is_secure(rows[i / 2].name, rows[i / 2].type, RCODE_NOERROR);
		end_script(state);
	}
}

// ---- B6: any order of good and false replies, of CD=1 and CD=0 ----

static void b6_any_order_of_clients_and_replies(void **state)
{
	static const enum flaw_kind kinds[] = {FLAW_WRONG_SIGNATURE, FLAW_STRIPPED, FLAW_EXPIRED,
					       FLAW_STOLEN_NAME, FLAW_CUT};
	uint32_t random = 12345;
	unsigned false_replies = 0, unproven = 0, good = 0;

	(void)state;
	open_victim(false);
	struct flaw flaw = {.zone = zone("victim.com."),
			    .evil = zone("sub.victim.com."),
			    .above = zone("com.")};
	for (int i = 0; i < 1500; i++) {
		random = random * 1664525 + 1013904223;
		unsigned dice = random >> 16;
		char name[40];
		snprintf(name, sizeof(name), "n%u.w.victim.com.", dice % 5);
		flaw.kind = kinds[dice % 5];
		network_heal(&w->network);
		if (dice & 64) {
			struct fault fault = flaw_fault(&flaw);
			fault.below = "w.victim.com.";
			network_fault(&w->network, &fault);
		}
		unsigned flags = (dice & 128 ? ASK_DO : 0) | (dice & 256 ? ASK_CD : 0);
		struct question *q = world_ask(w, name, TYPE_A, flags);
		bool lie = strcmp(question_data(q, TYPE_A, 0), FLAW_ADDRESS) == 0;
		unproven += lie;
		if (lie && (!(flags & ASK_CD) || q->reply->flags & FLAG_AD))
			fail_msg("step %d: a false answer for flags %u", i, flags);
		if (!lie && q->reply->rcode == RCODE_NOERROR) {
			assert_address(q, "192.0.2.81");
			good++;
		}
		world_advance(w, dice % 7 == 0 ? 60000 + dice % 300000 : dice % 20000);
	}
	false_replies = flaw.sent;
	flaw_free(&flaw);
	// All of it has really happened.
	assert_true(false_replies > 50 && unproven > 50 && good > 100);
}

// ---- B7, B8 ----

// A DS of the zone's own KSK, with changes.
static char *ds_line(char *text, uint8_t algorithm, uint8_t digest_type, bool right)
{
	uint8_t rdata[64];
	const struct signer_key *ksk = signer_zone_ksk(zone("sub.victim.com."));
	size_t len = signer_ds(ksk, text_name("sub.victim.com."), digest_type, rdata);

	text += sprintf(text, "sub.victim.com. 3600 IN DS %u %u %u ", ksk->tag,
			algorithm != 0 ? algorithm : ksk->algorithm, digest_type);
	rdata[4] ^= right ? 0 : 1;
	for (size_t i = 4; i < len; i++)
		text += sprintf(text, "%02x", rdata[i]);
	return text + sprintf(text, "\n");
}

static void set_ds(const char *text)
{
	struct rrset *ds = keep(signer_rrset(text));

	signer_zone_replace(zone("victim.com."),
			    signer_sign(ds, signer_zone_zsk(zone("victim.com.")),
					text_name("victim.com."), NULL));
}

enum outcome { BOGUS, INSECURE, SECURE };

static void with_ds(const char *text, enum fault_kind kind, enum outcome outcome)
{
	set_ds(text);
	if (kind != FAULT_NONE)
		with((struct fault){.kind = kind, .name = "www.sub.victim.com."});
	struct question *q = world_ask(w, "www.sub.victim.com.", TYPE_A, ASK_DO);
	assert_int_equal(q->reply->rcode, outcome == BOGUS ? RCODE_SERVFAIL : RCODE_NOERROR);
	assert_int_equal(!!(q->reply->flags & FLAG_AD), outcome == SECURE);
}

static void b7_algorithms_of_the_ds(void **state)
{
	static const struct {
		bool known, unknown;
		enum fault_kind kind;
		enum outcome outcome;
	} rows[] = {
		{true, true, FAULT_NONE, SECURE}, // any one that is supported will do
		{true, true, FAULT_STRIP, BOGUS}, // but one must
		{true, true, FAULT_BOGUS, BOGUS},
		{false, true, FAULT_NONE, INSECURE}, // nobody could check
		{false, true, FAULT_FORGED, INSECURE},
	};
	char text[1000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_victim(false);
		char *p = text;
		if (rows[i].unknown)
			p = ds_line(p, 200, 2, true);
		if (rows[i].known)
			p = ds_line(p, 0, 2, true);
		with_ds(text, rows[i].kind, rows[i].outcome);
		end_script(state);
	}
}

static void b8_sha_1_digests_do_not_count_beside_better_ones(void **state)
{
	static const struct {
		bool sha_1, sha_2;
		enum outcome outcome;
	} rows[] = {{true, true, SECURE}, {false, true, SECURE}, {true, false, BOGUS}};
	char text[1000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_victim(false);
		ds_line(ds_line(text, 0, 1, rows[i].sha_1), 0, 2, rows[i].sha_2);
		with_ds(text, FAULT_NONE, rows[i].outcome);
		end_script(state);
	}
}

// ---- B10 ----

// Keys that nobody can use, of the tag and algorithm of the real ones, in a good RRset.
static void b10_broken_keys_of_the_same_tag(void **state)
{
	struct batch_counters before, after;
	struct signer_key *broken[8];

	for (unsigned count = 1; count <= 8; count++) {
		open_victim(false);
		struct signer_zone *z = zone("victim.com.");
		const uint8_t *apex = text_name("victim.com.");
		struct signer_key *all[10];
		for (unsigned i = 0; i < count; i++)
			all[i] = broken[i] = signer_key_with_tag(13, 256, signer_zone_zsk(z)->tag,
								 i + count * 10);
		all[count] = (struct signer_key *)(uintptr_t)signer_zone_ksk(z);
		all[count + 1] = (struct signer_key *)(uintptr_t)signer_zone_zsk(z);
		struct rrset *keys = keep(signer_dnskey_rrset(apex, all, count + 2, 3600));
		signer_zone_replace(z, signer_sign(keys, signer_zone_ksk(z), apex, NULL));
		batch_counters(w->batch, &before);
		struct question *q = world_ask(w, "www.victim.com.", TYPE_A, ASK_DO);
		batch_counters(w->batch, &after);
		if (count == 1)
			assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		else
			assert_true(q->reply->rcode == RCODE_SERVFAIL || q->reply->flags & FLAG_AD);
		assert_true(after.failed + after.unusable - before.failed - before.unusable <= 16);
		for (unsigned i = 0; i < count; i++)
			signer_key_free(broken[i]);
		end_script(state);
	}
}

// ---- B11 ----

static void b11_nothing_outlives_its_signature(void **state)
{
	const struct signer_options soon = {.expiration_s = SIGNER_NOW + 60};
	const struct signer_options short_ttl = {.has_original_ttl = true, .original_ttl = 20};

	(void)state;
	open_victim(false);
	signer_zone_replace(zone("victim.com."),
			    signer_sign(keep(signer_rrset("www.victim.com. 300 IN A 192.0.2.80")),
					signer_zone_zsk(zone("victim.com.")),
					text_name("victim.com."), &soon));
	signer_zone_replace(zone("victim.com."),
			    signer_sign(keep(signer_rrset("x.new.victim.com. 300 IN A 192.0.2.83")),
					signer_zone_zsk(zone("victim.com.")),
					text_name("victim.com."), &short_ttl));
	struct question *q = world_ask(w, "www.victim.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 60);
	q = world_ask(w, "x.new.victim.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_true(q->reply->sections[SECTION_ANSWER].rrsets[0]->ttl_s <= 20);
	// The zone goes on with a signature that is over, and nothing is left to serve stale.
	world_advance(w, 61000);
	q = world_ask(w, "www.victim.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_EXPIRED);
	assert_not_cached(w, "www.victim.com.", TYPE_A);
}

static void b11_a_step_of_the_clock_ends_ad_at_once(void **state)
{
	(void)state;
	open_victim(false);
	is_secure("www.victim.com.", TYPE_A, RCODE_NOERROR);
	w->wall_offset_s = 900000; // past every signature
	struct question *q = world_ask(w, "www.victim.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_SIGNATURE_EXPIRED);
	w->wall_offset_s = 0;
	world_advance(w, 61000);
	is_secure("www.victim.com.", TYPE_A, RCODE_NOERROR);
}

// ---- B12 ----

static void b12_what_nsec3_zones_may_say(void **state)
{
	(void)state;
	open_victim(true);
	is_secure("ent.victim.com.", TYPE_A, RCODE_NOERROR);
	is_secure("x.old.victim.com.", TYPE_A, RCODE_NOERROR);
	is_secure("nope.old.victim.com.", TYPE_A, RCODE_NXDOMAIN);
	is_secure("nope.ent.victim.com.", TYPE_A, RCODE_NXDOMAIN);
	is_secure("old.victim.com.", TYPE_A, RCODE_NOERROR);
}

// Genuine opt-out records of a zone above, about another name, do not make a signed zone unsigned.
static void b12_an_opt_out_span_that_is_not_the_names(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "victim.net.",
					  .servers = "ns.victim.net.=" PROVIDER_A,
					  .text = "www.victim.net. 300 IN A 192.0.2.80\n"});
	world_add(w, &(struct world_zone){.apex = "plain.net.",
					  .servers = "ns.plain.net.=" PROVIDER_B,
					  .text = "www.plain.net. 300 IN A 192.0.2.85\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	struct signer_answer other = query("net.", "plain.net.", TYPE_DS);
	assert_true(other.proof_count >= 1);
	say(SECTION_AUTHORITY, soa("net."));
	say_denial(&other);
	struct fault *fault = says("victim.net.", RCODE_NOERROR);
	fault->type = TYPE_DS;
	with((struct fault){.kind = FAULT_STRIP, .below = "victim.net.", .server = PROVIDER_A});
	with((struct fault){.kind = FAULT_STRIP, .name = "victim.net.", .type = TYPE_A});
	fails("www.victim.net.", TYPE_A, fault);
	struct question *q = world_ask(w, "www.plain.net.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
}

// ---- B13 ----

static void b13_compact_denial(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "compact.com.",
					  .servers = "ns.compact.com.=" PROVIDER_A,
					  .text = "www.compact.com. 300 IN A 192.0.2.80\n",
					  .options = {.compact = true}});
	world_start(w);
	is_secure("www.compact.com.", TYPE_A, RCODE_NOERROR);
	is_secure("www.compact.com.", TYPE_MX, RCODE_NOERROR);
	struct question *q = world_ask(w, "nope.compact.com.", TYPE_A, ASK_DO);
	assert_true(q->reply->flags & FLAG_AD);
	assert_int_equal(q->reply->sections[SECTION_ANSWER].count, 0);
	// What is said of one name is not said of another.
	struct signer_answer other = query("compact.com.", "nope.compact.com.", TYPE_A);
	say(SECTION_AUTHORITY, soa("compact.com."));
	say_denial(&other);
	fails("www.compact.com.", TYPE_TXT, says("www.compact.com.", RCODE_NOERROR));
	network_heal(&w->network);
	assert_address(world_ask(w, "www.compact.com.", TYPE_A, 0), "192.0.2.80");
}

#define row(f) cmocka_unit_test_setup_teardown(f, NULL, end_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(b1_a_wildcard_above_its_signers_zone),
		row(b2_an_nsec_that_leads_out_of_its_zone),
		row(b3_an_nsec3_of_the_child_for_the_parent),
		row(b4_the_parents_nsec_of_a_delegation),
		row(b4_the_same_with_the_soa_of_the_parent),
		row(b4_a_grandparent_denies_a_ds),
		row(b4_the_child_denies_its_ds),
		row(b5_wildcards_without_their_proof),
		row(b6_any_order_of_clients_and_replies),
		row(b7_algorithms_of_the_ds),
		row(b8_sha_1_digests_do_not_count_beside_better_ones),
		row(b10_broken_keys_of_the_same_tag),
		row(b11_nothing_outlives_its_signature),
		row(b11_a_step_of_the_clock_ends_ad_at_once),
		row(b12_what_nsec3_zones_may_say),
		row(b12_an_opt_out_span_that_is_not_the_names),
		row(b13_compact_denial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
