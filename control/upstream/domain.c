#include "control/upstream/domain.h"

#include "control/upstream/pool.h"
#include "dataplane/dns/name.h"

#include <string.h>

bool domain_same_network(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 3 : 6) == 0;
}

const char *candidate_label(const struct candidate *server)
{
	if (server->pool != NULL && server->pool->domain[0] != '\0')
		return server->pool->domain;
	return server->label;
}

static bool both_labelled(const struct candidate *a, const struct candidate *b)
{
	return candidate_label(a) != NULL && candidate_label(b) != NULL;
}

// Labels know better than addresses.
static bool same_place(const struct candidate *a, const struct candidate *b)
{
	if (both_labelled(a, b))
		return strcmp(candidate_label(a), candidate_label(b)) == 0;
	return domain_same_network(&a->address, &b->address);
}

const uint8_t *domain_operator(const uint8_t *ns_name, const uint8_t *zone)
{
	if (ns_name == NULL || name_labels(ns_name) < 2 || name_within(ns_name, zone))
		return NULL;
	return name_skip(ns_name, 1);
}

static bool same_operator(const struct candidate *a, const struct candidate *b, const uint8_t *zone)
{
	if (both_labelled(a, b))
		return false;
	const uint8_t *one = domain_operator(a->ns_name, zone);
	const uint8_t *other = domain_operator(b->ns_name, zone);
	return one != NULL && other != NULL && name_equal(one, other);
}

// The zone's own TLD is above it whatever its servers are called.
static const uint8_t *foreign_tld(const struct candidate *server, const uint8_t *zone)
{
	if (domain_operator(server->ns_name, zone) == NULL)
		return NULL;
	const uint8_t *tld = name_ancestor(server->ns_name, 1);
	return name_within(zone, tld) ? NULL : tld;
}

static bool same_tld(const struct candidate *a, const struct candidate *b, const uint8_t *zone)
{
	const uint8_t *one = foreign_tld(a, zone), *other = foreign_tld(b, zone);

	return one != NULL && other != NULL && name_equal(one, other);
}

unsigned domain_shared(const struct candidate *a, const struct candidate *b, const uint8_t *zone)
{
	if (same_place(a, b))
		return 2;
	return same_operator(a, b, zone);
}

// The addresses of one server fail with it.
static bool same_server(const struct candidate *a, const struct candidate *b)
{
	return !both_labelled(a, b) && a->ns_name != NULL && b->ns_name != NULL &&
	       name_equal(a->ns_name, b->ns_name);
}

#define KINDS 4 // places, operators, TLDs, servers

struct cover {
	size_t count;
	uint32_t by_kind[KINDS][DOMAIN_SERVERS_MAX]; // those that fall with this server's domain
};

// Some domain of the first server that still stands must fall.
static unsigned search(const struct cover *cover, uint32_t standing, unsigned allowed)
{
	unsigned best = allowed + 1;

	if (standing == 0)
		return 0;
	if (allowed == 0)
		return 1;
	unsigned first = (unsigned)__builtin_ctz(standing);
	for (unsigned kind = 0; kind < KINDS && best > 1; kind++) {
		uint32_t falls = cover->by_kind[kind][first];
		if (falls == 0)
			continue;
		unsigned cut = 1 + search(cover, standing & ~falls, best - 2);
		if (cut < best)
			best = cut;
	}
	return best;
}

unsigned domain_cut(const struct candidate *servers, size_t count, const uint8_t *zone)
{
	struct cover cover = {.count = count < DOMAIN_SERVERS_MAX ? count : DOMAIN_SERVERS_MAX};

	for (size_t i = 0; i < cover.count; i++) {
		for (size_t k = 0; k < cover.count; k++) {
			const struct candidate *a = &servers[i], *b = &servers[k];
			uint32_t bit = UINT32_C(1) << k;
			if (same_place(a, b))
				cover.by_kind[0][i] |= bit;
			if (same_operator(a, b, zone))
				cover.by_kind[1][i] |= bit;
			if (same_tld(a, b, zone))
				cover.by_kind[2][i] |= bit;
			if (same_server(a, b))
				cover.by_kind[3][i] |= bit;
		}
	}
	uint32_t all = cover.count == 32 ? UINT32_MAX : (UINT32_C(1) << cover.count) - 1;
	unsigned cut = search(&cover, all, DOMAIN_CUT_MAX);
	return cut < DOMAIN_CUT_MAX ? cut : DOMAIN_CUT_MAX;
}
