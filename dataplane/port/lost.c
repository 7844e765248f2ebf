// What a port can lose while it runs.
#include "dataplane/netlink.h"
#include "dataplane/port/port.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int interface_flags(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int flags = -1;

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (fd < 0)
		return IFF_UP | IFF_RUNNING; // not known
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
		flags = request.ifr_flags & 0xffff;
	close(fd);
	return flags;
}

bool interface_is(const char *name, unsigned ifindex)
{
	unsigned found;

	errno = 0;
	found = if_nametoindex(name);
	return found == ifindex || (found == 0 && (errno == EMFILE || errno == ENFILE));
}

// Sockets and programs stay with the interface, whatever it is called.
const char *port_interface(const struct port *port, char out[IFNAMSIZ])
{
	char now[IFNAMSIZ];

	snprintf(out, IFNAMSIZ, "%s",
		 port->device.ifindex != 0 && if_indextoname(port->device.ifindex, now) != NULL
			 ? now
			 : port->device.interface);
	return out;
}

// -1: there is none of that index any more.
static int port_flags(const struct port *port, const char *name)
{
	return interface_is(name, port->device.ifindex) ? interface_flags(name) : -1;
}

static bool device_link_lost(const struct port *port, unsigned index, char *text, size_t len)
{
	struct rte_eth_link link = {0};
	int code = rte_eth_link_get_nowait(port->id, &link);

	if (code < 0 || link.link_status)
		return false;
	snprintf(text, len, "port %u: %s has no link: no question comes by it", index,
		 port->device.text);
	return true;
}

bool port_link_lost(const struct port *port, unsigned index, char *text, size_t len)
{
	const struct device *device = &port->device;
	char interface[IFNAMSIZ];
	int flags;

	if (device->ifindex == 0)
		return device_link_lost(port, index, text, len);
	flags = port_flags(port, port_interface(port, interface));
	if (flags >= 0 && (flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING))
		return false;
	snprintf(text, len, "port %u: the interface %s %s: no question comes by it", index,
		 interface,
		 flags < 0           ? "is gone, or is another one"
		 : !(flags & IFF_UP) ? "is down"
				     : "has no carrier");
	return true;
}

bool port_program_lost(const struct port *port, unsigned index, char *text, size_t len)
{
	char interface[IFNAMSIZ];
	uint32_t id;

	if (port->program == 0 || netlink_xdp_program(port->device.ifindex, &id) < 0 ||
	    id == port->program)
		return false;
	snprintf(text, len, "port %u: the XDP program on %s is %s: no question comes by it", index,
		 port_interface(port, interface), id == 0 ? "gone" : "another one");
	return true;
}

void port_losses(const struct port *port, uint64_t *missed, uint64_t *no_mbuf)
{
	struct rte_eth_stats stats = {0};

	if (rte_eth_stats_get(port->id, &stats) != 0)
		return;
	*missed += stats.imissed;
	*no_mbuf += stats.rx_nombuf;
}

bool port_queues_lost(const struct port *ports, size_t count, unsigned index, char *text,
		      size_t len)
{
	const struct device *device = &ports[index].device;
	char interface[IFNAMSIZ];
	struct device_channels channels;
	unsigned taken = 0, there;

	port_interface(&ports[index], interface);
	if (device->kind != DEVICE_AF_XDP || device_channels(interface, &channels) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (ports[i].device.kind == DEVICE_AF_XDP &&
		    ports[i].device.ifindex == device->ifindex)
			taken += ports[i].device.queue_count;
	}
	there = channels.combined + channels.receive;
	if (there <= taken)
		return false;
	snprintf(text, len,
		 "port %u: %s receives on %u queues, of which %u are polled: questions on "
		 "the "
		 "others are lost (ethtool -L %s %s %u)",
		 index, interface, there, taken, interface, channels.separate ? "rx" : "combined",
		 taken);
	return true;
}
