#include "control/config/return_route.h"

#include "control/config/kernel_route.h"
#include "control/config/loader.h"
#include "control/upstream/upstream.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

// ---- who may ask ----

static bool has_prefix(const struct address *address, const struct address *prefix, unsigned len)
{
	const unsigned whole = len / 8, rest = len % 8;

	return memcmp(address->bytes, prefix->bytes, whole) == 0 &&
	       (rest == 0 || (address->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0);
}

static bool is_beside(const struct dataplane_config *ports, const struct address *address)
{
	const unsigned len =
		address->family == 4 ? ports->service_prefix_v4 : ports->service_prefix_v6;

	for (size_t i = 0; i < ports->service.count; i++) {
		const struct address *own = &ports->service.list[i];

		if (own->family == address->family && has_prefix(address, own, len))
			return true;
	}
	return false;
}

#define SAMPLES 3

// One of the first, the middle and the last clients of a prefix. False: nobody is there.
static bool sample(const struct acl_rule *rule, unsigned which, struct address *out)
{
	const unsigned bits = rule->prefix.family == 4 ? 32 : 128, len = rule->prefix_len;
	const struct upstream_config both = {.ipv4 = true, .ipv6 = true};
	uint8_t *last = &out->bytes[bits / 8 - 1];

	*out = rule->prefix;
	for (unsigned bit = len; which == 2 && bit < bits; bit++)
		out->bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if (which == 1 && len + 1 < bits)
		out->bytes[len / 8] |= (uint8_t)(0x80 >> len % 8);
	if (len + 1 < bits)
		*last = which == 2 ? *last - 1 : *last | 1;
	return upstream_never_asks(&both, false, out) == NULL;
}

static const struct address *service_of(const struct config *config, uint8_t family)
{
	const struct service_addresses *service = &config->dataplane.service;

	for (size_t i = 0; i < service->count; i++) {
		if (service->list[i].family == family)
			return &service->list[i];
	}
	return NULL;
}

static bool has_gateway(const struct config *config, uint8_t family)
{
	const struct dataplane_config *ports = &config->dataplane;

	return (family == 4 ? &ports->gateway_v4 : &ports->gateway_v6)->family != 0;
}

// Only prefixes that are named say where clients are.
static bool counts(const struct config *config, const struct acl_rule *rule)
{
	return rule->action == ACL_ALLOW && config->acl_named &&
	       service_of(config, rule->prefix.family) != NULL;
}

// ---- their way ----

static void say(const struct config *config, size_t index, const struct address *to,
		const char *why, char sentence[CONFIG_ERROR_MAX])
{
	const struct acl_rule *rule = &config->acl_rules[index];
	char path[LOADER_PATH_MAX], prefix[ADDRESS_TEXT_MAX], client[ADDRESS_TEXT_MAX];

	config_sentence(config, loader_item(path, "access.allow", index), sentence,
			"clients behind a router, such as %s of %s/%u, get no answer by TCP and "
			"ping: %s",
			address_to_text(to, client), address_to_text(&rule->prefix, prefix),
			rule->prefix_len, why);
}

static bool is_no_way(int code)
{
	return code == -ENETUNREACH || code == -EHOSTUNREACH || code == -EACCES;
}

// False: the kernel would answer by the tap, or it is not known.
static bool leads_elsewhere(const struct config *config, unsigned tap, const struct address *to,
			    char *why, size_t len)
{
	const struct address *from = service_of(config, to->family);
	const char *remedy = has_gateway(config, to->family)
				     ? "another rule comes before that of service.gateway (ip rule)"
				     : "name their router in service.gateway";
	char service[ADDRESS_TEXT_MAX], name[32] = "another interface";
	struct kernel_route route;
	int code = kernel_route_find(to, from, 0, &route);

	address_to_text(from, service);
	if (is_no_way(code)) {
		snprintf(why, len, "this host has no route to them from %s; %s", service, remedy);
		return true;
	}
	if (code != 0 || route.local || route.ifindex == 0 || route.ifindex == tap)
		return false;
	(void)if_indextoname(route.ifindex, name); // or it has gone since
	snprintf(why, len, "this host's route to them from %s is by %s, not by the tap %s; %s",
		 service, name, config->dataplane.tap_name, remedy);
	return true;
}

static bool is_bad(const struct config *config, unsigned tap, size_t index,
		   char sentence[CONFIG_ERROR_MAX])
{
	const struct acl_rule *rule = &config->acl_rules[index];
	struct address client;
	char why[256];

	if (!counts(config, rule))
		return false;
	for (unsigned which = 0; which < SAMPLES; which++) {
		if (!sample(rule, which, &client) || is_beside(&config->dataplane, &client) ||
		    !leads_elsewhere(config, tap, &client, why, sizeof(why)))
			continue;
		say(config, index, &client, why, sentence);
		return true;
	}
	return false;
}

bool return_route_missing(const struct config *config, size_t *at, char sentence[CONFIG_ERROR_MAX])
{
	const unsigned tap = if_nametoindex(config->dataplane.tap_name);
	const size_t count = config->acl_rule_count;

	if (tap == 0)
		return false; // which is said by itself, or meant
	for (size_t i = 0; i < count && i < RETURN_ROUTES_AT_ONCE; i++) {
		if (*at >= count)
			*at = 0;
		if (is_bad(config, tap, *at, sentence))
			return true;
		++*at;
	}
	return false;
}

// ---- for who looks after the tap ----

static struct address distant_client(const struct config *config, uint8_t family)
{
	struct address client;

	for (size_t i = 0; i < config->acl_rule_count && has_gateway(config, family); i++) {
		const struct acl_rule *rule = &config->acl_rules[i];

		if (rule->prefix.family == family && counts(config, rule) &&
		    sample(rule, 0, &client) && !is_beside(&config->dataplane, &client))
			return client;
	}
	return (struct address){0};
}

void return_route_clients(struct config *config)
{
	config->dataplane.distant_v4 = distant_client(config, 4);
	config->dataplane.distant_v6 = distant_client(config, 6);
}

// ---- before there is a tap ----

static bool is_foreseen(const struct config *config, size_t index, char sentence[CONFIG_ERROR_MAX])
{
	const struct acl_rule *rule = &config->acl_rules[index];
	struct address client;

	if (!counts(config, rule) || has_gateway(config, rule->prefix.family))
		return false;
	for (unsigned which = 0; which < SAMPLES; which++) {
		if (!sample(rule, which, &client) || is_beside(&config->dataplane, &client))
			continue;
		say(config, index, &client,
		    "no route by the tap leads to them; name their router in service.gateway",
		    sentence);
		return true;
	}
	return false;
}

bool return_route_foreseen(const struct config *config, char sentence[CONFIG_ERROR_MAX])
{
	const char *name = config->dataplane.tap_name;
	const unsigned tap = name[0] != '\0' ? if_nametoindex(name) : 0;

	if (name[0] == '\0' || (tap == 0 && config->dataplane.service.peer_count > 0))
		return false;
	for (size_t i = 0; i < config->acl_rule_count; i++) {
		if (tap != 0 ? is_bad(config, tap, i, sentence) : is_foreseen(config, i, sentence))
			return true;
	}
	return false;
}
