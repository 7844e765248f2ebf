#include "control/watch/route.h"

#include "control/config/kernel_route.h"
#include "control/upstream/pool.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- what the kernel has ----

static bool has_route(const struct address *to, const struct address *from, unsigned ifindex)
{
	struct kernel_route found;
	int code = kernel_route_find(to, from, ifindex, &found);

	// Unreachable and prohibited routes are none.
	return code != -ENETUNREACH && code != -EHOSTUNREACH && code != -EACCES;
}

static socklen_t socket_address(const struct address *address, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (address->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;
		in->sin_family = AF_INET;
		in->sin_port = htons(53);
		memcpy(&in->sin_addr, address->bytes, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(53);
	memcpy(&in6->sin6_addr, address->bytes, 16);
	return sizeof(*in6);
}

static bool is_usable(const struct sockaddr_storage *source)
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)source)->sin6_addr;

	if (source->ss_family == AF_INET)
		return ((const struct sockaddr_in *)source)->sin_addr.s_addr != INADDR_ANY;
	return !IN6_IS_ADDR_UNSPECIFIED(v6) && !IN6_IS_ADDR_LINKLOCAL(v6);
}

// A UDP socket is connected as that of a question is; no packet is sent.
static bool has_source(const struct address *to, const char *interface)
{
	int fd = socket(to->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage server, source;
	socklen_t len = socket_address(to, &server), source_len = sizeof(source);
	bool usable = true;

	if (fd < 0)
		return errno != EAFNOSUPPORT;
	if (interface[0] != '\0' && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
					       (socklen_t)strlen(interface)) != 0)
		usable = true; // not known
	else if (connect(fd, (const struct sockaddr *)&server, len) != 0)
		usable = errno != ENETUNREACH && errno != EHOSTUNREACH && errno != EADDRNOTAVAIL;
	else if (getsockname(fd, (struct sockaddr *)&source, &source_len) == 0)
		usable = is_usable(&source);
	close(fd);
	return usable;
}

// ---- servers ----

struct search {
	const struct config *config;
	unsigned ifindex; // 0: any
	unsigned count;   // looked at
	bool found;       // one that can be asked
	bool v4, v6;      // there are such
};

static void look(struct search *search, const struct address *server)
{
	const struct socket_transport_config *source = &search->config->source;
	const struct upstream_config *families = &search->config->upstream;
	const struct address *from = server->family == 4 ? &source->source_v4 : &source->source_v6;
	bool any = !families->ipv4 && !families->ipv6;

	if (search->found || search->count == ROUTE_SERVERS_MAX)
		return;
	if (!any && !(server->family == 4 ? families->ipv4 : families->ipv6))
		return;
	search->count++;
	*(server->family == 4 ? &search->v4 : &search->v6) = true;
	search->found = has_route(server, from, search->ifindex) &&
			(from->family != 0 || has_source(server, source->interface));
}

static void look_at_all(struct search *search)
{
	const struct resolver_config *resolver = &search->config->resolver;

	for (size_t i = 0; i < resolver->route_count; i++) {
		const struct pool *pool = resolver->routes[i].pool;
		for (size_t k = 0; k < pool->count; k++)
			look(search, &pool->servers[k].address);
	}
	for (size_t i = 0; i < resolver->hint_count; i++) {
		for (size_t k = 0; k < resolver->hints[i].address_count; k++)
			look(search, &resolver->hints[i].addresses[k]);
	}
}

// Families of which the interface has an address that more than the link knows.
struct has {
	bool v4, v6;
};

static struct has addresses_of(const char *interface)
{
	struct has found = {0};
	struct ifaddrs *list;

	if (getifaddrs(&list) != 0)
		return (struct has){true, true}; // not known
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr == NULL || strcmp(i->ifa_name, interface) != 0)
			continue;
		int family = i->ifa_addr->sa_family;
		found.v4 |= family == AF_INET;
		found.v6 |= family == AF_INET6 &&
			    !IN6_IS_ADDR_LINKLOCAL(
				    &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)
					     ->sin6_addr);
	}
	freeifaddrs(list);
	return found;
}

// What it lacks of each family that there are servers of.
static void say_lacking(const struct config *config, const struct search *search, struct has has,
			char sentence[CONFIG_ERROR_MAX])
{
	const char *v4 = has.v4 ? "route to any IPv4 server" : "IPv4 address";
	const char *v6 = has.v6 ? "route to any IPv6 server" : "IPv6 address";
	const char *interface = config->source.interface;

	if (!has.v4 && !has.v6)
		config_sentence(config, "upstream.interface", sentence,
				"%s has no address but that of its link: no server can be asked",
				interface);
	else if ((has.v4 || !search->v4) && (has.v6 || !search->v6))
		config_sentence(config, "upstream.interface", sentence,
				"%s has an address, but no route to any server: no server can be "
				"asked",
				interface);
	else
		config_sentence(config, "upstream.interface", sentence,
				"%s has no %s%s%s: no server can be asked", interface,
				search->v4 ? v4 : v6, search->v4 && search->v6 ? " and no " : "",
				search->v4 && search->v6 ? v6 : "");
}

bool route_missing(const struct config *config, char sentence[CONFIG_ERROR_MAX])
{
	const char *interface = config->source.interface;
	struct search search = {.config = config};

	if (interface[0] != '\0' && (search.ifindex = if_nametoindex(interface)) == 0)
		return false; // which is said by itself
	look_at_all(&search);
	if (search.found || search.count == 0)
		return false;
	if (interface[0] == '\0')
		snprintf(sentence, CONFIG_ERROR_MAX,
			 "this host has no route to any server: no server can be asked");
	else
		say_lacking(config, &search, addresses_of(interface), sentence);
	return true;
}
