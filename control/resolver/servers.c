// What is known of servers, for operators.

#include "control/resolver/task.h"
#include "control/upstream/domain.h"

#include <stdio.h>
#include <string.h>

static void describe_zone(struct resolver *resolver, struct delegation *cut,
			  void (*line)(const char *text, void *arg), void *arg)
{
	struct task asking = {.resolver = resolver, .cut = cut}; // nothing is asked
	char zone[NAME_TEXT_MAX], text[NAME_TEXT_MAX + 128];

	address_collect(&asking);
	snprintf(text, sizeof(text),
		 "%s has %u known addresses; least number of failure domains that takes all away: "
		 "%u",
		 name_to_text(cut->zone, zone), asking.server_count,
		 domain_cut(asking.servers, asking.server_count, cut->zone));
	line(text, arg);
	for (size_t i = 0; i < asking.server_count; i++)
		upstream_describe_server(resolver->parts.upstream, cut->zone,
					 &asking.servers[i].address, line, arg);
}

struct zones_walk {
	struct resolver *resolver;
	size_t left;
	resolver_zone_visit visit;
	void *arg;
};

static bool is_complete(const struct task *asking)
{
	for (size_t i = 0; asking->route == NULL && i < asking->cut->ns_count; i++) {
		if (asking->ns_state[i] == NS_UNKNOWN)
			return false;
	}
	return true;
}

static void visit_zone(struct zones_walk *walk, struct delegation *cut, const struct route *route)
{
	struct task asking = {.resolver = walk->resolver, .cut = cut, .route = route};

	address_collect(&asking);
	walk->left--;
	walk->visit(cut->zone, asking.servers, asking.server_count, is_complete(&asking),
		    walk->arg);
}

static bool visit_delegation(struct delegation *cut, void *arg)
{
	struct zones_walk *walk = arg;

	if (walk->left == 0)
		return false;
	visit_zone(walk, cut, NULL);
	return true;
}

void resolver_zones(struct resolver *resolver, size_t zones_max, resolver_zone_visit visit,
		    void *arg)
{
	struct zones_walk walk = {resolver, zones_max, visit, arg};

	for (size_t i = 0; i < resolver->config.route_count && walk.left > 0; i++)
		visit_zone(&walk, resolver->route_cuts[i], &resolver->routes[i]);
	delegation_each(resolver->delegations, resolver->clock.now_ms, visit_delegation, &walk);
}

void resolver_servers(struct resolver *resolver, const uint8_t *name, const struct address *address,
		      void (*line)(const char *text, void *arg), void *arg)
{
	struct delegation *cut = NULL;

	if (address != NULL) {
		upstream_describe_server(resolver->parts.upstream, NULL, address, line, arg);
		return;
	}
	if (name == NULL) {
		upstream_describe(resolver->parts.upstream, line, arg);
		return;
	}
	if (route_find(resolver, name, 0, &cut) == NULL)
		cut = delegation_find(resolver->delegations, name, resolver->clock.now_ms);
	if (cut != NULL)
		describe_zone(resolver, cut, line, arg);
	delegation_unref(cut);
}
