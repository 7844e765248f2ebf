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

struct device {
	const char *text; // the configuration's
	enum device_kind kind;
	char name[64];            // before the first comma
	char interface[IFNAMSIZ]; // "iface=" of the string; "" where there is none
	unsigned ifindex;         // 0 where there is none
};

// Also finds the kernel interface. 0, or -errno with a sentence.
int device_parse(const char *text, struct device *out, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
