#include "tests/oracle/generate.h"

#include "tests/oracle/generator.h"

#include <stdio.h>
#include <string.h>

// ---- zones ----

const struct zone *find_zone(const struct generator *g, const char *apex)
{
	for (size_t i = 0; i < g->zone_count; i++) {
		if (strcmp(g->zones[i].apex, apex) == 0)
			return &g->zones[i];
	}
	return NULL;
}

const struct zone *zone_of(const struct generator *g, const char *name)
{
	const struct zone *deepest = &g->zones[0];
	size_t len = strlen(name);

	for (size_t i = 1; i < g->zone_count; i++) {
		const char *apex = g->zones[i].apex;
		size_t apex_len = strlen(apex);
		if (apex_len <= len && strcmp(name + len - apex_len, apex) == 0 &&
		    (apex_len == len || name[len - apex_len - 1] == '.') &&
		    apex_len > strlen(deepest->apex))
			deepest = &g->zones[i];
	}
	return deepest;
}

const struct zone *zone_above(const struct generator *g, const char *apex)
{
	return zone_of(g, strchr(apex, '.') + 1);
}

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
	if (leaf && percent(g, 10) && strcmp(mode, "unsigned") != 0) {
		zone->bogus = percent(g, 70);
		strcat(options, zone->bogus ? " bogus" : " nods");
	}
	if (zone->bogus && percent(g, 70)) { // as part of the zone above, to whoever asks there
		memcpy(zone->servers[0], zone_above(g, apex)->servers[0], 48);
		snprintf(list, sizeof(list), "%s", zone->servers[zone->server_count++]);
		zone->shares = true;
	}
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

// ---- the whole ----

static void make_pause(struct generator *g)
{
	static const unsigned pauses[] = {1, 15, 200, 1000, 2000, 6000, 31000, 70000, 310000};

	if (percent(g, 25))
		script_add(g->out, "wait %u", pauses[below(g, sizeof(pauses) / sizeof(pauses[0]))]);
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
		if (percent(g, 8) && dynamic)
			make_scene(g);
	}
}
