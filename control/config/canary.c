// What the daemon asks itself.

#include "control/config/loader.h"
#include "control/config/options.h"
#include "dataplane/dns/types.h"

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

static void load_names(struct loader *loader)
{
	static char root_servers[] = ". NS", root_keys[] = ". DNSKEY";
	static char *defaults[] = {root_servers, root_keys};
	const struct text_list built_in = {.list = defaults, .count = 2};
	const struct schema *schema = loader->schema;
	// Given and empty, nothing is asked.
	const struct text_list *names =
		schema->canary.names.list ? &schema->canary.names : &built_in;
	struct canary_config *out = &loader->config->canary;
	char path[LOADER_PATH_MAX];

	assert(option_find("canary.names")->maximum == CANARY_NAMES_MAX);
	for (unsigned i = 0; i < names->count; i++) {
		if (read_name(names->list[i], &out->names[out->count]))
			out->count++;
		else
			loader_fail(loader, loader_item(path, "canary.names", i),
				    "\"%.128s\" is no name, or no name and type such as "
				    "example.com AAAA",
				    names->list[i]);
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
