// The never-weaken matrix of parents (ATTACKS B6, B17): every way in which a TLD fails to prove
// what it says, times every change that it hides by that. Nothing that rests on an old proof has
// AD=1, or is there any more once something is proven; where one server proves what it says, the
// change shows at once; a key that the parent has taken back never makes anything authentic.
#include "tests/scenario/broken.h"

#define ZONE   "victim.com."
#define BARE   "bare.com."
#define OWNERS "192.0.2.70"   // what the zones' owners publish
#define THIEF  "203.0.113.66" // who has the key that was rolled away
#define BUYER  "203.0.113.77" // who the names belong to now
#define TTL_S  60

static const struct {
	const char *words;
	enum fault_kind kind;
	bool ds_alone;       // its other RRsets validate
	const char *servers; // NULL: all
} ways[] = {
	{"silent", FAULT_DROP},
	{"bogus", FAULT_BOGUS},
	{"signed by an unknown key", FAULT_UNKNOWN_KEY},
	{"expired", FAULT_EXPIRED},
	{"stripped", FAULT_STRIP},
	{"errors", FAULT_SERVFAIL},
	{"malformed", FAULT_MALFORMED},
	{"denials without proof", FAULT_NXDOMAIN},
	{"one key of three", FAULT_BOGUS, true},
	{"bogus at some", FAULT_BOGUS, false, COM_A},
	{"stripped at some", FAULT_STRIP, false, COM_A},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

enum change {
	COMPROMISED,
	SIGNED,
	UNSIGNED,
	DS_CHANGED,
	REMOVED,
	REMOVED_BARE,
	TAKEN_OVER,
	CHANGES
};
static const struct {
	const char *words, *zone;
	unsigned rcode; // that is right from now on
	bool ad;
	const char *address; // NULL: none
	bool lives;          // the last proof fits what the former servers say
} changes[] = {
	[COMPROMISED] = {"a compromised key is rolled", ZONE, RCODE_SERVFAIL, false, NULL, true},
	[SIGNED] = {"newly signed", BARE, RCODE_NOERROR, true, OWNERS, true},
	[UNSIGNED] = {"newly unsigned", ZONE, RCODE_NOERROR, false, OWNERS},
	[DS_CHANGED] = {"DS changed", ZONE, RCODE_NOERROR, true, OWNERS},
	[REMOVED] = {"removed", ZONE, RCODE_NXDOMAIN, true, NULL, true},
	[REMOVED_BARE] = {"removed, unsigned", BARE, RCODE_NXDOMAIN, true, NULL, true},
	[TAKEN_OVER] = {"taken over", ZONE, RCODE_NOERROR, true, BUYER},
};

static struct {
	size_t way;
	enum change change;
	struct signer_zone *keys, *evil; // the zone's keys at first; who has them afterwards
	uint64_t healed_ms;
	unsigned number;
} cell;
static unsigned complaints;

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	char text[300];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_message("%s × %s: %s\n", ways[cell.way].words, changes[cell.change].words, text);
	complaints++;
}

static bool in_part(void)
{
	return ways[cell.way].servers != NULL;
}

// ---- a cell ----

static void open_cell(size_t way, enum change change)
{
	cell.way = way;
	cell.change = change;
	cell.healed_ms = 0;
	cell.evil = NULL;
	cell.keys = signer_zone_new(ZONE, ZONE " 60 IN SOA ns.invalid. h.invalid. 1 1 1 1 60\n",
				    &(struct signer_zone_options){0});
	w = world_new();
	w->cache_bytes = CACHE_SMALL;
	world_add_tlds(w);
	world_add(w, &(struct world_zone){.apex = ZONE,
					  .servers = "ns1." ZONE "=" PROVIDER_A " ns2." ZONE
						     "=" PROVIDER_B,
					  .text = "*.wild." ZONE " 60 IN A " OWNERS "\n",
					  .ns_ttl_s = TTL_S,
					  .ds_ttl_s = TTL_S,
					  .options = {.ksk_of = cell.keys,
						      .zsk_of = cell.keys,
						      .dnskey_ttl_s = TTL_S}});
	world_add(w, &(struct world_zone){.apex = BARE,
					  .servers = "ns1." BARE "=192.0.2.30 ns2." BARE
						     "=198.51.100.30",
					  .text = "*.wild." BARE " 60 IN A " OWNERS "\n",
					  .ns_ttl_s = TTL_S,
					  .options = {.unsigned_ = true}});
	world_zone(w, "com.")->negative_ttl_s = TTL_S;
	world_zone(w, "com.")->options.dnskey_ttl_s = TTL_S;
	world_start(w);
}

static void close_cell(void)
{
	end_world(NULL);
	signer_zone_free(cell.keys);
	signer_zone_free(cell.evil);
}

// The parent knows the new key. Whoever has the old one speaks in the zone's place.
static void roll_compromised(struct world_zone *zone)
{
	world_roll(w, ZONE, true);
	cell.evil = signer_zone_new(
		ZONE,
		ZONE " 60 IN SOA ns.invalid. h.invalid. 1 1 1 1 60\n" ZONE " 60 IN NS ns1." ZONE
		     "\n*.wild." ZONE " 60 IN A " THIEF "\n",
		&(struct signer_zone_options){
			.ksk_of = cell.keys, .zsk_of = cell.keys, .dnskey_ttl_s = TTL_S});
	network_withdraw(&w->network, zone->zone);
	network_serve(&w->network, PROVIDER_A, cell.evil);
	network_serve(&w->network, PROVIDER_B, cell.evil);
}

static void change_it(void)
{
	struct world_zone *zone = world_zone(w, changes[cell.change].zone);

	zone->options.ksk_of = zone->options.zsk_of = NULL;
	switch (cell.change) {
	case COMPROMISED:
		roll_compromised(zone);
		return;
	case DS_CHANGED:
		world_roll(w, ZONE, true);
		return;
	case REMOVED:
	case REMOVED_BARE:
		world_undelegate(w, zone->apex);
		return;
	case TAKEN_OVER:
		zone->servers = "ns1." ZONE "=" PROVIDER_C;
		zone->text = "*.wild." ZONE " 60 IN A " BUYER "\n";
		break;
	default:
		zone->options.unsigned_ = cell.change == UNSIGNED;
		break;
	}
	world_roll(w, zone->apex, false);
	world_roll(w, "com.", true);
}

static void break_tld(void)
{
	const uint16_t type = ways[cell.way].ds_alone ? TYPE_DS : 0;
	const char *const servers[] = {COM_A, COM_B};

	for (size_t i = 0; i < (in_part() ? 1 : 2); i++) {
		with((struct fault){
			.kind = ways[cell.way].kind, .server = servers[i], .type = type});
		if (type != 0) // and in referrals
			with((struct fault){
				.kind = ways[cell.way].kind, .server = servers[i], .type = TYPE_A});
	}
}

// ---- what may come of it ----

static struct question *ask_it(void)
{
	char name[60];

	snprintf(name, sizeof(name), "n%u.wild.%s", cell.number++, changes[cell.change].zone);
	return world_ask(w, name, TYPE_A, ASK_DO);
}

static bool is_right(const struct question *q)
{
	const char *address = changes[cell.change].address;
	bool ad = (q->reply->flags & FLAG_AD) != 0;

	if (q->reply->rcode != changes[cell.change].rcode || ad != changes[cell.change].ad)
		return false;
	return address == NULL || strcmp(question_data(q, TYPE_A, 0), address) == 0;
}

// Old data are what the last proof vouches for: the owner's, or of who has his keys.
static bool is_old(const struct question *q)
{
	const char *address = cell.change == COMPROMISED ? THIEF : OWNERS;

	return q->reply->rcode == RCODE_NOERROR && q->reply->edns.ede == EDE_STALE_ANSWER &&
	       !(q->reply->flags & FLAG_AD) && strcmp(question_data(q, TYPE_A, 0), address) == 0;
}

static void look_at(const struct question *q, bool may_be_old, const char *when)
{
	bool failed = q->reply->rcode == RCODE_SERVFAIL && !(q->reply->flags & FLAG_AD);
	bool good = may_be_old ? (changes[cell.change].lives ? is_old(q) : failed) : is_right(q);

	if (!good)
		complain("%s: rcode %u, AD %d, EDE %d, %s", when, q->reply->rcode,
			 (q->reply->flags & FLAG_AD) != 0, q->reply->edns.ede,
			 question_data(q, TYPE_A, 0));
}

// What was made since the change and is called secure is what is right now.
static bool look_at_entry(const struct entry *entry, void *arg)
{
	static const uint8_t thief[] = {203, 0, 113, 66};
	struct entry_facts facts;
	struct entry_reader reader;
	struct record record;
	enum entry_part part;

	(void)arg;
	entry_facts(entry, &facts);
	if (facts.security != SECURITY_SECURE)
		return true;
	entry_show(entry, &reader);
	while (entry_next(&reader, &part, &record)) {
		if (part == ENTRY_DATA && record.type == TYPE_A &&
		    memcmp(record.rdata, thief, sizeof(thief)) == 0)
			complain("data by the old key are cached as secure");
	}
	return true;
}

static void run_cell(void)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_it()->reply->rcode, RCODE_NOERROR);
	break_tld();
	change_it();
	// All TTLs end; with a server that proves something it is over then.
	world_advance(w, (TTL_S + 1) * 1000);
	for (unsigned i = 0; i < 12; i++) {
		look_at(ask_it(), !in_part(), "meanwhile");
		world_advance(w, i % 2 ? 700 : 5500);
	}
	network_heal(&w->network);
	world_advance(w, 16000); // what held on has ended
	for (unsigned i = 0; i < 4; i++) {
		look_at(ask_it(), false, "healed");
		world_advance(w, 20000);
	}
	cache_walk(store_cache(w->store), look_at_entry, NULL);
}

static void b17_nothing_is_weakened_by_a_parent(void **state)
{
	size_t way = (size_t)(uintptr_t)*state;

	complaints = 0;
	for (enum change change = 0; change < CHANGES; change++) {
		open_cell(way, change);
		run_cell();
		close_cell();
	}
	assert_int_equal(complaints, 0);
}

int main(void)
{
	static struct CMUnitTest tests[WAYS];
	static char names[WAYS][80];

	for (size_t i = 0; i < WAYS; i++) {
		snprintf(names[i], sizeof(names[i]), "b17_never_weakened: a parent, %s",
			 ways[i].words);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = b17_nothing_is_weakened_by_a_parent,
			.initial_state = (void *)(uintptr_t)i,
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
