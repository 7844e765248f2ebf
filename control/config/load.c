// From the file's words to what the daemon runs on: defaults, bounds, names, addresses.

#include "control/config/config.h"
#include "control/config/loader.h"
#include "control/config/options.h"
#include "control/config/schema.h"
#include "control/config/zonefile.h"
#include "control/upstream/labels.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void loader_fail(struct loader *loader, const char *path, const char *format, ...)
{
	va_list arguments;
	int used;

	if (loader->failed)
		return;
	loader->failed = true;
	used = snprintf(loader->err, CONFIG_ERROR_MAX, "%s:%u: %s: ", loader->file,
			schema_line(loader->file, path), path);
	if (used < 0 || used >= CONFIG_ERROR_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(loader->err + used, CONFIG_ERROR_MAX - (size_t)used, format, arguments);
	va_end(arguments);
}

static int64_t checked(struct loader *loader, const char *where, const char *name, int64_t value)
{
	const struct option *option = option_find(name);

	if (option && (value < option->minimum || value > option->maximum))
		loader_fail(loader, where, "%" PRId64 " is outside %" PRId64 " to %" PRId64 "%s%s",
			    value, option->minimum, option->maximum, option->unit[0] ? " " : "",
			    option->unit);
	return value;
}

int64_t loader_number(struct loader *loader, const char *where, const char *name,
		      const int64_t *given)
{
	return given ? checked(loader, where, name, *given)
		     : strtoll(option_find(name)->default_text, NULL, 10);
}

static int64_t number(struct loader *loader, const char *path, const int64_t *given)
{
	return loader_number(loader, path, path, given);
}

static bool yes_no(const char *path, const bool *given)
{
	return given ? *given : strcmp(option_find(path)->default_text, "true") == 0;
}

// "256M": a number with K, M, G or T (powers of 1024).
static int64_t bytes(struct loader *loader, const char *path, const char *given)
{
	const char *text = given ? given : option_find(path)->default_text;
	static const char units[] = "KMGT";
	const char *unit;
	int64_t value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || errno != 0 || value < 0) {
		loader_fail(loader, path, "\"%s\" is no size: a number with K, M, G or T", text);
		return 0;
	}
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (*end && (!unit || end[1] != '\0')) {
		loader_fail(loader, path, "\"%s\" is no size: a number with K, M, G or T", text);
		return 0;
	}
	for (ptrdiff_t i = unit ? unit - units + 1 : 0; i > 0; i--) {
		if (__builtin_mul_overflow(value, (int64_t)1024, &value)) {
			loader_fail(loader, path, "\"%s\" is too large", text);
			return 0;
		}
	}
	return checked(loader, path, path, value);
}

static void text(struct loader *loader, const char *path, const char *given, const char *otherwise,
		 char *out, size_t size)
{
	const char *value = given ? given : otherwise;

	if (strlen(value) >= size)
		loader_fail(loader, path, "\"%s\" is longer than %zu characters", value, size - 1);
	else
		memcpy(out, value, strlen(value) + 1);
}

char *loader_item(char out[LOADER_PATH_MAX], const char *path, size_t index)
{
	snprintf(out, LOADER_PATH_MAX, "%s[%zu]", path, index);
	return out;
}

char *loader_key(char out[LOADER_PATH_MAX], const char *path, const char *key)
{
	snprintf(out, LOADER_PATH_MAX, "%s.%s", path, key);
	return out;
}

static void load_ports(struct loader *loader)
{
	struct dataplane_config *out = &loader->config->dataplane;

	for (unsigned i = 0; i < loader->schema->ports_count; i++) {
		out->devices[out->device_count] = strdup(loader->schema->ports[i].device);
		if (!out->devices[out->device_count])
			loader_fail(loader, "ports", "out of memory");
		else
			out->device_count++;
	}
}

static void add_service(struct loader *loader, const char *path, const char *given)
{
	struct dataplane_config *out = &loader->config->dataplane;
	const char *slash = strchr(given, '/');
	char plain[ADDRESS_TEXT_MAX];
	struct address address;
	long length = -1;
	uint8_t *common;
	char *end;

	if (slash && (size_t)(slash - given) < sizeof(plain)) {
		snprintf(plain, sizeof(plain), "%.*s", (int)(slash - given), given);
		length = strtol(slash + 1, &end, 10);
		if (slash[1] == '\0' || *end != '\0')
			length = -1;
	}
	if (length < 0 || address_from_text(plain, &address) != 0 ||
	    length > (address.family == 4 ? 32 : 128)) {
		loader_fail(loader, path,
			    "\"%s\" is no address with the length of its prefix, such as "
			    "192.0.2.53/24",
			    given);
		return;
	}
	if (out->service.count == SERVICE_ADDRESSES_MAX) {
		loader_fail(loader, path, "more than %d service addresses", SERVICE_ADDRESSES_MAX);
		return;
	}
	common = address.family == 4 ? &out->service_prefix_v4 : &out->service_prefix_v6;
	if (*common != 0 && *common != length) {
		loader_fail(loader, path, "all addresses of a family must have one prefix length");
		return;
	}
	*common = (uint8_t)length;
	out->service.list[out->service.count++] = address;
}

static void load_service(struct loader *loader)
{
	const struct text_list *addresses = &loader->schema->service.addresses;
	char path[LOADER_PATH_MAX];

	if (addresses->count == 0)
		loader_fail(loader, "service.addresses", "at least one address is needed");
	for (unsigned i = 0; i < addresses->count; i++)
		add_service(loader, loader_item(path, "service.addresses", i), addresses->list[i]);
	text(loader, "service.tap", loader->schema->service.tap, "assay0",
	     loader->config->dataplane.tap_name, sizeof(loader->config->dataplane.tap_name));
}

static void load_cores(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct dataplane_config *out = &loader->config->dataplane;
	char path[LOADER_PATH_MAX];

	out->control_cpu = (int)number(loader, "cores.control", schema->cores.control);
	out->poll = schema->cores.mode ? (enum poll_mode)*schema->cores.mode : POLL_ADAPTIVE;
	if (schema->cores.poll_count > DATAPLANE_LCORES_MAX) {
		loader_fail(loader, "cores.poll", "more than %d poll-mode cores",
			    DATAPLANE_LCORES_MAX);
		return;
	}
	for (unsigned i = 0; i < schema->cores.poll_count; i++) {
		int64_t cpu = schema->cores.poll[i];

		loader_item(path, "cores.poll", i);
		if (cpu < 0 || cpu > 1023)
			loader_fail(loader, path, "%" PRId64 " is no CPU number", cpu);
		for (unsigned j = 0; j < i; j++) {
			if (schema->cores.poll[j] == cpu)
				loader_fail(loader, path, "CPU %" PRId64 " is named twice", cpu);
		}
		out->lcores[out->lcore_count++] = (unsigned)cpu;
	}
	if (out->lcore_count == 0)
		out->lcores[out->lcore_count++] = 1;
}

static void load_memory(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	int64_t tickets = number(loader, "memory.tickets", schema->memory.tickets);

	config->cache_bytes = (size_t)bytes(loader, "memory.cache", schema->memory.cache);
	config->dataplane.packet_memory_bytes =
		(size_t)bytes(loader, "memory.packets", schema->memory.packets);
	config->hugepages = schema->memory.hugepages
				    ? (enum hugepage_use)*schema->memory.hugepages
				    : HUGEPAGES_AUTO;
	config->dataplane.hugepages = config->hugepages != HUGEPAGES_OFF;
	if ((tickets & (tickets - 1)) != 0)
		loader_fail(loader, "memory.tickets", "%" PRId64 " is no power of two", tickets);
	config->dataplane.tickets = (unsigned)tickets;
}

static void add_rules(struct loader *loader, const char *path, const struct text_list *list,
		      enum acl_action action)
{
	struct config *config = loader->config;
	char item[LOADER_PATH_MAX];

	for (unsigned i = 0; i < list->count; i++) {
		struct acl_rule *rule = &config->acl_rules[config->acl_rule_count];

		if (acl_prefix_from_text(list->list[i], rule) != 0) {
			loader_fail(loader, loader_item(item, path, i),
				    "\"%s\" is no prefix, or has bits set below its length",
				    list->list[i]);
			return;
		}
		rule->action = action;
		config->acl_rule_count++;
	}
}

static void load_access(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	size_t count = (size_t)schema->access.allow.count + schema->access.refuse.count +
		       schema->access.drop.count;

	if (count > 4096)
		loader_fail(loader, "access", "more than 4096 prefixes");
	config->acl_rules = calloc(count + acl_default_rule_count, sizeof(*config->acl_rules));
	if (!config->acl_rules) {
		loader_fail(loader, "access", "out of memory");
		return;
	}
	if (count == 0) {
		memcpy(config->acl_rules, acl_default_rules,
		       acl_default_rule_count * sizeof(*config->acl_rules));
		config->acl_rule_count = acl_default_rule_count;
		return;
	}
	add_rules(loader, "access.allow", &schema->access.allow, ACL_ALLOW);
	add_rules(loader, "access.refuse", &schema->access.refuse, ACL_REFUSE);
	add_rules(loader, "access.drop", &schema->access.drop, ACL_DROP);
}

static void load_answers(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;

	config->rotate = yes_no("answers.rotate", schema->answers.rotate);
	text(loader, "answers.identity", schema->answers.identity, "", config->identity,
	     sizeof(config->identity));
	text(loader, "answers.version", schema->answers.version, "", config->version,
	     sizeof(config->version));
}

static void load_source(struct loader *loader)
{
	const struct text_list *sources = &loader->schema->upstream.source;
	char path[LOADER_PATH_MAX];

	for (unsigned i = 0; i < sources->count; i++) {
		struct address address, *out;

		loader_item(path, "upstream.source", i);
		if (address_from_text(sources->list[i], &address) != 0) {
			loader_fail(loader, path, "\"%s\" is no address", sources->list[i]);
			return;
		}
		out = address.family == 4 ? &loader->config->source.source_v4
					  : &loader->config->source.source_v6;
		if (out->family != 0)
			loader_fail(loader, path, "a second address of this family");
		*out = address;
	}
}

static void load_ca_file(struct loader *loader)
{
	const char *given = loader->schema->upstream.tls_ca_file;
	struct config *config = loader->config;

	text(loader, "upstream.tls-ca-file", given, "", config->tls_ca_file,
	     sizeof(config->tls_ca_file));
	if (config->tls_ca_file[0] != '\0' && access(config->tls_ca_file, R_OK) != 0)
		loader_fail(loader, "upstream.tls-ca-file", "%s: %s", config->tls_ca_file,
			    strerror(errno));
	config->source.tls_ca_file = config->tls_ca_file;
}

static void load_upstream(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;

	load_source(loader);
	load_domains(loader);
	text(loader, "upstream.interface", schema->upstream.interface, "", config->source.interface,
	     sizeof(config->source.interface));
	load_ca_file(loader);
	config->upstream.ipv4 = yes_no("upstream.ipv4", schema->upstream.ipv4);
	config->upstream.ipv6 = yes_no("upstream.ipv6", schema->upstream.ipv6);
	if (!config->upstream.ipv4 && !config->upstream.ipv6)
		loader_fail(loader, "upstream",
			    "ipv4 and ipv6 are both off: no server could be asked");
	config->upstream.case_randomisation =
		yes_no("upstream.case-randomisation", schema->upstream.case_randomisation);
	config->upstream.cookies = yes_no("upstream.cookies", schema->upstream.cookies);
	config->allow_loopback_upstream =
		yes_no("upstream.ask-loopback", schema->upstream.ask_loopback);
}

static void load_resolver(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct resolver_config *out = &loader->config->resolver;
	char complaint[CONFIG_ERROR_MAX - 128];

	hints_built_in(out);
	if (schema->resolver.root_hints &&
	    hints_read(schema->resolver.root_hints, out, complaint, sizeof(complaint)) != 0)
		loader_fail(loader, "resolver.root-hints", "%s", complaint);
	out->qname_minimisation =
		yes_no("resolver.qname-minimisation", schema->resolver.qname_minimisation);
	loader->config->aggressive_denial =
		yes_no("resolver.aggressive-denial", schema->resolver.aggressive_denial);
	out->local_zones = yes_no("resolver.local-zones", schema->resolver.local_zones);
	out->ttl_max_s = (uint32_t)number(loader, "resolver.ttl-max", schema->resolver.ttl_max);
	out->ttl_min_s = (uint32_t)number(loader, "resolver.ttl-min", schema->resolver.ttl_min);
	out->negative_ttl_max_s = (uint32_t)number(loader, "resolver.negative-ttl-max",
						   schema->resolver.negative_ttl_max);
	out->stale_s = (uint32_t)number(loader, "resolver.stale", schema->resolver.stale);
	out->waiters_max = (unsigned)number(loader, "resolver.waiting", schema->resolver.waiting);
	out->tasks_max = (size_t)number(loader, "resolver.questions", schema->resolver.questions);
	// A question needs a ticket, too, unless it came by TCP.
	const struct dataplane_config *ports = &loader->config->dataplane;
	const size_t tickets = ports->tickets * ports->lcore_count;
	out->places = tickets < out->tasks_max ? tickets : out->tasks_max;
}

static void load_insecure(struct loader *loader)
{
	const struct text_list *names = &loader->schema->trust.insecure;
	struct config *config = loader->config;
	char path[LOADER_PATH_MAX];

	// A zone with `dnssec: insecure` adds itself.
	config->insecure = calloc(names->count + loader->schema->zones_count + 1,
				  sizeof(*config->insecure));
	if (!config->insecure) {
		loader_fail(loader, "trust.insecure", "out of memory");
		return;
	}
	for (unsigned i = 0; i < names->count; i++) {
		uint8_t *name = config->insecure[config->insecure_count].name;
		int len = name_from_text(names->list[i], name);

		loader_item(path, "trust.insecure", i);
		if (len < 0) {
			loader_fail(loader, path, "\"%s\" is no name", names->list[i]);
		} else if (name_is_root(name)) {
			loader_fail(loader, path,
				    "this would turn all validation off: name the private zones");
		} else {
			name_lower(name, name, (size_t)len);
			config->insecure_count++;
		}
	}
}

// Those read last, from the first-th on.
static void mark_anchors(struct config *config, size_t first, bool automatic)
{
	for (size_t i = first; i < config->anchor_count; i++)
		config->anchors[i].automatic = automatic;
}

static void load_anchors(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	bool automatic = yes_no("trust.auto-update", schema->trust.auto_update);
	char path[LOADER_PATH_MAX], complaint[CONFIG_ERROR_MAX - 128];
	size_t from_files;
	int status = 0;

	for (unsigned i = 0; i < schema->trust.anchor_files.count; i++) {
		if (anchors_read(schema->trust.anchor_files.list[i], loader->config, complaint,
				 sizeof(complaint)) != 0)
			loader_fail(loader, loader_item(path, "trust.anchor-files", i), "%s",
				    complaint);
	}
	from_files = loader->config->anchor_count;
	for (unsigned i = 0; i < schema->trust.anchors.count; i++) {
		if (anchor_read(schema->trust.anchors.list[i], loader->config, complaint,
				sizeof(complaint)) != 0)
			loader_fail(loader, loader_item(path, "trust.anchors", i), "%s", complaint);
	}
	mark_anchors(loader->config, 0, automatic);
	mark_anchors(loader->config, from_files, false);
	if (loader->config->anchor_count > 0 || !loader->config->resolver.validate)
		return;
	status = anchors_built_in(loader->config, complaint, sizeof(complaint));
	mark_anchors(loader->config, 0, automatic);
	if (status != 0)
		loader_fail(loader, "trust", "%s", complaint);
}

static void load_trust(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;

	config->resolver.validate = yes_no("trust.validate", schema->trust.validate);
	if (!config->resolver.validate && !schema->test_clock)
		loader_fail(loader, "trust.validate",
			    "validation can be turned off by tests only (test-clock); "
			    "name private zones in trust.insecure");
	load_insecure(loader);
	load_anchors(loader);
	text(loader, "trust.state", schema->trust.state, "/var/lib/assay/trust.state",
	     config->trust_state, sizeof(config->trust_state));
	config->sentinel = yes_no("trust.sentinel", schema->trust.sentinel);
	config->resolver.key_tag_signal =
		yes_no("trust.key-tag-signal", schema->trust.key_tag_signal);
	config->inception_skew_s =
		(uint32_t)number(loader, "trust.inception-skew", schema->trust.inception_skew);
	config->expiration_skew_s =
		(uint32_t)number(loader, "trust.expiration-skew", schema->trust.expiration_skew);
	config->crypto_workers =
		(unsigned)number(loader, "trust.crypto-workers", schema->trust.crypto_workers);
}

static void load_rest(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;

	text(loader, "control.socket", schema->control.socket, "/run/assay/control.sock",
	     config->control_socket, sizeof(config->control_socket));
	text(loader, "metrics.address", schema->metrics.address, "", config->metrics_address,
	     sizeof(config->metrics_address));
	text(loader, "user", schema->user, "", config->user, sizeof(config->user));
	text(loader, "test-clock", schema->test_clock, "", config->test_clock,
	     sizeof(config->test_clock));
	config->log_level = schema->log ? (enum log_level)*schema->log : LOG_LEVEL_INFO;
}

struct config *config_load(const char *path, char err[CONFIG_ERROR_MAX])
{
	struct schema *schema = schema_load(path, err, CONFIG_ERROR_MAX);
	struct loader loader = {.file = path, .schema = schema, .err = err};

	if (!schema)
		return NULL;
	loader.config = calloc(1, sizeof(*loader.config));
	if (!loader.config) {
		snprintf(err, CONFIG_ERROR_MAX, "%s: out of memory", path);
		schema_free(schema);
		return NULL;
	}
	load_ports(&loader);
	load_service(&loader);
	load_cores(&loader);
	load_memory(&loader);
	load_access(&loader);
	load_answers(&loader);
	load_upstream(&loader);
	load_resolver(&loader);
	load_trust(&loader);
	load_pools(&loader);
	load_zones(&loader);
	load_rest(&loader);
	schema_free(schema);
	if (!loader.failed)
		return loader.config;
	config_free(loader.config);
	return NULL;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->dataplane.device_count; i++)
		free((void *)(uintptr_t)config->dataplane.devices[i]);
	for (size_t i = 0; i < config->anchor_count; i++)
		free(config->anchors[i].rdata);
	free(config->anchors);
	labels_free((struct labels *)(uintptr_t)config->upstream.labels);
	free(config->insecure);
	free(config->routes);
	free(config->pools);
	free(config->acl_rules);
	free(config);
}
