#include "dataplane/dataplane.h"

#include "dataplane/counters.h"
#include "dataplane/faults.h"
#include "dataplane/parse/exception.h"
#include "dataplane/port/addresses.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/pool.h"
#include "dataplane/port/port.h"
#include "dataplane/sentence.h"
#include "dataplane/worker.h"

#include <rte_cycles.h>
#include <rte_launch.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_WAIT_MS 2000
#define POOL_MAX     65536

struct dataplane {
	struct dataplane_config config;     // device strings: the caller's, for starting only
	struct plain_service plain_service; // of config.service
	struct store *store;
	struct orders orders;
	struct beat beat;
	struct wake wake; // control's sleep
	struct wake core_wakes[DATAPLANE_LCORES_MAX];
	uint64_t measure_until_ms; // by the store's clock
	struct cycles reported;    // what dataplane_cycles() has seen
	bool eal, hugepages, launched;
	struct peer_sessions sessions;
	struct place place; // of the host thread
	struct host *host;
	struct faults *faults;
	size_t port_count, lcore_count; // so far
	struct port ports[DATAPLANE_PORTS_MAX];
	struct lcore *lcores[DATAPLANE_LCORES_MAX];
	struct device devices[DATAPLANE_PORTS_MAX];
	size_t device_count; // the configuration's, in parts where they have some
};

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

// Every queue of an interface is one core's, who gets each core_count-th.
static unsigned core_of(const struct dataplane *dataplane, const struct port *port, unsigned queue)
{
	return (port->device.first_queue + queue) % (unsigned)dataplane->config.lcore_count;
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

static int exception_path_start(struct dataplane *dataplane, char *err, size_t err_len)
{
	const struct dataplane_config *config = &dataplane->config;
	struct host_config host = {
		.tap = {.name = config->tap_name,
			.mtu = tap_mtu(dataplane),
			.service = &config->service,
			.prefix_v4 = config->service_prefix_v4,
			.prefix_v6 = config->service_prefix_v6},
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
	memcpy(host.tap.mac, dataplane->ports[0].mac, sizeof host.tap.mac);
	return host_start(&host, &dataplane->host, err, err_len);
}

static void queues_add(const struct dataplane *dataplane, struct lcore *lcore, unsigned index)
{
	const struct port *port = &dataplane->ports[index];

	for (unsigned i = 0; i < port->queue_count; i++) {
		if (core_of(dataplane, port, i) != lcore->index)
			continue;
		lcore->queues[lcore->queue_count++] = (struct queue){
			.port_id = port->id,
			.queue_id = (uint16_t)i,
			.port = (uint8_t)index,
			.from_host = i == 0,
			.local = port->device.ifindex != 0,
			.pool = port->pools[i],
		};
		// One queue that it cannot wait on, and it waits on none.
		if (lcore->wait_count == lcore->queue_count && port->descriptors[i] >= 0)
			lcore->waits[lcore->wait_count++] =
				(struct pollfd){.fd = port->descriptors[i], .events = POLLIN};
	}
}

static struct lcore *lcore_new(struct dataplane *dataplane, unsigned index)
{
	const struct dataplane_config *config = &dataplane->config;
	struct lcore *lcore = aligned_alloc(64, sizeof *lcore);

	if (lcore == NULL)
		return NULL;
	// Writing to it maps its pages now.
	memset(lcore, 0, sizeof *lcore);
	if (ticket_pool_init(&lcore->tickets, config->tickets) < 0) {
		free(lcore);
		return NULL;
	}
	lcore->index = index;
	lcore->wake = &dataplane->core_wakes[index];
	lcore->tickets.wake = lcore->wake;
	lcore->waits[0] = (struct pollfd){.fd = lcore->wake->fd, .events = POLLIN};
	lcore->wait_count = 1;
	lcore->poll = config->poll;
	lcore->syn_per_s = config->syn_per_s / (uint32_t)config->lcore_count;
	if (lcore->syn_per_s == 0)
		lcore->syn_per_s = 1;
	lcore->store = dataplane->store;
	lcore->service = &config->service;
	lcore->plain_service = &dataplane->plain_service;
	lcore->orders = &dataplane->orders;
	lcore->beat = &dataplane->beat;
	lcore->control = &dataplane->wake;
	lcore->host = dataplane->host;
	for (unsigned i = 0; i < dataplane->port_count; i++)
		queues_add(dataplane, lcore, i);
	if (lcore->wait_count < 1 + lcore->queue_count)
		lcore->wait_count = 1;
	return lcore;
}

static int lcores_launch(struct dataplane *dataplane, char *err, size_t err_len)
{
	const struct dataplane_config *config = &dataplane->config;

	for (unsigned i = 0; i < config->lcore_count; i++) {
		dataplane->lcores[i] = lcore_new(dataplane, i);
		if (dataplane->lcores[i] == NULL)
			return sentence(err, err_len, -ENOMEM,
					"no memory for %u tickets of a poll-mode core",
					config->tickets);
		dataplane->lcore_count++;
	}
	atomic_store_explicit(&dataplane->orders.running, true, memory_order_relaxed);
	dataplane->launched = true;
	// The launch itself orders everything written above before the lcore's first read.
	for (unsigned i = 0; i < config->lcore_count; i++) {
		int code = rte_eal_remote_launch(worker_run, dataplane->lcores[i], EAL_LCORE(i));

		if (code < 0)
			return sentence(err, err_len, code, "poll-mode core %u does not start: %s",
					i, strerror(-code));
	}
	return 0;
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
		.tap = {.name = config->tap_name,
			.service = &config->service,
			.prefix_v4 = config->service_prefix_v4,
			.prefix_v6 = config->service_prefix_v6},
		.silence = config->silence,
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
		tear_down(dataplane);
		return code;
	}
	eal_hide_memory_from_dumps();
	eal_log_to_stderr();
	*out = dataplane;
	return 0;
}

// ---- stop ----

static void results_drop(struct dataplane *dataplane, struct ticket_pool *pool)
{
	struct store_result *results[64];
	size_t count;

	while ((count = ticket_collect(pool, results, 64)) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (results[i] != NULL)
				store_result_unref(dataplane->store, results[i]);
		}
	}
}

// After the lcores: what they did not take any more.
static void lcore_free(struct dataplane *dataplane, struct lcore *lcore)
{
	struct ticket *tickets[64];
	size_t count;

	while ((count = ticket_retries(&lcore->tickets, tickets, 64)) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (tickets[i]->result != NULL)
				store_result_unref(dataplane->store, tickets[i]->result);
		}
	}
	results_drop(dataplane, &lcore->tickets);
	ticket_pool_fini(&lcore->tickets);
	free(lcore);
}

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

// ---- misses and results ----

int dataplane_wake_fd(const struct dataplane *dataplane)
{
	return dataplane->wake.fd;
}

bool dataplane_may_sleep(struct dataplane *dataplane)
{
	wake_announce(&dataplane->wake);
	for (size_t i = 0; i < dataplane->lcore_count; i++) {
		if (ticket_waiting(&dataplane->lcores[i]->tickets)) {
			wake_done(&dataplane->wake);
			return false;
		}
	}
	return true;
}

void dataplane_awake(struct dataplane *dataplane)
{
	wake_done(&dataplane->wake);
}

size_t dataplane_misses(struct dataplane *dataplane, struct ticket **out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < dataplane->lcore_count; i++) {
		struct ticket_pool *pool = &dataplane->lcores[i]->tickets;

		// In this order: see ticket_collect().
		count += ticket_misses(pool, out + count, max - count);
		results_drop(dataplane, pool);
	}
	return count;
}

const struct ticket_question *ticket_question(const struct ticket *ticket)
{
	return &ticket->question;
}

void dataplane_return(struct dataplane *dataplane, struct ticket *ticket,
		      struct store_result *result)
{
	(void)dataplane;
	if (result != NULL)
		store_result_ref(result);
	ticket_return(ticket, result);
}

void dataplane_heartbeat(struct dataplane *dataplane, const struct store_clock *clock)
{
	if (clock->now_ms >= dataplane->measure_until_ms)
		atomic_store_explicit(&dataplane->orders.measuring, false, memory_order_relaxed);
	store_set_clock(dataplane->store, clock);
	beat_publish(&dataplane->beat, clock, worker_counter_ms());
}

// ---- reports ----

void dataplane_counters(struct dataplane *dataplane, counter_visit visit, void *arg)
{
	struct lcore_counters sum = {0};

	for (size_t i = 0; i < dataplane->lcore_count; i++)
		lcore_counters_add(&sum, &dataplane->lcores[i]->counters);
	lcore_counters_visit(&sum, visit, arg);
	if (dataplane->host != NULL)
		host_counters_visit(host_counters(dataplane->host), visit, arg);
	for (size_t i = 0; i < dataplane->port_count; i++)
		port_counters(&dataplane->ports[i], (unsigned)i, visit, arg);
	visit("dataplane.repairs", "things of ours that were gone and have been put back",
	      faults_repairs(dataplane->faults), arg);
}

static void cycles_sum(const struct dataplane *dataplane, struct cycles *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; i < dataplane->lcore_count; i++) {
		const struct cycles *one = &dataplane->lcores[i]->cycles;

		for (unsigned stage = 0; stage < CYCLE_STAGE_COUNT; stage++)
			sum->ticks[stage] += COUNTED(one->ticks[stage]);
		for (unsigned size = 0; size < CYCLE_SIZES; size++)
			sum->bursts[size] += COUNTED(one->bursts[size]);
		sum->packets += COUNTED(one->packets);
	}
}

bool dataplane_cycles(struct dataplane *dataplane, struct cycles *out, uint64_t *hz)
{
	struct cycles *before = &dataplane->reported, now;
	struct store_clock clock;
	bool was_on =
		atomic_exchange_explicit(&dataplane->orders.measuring, true, memory_order_relaxed);

	store_get_clock(dataplane->store, &clock);
	dataplane->measure_until_ms = clock.now_ms + DATAPLANE_MEASURE_MS;
	*hz = rte_get_tsc_hz();
	cycles_sum(dataplane, &now);
	for (unsigned stage = 0; stage < CYCLE_STAGE_COUNT; stage++)
		out->ticks[stage] = now.ticks[stage] - before->ticks[stage];
	for (unsigned size = 0; size < CYCLE_SIZES; size++)
		out->bursts[size] = now.bursts[size] - before->bursts[size];
	out->packets = now.packets - before->packets;
	*before = now;
	return was_on;
}

void dataplane_describe(struct dataplane *dataplane, void (*line)(const char *text, void *arg),
			void *arg)
{
	const struct dataplane_config *config = &dataplane->config;
	char text[512];

	snprintf(text, sizeof text, "packet memory: %zu MiB%s", config->packet_memory_bytes >> 20,
		 dataplane->hugepages ? " in hugepages"
		 : config->hugepages  ? " without hugepages: too few are free"
				      : " without hugepages");
	line(text, arg);
	for (size_t i = 0; i < dataplane->lcore_count; i++) {
		snprintf(text, sizeof text, "poll-mode core %zu: CPU %u, %s, %u tickets", i,
			 config->lcores[i], config->poll == POLL_BUSY ? "busy" : "adaptive",
			 config->tickets);
		line(text, arg);
	}
	for (size_t i = 0; i < dataplane->port_count; i++) {
		port_describe(&dataplane->ports[i], (unsigned)i, text, sizeof text);
		line(text, arg);
	}
	if (dataplane->host != NULL) {
		snprintf(text, sizeof text, "exception path: tap %s, %zu peer%s, host thread on %s",
			 config->tap_name, config->service.peer_count,
			 config->service.peer_count == 1 ? "" : "s",
			 dataplane->place.shared ? "control's CPU, a quarter of it at most"
						 : "a CPU of its own");
		line(text, arg);
	}
}

// Without a tap the frames of the host are dropped anyway.
static void address_fault(const struct dataplane *dataplane, unsigned index,
			  dataplane_fault_visit visit, void *arg)
{
	const char *interface = dataplane->ports[index].device.interface;
	const char *tap = dataplane->config.tap_name;
	char text[512], address[PORT_ADDRESS_TEXT_MAX];

	if (dataplane->host == NULL || !port_address(interface, address))
		return;
	snprintf(
		text, sizeof text,
		"%s stands on %s, whose frames go to the tap: the kernel loses its neighbours "
		"there, and with them TCP: ip address delete %s dev %s && ip address add %s dev %s",
		address, interface, address, interface, address, tap);
	visit(DATAPLANE_PORT_ADDRESS, index, text, arg);
}

void dataplane_look(struct dataplane *dataplane)
{
	faults_look(dataplane->faults);
}

void dataplane_faults(struct dataplane *dataplane, dataplane_fault_visit visit, void *arg)
{
	faults_each(dataplane->faults, visit, arg);
	for (unsigned i = 0; i < dataplane->port_count; i++)
		address_fault(dataplane, i, visit, arg);
	if (dataplane->host != NULL && host_unclaimed(dataplane->host)[0] != '\0')
		visit(DATAPLANE_UNCLAIMED, 0, host_unclaimed(dataplane->host), arg);
}
