#include "dataplane/port/queues.h"

#include "dataplane/sentence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *device_argument(const char *text, const char *name)
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
	const char *value = device_argument(text, name);

	return value != NULL ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static int queues_not_taken(const struct device *device, const struct device_channels *channels,
			    unsigned core_count, char *err, size_t err_len)
{
	const char *name = device->interface;

	if (channels->separate)
		return sentence(err, err_len, -EINVAL,
				"port '%s': %s receives on %u queues, and net_af_xdp can take %u "
				"of a driver without combined ones; questions on the others "
				"would be lost: ethtool -L %s rx %u",
				device->text, name, channels->receive, DEVICE_PARTS_MAX, name,
				DEVICE_PARTS_MAX);
	if (channels->receive > 0)
		return sentence(err, err_len, -EINVAL,
				"port '%s': net_af_xdp cannot take the %u queues on which %s only "
				"receives, and questions there would be lost: ethtool -L %s rx 0%s "
				"combined %u",
				device->text, channels->receive, name, name,
				channels->transmit > 0 ? " tx 0" : "",
				channels->combined > 0 ? channels->combined : core_count);
	return sentence(
		err, err_len, -EINVAL,
		"port '%s': %s receives on %u queues, of which %u can be taken; questions on "
		"the others would be lost: ethtool -L %s combined %u",
		device->text, name, channels->combined, DEVICE_QUEUES_MAX, name, DEVICE_QUEUES_MAX);
}

// The operator has named queues of which the interface has not all: the driver would only say that
// one cannot be set up.
static int queues_not_there(const struct device *device, const struct device_channels *channels,
			    char *err, size_t err_len)
{
	const unsigned first = device->first_queue, count = device->queue_count;
	const unsigned there = channels->combined + channels->receive;

	if (count == 0 || count > DEVICE_QUEUES_MAX)
		return 0; // queues_choose() says so
	if (first >= there || count > there - first)
		return sentence(
			err, err_len, -EINVAL,
			"port '%s': %s receives on %u queue%s, and start_queue and queue_count "
			"name those from %u to %u: leave both out, and all are taken",
			device->text, device->interface, there, there == 1 ? "" : "s", first,
			first + count - 1);
	if (channels->separate && count > 1)
		return sentence(err, err_len, -EINVAL,
				"port '%s': the driver of %s gives one queue to a device: leave "
				"start_queue and queue_count out, and all are taken",
				device->text, device->interface);
	return 0;
}

// All of the interface's, or the operator has said which.
static int queues_of_af_xdp(struct device *device, const struct device_channels *channels,
			    unsigned core_count, char *err, size_t err_len)
{
	device->first_queue = number_argument(device->text, "start_queue", 0);
	device->queue_count = number_argument(device->text, "queue_count", 1);
	if (device_argument(device->text, "start_queue") ||
	    device_argument(device->text, "queue_count"))
		return queues_not_there(device, channels, err, err_len);
	if (channels->separate ? channels->receive > DEVICE_PARTS_MAX
			       : channels->receive > 0 || channels->combined > DEVICE_QUEUES_MAX)
		return queues_not_taken(device, channels, core_count, err, err_len);
	if (channels->combined > 1)
		device->queue_count = channels->combined;
	// The driver counts combined channels alone, and takes one queue where there are none.
	if (channels->separate && channels->receive > 1)
		device->parts = channels->receive;
	snprintf(device->probe, sizeof device->probe, "%s,queue_count=%u", device->text,
		 device->queue_count);
	return 0;
}

// The kernel spreads what the interface receives over the driver's sockets.
static void queues_of_af_packet(struct device *device, unsigned core_count)
{
	device->queue_count = number_argument(device->text, "qpairs", core_count);
	if (!device_argument(device->text, "qpairs"))
		snprintf(device->probe, sizeof device->probe, "%s,qpairs=%u", device->text,
			 core_count);
}

static int too_few_queues(const struct device *device, unsigned core_count, char *err,
			  size_t err_len)
{
	const unsigned count = device->parts > 0 ? device->parts : device->queue_count;
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
		device->text, count, count == 1 ? "" : "s", core_count, remedy);
}

int queues_choose(struct device *device, const struct device_channels *channels,
		  unsigned core_count, char *err, size_t err_len)
{
	int code = 0;

	device->queue_count = core_count;
	if (device->kind == DEVICE_AF_XDP)
		code = queues_of_af_xdp(device, channels, core_count, err, err_len);
	else if (device->kind == DEVICE_AF_PACKET)
		queues_of_af_packet(device, core_count);
	if (code < 0)
		return code;
	if (device->queue_count == 0 || device->queue_count > DEVICE_QUEUES_MAX)
		return sentence(err, err_len, -EINVAL, "port '%s': 1 to %d queues are possible",
				device->text, DEVICE_QUEUES_MAX);
	if ((device->parts > 0 ? device->parts : device->queue_count) < core_count)
		return too_few_queues(device, core_count, err, err_len);
	return 0;
}
