#include "dataplane/port/device.h"

#include "dataplane/sentence.h"

#include <rte_pci.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
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

// The value of an argument, which ends at a comma; NULL: it is not there.
static const char *argument(const char *text, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = strchr(text, ','); at != NULL; at = strchr(at + 1, ',')) {
		if (strncmp(at + 1, name, len) == 0 && at[1 + len] == '=')
			return at + 1 + len + 1;
	}
	return NULL;
}

static unsigned number_argument(const char *text, const char *name, unsigned otherwise)
{
	const char *value = argument(text, name);

	return value != NULL ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static int interface_of(const char *text, char out[IFNAMSIZ])
{
	const char *at = argument(text, "iface");
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
						.separate = channels.max_combined == 0};
	return code;
}

static int queues_not_taken(const struct device *device, const struct device_channels *channels,
			    unsigned core_count, char *err, size_t err_len)
{
	const char *name = device->interface;

	if (channels->separate)
		return sentence(err, err_len, -EINVAL,
				"port '%s': %s receives on %u queues, and net_af_xdp can take one "
				"only of a driver without combined ones; questions on the others "
				"would be lost: ethtool -L %s rx 1",
				device->text, name, channels->receive, name);
	if (channels->receive > 0)
		return sentence(err, err_len, -EINVAL,
				"port '%s': net_af_xdp cannot take the %u queues on which %s only "
				"receives, and questions there would be lost: ethtool -L %s rx 0 "
				"combined %u",
				device->text, channels->receive, name, name,
				channels->combined > 0 ? channels->combined : core_count);
	return sentence(
		err, err_len, -EINVAL,
		"port '%s': %s receives on %u queues, of which %u can be taken; questions on "
		"the others would be lost: ethtool -L %s combined %u",
		device->text, name, channels->combined, DEVICE_QUEUES_MAX, name, DEVICE_QUEUES_MAX);
}

// All of the interface's, or the operator has said which.
static int queues_of_af_xdp(struct device *device, unsigned core_count, char *err, size_t err_len)
{
	struct device_channels channels;
	int code = device_channels(device->interface, &channels);

	if (code < 0)
		return sentence(err, err_len, code,
				"port '%s': cannot ask for the queues of %s: %s", device->text,
				device->interface, strerror(-code));
	device->first_queue = number_argument(device->text, "start_queue", 0);
	device->queue_count = number_argument(device->text, "queue_count", 1);
	if (argument(device->text, "start_queue") || argument(device->text, "queue_count"))
		return 0;
	if (channels.separate ? channels.receive > 1
			      : channels.receive > 0 || channels.combined > DEVICE_QUEUES_MAX)
		return queues_not_taken(device, &channels, core_count, err, err_len);
	if (channels.combined > 1)
		device->queue_count = channels.combined;
	snprintf(device->probe, sizeof device->probe, "%s,queue_count=%u", device->text,
		 device->queue_count);
	return 0;
}

// The kernel spreads what the interface receives over the driver's sockets.
static void queues_of_af_packet(struct device *device, unsigned core_count)
{
	device->queue_count = number_argument(device->text, "qpairs", core_count);
	if (!argument(device->text, "qpairs"))
		snprintf(device->probe, sizeof device->probe, "%s,qpairs=%u", device->text,
			 core_count);
}

static int too_few_queues(const struct device *device, unsigned core_count, char *err,
			  size_t err_len)
{
	char remedy[96] = "";

	if (device->kind == DEVICE_AF_XDP)
		snprintf(remedy, sizeof remedy,
			 " (ethtool -L %s combined %u, where its driver can)", device->interface,
			 core_count);
	else if (device->kind == DEVICE_AF_PACKET)
		snprintf(remedy, sizeof remedy, " (qpairs=%u)", core_count);
	return sentence(
		err, err_len, -EINVAL,
		"port '%s' has %u queue%s, but there are %u poll-mode cores: give the device "
		"more queues%s, or use fewer cores",
		device->text, device->queue_count, device->queue_count == 1 ? "" : "s", core_count,
		remedy);
}

static int queues_choose(struct device *device, unsigned core_count, char *err, size_t err_len)
{
	int code = 0;

	device->queue_count = core_count;
	if (device->kind == DEVICE_AF_XDP)
		code = queues_of_af_xdp(device, core_count, err, err_len);
	else if (device->kind == DEVICE_AF_PACKET)
		queues_of_af_packet(device, core_count);
	if (code < 0)
		return code;
	if (device->queue_count == 0 || device->queue_count > DEVICE_QUEUES_MAX)
		return sentence(err, err_len, -EINVAL, "port '%s': 1 to %d queues are possible",
				device->text, DEVICE_QUEUES_MAX);
	if (device->queue_count < core_count)
		return too_few_queues(device, core_count, err, err_len);
	return 0;
}

int device_parse(const char *text, unsigned core_count, struct device *out, char *err,
		 size_t err_len)
{
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
	return queues_choose(out, core_count, err, err_len);
}
