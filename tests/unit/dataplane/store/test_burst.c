// A burst gives what its queries give one by one: the same verdicts, bytes and counters.
#include "tests/unit/dataplane/store/served.h"

#define CAP 1300
#define BURSTS 4000

static uint8_t messages[STORE_BURST_MAX][2048], alone[STORE_BURST_MAX][2048];
static uint16_t lens[STORE_BURST_MAX], caps[STORE_BURST_MAX];
static struct serve serves[STORE_BURST_MAX];
static struct address clients[5];

static unsigned below(unsigned *random, unsigned limit)
{
	return (unsigned)rand_r(random) % limit;
}

static void fill_cache(void)
{
	struct given list[] = {given_address("a.x."), given_cname("c1.x.", "@c2.x."),
		given_cname("c2.x.", "@A.x."), given_nxdomain("n.c."),
		given_failure("f.x.", EDE_DNSSEC_BOGUS), given_failure("u.x.", 22),
		given_cname("s1.x.", "@s2.x."), given_address("s2.x."), given_address("p.x."),
		given_failure("s2.x.", 22)};

	list[0].rrsigs[0] = (struct given_record){NULL, TYPE_RRSIG, 60, "*100:55"};
	list[0].data[1] = (struct given_record){NULL, TYPE_A, 60, "c0000202"};
	list[7].ttl_s = 5;
	list[7].data[0].ttl_s = 5;
	list[7].stale_s = 3600;
	list[9].ttl_s = 60;
	list[8].security = SECURITY_UNPROVEN;
	list[8].ttl_s = 25;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		put(&list[i]);
	put(&(const struct given){.name = "old.x.", .kind = ENTRY_DNAME, .ttl_s = 50,
				  .security = SECURITY_SECURE,
				  .data = {{NULL, TYPE_DNAME, 50, "@x."}}});
	put(&(const struct given){.name = "t.x.", .type = TYPE_TXT, .kind = ENTRY_POSITIVE,
				  .ttl_s = 60, .data = {{NULL, TYPE_TXT, 60, "*700:01"}}});
	put(&(const struct given){.name = "a.x.", .type = TYPE_AAAA, .kind = ENTRY_NODATA,
				  .ttl_s = 60, .data = {{"c.", TYPE_SOA, 60, SOA_RDATA}}});
}

static uint16_t random_query(unsigned *random, uint8_t *out)
{
	static const char *const names[] = {"a.x.", "A.X.", "c1.x.", "c2.x.", "n.c.", "q.n.c.",
		"f.x.", "u.x.", "s1.x.", "s2.x.", "p.x.", "a.old.x.", "old.x.", "t.x.", "miss.x.",
		"id.server.", "version.bind."};
	static const unsigned types[] = {1, 1, 1, 1, 28, 16, 5, 46, 255, 252, 41, 43};
	static const unsigned classes[] = {1, 1, 1, 1, 1, 1, 3, 4};
	static const unsigned flags[] = {FLAG_RD, FLAG_RD, FLAG_RD, 0, FLAG_RD | FLAG_CD,
		FLAG_RD | FLAG_AD, FLAG_QR, 0x2000};
	static const char *const opts[] = {NULL, NULL, OPT_PLAIN, OPT_DO,
		"00 %41 %512 #32768 %12 %10 %8 0102030405060708", "00 %41 %1232 00010000 %0",
		"00 %41 %1232 #0 %4 %11 %0", "00 %41 %800 #0 %5 %15 %1 00"};
	static struct bytes b;
	char question[64];

	snprintf(question, sizeof(question), "@%s %%%u %%%u", names[below(random, 17)],
		 types[below(random, 12)], classes[below(random, 8)]);
	given_query(&b, flags[below(random, 8)], question, opts[below(random, 8)]);
	b.data[0] = (uint8_t)rand_r(random);
	if (below(random, 3) == 0) { // mutated
		for (unsigned n = 1 + below(random, 3); n > 0; n--)
			b.data[below(random, (unsigned)b.len)] = (uint8_t)rand_r(random);
		if (below(random, 4) == 0)
			b.len = below(random, (unsigned)b.len + 1);
		else if (below(random, 4) == 0)
			b.data[b.len++] = (uint8_t)rand_r(random);
	}
	memcpy(out, b.data, b.len);
	return (uint16_t)b.len;
}

static void random_serve(unsigned *random, struct serve *s)
{
	served_moment(s);
	s->client = &clients[below(random, 5)];
	s->rotation = (uint32_t)rand_r(random);
	s->now_ms = NOW_MS + below(random, 20000);
	s->tcp = below(random, 8) == 0;
}

static void assert_same(size_t i, enum serve_verdict one, const struct serve *s,
			enum serve_verdict many, const struct serve *t)
{
	assert_int_equal(one, many);
	assert_int_equal(s->outcome, t->outcome);
	assert_int_equal(s->truncated, t->truncated);
	assert_int_equal(s->reply_len, t->reply_len);
	if (one == SERVE_DROP)
		assert_int_equal(s->reason, t->reason);
	assert_int_equal(s->lookup.status, t->lookup.status);
	assert_int_equal(s->lookup.count, t->lookup.count);
	assert_int_equal(s->lookup.stale_count, t->lookup.stale_count);
	for (size_t n = 0; n < s->lookup.stale_count; n++)
		assert_ptr_equal(s->lookup.stale_links[n], t->lookup.stale_links[n]);
	if (one == SERVE_REPLY)
		assert_memory_equal(alone[i], messages[i], s->reply_len);
	else
		assert_memory_equal(alone[i], messages[i], lens[i]);
}

static void burst_agrees_with_one_by_one(void **state)
{
	(void)state;
	unsigned seen[3] = {0}, outcomes[OUTCOME_COUNT] = {0};
	static const char *const texts[5] = {"192.0.2.7", "192.0.2.8", "2001:db8::1",
					     "198.51.100.1", "192.0.2.66"};

	for (size_t i = 0; i < 5; i++)
		clients[i] = address_of(texts[i]);
	fill_cache();
	for (unsigned n = 0; n < BURSTS; n++) {
		unsigned random = n + 1;
		size_t count = n % (STORE_BURST_MAX + 1);
		enum serve_verdict verdicts[STORE_BURST_MAX], singles[STORE_BURST_MAX];
		static struct serve single[STORE_BURST_MAX];
		uint8_t *msgs[STORE_BURST_MAX];

		for (size_t i = 0; i < count; i++) {
			lens[i] = random_query(&random, messages[i]);
			caps[i] = below(&random, 20) == 0 ? (uint16_t)below(&random, 60) : CAP;
			msgs[i] = messages[i];
			random_serve(&random, &serves[i]);
			single[i] = serves[i];
			memcpy(alone[i], messages[i], lens[i]);
			singles[i] = store_serve_query(store, alone[i], lens[i], &single[i],
						       alone[i], caps[i]);
		}
		store_serve_burst(store, msgs, lens, caps, serves, verdicts, count);
		for (size_t i = 0; i < count; i++) {
			assert_same(i, singles[i], &single[i], verdicts[i], &serves[i]);
			seen[verdicts[i]]++;
			outcomes[serves[i].outcome]++;
		}
	}
	// The corpus reaches every end that a query can come to.
	for (size_t i = 0; i < 3; i++)
		assert_true(seen[i] > 100);
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		assert_true(outcomes[i] > 20);
}

static void queries_of_a_burst_do_not_mix(void **state)
{
	(void)state;
	char name[STORE_BURST_MAX][16], rdata[STORE_BURST_MAX][16], question[64];
	enum serve_verdict verdicts[STORE_BURST_MAX];
	uint8_t *msgs[STORE_BURST_MAX];

	for (unsigned i = 0; i < STORE_BURST_MAX; i++) {
		snprintf(name[i], sizeof(name[i]), "h%u.", i);
		snprintf(rdata[i], sizeof(rdata[i]), "0a0000%02x", i);
		if (i % 3 == 0)
			continue; // a miss
		struct given a = given_address(name[i]);
		a.data[0].rdata = rdata[i];
		put(&a);
	}
	for (unsigned i = 0; i < STORE_BURST_MAX; i++) {
		snprintf(question, sizeof(question), "@%s %%1 %%1", name[i]);
		given_query(&asked, FLAG_RD, question, NULL);
		memcpy(messages[i], asked.data, asked.len);
		lens[i] = (uint16_t)asked.len;
		caps[i] = CAP;
		msgs[i] = messages[i];
		served_moment(&serves[i]);
	}
	store_serve_burst(store, msgs, lens, caps, serves, verdicts, STORE_BURST_MAX);
	for (unsigned i = 0; i < STORE_BURST_MAX; i++) {
		assert_int_equal(verdicts[i], i % 3 == 0 ? SERVE_MISS : SERVE_REPLY);
		if (i % 3 != 0)
			assert_int_equal(messages[i][serves[i].reply_len - 1], i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		served_test(burst_agrees_with_one_by_one),
		served_test(queries_of_a_burst_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
