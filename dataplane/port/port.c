#include "dataplane/port/port.h"

#include "dataplane/netlink.h"
#include "dataplane/port/descriptors.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/ingress.h"
#include "dataplane/port/pool.h"
#include "dataplane/port/xdp.h"
#include "dataplane/sentence.h"

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mempool.h>

#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTORS 1024
// UDP by ports, of IPv4 and IPv6, and all else by addresses; what of it the port offers.
#define RSS_WANTED (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP)

// EAL has probed PCI devices already.
static int device_probe(struct port *port, char *err, size_t err_len)
{
	const struct device *device = &port->device;
	struct descriptors before, now, new;

	if (device->kind == DEVICE_PCI)
		return 0;
	descriptors_find(AF_PACKET, &before);
	int code = rte_dev_probe(device->probe);
	if (code < 0)
		return sentence(err, err_len, code, "port '%s' cannot be opened: %s (%s)",
				device->text, strerror(-code), eal_last_words());
	descriptors_find(AF_PACKET, &now);
	descriptors_new(&before, &now, &new);
	// The driver opens a socket for each queue here, the first queue's first.
	for (unsigned i = 0; device->kind == DEVICE_AF_PACKET &&
			     new.count == port->queue_count &&i < port->queue_count;
	     i++)
		port->descriptors[i] = new.list[i];
	return 0;
}

static int port_probe(struct port *port, char *err, size_t err_len)
{
	const struct device *device = &port->device;
	struct rte_dev_iterator iterator;
	uint16_t id;
	int code = device_probe(port, err, err_len);

	if (code < 0)
		return code;
	if (rte_eth_dev_get_port_by_name(device->name, &port->id) == 0) {
		port->opened = true;
		return 0;
	}
	RTE_ETH_FOREACH_MATCHING_DEV(id, device->name, &iterator)
	{
		port->id = id;
		port->opened = true;
		rte_eth_iterator_cleanup(&iterator);
		return 0;
	}
	return sentence(err, err_len, -ENODEV,
			"port '%s': no such device, or no DPDK driver has it%s (%s)", device->text,
			device->kind == DEVICE_PCI ? " (is it bound to vfio-pci?)" : "",
			eal_last_words());
}

static int port_configure(struct port *port, char *err, size_t err_len)
{
	struct rte_eth_conf config = {0};
	struct rte_eth_dev_info info;
	uint16_t queues = (uint16_t)port->queue_count;
	int code = rte_eth_dev_info_get(port->id, &info);

	if (code < 0)
		return sentence(err, err_len, code, "port '%s': %s", port->device.text,
				strerror(-code));
	snprintf(port->driver, sizeof port->driver, "%s", info.driver_name);
	if (queues > info.max_rx_queues || queues > info.max_tx_queues)
		return sentence(
			err, err_len, -EINVAL,
			"port '%s' has %u receive and %u transmit queues, but needs %u of each: "
			"give the device more queues, or use fewer poll-mode cores",
			port->device.text, info.max_rx_queues, info.max_tx_queues, queues);
	config.rxmode.offloads = info.rx_offload_capa &
				 (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	// Nothing else: more would cost drivers their vector path. Buffers of a queue are of its
	// own pool and nobody else's, so that the driver may give them back as they are.
	config.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (queues > 1 && (info.flow_type_rss_offloads & RSS_WANTED) != 0) {
		config.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		config.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & RSS_WANTED;
	}
	code = rte_eth_dev_configure(port->id, queues, queues, &config);
	if (code < 0)
		return sentence(err, err_len, code, "port '%s' cannot be configured: %s (%s)",
				port->device.text, strerror(-code), eal_last_words());
	return 0;
}

static int no_queue(const struct port *port, uint16_t queue, int code, char *err, size_t err_len)
{
	const struct device *device = &port->device;

	if (device->kind == DEVICE_AF_XDP && queue == 0 && xdp_is_missing(device->ifindex))
		return sentence(
			err, err_len, -EOPNOTSUPP,
			"port '%s': the driver of %s has no XDP of its own, which net_af_xdp "
			"needs: write net_af_packet0,iface=%s",
			device->text, device->interface, device->interface);
	return sentence(err, err_len, code, "port '%s': queue %u cannot be set up: %s (%s)%s",
			device->text, queue, strerror(-code), eal_last_words(),
			device->kind == DEVICE_AF_XDP
				? "; where AF_XDP does not work, net_af_packet does"
				: "");
}

// AF_PACKET and AF_XDP know nothing of the interface's own, beyond which the kernel sends nothing.
static uint16_t mtu_of(const struct port *port)
{
	struct netlink_link link;
	uint16_t mtu = 0;

	rte_eth_dev_get_mtu(port->id, &mtu);
	if (port->device.ifindex != 0 && netlink_link(port->device.ifindex, &link) == 0 &&
	    link.mtu < mtu)
		mtu = (uint16_t)link.mtu;
	return mtu;
}

static int port_queues(struct port *port, unsigned index, char *err, size_t err_len)
{
	uint16_t rx_count = DESCRIPTORS, tx_count = DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(port->id);

	rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_count, &tx_count);
	for (uint16_t queue = 0; queue < port->queue_count; queue++) {
		char name[32];
		struct descriptors before, now, new;
		int code;

		snprintf(name, sizeof name, "port%u-queue%u", index, queue);
		port->pools[queue] =
			pool_new(name, port->device.kind, port->hugepages, port->pool_count);
		if (port->pools[queue] == NULL)
			return sentence(err, err_len, -ENOMEM,
					"port '%s': no memory for %u packet buffers (%s)",
					port->device.text, port->pool_count, eal_last_words());
		descriptors_find(AF_XDP, &before);
		code = rte_eth_rx_queue_setup(port->id, queue, rx_count, (unsigned)socket, NULL,
					      port->pools[queue]);
		descriptors_find(AF_XDP, &now);
		descriptors_new(&before, &now, &new);
		// net_af_xdp opens one here.
		if (new.count == 1)
			port->descriptors[queue] = new.list[0];
		if (code == 0)
			code = rte_eth_tx_queue_setup(port->id, queue, tx_count, (unsigned)socket,
						      NULL);
		if (code < 0)
			return no_queue(port, queue, code, err, err_len);
	}
	return 0;
}

int port_open(struct port *port, const struct device *device, unsigned index, unsigned pool_count,
	      bool hugepages, char *err, size_t err_len)
{
	struct rte_ether_addr mac;
	int code;

	*port = (struct port){.device = *device,
			      .queue_count = device->queue_count,
			      .pool_count = pool_count,
			      .hugepages = hugepages,
			      .filter_fd = -1};
	for (unsigned queue = 0; queue < DEVICE_QUEUES_MAX; queue++)
		port->descriptors[queue] = -1;
	// What a killed process of this or the other driver left on the interface goes away.
	if (device->kind == DEVICE_AF_XDP) {
		ingress_open(device->interface);
		xdp_prepare();
	} else if (device->ifindex != 0) {
		code = xdp_leftover_remove(device->ifindex);
		if (code < 0)
			return sentence(err, err_len, code,
					"port '%s': cannot look after XDP programs on %s: %s",
					device->text, device->interface, strerror(-code));
	}
	code = port_probe(port, err, err_len);
	if (code == 0)
		code = port_configure(port, err, err_len);
	if (code == 0)
		code = port_queues(port, index, err, err_len);
	if (code < 0)
		return code;
	rte_eth_macaddr_get(port->id, &mac);
	memcpy(port->mac, mac.addr_bytes, sizeof port->mac);
	port->mtu = mtu_of(port);
	return 0;
}

static int membership(int fd, unsigned ifindex, unsigned short type, const uint8_t mac[6])
{
	struct packet_mreq request = {.mr_ifindex = (int)ifindex, .mr_type = type, .mr_alen = 6};

	memcpy(request.mr_address, mac, 6);
	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) < 0
		       ? -errno
		       : 0;
}

// Neighbour discovery asks by multicast. Drivers on top of a kernel interface cannot open its
// filter; a packet socket that receives nothing can, and gives it back however the process ends.
static int filter_open_interface(struct port *port, const uint8_t mac[6])
{
	int code;

	port->filter_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (port->filter_fd < 0)
		return -errno;
	code = membership(port->filter_fd, port->device.ifindex, PACKET_MR_ALLMULTI, mac);
	if (code == 0 && memcmp(mac, port->mac, 6) != 0)
		code = membership(port->filter_fd, port->device.ifindex, PACKET_MR_UNICAST, mac);
	return code;
}

// Not at the start already: a NIC without room for more addresses would take everybody's.
void port_keep_station(const struct port *port, const uint8_t mac[6])
{
	if (port->filter_fd >= 0)
		(void)!membership(port->filter_fd, port->device.ifindex, PACKET_MR_UNICAST, mac);
}

static int filter_open_device(struct port *port, const uint8_t mac[6])
{
	struct rte_ether_addr address;
	int code = rte_eth_allmulticast_enable(port->id);

	// A driver without the notion lets everything through.
	if (code == -ENOTSUP)
		code = 0;
	if (code < 0 || memcmp(mac, port->mac, 6) == 0)
		return code;
	memcpy(address.addr_bytes, mac, 6);
	if (rte_eth_dev_mac_addr_add(port->id, &address, 0) == 0)
		return 0;
	code = rte_eth_promiscuous_enable(port->id);
	return code == -ENOTSUP ? 0 : code;
}

int port_start(struct port *port, const uint8_t mac[6], char *err, size_t err_len)
{
	int code;

	if (port->device.kind == DEVICE_AF_PACKET) {
		code = ingress_close(port->device.interface, port->device.interface, err, err_len);
		if (code < 0)
			return code;
		port->ingress_closed = true;
	}
	code = rte_eth_dev_start(port->id);
	if (code < 0)
		return sentence(err, err_len, code, "port '%s' does not start: %s (%s)",
				port->device.text, strerror(-code), eal_last_words());
	port->started = true;
	if (port->device.kind == DEVICE_AF_XDP &&
	    netlink_xdp_program(port->device.ifindex, &port->program) == 0 && port->program != 0) {
		port->program_fd = xdp_program_hold(port->program);
		port->program_held = port->program_fd >= 0;
	}
	code = port->device.ifindex != 0 ? filter_open_interface(port, mac)
					 : filter_open_device(port, mac);
	if (code < 0)
		return sentence(err, err_len, code,
				"port '%s' cannot be made to accept multicast: %s",
				port->device.text, strerror(-code));
	return 0;
}

void port_close(struct port *port)
{
	if (port->started && rte_eth_dev_stop(port->id) == 0)
		port->started = false;
	if (port->opened)
		rte_eth_dev_close(port->id);
	if (port->filter_fd >= 0)
		close(port->filter_fd);
	if (port->program_held)
		close(port->program_fd);
	if (port->ingress_closed)
		ingress_open(port->device.interface);
	for (unsigned queue = 0; queue < port->queue_count; queue++)
		rte_mempool_free(port->pools[queue]);
	*port = (struct port){.filter_fd = -1};
}

void port_counters(const struct port *port, unsigned index, counter_visit visit, void *arg)
{
	struct rte_eth_stats stats = {0};
	uint64_t available = 0, total = 0;

	for (unsigned queue = 0; queue < port->queue_count; queue++) {
		available += rte_mempool_avail_count(port->pools[queue]);
		total += port->pools[queue]->size;
	}
	rte_eth_stats_get(port->id, &stats);
	const struct {
		const char *name, *words;
		uint64_t value;
	} lines[] = {
		{"mbufs", "packet buffers of the port's queues", total},
		{"mbufs_available", "packet buffers that are free", available},
		{"rx_packets", "packets the driver received", stats.ipackets},
		{"rx_bytes", "bytes the driver received", stats.ibytes},
		{"rx_missed", "packets lost before the poll-mode cores", stats.imissed},
		{"rx_errors", "broken packets the driver saw", stats.ierrors},
		{"rx_no_mbuf", "packets lost for want of a packet buffer", stats.rx_nombuf},
		{"tx_packets", "packets the driver sent", stats.opackets},
		{"tx_bytes", "bytes the driver sent", stats.obytes},
		{"tx_errors", "packets the driver could not send", stats.oerrors},
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char name[64];

		snprintf(name, sizeof name, "port.%u.%s", index, lines[i].name);
		visit(name, lines[i].words, lines[i].value, arg);
	}
}

void port_describe(const struct port *port, unsigned index, char *text, size_t len)
{
	struct rte_eth_link link = {0};
	char speed[32] = "speed unknown";

	// A driver that cannot say it has a link that is down, of unknown speed.
	if (rte_eth_link_get_nowait(port->id, &link) < 0)
		link = (struct rte_eth_link){0};
	if (link.link_speed != 0 && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		snprintf(speed, sizeof speed, "%" PRIu32 " Mb/s", link.link_speed);
	snprintf(text, len,
		 "port %u: %s, driver %s, link %s, %s, MAC %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, "
		 "%u queue pair%s, %u packet buffers each",
		 index, port->device.text, port->driver, link.link_status ? "up" : "down", speed,
		 port->mac[0], port->mac[1], port->mac[2], port->mac[3], port->mac[4], port->mac[5],
		 port->mtu, port->queue_count, port->queue_count == 1 ? "" : "s", port->pool_count);
}
