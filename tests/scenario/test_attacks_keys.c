// ATTACKS C1, C3: keys, signatures and DS that make a validator work.
#include "tests/scenario/work.h"

#define TRAP_KEYS 100
#define TRAP_TAG  4711

// ---- C1: many keys of one tag, many signatures of that tag ----

static struct {
	struct signer_key *keys[TRAP_KEYS];
	unsigned sent; // RRsets with as many RRSIGs
} trap;

static int end_trap(void **state)
{
	for (size_t i = 0; i < TRAP_KEYS; i++)
		signer_key_free(trap.keys[i]);
	memset(&trap, 0, sizeof(trap));
	return end_kept(state);
}

static void write_trap(struct builder *b, enum section section, const struct rrset *rrset)
{
	struct rrset *stripped = signer_strip(rrset);

	for (size_t i = 0; i < TRAP_KEYS; i++) {
		struct rrset *one =
			signer_sign(stripped, trap.keys[i], text_name("trap.com."), NULL);
		builder_record(b, section, rrset->owner, TYPE_RRSIG, CLASS_IN, rrset->ttl_s,
			       one->rrsigs[0].data, one->rrsigs[0].len);
		rrset_free(one);
	}
	rrset_free(stripped);
	trap.sent++;
}

// Every RRset but the DNSKEYs with 100 signatures, of which none is good.
static void set_trap(const struct network_query *query, enum section section, struct builder *b,
		     void *arg)
{
	struct signer_answer answer;

	(void)arg;
	signer_zone_query(world_zone(w, "trap.com.")->zone, query->name, query->type, &answer);
	if (section == SECTION_ANSWER && answer.rrset != NULL) {
		builder_rrset(b, section, answer.rrset, query->type == TYPE_DNSKEY);
		if (query->type != TYPE_DNSKEY)
			write_trap(b, section, answer.rrset);
	}
	for (size_t i = 0; section == SECTION_AUTHORITY && i < answer.proof_count; i++) {
		builder_rrset(b, section, answer.proofs[i], false);
		write_trap(b, section, answer.proofs[i]);
	}
	if (section == SECTION_AUTHORITY && answer.soa != NULL)
		builder_rrset(b, section, answer.soa, true);
}

// The DNSKEY RRset: the zone's own two, and the trap's.
static void set_keys(void)
{
	struct signer_zone *zone = world_zone(w, "trap.com.")->zone;
	const uint8_t *apex = text_name("trap.com.");
	struct signer_key *all[TRAP_KEYS + 2] = {
		(struct signer_key *)(uintptr_t)signer_zone_ksk(zone),
		(struct signer_key *)(uintptr_t)signer_zone_zsk(zone),
	};

	for (unsigned i = 0; i < TRAP_KEYS; i++) {
		if (trap.keys[i] == NULL)
			trap.keys[i] = signer_key_with_tag(8, 257, TRAP_TAG, i);
		all[i + 2] = trap.keys[i];
	}
	struct rrset *rrset = keep(signer_dnskey_rrset(apex, all, TRAP_KEYS + 2, 3600));
	signer_zone_replace(zone, signer_sign(rrset, signer_zone_ksk(zone), apex, NULL));
}

static void add_trap(void)
{
	static char text[2000];
	char *p = text;

	for (int i = 0; i < 10; i++)
		p += sprintf(p, "www%d.trap.com. 300 IN A 192.0.2.66\n", i);
	for (int i = 0; i < 10; i++)
		p += sprintf(p, "c%d.trap.com. 300 IN CNAME c%d.trap.com.\n", i, i + 1);
	world_add(w, &(struct world_zone){.apex = "trap.com.",
					  .servers = "n1.trap.com.=" ATTACKER
						     " n2.trap.com.=198.51.100.80"
						     " n3.trap.com.=192.0.2.80"
						     " n4.trap.com.=198.18.0.80",
					  .text = text});
}

static void open_trap(void)
{
	begin();
	add_example(w);
	add_trap();
	world_start(w);
	set_keys();
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	world_ask(w, "trap.com.", TYPE_DNSKEY, 0);
	with((struct fault){.below = "trap.com.", .replace = set_trap, .flags = FLAG_AA});
	with((struct fault){
		.name = "nope.trap.com.", .replace = set_trap, .flags = FLAG_AA | RCODE_NXDOMAIN});
	work_done();
}

static void fails_within_bounds(const char *name, uint16_t type)
{
	work_done();
	struct question *q = world_ask(w, name, type, ASK_DO);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	// It is said what did not validate, not that there was too much of it.
	assert_int_equal(q->reply->edns.ede, EDE_DNSSEC_BOGUS);
	assert_non_null(strstr(ede_text_of(q), "does not verify"));
	assert_false(q->reply->flags & FLAG_AD);
	struct work work = work_done();
	if (work.failed == 0 || trap.sent == 0)
		fail_msg("%s was no trap", name);
	assert_bounded(work);
	trap.sent = 0;
}

static void c1_keytrap_in_an_answer_a_denial_and_a_chain(void **state)
{
	(void)state;
	open_trap();
	fails_within_bounds("www0.trap.com.", TYPE_A);
	fails_within_bounds("nope.trap.com.", TYPE_A);
	fails_within_bounds("www1.trap.com.", TYPE_MX);
	fails_within_bounds("c0.trap.com.", TYPE_A);
	fails_within_bounds("www2.trap.com.", TYPE_ANY);
	fails_within_bounds("www3.trap.com.", TYPE_DS);
	assert_not_cached(w, "www0.trap.com.", TYPE_A);
	assert_not_cached(w, "nope.trap.com.", 0);
}

static void c1_other_questions_do_not_notice_a_keytrap(void **state)
{
	struct question *benign[40], *hostile[10];
	char name[40];

	(void)state;
	open_trap();
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "www%d.trap.com.", i % 10);
		if (i < 10)
			hostile[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
		snprintf(name, sizeof(name), "n%d.wild.example.com.", i);
		benign[i] = world_ask_later(w, name, TYPE_A, ASK_DO);
	}
	world_run(w);
	for (int i = 0; i < 40; i++) {
		assert_answer(benign[i], RCODE_NOERROR, true, EDE_NONE);
		assert_true(benign[i]->done_us - benign[i]->asked_us < 500000);
		assert_true(benign[i]->done_us <= hostile[0]->done_us);
	}
	for (int i = 0; i < 10; i++)
		assert_int_equal(hostile[i]->reply->rcode, RCODE_SERVFAIL);
	struct work work = work_done();
	assert_true(work.failed > 0 && work.failed <= 10 * FAILED_MAX);
	// Asked again, they cost nothing.
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "www%d.trap.com.", i);
		assert_int_equal(world_ask(w, name, TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	}
	assert_int_equal(work_done().failed, 0);
}

// The DNSKEY RRset is signed by all 100 as well, and by none rightly.
static void trap_dnskey(const struct network_query *query, enum section section, struct builder *b,
			void *arg)
{
	struct signer_zone *zone = world_zone(w, "trap.com.")->zone;
	const struct rrset *keys = signer_zone_find(zone, text_name("trap.com."), TYPE_DNSKEY);

	(void)query, (void)arg;
	if (section != SECTION_ANSWER)
		return;
	builder_rrset(b, section, keys, false);
	write_trap(b, section, keys);
}

// 100 DS of one tag in the zone above. right: they are digests of the keys of the trap.
static void set_ds(bool right)
{
	struct signer_zone *com = world_zone(w, "com.")->zone;
	struct rdata rdatas[TRAP_KEYS];
	uint8_t bytes[TRAP_KEYS][64];

	for (unsigned i = 0; i < TRAP_KEYS; i++) {
		size_t len = signer_ds(trap.keys[i], text_name("trap.com."), 2, bytes[i]);
		bytes[i][4] ^= right ? 0 : 1;
		rdatas[i] = (struct rdata){bytes[i], (uint16_t)len};
	}
	struct rrset *rrset =
		keep(signer_rrset_wire(text_name("trap.com."), TYPE_DS, 3600, rdatas, TRAP_KEYS));
	signer_zone_replace(com, signer_sign(rrset, signer_zone_zsk(com), text_name("com."), NULL));
}

static void many_ds_of_many_keys(bool right)
{
	begin();
	add_example(w);
	add_trap();
	world_start(w);
	set_keys();
	set_ds(right);
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	with((struct fault){.name = "trap.com.",
			    .type = TYPE_DNSKEY,
			    .replace = trap_dnskey,
			    .flags = FLAG_AA});
	work_done();
	struct question *q = world_ask_later(w, "www0.trap.com.", TYPE_A, ASK_DO);
	struct question *benign = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	unsigned ds = hashed.ds;
	assert_answer(benign, RCODE_NOERROR, true, EDE_NONE);
	assert_int_equal(q->reply->rcode, RCODE_SERVFAIL);
	assert_int_not_equal(q->reply->edns.ede, EDE_NONE);
	struct work work = work_done();
	if (right)
		assert_true(work.failed > 0);
	assert_bounded(work);
	// 8 DS against 2 keys of a tag, for each of the servers that are asked.
	assert_in_range(ds, 1, 64);
	assert_true(trap.sent > 0);
	assert_not_cached(w, "www0.trap.com.", TYPE_A);
}

static void c3_many_ds_that_match_no_key(void **state)
{
	(void)state;
	many_ds_of_many_keys(false);
}

static void c3_many_ds_that_each_match_a_key(void **state)
{
	(void)state;
	many_ds_of_many_keys(true);
}

#define row(f) cmocka_unit_test_setup_teardown(f, NULL, end_trap)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(c1_keytrap_in_an_answer_a_denial_and_a_chain),
		row(c1_other_questions_do_not_notice_a_keytrap),
		row(c3_many_ds_that_match_no_key),
		row(c3_many_ds_that_each_match_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
