// One server of a zone has an older copy than the other one, for minutes or for days: a delegation,
// its DS or the name itself is there with the one and denied by the other. Each says what it
// proves, so that any question which one of them can answer has an answer, from whichever copy.
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define NEW_SERVER "192.0.2.41"
#define OLD_SERVER "198.51.100.41"
#define QUESTIONS  24

enum copy { ABSENT, WILDCARD, UNSIGNED, SIGNED, OTHER_DS, COPIES };
static const char *const copy_words[] = {"absent", "a wildcard", "unsigned", "signed",
					 "another DS"};

enum denial { NSEC, NSEC3, DENIALS };

struct lag {
	enum copy old, new;
	enum denial denial;
	bool child_signed;
	uint32_t ttl_s; // of what the parent proves
	bool tld;       // it is the root that lags, and the zone is a TLD
};

static struct signer_zone *child, *sub, *deep, *stranger, *parents[2];
static uint64_t seed;

static unsigned draw(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

// ---- the zones ----

// Names end with "P", which is the parent: "par." or the root.
static const char *in(const struct lag *lag, const char *text, char *out, size_t size)
{
	size_t len = 0;

	for (; *text != '\0' && len + 8 < size; text++) {
		if (*text != 'P')
			out[len++] = *text;
		else if (!lag->tld)
			len += (size_t)snprintf(out + len, size - len, "par.");
	}
	out[len] = '\0';
	return out;
}

static struct signer_zone *make(const struct lag *lag, const char *apex, const char *text,
				bool is_signed, const struct signer_zone *like)
{
	char name[40], records[3000];

	return signer_zone_new(in(lag, apex, name, sizeof(name)),
			       in(lag, text, records, sizeof(records)),
			       &(struct signer_zone_options){.unsigned_ = !is_signed,
							     .nsec3 = lag->denial == NSEC3,
							     .ksk_of = like,
							     .zsk_of = like});
}

#define SOA_AND_NS(apex)                                                                           \
	apex " 60 IN SOA ns." apex " host." apex " 1 7200 3600 1209600 60\n" apex                  \
	     " 3600 IN NS ns." apex "\n"

static void make_children(const struct lag *lag)
{
	char text[3000];

	deep = make(lag, "deep.sub.zone.P",
		    SOA_AND_NS("deep.sub.zone.P") "ns.deep.sub.zone.P 3600 IN A 192.0.2.44\n"
						  "www.deep.sub.zone.P 60 IN A 192.0.2.80\n",
		    true, NULL);
	snprintf(text, sizeof(text),
		 SOA_AND_NS("sub.zone.P") "ns.sub.zone.P 3600 IN A 192.0.2.43\n"
					  "www.sub.zone.P 60 IN A 192.0.2.80\n"
					  "deep.sub.zone.P 3600 IN NS ns.deep.sub.zone.P\n"
					  "ns.deep.sub.zone.P 3600 IN A 192.0.2.44\n%s",
		 signer_zone_ds_text(deep));
	sub = make(lag, "sub.zone.P", text, true, NULL);
	snprintf(text, sizeof(text),
		 SOA_AND_NS("zone.P") "ns.zone.P 3600 IN A 192.0.2.42\n"
				      "www.zone.P 60 IN A 192.0.2.80\n"
				      "sub.zone.P 3600 IN NS ns.sub.zone.P\n"
				      "ns.sub.zone.P 3600 IN A 192.0.2.43\n%s",
		 signer_zone_ds_text(sub));
	child = make(lag, "zone.P", text, lag->child_signed, NULL);
	stranger = make(lag, "zone.P", SOA_AND_NS("zone.P"), true, NULL);
}

// "zone. 3600 IN DS ..." with the TTL of what is proven.
static void write_ds(const struct lag *lag, const struct signer_zone *of, char *text, size_t size)
{
	const char *ds = signer_zone_ds_text(of);

	snprintf(text, size, "zone.P %u%s", lag->ttl_s, strstr(ds, " IN DS"));
}

static struct signer_zone *make_parent(const struct lag *lag, enum copy copy,
				       const struct signer_zone *like)
{
	char text[2000], ds[300] = "";
	const char *cut = "zone.P 3600 IN NS ns.zone.P\nns.zone.P 3600 IN A 192.0.2.42\n";

	if (copy == ABSENT)
		cut = "";
	else if (copy == WILDCARD)
		cut = "*.P 300 IN AAAA 2001:db8::1\n";
	else if (copy == OTHER_DS)
		write_ds(lag, stranger, ds, sizeof(ds));
	else if (copy == SIGNED)
		write_ds(lag, lag->child_signed ? child : stranger, ds, sizeof(ds));
	snprintf(text, sizeof(text),
		 "%s %u IN SOA ns1.invalid. host.invalid. 1 7200 3600 1209600 %u\n"
		 "%s 3600 IN NS ns1.servers.P\n%s 3600 IN NS ns2.servers.P\n"
		 "ns1.servers.P 3600 IN A " NEW_SERVER "\nns2.servers.P 3600 IN A " OLD_SERVER
		 "\n%s%s",
		 lag->tld ? "." : "P", lag->ttl_s, lag->ttl_s, lag->tld ? "." : "P",
		 lag->tld ? "." : "P", cut, ds);
	return make(lag, lag->tld ? "." : "P", text, true, like);
}

static void start(const struct lag *lag)
{
	static char names[120];
	const char *servers = in(lag, "ns1.servers.P=" NEW_SERVER " ns2.servers.P=" OLD_SERVER,
				 names, sizeof(names));

	w = world_new();
	w->denial = true;
	make_children(lag);
	parents[0] = make_parent(lag, lag->old, NULL);
	parents[1] = make_parent(lag, lag->new, parents[0]);
	if (!lag->tld)
		world_add(w,
			  &(struct world_zone){.apex = ".",
					       .servers = "a.root.=192.88.0.1 b.root.=198.41.0.4"});
	world_add(w, &(struct world_zone){.apex = lag->tld ? "." : "par.",
					  .servers = servers,
					  .zone = parents[0]});
	world_start(w);
	network_serve(&w->network, "192.0.2.42", child);
	network_serve(&w->network, "192.0.2.43", sub);
	network_serve(&w->network, "192.0.2.44", deep);
}

static void stop(void)
{
	end_world(NULL);
	struct signer_zone *zones[] = {child, sub, deep, stranger, parents[1]};
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		signer_zone_free(zones[i]);
}

static void renew(void)
{
	network_withdraw(&w->network, parents[0]);
	network_serve(&w->network, OLD_SERVER, parents[0]);
	network_serve(&w->network, NEW_SERVER, parents[1]);
}

// ---- the answers ----

static bool is_any_good(const struct lag *lag, enum copy copy)
{
	return copy != OTHER_DS && (copy != SIGNED || lag->child_signed);
}

static bool is_proven(const struct lag *lag, bool data)
{
	return !data || lag->old == SIGNED || lag->new == SIGNED;
}

static const struct {
	const char *name;
	uint16_t type;
} asked[] = {
	{"www.zone.P", TYPE_A},           {"zone.P", TYPE_NS},
	{"www.sub.zone.P", TYPE_A},       {"www.deep.sub.zone.P", TYPE_A},
	{"www.deep.sub.zone.P", TYPE_MX}, {"none.sub.zone.P", TYPE_A},
	{"none.zone.P", TYPE_TXT},        {"zone.P", TYPE_DS},
	{"sub.zone.P", TYPE_DS},          {"deep.sub.zone.P", TYPE_DS},
};

static bool ask(const struct lag *lag)
{
	static const unsigned pauses_ms[] = {0, 0, 1, 1200, 12000, 61000, 400000};
	const unsigned i = draw(sizeof(asked) / sizeof(asked[0]));
	char name[80];

	world_advance(w, pauses_ms[draw(sizeof(pauses_ms) / sizeof(pauses_ms[0]))]);
	struct question *q =
		world_ask(w, in(lag, asked[i].name, name, sizeof(name)), asked[i].type, ASK_DO);
	bool data = question_count_of(q, SECTION_ANSWER, TYPE_A) > 0;
	if (q->reply->rcode != RCODE_SERVFAIL &&
	    (!(q->reply->flags & FLAG_AD) || is_proven(lag, data)))
		return true;
	print_message("%s TYPE%u: rcode %u%s, EDE %d %s; ", name, asked[i].type, q->reply->rcode,
		      q->reply->flags & FLAG_AD ? " AD" : "", q->reply->edns.ede,
		      q->result->ede_text);
	return false;
}

static bool holds(const struct lag *lag)
{
	bool good = true;

	start(lag);
	for (unsigned i = draw(4); i > 0 && is_any_good(lag, lag->old); i--)
		good = good && ask(lag);
	renew();
	for (unsigned i = 0; i < QUESTIONS && good; i++) {
		network_forget_log(&w->network);
		good = ask(lag);
	}
	if (!good) {
		print_message("old: %s, new: %s, %s, %s, TTL %u%s\n", copy_words[lag->old],
			      copy_words[lag->new], lag->denial == NSEC ? "NSEC" : "NSEC3",
			      lag->child_signed ? "a signed zone" : "an unsigned zone", lag->ttl_s,
			      lag->tld ? ", a TLD" : "");
		if (getenv("SHOW") != NULL)
			network_print_log(&w->network);
	}
	stop();
	return good;
}

// LAGS=n: so many times as many.
static unsigned times(void)
{
	const char *text = getenv("LAGS");

	return text != NULL && atoi(text) > 0 ? (unsigned)atoi(text) : 1;
}

static unsigned lost_of(enum copy old, enum copy new, bool child_signed)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < 4 * times(); i++) {
		const struct lag lag = {
			.old = old,
			.new = new,
			.denial = (enum denial)draw(DENIALS),
			.child_signed = child_signed,
			.ttl_s = draw(2) == 0 ? 1 : 300,
			.tld = draw(3) == 0,
		};
		// A copy by which the zone is bogus may be believed as well.
		if (is_any_good(&lag, old) && is_any_good(&lag, new))
			lost += !holds(&lag);
	}
	return lost;
}

static void what_one_of_two_copies_of_a_zone_proves_is_answered(void **state)
{
	unsigned lost = 0;

	(void)state;
	seed = times();
	for (unsigned n = 0; n < COPIES * COPIES * 2; n++) {
		enum copy old = (enum copy)(n % COPIES), new = (enum copy)(n / COPIES % COPIES);
		if (old != new)
			lost += lost_of(old, new, n / COPIES / COPIES != 0);
	}
	assert_int_equal(lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(what_one_of_two_copies_of_a_zone_proves_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
