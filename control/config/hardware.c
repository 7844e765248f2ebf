// What packets come in by and are kept in: ports, service addresses, CPUs, memory.

#include "control/config/config.h"
#include "control/config/loader.h"
#include "control/config/options.h"

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

void load_ports(struct loader *loader)
{
	struct dataplane_config *out = &loader->config->dataplane;

	assert(option_find("ports")->maximum == DATAPLANE_PORTS_MAX); // check.c has counted
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
	common = address.family == 4 ? &out->service_prefix_v4 : &out->service_prefix_v6;
	if (*common != 0 && *common != length) {
		loader_fail(loader, path, "all addresses of a family must have one prefix length");
		return;
	}
	*common = (uint8_t)length;
	out->service.list[out->service.count++] = address;
}

void load_service(struct loader *loader)
{
	const struct text_list *addresses = &loader->schema->service.addresses;
	char path[LOADER_PATH_MAX];

	assert(option_find("service.addresses")->maximum == SERVICE_ADDRESSES_MAX);
	for (unsigned i = 0; i < addresses->count; i++)
		add_service(loader, loader_item(path, "service.addresses", i), addresses->list[i]);
	loader_text(loader, "service.tap", loader->schema->service.tap,
		    loader->config->dataplane.tap_name, sizeof(loader->config->dataplane.tap_name));
}

void load_cores(struct loader *loader)
{
	const struct schema *schema = loader->schema;
	struct dataplane_config *out = &loader->config->dataplane;
	char path[LOADER_PATH_MAX];

	assert(option_find("cores.poll")->maximum == DATAPLANE_LCORES_MAX);
	out->control_cpu = (int)loader_number("cores.control", schema->cores.control);
	out->poll = schema->cores.mode ? (enum poll_mode) * schema->cores.mode : POLL_ADAPTIVE;
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
	config->dataplane.hugepages = config->hugepages != HUGEPAGES_OFF;
	if ((tickets & (tickets - 1)) != 0)
		loader_fail(loader, "memory.tickets", "%" PRId64 " is no power of two", tickets);
	config->dataplane.tickets = (unsigned)tickets;
}
