#include "dataplane/dataplane.h"

#include "dataplane/dataplane_parts.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/pool.h"
#include "dataplane/sentence.h"

#include <rte_launch.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_WAIT_MS 2000
#define POOL_MAX     65536

// ---- start ----

static int config_check(const struct dataplane_config *config, char *err, size_t err_len)
{
	if (config->device_count == 0 || config->device_count > DATAPLANE_PORTS_MAX)
		return sentence(err, err_len, -EINVAL, "1 to %d ports are possible, not %zu",
				DATAPLANE_PORTS_MAX, config->device_count);
	if (config->tickets == 0 || (config->tickets & (config->tickets - 1)) != 0)
		return sentence(err, err_len, -EINVAL, "tickets: %u is not a power of two",
				config->tickets);
	return 0;
}

void dataplane_owned(const struct dataplane_config *config, owned_visit visit, void *arg)
{
	for (size_t i = 0; i < config->device_count; i++) {
		char name[DEVICE_NAME_MAX];
		const char *kind = device_owned(config->devices[i], name);

		if (kind != NULL)
			visit(kind, name, arg);
	}
	if (config->tap_name[0] != '\0')
		visit("tap", config->tap_name, arg);
}

static int device_add(struct dataplane *dataplane, const struct device *device, char *err,
		      size_t err_len)
{
	const unsigned parts = device->parts > 0 ? device->parts : 1;

	if (dataplane->device_count + parts > DATAPLANE_PORTS_MAX)
		return sentence(err, err_len, -EINVAL,
				"port '%s': its %u queues need a port each, and %d ports are "
				"possible: ethtool -L %s rx %u",
				device->text, parts, DATAPLANE_PORTS_MAX, device->interface,
				parts - 1);
	for (unsigned part = 0; part < parts; part++) {
		struct device *out = &dataplane->devices[dataplane->device_count++];

		*out = *device;
		if (device->parts > 0)
			device_part(device, part, out);
	}
	return 0;
}

static int devices_parse(struct dataplane *dataplane, char *err, size_t err_len)
{
	int code = 0;

	for (size_t i = 0; i < dataplane->config.device_count && code == 0; i++) {
		struct device device;

		code = device_parse(dataplane->config.devices[i],
				    (unsigned)dataplane->config.lcore_count, &device, err, err_len);
		if (code == 0)
			code = device_add(dataplane, &device, err, err_len);
	}
	return code;
}

void dataplane_check_devices(const struct dataplane_config *config, device_visit visit, void *arg)
{
	char err[512];

	for (size_t i = 0; i < config->device_count; i++) {
		struct device device;
		int code = device_parse(config->devices[i], (unsigned)config->lcore_count, &device,
					err, sizeof err);

		if (code < 0)
			visit(i, code, err, arg);
	}
}

// Packet buffers per queue: every queue gets the same share of three quarters of the packet
// memory, the rest is for rings, EAL and the allocator's own.
static int pool_size(const struct dataplane *dataplane, const struct device *device,
		     unsigned *count, char *err, size_t err_len)
{
	const struct dataplane_config *config = &dataplane->config;
	size_t queues = 0;

	for (size_t i = 0; i < dataplane->device_count; i++)
		queues += dataplane->devices[i].queue_count;
	size_t each = config->packet_memory_bytes / 4 * 3 / queues;
	size_t bytes = pool_object_bytes(device->kind, dataplane->hugepages);
	size_t fit = each / bytes;
	size_t least = pool_min_count(device->kind);

	if (fit >= least) {
		*count = (unsigned)(fit < POOL_MAX ? fit : POOL_MAX);
		return 0;
	}
	char fewer[96] = "";
	if (queues > config->lcore_count && device->interface[0] != '\0')
		snprintf(fewer, sizeof fewer,
			 ", or the interface fewer queues: ethtool -L %s %s %zu", device->interface,
			 device->queue_count > 1 ? "combined" : "rx", config->lcore_count);
	return sentence(
		err, err_len, -ENOMEM,
		"packet memory of %zu MiB is too little for %zu queues: port '%s' needs %zu packet "
		"buffers per queue; give at least %zu MiB%s",
		config->packet_memory_bytes >> 20, queues, device->text, least,
		(least * bytes * queues / 3 * 4 >> 20) + 1, fewer);
}

static int ports_open(struct dataplane *dataplane, char *err, size_t err_len)
{
	int code = 0;

	for (size_t i = 0; i < dataplane->device_count && code == 0; i++) {
		const struct device *device = &dataplane->devices[i];
		unsigned count = 0;

		code = pool_size(dataplane, device, &count, err, err_len);
		if (code < 0)
			return code;
		dataplane->port_count++;
		code = port_open(&dataplane->ports[i], device, (unsigned)i, count,
				 dataplane->hugepages, err, err_len);
	}
	for (size_t i = 0; i < dataplane->device_count && code == 0; i++)
		code = port_start(&dataplane->ports[i], dataplane->ports[0].mac, err, err_len);
	return code;
}

// The ports' hardware addresses. A virtual device that no interface stands behind has one that
// nobody sends to.
static void stations_set(struct dataplane *dataplane)
{
	struct service_addresses *service = &dataplane->config.service;
	size_t count = 0;

	for (size_t i = 0; i < dataplane->port_count; i++) {
		if (dataplane->ports[i].device.kind == DEVICE_VIRTUAL) {
			count = 0;
			break;
		}
		memcpy(service->stations[count++], dataplane->ports[i].mac, 6);
	}
	service->station_count = count;
	plain_service_make(service, &dataplane->plain_service);
}
static_assert(STATIONS_MAX >= DATAPLANE_PORTS_MAX, "one for each port");

// The smallest MTU of all ports; a frame must also fit a slot of the exception path's rings.
static uint16_t tap_mtu(const struct dataplane *dataplane)
{
	uint16_t mtu = FRAME_MAX - 22; // Ethernet and two VLAN tags

	for (size_t i = 0; i < dataplane->port_count; i++) {
		if (dataplane->ports[i].mtu < mtu)
			mtu = dataplane->ports[i].mtu;
	}
	return mtu;
}

// Before EAL binds this thread.
static void host_place(struct dataplane *dataplane)
{
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	(void)sched_getaffinity(0, sizeof allowed, &allowed);
	dataplane->place = place_choose(&dataplane->config, &allowed);
}

// Whether an earlier port sends by the same interface.
static bool is_repeated(const struct dataplane *dataplane, size_t index)
{
	const unsigned ifindex = dataplane->ports[index].device.ifindex;

	for (size_t i = 0; i < index && ifindex != 0; i++) {
		if (dataplane->ports[i].device.ifindex == ifindex)
			return true;
	}
	return false;
}

// The first port's hardware address, which every port accepts.
static struct tap_config tap_config(const struct dataplane *dataplane)
{
	const struct dataplane_config *config = &dataplane->config;
	struct tap_config tap = {.name = config->tap_name,
				 .mtu = tap_mtu(dataplane),
				 .service = &config->service,
				 .prefix_v4 = config->service_prefix_v4,
				 .prefix_v6 = config->service_prefix_v6,
				 .gateway_v4 = config->gateway_v4,
				 .gateway_v6 = config->gateway_v6,
				 .distant_v4 = config->distant_v4,
				 .distant_v6 = config->distant_v6};

	memcpy(tap.mac, dataplane->ports[0].mac, sizeof tap.mac);
	return tap;
}

static int exception_path_start(struct dataplane *dataplane, char *err, size_t err_len)
{
	const struct dataplane_config *config = &dataplane->config;
	struct host_config host = {
		.tap = tap_config(dataplane),
		.sessions = &dataplane->sessions,
		.place = dataplane->place,
		.lcore_count = (unsigned)config->lcore_count,
		.port_count = (unsigned)dataplane->port_count,
	};

	if (config->tap_name[0] == '\0')
		return 0;
	for (size_t i = 0; i < dataplane->port_count; i++) {
		host.senders[i] =
			&dataplane->core_wakes[core_of(dataplane, &dataplane->ports[i], 0)];
		host.repeats[i] = is_repeated(dataplane, i);
	}
	return host_start(&host, &dataplane->host, err, err_len);
}

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now); // as control's clock
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// The first heartbeat: the store's clock, and what starting has taken since it was set.
static void first_beat(struct dataplane *dataplane, uint64_t since_ms)
{
	uint64_t passed_ms = monotonic_ms() - since_ms;
	struct store_clock clock;

	store_get_clock(dataplane->store, &clock);
	clock.now_ms += passed_ms;
	clock.now_s += (int64_t)(passed_ms / 1000);
	beat_publish(&dataplane->beat, &clock, worker_counter_ms());
}

static int wakes_init(struct dataplane *dataplane)
{
	int code = wake_init(&dataplane->wake);

	for (size_t i = 0; i < DATAPLANE_LCORES_MAX; i++)
		dataplane->core_wakes[i].fd = -1;
	for (size_t i = 0;
	     i < dataplane->config.lcore_count && i < DATAPLANE_LCORES_MAX && code == 0; i++)
		code = wake_init(&dataplane->core_wakes[i]);
	return code;
}

static struct faults *faults_of(struct dataplane *dataplane)
{
	const struct dataplane_config *config = &dataplane->config;

	return faults_new(&(struct faults_of){
		.ports = dataplane->ports,
		.port_count = dataplane->port_count,
		.lcores = dataplane->lcores,
		.lcore_count = dataplane->lcore_count,
		.cpus = config->lcores,
		.host = dataplane->host ? host_counters(dataplane->host) : NULL,
		.exception = dataplane->host,
		.store = dataplane->store,
		.tap = tap_config(dataplane),
		.silence = config->silence,
		.silent = config->silent,
		.claimed = dataplane->host && host_claimed(dataplane->host),
	});
}

static void tear_down(struct dataplane *dataplane);

int dataplane_start(const struct dataplane_config *config, struct store *store,
		    struct dataplane **out, char *err, size_t err_len)
{
	const uint64_t since_ms = monotonic_ms();
	struct dataplane *dataplane;
	int code = config_check(config, err, err_len);

	if (code < 0)
		return code;
	dataplane = aligned_alloc(64, sizeof *dataplane);
	if (dataplane == NULL)
		return sentence(err, err_len, -ENOMEM, "no memory for the packet path");
	memset(dataplane, 0, sizeof *dataplane);
	dataplane->config = *config;
	dataplane->store = store;
	dataplane->config.service.sessions = &dataplane->sessions;
	host_place(dataplane);
	code = wakes_init(dataplane);
	if (code < 0)
		sentence(err, err_len, code, "cannot make an eventfd: %s", strerror(-code));
	if (code == 0)
		code = devices_parse(dataplane, err, err_len);
	if (code == 0)
		code = eal_start(config, dataplane->devices, dataplane->device_count,
				 &dataplane->hugepages, err, err_len);
	if (code == 0) {
		dataplane->eal = true;
		code = ports_open(dataplane, err, err_len);
	}
	stations_set(dataplane);
	if (code == 0)
		code = exception_path_start(dataplane, err, err_len);
	if (code == 0) {
		first_beat(dataplane, since_ms);
		code = lcores_launch(dataplane, err, err_len);
	}
	if (code == 0) {
		dataplane->faults = faults_of(dataplane);
		if (dataplane->faults == NULL)
			code = sentence(err, err_len, -ENOMEM, "no memory to look for faults");
	}
	if (code < 0) {
		// Others may have taken them since they were counted.
		const bool gone =
			code == -ENOMEM && dataplane->hugepages && !config->hugepages_only;
		tear_down(dataplane);
		return gone ? -EAGAIN : code;
	}
	eal_hide_memory_from_dumps();
	eal_log_to_stderr();
	*out = dataplane;
	return 0;
}

// ---- stop ----

static void tear_down(struct dataplane *dataplane)
{
	if (dataplane->launched) {
		atomic_store_explicit(&dataplane->orders.running, false, memory_order_relaxed);
		for (size_t i = 0; i < dataplane->lcore_count; i++)
			wake_signal(&dataplane->core_wakes[i]);
		for (size_t i = 0; i < dataplane->lcore_count; i++)
			rte_eal_wait_lcore(EAL_LCORE(i));
	}
	for (size_t i = 0; i < dataplane->lcore_count; i++)
		lcore_free(dataplane, dataplane->lcores[i]);
	for (size_t i = dataplane->port_count; i-- > 0;)
		port_close(&dataplane->ports[i]);
	host_stop(dataplane->host);
	faults_free(dataplane->faults);
	if (dataplane->eal)
		eal_stop();
	wake_fini(&dataplane->wake);
	for (size_t i = 0; i < DATAPLANE_LCORES_MAX; i++)
		wake_fini(&dataplane->core_wakes[i]);
	free(dataplane);
}

static uint64_t outstanding(const struct dataplane *dataplane)
{
	struct lcore_counters sum = {0};

	for (size_t i = 0; i < dataplane->lcore_count; i++)
		lcore_counters_add(&sum, &dataplane->lcores[i]->counters);
	return sum.ticketed - sum.answered - sum.failed - sum.ticket_dropped;
}

void dataplane_drain(struct dataplane *dataplane)
{
	// A lcore may take one more burst's tickets before it sees this; dataplane_stop() knows.
	atomic_store_explicit(&dataplane->orders.draining, true, memory_order_relaxed);
}

// SERVFAIL for tickets that control did not take.
static void fail_misses(struct dataplane *dataplane)
{
	struct ticket *tickets[64];
	size_t count = dataplane_misses(dataplane, tickets, 64);
	struct store_result *failed;

	if (count == 0)
		return;
	failed = store_result_error(dataplane->store, 2, -1, NULL);
	for (size_t i = 0; i < count; i++) {
		if (failed != NULL)
			dataplane_return(dataplane, tickets[i], failed);
		else
			ticket_return(tickets[i], NULL);
	}
	if (failed != NULL)
		store_result_unref(dataplane->store, failed);
}

void dataplane_stop(struct dataplane *dataplane)
{
	const struct timespec turn = {.tv_nsec = 1000000};

	dataplane_drain(dataplane);
	for (unsigned waited_ms = 0; waited_ms < STOP_WAIT_MS; waited_ms++) {
		fail_misses(dataplane);
		if (outstanding(dataplane) == 0)
			break;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &turn, NULL);
	}
	tear_down(dataplane);
}
