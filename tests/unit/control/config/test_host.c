// What this host lacks of what a configuration asks for.
#include "control/config/host.h"
#include "tests/unit/control/config/text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>

struct seen {
	unsigned count, later;
	char first[CONFIG_ERROR_MAX];
};

static void see(const char *sentence, bool later, void *arg)
{
	struct seen *seen = arg;

	if (seen->count++ == 0)
		snprintf(seen->first, sizeof(seen->first), "%s", strchr(sentence, ':'));
	seen->later += later;
}

static struct seen survey(const char *text)
{
	char err[CONFIG_ERROR_MAX];
	struct config *config = load_text(text, err);
	struct seen seen = {0};

	assert_string_equal(err, "");
	host_check(config, see, &seen);
	config_free(config);
	return seen;
}

static void assert_missing(const char *text, const char *sentence, bool later)
{
	struct seen seen = survey(text);

	if (seen.count != 1 || strncmp(seen.first, sentence, strlen(sentence)) != 0)
		fail_msg("wanted \"%s\", got %u \"%s\"", sentence, seen.count, seen.first);
	assert_int_equal(seen.later, later);
}

#define ONE_CPU "cores: {poll: [0]}\n"

static void what_is_there_is_not_missed(void **state)
{
	struct seen seen = survey(MINIMAL ONE_CPU
				  "memory: {cache: 16M, packets: 32M}\n"
				  "user: root\nupstream: {interface: lo, ask-loopback: true}\n");

	(void)state;
	assert_string_equal(seen.first, "");
	assert_int_equal(seen.count, 0);
}

// Without a tap at present only the configuration can say it.
static void clients_behind_a_router_need_a_way_back(void **state)
{
	static const char *const good[] = {
		MINIMAL ONE_CPU,
		MINIMAL ONE_CPU "access: {allow: [192.0.2.0/24]}\n",
		MINIMAL ONE_CPU "access: {allow: [192.0.2.128/25, 192.0.2.7/32]}\n",
		// Of a family without a service address; of this host alone.
		MINIMAL ONE_CPU "access: {allow: [192.0.2.0/24, '2001:db8::/32', 127.0.0.0/8]}\n",
		MINIMAL "  gateway: [192.0.2.1]\n" ONE_CPU "access: {allow: [198.51.100.0/24]}\n",
		MINIMAL "  peers: [192.0.2.1]\n" ONE_CPU "access: {allow: [198.51.100.0/24]}\n",
		MINIMAL "  tap: \"\"\n" ONE_CPU "access: {allow: [198.51.100.0/24]}\n",
		MINIMAL ONE_CPU "access: {allow: [192.0.2.0/24], drop: [198.51.100.0/24]}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct seen seen = survey(good[i]);

		if (seen.count != 0)
			fail_msg("case %zu: %s", i, seen.first);
	}
	assert_missing(MINIMAL ONE_CPU "access: {allow: [192.0.2.0/24, 198.51.100.0/24]}\n",
		       ":6: access.allow[1]: clients behind a router, such as 198.51.100.1 of "
		       "198.51.100.0/24, get no answer by TCP and ping: no route by the tap leads "
		       "to them; name their router in service.gateway",
		       true);
	// A part of them is beside it.
	assert_missing(MINIMAL ONE_CPU "access: {allow: [192.0.2.0/23]}\n",
		       ":6: access.allow[0]: clients behind a router, such as 192.0.3", true);
	assert_missing(MINIMAL ONE_CPU "access: {allow: [198.51.100.7/32]}\n",
		       ":6: access.allow[0]: clients behind a router, such as 198.51.100.7 of",
		       true);
	assert_missing("ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.53/24, "
		       "'2001:db8:53::53/64']\n  gateway: [192.0.2.1]\n" ONE_CPU
		       "access: {allow: [198.51.100.0/24, '2001:db8::/32']}\n",
		       ":7: access.allow[1]: clients behind a router, such as 2001:db8::1 of "
		       "2001:db8::/32",
		       true);
}

static void CPUs_that_are_not_there_are_named(void **state)
{
	(void)state;
	assert_missing(MINIMAL "cores:\n  poll: [0,\n    1023]\n",
		       ":7: cores.poll[1]: there is no CPU 1023 for this process, but ", false);
	assert_missing(MINIMAL "cores: {poll: [0], control: 1022}\n",
		       ":5: cores.control: there is no CPU 1022 for this process, but ", false);
}

static void a_user_that_nobody_has_made_is_named(void **state)
{
	(void)state;
	assert_missing(
		MINIMAL ONE_CPU "user: nobody-has-made-me\n",
		":6: user: there is no user \"nobody-has-made-me\" on this system: create it",
		false);
}

// It was moved out of the way, and a file made in its place: /dev/null, for a while.
static void a_state_that_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_missing(MINIMAL ONE_CPU "trust: {state: /dev/null}\n",
		       ":6: trust.state: /dev/null is a device, a pipe or a socket: name a file",
		       false);
}

static void a_group_that_nobody_has_made_is_named(void **state)
{
	(void)state;
	assert_missing(MINIMAL ONE_CPU "control: {operators: nobody-has-made-us}\n",
		       ":6: control.operators: there is no group \"nobody-has-made-us\" on this "
		       "system: create it",
		       false);
	assert_missing(MINIMAL ONE_CPU "control: {readers: nobody-has-made-us}\n",
		       ":6: control.readers: there is no group \"nobody-has-made-us\" on this "
		       "system: create it",
		       false);
}

static uint64_t number_of(const char *file, const char *format)
{
	FILE *stream = fopen(file, "re");
	uint64_t value = 0;
	char line[160];

	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream) && sscanf(line, format, &value) != 1) {
	}
	fclose(stream);
	return value;
}

static void O22_required_hugepages_have_to_be_reserved(void **state)
{
	const uint64_t page_kb = number_of("/proc/meminfo", "Hugepagesize: %" SCNu64 " kB");
	const uint64_t total_kb = number_of("/proc/meminfo", "MemTotal: %" SCNu64 " kB");
	const uint64_t pages = number_of("/proc/sys/vm/nr_hugepages", "%" SCNu64) +
			       number_of("/proc/sys/vm/nr_overcommit_hugepages", "%" SCNu64);
	uint64_t cache_kb = pages * page_kb + (16 << 10); // beside the packets
	char text[400];

	(void)state;
	if (page_kb == 0 || cache_kb + (32 << 10) > total_kb)
		skip();
	snprintf(text, sizeof(text),
		 MINIMAL ONE_CPU "memory: {cache: %" PRIu64
				 "K, packets: 32M, hugepages: require}\n",
		 cache_kb);
	assert_missing(text, ":6: memory.hugepages: memory.cache and memory.packets need ", false);
	snprintf(text, sizeof(text),
		 MINIMAL ONE_CPU "memory: {cache: %" PRIu64 "K, packets: 32M, hugepages: auto}\n",
		 cache_kb);
	assert_int_equal(survey(text).count, 0);
}

static void O22_memory_beyond_that_of_the_host_is_refused(void **state)
{
	(void)state;
	if (number_of("/proc/meminfo", "MemTotal: %" SCNu64 " kB") > ((uint64_t)190 << 20))
		skip();
	assert_missing(MINIMAL ONE_CPU "memory:\n  cache: 128G\n  packets: 64G\n",
		       ":7: memory: cache and packets take 196608 MiB, this host has ", false);
}

static void interfaces_and_addresses_may_come_later(void **state)
{
	(void)state;
	assert_missing(
		MINIMAL ONE_CPU "upstream: {interface: none-of-mine}\n",
		":6: upstream.interface: there is no interface \"none-of-mine\" at present: no "
		"server can be asked",
		true);
	assert_missing(MINIMAL ONE_CPU "upstream: {source: [203.0.113.77]}\n",
		       ":6: upstream.source: this host has no address 203.0.113.77 at present: no "
		       "server of its family can be asked",
		       true);
	assert_missing("ports:\n  - device: 'net_af_xdp0,iface=none-of-mine,busy_budget=0'\n"
		       "service:\n  addresses: [192.0.2.53/24]\n" ONE_CPU,
		       ":2: ports[0]: there is no interface \"none-of-mine\" at present", true);
	assert_missing("ports:\n  - device: lo\nservice:\n  addresses: [192.0.2.53/24]\n" ONE_CPU,
		       ":2: ports[0]: lo is an interface: write net_af_xdp0,iface=lo, or", false);
	assert_missing("ports:\n  - device: '0000:ff:1f.7'\n"
		       "service:\n  addresses: [192.0.2.53/24]\n" ONE_CPU,
		       ":2: ports[0]: there is no PCI device 0000:ff:1f.7 at present", true);
}

static void metrics_addresses_may_come_later(void **state)
{
	struct sockaddr_in taken = {.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(taken);
	char text[400], sentence[160], socket_path[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0), lock;

	(void)state;
	assert_missing(MINIMAL ONE_CPU "metrics: {address: '203.0.113.77:9953'}\n",
		       ":6: metrics.address: this host has not the address of 203.0.113.77:9953",
		       true);
	assert_int_equal(bind(fd, (struct sockaddr *)&taken, sizeof(taken)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&taken, &len), 0);
	snprintf(socket_path, sizeof(socket_path), "/tmp/assay-host-%d.sock", (int)getpid());
	snprintf(text, sizeof(text),
		 MINIMAL ONE_CPU "metrics: {address: '127.0.0.1:%u'}\ncontrol: {socket: %s}\n",
		 ntohs(taken.sin_port), socket_path);
	snprintf(sentence, sizeof(sentence),
		 ":6: metrics.address: another program listens on 127.0.0.1:%u",
		 ntohs(taken.sin_port));
	assert_missing(text, sentence, true);
	// The one that runs with this configuration is no other program.
	strcat(socket_path, ".lock");
	lock = open(socket_path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(survey(text).count, 0);
	unlink(socket_path);
	close(lock);
	close(fd);
}

// The first address of this host on an interface that others see; false: it has none.
static bool own_address(char text[INET_ADDRSTRLEN], char interface[IF_NAMESIZE])
{
	struct ifaddrs *list;
	bool found = false;

	assert_int_equal(getifaddrs(&list), 0);
	for (const struct ifaddrs *i = list; i != NULL && !found; i = i->ifa_next) {
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
		    (i->ifa_flags & IFF_LOOPBACK))
			continue;
		found = inet_ntop(
				AF_INET,
				&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr,
				text, INET_ADDRSTRLEN) != NULL;
		snprintf(interface, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(list);
	return found;
}

// The host no longer answered ARP for it, and was cut off.
static void b6_an_address_of_the_host_is_no_service_address(void **state)
{
	char text[400], wanted[200], address[INET_ADDRSTRLEN], interface[IF_NAMESIZE];

	(void)state;
	if (!own_address(address, interface))
		skip();
	snprintf(text, sizeof(text),
		 "ports:\n  - device: net_ring0\nservice:\n  addresses: [%s/32]\n" ONE_CPU,
		 address);
	snprintf(wanted, sizeof(wanted),
		 ":4: service.addresses[0]: %s is an address of this host already, on %s: give",
		 address, interface);
	assert_missing(text, wanted, false);
}

static void an_address_that_stands_elsewhere_is_told_while_it_does(void **state)
{
	char text[400], wanted[300], address[INET_ADDRSTRLEN], interface[IF_NAMESIZE];
	char err[CONFIG_ERROR_MAX], sentence[CONFIG_ERROR_MAX];
	struct config *config;

	(void)state;
	if (!own_address(address, interface))
		skip();
	snprintf(text, sizeof(text),
		 "ports:\n  - device: net_ring0\nservice:\n  addresses: [192.0.2.77/32, %s/32]\n",
		 address);
	snprintf(wanted, sizeof(wanted), ":4: service.addresses[1]: %s stands on %s as well",
		 address, interface);
	config = load_text(text, err);
	assert_true(host_service_elsewhere(config, sentence));
	assert_non_null(strstr(sentence, wanted));
	snprintf(config->dataplane.tap_name, sizeof(config->dataplane.tap_name), "%s",
		 interface); // there it is meant to be
	assert_false(host_service_elsewhere(config, sentence));
	config->dataplane.tap_name[0] = '\0'; // nobody answers for it by a tap
	assert_false(host_service_elsewhere(config, sentence));
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_not_missed),
		cmocka_unit_test(CPUs_that_are_not_there_are_named),
		cmocka_unit_test(clients_behind_a_router_need_a_way_back),
		cmocka_unit_test(a_user_that_nobody_has_made_is_named),
		cmocka_unit_test(a_state_that_is_no_file_is_refused),
		cmocka_unit_test(metrics_addresses_may_come_later),
		cmocka_unit_test(a_group_that_nobody_has_made_is_named),
		cmocka_unit_test(O22_required_hugepages_have_to_be_reserved),
		cmocka_unit_test(O22_memory_beyond_that_of_the_host_is_refused),
		cmocka_unit_test(b6_an_address_of_the_host_is_no_service_address),
		cmocka_unit_test(an_address_that_stands_elsewhere_is_told_while_it_does),
		cmocka_unit_test(interfaces_and_addresses_may_come_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
