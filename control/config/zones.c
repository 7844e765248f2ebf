// Stub and forward zones, and the pools of servers that they are asked of.

#include "control/config/loader.h"
#include "control/config/options.h"
#include "control/config/zonefile.h"
#include "control/validator/trust.h"
#include "dataplane/dns/types.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "192.0.2.1", "192.0.2.1@5353", "2001:db8::1@53"
static int server_of(const char *given, struct pool_server *out)
{
	const char *at = strchr(given, '@');
	char plain[ADDRESS_TEXT_MAX];
	size_t len = at ? (size_t)(at - given) : strlen(given);
	unsigned long port = 53;
	char *end;

	if (at) {
		port = strtoul(at + 1, &end, 10);
		if (at[1] < '1' || at[1] > '9' || *end != '\0' || port > 65535)
			return -EINVAL;
	}
	if (len >= sizeof(plain))
		return -EINVAL;
	snprintf(plain, sizeof(plain), "%.*s", (int)len, given);
	out->port = (uint16_t)port;
	return address_from_text(plain, &out->address);
}

static void add_address(struct loader *loader, const char *path, const char *given,
			struct pool *pool)
{
	struct pool_server *server = &pool->servers[pool->count];

	if (server_of(given, server) != 0) {
		loader_fail(
			loader, path,
			"\"%.80s\" is no server address: an address, and @PORT where it is not 53",
			given);
		return;
	}
	check_server(loader, path, &server->address);
	for (size_t i = 0; i < pool->count; i++) {
		if (memcmp(&pool->servers[i].address, &server->address, sizeof(server->address)) ==
		    0)
			loader_fail(loader, path,
				    "\"%s\": another server has this address (servers are told "
				    "apart by it, whatever the port)",
				    given);
	}
}

// ---- pools ----

static bool is_word(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr("-_.", *text) == NULL)
			return false;
	}
	return true;
}

// As in the file upstream.domains: it stands in lists and scopes of drills.
static void load_label(struct loader *loader, const char *path, const char *given,
		       char out[POOL_DOMAIN_MAX])
{
	if (!is_word(given))
		loader_fail(loader, path,
			    "\"%.64s\": a label has letters, digits, hyphens, underscores and dots",
			    given);
	loader_text(loader, "pools.servers.domain", given, out, POOL_DOMAIN_MAX);
}

static void load_name(struct loader *loader, const char *path, const char *given,
		      struct tls_peer *peer)
{
	if (!tls_name_parse(given, peer->name))
		loader_fail(loader, path, "\"%.80s\" is neither a host name nor an address", given);
}

static void load_pins(struct loader *loader, const char *path, const struct text_list *given,
		      struct tls_peer *peer)
{
	char item[LOADER_PATH_MAX];

	for (unsigned i = 0; i < given->count; i++) {
		if (!tls_pin_parse(given->list[i], peer->pins[peer->pin_count++]))
			loader_fail(loader, loader_item(item, path, i),
				    "\"%.80s\" is no pin: sha256/ and 44 characters of base64, the "
				    "digest of a public key (SubjectPublicKeyInfo)",
				    given->list[i]);
	}
}

// Strict (RFC 8310 §5): nobody is asked over TLS without proof of who it is.
static void load_peer(struct loader *loader, const char *path, const struct schema_server *given,
		      struct pool_server *server)
{
	char key[LOADER_PATH_MAX];

	if (given->auth_name)
		load_name(loader, loader_key(key, path, "auth-name"), given->auth_name,
			  &server->tls);
	load_pins(loader, loader_key(key, path, "pins"), &given->pins, &server->tls);
	if (!given->auth_name && given->pins.count == 0 &&
	    loader_good(loader, loader_key(key, path, "auth-name")) &&
	    loader_good(loader, loader_key(key, path, "pins")))
		loader_fail(loader, loader_key(key, path, "transport"),
			    "tls needs auth-name, pins or both: who the server must prove to be");
	if (strchr(given->address, '@') == NULL)
		server->port = TLS_PORT;
	loader->config->source.tls = true;
}

static void load_transport(struct loader *loader, const char *path,
			   const struct schema_server *given, struct pool_server *server)
{
	static const uint8_t transports[] = {
		[SCHEMA_UDP] = POOL_UDP, [SCHEMA_TCP] = POOL_TCP, [SCHEMA_TLS] = POOL_TLS};
	char key[LOADER_PATH_MAX];

	server->transport = transports[given->transport ? *given->transport : SCHEMA_UDP];
	if (!loader_good(loader, loader_key(key, path, "transport")))
		return;
	if (server->transport == POOL_TLS)
		load_peer(loader, path, given, server);
	else if (given->auth_name)
		loader_fail(loader, loader_key(key, path, "auth-name"), "goes with transport: tls");
	else if (given->pins.count > 0)
		loader_fail(loader, loader_key(key, path, "pins"), "go with transport: tls");
}

static void load_server(struct loader *loader, const char *path, const struct schema_server *given,
			struct pool *pool)
{
	struct pool_server *server = &pool->servers[pool->count];
	char key[LOADER_PATH_MAX];

	add_address(loader, loader_key(key, path, "address"), given->address, pool);
	server->priority = (uint16_t)loader_number("pools.servers.priority", given->priority);
	server->weight = (uint16_t)loader_number("pools.servers.weight", given->weight);
	if (given->domain)
		load_label(loader, loader_key(key, path, "domain"), given->domain, server->domain);
	load_transport(loader, path, given, server);
	pool->count++;
}

static const struct pool *find_pool(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		if (strcmp(config->pools[i].name, name) == 0)
			return &config->pools[i];
	}
	return NULL;
}

static void load_pool(struct loader *loader, const char *path, const struct schema_pool *given)
{
	struct config *config = loader->config;
	struct pool *pool = &config->pools[config->pool_count];
	char key[LOADER_PATH_MAX], item[LOADER_PATH_MAX];

	loader_key(key, path, "name");
	if (!is_word(given->name))
		loader_fail(loader, key, "\"%.80s\" is no name of letters, digits, -, _ and .",
			    given->name);
	else if (find_pool(config, given->name) != NULL)
		loader_fail(loader, key, "a second pool \"%s\"", given->name);
	else
		loader_text(loader, key, given->name, pool->name, sizeof(pool->name));
	loader_key(key, path, "servers");
	for (unsigned i = 0; i < given->servers_count; i++)
		load_server(loader, loader_item(item, key, i), &given->servers[i], pool);
	config->pool_count++;
}

void load_pools(struct loader *loader)
{
	const struct schema *schema = loader->schema;

	// check.c has counted by these.
	assert(option_find("pools.servers")->maximum == POOL_SERVERS_MAX);
	assert(option_find("zones.servers")->maximum == POOL_SERVERS_MAX);
	assert(option_find("pools.servers.pins")->maximum == TLS_PINS_MAX);
	char path[LOADER_PATH_MAX];

	loader->config->pools = calloc(schema->pools_count + schema->zones_count + 1,
				       sizeof(*loader->config->pools));
	if (!loader->config->pools) {
		loader_fail(loader, "pools", "out of memory");
		return;
	}
	for (unsigned i = 0; i < schema->pools_count; i++)
		load_pool(loader, loader_item(path, "pools", i), &schema->pools[i]);
}

// ---- zones ----

static void load_own_pool(struct loader *loader, const char *path, const struct schema_zone *zone,
			  struct pool *pool)
{
	char key[LOADER_PATH_MAX], item[LOADER_PATH_MAX];

	loader_key(key, path, "servers");
	if (zone->servers.count == 0)
		loader_fail(loader, path, "either servers or a pool are needed");
	for (unsigned i = 0; i < zone->servers.count; i++) {
		struct pool_server *server = &pool->servers[pool->count];
		add_address(loader, loader_item(item, key, i), zone->servers.list[i], pool);
		server->weight = 1;
		server->transport = zone->tcp && *zone->tcp ? POOL_TCP : POOL_UDP;
		pool->count++;
	}
}

// Whether the name of every pool is known: none could be the one that is looked for.
static bool pools_known(const struct loader *loader)
{
	const struct schema *schema = loader->schema;
	char item[LOADER_PATH_MAX], key[LOADER_PATH_MAX];

	for (unsigned i = 0; i < schema->pools_count; i++) {
		if (schema->pools[i].name[0] == '\0' ||
		    !loader_good(loader, loader_key(key, loader_item(item, "pools", i), "name")))
			return false;
	}
	return schema->pools_count > 0 || loader_good(loader, "pools");
}

static void choose_pool(struct loader *loader, const char *path, const struct schema_zone *zone,
			struct pool *own, struct route *route)
{
	char key[LOADER_PATH_MAX];

	route->pool = own;
	if (!zone->pool) {
		load_own_pool(loader, path, zone, own);
		return;
	}
	route->pool = find_pool(loader->config, zone->pool);
	if (zone->servers.count > 0)
		loader_fail(loader, loader_key(key, path, "pool"), "either servers or a pool");
	else if (zone->tcp)
		loader_fail(loader, loader_key(key, path, "tcp"),
			    "the servers of a pool say it themselves (transport: tcp)");
	else if (route->pool == NULL && pools_known(loader))
		loader_fail(loader, loader_key(key, path, "pool"), "there is no pool \"%.80s\"",
			    zone->pool);
}

static void load_own_anchors(struct loader *loader, const char *path,
			     const struct schema_zone *zone, struct route *route)
{
	struct config *config = loader->config;
	char key[LOADER_PATH_MAX], item[LOADER_PATH_MAX], name[LOADER_PATH_MAX];
	char complaint[CONFIG_ERROR_MAX - 128];

	loader_key(name, path, "name");
	loader_key(key, path, "anchors");
	for (unsigned i = 0; i < zone->anchors.count; i++) {
		loader_item(item, key, i);
		if (anchor_read(zone->anchors.list[i], config, complaint, sizeof(complaint)) != 0) {
			loader_fail(loader, item, "%s", complaint);
			continue;
		}
		struct config_anchor *anchor = &config->anchors[config->anchor_count - 1];
		anchor->automatic = false;
		if (trust_anchor_check(anchor->type, anchor->rdata, anchor->rdlen) != 0)
			loader_fail(loader, item,
				    "it would prove nothing: revoked, or of an algorithm or digest "
				    "that "
				    "is not validated here");
		if (loader_good(loader, name) && !name_equal(anchor->owner, route->zone))
			loader_fail(loader, item, "the record belongs to another name than %s",
				    zone->name);
		route->dnssec = ROUTE_ANCHORED;
	}
}

static void add_insecure(struct config *config, const uint8_t *zone, const char *path)
{
	struct config_insecure *out = &config->insecure[config->insecure_count++];

	name_copy(out->name, zone);
	snprintf(out->path, sizeof(out->path), "%s", path);
}

static void load_dnssec(struct loader *loader, const char *path, const struct schema_zone *zone,
			struct route *route)
{
	struct config *config = loader->config;
	char key[LOADER_PATH_MAX];

	load_own_anchors(loader, path, zone, route);
	if (!zone->dnssec || *zone->dnssec != SCHEMA_INSECURE)
		return;
	loader_key(key, path, "dnssec");
	if (route->dnssec == ROUTE_ANCHORED)
		loader_fail(loader, key, "insecure, in spite of anchors");
	else if (name_is_root(route->zone))
		loader_fail(loader, key,
			    "this would turn all validation off: name the private zones, "
			    "each as a zone of its own or in trust.insecure");
	else if (loader_good(loader, path))
		add_insecure(config, route->zone, key);
	route->dnssec = ROUTE_INSECURE;
}

static bool named_before(const struct config *config, const struct route *route)
{
	for (const struct route *r = config->routes; r < route; r++) {
		if (name_equal(r->zone, route->zone))
			return true;
	}
	return false;
}

static void load_zone(struct loader *loader, const char *path, const struct schema_zone *zone,
		      struct pool *own, struct route *route)
{
	char key[LOADER_PATH_MAX];

	loader_key(key, path, "name");
	if (name_from_text(zone->name, route->zone) < 0) {
		loader_fail(loader, key, "\"%s\" is no zone name", zone->name);
		name_copy(route->zone, (const uint8_t *)"\2\0\xff"); // nobody's
	}
	name_lower(route->zone, route->zone, name_len(route->zone));
	if (loader_good(loader, key) && named_before(loader->config, route))
		loader_fail(loader, key, "\"%s\" stands here already", zone->name);
	route->forward = zone->type == SCHEMA_FORWARD;
	route->first = zone->mode && *zone->mode == SCHEMA_FIRST;
	choose_pool(loader, path, zone, own, route);
	if (loader->errors->count == 0)
		check_route(loader, path, route);
	load_dnssec(loader, path, zone, route);
}

void load_zones(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	char path[LOADER_PATH_MAX];

	config->routes = calloc(schema->zones_count + 1, sizeof(*config->routes));
	if (!config->routes || !config->pools || !config->insecure) {
		loader_fail(loader, "zones", "out of memory");
		return;
	}
	for (unsigned i = 0; i < schema->zones_count; i++)
		load_zone(loader, loader_item(path, "zones", i), &schema->zones[i],
			  &config->pools[config->pool_count + i], &config->routes[i]);
	config->resolver.routes = config->routes;
	config->resolver.route_count = schema->zones_count;
}
