// A TLD, de., at several providers, with signed and unsigned zones below it.
#pragma once

#include "tests/scenario/zones.h"

#define SIGNED   16
#define UNSIGNED 12
#define CHILDREN (SIGNED + UNSIGNED)

static const char *const providers[][2] = {
	{"192.0.2.101", "192.0.2.102"},
	{"198.51.100.101", "198.51.100.102"},
	{"203.0.113.101", "203.0.113.102"},
	{"192.5.9.101", "192.5.9.102"},
};
#define PROVIDERS 4

enum denial { NSEC, NSEC3, OPT_OUT, DENIALS };
static const char *const denial_words[] = {"NSEC", "NSEC3", "opt-out"};

struct tld {
	enum denial denial;
	unsigned providers, hosts; // servers of each
	uint32_t ttl_s;            // of whatever it says, and of its zones' data; 0: as usual
};

static char children[CHILDREN][40];

static inline bool child_is_signed(unsigned i)
{
	return i < SIGNED;
}

static inline void add_child(unsigned i, uint32_t ttl_s)
{
	static char servers[CHILDREN][80], texts[CHILDREN][200];
	char *apex = children[i];
	unsigned data_ttl_s = ttl_s != 0 ? ttl_s : 300;

	snprintf(apex, sizeof(children[i]), "%c%u.de.", child_is_signed(i) ? 'z' : 'u', i);
	snprintf(servers[i], sizeof(servers[i]), "ns1.%s=192.0.2.%u ns2.%s=198.51.100.%u", apex,
		 150 + i, apex, 150 + i);
	snprintf(texts[i], sizeof(texts[i]),
		 "www.%s %u IN A 192.0.2.80\n*.wild.%s %u IN A 192.0.2.81\n", apex, data_ttl_s,
		 apex, data_ttl_s);
	world_add(w, &(struct world_zone){.apex = apex,
					  .servers = servers[i],
					  .text = texts[i],
					  .ns_ttl_s = ttl_s,
					  .ds_ttl_s = ttl_s,
					  .options = {.unsigned_ = !child_is_signed(i)}});
}

static inline void start_tld(const struct tld *tld)
{
	static char list[400];
	size_t len = 0;

	w = world_new();
	world_add(w, &(struct world_zone){.apex = ".",
					  .servers = "a.root.=192.88.0.1 b.root.=198.41.0.4"});
	for (unsigned i = 0; i < tld->providers * tld->hosts; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%sns%u.de.=%s",
					i > 0 ? " " : "", i,
					providers[i / tld->hosts][i % tld->hosts]);
	world_add(w, &(struct world_zone){.apex = "de.",
					  .servers = list,
					  .negative_ttl_s = tld->ttl_s,
					  .options = {.nsec3 = tld->denial != NSEC,
						      .params = {.opt_out = tld->denial == OPT_OUT},
						      .dnskey_ttl_s = tld->ttl_s}});
	for (unsigned i = 0; i < CHILDREN; i++)
		add_child(i, tld->ttl_s);
	world_start(w);
}

// All servers of `count` providers, from the one given on.
static inline void break_providers(const struct tld *tld, unsigned first, unsigned count,
				   enum fault_kind kind, uint16_t type)
{
	for (unsigned i = 0; i < count * tld->hosts; i++)
		with((struct fault){.kind = kind,
				    .server = providers[(first + i / tld->hosts) % tld->providers]
						       [i % tld->hosts],
				    .type = type});
}
