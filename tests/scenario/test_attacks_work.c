// ATTACKS C2, C4: hashes and referrals that make a resolver work.
#include "tests/scenario/work.h"

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
			end_kept(state);
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

#define row(f) cmocka_unit_test_setup_teardown(f, NULL, end_kept)

int main(void)
{
	const struct CMUnitTest tests[] = {
		row(c2_hashes_stay_within_the_budget_whatever_the_denial),
		row(c2_hashes_of_a_zone_are_remembered),
		row(c2_an_honest_denial_of_125_labels_is_secure),
		row(c4_a_referral_to_1500_servers),
		row(c4_a_referral_to_1000_servers_that_refuse),
		row(c4_a_referral_to_1000_servers_that_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
