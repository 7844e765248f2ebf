#include "bench/control_fill.h"

#include "bench/option.h"
#include "control/resolver/task.h"
#include "control/upstream/state.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static size_t waiting;

// ---- zones below com. ----

char *control_fill_text(size_t zones)
{
	char *text = malloc(zones * 64 + 1);
	size_t used = 0;

	if (text == NULL)
		(fail)("zones", "no memory");
	text[0] = '\0';
	for (size_t i = 0; i < zones; i++)
		used += (size_t)sprintf(text + used, "z%zu.com. 3600 IN NS ns.z%zu.com.\n", i, i);
	return text;
}

static void done(void *arg, struct store_result *result)
{
	struct world *world = arg;

	waiting--;
	store_result_unref(world->store, result);
}

size_t control_waiting(void)
{
	return waiting;
}

void control_ask(struct world *world, const char *text, uint16_t type)
{
	struct ticket_question question = {
		.flags = FLAG_RD,
		.qtype = type,
		.qclass = CLASS_IN,
		.edns = {.present = true, .udp_size = 1232, .ede = EDE_NONE},
		.client = {.family = 4, .bytes = {127, 0, 0, 1}},
		.arrival_ms = world->network.now_us / 1000,
	};

	question.name_len = (uint8_t)name_from_text(text, question.name);
	if (resolver_ask(world->resolver, &question, done, world) == 0)
		waiting++;
	network_forget_log(&world->network);
}

static struct address server_of(size_t i)
{
	return (struct address){.family = 4,
				.bytes = {203, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

static void add_delegation(struct world *world, size_t i)
{
	uint8_t name[NAME_MAX_LEN], ns[NAME_MAX_LEN];
	struct delegation_spec spec = {.zone = name,
				       .parent = (const uint8_t *)"\3com",
				       .expires_ms = world->network.now_us / 1000 + 86400000,
				       .ns_count = 1};
	struct address server = server_of(i);
	char text[64];

	snprintf(text, sizeof(text), "z%zu.com.", i);
	(void)!name_from_text(text, name);
	snprintf(text, sizeof(text), "ns.z%zu.com.", i);
	(void)!name_from_text(text, ns);
	spec.ns[0].name = ns;
	spec.ns[0].addresses[0] = server;
	spec.ns[0].address_count = 1;
	struct delegation *delegation = delegation_new(&spec);
	if (delegation == NULL)
		(fail)("zones", "no memory");
	delegation_put(world->resolver->delegations, delegation);
	delegation_unref(delegation);
	ratings_report(&world->upstream->ratings, NULL, &server, SERVER_GOOD, 10000,
		       world->network.now_us);
	ratings_report(&world->upstream->ratings, name, &server, SERVER_GOOD, 10000,
		       world->network.now_us);
}

void control_fill_zones(struct world *world, size_t zones)
{
	char text[64];

	// Each is looked at from above: its name server's question teaches that it has no DS.
	for (size_t i = 0; i < zones; i++) {
		snprintf(text, sizeof(text), "z%zu.com.", i);
		control_ask(world, text, TYPE_DS);
		while (waiting >= CONTROL_WAITING_MAX)
			world_advance(world, 1);
	}
	while (waiting > 0)
		world_advance(world, 10);
	for (size_t i = 0; i < zones; i++)
		add_delegation(world, i);
}

// ---- what is kept of failures, zones and denial ----

static const uint8_t *numbered(const char *form, size_t number)
{
	static uint8_t name[NAME_MAX_LEN];
	char text[64];

	snprintf(text, sizeof(text), form, number);
	if (name_from_text(text, name) < 0)
		(fail)("name", text);
	return name;
}

void control_fill_failures(struct world *world, size_t count)
{
	struct resolver *resolver = world->resolver;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *name = numbered("www.f%zu.failing.example.", i);
		const struct failure failure = {
			.name = name,
			.type = TYPE_A,
			.zone_labels = 3,
			.zone_known = true,
			.kind = FAILED_UNREACHABLE,
			.ede = EDE_DNSKEY_MISSING,
			.text = "no server of the zone gave its keys",
			.step = {.known = true, .need_type = TYPE_DNSKEY, .need_labels = 3},
			.started_ms = resolver->clock.now_ms,
			.now_ms = resolver->clock.now_ms,
			.now_s = resolver->clock.now_s,
			.question_hash = task_question_hash(resolver_hash(resolver, name), TYPE_A),
			.zone_hash = resolver_hash(resolver, name_skip(name, 1)),
			.parent_hash = i,
		};
		journal_add(resolver->journal, &failure);
	}
}

void control_fill_dossiers(struct world *world, size_t count)
{
	const struct dossiers_now now = {world->resolver->clock.now_ms,
					 world->resolver->clock.now_s};

	for (size_t i = 0; i < count; i++) {
		for (size_t asked = 0; asked <= 8 * i / count; asked++)
			dossiers_failed(world->resolver->dossiers, numbered("d%zu.hot.example.", i),
					EDE_DNSSEC_BOGUS, "its signatures have ended", 30, true,
					&now);
	}
}

void control_fill_denied(struct world *world, size_t count)
{
	static const uint8_t rdata[] = "\2ns\0\5admin\0\0\0\0\1\0\0\x1c\x20\0\0\xe\x10\0\x12\x75\0"
				       "\0\0\xe\x10";
	static const uint8_t rrsig[18 + 1 + 64] = {0, TYPE_SOA, 13, 3};
	const struct store_clock now = world_clock(world);

	for (size_t i = 0; i < count; i++) {
		const uint8_t *zone = numbered("d%zu.denied.example.", i);
		const struct record soa = {.owner = zone,
					   .rdata = rdata,
					   .ttl_s = 3600,
					   .type = TYPE_SOA,
					   .class_ = CLASS_IN,
					   .rdlen = sizeof(rdata) - 1};
		const struct record covering = {.owner = zone,
						.rdata = rrsig,
						.ttl_s = 3600,
						.type = TYPE_RRSIG,
						.class_ = CLASS_IN,
						.rdlen = sizeof(rrsig)};
		struct rrset *rrset = rrset_new(&soa, 1, &covering, 1);

		if (rrset == NULL || !cache_denial_soa(store_cache(world->store), rrset, 3600,
						       now.now_s + 1209600, now.now_ms))
			fprintf(stderr, "bench_control: a denied zone was not kept\n");
		rrset_free(rrset);
	}
}

void control_fill_ntas(struct world *world, size_t count, uint32_t lifetime_s)
{
	for (size_t i = 0; i < count; i++) {
		if (resolver_nta_add(world->resolver, numbered("n%zu.nta.example.", i), lifetime_s,
				     "set by a bench") != 0)
			(fail)("nta", "not set");
	}
}
