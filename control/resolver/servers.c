// What is known of servers, for operators.

#include "control/resolver/task.h"
#include "control/upstream/domain.h"

#include <stdio.h>
#include <string.h>

static void describe_route(const struct route *route, void (*line)(const char *text, void *arg),
			   void *arg)
{
	static const char *const dnssec[] = {
		[ROUTE_VALIDATE] = "",
		[ROUTE_ANCHORED] = ", anchors of its own",
		[ROUTE_INSECURE] = ", not validated",
	};
	const struct pool *pool = route->pool;
	char zone[NAME_TEXT_MAX], text[NAME_TEXT_MAX + POOL_NAME_MAX + 128];

	snprintf(text, sizeof(text), "%s is a %s zone%s%s, %s%s", name_to_text(route->zone, zone),
		 route->forward ? "forward" : "stub", pool->name[0] != '\0' ? ", pool " : "",
		 pool->name, route->first ? "first" : "only", dnssec[route->dnssec]);
	line(text, arg);
}

static void describe_place(const struct pool_server *server,
			   void (*line)(const char *text, void *arg), void *arg)
{
	static const char *const transports[] = {
		[POOL_UDP] = "udp", [POOL_TCP] = "tcp", [POOL_TLS] = "tls"};
	char address[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + POOL_DOMAIN_MAX + 128];

	snprintf(text, sizeof(text), "%s@%u: priority %u, weight %u, %s%s%s",
		 address_to_text(&server->address, address), server->port, server->priority,
		 server->weight, transports[server->transport],
		 server->domain[0] != '\0' ? ", domain " : "", server->domain);
	line(text, arg);
}

static void describe_zone(struct resolver *resolver, struct delegation *cut,
			  const struct route *route, void (*line)(const char *text, void *arg),
			  void *arg)
{
	struct task asking = {.resolver = resolver, .cut = cut, .route = route}; // asks nobody
	char zone[NAME_TEXT_MAX], text[NAME_TEXT_MAX + 128];

	address_collect(&asking);
	snprintf(text, sizeof(text),
		 "%s has %u known addresses; least number of failure domains that takes all away: "
		 "%u",
		 name_to_text(cut->zone, zone), asking.server_count,
		 domain_cut(asking.servers, asking.server_count, cut->zone));
	line(text, arg);
	for (size_t i = 0; i < asking.server_count; i++) {
		if (asking.servers[i].pool != NULL)
			describe_place(asking.servers[i].pool, line, arg);
		upstream_describe_server(resolver->parts.upstream, cut->zone,
					 &asking.servers[i].address, line, arg);
	}
}

struct zones_visit {
	struct resolver *resolver;
	resolver_zone_visit visit;
	void *arg;
};

static void visit_zone(const struct zones_visit *visit, struct delegation *cut,
		       const struct route *route)
{
	struct task asking = {.resolver = visit->resolver, .cut = cut, .route = route};
	const uint8_t *unknown[REFERRAL_NS_MAX];
	struct resolver_zone zone = {.name = cut->zone, .unknown = unknown, .route = route};

	address_collect(&asking);
	for (size_t i = 0; route == NULL && i < cut->ns_count; i++) {
		if (asking.ns_state[i] == NS_UNKNOWN && cut->ns[i].name != NULL)
			unknown[zone.unknown_count++] = cut->ns[i].name;
	}
	zone.servers = asking.servers;
	zone.server_count = asking.server_count;
	visit->visit(&zone, visit->arg);
}

static void visit_delegation(struct delegation *cut, void *arg)
{
	visit_zone(arg, cut, NULL);
}

bool resolver_zones_some(struct resolver *resolver, struct zones_walk *walk, size_t share,
			 resolver_zone_visit visit, void *arg)
{
	struct zones_visit visiting = {resolver, visit, arg};

	for (; share > 0 && walk->route < resolver->config.route_count; walk->route++, share--)
		visit_zone(&visiting, resolver->route_cuts[walk->route],
			   &resolver->routes[walk->route]);
	return share == 0 || delegation_some(resolver->delegations, &walk->at, share,
					     RESOLVER_ZONES_ENDED_MS, resolver->clock.now_ms,
					     visit_delegation, &visiting);
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
		upstream_describe_uplink(resolver->parts.upstream, line, arg);
		return;
	}
	const struct route *route = route_find(resolver, name, 0, &cut);
	if (route != NULL)
		describe_route(route, line, arg);
	else
		cut = delegation_find(resolver->delegations, name, resolver->clock.now_ms);
	if (cut != NULL)
		describe_zone(resolver, cut, route, line, arg);
	delegation_unref(cut);
}

// ---- as numbers ----

struct servers_walk {
	struct resolver *resolver;
	const struct resolver_servers_of *of;
	resolver_server_visit visit;
	void *arg;
};

static void visit_server(const struct servers_walk *walk, struct resolver_server *server)
{
	upstream_server_record(walk->resolver->parts.upstream,
			       walk->of->known ? walk->of->zone : NULL, &server->address,
			       &server->record);
	walk->visit(walk->of, server, walk->arg);
}

static void visit_remembered(const struct address *address, void *arg)
{
	struct resolver_server server = {.address = *address};

	visit_server(arg, &server);
}

static void visit_candidates(struct servers_walk *walk, struct delegation *cut,
			     const struct route *route, struct resolver_servers_of *of)
{
	struct task asking = {.resolver = walk->resolver, .cut = cut, .route = route};

	address_collect(&asking);
	of->known = true;
	name_copy(of->zone, cut->zone);
	of->route = route;
	of->failure_domains = domain_cut(asking.servers, asking.server_count, cut->zone);
	for (size_t i = 0; i < asking.server_count; i++) {
		struct resolver_server server = {
			.address = asking.servers[i].address,
			.name = asking.servers[i].ns_name,
			.pool = asking.servers[i].pool,
		};
		visit_server(walk, &server);
	}
}

bool resolver_servers_some(struct resolver *resolver, size_t *at, size_t max,
			   struct resolver_servers_of *of, resolver_server_visit visit, void *arg)
{
	struct servers_walk walk = {resolver, of, visit, arg};

	*of = (struct resolver_servers_of){.path_lost_ms =
						   upstream_path_lost_ms(resolver->parts.upstream)};
	return upstream_servers_some(resolver->parts.upstream, at, max, visit_remembered, &walk);
}

void resolver_servers_each(struct resolver *resolver, const uint8_t *name,
			   const struct address *address, struct resolver_servers_of *of,
			   resolver_server_visit visit, void *arg)
{
	struct servers_walk walk = {resolver, of, visit, arg};
	struct delegation *cut = NULL;

	*of = (struct resolver_servers_of){.path_lost_ms =
						   upstream_path_lost_ms(resolver->parts.upstream)};
	if (address != NULL)
		visit_remembered(address, &walk);
	if (address != NULL || name == NULL)
		return;
	const struct route *route = route_find(resolver, name, 0, &cut);
	if (route == NULL)
		cut = delegation_find(resolver->delegations, name, resolver->clock.now_ms);
	if (cut != NULL)
		visit_candidates(&walk, cut, route, of);
	delegation_unref(cut);
}
