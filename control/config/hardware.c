// What packets are answered on and kept in: service addresses, CPUs, memory.

#include "control/config/config.h"
#include "control/config/loader.h"
#include "control/config/options.h"
#include "control/upstream/upstream.h"
#include "dataplane/store.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "256M": a number with K, M, G or T (powers of 1024). Negative: none that can be counted.
static int64_t size_from_text(const char *text)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	int64_t value;

	if (digits == 0 || strlen(text + digits) > 1)
		return -EINVAL;
	const char *unit =
		text[digits] ? strchr(units, toupper((unsigned char)text[digits])) : NULL;
	if (text[digits] && !unit)
		return -EINVAL;
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno != 0)
		return -ERANGE;
	for (ptrdiff_t i = unit ? unit - units + 1 : 0; i > 0; i--) {
		if (__builtin_mul_overflow(value, (int64_t)1024, &value))
			return -ERANGE;
	}
	return value;
}

static size_t bytes(struct loader *loader, const char *path, const char *given)
{
	const struct option *option = option_find(path);
	const char *text = given ? given : option->default_text;
	int64_t value = size_from_text(text);
	char bounds[OPTION_BOUNDS_MAX];

	if (value == -EINVAL)
		loader_fail(loader, path,
			    "\"%.64s\" is no size: digits, and K, M, G or T behind them", text);
	else if (value < option->minimum || value > option->maximum)
		loader_fail(loader, path, "%.64s is outside %s", text,
			    option_bounds_text(option, bounds));
	return value < 0 ? 0 : (size_t)value;
}

void check_interface(struct loader *loader, const char *path, const char *name)
{
	bool good = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

	for (const char *c = name; *c != '\0'; c++)
		good &= *c > ' ' && *c <= '~' && strchr("/:%", *c) == NULL;
	if (!good)
		loader_fail(loader, path, "\"%s\" is no name of an interface", name);
}

// Decimal, 1 to most; -1 for anything else.
static int prefix_length(const char *text, int most)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0' || text[0] == '0')
		return -1;
	int length = atoi(text);
	return length <= most ? length : -1;
}

// RFC 1122 §3.2.1.3, RFC 4291 §2.6.1: all bits behind the prefix are zero or, with IPv4, one.
static bool is_whole_network(const struct address *address, unsigned length)
{
	unsigned bits = address->family == 4 ? 32 : 128, ones = 0;

	if (length + 1 >= bits)
		return false;
	for (unsigned bit = length; bit < bits; bit++)
		ones += (address->bytes[bit / 8] & (0x80 >> bit % 8)) != 0;
	return ones == 0 || (address->family == 4 && ones == bits - length);
}

static const char *why_no_service(const struct dataplane_config *config,
				  const struct address *address, unsigned length)
{
	const uint8_t common =
		address->family == 4 ? config->service_prefix_v4 : config->service_prefix_v6;
	const struct upstream_config both = {.ipv4 = true, .ipv6 = true};
	const char *why = upstream_never_asks(&both, false, address);

	if (why != NULL)
		return why;
	if (is_whole_network(address, length))
		return "this address stands for its whole network, not for a host";
	for (size_t i = 0; i < config->service.count; i++) {
		if (memcmp(&config->service.list[i], address, sizeof(*address)) == 0)
			return "it stands here already";
	}
	if (common != 0 && common != length)
		return "all addresses of a family must have one prefix length";
	return NULL;
}

static void add_service(struct loader *loader, const char *path, const char *given)
{
	struct dataplane_config *out = &loader->config->dataplane;
	const char *slash = strchrnul(given, '/');
	char plain[ADDRESS_TEXT_MAX] = "";
	struct address address;
	int length = -1;

	if ((size_t)(slash - given) < sizeof(plain))
		memcpy(plain, given, (size_t)(slash - given));
	if (*slash == '/' && address_from_text(plain, &address) == 0)
		length = prefix_length(slash + 1, address.family == 4 ? 32 : 128);
	if (length < 0) {
		loader_fail(loader, path,
			    "\"%.64s\" is no address with the length of its prefix, such as "
			    "192.0.2.53/24",
			    given);
		return;
	}
	const char *why = why_no_service(out, &address, (unsigned)length);
	if (why != NULL) {
		loader_fail(loader, path, "\"%.64s\": %s", given, why);
		return;
	}
	*(address.family == 4 ? &out->service_prefix_v4 : &out->service_prefix_v6) =
		(uint8_t)length;
	out->service.list[out->service.count++] = address;
}

// ---- routers ----

static bool is_link_local(const struct address *address)
{
	return address->family == 6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

// For peers and gateways alike.
static const char *why_no_router(const struct dataplane_config *config,
				 const struct address *address)
{
	const struct upstream_config both = {.ipv4 = true, .ipv6 = true};

	if (!is_link_local(address) && upstream_never_asks(&both, false, address) != NULL)
		return upstream_never_asks(&both, false, address);
	for (size_t i = 0; i < config->service.count; i++) {
		if (memcmp(&config->service.list[i], address, sizeof(*address)) == 0)
			return "our own service address (service.addresses), no router's";
	}
	return NULL;
}

static bool serves_family(const struct dataplane_config *config, uint8_t family)
{
	for (size_t i = 0; i < config->service.count; i++) {
		if (config->service.list[i].family == family)
			return true;
	}
	return false;
}

struct routers {
	const char *option, *without_tap;
	// all_known: no service address is missing because of a fault.
	const char *(*why_not)(const struct dataplane_config *config, const struct address *address,
			       bool all_known);
	void (*take)(struct dataplane_config *config, const struct address *address);
};

static void load_routers(struct loader *loader, const struct text_list *given,
			 const struct routers *routers)
{
	struct dataplane_config *out = &loader->config->dataplane;
	char path[LOADER_PATH_MAX];

	if (given->count > 0 && out->tap_name[0] == '\0' && loader_good(loader, "service.tap"))
		loader_fail(loader, routers->option, "without a tap (service.tap) nothing here %s",
			    routers->without_tap);
	for (unsigned i = 0; i < given->count; i++) {
		struct address address;
		const char *why = "no address, such as 192.0.2.1";

		if (address_from_text(given->list[i], &address) == 0)
			why = why_no_router(out, &address);
		if (why == NULL)
			why = routers->why_not(out, &address,
					       loader_good(loader, "service.addresses"));
		if (why != NULL)
			loader_fail(loader, loader_item(path, routers->option, i), "\"%.64s\": %s",
				    given->list[i], why);
		else
			routers->take(out, &address);
	}
}

// ---- peers ----

static const char *why_no_peer(const struct dataplane_config *config, const struct address *address,
			       bool all_known)
{
	for (size_t i = 0; i < config->service.peer_count; i++) {
		if (memcmp(&config->service.peers[i], address, sizeof(*address)) == 0)
			return "it stands here already";
	}
	return serves_family(config, address->family) || is_link_local(address) || !all_known
		       ? NULL
		       : "no service address is of its family";
}

static void take_peer(struct dataplane_config *config, const struct address *address)
{
	config->service.peers[config->service.peer_count++] = *address;
}

// ---- routers to clients ----

static bool has_prefix(const struct address *address, const struct address *other, unsigned length)
{
	const unsigned whole = length / 8, rest = length % 8;

	return memcmp(address->bytes, other->bytes, whole) == 0 &&
	       (rest == 0 || (address->bytes[whole] ^ other->bytes[whole]) >> (8 - rest) == 0);
}

static bool is_beside(const struct dataplane_config *config, const struct address *address,
		      unsigned length)
{
	for (size_t i = 0; i < config->service.count; i++) {
		const struct address *own = &config->service.list[i];

		if (own->family == address->family && has_prefix(address, own, length))
			return true;
	}
	return false;
}

static const char *why_no_gateway(const struct dataplane_config *config,
				  const struct address *address, bool all_known)
{
	const bool v4 = address->family == 4;
	const unsigned length = v4 ? config->service_prefix_v4 : config->service_prefix_v6;

	if ((v4 ? &config->gateway_v4 : &config->gateway_v6)->family != 0)
		return "a second router of this family: one is used";
	if (!all_known)
		return NULL;
	if (!serves_family(config, address->family))
		return "no service address is of its family";
	if (!is_link_local(address) && !is_beside(config, address, length))
		return "it is in the network of no service address (service.addresses): the tap "
		       "cannot reach it";
	if (is_whole_network(address, length))
		return "this address stands for its whole network, not for a router";
	return NULL;
}

static void take_gateway(struct dataplane_config *config, const struct address *address)
{
	*(address->family == 4 ? &config->gateway_v4 : &config->gateway_v6) = *address;
}

void load_service(struct loader *loader)
{
	static const struct routers gateways = {"service.gateway", "answers TCP and ping",
						why_no_gateway, take_gateway};
	static const struct routers peers = {"service.peers", "speaks with routers", why_no_peer,
					     take_peer};
	const struct text_list *addresses = &loader->schema->service.addresses;
	struct dataplane_config *out = &loader->config->dataplane;
	char path[LOADER_PATH_MAX];

	assert(option_find("service.addresses")->maximum == SERVICE_ADDRESSES_MAX);
	for (unsigned i = 0; i < addresses->count; i++)
		add_service(loader, loader_item(path, "service.addresses", i), addresses->list[i]);
	loader_text(loader, "service.tap", loader->schema->service.tap, out->tap_name,
		    sizeof(out->tap_name));
	check_interface(loader, "service.tap", out->tap_name);
	load_routers(loader, &loader->schema->service.gateway, &gateways);
	assert(option_find("service.peers")->maximum == PEERS_MAX);
	load_routers(loader, &loader->schema->service.peers, &peers);
	out->syn_per_s =
		(uint32_t)loader_number("service.syn-limit", loader->schema->service.syn_limit);
}

void load_cores(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct dataplane_config *out = &loader->config->dataplane;
	char path[LOADER_PATH_MAX];

	assert(option_find("cores.poll")->maximum == DATAPLANE_LCORES_MAX);
	out->control_cpu = (int)loader_number("cores.control", schema->cores.control);
	out->host_cpu = (int)loader_number("cores.host", schema->cores.host);
	out->poll = schema->cores.mode ? (enum poll_mode) * schema->cores.mode : POLL_ADAPTIVE;
	for (unsigned i = 0; i < schema->cores.poll_count; i++) {
		int64_t cpu = schema->cores.poll[i];

		loader_item(path, "cores.poll", i);
		if (cpu < 0 || cpu > 1023) {
			loader_fail(loader, path, "%" PRId64 " is no CPU number", cpu);
			continue;
		}
		for (unsigned j = 0; j < i; j++) {
			if (schema->cores.poll[j] == cpu)
				loader_fail(loader, path, "CPU %" PRId64 " is named twice", cpu);
		}
		out->lcores[out->lcore_count++] = (unsigned)cpu;
	}
	if (out->lcore_count == 0)
		out->lcores[out->lcore_count++] = 1;
	for (size_t i = 0; i < out->lcore_count && loader_good(loader, "cores.poll"); i++) {
		if (out->control_cpu == (int)out->lcores[i])
			loader_fail(
				loader, "cores.control",
				"CPU %d is a poll-mode core's (cores.poll): give control another, "
				"or -1",
				out->control_cpu);
		if (out->host_cpu == (int)out->lcores[i])
			loader_fail(loader, "cores.host",
				    "CPU %d is a poll-mode core's (cores.poll): give the host "
				    "thread another, or -1",
				    out->host_cpu);
	}
}

void load_memory(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct config *config = loader->config;
	int64_t tickets = loader_number("memory.tickets", schema->memory.tickets);

	config->cache_bytes = bytes(loader, "memory.cache", schema->memory.cache);
	config->dataplane.packet_memory_bytes =
		bytes(loader, "memory.packets", schema->memory.packets);
	config->hugepages = schema->memory.hugepages
				    ? (enum hugepage_use) * schema->memory.hugepages
				    : HUGEPAGES_AUTO;
	assert((size_t)option_find("memory.cache")->maximum == CACHE_MEMORY_MAX);
	config->dataplane.hugepages = config->hugepages != HUGEPAGES_OFF;
	config->dataplane.hugepages_only = config->hugepages == HUGEPAGES_REQUIRE;
	if ((tickets & (tickets - 1)) != 0)
		loader_fail(loader, "memory.tickets", "%" PRId64 " is no power of two", tickets);
	config->dataplane.tickets = (unsigned)tickets;
}
