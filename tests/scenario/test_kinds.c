// What an entry is, before what it holds (ATTACKS B14): whatever was asked before, and whatever of
// it the cache holds, a question has one answer.
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define FORWARDER "203.0.113.50"
#define TEXT_MAX  8192

static const char *const names[] = {
	"example.com.",         "www.example.com.",    "alias.example.com.",
	"away.example.com.",    "old.example.com.",    "x.old.example.com.",
	"wild.example.com.",    "x.wild.example.com.", "ent.example.com.",
	"nope.example.com.",    "x.nope.example.com.", "sub.example.com.",
	"www.sub.example.com.", "bare.example.com.",   "www.bare.example.com.",
	"plain.org.",           "www.plain.org.",      "back.plain.org.",
	"old.plain.org.",       "x.old.plain.org.",    "nope.plain.org.",
};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static const uint16_t types[] = {TYPE_A,  TYPE_CNAME, TYPE_DNAME, TYPE_DS,  TYPE_DNSKEY, TYPE_NS,
				 TYPE_MX, TYPE_SOA,   TYPE_NSEC,  TYPE_KEY, TYPE_AAAA};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static void begin_zones(bool nsec3)
{
	w = world_new();
	world_add_tlds(w);
	add_example(w);
	world_zone(w, "example.com.")->options.nsec3 = nsec3;
	add_plain(w);
	world_add(w, &(struct world_zone){.apex = "sub.example.com.",
					  .servers = "ns.sub.example.com.=192.0.2.40",
					  .text = "www.sub.example.com. 300 IN A 192.0.2.41\n"});
	world_add(w, &(struct world_zone){.apex = "bare.example.com.",
					  .servers = "ns.bare.example.com.=192.0.2.42",
					  .text = "www.bare.example.com. 300 IN A 192.0.2.43\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
}

// ---- an answer as text, without its TTLs ----

static size_t put(char *out, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static size_t put(char *out, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(out + at, TEXT_MAX - at, format, args);
	va_end(args);
	assert_true(len >= 0 && at + (size_t)len < TEXT_MAX);
	return at + (size_t)len;
}

static void describe(const struct question *q, char out[TEXT_MAX])
{
	char name[NAME_TEXT_MAX];
	size_t at = put(out, 0, "rcode %u AD %d EDE %d\n", q->reply->rcode,
			!!(q->reply->flags & FLAG_AD), q->reply->edns.ede);

	for (enum section section = SECTION_ANSWER; section <= SECTION_AUTHORITY; section++) {
		const struct section_rrsets *rrsets = &q->reply->sections[section];
		for (size_t i = 0; i < rrsets->count; i++) {
			const struct rrset *rrset = rrsets->rrsets[i];
			at = put(out, at, "%d %s %u/%u", section, name_to_text(rrset->owner, name),
				 rrset->type, rrset->rrsig_count);
			// Each world has keys of its own.
			bool keys = rrset->type == TYPE_DNSKEY || rrset->type == TYPE_DS;
			for (size_t k = 0; k < rrset->count; k++) {
				at = put(out, at, " ");
				for (size_t b = 0; b < rrset->rdatas[k].len && !keys; b++)
					at = put(out, at, "%02x", rrset->rdatas[k].data[b]);
			}
			at = put(out, at, "\n");
		}
	}
}

static void forget(void)
{
	world_flush(w, (const uint8_t *)"");
}

static bool related(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	return a_len <= b_len ? strcmp(b + b_len - a_len, a) == 0 : related(b, a);
}

static unsigned ask_after(const char *first, uint16_t first_type, const char *name, uint16_t type,
			  const char *alone)
{
	char got[TEXT_MAX];

	forget();
	world_ask(w, first, first_type, ASK_DO);
	describe(world_ask(w, name, type, ASK_DO), got);
	if (strcmp(got, alone) == 0)
		return 0;
	print_message("%s %u after %s %u:\n%salone:\n%s", name, type, first, first_type, got,
		      alone);
	return 1;
}

static unsigned ask_after_all_of(size_t first, char (*alone)[TYPE_COUNT][TEXT_MAX], bool nsec3)
{
	unsigned wrong = 0;

	for (size_t n = 0; n < NAME_COUNT; n++) {
		if (!related(names[first], names[n]))
			continue;
		begin_zones(nsec3);
		for (size_t f = 0; f < TYPE_COUNT; f++) {
			for (size_t t = 0; t < TYPE_COUNT; t++)
				wrong += ask_after(names[first], types[f], names[n], types[t],
						   alone[n][t]);
		}
		end_world(NULL);
	}
	return wrong;
}

static void ask_all_pairs(bool nsec3)
{
	char(*alone)[TYPE_COUNT][TEXT_MAX] = calloc(NAME_COUNT, sizeof(*alone));
	unsigned wrong = 0;

	assert_non_null(alone);
	begin_zones(nsec3);
	for (size_t n = 0; n < NAME_COUNT; n++) {
		for (size_t t = 0; t < TYPE_COUNT; t++) {
			forget();
			describe(world_ask(w, names[n], types[t], ASK_DO), alone[n][t]);
		}
	}
	end_world(NULL);
	for (size_t n = 0; n < NAME_COUNT; n++)
		wrong += ask_after_all_of(n, alone, nsec3);
	free(alone);
	assert_int_equal(wrong, 0);
}

static void b14_no_order_of_questions_changes_an_answer(void **state)
{
	(void)state;
	ask_all_pairs(false);
}

static void b14_nor_does_any_in_a_zone_with_nsec3(void **state)
{
	(void)state;
	ask_all_pairs(true);
}

// ---- one by one ----

static void b14_an_absent_cname_leads_nowhere(void **state)
{
	(void)state;
	assert_answer(world_ask(w, "www.example.com.", TYPE_CNAME, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	assert_cached(w, "www.example.com.", TYPE_CNAME, ENTRY_NODATA, SECURITY_SECURE);
	struct question *q = world_ask(w, "www.example.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
	assert_address(q, "192.0.2.80");
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 0);
}

// RFC 4035 §3.1.4.1: the DS is the parent's, even where a zone has a CNAME at its apex.
static void b14_a_cname_at_an_apex_does_not_answer_for_its_ds(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "shop.com.",
					  .servers = "ns.shop.com.=" PROVIDER_A,
					  .text = "shop.com. 300 IN CNAME www.plain.org.\n",
					  .options = {.unsigned_ = true}});
	add_plain(w);
	world_start(w);
	struct question *q = world_ask(w, "shop.com.", TYPE_A, ASK_DO);
	assert_answer(q, RCODE_NOERROR, false, EDE_NONE);
	assert_address(q, "192.0.2.90");
	for (int i = 0; i < 2; i++) {
		q = world_ask(w, "shop.com.", TYPE_DS, ASK_DO);
		assert_answer(q, RCODE_NOERROR, true, EDE_NONE);
		assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_CNAME), 0);
		assert_int_equal(question_count_of(q, SECTION_AUTHORITY, TYPE_NSEC), 1);
	}
}

// The words that a server's name has no address, or no CNAME, are no addresses.
static void b14_what_a_server_lacks_is_no_address_of_it(void **state)
{
	(void)state;
	begin();
	world_add(w, &(struct world_zone){.apex = "host.org.",
					  .servers = "ns.host.org.=" PROVIDER_B,
					  .text = "a.host.org. 300 IN A " PROVIDER_C "\n"});
	world_add(w, &(struct world_zone){.apex = "served.com.",
					  .servers = "a.host.org.=" PROVIDER_C,
					  .text = "www.served.com. 300 IN A 192.0.2.70\n",
					  .no_glue = true});
	world_start(w);
	const uint16_t lacks[] = {TYPE_CNAME, TYPE_AAAA, TYPE_DNAME, TYPE_MX};
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		assert_answer(world_ask(w, "a.host.org.", lacks[i], ASK_DO), RCODE_NOERROR, true,
			      EDE_NONE);
	assert_address(world_ask(w, "www.served.com.", TYPE_A, ASK_DO), "192.0.2.70");
	assert_int_equal(network_sent(&w->network, PROVIDER_B, "ns1.com.", 0), 0);
}

// ATTACKS A12: what is said of a name hides no configured zone below it.
static void a12_a_dname_does_not_hide_a_configured_zone(void **state)
{
	(void)state;
	begin();
	add_example(w);
	world_route(w, "corp.old.example.com.", true, FORWARDER)->dnssec = ROUTE_INSECURE;
	world_add(w, &(struct world_zone){.apex = "corp.old.example.com.",
					  .servers = "ns.corp.old.example.com.=" FORWARDER,
					  .text = "www.corp.old.example.com. 300 IN A 192.0.2.70\n",
					  .options = {.unsigned_ = true}});
	world_start(w);
	network_serve(&w->network, FORWARDER, world_zone(w, "corp.old.example.com.")->zone);
	world_ask(w, "x.old.example.com.", TYPE_A, ASK_DO);
	assert_cached(w, "old.example.com.", TYPE_DNAME, ENTRY_DNAME, SECURITY_SECURE);
	struct question *q = world_ask(w, "www.corp.old.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 0);
	assert_address(q, "192.0.2.70");
	// What is not below it is rewritten all the same.
	q = world_ask(w, "y.x.old.example.com.", TYPE_A, ASK_DO);
	assert_int_equal(question_count_of(q, SECTION_ANSWER, TYPE_DNAME), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario_common(b14_an_absent_cname_leads_nowhere),
		scenario(b14_a_cname_at_an_apex_does_not_answer_for_its_ds),
		scenario(b14_what_a_server_lacks_is_no_address_of_it),
		scenario(a12_a_dname_does_not_hide_a_configured_zone),
		scenario(b14_no_order_of_questions_changes_an_answer),
		scenario(b14_nor_does_any_in_a_zone_with_nsec3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
