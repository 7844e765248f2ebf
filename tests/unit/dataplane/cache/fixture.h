// Short ways to say what a cache test publishes and asks. Texts are names in presentation
// form; what a spec points to lives until some hundred further specs are made.
#pragma once

#include "dataplane/cache/cache.h"
#include "dataplane/cache/entry.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// The order is cmocka's wish.
#include <setjmp.h>

#include <cmocka.h>

#define NOW_MS 1000000u
#define NOW_S 1790000000
#define TTL_S 300u
#define STALE_S 3600u

struct cache *fixture_cache(size_t mebibytes, unsigned shards);
const uint8_t *wire(const char *text);

// Secure, from recursion, TTL_S at NOW_MS, STALE_S, signatures valid for a day.
struct entry_spec spec_a(const char *name, uint32_t address);
struct entry_spec spec_bytes(const char *name, uint16_t type, size_t rdlen);
struct entry_spec spec_cname(const char *name, const char *target);
struct entry_spec spec_dname(const char *name, const char *target);
struct entry_spec spec_nodata(const char *name, uint16_t type);
struct entry_spec spec_nxdomain(const char *name);
struct entry_spec spec_failure(const char *name, uint16_t type, int ede);

// Publishes and ends the pin at once.
enum publish_status put(struct cache *cache, struct entry_spec spec);

struct lookup ask_at(struct cache *cache, const char *name, uint16_t type, uint64_t now_ms);
struct lookup ask(struct cache *cache, const char *name, uint16_t type);
struct lookup ask_unproven(struct cache *cache, const char *name, uint16_t type);
bool hits(struct cache *cache, const char *name, uint16_t type);
uint32_t address_of(const struct entry *entry); // of its first A record

struct cache_counters counters_of(struct cache *cache);
// Flush, and go on until all is taken out; return how many entries that were. flush_all() forgets
// that it did: what is published next may have been asked before.
size_t flush_zone(struct cache *cache, const char *zone);
size_t flush_all(struct cache *cache);
// Turns the event loop until nothing waits for readers, for at most 5 s.
void settle(struct cache *cache, uint64_t now_ms);
// The numbers of the counters' comment add up.
void assert_counters_add_up(struct cache *cache);
