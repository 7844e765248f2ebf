// A network port: pairs of a receive and a transmit queue, at least one for every poll-mode core.
// All that a kernel interface receives on is taken: what came by another queue would be lost.
//
// XXX: net_af_xdp on a zero-copy NIC waits up to 1 s in poll() when the kernel has no packet
// buffer left to fill, which a pool of pool_min_count() makes unlikely; copy mode never does.
// XXX: net_af_packet of DPDK 22.11 gives every outer VLAN tag the type 0x8100, so a reply to a
// 0x88a8 tag carries 0x8100.
#pragma once

#include "dataplane/dataplane.h"
#include "dataplane/port/device.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rte_mempool;

struct port {
	struct device device;
	uint16_t id; // DPDK's
	char driver[32];
	uint8_t mac[6];
	uint16_t mtu;
	unsigned queue_count;
	unsigned pool_count; // packet buffers per queue
	bool hugepages;
	struct rte_mempool *pools[DEVICE_QUEUES_MAX]; // one for each queue
	bool opened, started, ingress_closed;
	int descriptors[DEVICE_QUEUES_MAX]; // of the queues' sockets; -1 where there is none
	uint32_t program;                   // its XDP program; 0: none
	bool program_held;
	int program_fd; // program_held: to attach it again
	int filter_fd;  // a socket whose memberships open the interface's address filter
};

// Probes, configures and fills the port's queues with buffers, without starting it.
// 0, or -errno with a sentence; port_close() is right in either case.
int port_open(struct port *port, const struct device *device, unsigned index, unsigned pool_count,
	      bool hugepages, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// Starts it, accepting also packets to mac (the first port's address, which the tap has).
int port_start(struct port *port, const uint8_t mac[6], char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// Somebody has changed the interface's hardware address: it is to accept packets to mac beside its
// own from here on. Best effort.
void port_keep_station(const struct port *port, const uint8_t mac[6]) __attribute__((nonnull));
void port_close(struct port *port) __attribute__((nonnull));

void port_counters(const struct port *port, unsigned index, counter_visit visit, void *arg)
	__attribute__((nonnull(1, 3)));
// Whether the interface receives on queues that nobody polls (somebody has changed it, or has named
// fewer in the configuration), with a sentence that says so.
bool port_queues_lost(const struct port *ports, size_t count, unsigned index, char *text,
		      size_t len) __attribute__((nonnull));
// The interface is gone, down or without a carrier; its XDP program is another or gone. With a
// sentence.
bool port_link_lost(const struct port *port, unsigned index, char *text, size_t len)
	__attribute__((nonnull));
bool port_program_lost(const struct port *port, unsigned index, char *text, size_t len)
	__attribute__((nonnull));
// Adds what the driver has lost: before the cores, and for want of a buffer.
void port_losses(const struct port *port, uint64_t *missed, uint64_t *no_mbuf)
	__attribute__((nonnull));
// IFF_UP, IFF_RUNNING and so on; negative: there is none of that name.
int interface_flags(const char *name) __attribute__((nonnull));
// What the port's kernel interface is called at present; as configured where that is not known, ""
// where there is none.
const char *port_interface(const struct port *port, char out[IFNAMSIZ]) __attribute__((nonnull));
// Whether that name is still the interface's; true, too, where no descriptor is left to ask by.
bool interface_is(const char *name, unsigned ifindex) __attribute__((nonnull));
void port_describe(const struct port *port, unsigned index, char *text, size_t len)
	__attribute__((nonnull));
