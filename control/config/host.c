#include "control/config/host.h"

#include "control/config/endpoint.h"
#include "control/config/loader.h"
#include "control/config/options.h"
#include "control/config/return_route.h"
#include "control/validator/state_text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct survey {
	const struct config *config;
	host_visit visit;
	void *arg;
};

#define MISSING(survey, later, path, ...)                                                          \
	do {                                                                                       \
		char sentence_[CONFIG_ERROR_MAX];                                                  \
		config_sentence((survey)->config, path, sentence_, __VA_ARGS__);                   \
		(survey)->visit(sentence_, later, (survey)->arg);                                  \
	} while (0)

// ---- CPUs ----

// "0-3,6"
static void cpus_text(const cpu_set_t *cpus, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (int cpu = 0; cpu < CPU_SETSIZE && used < size; cpu++) {
		if (!CPU_ISSET(cpu, cpus) || (cpu > 0 && CPU_ISSET(cpu - 1, cpus)))
			continue;
		int last = cpu;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		used += (size_t)snprintf(out + used, size - used, last > cpu ? "%s%d-%d" : "%s%d",
					 used > 0 ? "," : "", cpu, last);
	}
}

static void check_cpu(const struct survey *survey, const cpu_set_t *cpus, const char *path, int cpu)
{
	char there[128];

	if (cpu < 0 || (cpu < CPU_SETSIZE && CPU_ISSET(cpu, cpus)))
		return;
	cpus_text(cpus, there, sizeof(there));
	MISSING(survey, false, path, "there is no CPU %d for this process, but %s", cpu, there);
}

static void check_cpus(const struct survey *survey)
{
	const struct dataplane_config *cores = &survey->config->dataplane;
	char path[LOADER_PATH_MAX];
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		return;
	for (size_t i = 0; i < cores->lcore_count; i++)
		check_cpu(survey, &cpus, loader_item(path, "cores.poll", i), (int)cores->lcores[i]);
	check_cpu(survey, &cpus, "cores.control", cores->control_cpu);
	check_cpu(survey, &cpus, "cores.host", cores->host_cpu);
}

// ---- memory ----

static uint64_t meminfo(const char *name)
{
	FILE *stream = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	uint64_t value = 0;
	char line[160];

	while (stream && fgets(line, sizeof(line), stream)) {
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			value = strtoull(line + len + 1, NULL, 10);
	}
	if (stream)
		fclose(stream);
	return value;
}

static uint64_t number_in(const char *path)
{
	FILE *stream = fopen(path, "re");
	uint64_t value = 0;

	if (stream && fscanf(stream, "%" SCNu64, &value) != 1)
		value = 0;
	if (stream)
		fclose(stream);
	return value;
}

static void check_hugepages(const struct survey *survey)
{
	const uint64_t page = meminfo("Hugepagesize") * 1024;
	const struct config *config = survey->config;
	uint64_t wanted = config->cache_bytes + config->dataplane.packet_memory_bytes;
	uint64_t there = number_in("/proc/sys/vm/nr_hugepages") +
			 number_in("/proc/sys/vm/nr_overcommit_hugepages");

	if (config->hugepages != HUGEPAGES_REQUIRE)
		return;
	if (page == 0)
		MISSING(survey, false, "memory.hugepages", "this kernel has no hugepages");
	else if (there < (wanted + page - 1) / page)
		MISSING(survey, false, "memory.hugepages",
			"memory.cache and memory.packets need %" PRIu64 " hugepages of %" PRIu64
			" kB, %" PRIu64 " are reserved: sysctl vm.nr_hugepages=%" PRIu64,
			(wanted + page - 1) / page, page / 1024, there, (wanted + page - 1) / page);
}

static void check_memory(const struct survey *survey)
{
	const struct config *config = survey->config;
	uint64_t wanted = config->cache_bytes + config->dataplane.packet_memory_bytes;
	uint64_t total = meminfo("MemTotal") * 1024;

	if (total > 0 && wanted > total)
		MISSING(survey, false, "memory",
			"cache and packets take %" PRIu64 " MiB, this host has %" PRIu64
			" MiB: configure less",
			wanted >> 20, total >> 20);
	else
		check_hugepages(survey);
}

// ---- names ----

static void check_user(const struct survey *survey)
{
	const char *user = survey->config->user;

	errno = 0;
	if (user[0] != '\0' && getpwnam(user) == NULL)
		MISSING(survey, false, "user", "there is no user \"%s\" on this system: create it",
			user);
}

static void check_group(const struct survey *survey, const char *path, const char *group)
{
	if (group[0] != '\0' && getgrnam(group) == NULL)
		MISSING(survey, false, path, "there is no group \"%s\" on this system: create it",
			group);
}

// False where it cannot be read.
static bool is_anothers_state(const char *path)
{
	char text[sizeof(STATE_TEXT_MARK)];
	FILE *stream = fopen(path, "re");
	size_t len = stream ? fread(text, 1, strlen(STATE_TEXT_MARK), stream) : 0;

	if (stream)
		fclose(stream);
	return memcmp(text, STATE_TEXT_MARK, len) != 0;
}

// As root its place would be taken by a file. A folder is an alarm of the daemon's.
static void check_state(const struct survey *survey)
{
	const char *path = survey->config->trust_state;
	struct stat found;

	if (path[0] == '\0' || stat(path, &found) != 0 || S_ISDIR(found.st_mode))
		return;
	if (!S_ISREG(found.st_mode))
		MISSING(survey, false, "trust.state",
			"%.100s is a device, a pipe or a socket: name a file", path);
	else if (is_anothers_state(path))
		MISSING(survey, true, "trust.state",
			"%.100s is no state of trust anchors, and is not replaced: name another "
			"file, or move it away",
			path);
}

static void check_socket(const struct survey *survey)
{
	const char *path = survey->config->control_socket;
	struct stat found;

	if (lstat(path, &found) == 0 && !S_ISSOCK(found.st_mode))
		MISSING(survey, false, "control.socket",
			"%.100s is there, and no socket: move it, or name another one", path);
}

static void check_port(const struct survey *survey, const char *path, const char *device)
{
	char interface[INTERFACE_MAX], place[96];

	if (device_interface(device, interface) > 0) {
		if (if_nametoindex(interface) == 0)
			MISSING(survey, true, path, "there is no interface \"%s\" at present",
				interface);
		return;
	}
	if (if_nametoindex(device) != 0) {
		MISSING(survey, false, path,
			"%s is an interface: write net_af_xdp0,iface=%s, or "
			"net_af_packet0,iface=%s where its driver has no XDP",
			device, device, device);
		return;
	}
	snprintf(place, sizeof(place), "/sys/bus/pci/devices/%.12s", device);
	if (device[strspn(device, "0123456789abcdefABCDEF")] == ':' && access(place, F_OK) != 0)
		MISSING(survey, true, path, "there is no PCI device %.64s at present", device);
}

static void check_ports(const struct survey *survey)
{
	const struct dataplane_config *ports = &survey->config->dataplane;
	char path[LOADER_PATH_MAX];

	for (size_t i = 0; i < ports->device_count; i++)
		check_port(survey, loader_item(path, "ports", i), ports->devices[i]);
}

// ---- the way to servers ----

// Negative: there is none of that name.
static int interface_flags(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int flags = -1;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0)
		return IFF_UP | IFF_RUNNING; // not known
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
		flags = request.ifr_flags & 0xffff;
	close(fd);
	return flags;
}

static bool is_address(const struct sockaddr *found, const struct address *wanted)
{
	if (found == NULL || found->sa_family != (wanted->family == 4 ? AF_INET : AF_INET6))
		return false;
	return wanted->family == 4
		       ? memcmp(&((const struct sockaddr_in *)(const void *)found)->sin_addr,
				wanted->bytes, 4) == 0
		       : memcmp(&((const struct sockaddr_in6 *)(const void *)found)->sin6_addr,
				wanted->bytes, 16) == 0;
}

static bool host_has(const struct address *address)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) != 0)
		return true; // not known
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		found |= is_address(i->ifa_addr, address);
	freeifaddrs(list);
	return found;
}

static bool source_missing(const struct config *config, const struct address *source,
			   char sentence[CONFIG_ERROR_MAX])
{
	char text[ADDRESS_TEXT_MAX];

	if (source->family == 0 || host_has(source))
		return false;
	config_sentence(
		config, "upstream.source", sentence,
		"this host has no address %s at present: no server of its family can be asked",
		address_to_text(source, text));
	return true;
}

bool host_upstream_missing(const struct config *config, char sentence[CONFIG_ERROR_MAX])
{
	const char *name = config->source.interface;

	if (name[0] != '\0') {
		int flags = interface_flags(name);

		if (flags < 0)
			config_sentence(config, "upstream.interface", sentence,
					"there is no interface \"%s\" at present: no server can be "
					"asked",
					name);
		else if ((flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING))
			config_sentence(config, "upstream.interface", sentence,
					"the interface %s is down: no server can be asked", name);
		if (flags < 0 || (flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING))
			return true;
	}
	return source_missing(config, &config->source.source_v4, sentence) ||
	       source_missing(config, &config->source.source_v6, sentence);
}

// ---- the service addresses ----

// Of another assayd, in all likelihood: the locks say whose.
static bool is_a_tap(const char *interface)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/tun_flags", interface);
	return access(path, F_OK) == 0;
}

// The interface that has it, and is no tap; loopback interfaces answer nobody's ARP. "": none.
static void find_elsewhere(const struct address *address, const char *tap, char out[IFNAMSIZ])
{
	struct ifaddrs *list;

	out[0] = '\0';
	if (getifaddrs(&list) != 0)
		return; // not known
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		if (is_address(i->ifa_addr, address) && strcmp(i->ifa_name, tap) != 0 &&
		    !(i->ifa_flags & IFF_LOOPBACK) && !is_a_tap(i->ifa_name))
			snprintf(out, IFNAMSIZ, "%s", i->ifa_name);
	}
	freeifaddrs(list);
}

bool host_service_elsewhere(const struct config *config, char sentence[CONFIG_ERROR_MAX])
{
	const struct dataplane_config *ports = &config->dataplane;
	char path[LOADER_PATH_MAX], interface[IFNAMSIZ], text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < ports->service.count && ports->tap_name[0] != '\0'; i++) {
		find_elsewhere(&ports->service.list[i], ports->tap_name, interface);
		if (interface[0] == '\0')
			continue;
		address_to_text(&ports->service.list[i], text);
		config_sentence(config, loader_item(path, "service.addresses", i), sentence,
				"%s stands on %s as well, where nobody is told of it by ARP, and "
				"whose routes TCP may be answered by: ip address delete %s dev %s",
				text, interface, text, interface);
		return true;
	}
	return false;
}

// The host would be kept from answering ARP for an address of its own, and so be cut off there.
static void check_service(const struct survey *survey)
{
	const struct dataplane_config *config = &survey->config->dataplane;
	char path[LOADER_PATH_MAX], interface[IFNAMSIZ], text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < config->service.count && config->tap_name[0] != '\0'; i++) {
		find_elsewhere(&config->service.list[i], config->tap_name, interface);
		if (interface[0] != '\0')
			MISSING(survey, false, loader_item(path, "service.addresses", i),
				"%s is an address of this host already, on %s: give the service "
				"one "
				"of its own",
				address_to_text(&config->service.list[i], text), interface);
	}
}

// ---- the metrics page ----

// A daemon that runs with this configuration holds the lock of its control socket.
static bool runs_already(const struct config *config)
{
	char name[sizeof(config->control_socket) + sizeof(".lock")];

	snprintf(name, sizeof(name), "%s.lock", config->control_socket);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == EACCES; // not known
	bool held = flock(fd, LOCK_SH | LOCK_NB) != 0;
	close(fd);
	return held;
}

// 0, or the errno of who would listen there.
static int cannot_listen(const struct sockaddr_storage *address)
{
	const int one = 1;
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		error = errno;
	close(fd);
	return error;
}

static void check_metrics(const struct survey *survey)
{
	const char *text = survey->config->metrics_address;
	struct sockaddr_storage address;

	if (text[0] == '\0' || endpoint_from_text(text, &address) < 0)
		return;
	int error = cannot_listen(&address);
	if (error == EADDRNOTAVAIL)
		MISSING(survey, true, "metrics.address",
			"this host has not the address of %s at present: no page until it has",
			text);
	else if (error == EADDRINUSE && !runs_already(survey->config))
		MISSING(survey, true, "metrics.address",
			"another program listens on %s at present: no page until it has gone",
			text);
}

void host_check(const struct config *config, host_visit visit, void *arg)
{
	const struct survey survey = {.config = config, .visit = visit, .arg = arg};
	char sentence[CONFIG_ERROR_MAX];

	check_cpus(&survey);
	check_memory(&survey);
	check_user(&survey);
	check_group(&survey, "control.operators", config->operators);
	check_group(&survey, "control.readers", config->readers);
	check_state(&survey);
	check_socket(&survey);
	check_ports(&survey);
	check_service(&survey);
	check_metrics(&survey);
	if (host_upstream_missing(config, sentence))
		visit(sentence, true, arg);
	if (return_route_foreseen(config, sentence))
		visit(sentence, true, arg);
}
