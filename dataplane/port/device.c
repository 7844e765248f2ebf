#include "dataplane/port/device.h"

#include "dataplane/port/queues.h"
#include "dataplane/sentence.h"

#include <rte_pci.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
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

static int interface_of(const char *text, char out[IFNAMSIZ])
{
	const char *at = device_argument(text, "iface");
	size_t len;

	out[0] = '\0';
	if (at == NULL)
		return 0;
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

// Where that cannot be told it may be one.
static bool interface_is_ethernet(const char *name)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool other;

	if (fd < 0)
		return true;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	other = ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
		request.ifr_hwaddr.sa_family != ARPHRD_ETHER;
	close(fd);
	return !other;
}

// ---- queues ----

int device_channels(const char *interface, struct device_channels *out)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code;

	*out = (struct device_channels){.combined = 1};
	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	code = ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
	close(fd);
	// Drivers that know no channels have one.
	if (code == -EOPNOTSUPP)
		return 0;
	if (code == 0)
		*out = (struct device_channels){.combined = channels.combined_count,
						.receive = channels.rx_count,
						.transmit = channels.tx_count,
						.separate = channels.max_combined == 0};
	return code;
}

int device_parse(const char *text, unsigned core_count, struct device *out, char *err,
		 size_t err_len)
{
	struct device_channels channels = {.combined = 1};
	size_t len = strcspn(text, ",");
	int up;

	*out = (struct device){.text = text, .queue_count = core_count};
	// Room for what is added.
	if (strlen(text) + 32 > sizeof out->probe)
		return sentence(err, err_len, -EINVAL, "port '%s': the string is too long", text);
	snprintf(out->probe, sizeof out->probe, "%s", text);
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
	if (out->ifindex == 0 && errno != ENODEV)
		return sentence(err, err_len, -errno, "port '%s': cannot look at interface %s: %s",
				text, out->interface, strerror(errno));
	if (out->ifindex == 0)
		return sentence(err, err_len, -ENODEV,
				"port '%s': there is no network interface %s", text,
				out->interface);
	up = interface_is_up(out->interface);
	if (up < 0)
		return sentence(err, err_len, up, "port '%s': cannot look at interface %s: %s",
				text, out->interface, strerror(-up));
	if (!interface_is_ethernet(out->interface))
		return sentence(
			err, err_len, -EINVAL,
			"port '%s': %s carries no Ethernet frames (a tunnel, or lo): name the "
			"interface that clients' questions come in by",
			text, out->interface);
	if (up == 0)
		return sentence(err, err_len, -ENETDOWN,
				"port '%s': interface %s is down: ip link set %s up", text,
				out->interface, out->interface);
	if (out->kind == DEVICE_AF_XDP) {
		int code = device_channels(out->interface, &channels);

		if (code < 0)
			return sentence(err, err_len, code,
					"port '%s': cannot ask for the queues of %s: %s", text,
					out->interface, strerror(-code));
	}
	return queues_choose(out, &channels, core_count, err, err_len);
}

void device_part(const struct device *whole, unsigned index, struct device *out)
{
	const char *rest = whole->text + strcspn(whole->text, ",");

	*out = *whole;
	out->parts = 0;
	out->first_queue = index;
	if (index > 0)
		snprintf(out->name, sizeof out->name, "%.*sq%u", (int)(sizeof out->name - 4),
			 whole->name, index);
	snprintf(out->probe, sizeof out->probe, "%s%s,start_queue=%u,queue_count=1", out->name,
		 rest, index);
}
