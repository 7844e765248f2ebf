#include "tests/oracle/generate.h"

#include "tests/oracle/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES_MAX      32
#define NAMES_MAX      600
#define SERVERS_MAX    80
#define ASKED_MAX      6
#define FAULTY_MAX     12
#define FORWARDERS_MAX 4
#define NAME_SIZE      256

struct zone {
	char apex[NAME_SIZE];
	const char *mode;
	char servers[6][48];
	size_t server_count;
	bool shares; // its first server has other zones, too
};

struct generator {
	uint64_t random;
	struct script *out;
	struct zone zones[ZONES_MAX];
	size_t zone_count;
	char names[NAMES_MAX][NAME_SIZE]; // that own something
	char types[NAMES_MAX][12];        // what
	const char *there;                // the type that the name just made has, or NULL
	size_t name_count;
	char servers[SERVERS_MAX][48];
	size_t server_count;
	char asked[ASKED_MAX][NAME_SIZE]; // lately
	size_t asked_count;
	char forwarders[FORWARDERS_MAX][48];
	size_t forwarder_count;
	bool harsh;    // every server of a zone may fail
	bool operated; // operators do things
	char faulty[FAULTY_MAX][48];
	size_t faulty_count;
};

static unsigned below(struct generator *g, size_t bound)
{
	return random_below(&g->random, (unsigned)bound);
}

static bool percent(struct generator *g, unsigned of_hundred)
{
	return random_percent(&g->random, of_hundred);
}

static const char *pick(struct generator *g, const char *const *list, size_t count)
{
	return list[below(g, count)];
}
#define PICK(g, list) pick(g, list, sizeof(list) / sizeof((list)[0]))

static unsigned pick_ttl(struct generator *g)
{
	static const unsigned ttls[] = {0, 1, 5, 30, 60, 300, 300, 3600};

	return ttls[below(g, sizeof(ttls) / sizeof(ttls[0]))];
}

static const char *pick_label(struct generator *g)
{
	static const char *const labels[] = {"a", "b", "c",  "d", "e", "w", "x",
					     "y", "z", "ww", "0", "-", "m", "_tcp"};

	return PICK(g, labels);
}

// ---- names ----

static void remember(struct generator *g, const char *name, const char *type)
{
	if (g->name_count == NAMES_MAX)
		return;
	snprintf(g->types[g->name_count], sizeof(g->types[0]), "%s", type);
	snprintf(g->names[g->name_count++], NAME_SIZE, "%.250s", name);
}

// One label more; the root's is not doubled.
static void prepend(char *out, const char *label, const char *name)
{
	char copy[NAME_SIZE];

	snprintf(copy, sizeof(copy), "%s", name);
	snprintf(out, NAME_SIZE, "%.63s.%.190s", label, strcmp(copy, ".") == 0 ? "" : copy);
}

// Below an apex, most often one label, wildcards among them.
static void make_owner(struct generator *g, const char *apex, char *out)
{
	unsigned labels = 1 + (percent(g, 35) ? 1 : 0) + (percent(g, 12) ? 1 : 0);

	snprintf(out, NAME_SIZE, "%s", apex);
	for (unsigned i = 0; i < labels; i++) {
		bool wildcard = i + 1 == labels ? percent(g, 22) : percent(g, 4);
		prepend(out, wildcard ? "*" : pick_label(g), out);
	}
}

static const struct zone *pick_zone(struct generator *g)
{
	return &g->zones[below(g, g->zone_count)];
}

static void make_target(struct generator *g, char *out)
{
	if (g->name_count > 0 && percent(g, 60))
		snprintf(out, NAME_SIZE, "%s", g->names[below(g, g->name_count)]);
	else
		make_owner(g, pick_zone(g)->apex, out);
	if (percent(g, 10))
		prepend(out, pick_label(g), out);
}

// ---- zones ----

static void make_server(struct generator *g, char *out)
{
	static const char *const nets[] = {"192.0.2.", "198.51.100.", "203.0.113.", "192.5.6."};

	if (g->server_count > 4 && (percent(g, 15) || g->server_count == SERVERS_MAX)) {
		memmove(out, g->servers[2 + below(g, g->server_count - 2)], 48);
		return;
	}
	snprintf(out, 48, "%s%zu", PICK(g, nets), g->server_count + 1);
	memmove(g->servers[g->server_count++], out, 48);
}

static const struct zone *find_zone(const struct generator *g, const char *apex)
{
	for (size_t i = 0; i < g->zone_count; i++) {
		if (strcmp(g->zones[i].apex, apex) == 0)
			return &g->zones[i];
	}
	return NULL;
}

static void add_zone(struct generator *g, const char *apex, const char *mode, bool leaf)
{
	static const unsigned minimums[] = {0, 1, 30, 60, 300, 300, 7200};
	struct zone *zone = &g->zones[g->zone_count];
	char list[300] = "", options[300] = "", host[NAME_SIZE] = "";
	size_t count = leaf ? 1 + below(g, 3) : 2;

	if (g->zone_count == ZONES_MAX || find_zone(g, apex) != NULL)
		return;
	*zone = (struct zone){.mode = mode};
	snprintf(zone->apex, sizeof(zone->apex), "%s", apex);
	while (zone->server_count < count) {
		char *address = zone->servers[zone->server_count];
		size_t known = g->server_count;
		make_server(g, address);
		if (strstr(list, address) != NULL)
			continue;
		zone->shares |= known == g->server_count;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 zone->server_count++ > 0 ? "," : "", address);
	}
	if (leaf && percent(g, 6) && strcmp(mode, "unsigned") != 0)
		strcat(options, percent(g, 50) ? " nods" : " bogus");
	if (leaf && percent(g, 15) && g->zone_count > 3) {
		// One that was there before: no two can need each other.
		snprintf(host, sizeof(host), "%s", g->zones[1 + below(g, g->zone_count - 1)].apex);
		sprintf(options + strlen(options), " host=%s", host);
	}
	script_add(g->out, "zone %s %s %s nsttl=%u soattl=%u minimum=%u%s", apex, mode, list,
		   percent(g, 70) ? 3600 : 60, percent(g, 70) ? 3600 : 5,
		   minimums[below(g, sizeof(minimums) / sizeof(minimums[0]))], options);
	g->zone_count++;
	remember(g, apex, "SOA");
}

static void make_zones(struct generator *g)
{
	static const char *const modes[] = {"nsec",   "nsec",   "nsec3",    "nsec3",
					    "optout", "optout", "unsigned", "unsigned"};
	static const char *const tlds[][2] = {
		{"com.", "nsec"}, {"org.", "nsec3"}, {"net.", "optout"}, {"dev.", "unsigned"}};
	char apex[NAME_SIZE];

	add_zone(g, ".", percent(g, 70) ? "nsec" : "nsec3", false);
	for (size_t i = 0; i < 4; i++) {
		if (percent(g, 75) || (i == 3 && g->zone_count == 1))
			add_zone(g, tlds[i][0], tlds[i][1], false);
	}
	size_t tops = g->zone_count;
	for (size_t i = 0, count = 2 + below(g, 5); i < count; i++) {
		prepend(apex, pick_label(g), g->zones[1 + below(g, tops - 1)].apex);
		add_zone(g, apex, PICK(g, modes), true);
	}
	for (size_t i = 0, count = below(g, 5); i < count; i++) {
		const char *parent = g->zones[tops + below(g, g->zone_count - tops)].apex;
		snprintf(apex, sizeof(apex), "%s", parent);
		for (unsigned labels = 1 + below(g, 3); labels > 0; labels--)
			prepend(apex, pick_label(g), apex);
		add_zone(g, apex, PICK(g, modes), true);
	}
}

// ---- records ----

static void make_rdata(struct generator *g, const char *type, char *out)
{
	char target[NAME_SIZE];
	unsigned n = below(g, 250);

	make_target(g, target);
	if (strcmp(type, "A") == 0)
		sprintf(out, "10.%u.%u.%u", below(g, 250), below(g, 250), n);
	else if (strcmp(type, "AAAA") == 0)
		sprintf(out, "2001:db8::%x:%x", below(g, 60000), n);
	else if (strcmp(type, "TXT") == 0)
		sprintf(out, "\"text %u\"", n);
	else if (strcmp(type, "MX") == 0)
		sprintf(out, "%u %s", n, target);
	else if (strcmp(type, "SRV") == 0)
		sprintf(out, "1 2 %u %s", n, target);
	else if (strcmp(type, "CAA") == 0)
		sprintf(out, "0 issue \"ca%u\"", n);
	else if (strcmp(type, "TYPE65400") == 0)
		sprintf(out, "\\# 4 010203%02x", n);
	else
		sprintf(out, "%s", target);
}

static const char *pick_data_type(struct generator *g)
{
	static const char *const types[] = {"A",     "A",     "A",     "AAAA",      "TXT",
					    "MX",    "SRV",   "CAA",   "TYPE65400", "PTR",
					    "CNAME", "CNAME", "CNAME", "DNAME"};

	return PICK(g, types);
}

// More than goes into a packet.
static void make_large(struct generator *g, const struct zone *zone, const char *owner)
{
	unsigned ttl_s = pick_ttl(g);

	for (unsigned i = 0; i < 9; i++)
		script_add(g->out, "rec %s %s %u TXT \"%u %0170u\"", zone->apex, owner, ttl_s, i,
			   i);
	remember(g, owner, "TXT");
}

static void make_record(struct generator *g, const struct zone *zone, const char *verb)
{
	char owner[NAME_SIZE], rdata[400];
	const char *type = pick_data_type(g);

	if (percent(g, 12) && strcmp(type, "CNAME") != 0)
		snprintf(owner, sizeof(owner), "%s", zone->apex);
	else
		make_owner(g, zone->apex, owner);
	if (strcmp(type, "DNAME") == 0 && strcmp(owner, zone->apex) == 0 && percent(g, 80))
		type = "A";
	if (strcmp(verb, "rec") == 0 && strcmp(type, "TXT") == 0 && percent(g, 25)) {
		make_large(g, zone, owner);
		return;
	}
	make_rdata(g, type, rdata);
	script_add(g->out, "%s %s %s %u %s %s", verb, zone->apex, owner, pick_ttl(g), type, rdata);
	remember(g, owner, type);
}

static void make_records(struct generator *g)
{
	for (size_t i = 0; i < g->zone_count; i++) {
		const struct zone *zone = &g->zones[i];
		bool hashed = strcmp(zone->mode, "nsec3") == 0 || strcmp(zone->mode, "optout") == 0;
		unsigned count = i < 5 ? below(g, 3) : 2 + below(g, 12);
		if (hashed)
			script_add(g->out, "rec %s %s 0 NSEC3PARAM 1 0 0 -", zone->apex,
				   zone->apex);
		for (unsigned k = 0; k < count; k++)
			make_record(g, zone, "rec");
	}
}

// ---- questions ----

// What is cached shows most where a name is asked for again, by another type or nearby.
static void make_new_name(struct generator *g, char *out)
{
	size_t i = below(g, g->name_count);
	unsigned kind = below(g, 100);

	snprintf(out, NAME_SIZE, "%s", g->names[i]);
	if (kind < 50) {
		g->there = g->types[i];
		return;
	}
	if (kind < 62) { // below it
		prepend(out, pick_label(g), out);
		if (percent(g, 25))
			prepend(out, pick_label(g), out);
	} else if (kind < 72) { // above it
		const char *dot = strchr(out, '.');
		if (dot[1] != '\0')
			memmove(out, dot + 1, strlen(dot));
	} else if (kind < 82) { // in the place of its wildcard
		if (strncmp(out, "*.", 2) == 0)
			prepend(out, pick_label(g), out + 2);
	} else if (kind < 86) {
		prepend(out, "*", out);
	} else if (kind < 92) { // beside it
		const char *dot = strchr(out, '.');
		char rest[NAME_SIZE];
		snprintf(rest, sizeof(rest), "%s", dot[1] != '\0' ? dot + 1 : ".");
		prepend(out, pick_label(g), rest);
	} else {
		make_owner(g, pick_zone(g)->apex, out);
	}
}

static void make_name(struct generator *g, char *out)
{
	g->there = NULL;
	if (g->asked_count > 0 && percent(g, 35)) {
		size_t kept = g->asked_count < ASKED_MAX ? g->asked_count : ASKED_MAX;
		memcpy(out, g->asked[below(g, kept)], NAME_SIZE);
		return;
	}
	make_new_name(g, out);
	memcpy(g->asked[g->asked_count++ % ASKED_MAX], out, NAME_SIZE);
}

static const char *pick_type(struct generator *g)
{
	static const char *const common[] = {"A",  "A",     "A",     "AAAA", "TXT",
					     "MX", "CNAME", "CNAME", "NS"};
	static const char *const others[] = {
		"DS",       "DS",    "DNSKEY", "NSEC",  "NSEC3", "NSEC3PARAM", "RRSIG",
		"ANY",      "SOA",   "DNAME",  "CAA",   "SRV",   "PTR",        "TYPE65400",
		"TYPE4711", "HTTPS", "NS",     "CNAME", "SOA",   "DS"};
	static const char *const meta[] = {"AXFR", "IXFR", "OPT", "TSIG", "MAILA", "TYPE128"};

	return percent(g, 55) ? PICK(g, common) : percent(g, 97) ? PICK(g, others) : PICK(g, meta);
}

static void make_question(struct generator *g)
{
	char name[NAME_SIZE], flags[60] = "-";

	make_name(g, name);
	const char *there = g->there;
	if (percent(g, 10)) {
		for (char *p = name; *p != '\0'; p++)
			*p = *p >= 'a' && *p <= 'z' && percent(g, 50) ? (char)(*p - 32) : *p;
	}
	if (percent(g, 45))
		strcat(flags, ",do");
	if (percent(g, 30))
		strcat(flags, ",ad");
	if (percent(g, 15))
		strcat(flags, ",cd");
	if (percent(g, 15))
		strcat(flags, ",tcp");
	if (strstr(flags, ",do") == NULL && percent(g, 12))
		strcat(flags, ",plain");
	if (percent(g, 20))
		strcat(flags, ",beside");
	if (percent(g, 6))
		strcat(flags, ",gone");
	script_add(g->out, "ask %s %s %s", name,
		   there != NULL && percent(g, 35) ? there : pick_type(g), flags);
}

static void make_pause(struct generator *g)
{
	static const unsigned pauses[] = {1, 15, 200, 1000, 2000, 6000, 31000, 70000, 310000};

	if (percent(g, 25))
		script_add(g->out, "wait %u", pauses[below(g, sizeof(pauses) / sizeof(pauses[0]))]);
}

// ---- changes ----

static const char *pick_server(struct generator *g, const struct zone *zone)
{
	return zone->servers[below(g, zone->server_count)];
}

static void fault_all(struct generator *g, const struct zone *zone, const char *kind)
{
	for (size_t k = 0; k < zone->server_count && g->faulty_count < FAULTY_MAX; k++) {
		script_add(g->out, "fault %s %s", zone->servers[k], kind);
		memmove(g->faulty[g->faulty_count++], zone->servers[k], 48);
	}
}

static void make_forwarder_fault(struct generator *g, const char *kind)
{
	// In most worlds one of them stays as it is.
	size_t i = g->harsh ? below(g, g->forwarder_count) : 0;

	if (!g->harsh && g->forwarder_count < 2)
		return;
	script_add(g->out, "fault %s %s", g->forwarders[i], kind);
	memmove(g->faulty[g->faulty_count++], g->forwarders[i], 48);
}

static void make_fault(struct generator *g)
{
	static const char *const kinds[] = {"drop",
					    "drop",
					    "drop",
					    "servfail",
					    "refused",
					    "formerr",
					    "lame",
					    "strip",
					    "bogus",
					    "noaa",
					    "no_edns",
					    "malformed",
					    "truncate",
					    "delay",
					    "reset",
					    "unreachable",
					    "cache",
					    "no_soa",
					    "wrong_id",
					    "bogus",
					    "strip",
					    "wrong_question",
					    "wrong_case",
					    "servfail",
					    "truncate_always",
					    "bare",
					    "expired",
					    "unknown_key",
					    "bare_formerr",
					    "bare_notimp",
					    "drop_edns",
					    "drop_cookie",
					    "formerr_cookie",
					    "drop_mixed",
					    "refuse_mixed",
					    "servfail_mixed",
					    "drop_udp",
					    "refuse_tcp",
					    "made_up_cookie",
					    "cookie",
					    "trailing",
					    "ede",
					    "twice",
					    "late"};
	const struct zone *zone = pick_zone(g);

	if (g->faulty_count > 0 && (percent(g, 50) || g->faulty_count == FAULTY_MAX)) {
		size_t i = below(g, g->faulty_count);
		script_add(g->out, "heal %s", g->faulty[i]);
		memmove(g->faulty[i], g->faulty[--g->faulty_count], 48);
		return;
	}
	if (g->harsh && percent(g, 25)) {
		fault_all(g, zone, PICK(g, kinds));
		return;
	}
	if (g->forwarder_count > 0 && percent(g, 20)) {
		make_forwarder_fault(g, PICK(g, kinds));
		return;
	}
	// In most worlds some server of each zone stays as it is.
	const char *address = g->harsh ? pick_server(g, zone) : zone->servers[0];
	if (!g->harsh && (zone->server_count < 2 || zone->shares))
		return;
	script_add(g->out, "fault %s %s", address, PICK(g, kinds));
	memmove(g->faulty[g->faulty_count++], address, 48);
}

static void delete_record(struct generator *g)
{
	char copy[600], *words[5] = {0}, *save = NULL;

	for (int tries = 0; tries < 40; tries++) {
		const char *line = g->out->lines[below(g, g->out->count)];
		if (strncmp(line, "rec ", 4) != 0 && strncmp(line, "add ", 4) != 0)
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		for (int i = 0; i < 5; i++)
			words[i] = strtok_r(i == 0 ? copy : NULL, " ", &save);
		script_add(g->out, "del %s %s %s", words[1], words[2], words[4]);
		if (percent(g, 50)) // and other data in its place
			make_record(g, find_zone(g, words[1]), "add");
		return;
	}
}

static void make_change(struct generator *g)
{
	static const char *const keys[] = {"zsk", "ksk", "both"};
	static const char *const modes[] = {"nsec", "nsec3", "optout"};
	const struct zone *zone = pick_zone(g);
	unsigned kind = below(g, 100);

	if (kind < 30)
		delete_record(g);
	else if (kind < 50)
		make_record(g, zone, "add");
	else if (kind < 58)
		script_add(g->out, "roll %s %s", zone->apex, PICK(g, keys));
	else if (kind < 61)
		script_add(g->out, "sign %s %s", zone->apex, PICK(g, modes));
	else if (kind < 63)
		script_add(g->out, "unsign %s", zone->apex);
	else if (kind < 66)
		script_add(g->out, "%s %s", percent(g, 40) ? "hide" : "show", zone->apex);
	else if (kind < 74)
		script_add(g->out, "%s %s %s", percent(g, 55) ? "lag" : "catchup", zone->apex,
			   pick_server(g, zone));
	else
		make_fault(g);
}

static void make_act(struct generator *g)
{
	char name[NAME_SIZE];
	const struct zone *zone = pick_zone(g);

	if (percent(g, 60)) {
		make_name(g, name);
		script_add(g->out, percent(g, 60) ? "flush %s" : "flush %s %s", name, pick_type(g));
	} else if (percent(g, 60)) {
		script_add(g->out, "nta %s %u", zone->apex, percent(g, 30) ? 0 : 3600);
	} else {
		script_add(g->out, "restart");
	}
}

// ---- configured zones ----

static void make_forward(struct generator *g)
{
	const struct zone *zone = percent(g, 25) ? &g->zones[0] : pick_zone(g);
	char list[200] = "";

	if (g->forwarder_count == 0) {
		for (size_t i = 0, count = 1 + below(g, FORWARDERS_MAX); i < count; i++)
			snprintf(g->forwarders[g->forwarder_count++], 48, "100.64.%u.%zu",
				 below(g, 2), i + 1);
	}
	for (size_t i = 0; i < g->forwarder_count; i++) {
		sprintf(list + strlen(list), " %s", g->forwarders[i]);
		if (percent(g, 40))
			sprintf(list + strlen(list), ",priority=%u", below(g, 3));
		if (percent(g, 30))
			sprintf(list + strlen(list), ",weight=%u", 1 + below(g, 9));
	}
	script_add(g->out, "forward %s %s%s", zone->apex, percent(g, 50) ? "only" : "first", list);
}

static void make_configured(struct generator *g)
{
	for (size_t i = 0, count = percent(g, 18) ? 1 + below(g, 3) : 0; i < count; i++)
		script_add(g->out, "stub %s", pick_zone(g)->apex);
	for (size_t i = 0, count = percent(g, 15) ? 1 + below(g, 2) : 0; i < count; i++)
		make_forward(g);
}

// ---- scenes: what chance brings together too seldom ----

static void ask_plainly(struct generator *g, const char *name, const char *type)
{
	static const char *const flags[] = {"-", "-,do", "-,ad", "-,do,cd"};

	script_add(g->out, "ask %s %s %s", name, type, PICK(g, flags));
}

// A name that a wildcard makes, and another one.
static void make_beside(struct generator *g, const char *wildcard, const char *type)
{
	char name[NAME_SIZE];

	for (unsigned i = 0; i < 2; i++) {
		prepend(name, pick_label(g), wildcard + 2);
		ask_plainly(g, name, percent(g, 70) ? type : pick_type(g));
	}
}

// A wildcard itself, what it makes, and the same once its zone, or one above, has changed.
static void play_wildcard(struct generator *g)
{
	size_t from = below(g, g->name_count), i = from;
	char wildcard[NAME_SIZE], type[12];

	while (strncmp(g->names[i], "*.", 2) != 0) {
		i = (i + 1) % g->name_count;
		if (i == from)
			return;
	}
	memcpy(wildcard, g->names[i], NAME_SIZE);
	memcpy(type, g->types[i], sizeof(type));
	if (percent(g, 60))
		ask_plainly(g, wildcard, type);
	make_beside(g, wildcard, type);
	if (percent(g, 30)) // what is above it, and what is not there
		ask_plainly(g, wildcard + 2, "TYPE4711");
	script_add(g->out, "%s %s", percent(g, 50) ? "hide" : "show", pick_zone(g)->apex);
	make_beside(g, wildcard, type);
	if (percent(g, 40))
		ask_plainly(g, wildcard, type);
}

// An exception that begins and ends again.
static void play_exception(struct generator *g)
{
	const char *apex = pick_zone(g)->apex;
	char name[NAME_SIZE];

	make_name(g, name);
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "nta %s 3600", apex);
	ask_plainly(g, name, pick_type(g));
	make_owner(g, apex, name);
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "nta %s 0", apex);
	ask_plainly(g, name, pick_type(g));
}

// A zone that goes and comes back, with questions for it and for what is below it.
static void play_removal(struct generator *g)
{
	static const char *const pauses[] = {"1", "1000", "6000", "70000"};
	const char *apex = pick_zone(g)->apex;
	char name[NAME_SIZE];

	make_owner(g, apex, name);
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "hide %s", apex);
	ask_plainly(g, percent(g, 50) ? apex : name, pick_type(g));
	script_add(g->out, "wait %s", PICK(g, pauses));
	ask_plainly(g, name, pick_type(g));
	script_add(g->out, "show %s", apex);
	script_add(g->out, "wait %s", PICK(g, pauses));
	ask_plainly(g, name, pick_type(g));
}

static void make_scene(struct generator *g, bool dynamic)
{
	unsigned kind = below(g, 100);

	if (!dynamic)
		return;
	if (kind < 60)
		play_wildcard(g);
	else if (kind < 75 && g->operated)
		play_exception(g);
	else if (kind >= 75)
		play_removal(g);
}

void generate(uint64_t seed, size_t questions, bool dynamic, struct script *out)
{
	static struct generator generator;
	struct generator *g = &generator;

	*g = (struct generator){.random = seed, .out = out};
	dynamic = dynamic && percent(g, 70);
	g->harsh = percent(g, 35);
	g->operated = percent(g, 30);
	if (percent(g, 20))
		script_add(out, "set denial 0");
	if (percent(g, 20))
		script_add(out, "set minimise 0");
	make_zones(g);
	make_records(g);
	make_configured(g);
	for (size_t i = 0; i < questions; i++) {
		make_question(g);
		make_pause(g);
		if (dynamic && percent(g, 22))
			make_change(g);
		if (g->operated && percent(g, 4))
			make_act(g);
		if (percent(g, 3))
			make_scene(g, dynamic);
	}
}
