// Who may ask.

#include "control/config/loader.h"

#include <stdlib.h>
#include <string.h>

// More of the Internet than any one network has: two /8, or 16,384 /32.
#define PUBLIC_V4_MAX ((uint64_t)2 << 24) // addresses
#define PUBLIC_V6_MAX ((uint64_t)1 << 14) // prefixes of 32 bits

struct access_sum {
	uint64_t v4, v6;
	bool warned;
};

static bool is_within(const struct acl_rule *rule, const struct acl_rule *other)
{
	unsigned bits = other->prefix_len, whole = bits / 8, rest = bits % 8;

	if (rule->prefix.family != other->prefix.family || rule->prefix_len < bits ||
	    memcmp(rule->prefix.bytes, other->prefix.bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       (rule->prefix.bytes[whole] ^ other->prefix.bytes[whole]) >> (8 - rest) == 0;
}

// Those that the default allows are nobody's on the Internet.
static bool is_private(const struct acl_rule *rule)
{
	for (size_t i = 0; i < acl_default_rule_count; i++) {
		if (is_within(rule, &acl_default_rules[i]))
			return true;
	}
	return false;
}

static void add_public(struct loader *loader, const char *path, const char *given,
		       const struct acl_rule *rule, struct access_sum *sum)
{
	unsigned len = rule->prefix_len;

	if (is_private(rule))
		return;
	if (rule->prefix.family == 4)
		sum->v4 += (uint64_t)1 << (32 - len);
	else if (len <= 32)
		sum->v6 += (uint64_t)1 << (32 - len);
	if (sum->warned || (sum->v4 <= PUBLIC_V4_MAX && sum->v6 <= PUBLIC_V6_MAX))
		return;
	sum->warned = true;
	loader_warn(
		loader, ALARM_OPEN, path,
		"open to the world: with %.64s more of the Internet may ask than any network has, "
		"and others can be attacked through this resolver",
		given);
}

static const struct acl_rule *find_same(const struct config *config, const struct acl_rule *rule)
{
	for (const struct acl_rule *r = config->acl_rules; r < rule; r++) {
		if (r->prefix_len == rule->prefix_len &&
		    memcmp(&r->prefix, &rule->prefix, sizeof(r->prefix)) == 0)
			return r;
	}
	return NULL;
}

static void add_rules(struct loader *loader, const char *path, const struct text_list *list,
		      enum acl_action action)
{
	static const char *const lists[] = {[ACL_ALLOW] = "access.allow",
					    [ACL_REFUSE] = "access.refuse",
					    [ACL_DROP] = "access.drop"};
	struct config *config = loader->config;
	struct access_sum sum = {0};
	char item[LOADER_PATH_MAX];

	for (unsigned i = 0; i < list->count; i++) {
		struct acl_rule *rule = &config->acl_rules[config->acl_rule_count];

		loader_item(item, path, i);
		if (acl_prefix_from_text(list->list[i], rule) != 0) {
			loader_fail(loader, item,
				    "\"%.64s\" is no prefix, or has bits set below its length",
				    list->list[i]);
			continue;
		}
		const struct acl_rule *same = find_same(config, rule);
		if (same != NULL)
			loader_fail(loader, item, "%.64s stands in %s already", list->list[i],
				    lists[same->action]);
		rule->action = action;
		config->acl_rule_count++;
		if (action == ACL_ALLOW)
			add_public(loader, item, list->list[i], rule, &sum);
	}
}

void load_access(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	size_t count = (size_t)schema->access.allow.count + schema->access.refuse.count +
		       schema->access.drop.count;

	config->acl_rules = calloc(count + acl_default_rule_count, sizeof(*config->acl_rules));
	if (!config->acl_rules) {
		loader_fail(loader, "access", "out of memory");
		return;
	}
	config->acl_named = count > 0;
	if (count == 0) {
		memcpy(config->acl_rules, acl_default_rules,
		       acl_default_rule_count * sizeof(*config->acl_rules));
		config->acl_rule_count = acl_default_rule_count;
		return;
	}
	if (schema->access.allow.count == 0)
		loader_fail(
			loader, "access",
			"nobody would be answered: what is named here replaces the default; name "
			"in allow who may ask");
	add_rules(loader, "access.allow", &schema->access.allow, ACL_ALLOW);
	add_rules(loader, "access.refuse", &schema->access.refuse, ACL_REFUSE);
	add_rules(loader, "access.drop", &schema->access.drop, ACL_DROP);
}
