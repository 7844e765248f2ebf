// Zones answered by configured servers: stub and forward zones.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct delegation *cut_of(const struct route *route)
{
	struct delegation_spec spec = {
		.zone = route->zone,
		.parent = route->zone,
		.expires_ms = DELEGATION_NEVER_EXPIRES,
	};

	return delegation_new(&spec);
}

// ---- index: there may be a thousand zones, and every question looks whether it is in one ----

static size_t first_slot(const struct resolver *resolver, const uint8_t *zone)
{
	return resolver_hash(resolver, zone) & (resolver->route_slot_count - 1);
}

static void index_route(struct resolver *resolver, size_t which)
{
	size_t slot = first_slot(resolver, resolver->routes[which].zone);

	while (resolver->route_slots[slot] != 0)
		slot = (slot + 1) & (resolver->route_slot_count - 1);
	resolver->route_slots[slot] = (uint16_t)(which + 1);
}

// Of exactly this zone, in lower case; SIZE_MAX: none.
static size_t route_at(const struct resolver *resolver, const uint8_t *zone)
{
	size_t slot = first_slot(resolver, zone);

	for (; resolver->route_slots[slot] != 0;
	     slot = (slot + 1) & (resolver->route_slot_count - 1)) {
		size_t which = resolver->route_slots[slot] - 1u;
		if (name_equal(resolver->routes[which].zone, zone))
			return which;
	}
	return SIZE_MAX;
}

static size_t deepest(const struct resolver *resolver, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];

	if (resolver->config.route_count == 0)
		return SIZE_MAX;
	name_lower(lower, name, name_len(name));
	for (const uint8_t *at = lower;; at = name_skip(at, 1)) {
		size_t which = route_at(resolver, at);
		if (which != SIZE_MAX || name_is_root(at))
			return which;
	}
}

// ---- start and stop ----

int route_open(struct resolver *resolver)
{
	struct resolver_config *config = &resolver->config;
	size_t count = config->route_count;

	if (count == 0)
		return 0;
	resolver->routes = calloc(count, sizeof(*resolver->routes));
	resolver->route_cuts = calloc(count, sizeof(*resolver->route_cuts));
	resolver->route_slot_count = 2;
	while (resolver->route_slot_count < 2 * count)
		resolver->route_slot_count *= 2;
	resolver->route_slots = calloc(resolver->route_slot_count, sizeof(*resolver->route_slots));
	if (resolver->routes == NULL || resolver->route_cuts == NULL ||
	    resolver->route_slots == NULL)
		return -ENOMEM;
	assert(count < UINT16_MAX);
	memcpy(resolver->routes, config->routes, count * sizeof(*resolver->routes));
	config->routes = resolver->routes;
	for (size_t i = 0; i < count; i++) {
		uint8_t *zone = resolver->routes[i].zone;
		name_lower(zone, zone, name_len(zone));
		resolver->route_cuts[i] = cut_of(&resolver->routes[i]);
		if (resolver->route_cuts[i] == NULL)
			return -ENOMEM;
		index_route(resolver, i);
	}
	return 0;
}

void route_close(struct resolver *resolver)
{
	for (size_t i = 0; resolver->route_cuts != NULL && i < resolver->config.route_count; i++)
		delegation_unref(resolver->route_cuts[i]);
	free(resolver->route_slots);
	free(resolver->route_cuts);
	free(resolver->routes);
}

static const struct route *find_of(const struct resolver *resolver, size_t best,
				   const uint8_t *below, struct delegation **cut)
{
	*cut = NULL;
	if (best == SIZE_MAX)
		return NULL;
	const struct route *route = &resolver->routes[best];
	if (!route->forward) {
		struct delegation *deeper =
			delegation_find(resolver->delegations, below, resolver->clock.now_ms);
		bool is_deeper =
			deeper != NULL && name_labels(deeper->zone) > name_labels(route->zone);
		delegation_unref(deeper);
		if (is_deeper)
			return NULL;
	}
	*cut = resolver->route_cuts[best];
	delegation_ref(*cut);
	return route;
}

// The deepest one that holds the name; the DS of a route's own zone belongs to whoever answers for
// its parent. A reference to its servers in *cut. NULL also where a deeper zone below a stub zone
// is known from its referrals.
const struct route *route_find(const struct resolver *resolver, const uint8_t *name, uint16_t type,
			       struct delegation **cut)
{
	const uint8_t *below = type == TYPE_DS ? name_skip(name, 1) : name;

	return find_of(resolver, deepest(resolver, below), below, cut);
}

// ATTACKS A12: a name in a stub zone is for its own servers to answer, also where the forwarders of
// a zone in it have failed.
const struct route *route_above(const struct resolver *resolver, const struct route *past,
				const uint8_t *name, uint16_t type, struct delegation **cut)
{
	const uint8_t *below = type == TYPE_DS ? name_skip(name, 1) : name;
	const bool root = name_is_root(past->zone);

	return find_of(resolver, root ? SIZE_MAX : deepest(resolver, name_skip(past->zone, 1)),
		       below, cut);
}

const struct route *route_of(const struct resolver *resolver, const uint8_t *name)
{
	size_t best = deepest(resolver, name);

	return best != SIZE_MAX ? &resolver->routes[best] : NULL;
}

bool route_below(const struct resolver *resolver, const uint8_t *name)
{
	for (size_t i = 0; i < resolver->config.route_count; i++) {
		if (name_within(resolver->routes[i].zone, name))
			return true;
	}
	return false;
}

bool route_is_apex(const struct resolver *resolver, const uint8_t *name)
{
	return resolver->config.route_count > 0 && route_at(resolver, name) != SIZE_MAX;
}

void resolver_routes(const struct resolver *resolver, resolver_route_visit visit, void *arg)
{
	for (size_t i = 0; i < resolver->config.route_count; i++)
		visit(&resolver->routes[i], arg);
}
