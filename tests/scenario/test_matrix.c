// The never-weaken matrix (DESIGN §1, ATTACKS B6): every way to an answer times everything that
// can be wrong with what the servers below a secure delegation say. Not one NOERROR or NXDOMAIN may
// come of it for a client without CD=1, no AD, and nothing that stays in the cache.
#include "tests/scenario/flaws.h"
#include "tests/scenario/zones.h"

#define FORWARDER "203.0.113.50"
#define SECOND    "198.51.100.50" // forwarder
#define COM_A     "192.5.6.30"
#define COM_B     "198.51.101.30"
#define LATE_MS   2300         // past the time after which clients get stale data
#define ALIVE     "192.0.2.80" // the address that the zones have

enum way {
	WAY_PLAIN,
	WAY_RETRY,      // the first try goes unanswered
	WAY_TCP,        // the first reply is truncated
	WAY_CASE,       // replies come back in another case
	WAY_LETTERS,    // the name is denied in mixed case
	WAY_BARE,       // the first reply is a bare FORMERR
	WAY_LAST,       // questions with a cookie are dropped
	WAY_STALE,      // the data were good, and have expired
	WAY_STALE_LATE, // and what servers say comes after the stale answer
	WAY_REFRESH,    // the same, where nothing may be served stale
	WAY_PREFETCH,   // the data are good, in use, and renewed before they end
	WAY_CD_FIRST,   // a client with CD=1 comes first
	WAY_CD_BESIDE,  // or at the same time
	WAY_CD_EXPIRED, // or first, and then nobody answers any more
	WAY_NTA,        // the data were had under a negative trust anchor, which has ended
	WAY_NTA_STALE,  // and their TTL has, too
	WAY_AFTER,      // something else was asked before, and is cached
	WAY_STUB,
	WAY_EXCEPTION, // a zone that is not validated leads to one that is
	// From here on by forwarders.
	WAY_FORWARD,
	WAY_FORWARD_STALE,
	WAY_HEDGED,   // the first forwarder is late, and both are wrong
	WAY_FIRST,    // forwarders and the zone's own servers are wrong
	WAY_FALLBACK, // forwarders are silent, the zone's own servers are wrong
	WAY_ANCHORED, // the zone has an anchor of its own, and no DS
};

static const struct path {
	const char *words;
	const char *name; // asked
	uint16_t type;
	const char *faulty;   // the name about which servers say something wrong
	bool below;           // and all below it
	bool at_com;          // the zone above says it
	bool cd_first;        // a client with CD=1 comes first, besides
	uint16_t faulty_type; // 0: whatever the type
	enum flaw_style style;
	enum way way;
	unsigned good_rcode;
	enum entry_security good_security;
	uint16_t answer_type; // that is cached for `faulty`, 0: NXDOMAIN
	const char *drill;    // what happens on purpose, besides
	const char *first;    // WAY_AFTER
	uint16_t first_type;
} paths[] = {
	{"direct", "www.victim.com.", TYPE_A, "www.victim.com.", .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_A},
	{"CNAME target", "to.friend.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"CNAME with its target", "alias.victim.com.", TYPE_A, "alias.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_CNAME},
	{"DNAME", "x.old.victim.com.", TYPE_A, "x.old.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_CNAME},
	{"wildcard", "x.wild.victim.com.", TYPE_A, "x.wild.victim.com.", .style = FLAW_OF_PROOF,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"wildcard denied", "x.wild.victim.com.", TYPE_A, "x.wild.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"wildcard NODATA", "x.wild.victim.com.", TYPE_MX, "x.wild.victim.com.",
	 .style = FLAW_OF_PROOF, .good_security = SECURITY_SECURE, .answer_type = TYPE_MX},
	{"NXDOMAIN", "nope.victim.com.", TYPE_A, "nope.victim.com.", .style = FLAW_OF_PROOF,
	 .good_rcode = RCODE_NXDOMAIN, .good_security = SECURITY_SECURE},
	{"NODATA", "www.victim.com.", TYPE_MX, "www.victim.com.", .style = FLAW_OF_PROOF,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_MX},
	{"referral", "www.victim.com.", TYPE_A, "victim.com.", .below = true, .at_com = true,
	 .style = FLAW_OF_REFERRAL, .good_security = SECURITY_SECURE, .answer_type = TYPE_DS},
	{"referral to an unsigned zone", "www.plain.com.", TYPE_A, "plain.com.", .below = true,
	 .at_com = true, .style = FLAW_OF_REFERRAL, .good_security = SECURITY_INSECURE},
	{"DS", "victim.com.", TYPE_DS, "victim.com.", .below = true, .at_com = true,
	 .style = FLAW_OF_REFERRAL, .good_security = SECURITY_SECURE, .answer_type = TYPE_DS},
	{"DNSKEY", "www.victim.com.", TYPE_A, "victim.com.", .faulty_type = TYPE_DNSKEY,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_DNSKEY},
	{"ANY", "www.victim.com.", TYPE_ANY, "www.victim.com.", .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_A},
	{"after retry", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_RETRY,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"over TCP", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_TCP,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"in another case", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_CASE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"NXDOMAIN in another case", "nope.victim.com.", TYPE_A, "nope.victim.com.",
	 .style = FLAW_OF_PROOF, .way = WAY_CASE, .good_rcode = RCODE_NXDOMAIN,
	 .good_security = SECURITY_SECURE},
	{"referral in another case", "www.victim.com.", TYPE_A, "victim.com.", .below = true,
	 .at_com = true, .style = FLAW_OF_REFERRAL, .way = WAY_CASE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_DS},
	{"denied in mixed case", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_LETTERS,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"after a bare FORMERR", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_BARE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"where cookies are dropped", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_LAST,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"stale", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_STALE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"stale, then late replies", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_STALE_LATE, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"refresh", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_REFRESH,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"prefetch", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_PREFETCH,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"CD=1 first", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_CD_FIRST,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"CD=1 first, CNAME target", "to.friend.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_CD_FIRST, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"CD=1 first, NXDOMAIN", "nope.victim.com.", TYPE_A, "nope.victim.com.",
	 .style = FLAW_OF_PROOF, .way = WAY_CD_FIRST, .good_rcode = RCODE_NXDOMAIN,
	 .good_security = SECURITY_SECURE},
	{"CD=1 first, referral", "www.victim.com.", TYPE_A, "victim.com.", .below = true,
	 .at_com = true, .style = FLAW_OF_REFERRAL, .way = WAY_CD_FIRST,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_DS},
	{"CD=1 beside", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_CD_BESIDE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"stale of what CD=1 brought", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_CD_EXPIRED, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"under a negative trust anchor that ended", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_NTA, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"CNAME target, under one that ended", "to.friend.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_NTA, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"NXDOMAIN, under one that ended", "nope.victim.com.", TYPE_A, "nope.victim.com.",
	 .style = FLAW_OF_PROOF, .way = WAY_NTA, .good_rcode = RCODE_NXDOMAIN,
	 .good_security = SECURITY_SECURE},
	{"DS below one that ended", "www.sub.victim.com.", TYPE_A, "sub.victim.com.", .below = true,
	 .style = FLAW_OF_REFERRAL, .way = WAY_NTA, .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_DS},
	{"stale, from under one that ended", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_NTA_STALE, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"after NODATA of CNAME", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_AFTER,
	 .faulty_type = TYPE_A, .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .first = "www.victim.com.", .first_type = TYPE_CNAME},
	{"after NODATA of CNAME at the target", "to.friend.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_AFTER, .faulty_type = TYPE_A, .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_A, .first = "www.victim.com.", .first_type = TYPE_CNAME},
	{"after NODATA of DNAME above", "a.www.victim.com.", TYPE_A, "a.www.victim.com.",
	 .way = WAY_AFTER, .style = FLAW_OF_PROOF, .good_rcode = RCODE_NXDOMAIN,
	 .good_security = SECURITY_SECURE, .first = "www.victim.com.", .first_type = TYPE_DNAME},
	{"beside an alias", "alias.victim.com.", TYPE_DS, "alias.victim.com.", .way = WAY_AFTER,
	 .faulty_type = TYPE_DS, .good_security = SECURITY_SECURE, .answer_type = TYPE_DS,
	 .first = "alias.victim.com.", .first_type = TYPE_A},
	{"forwarded", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_FORWARD,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"forwarded NXDOMAIN", "nope.victim.com.", TYPE_A, "nope.victim.com.",
	 .style = FLAW_OF_PROOF, .way = WAY_FORWARD, .good_rcode = RCODE_NXDOMAIN,
	 .good_security = SECURITY_SECURE},
	{"forwarded, CD=1 first", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_FORWARD,
	 .cd_first = true, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"forwarded, stale", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_FORWARD_STALE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"hedged within a pool", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_HEDGED,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"forward first", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_FIRST,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"forward first, NXDOMAIN", "nope.victim.com.", TYPE_A, "nope.victim.com.",
	 .style = FLAW_OF_PROOF, .way = WAY_FIRST, .good_rcode = RCODE_NXDOMAIN,
	 .good_security = SECURITY_SECURE},
	{"fallen back from forwarders", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_FALLBACK, .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"fallen back, DNSKEY", "www.victim.com.", TYPE_A, "victim.com.",
	 .faulty_type = TYPE_DNSKEY, .way = WAY_FALLBACK, .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_DNSKEY},
	{"anchor of its own", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_ANCHORED,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"anchor of its own, DNSKEY", "www.victim.com.", TYPE_A, "victim.com.",
	 .faulty_type = TYPE_DNSKEY, .way = WAY_ANCHORED, .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_DNSKEY},
	{"out of an insecure exception", "to.lan.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_EXCEPTION, .good_security = SECURITY_INSECURE, .answer_type = TYPE_A},
	{"stub", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_STUB,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A},
	{"drilled: dropped", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault drop"},
	{"drilled: delayed", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault delay=300"},
	{"drilled: SERVFAIL", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault servfail"},
	{"drilled: REFUSED", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault refuse"},
	{"drilled: truncated", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault truncate"},
	{"drilled: stripped", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault strip-rrsig"},
	{"drilled: bogus", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault bogus"},
	{"drilled: half of it dropped", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault drop --share 50%"},
	{"drilled referral: stripped", "www.victim.com.", TYPE_A, "victim.com.", .below = true,
	 .at_com = true, .style = FLAW_OF_REFERRAL, .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_DS, .drill = "--scope upstream:" COM_A " --fault strip-rrsig"},
	{"drilled referral: truncated", "www.victim.com.", TYPE_A, "victim.com.", .below = true,
	 .at_com = true, .style = FLAW_OF_REFERRAL, .good_security = SECURITY_SECURE,
	 .answer_type = TYPE_DS, .drill = "--scope upstream:" COM_A " --fault truncate"},
	{"drilled NXDOMAIN: stripped", "nope.victim.com.", TYPE_A, "nope.victim.com.",
	 .style = FLAW_OF_PROOF, .good_rcode = RCODE_NXDOMAIN, .good_security = SECURITY_SECURE,
	 .drill = "--scope upstream:" PROVIDER_A " --fault strip-rrsig"},
	{"drilled DNSKEY: stripped", "www.victim.com.", TYPE_A, "victim.com.",
	 .faulty_type = TYPE_DNSKEY, .good_security = SECURITY_SECURE, .answer_type = TYPE_DNSKEY,
	 .drill = "--scope upstream:" PROVIDER_A " --fault strip-rrsig"},
	{"drilled, stale", "www.victim.com.", TYPE_A, "www.victim.com.", .way = WAY_STALE,
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" PROVIDER_A " --fault drop"},
	{"drilled, forwarded: truncated", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .way = WAY_FORWARD, .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope upstream:" FORWARDER " --fault truncate"},
	{"drilled: clock ahead", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope clock --fault skew=80000"},
	{"drilled: clock behind", "www.victim.com.", TYPE_A, "www.victim.com.",
	 .good_security = SECURITY_SECURE, .answer_type = TYPE_A,
	 .drill = "--scope clock --fault skew=-80000"},
};
#define PATH_COUNT (sizeof(paths) / sizeof(paths[0]))

static const struct {
	enum flaw_kind kind;
	const char *words;
} flaws[] = {
	{FLAW_NONE, "good"},
	{FLAW_WRONG_SIGNATURE, "wrong signature"},
	{FLAW_STRIPPED, "stripped RRSIG"},
	{FLAW_EXPIRED, "expired"},
	{FLAW_WRONG_SIGNER, "wrong signer"},
	{FLAW_STOLEN_NAME, "wrong signer under the right name"},
	{FLAW_PARENT_SIGNER, "signed by the zone above"},
	{FLAW_NXDOMAIN, "forged NSEC or NSEC3, NXDOMAIN"},
	{FLAW_NODATA, "forged NSEC or NSEC3, NODATA"},
	{FLAW_REPLAYED, "NSEC or NSEC3 about other names"},
	{FLAW_2500, "forged NSEC3 with 2,500 iterations"},
	{FLAW_2500_UNSIGNED, "unsigned NSEC3 with 2,500 iterations"},
	{FLAW_CUT, "unsigned below a forged cut"},
	{FLAW_CUT_2500, "unsigned below a forged cut with 2,500 iterations"},
	{FLAW_TIMEOUT, "timeout"},
};
#define FLAW_COUNT (sizeof(flaws) / sizeof(flaws[0]))

// ---- a cell ----

static struct cell {
	const struct path *path;
	size_t flaw_index;
	struct flaw flaw;
	struct fault *faults[4];
	size_t fault_count;
	uint64_t since_ms; // from here on servers are faulty
} cell;
static unsigned complaints;

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_message("%s × %s (%s): %s\n", cell.path->words, flaws[cell.flaw_index].words,
		      cell.flaw.nsec3 ? "NSEC3" : "NSEC", text);
	complaints++;
}

static void add_zone(const char *apex, const char *servers, const char *text, bool nsec3)
{
	bool anchored = cell.path->way == WAY_ANCHORED && strcmp(apex, "victim.com.") == 0;

	world_add(w, &(struct world_zone){.apex = apex,
					  .servers = servers,
					  .text = text,
					  .no_ds = anchored,
					  .options = {.nsec3 = nsec3}});
}

static void add_zones(bool nsec3)
{
	add_zone(".", "a.root.=192.88.0.1 b.root.=198.41.0.4", NULL, nsec3);
	add_zone("com.", "ns1.com.=" COM_A " ns2.com.=" COM_B, NULL, nsec3);
	add_zone("victim.com.", "ns1.victim.com.=" PROVIDER_A " ns2.victim.com.=" PROVIDER_B,
		 "www.victim.com. 300 IN A " ALIVE "\n"
		 "*.wild.victim.com. 300 IN A " ALIVE "\n"
		 "alias.victim.com. 300 IN CNAME www.victim.com.\n"
		 "old.victim.com. 300 IN DNAME new.victim.com.\n"
		 "x.new.victim.com. 300 IN A " ALIVE "\n",
		 nsec3);
	add_zone("friend.com.", "ns.friend.com.=" PROVIDER_C,
		 "to.friend.com. 300 IN CNAME www.victim.com.\n", nsec3);
	add_zone("sub.victim.com.", "ns.sub.victim.com.=203.0.113.62",
		 "www.sub.victim.com. 300 IN A " ALIVE "\n", nsec3);
	add_zone("evil.com.", "ns.evil.com.=203.0.113.60", NULL, nsec3);
	world_add(w, &(struct world_zone){.apex = "plain.com.",
					  .servers = "ns.plain.com.=203.0.113.61",
					  .text = "www.plain.com. 300 IN A " ALIVE "\n",
					  .options = {.unsigned_ = true}});
}

static bool by_forwarders(void)
{
	return cell.path->way >= WAY_FORWARD;
}

static void add_route(void)
{
	enum way way = cell.path->way;

	if (way == WAY_EXCEPTION) {
		world_add(w,
			  &(struct world_zone){.apex = "lan.com.",
					       .servers = "ns.lan.com.=203.0.113.63",
					       .text = "to.lan.com. 300 IN CNAME www.victim.com.\n",
					       .options = {.unsigned_ = true}});
		world_route(w, "lan.com.", true, FORWARDER)->dnssec = ROUTE_INSECURE;
		return;
	}
	if (way < WAY_STUB)
		return;
	struct route *route =
		world_route(w, "victim.com.", by_forwarders(),
			    way == WAY_HEDGED ? FORWARDER ",weight=1000 " SECOND : FORWARDER);
	route->first = way == WAY_FIRST || way == WAY_FALLBACK;
	if (way == WAY_ANCHORED)
		route->dnssec = ROUTE_ANCHORED;
}

static void start_forwarders(void)
{
	if (cell.path->way < WAY_STUB)
		return;
	for (size_t i = 0; i < w->zone_count; i++) {
		if (by_forwarders() || strcmp(w->zones[i].apex, "victim.com.") == 0 ||
		    strcmp(w->zones[i].apex, "lan.com.") == 0)
			network_serve(&w->network, FORWARDER, w->zones[i].zone);
	}
	if (cell.path->way == WAY_HEDGED)
		world_serve_all(w, SECOND);
}

static void open_cell(const struct path *path, size_t flaw_index, bool nsec3)
{
	cell = (struct cell){.path = path, .flaw_index = flaw_index};
	w = world_new();
	w->cache_bytes = CACHE_SMALL;
	add_zones(nsec3);
	add_route();
	w->upstream_config.cookies = path->way == WAY_LAST;
	if (path->way == WAY_REFRESH || path->way == WAY_PREFETCH)
		w->config.stale_s = 0;
	world_start(w);
	start_forwarders();
	cell.flaw = (struct flaw){
		.kind = flaws[flaw_index].kind,
		.style = path->style,
		.nsec3 = nsec3,
		.zone = world_zone(w, path->at_com ? "com." : "victim.com.")->zone,
		.evil = world_zone(w, "evil.com.")->zone,
		.above = world_zone(w, path->at_com ? "." : "com.")->zone,
	};
}

static void add_fault(const char *server, const char *faulty)
{
	struct fault fault = flaw_fault(&cell.flaw);

	bool hedged = cell.path->way == WAY_HEDGED && strcmp(server, FORWARDER) == 0;

	if ((cell.path->way == WAY_STALE_LATE || hedged) && fault.kind == FAULT_NONE) {
		fault.kind = FAULT_DELAY;
		fault.delay_ms = hedged ? 300 : LATE_MS;
	}
	fault.lower_case = cell.path->way == WAY_CASE;
	fault.server = server;
	fault.name = cell.path->below ? NULL : faulty;
	fault.below = cell.path->below ? faulty : NULL;
	fault.type = cell.path->faulty_type;
	cell.faults[cell.fault_count++] = network_fault(&w->network, &fault);
}

static void start_drill(const char *what)
{
	char words[128];

	snprintf(words, sizeof(words), "%s --for 300 --abort-if servfail>100%%", what);
	assert_true(world_drill(w, words));
}

// Some packets earn the right to ask a second server.
static void earn_hedges(void)
{
	for (unsigned i = 0; i < 60; i++) {
		char name[40];
		snprintf(name, sizeof(name), "n%u.wild.victim.com.", i);
		world_ask(w, name, TYPE_A, ASK_DO);
	}
}

static void say_nothing(const struct network_query *query, enum section section,
			struct builder *b, void *arg)
{
	(void)query;
	(void)section;
	(void)b;
	(void)arg;
}

static void break_servers(void)
{
	const struct path *path = cell.path;

	cell.since_ms = w->network.now_us / 1000;
	if (cell.flaw.kind != FLAW_NONE) {
		const char *first = path->way == WAY_HEDGED ? FORWARDER : NULL;
		add_fault(path->at_com ? COM_A : first, path->faulty);
		if (path->at_com || path->way == WAY_HEDGED)
			add_fault(path->at_com ? COM_B : SECOND, path->faulty);
	}
	if (path->way == WAY_FALLBACK)
		with((struct fault){.kind = FAULT_DROP, .server = FORWARDER});
	if (path->way == WAY_RETRY)
		with((struct fault){.kind = FAULT_DROP, .name = path->faulty, .times = 1});
	if (path->way == WAY_CASE && cell.flaw.kind == FLAW_NONE)
		with((struct fault){.below = path->faulty, .lower_case = true});
	if (path->way == WAY_LETTERS)
		with((struct fault){.name = path->faulty,
				    .mixed_only = true,
				    .replace = say_nothing,
				    .flags = FLAG_AA | RCODE_NXDOMAIN});
	if (path->way == WAY_BARE)
		with((struct fault){.kind = FAULT_BARE,
				    .name = path->faulty,
				    .flags = RCODE_FORMERR,
				    .times = 1});
	if (path->way == WAY_LAST)
		with((struct fault){.kind = FAULT_DROP, .name = path->faulty, .cookie_only = true});
	if (path->way == WAY_TCP)
		with((struct fault){
			.kind = FAULT_TRUNCATE, .name = path->faulty, .udp_only = true});
	if (path->drill != NULL)
		start_drill(path->drill);
}

// ---- what may come of it ----

static bool is_positive(const struct question *q)
{
	return q->reply->rcode == RCODE_NOERROR || q->reply->rcode == RCODE_NXDOMAIN;
}

static bool goes_stale(void)
{
	return cell.path->way == WAY_STALE || cell.path->way == WAY_STALE_LATE ||
	       cell.path->way == WAY_FORWARD_STALE;
}

static bool is_old_data(const struct question *q)
{
	return goes_stale() && q->result->stale && q->reply->rcode == RCODE_NOERROR &&
	       q->reply->edns.ede == EDE_STALE_ANSWER &&
	       strcmp(question_data(q, TYPE_A, 0), ALIVE) == 0;
}

static void look_at_answer(const struct question *q, const char *who)
{
	if (q->reply->flags & FLAG_AD)
		complain("AD is set for %s", who);
	if (goes_stale() && !is_old_data(q))
		complain("%s does not get the stale answer", who);
	if (is_positive(q) && !is_old_data(q))
		complain("rcode %u for %s, with %s", q->reply->rcode, who,
			 question_data(q, TYPE_A, 0));
	if (!is_positive(q) && q->reply->rcode != RCODE_SERVFAIL)
		complain("rcode %u for %s", q->reply->rcode, who);
	if (!is_positive(q) && q->reply->edns.ede == EDE_NONE)
		complain("SERVFAIL without EDE for %s", who);
	if (!is_positive(q) && q->reply->sections[SECTION_ANSWER].count > 0)
		complain("SERVFAIL with an answer for %s", who);
}

static bool has_false_address(const struct entry *entry)
{
	static const uint8_t address[] = {203, 0, 113, 66};
	struct entry_reader reader;
	struct record record;
	enum entry_part part;

	entry_show(entry, &reader);
	while (entry_next(&reader, &part, &record)) {
		if (part == ENTRY_DATA && record.type == TYPE_A &&
		    memcmp(record.rdata, address, sizeof(address)) == 0)
			return true;
	}
	return false;
}

// Below `faulty` nothing has been said that could be kept since servers are faulty.
static bool look_at_entry(const struct entry *entry, void *arg)
{
	struct entry_facts facts;
	char text[NAME_TEXT_MAX];

	(void)arg;
	entry_facts(entry, &facts);
	if (facts.kind == ENTRY_FAILURE)
		return true;
	if (facts.security == SECURITY_UNPROVEN) {
		if (facts.expires_ms - facts.created_ms > 30000)
			complain("%s is kept unproven for %d s", name_to_text(facts.name, text),
				 (int)((facts.expires_ms - facts.created_ms) / 1000));
		return true;
	}
	if (has_false_address(entry))
		complain("the false address of %s is cached", name_to_text(facts.name, text));
	if (facts.created_ms >= cell.since_ms && cell.path->faulty_type == 0 &&
	    name_within(facts.name, text_name(cell.path->faulty)))
		complain("%s type %u is cached, kind %d, security %d",
			 name_to_text(facts.name, text), facts.type, facts.kind, facts.security);
	if (facts.created_ms >= cell.since_ms && cell.path->faulty_type != 0 &&
	    name_within(facts.name, text_name("victim.com.")) && facts.security != SECURITY_SECURE)
		complain("%s type %u is cached, security %d", name_to_text(facts.name, text),
			 facts.type, facts.security);
	return true;
}

static void look_at_cache(void)
{
	const struct store_clock clock = world_clock(w);
	const uint8_t *name = text_name(cell.path->name);
	struct lookup lookup = {
		.name = name,
		.name_len = (uint16_t)name_len(name),
		.type = cell.path->type,
		.now_ms = clock.now_ms,
		.now_s = clock.now_s,
	};

	cache_walk(store_cache(w->store), look_at_entry, NULL);
	cache_lookup(store_cache(w->store), &lookup);
	if (lookup.status == LOOKUP_HIT)
		complain("the cache has an answer for CD=0");
	if (trust_zone_state(w->trust, text_name(cell.path->faulty), clock.now_ms, clock.now_s) ==
	    ZONE_INSECURE)
		complain("%s is trusted to be insecure", cell.path->faulty);
}

static void look_at_log(void)
{
	unsigned hits = 0;

	for (size_t i = 0; i < cell.fault_count; i++)
		hits += cell.faults[i]->hits;
	if (hits == 0 || (cell.flaw.kind != FLAW_TIMEOUT && cell.flaw.sent == 0))
		complain("no faulty reply was sent: the cell is empty");
	if (cell.path->way == WAY_TCP && w->network.connections == 0 &&
	    cell.flaw.kind != FLAW_TIMEOUT)
		complain("nothing was asked over TCP");
	if (cell.path->way == WAY_HEDGED && cell.flaw.kind != FLAW_TIMEOUT &&
	    (world_counter(w, "upstream.hedges") == 0 ||
	     network_sent(&w->network, SECOND, cell.path->faulty, 0) == 0))
		complain("no second forwarder was asked");
	if (cell.path->way == WAY_FALLBACK && world_counter(w, "resolver.fallbacks") == 0)
		complain("nothing was resolved from the root");
	// Those that were silent for one question may be passed by for the next.
	const char *asked = cell.path->way == WAY_FALLBACK ? NULL : cell.path->faulty;
	if (by_forwarders() && network_sent(&w->network, FORWARDER, asked, 0) == 0)
		complain("the forwarder was not asked");
	if (cell.path->drill != NULL && world_drilled(w)->affected == 0 &&
	    strstr(cell.path->drill, "--fault skew") == NULL &&
	    strstr(cell.path->drill, "--share") == NULL)
		complain("the drill affected nothing");
}

// ---- running it ----

static void look_at_good(const struct question *q)
{
	const struct path *path = cell.path;
	bool secure = path->good_security == SECURITY_SECURE;
	struct entry_facts facts;

	if (q->reply->rcode != path->good_rcode || q->reply->edns.ede != EDE_NONE)
		complain("rcode %u, EDE %d", q->reply->rcode, q->reply->edns.ede);
	if (!!(q->reply->flags & FLAG_AD) != secure)
		complain("AD is %s", secure ? "not set" : "set");
	if (path->type == TYPE_A && path->good_rcode == RCODE_NOERROR &&
	    strcmp(question_data(q, TYPE_A, 0), ALIVE) != 0)
		complain("the answer is %s", question_data(q, TYPE_A, 0));
	if (path->way == WAY_TCP && w->network.connections == 0)
		complain("nothing was asked over TCP");
	if (!secure || path->answer_type == TYPE_DNSKEY || path->answer_type == TYPE_DS ||
	    strcmp(path->words, "DNAME") == 0)
		return;
	if (!world_cached(w, path->faulty, path->answer_type, &facts) ||
	    facts.security != SECURITY_SECURE)
		complain("it is not cached as secure");
}

// What was let pass while it was in force is neither served nor believed afterwards.
static void ask_under_nta(void)
{
	const struct path *path = cell.path;
	bool stale = path->way == WAY_NTA_STALE;

	assert_int_equal(resolver_nta_add(w->resolver, text_name("victim.com."), 200, ""), 0);
	assert_answer(world_ask(w, path->name, path->type, ASK_DO), path->good_rcode, false,
		      EDE_NEGATIVE_TRUST_ANCHOR);
	if (stale)
		world_advance(w, 600000);
	else
		assert_true(resolver_nta_remove(w->resolver, text_name("victim.com.")));
	assert_int_equal(world_counter(w, "nta.active"), 0);
	network_forget_log(&w->network);
}

static void ask_before(void)
{
	enum way way = cell.path->way;

	if (way == WAY_NTA || way == WAY_NTA_STALE)
		ask_under_nta();
	if (way == WAY_HEDGED)
		earn_hedges();
	if (way == WAY_AFTER)
		assert_answer(world_ask(w, cell.path->first, cell.path->first_type, ASK_DO),
			      RCODE_NOERROR, true, EDE_NONE);
	if (!goes_stale() && way != WAY_REFRESH && way != WAY_PREFETCH)
		return;
	assert_answer(world_ask(w, cell.path->name, cell.path->type, ASK_DO), RCODE_NOERROR, true,
		      EDE_NONE);
	world_advance(w, way == WAY_PREFETCH ? 280000 : 301000);
	network_forget_log(&w->network);
}

// Until the data end they are what they were; then nothing has come in their place.
static void wait_for_prefetch(void)
{
	struct question *q = world_ask(w, cell.path->name, cell.path->type, ASK_DO);

	if (network_sent(&w->network, NULL, NULL, 0) != 0)
		complain("the data have ended too early");
	world_advance(w, 18000);
	if (world_counter(w, "resolver.prefetched") == 0)
		complain("nothing was asked before the data ended");
	for (int i = 0; i < 2; i++, q = world_ask(w, cell.path->name, cell.path->type, ASK_DO))
		look_at_good(q);
	world_advance(w, 3000);
}

static struct question *ask_with_cd(void)
{
	const struct path *path = cell.path;
	struct question *cd = NULL;

	if (path->way == WAY_CD_FIRST || path->way == WAY_CD_EXPIRED || path->cd_first)
		cd = world_ask(w, path->name, path->type, ASK_DO | ASK_CD);
	else if (path->way == WAY_CD_BESIDE)
		cd = world_ask_later(w, path->name, path->type, ASK_DO | ASK_CD);
	if (path->way == WAY_CD_EXPIRED && cell.flaw.kind != FLAW_NONE) {
		world_advance(w, 400000);
		with((struct fault){.kind = FAULT_DROP});
	}
	return cd;
}

// The same world, healed: nothing but the flaw stood in the way.
static void look_after_healing(void)
{
	network_heal(&w->network);
	world_advance(w, 700000);
	if (goes_stale()) { // stale data may go out once more while they are renewed
		world_ask(w, cell.path->name, cell.path->type, ASK_DO);
		world_advance(w, 2000);
	}
	look_at_good(world_ask(w, cell.path->name, cell.path->type, ASK_DO));
}

static void run_cell(void)
{
	static const struct {
		const char *words;
		unsigned flags;
	} clients[] = {
		{"DO=1", ASK_DO}, {"a plain client", 0}, {"AD=1 over TCP", ASK_AD | ASK_TCP}};
	const struct path *path = cell.path;

	ask_before();
	break_servers();
	if (path->way == WAY_PREFETCH)
		wait_for_prefetch();
	struct question *cd = ask_with_cd();
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct question *q = world_ask(w, path->name, path->type, clients[i].flags);
		if (cell.flaw.kind != FLAW_NONE)
			look_at_answer(q, clients[i].words);
		else if (i == 0)
			look_at_good(q);
	}
	if (cell.flaw.kind == FLAW_NONE)
		return;
	if (cd != NULL && cd->reply->flags & FLAG_AD)
		complain("AD is set for CD=1");
	if (path->way == WAY_STALE_LATE)
		world_advance(w, 8000);
	look_at_log();
	look_at_cache();
	look_after_healing();
}

static int end_cell(void **state)
{
	flaw_free(&cell.flaw);
	return end_world(state);
}

static void unproven_data_are_never_an_answer(void **state)
{
	const struct path *path = *state;

	complaints = 0;
	for (size_t i = 0; i < FLAW_COUNT * 2; i++) {
		open_cell(path, i / 2, i % 2);
		run_cell();
		end_cell(state);
	}
	assert_int_equal(complaints, 0);
}

// Where it ended, when an assertion inside the world has failed.
static int end_path(void **state)
{
	if (w != NULL)
		complain("ended here");
	return end_cell(state);
}

int main(void)
{
	static struct CMUnitTest tests[PATH_COUNT];

	for (size_t i = 0; i < PATH_COUNT; i++)
		tests[i] = (struct CMUnitTest){
			.name = paths[i].words,
			.test_func = unproven_data_are_never_an_answer,
			.teardown_func = end_path,
			.initial_state = (void *)(uintptr_t)&paths[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
