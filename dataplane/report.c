#include "dataplane/dataplane_parts.h"
#include "dataplane/host/routes.h"
#include "dataplane/parse/acl.h"

#include <rte_cycles.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static void describe_gateways(const struct dataplane_config *config,
			      void (*line)(const char *text, void *arg), void *arg)
{
	const struct address *const gateways[] = {&config->gateway_v4, &config->gateway_v6};

	for (size_t i = 0; i < 2; i++) {
		char address[ADDRESS_TEXT_MAX], text[160];

		if (gateways[i]->family == 0)
			continue;
		snprintf(text, sizeof text,
			 "clients behind a router: by %s, tap %s, routing table %u, rules of "
			 "priority %d",
			 address_to_text(gateways[i], address), config->tap_name,
			 routes_table(config->tap_name), ROUTES_PRIORITY);
		line(text, arg);
	}
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
		describe_gateways(config, line, arg);
	}
}

void dataplane_look(struct dataplane *dataplane)
{
	faults_look(dataplane->faults);
}

void dataplane_faults(struct dataplane *dataplane, dataplane_fault_visit visit, void *arg)
{
	faults_each(dataplane->faults, visit, arg);
}
