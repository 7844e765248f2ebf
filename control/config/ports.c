// The texts of devices, judged by themselves. What the host has of them the start and
// --check-config look up in one place (dataplane/port/device.c).

#include "control/config/loader.h"
#include "control/config/options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERFACE_LEN_MAX 15 // the kernel's IFNAMSIZ, less its NUL

// Length of "iface=eth1" in a device's options, 0 without one.
static size_t iface_of(const char *device, const char **out)
{
	const char *at = strstr(device, ",iface=");

	*out = at ? at + strlen(",iface=") : "";
	return strcspn(*out, ",");
}

size_t device_interface(const char *device, char out[INTERFACE_MAX])
{
	const char *name;
	size_t len = iface_of(device, &name);

	snprintf(out, INTERFACE_MAX, "%.*s", (int)len, name);
	return len;
}

static bool same_device(const char *one, const char *other)
{
	const char *a, *b;
	size_t a_len = iface_of(one, &a), b_len = iface_of(other, &b);

	return strcmp(one, other) == 0 || (a_len > 0 && a_len == b_len && memcmp(a, b, a_len) == 0);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

// Those whose options are known here.
static bool is_of_an_interface(const char *device)
{
	return begins(device, "net_af_xdp") || begins(device, "net_af_packet") ||
	       begins(device, "eth_af_packet");
}

// ---- what a text can be ----

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~')
			return false;
	}
	return true;
}

// Hexadecimal digits before the end, no more than most; moves *at behind them and the end.
static bool passes_hex(const char **at, size_t most, char end)
{
	size_t digits = strspn(*at, "0123456789abcdefABCDEF");

	if (digits == 0 || digits > most || (*at)[digits] != end)
		return false;
	*at += digits + 1;
	return true;
}

// "0000:01:00.0" or "01:00.0": domain, bus, device (to 1f), function (to 7); options may follow.
static bool is_pci_address(const char *text)
{
	const char *at = text, *domain = text;

	if (passes_hex(&domain, 8, ':') && memchr(domain, ':', strcspn(domain, ",")) != NULL)
		at = domain;
	if (!passes_hex(&at, 2, ':'))
		return false;
	const unsigned long device = strtoul(at, NULL, 16);
	return passes_hex(&at, 2, '.') && device <= 0x1f && *at >= '0' && *at <= '7' &&
	       (at[1] == '\0' || at[1] == ',');
}

// The value of the count-th option of that name; NULL: there are fewer.
static const char *value_of(const char *device, const char *name, unsigned count)
{
	const size_t len = strlen(name);

	for (const char *at = strchr(device, ','); at != NULL; at = strchr(at + 1, ',')) {
		if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '=' && --count == 0)
			return at + 1 + len + 1;
	}
	return NULL;
}

static bool is_number(const char *value)
{
	const size_t len = strcspn(value, ",");

	return len > 0 && len <= 5 && strspn(value, "0123456789") == len;
}

static void check_numbers(struct loader *loader, const char *path, const char *device)
{
	static const char *const names[] = {"queue_count", "start_queue", "qpairs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = value_of(device, names[i], 1);

		if (value != NULL && !is_number(value))
			loader_fail(loader, path, "%s=%.*s is no number of queues", names[i],
				    (int)strcspn(value, ","), value);
	}
}

static bool has_a_second(const char *device, const char **name)
{
	static const char *const names[] = {"iface", "queue_count", "start_queue", "qpairs"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*name = names[i];
		if (value_of(device, names[i], 2) != NULL)
			return true;
	}
	return false;
}

static void check_options(struct loader *loader, const char *path, const char *device)
{
	char interface[INTERFACE_MAX];
	const char *second;
	const size_t len = device_interface(device, interface);

	if (has_a_second(device, &second))
		loader_fail(loader, path, "%s= stands in it twice", second);
	else if (len == 0)
		loader_fail(loader, path, "\"%.128s\" needs iface=NAME, a network interface",
			    device);
	else if (len > INTERFACE_LEN_MAX)
		loader_fail(loader, path,
			    "iface=%.64s: a name of an interface has at most %d characters",
			    interface, INTERFACE_LEN_MAX);
	else if (strcmp(interface, "lo") == 0)
		loader_fail(loader, path,
			    "lo leads to this host alone: no client is behind it; name the "
			    "interface that clients' questions come in by");
	else
		check_interface(loader, path, interface);
	check_numbers(loader, path, device);
}

__attribute__((nonnull)) static void check_text(struct loader *loader, const char *path,
						const char *device)
{
	const size_t name_len = strcspn(device, ",");

	if (!is_printable(device))
		loader_fail(
			loader, path,
			"\"%.128s\" has a space, or another character that no device has: write "
			"it like net_af_xdp0,iface=eth1",
			device);
	else if (memchr(device, ':', name_len) != NULL && !is_pci_address(device))
		loader_fail(loader, path, "\"%.128s\" is no PCI address such as 0000:01:00.0",
			    device);
	else if (is_of_an_interface(device))
		check_options(loader, path, device);
	else if (begins(device, "net_null"))
		loader_warn(
			loader, ALARM_CONFIGURATION, path,
			"%.64s is for tests: no question comes in by it, and no answer goes out",
			device);
}

void load_ports(struct loader *loader)
{
	struct dataplane_config *out = &loader->config->dataplane;
	char path[LOADER_PATH_MAX], option[LOADER_PATH_MAX];

	assert(option_find("ports")->maximum == DATAPLANE_PORTS_MAX); // check.c has counted
	for (unsigned i = 0; i < loader->schema->ports_count; i++) {
		const char *device = loader->schema->ports[i].device;

		loader_item(path, "ports", i);
		loader_key(option, path, "device");
		for (unsigned j = 0; j < i; j++) {
			if (same_device(device, loader->schema->ports[j].device))
				loader_fail(loader, path,
					    "%.128s is the device of ports[%u] already", device, j);
		}
		if (loader_good(loader, option))
			check_text(loader, option, device);
		out->devices[out->device_count] = strdup(device);
		if (!out->devices[out->device_count])
			loader_fail(loader, "ports", "out of memory");
		else
			out->device_count++;
	}
}
