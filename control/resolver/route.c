// Zones answered by configured servers: stub and forward zones.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

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

int route_open(struct resolver *resolver)
{
	struct resolver_config *config = &resolver->config;
	size_t count = config->route_count;

	if (count == 0)
		return 0;
	resolver->routes = calloc(count, sizeof(*resolver->routes));
	resolver->route_cuts = calloc(count, sizeof(*resolver->route_cuts));
	if (resolver->routes == NULL || resolver->route_cuts == NULL)
		return -ENOMEM;
	memcpy(resolver->routes, config->routes, count * sizeof(*resolver->routes));
	config->routes = resolver->routes;
	for (size_t i = 0; i < count; i++) {
		uint8_t *zone = resolver->routes[i].zone;
		name_lower(zone, zone, name_len(zone));
		resolver->route_cuts[i] = cut_of(&resolver->routes[i]);
		if (resolver->route_cuts[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

void route_close(struct resolver *resolver)
{
	for (size_t i = 0; resolver->route_cuts != NULL && i < resolver->config.route_count; i++)
		delegation_unref(resolver->route_cuts[i]);
	free(resolver->route_cuts);
	free(resolver->routes);
}

// The deepest one that holds the name; the DS of a route's own zone belongs to whoever answers for
// its parent. A reference to its servers in *cut. NULL also where a deeper zone below a stub zone
// is known from its referrals.
const struct route *route_find(const struct resolver *resolver, const uint8_t *name, uint16_t type,
			       struct delegation **cut)
{
	const uint8_t *below = type == TYPE_DS ? name_skip(name, 1) : name;
	size_t best = SIZE_MAX;

	*cut = NULL;
	for (size_t i = 0; i < resolver->config.route_count; i++) {
		const uint8_t *zone = resolver->routes[i].zone;
		if (!name_within(below, zone))
			continue;
		if (best == SIZE_MAX ||
		    name_labels(zone) > name_labels(resolver->routes[best].zone))
			best = i;
	}
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

bool route_below(const struct resolver *resolver, const uint8_t *name)
{
	for (size_t i = 0; i < resolver->config.route_count; i++) {
		if (name_within(resolver->routes[i].zone, name))
			return true;
	}
	return false;
}

void resolver_routes(const struct resolver *resolver, resolver_route_visit visit, void *arg)
{
	for (size_t i = 0; i < resolver->config.route_count; i++)
		visit(&resolver->routes[i], arg);
}
