// Records of zones, in the beginning and later.
#include "tests/oracle/generator.h"

#include <stdio.h>
#include <string.h>

unsigned pick_ttl(struct generator *g)
{
	static const unsigned ttls[] = {0, 1, 5, 30, 60, 300, 300, 3600};

	return ttls[below(g, sizeof(ttls) / sizeof(ttls[0]))];
}

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

void make_record(struct generator *g, const struct zone *zone, const char *verb)
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

void make_records(struct generator *g)
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
