// What the daemon asks itself.

#include "control/config/loader.h"
#include "control/config/options.h"
#include "control/special_use.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

// "example.com", "example.com AAAA"
static bool read_name(const char *given, struct canary_name *out)
{
	char text[NAME_TEXT_MAX + TYPE_TEXT_MAX];
	char *rest;

	if (strlen(given) >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%s", given);
	const char *name = strtok_r(text, " ", &rest), *type = strtok_r(NULL, " ", &rest);
	out->type = TYPE_A;
	return name != NULL && name_from_text(name, out->name) >= 0 &&
	       (type == NULL || type_from_text(type, &out->type) == 0) &&
	       strtok_r(NULL, " ", &rest) == NULL;
}

// As dataplane/dns/query.c: what is refused whoever asks.
static bool is_never_answered(uint16_t type)
{
	return type_is_meta(type) && type != TYPE_ANY;
}

static void add_name(struct loader *loader, const char *path, const char *given)
{
	struct canary_config *out = &loader->config->canary;
	struct canary_name *name = &out->names[out->count];
	char type[TYPE_TEXT_MAX];

	if (!read_name(given, name))
		loader_fail(loader, path,
			    "\"%.128s\" is no name, or no name and type such as example.com AAAA",
			    given);
	else if (is_never_answered(name->type))
		loader_fail(loader, path,
			    "\"%.128s\": %s is never answered, so that the alarm would never end: "
			    "ask for data, such as A",
			    given, type_to_text(name->type, type));
	else
		out->count++;
}

static void load_names(struct loader *loader)
{
	static char root_servers[] = ". NS", root_keys[] = ". DNSKEY";
	static char *defaults[] = {root_servers, root_keys};
	const struct text_list built_in = {.list = defaults, .count = 2};
	const struct schema *schema = loader->schema;
	// Given and empty, nothing is asked.
	const struct text_list *names =
		document_has(loader->document, "canary.names") ? &schema->canary.names : &built_in;
	char path[LOADER_PATH_MAX];

	assert(option_find("canary.names")->maximum == CANARY_NAMES_MAX);
	for (unsigned i = 0; i < names->count; i++)
		add_name(loader, loader_item(path, "canary.names", i), names->list[i]);
}

// ---- names that tell nothing ----

// "192.0.2.1" is four labels that the root denies.
static bool is_address(const char *given)
{
	char plain[INET6_ADDRSTRLEN + 2];
	struct address address;
	size_t len = strcspn(given, " ");

	if (len == 0 || len >= sizeof(plain))
		return false;
	len -= given[len - 1] == '.';
	snprintf(plain, sizeof(plain), "%.*s", (int)len, given);
	return address_from_text(plain, &address) == 0;
}

// As control/resolver/local.c: a configured zone goes first.
static bool is_local(const struct config *config, const uint8_t *name)
{
	if (!config->resolver.local_zones || special_use_zone(name) == NULL)
		return false;
	for (size_t i = 0; i < config->resolver.route_count; i++) {
		const uint8_t *zone = config->routes[i].zone;

		if (name_labels(zone) > 0 && name_within(name, zone))
			return false;
	}
	return true;
}

void check_canary(struct loader *loader)
{
	const struct text_list *given = &loader->schema->canary.names;
	const struct canary_config *canary = &loader->config->canary;
	char path[LOADER_PATH_MAX];

	if (canary->count == 0)
		loader_warn(loader, ALARM_CONFIGURATION, "canary.names",
			    "nothing is asked: whether clients' questions are answered is not "
			    "watched; leave the option out for the root's");
	for (size_t i = 0; i < given->count; i++) {
		loader_item(path, "canary.names", i);
		if (is_address(given->list[i]))
			loader_warn(loader, ALARM_CONFIGURATION, path,
				    "\"%.64s\" is an address: the root denies it as a name, which "
				    "tells of the root alone",
				    given->list[i]);
		else if (is_local(loader->config, canary->names[i].name))
			loader_warn(loader, ALARM_CONFIGURATION, path,
				    "\"%.128s\" is answered here, without asking anybody "
				    "(resolver.local-zones): it tells nothing",
				    given->list[i]);
	}
}

void load_canary(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	struct acl *acl = acl_new(config->acl_rules, config->acl_rule_count);

	load_names(loader);
	config->canary.interval_ms =
		(uint32_t)loader_number("canary.interval", schema->canary.interval) * 1000;
	config->canary.stale_is_good = loader_flag("canary.stale", schema->canary.stale);
	for (size_t i = 0; acl && i < config->acl_rule_count; i++) {
		const struct address *client = &config->acl_rules[i].prefix;

		if (config->canary.client.family == 0 && acl_lookup(acl, client) == ACL_ALLOW)
			config->canary.client = *client;
	}
	acl_free(acl);
}
