#include "dataplane/port/device.h"

#include "dataplane/sentence.h"

#include <rte_pci.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum device_kind kind_of(const char *name)
{
	struct rte_pci_addr address;

	if (rte_pci_addr_parse(name, &address) == 0)
		return DEVICE_PCI;
	if (strncmp(name, "net_af_xdp", strlen("net_af_xdp")) == 0)
		return DEVICE_AF_XDP;
	if (strncmp(name, "net_af_packet", strlen("net_af_packet")) == 0 ||
	    strncmp(name, "eth_af_packet", strlen("eth_af_packet")) == 0)
		return DEVICE_AF_PACKET;
	return DEVICE_VIRTUAL;
}

// The value of "iface=", which ends at a comma.
static int interface_of(const char *text, char out[IFNAMSIZ])
{
	const char *at = strstr(text, ",iface=");
	size_t len;

	out[0] = '\0';
	if (at == NULL)
		return 0;
	at += strlen(",iface=");
	len = strcspn(at, ",");
	if (len == 0 || len >= IFNAMSIZ)
		return -EINVAL;
	memcpy(out, at, len);
	out[len] = '\0';
	return 0;
}

const char *device_owned(const char *text, char out[DEVICE_NAME_MAX])
{
	struct rte_pci_addr address;
	char interface[IFNAMSIZ];
	size_t len = strcspn(text, ",");

	if (interface_of(text, interface) == 0 && interface[0] != '\0') {
		snprintf(out, DEVICE_NAME_MAX, "%s", interface);
		return "interface";
	}
	snprintf(out, DEVICE_NAME_MAX, "%.*s", (int)len, text);
	if (rte_pci_addr_parse(out, &address) != 0)
		return NULL;
	rte_pci_device_name(&address, out, DEVICE_NAME_MAX);
	return "device";
}

static int interface_is_up(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	code = ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -errno : 0;
	close(fd);
	if (code < 0)
		return code;
	return (request.ifr_flags & IFF_UP) != 0;
}

int device_parse(const char *text, struct device *out, char *err, size_t err_len)
{
	size_t len = strcspn(text, ",");
	int up;

	*out = (struct device){.text = text};
	if (len == 0 || len >= sizeof out->name)
		return sentence(err, err_len, -EINVAL,
				"port '%s': the device's name must have 1 to %zu characters", text,
				sizeof out->name - 1);
	memcpy(out->name, text, len);
	out->kind = kind_of(out->name);
	if (out->kind != DEVICE_AF_XDP && out->kind != DEVICE_AF_PACKET)
		return 0;
	if (interface_of(text, out->interface) < 0 || out->interface[0] == '\0')
		return sentence(err, err_len, -EINVAL,
				"port '%s': needs iface=NAME, a network interface", text);
	out->ifindex = if_nametoindex(out->interface);
	if (out->ifindex == 0)
		return sentence(err, err_len, -ENODEV,
				"port '%s': there is no network interface %s", text,
				out->interface);
	up = interface_is_up(out->interface);
	if (up < 0)
		return sentence(err, err_len, up, "port '%s': cannot look at interface %s: %s",
				text, out->interface, strerror(-up));
	if (up == 0)
		return sentence(err, err_len, -ENETDOWN,
				"port '%s': interface %s is down: ip link set %s up", text,
				out->interface, out->interface);
	return 0;
}
