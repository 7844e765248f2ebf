// The zones of a script, all their versions, and which server has which of them at what time. This
// is what the model knows; nothing here is the product's but its codec.
#pragma once

#include "tests/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTHORITY_ZONES_MAX      40
#define AUTHORITY_SERVERS_MAX    6 // of a zone
#define AUTHORITY_VERSIONS_MAX   64
#define AUTHORITY_RECORDS_MAX    256
#define AUTHORITY_FORWARDERS_MAX 8
#define NOT_FORWARDED            SIZE_MAX
#define STILL_SERVED             UINT64_MAX

enum zone_mode { MODE_UNSIGNED, MODE_NSEC, MODE_NSEC3, MODE_OPTOUT };

struct version {
	struct signer_zone *zone;
	enum zone_mode mode;
	bool bogus;
	uint64_t first_us, last_us; // in between some server had it; STILL_SERVED: one has
	size_t servers;             // that have it now
	size_t sound;               // those of them, and forwarders, that are of use (health.h)
};

struct zone_server {
	char address[48];
	bool lags;
	bool sound; // of use now (health.h)
	size_t version;
};

// Of names in a zone: its own servers', by their addresses, or those of servers that have all
// zones.
enum configured { NOT_CONFIGURED, CONFIGURED_STUB, CONFIGURED_FORWARD, CONFIGURED_FORWARD_FIRST };

struct authority_zone {
	char apex[128];
	const uint8_t *name;
	enum zone_mode mode;
	bool nods, bogus, hidden;
	enum configured configured; // the resolver knows whom to ask; its delegation stays
	uint64_t hidden_us;         // when it was last; 0: never
	uint64_t hidden_from_us;    // since when it is; 0: it is not, or was from the beginning
	bool dead;                  // no server of it is of any use now (health.h)
	uint64_t may_fail_until_us; // because of what was, or is
	uint64_t rolled_us; // when it last got a KSK, or at some servers a ZSK, at once; 0: never
	bool mute;          // no server of it answers at all
	uint64_t may_be_mute_until_us;
	unsigned late_s; // by which some server of it is late, or was
	bool stripped;   // some server of it is without DNSSEC, or was
	bool resets;     // some server of it resets TCP, or did
	char host[128];  // "": its servers' names are its own
	unsigned ns_ttl_s, soa_ttl_s, minimum_s, serial;
	struct zone_server servers[AUTHORITY_SERVERS_MAX];
	size_t server_count;
	uint32_t pool; // a forward zone: of the authority's forwarders
	uint64_t pool_may_be_out_until_us;
	size_t forwarded; // the version that forwarders have
	char *records[AUTHORITY_RECORDS_MAX];
	size_t record_count;
	struct version versions[AUTHORITY_VERSIONS_MAX];
	size_t version_count;
	size_t ksk_version, zsk_version; // that made the keys in use
};

// What operators do to the resolver. Both are forgotten in the order they came.
#define AUTHORITY_ACTS_MAX 64
struct flush {
	uint8_t name[NAME_MAX_LEN];
	uint16_t type; // 0: all
	uint64_t at_us;
};
struct exception { // a negative trust anchor
	uint8_t name[NAME_MAX_LEN];
	uint64_t from_us;
};

struct authority {
	struct world *world;
	char forwarders[AUTHORITY_FORWARDERS_MAX][48];
	size_t forwarder_count;
	struct flush flushes[AUTHORITY_ACTS_MAX];
	size_t flush_count;
	struct exception exceptions[AUTHORITY_ACTS_MAX];
	size_t exception_count;
	int64_t signed_at_s; // wall; 0: SIGNER_NOW
	struct authority_zone zones[AUTHORITY_ZONES_MAX];
	size_t zone_count;
};

// A line of the first part of a script. Lines that make no sense any more count for nothing.
void authority_describe(struct authority *authority, const char *line);
// Makes all zones and their servers, and gives the world its root. Without a root zone: false.
bool authority_start(struct authority *authority);
// A line of the second part that changes zones; false: it is none of these.
bool authority_change(struct authority *authority, const char *line);
void authority_free(struct authority *authority); // after world_free()

struct authority_zone *authority_zone(struct authority *authority, const char *apex);
// A server of some zone has an older copy than others: keys or DS of it may fit nothing any more.
bool authority_differs(const struct authority *authority);
// The names of its servers are in a zone that is delegated no more: their addresses cannot be had.
bool authority_unhosted(struct authority *authority, const struct authority_zone *zone);
// The deepest configured one at or above it, or NULL.
struct authority_zone *authority_route(struct authority *authority,
				       const struct authority_zone *zone);
// After authority_start(): names in the zone are asked for there. Forwarders, as world_route() has
// them, get all zones that are delegated, and never lag; from authority_forward() on.
void authority_configure(struct authority *authority, struct authority_zone *zone,
			 enum configured kind, const char *forwarders);
void authority_forward(struct authority *authority);
// The closest one strictly above, or NULL.
struct authority_zone *authority_parent(struct authority *authority,
					const struct authority_zone *zone);
static inline struct version *authority_now(struct authority_zone *zone)
{
	return &zone->versions[zone->version_count - 1];
}
