// From the file's words to what the daemon runs on: defaults, bounds, names, addresses.

#include "control/config/config.h"
#include "control/config/endpoint.h"
#include "control/config/loader.h"
#include "control/config/options.h"
#include "control/config/return_route.h"
#include "control/config/schema.h"
#include "control/config/zonefile.h"
#include "control/upstream/labels.h"
#include "control/upstream/upstream.h"
#include "control/validator/trust.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// "FILE:LINE: PATH: ", its length.
static size_t say_where(const struct document *document, const char *path,
			char out[CONFIG_ERROR_MAX])
{
	int used = snprintf(out, CONFIG_ERROR_MAX, "%s:%u: %s: ", document_file(document),
			    document_line(document, path), path);

	return used < 0 || used >= CONFIG_ERROR_MAX ? CONFIG_ERROR_MAX : (size_t)used;
}

void config_sentence(const struct config *config, const char *path, char out[CONFIG_ERROR_MAX],
		     const char *format, ...)
{
	size_t used = say_where(config->document, path, out);
	va_list arguments;

	va_start(arguments, format);
	if (used < CONFIG_ERROR_MAX)
		vsnprintf(out + used, CONFIG_ERROR_MAX - used, format, arguments);
	va_end(arguments);
}

void loader_fail(struct loader *loader, const char *path, const char *format, ...)
{
	struct config_error error = {.line = document_line(loader->document, path)};
	va_list arguments;

	size_t used = say_where(loader->document, path, error.sentence);
	va_start(arguments, format);
	if (used < CONFIG_ERROR_MAX)
		vsnprintf(error.sentence + used, CONFIG_ERROR_MAX - used, format, arguments);
	va_end(arguments);
	snprintf(error.path, sizeof(error.path), "%s", path);
	config_errors_add(loader->errors, &error);
}

bool loader_good(const struct loader *loader, const char *path)
{
	return !config_errors_touch(loader->errors, path);
}

void loader_warn(struct loader *loader, enum alarm_name alarm, const char *path, const char *format,
		 ...)
{
	struct config *config = loader->config;
	size_t count = config->warning_count;
	char text[CONFIG_ERROR_MAX];
	size_t used = say_where(loader->document, path, text);
	va_list arguments;

	va_start(arguments, format);
	if (used < CONFIG_ERROR_MAX)
		vsnprintf(text + used, CONFIG_ERROR_MAX - used, format, arguments);
	va_end(arguments);
	char **warnings = realloc(config->warnings, (count + 1) * sizeof(*warnings));
	if (warnings != NULL)
		config->warnings = warnings;
	enum alarm_name *alarms = realloc(config->alarms, (count + 1) * sizeof(*alarms));
	if (alarms != NULL)
		config->alarms = alarms;
	if (warnings == NULL || alarms == NULL || (warnings[count] = strdup(text)) == NULL) {
		loader_fail(loader, path, "out of memory");
		return;
	}
	alarms[count] = alarm;
	config->warning_count++;
}

int64_t loader_number(const char *option, const int64_t *given)
{
	return given ? *given : strtoll(option_find(option)->default_text, NULL, 10);
}

bool loader_flag(const char *path, const bool *given)
{
	return given ? *given : strcmp(option_find(path)->default_text, "true") == 0;
}

// Words in brackets stand for what has no text of its own, "\"\"" for none.
static const char *default_text(const char *path)
{
	const char *text = option_find(path)->default_text;

	return strchr("\"(", text[0]) != NULL ? "" : text;
}

void loader_text(struct loader *loader, const char *path, const char *given, char *out, size_t size)
{
	const char *value = given ? given : default_text(path);

	// Unless a bound in options.h is wider than its array.
	if (strlen(value) >= size)
		loader_fail(loader, path, "is longer than %zu characters", size - 1);
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

static void load_answers(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;

	config->rotate = loader_flag("answers.rotate", schema->answers.rotate);
	loader_text(loader, "answers.identity", schema->answers.identity, config->identity,
		    sizeof(config->identity));
	loader_text(loader, "answers.version", schema->answers.version, config->version,
		    sizeof(config->version));
}

// What questions can leave from: an address of this host alone, of a family that is asked over.
static const char *why_no_source(const struct config *config, const struct address *address)
{
	const struct service_addresses *service = &config->dataplane.service;

	if (!(address->family == 4 ? config->upstream.ipv4 : config->upstream.ipv6))
		return "its family is off (upstream.ipv4, upstream.ipv6)";
	for (size_t i = 0; i < service->count; i++) {
		if (memcmp(&service->list[i], address, sizeof(*address)) == 0)
			return "a service address: the replies would come in at the ports";
	}
	return upstream_never_asks(&config->upstream, config->allow_loopback_upstream, address);
}

static void load_source(struct loader *loader)
{
	const struct text_list *sources = &loader->schema->upstream.source;
	struct config *config = loader->config;
	char path[LOADER_PATH_MAX];

	for (unsigned i = 0; i < sources->count; i++) {
		struct address address, *out;

		loader_item(path, "upstream.source", i);
		if (address_from_text(sources->list[i], &address) != 0) {
			loader_fail(loader, path, "\"%.64s\" is no address", sources->list[i]);
			continue;
		}
		const char *why = why_no_source(config, &address);
		if (why != NULL)
			loader_fail(loader, path, "%.64s cannot be asked from: %s",
				    sources->list[i], why);
		out = address.family == 4 ? &config->source.source_v4 : &config->source.source_v6;
		if (out->family != 0)
			loader_fail(loader, path, "a second address of this family");
		*out = address;
	}
}

static void load_ca_file(struct loader *loader)
{
	const char *given = loader->schema->upstream.tls_ca_file;
	struct config *config = loader->config;

	loader_text(loader, "upstream.tls-ca-file", given, config->tls_ca_file,
		    sizeof(config->tls_ca_file));
	if (config->tls_ca_file[0] != '\0' && access(config->tls_ca_file, R_OK) != 0)
		loader_fail(loader, "upstream.tls-ca-file", "%s: %s", config->tls_ca_file,
			    strerror(errno));
	config->source.tls_ca_file = config->tls_ca_file;
}

// The device whose interface it is; NULL: none.
static const char *port_on(const struct config *config, const char *name)
{
	char interface[INTERFACE_MAX];

	for (size_t i = 0; i < config->dataplane.device_count; i++) {
		const char *device = config->dataplane.devices[i];
		if (name[0] != '\0' && device_interface(device, interface) > 0 &&
		    strcmp(interface, name) == 0)
			return device;
	}
	return NULL;
}

// Names of which the kernel makes no interface, or that are something else already.
static void check_tap(struct loader *loader)
{
	const char *tap = loader->config->dataplane.tap_name;

	if (strcmp(tap, "all") == 0 || strcmp(tap, "default") == 0 || strcmp(tap, "lo") == 0)
		loader_fail(loader, "service.tap",
			    "\"%s\" is the kernel's own name: give the tap another one, such as "
			    "assay0",
			    tap);
	else if (port_on(loader->config, tap) != NULL)
		loader_fail(
			loader, "service.tap",
			"%s is the interface of a port: give the tap a name of its own, such as "
			"assay0",
			tap);
}

static void load_interface(struct loader *loader)
{
	struct config *config = loader->config;

	loader_text(loader, "upstream.interface", loader->schema->upstream.interface,
		    config->source.interface, sizeof(config->source.interface));
	check_interface(loader, "upstream.interface", config->source.interface);
	if (config->source.interface[0] != '\0' &&
	    strcmp(config->source.interface, config->dataplane.tap_name) == 0)
		loader_fail(loader, "upstream.interface",
			    "%s is the tap of the service addresses (service.tap): no server is "
			    "behind it",
			    config->source.interface);
	if (strcmp(config->source.interface, "lo") == 0 && !config->allow_loopback_upstream)
		loader_fail(loader, "upstream.interface",
			    "lo leads to this host alone: no server is behind it");
	// With AF_PACKET, too: what comes in there is kept from the kernel
	// (dataplane/port/ingress.c).
	const char *port = port_on(config, config->source.interface);
	if (port != NULL && (strncmp(port, "net_af_xdp", strlen("net_af_xdp")) == 0 ||
			     strncmp(port, "net_af_packet", strlen("net_af_packet")) == 0))
		loader_fail(
			loader, "upstream.interface",
			"%s is the interface of a port, which takes the servers' replies from the "
			"kernel: name another one",
			config->source.interface);
	check_tap(loader);
}

static void load_upstream(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;

	config->upstream.ipv4 = loader_flag("upstream.ipv4", schema->upstream.ipv4);
	config->upstream.ipv6 = loader_flag("upstream.ipv6", schema->upstream.ipv6);
	if (!config->upstream.ipv4 && !config->upstream.ipv6) {
		loader_fail(loader, "upstream",
			    "ipv4 and ipv6 are both off: no server could be asked");
		config->upstream.ipv4 = config->upstream.ipv6 = true; // for what comes behind
	}
	config->upstream.case_randomisation =
		loader_flag("upstream.case-randomisation", schema->upstream.case_randomisation);
	config->upstream.cookies = loader_flag("upstream.cookies", schema->upstream.cookies);
	config->allow_loopback_upstream =
		loader_flag("upstream.ask-loopback", schema->upstream.ask_loopback) ||
		!loader_good(loader, "upstream.ask-loopback");
	load_source(loader);
	load_domains(loader);
	load_interface(loader);
	load_ca_file(loader);
}

static void load_ttls(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct resolver_config *out = &loader->config->resolver;

	out->ttl_max_s = (uint32_t)loader_number("resolver.ttl-max", schema->resolver.ttl_max);
	out->ttl_min_s = (uint32_t)loader_number("resolver.ttl-min", schema->resolver.ttl_min);
	out->negative_ttl_max_s = (uint32_t)loader_number("resolver.negative-ttl-max",
							  schema->resolver.negative_ttl_max);
	out->stale_s = (uint32_t)loader_number("resolver.stale", schema->resolver.stale);
	if (out->ttl_min_s > out->ttl_max_s && loader_good(loader, "resolver.ttl-max"))
		loader_fail(loader, "resolver.ttl-min", "%u is more than ttl-max, %u",
			    out->ttl_min_s, out->ttl_max_s);
	if (out->ttl_min_s > out->negative_ttl_max_s &&
	    loader_good(loader, "resolver.negative-ttl-max"))
		loader_fail(loader, "resolver.ttl-min", "%u is more than negative-ttl-max, %u",
			    out->ttl_min_s, out->negative_ttl_max_s);
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
	else if (schema->resolver.root_hints)
		check_hints(loader);
	out->qname_minimisation =
		loader_flag("resolver.qname-minimisation", schema->resolver.qname_minimisation);
	loader->config->aggressive_denial =
		loader_flag("resolver.aggressive-denial", schema->resolver.aggressive_denial);
	out->local_zones = loader_flag("resolver.local-zones", schema->resolver.local_zones);
	load_ttls(loader);
	out->waiters_max = (unsigned)loader_number("resolver.waiting", schema->resolver.waiting);
	out->tasks_max = (size_t)loader_number("resolver.questions", schema->resolver.questions);
	// A question needs a ticket, too, unless it came by TCP.
	const struct dataplane_config *ports = &loader->config->dataplane;
	const size_t tickets = ports->tickets * ports->lcore_count;
	out->places = tickets < out->tasks_max ? tickets : out->tasks_max;
}

static bool is_insecure(const struct config *config, const uint8_t *name)
{
	uint8_t lower[NAME_MAX_LEN];

	name_lower(lower, name, name_len(name));
	for (size_t i = 0; i < config->insecure_count; i++) {
		if (name_equal(config->insecure[i].name, lower))
			return true;
	}
	return false;
}

static void load_insecure(struct loader *loader)
{
	const struct text_list *names = &loader->schema->trust.insecure;
	struct config *config = loader->config;
	char path[LOADER_PATH_MAX];

	// A zone with `dnssec: insecure` adds itself.
	config->insecure =
		calloc(names->count + loader->schema->zones_count + 1, sizeof(*config->insecure));
	if (!config->insecure) {
		loader_fail(loader, "trust.insecure", "out of memory");
		return;
	}
	for (unsigned i = 0; i < names->count; i++) {
		struct config_insecure *out = &config->insecure[config->insecure_count];
		uint8_t *name = out->name;
		int len = name_from_text(names->list[i], name);

		loader_item(path, "trust.insecure", i);
		snprintf(out->path, sizeof(out->path), "%s", path);
		if (len < 0) {
			loader_fail(loader, path, "\"%.128s\" is no name", names->list[i]);
		} else if (is_insecure(config, name)) {
			loader_fail(loader, path, "\"%.128s\" stands here already", names->list[i]);
		} else if (name_is_root(name)) {
			loader_fail(loader, path,
				    "this would turn all validation off: name the private zones");
		} else {
			name_lower(name, name, (size_t)len);
			config->insecure_count++;
		}
	}
}

// Files may hold more than is validated here (other algorithms, keys that were revoked): passed
// over, with a warning, as long as one is left.
static void judge_anchors(struct loader *loader, size_t from_files)
{
	const struct config *config = loader->config;
	char name[NAME_TEXT_MAX];
	size_t usable = 0;

	for (size_t i = 0; i < config->anchor_count; i++) {
		const struct config_anchor *anchor = &config->anchors[i];
		const char *path = i < from_files ? "trust.anchor-files" : "trust.anchors";
		int status = trust_anchor_check(anchor->type, anchor->rdata, anchor->rdlen);

		name_to_text(anchor->owner, name);
		usable += status == 0;
		if (is_insecure(config, anchor->owner))
			loader_fail(loader, "trust.insecure",
				    "%.128s has a trust anchor: either that, or insecure", name);
		if (status != 0)
			loader_warn(loader, ALARM_CONFIGURATION, path,
				    "a trust anchor of %.128s counts for nothing: %s", name,
				    status == -ENOTSUP
					    ? "its algorithm or digest is not validated here"
					    : "it is revoked, or damaged");
	}
	if (config->anchor_count > 0 && usable == 0 && loader_good(loader, "trust.anchors") &&
	    loader_good(loader, "trust.anchor-files"))
		loader_fail(loader, "trust",
			    "none of its trust anchors counts: nothing would be proven");
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
	bool automatic = loader_flag("trust.auto-update", schema->trust.auto_update);
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
	judge_anchors(loader, from_files);
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

	config->resolver.validate = loader_flag("trust.validate", schema->trust.validate);
	if (!config->resolver.validate && !schema->test_clock && loader_good(loader, "test-clock"))
		loader_fail(loader, "trust.validate",
			    "validation can be turned off by tests only (test-clock); "
			    "name private zones in trust.insecure");
	load_insecure(loader);
	load_anchors(loader);
	loader_text(loader, "trust.state", schema->trust.state, config->trust_state,
		    sizeof(config->trust_state));
	config->sentinel = loader_flag("trust.sentinel", schema->trust.sentinel);
	config->resolver.key_tag_signal =
		loader_flag("trust.key-tag-signal", schema->trust.key_tag_signal);
	config->inception_skew_s =
		(uint32_t)loader_number("trust.inception-skew", schema->trust.inception_skew);
	config->expiration_skew_s =
		(uint32_t)loader_number("trust.expiration-skew", schema->trust.expiration_skew);
	config->crypto_workers =
		(unsigned)loader_number("trust.crypto-workers", schema->trust.crypto_workers);
}

static void load_test_clock(struct loader *loader)
{
	const char *path = loader->config->test_clock;

	if (path[0] == '\0')
		return;
	if (access(path, R_OK) != 0)
		loader_fail(loader, "test-clock", "%s: %s", path, strerror(errno));
	else
		loader_warn(loader, ALARM_CONFIGURATION, "test-clock",
			    "for tests alone: the clocks are what this file says");
}

static void load_rest(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	struct sockaddr_storage metrics;

	loader_text(loader, "control.socket", schema->control.socket, config->control_socket,
		    sizeof(config->control_socket));
	loader_text(loader, "control.operators", schema->control.operators, config->operators,
		    sizeof(config->operators));
	loader_text(loader, "control.readers", schema->control.readers, config->readers,
		    sizeof(config->readers));
	loader_text(loader, "metrics.address", schema->metrics.address, config->metrics_address,
		    sizeof(config->metrics_address));
	loader_text(loader, "user", schema->user, config->user, sizeof(config->user));
	loader_text(loader, "test-clock", schema->test_clock, config->test_clock,
		    sizeof(config->test_clock));
	load_test_clock(loader);
	if (config->metrics_address[0] != '\0' &&
	    endpoint_from_text(config->metrics_address, &metrics) < 0)
		loader_fail(loader, "metrics.address",
			    "\"%s\" is no address and port such as 127.0.0.1:9953 or [::1]:9953",
			    config->metrics_address);
	config->log_level = schema->log ? (enum log_level) * schema->log : LOG_LEVEL_INFO;
}

static void load_all(struct loader *loader)
{
	load_ports(loader);
	load_service(loader);
	load_cores(loader);
	load_memory(loader);
	load_access(loader);
	load_canary(loader);
	load_answers(loader);
	load_upstream(loader);
	load_resolver(loader);
	load_trust(loader);
	load_pools(loader);
	load_zones(loader);
	load_rest(loader);
	check_paths(loader);
	if (loader->errors->count > 0)
		return;
	check_pools(loader);
	check_canary(loader);
}

// Of the file as a whole.
static void fail_whole(struct config_errors *errors, const char *sentence)
{
	struct config_error error = {.shape = true};

	snprintf(error.sentence, sizeof(error.sentence), "%s", sentence);
	config_errors_add(errors, &error);
}

static struct config *load_document(const struct document *document, struct config_errors *errors)
{
	struct schema *schema = schema_load(document, errors);
	struct loader loader = {.document = document, .schema = schema, .errors = errors};

	if (!schema)
		return NULL;
	loader.config = calloc(1, sizeof(*loader.config));
	if (loader.config)
		load_all(&loader);
	else
		fail_whole(errors, "out of memory");
	schema_free(schema);
	if (errors->count == 0) {
		return_route_clients(loader.config);
		return loader.config;
	}
	config_free(loader.config);
	return NULL;
}

struct config *config_load(const char *path, struct config_errors *errors)
{
	char err[CONFIG_ERROR_MAX];
	struct document *document = document_read(path, err, sizeof(err));
	struct config *config = NULL;

	memset(errors, 0, sizeof(*errors));
	if (!document)
		fail_whole(errors, err);
	else
		config = load_document(document, errors);
	if (config)
		config->document = document;
	else
		document_free(document);
	return config;
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
	for (size_t i = 0; i < config->warning_count; i++)
		free(config->warnings[i]);
	free(config->warnings);
	free(config->alarms);
	document_free(config->document);
	free(config);
}
