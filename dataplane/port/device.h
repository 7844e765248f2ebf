// A device string as the configuration gives it, taken apart: "net_af_xdp0,iface=eth1".
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum device_kind {
	DEVICE_PCI,       // starts with a PCI address
	DEVICE_AF_XDP,    // shares a kernel interface by an XDP program
	DEVICE_AF_PACKET, // gets copies of a kernel interface's packets
	DEVICE_VIRTUAL,   // any other virtual device
};

#define DEVICE_NAME_MAX   64
#define DEVICE_TEXT_MAX   512
#define DEVICE_QUEUES_MAX 64
#define DEVICE_PARTS_MAX  8

struct device {
	const char *text; // the configuration's
	enum device_kind kind;
	char name[DEVICE_NAME_MAX];  // before the first comma
	char interface[IFNAMSIZ];    // "iface=" of the string; "" where there is none
	unsigned ifindex;            // 0 where there is none
	char probe[DEVICE_TEXT_MAX]; // the string with the number of queues
	unsigned first_queue;        // of the interface
	unsigned queue_count;        // receive queues, each to be polled
	// 0, or so many devices with one queue each stand for this one, which its driver can only
	// open like that (device_part()).
	unsigned parts;
};

// What an interface receives on.
struct device_channels {
	unsigned combined; // receive and send
	unsigned receive;  // only receive
	unsigned transmit; // only send
	bool separate;     // its driver knows no combined ones
};

// What of the string nobody else may have: its kernel interface, or its PCI address. Returns the
// word for it; NULL with the device's name where it is the process's own, as virtual devices are.
const char *device_owned(const char *text, char out[DEVICE_NAME_MAX]) __attribute__((nonnull));
int device_channels(const char *interface, struct device_channels *out)
	__attribute__((nonnull, warn_unused_result));
// Also finds the kernel interface, and takes all that it receives on where the string names no
// queues. core_count: poll-mode cores, each of which needs a queue. 0, or -errno with a sentence.
int device_parse(const char *text, unsigned core_count, struct device *out, char *err,
		 size_t err_len) __attribute__((nonnull, warn_unused_result));
// The index-th part of a device: the same interface, the next queue.
void device_part(const struct device *whole, unsigned index, struct device *out)
	__attribute__((nonnull));
