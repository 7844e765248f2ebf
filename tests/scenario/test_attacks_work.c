// ATTACKS C: what makes a validator work. Counted where the work is done, not where it is charged:
// the linker puts the functions below in front of crypto's.
#include "crypto/digest.h"
#include "tests/scenario/explained.h"
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define TRAP_KEYS    100
#define TRAP_TAG     4711
#define ATTACKER     "203.0.113.80"
#define VERIFIED_MAX 64
#define FAILED_MAX   16
#define HASHES_MAX   32

// ---- work done ----

static struct {
	unsigned nsec3, nsec3_sha1, ds;
} hashed;

bool __real_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN]);
bool __wrap_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN]);
bool __real_digester_ds_matches(struct digester *digester, const uint8_t *owner,
				const uint8_t *dnskey, size_t dnskey_len,
				const struct rdata_ds *ds);
bool __wrap_digester_ds_matches(struct digester *digester, const uint8_t *owner,
				const uint8_t *dnskey, size_t dnskey_len,
				const struct rdata_ds *ds);

bool __wrap_digester_nsec3(struct digester *digester, const uint8_t *name, const uint8_t *salt,
			   size_t salt_len, unsigned iterations, uint8_t out[NSEC3_HASH_LEN])
{
	hashed.nsec3++;
	hashed.nsec3_sha1 += iterations + 1;
	return __real_digester_nsec3(digester, name, salt, salt_len, iterations, out);
}

bool __wrap_digester_ds_matches(struct digester *digester, const uint8_t *owner,
				const uint8_t *dnskey, size_t dnskey_len, const struct rdata_ds *ds)
{
	hashed.ds++;
	return __real_digester_ds_matches(digester, owner, dnskey, dnskey_len, ds);
}

struct work {
	uint64_t verified, failed;
};

// Since the last call.
static struct work work_done(void)
{
	static struct batch_counters last;
	struct batch_counters now;

	batch_counters(w->batch, &now);
	struct work work = {
		.verified = now.verified - last.verified,
		.failed = now.failed - last.failed + now.unusable - last.unusable,
	};
	last = now;
	memset(&hashed, 0, sizeof(hashed));
	return work;
}

static void assert_bounded(struct work work)
{
	if (work.failed > FAILED_MAX || work.verified + work.failed > VERIFIED_MAX)
		fail_msg("%d verified, %d failed", (int)work.verified, (int)work.failed);
}

// ---- C1: many keys of one tag, many signatures of that tag ----

static struct {
	struct signer_key *keys[TRAP_KEYS];
	struct rrset *made[64];
	size_t made_count;
	unsigned sent; // RRsets with as many RRSIGs
} trap;

static struct rrset *keep(struct rrset *rrset)
{
	assert_true(trap.made_count < sizeof(trap.made) / sizeof(trap.made[0]));
	return trap.made[trap.made_count++] = rrset;
}

static int end_trap(void **state)
{
	for (size_t i = 0; i < trap.made_count; i++)
		rrset_free(trap.made[i]);
	for (size_t i = 0; i < TRAP_KEYS; i++)
		signer_key_free(trap.keys[i]);
	memset(&trap, 0, sizeof(trap));
	return end_world(state);
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

// ---- C2: names of 125 labels, and NSEC3 records of as many salts ----

enum encloser { NXDOMAIN, NODATA, DS, REFERRAL, WILDCARD };

static struct {
	enum encloser kind;
	uint16_t iterations;
	unsigned sent;
	char name[300];
	const struct rrset *nsec3s[16];
} deep;

// Good in themselves, and about names that nobody asked for.
static void make_nsec3s(void)
{
	static const uint16_t types[] = {TYPE_A, TYPE_RRSIG, 0};
	const struct signer_zone *zone = world_zone(w, "d.com.")->zone;

	for (unsigned i = 0; i < 16; i++) {
		struct signer_nsec3_params params = {.iterations = deep.iterations, .salt_len = 4};
		char owner[30];
		params.salt[0] = (uint8_t)i;
		snprintf(owner, sizeof(owner), "x%u.d.com.", i);
		struct rrset *rrset =
			keep(signer_nsec3(owner, "d.com.", &params, false, NULL, types, 300));
		rrset = keep(signer_sign(rrset, signer_zone_zsk(zone), text_name("d.com."), NULL));
		deep.nsec3s[i] = rrset;
	}
}

static void write_nsec3s(struct builder *b)
{
	for (unsigned i = 0; i < 16; i++)
		builder_rrset(b, SECTION_AUTHORITY, deep.nsec3s[i], true);
	deep.sent++;
}

static void write_soa(struct builder *b)
{
	builder_rrset(
		b, SECTION_AUTHORITY,
		signer_zone_find(world_zone(w, "d.com.")->zone, text_name("d.com."), TYPE_SOA),
		true);
}

// The wildcard's RRset under the name asked for.
static void write_expansion(const struct network_query *query, struct builder *b)
{
	const struct rrset *wildcard =
		signer_zone_find(world_zone(w, "d.com.")->zone, text_name("*.d.com."), TYPE_A);

	struct rrset *expanded = signer_move(wildcard, query->name);

	builder_rrset(b, SECTION_ANSWER, expanded, true);
	rrset_free(expanded);
}

static void write_text(struct builder *b, enum section section, const uint8_t *owner,
		       const char *line)
{
	struct text_record record;

	text_record(line, &record);
	builder_record(b, section, owner, record.type, CLASS_IN, record.ttl_s, record.rdata,
		       record.rdlen);
}

static void answer_deep(const struct network_query *query, enum section section, struct builder *b,
			void *arg)
{
	bool full = name_equal(query->name, text_name(deep.name));
	bool positive = deep.kind == WILDCARD && query->type == TYPE_A;
	bool referral = deep.kind == REFERRAL && query->type == TYPE_A && full;

	(void)arg;
	if (section == SECTION_ANSWER && positive)
		write_expansion(query, b);
	if (section == SECTION_AUTHORITY) {
		if (referral)
			write_text(b, section, query->name, "x. 300 IN NS ns.sub.d.com.");
		else if (!positive)
			write_soa(b);
		write_nsec3s(b);
	}
	if (section == SECTION_ADDITIONAL && referral)
		write_text(b, section, text_name("ns.sub.d.com."), "x. 300 IN A 203.0.113.81");
}

static void answer_child(const struct network_query *query, enum section section, struct builder *b,
			 void *arg)
{
	(void)arg;
	if (section == SECTION_ANSWER && query->type == TYPE_A)
		write_text(b, section, query->name, "x. 300 IN A 192.0.2.67");
}

static void ask_deep(enum encloser kind, uint16_t iterations)
{
	bool insecure = iterations > 50;
	unsigned positive = kind == NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR;

	deep.kind = kind;
	deep.iterations = iterations;
	deep.sent = 0;
	begin();
	add_example(w);
	world_add(w, &(struct world_zone){.apex = "d.com.",
					  .servers = "n1.d.com.=" ATTACKER,
					  .text = "*.d.com. 300 IN A 192.0.2.66\n",
					  .options = {.nsec3 = true}});
	network_serve(&w->network, "203.0.113.81", NULL);
	world_start(w);
	make_nsec3s();
	world_ask(w, "d.com.", TYPE_DNSKEY, 0);
	with((struct fault){.below = "d.com.",
			    .server = ATTACKER,
			    .replace = answer_deep,
			    .flags = kind == REFERRAL ? 0 : FLAG_AA | positive});
	with((struct fault){.below = "d.com.",
			    .server = "203.0.113.81",
			    .replace = answer_child,
			    .flags = FLAG_AA});
	work_done();
	struct question *q =
		world_ask(w, deep.name, kind == DS ? TYPE_DS : TYPE_A, ASK_DO | ASK_TCP);
	unsigned hashes = hashed.nsec3, sha1 = hashed.nsec3_sha1;
	if (q->reply->rcode != (insecure ? positive : RCODE_SERVFAIL) ||
	    q->reply->flags & FLAG_AD || hashes > HASHES_MAX || deep.sent == 0)
		fail_msg("kind %d, %u iterations: rcode %u, flags %x, EDE %d, %u hashes", kind,
			 iterations, q->reply->rcode, q->reply->flags, q->reply->edns.ede, hashes);
	assert_true(sha1 <= HASHES_MAX * 51);
	if (insecure)
		assert_int_equal(hashes, 0);
	else
		assert_true(hashes > 0);
	assert_bounded(work_done());
	assert_answer(world_ask(w, "www.example.com.", TYPE_A, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
}

static void c2_hashes_stay_within_the_budget_whatever_the_denial(void **state)
{
	static const uint16_t iterations[] = {0, 50, 51, 2500, 65535};

	strcpy(deep.name, "");
	for (int i = 0; i < 123; i++)
		strcat(deep.name, "a.");
	strcat(deep.name, "d.com.");
	assert_int_equal(name_labels(text_name(deep.name)), 125);
	for (enum encloser kind = NXDOMAIN; kind <= WILDCARD; kind++) {
		for (size_t i = 0; i < sizeof(iterations) / sizeof(iterations[0]); i++) {
			ask_deep(kind, iterations[i]);
			end_trap(state);
		}
	}
}

// What an honest zone needs for the deepest of names fits.
// The closest encloser and its wildcard are the same for every name that is not there.
static void c2_hashes_of_a_zone_are_remembered(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "zone.com.",
					  .servers = "ns.zone.com.=" PROVIDER_A,
					  .text = "www.zone.com. 300 IN A 192.0.2.80\n",
					  .options = {.nsec3 = true}});
	world_start(w);
	world_ask(w, "www.zone.com.", TYPE_A, ASK_DO);
	work_done();
	assert_answer(world_ask(w, "no.zone.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	assert_in_range(hashed.nsec3, 3, HASHES_MAX);
	work_done();
	for (int i = 0; i < 50; i++) {
		char name[40];
		snprintf(name, sizeof(name), "no%d.zone.com.", i);
		assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	}
	// One each. Where a hash is kept is chosen by a key of this start: two may share a place.
	assert_in_range(hashed.nsec3, 50, 53);
	work_done();
	// And what was asked before costs none at all.
	world_flush(w, text_name("zone.com."));
	assert_answer(world_ask(w, "no.zone.com.", TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	assert_in_range(hashed.nsec3, 0, 3);
}

static void c2_an_honest_denial_of_125_labels_is_secure(void **state)
{
	char name[300] = "";

	(void)state;
	for (int i = 0; i < 123; i++)
		strcat(name, "a.");
	strcat(name, "d.com.");
	begin();
	world_add(w,
		  &(struct world_zone){.apex = "d.com.",
				       .servers = "n1.d.com.=" ATTACKER,
				       .text = "x.d.com. 300 IN A 192.0.2.66\n",
				       .options = {.nsec3 = true, .params = {.iterations = 50}}});
	world_start(w);
	work_done();
	assert_answer(world_ask(w, name, TYPE_A, ASK_DO), RCODE_NXDOMAIN, true, EDE_NONE);
	assert_in_range(hashed.nsec3, 1, HASHES_MAX);
	assert_bounded(work_done());
}

// ---- C4: referrals to more servers than anybody has ----

static unsigned ns_count, ns_sent;

static void refer_to_many(const struct network_query *query, enum section section,
			  struct builder *b, void *arg)
{
	char line[80];

	(void)query, (void)arg;
	for (unsigned i = 0; section == SECTION_AUTHORITY && i < ns_count; i++) {
		snprintf(line, sizeof(line), "x. 3600 IN NS n%u.many.com.", i);
		write_text(b, section, text_name("many.com."), line);
		ns_sent++;
	}
	for (unsigned i = 0; section == SECTION_ADDITIONAL && i < 200; i++) {
		char owner[40];
		snprintf(owner, sizeof(owner), "n%u.many.com.", i);
		snprintf(line, sizeof(line), "x. 3600 IN A 198.18.1.%u", i + 1);
		write_text(b, section, text_name(owner), line);
	}
}

static void refer(unsigned count, enum fault_kind kind, size_t packets_max)
{
	ns_count = count;
	ns_sent = 0;
	begin();
	add_example(w);
	w->config.qname_minimisation = false;
	world_add(w, &(struct world_zone){.apex = "many.com.",
					  .servers = "n1.many.com.=198.18.1.1",
					  .options = {.unsigned_ = true}});
	world_start(w);
	for (unsigned i = 0; i < 100; i++) {
		char address[40];
		snprintf(address, sizeof(address), "198.18.1.%u", i + 1);
		network_serve(&w->network, address, world_zone(w, "many.com.")->zone);
	}
	with((struct fault){.kind = kind, .below = "many.com."});
	with((struct fault){
		.below = "many.com.", .server = "192.5.6.30", .replace = refer_to_many});
	with((struct fault){
		.below = "many.com.", .server = "198.51.101.30", .replace = refer_to_many});
	world_ask(w, "www.example.com.", TYPE_MX, 0);
	network_forget_log(&w->network);
	struct question *q = world_ask_later(w, "www.many.com.", TYPE_A, ASK_DO);
	struct question *benign = world_ask_later(w, "www.example.com.", TYPE_A, ASK_DO);
	world_run(w);
	assert_answer(benign, RCODE_NOERROR, true, EDE_NONE);
	assert_true(benign->done_us - benign->asked_us < 500000);
	assert_answer(q, RCODE_SERVFAIL, false, EDE_NO_REACHABLE_AUTHORITY);
	assert_true(q->done_us - q->asked_us <= 7000000);
	assert_true(ns_sent >= count);
	assert_sent_at_most(w, packets_max);
	// What is remembered of it is asked for no more.
	network_forget_log(&w->network);
	assert_int_equal(world_ask(w, "www.many.com.", TYPE_A, 0)->reply->rcode, RCODE_SERVFAIL);
	assert_sent(w, 0);
}

static void c4_a_referral_to_1500_servers(void **state)
{
	(void)state;
	refer(1500, FAULT_REFUSED, 24);
}

static void c4_a_referral_to_1000_servers_that_refuse(void **state)
{
	(void)state;
	refer(1000, FAULT_REFUSED, 24);
}

static void c4_a_referral_to_1000_servers_that_are_silent(void **state)
{
	(void)state;
	refer(1000, FAULT_DROP, 32);
}

#define row(f) cmocka_unit_test_setup_teardown(f, NULL, end_trap)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(c1_keytrap_in_an_answer_a_denial_and_a_chain),
		row(c1_other_questions_do_not_notice_a_keytrap),
		row(c2_hashes_stay_within_the_budget_whatever_the_denial),
		row(c2_hashes_of_a_zone_are_remembered),
		row(c2_an_honest_denial_of_125_labels_is_secure),
		row(c3_many_ds_that_match_no_key),
		row(c3_many_ds_that_each_match_a_key),
		row(c4_a_referral_to_1500_servers),
		row(c4_a_referral_to_1000_servers_that_refuse),
		row(c4_a_referral_to_1000_servers_that_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
