// Whether the configured servers can be asked at all, and what takes them away together.

#include "control/config/loader.h"
#include "control/upstream/domain.h"
#include "control/upstream/labels.h"
#include "control/upstream/upstream.h"

#include <string.h>

static const char *why_never(const struct config *config, const struct address *server)
{
	const struct service_addresses *service = &config->dataplane.service;

	for (size_t i = 0; i < service->count; i++) {
		if (memcmp(&service->list[i], server, sizeof(*server)) == 0)
			return "our own service address (service.addresses): questions would go "
			       "round";
	}
	return upstream_never_asks(&config->upstream, config->allow_loopback_upstream, server);
}

void check_server(struct loader *loader, const char *path, const struct address *server)
{
	const char *why = why_never(loader->config, server);
	char text[ADDRESS_TEXT_MAX];

	if (why != NULL)
		loader_fail(loader, path, "%s may never be asked: %s",
			    address_to_text(server, text), why);
}

// A family that is off is passed over; something must be left.
void check_hints(struct loader *loader)
{
	const struct resolver_config *resolver = &loader->config->resolver;
	size_t good = 0;

	for (size_t i = 0; i < resolver->hint_count; i++) {
		const struct root_hint *hint = &resolver->hints[i];

		for (size_t j = 0; j < hint->address_count; j++)
			good += why_never(loader->config, &hint->addresses[j]) == NULL;
	}
	if (good == 0)
		loader_fail(
			loader, "resolver.root-hints",
			"none of its addresses may ever be asked (upstream.ipv4, upstream.ipv6, "
			"upstream.ask-loopback, service.addresses)");
}

// ---- failure domains ----

static const char *label_of(const struct config *config, const struct pool_server *server)
{
	if (server->domain[0] != '\0')
		return server->domain;
	return config->upstream.labels ? labels_find(config->upstream.labels, &server->address)
				       : NULL;
}

static bool fail_together(const struct config *config, const struct pool_server *a,
			  const struct pool_server *b)
{
	const char *one = label_of(config, a), *other = label_of(config, b);

	if (one != NULL && other != NULL)
		return strcmp(one, other) == 0;
	return domain_same_network(&a->address, &b->address);
}

// Without recursion behind them one failure of that domain takes the zone away.
void check_route(struct loader *loader, const char *path, const struct route *route)
{
	const struct pool *pool = route->pool;

	if (!route->forward || route->first || pool == NULL || pool->count == 0)
		return;
	for (size_t i = 1; i < pool->count; i++) {
		if (!fail_together(loader->config, &pool->servers[0], &pool->servers[i]))
			return;
	}
	if (pool->count == 1)
		loader_warn(loader, ALARM_ONE_DOMAIN, path,
			    "one forwarder alone: its failure takes the zone away");
	else
		loader_warn(
			loader, ALARM_ONE_DOMAIN, path,
			"all %zu forwarders are in one failure domain (%s): its failure takes the "
			"zone away",
			pool->count,
			label_of(loader->config, &pool->servers[0])
				? label_of(loader->config, &pool->servers[0])
				: "one network");
}

void check_pools(struct loader *loader)
{
	const struct config *config = loader->config;
	char path[LOADER_PATH_MAX];

	for (size_t i = 0; i < config->pool_count; i++) {
		bool used = false;

		for (size_t j = 0; j < config->resolver.route_count; j++)
			used |= config->routes[j].pool == &config->pools[i];
		if (!used)
			loader_warn(loader, ALARM_CONFIGURATION, loader_item(path, "pools", i),
				    "no zone uses the pool %s: its servers are never asked",
				    config->pools[i].name);
	}
}
