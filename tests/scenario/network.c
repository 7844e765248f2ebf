#include "tests/scenario/network.h"

#include "tests/scenario/server.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct channel {
	struct network *network;
	struct network_server *server; // NULL: nobody there
	struct address address;
	bool tcp, closed;
	const struct tls_peer *tls;
	channel_event_fn on_event;
	void *arg;
	unsigned refs; // events to come, and its owner
};

struct network_event {
	struct network_event *next;
	uint64_t at_us;
	struct channel *channel;
	enum channel_event event;
	size_t len;
	uint8_t data[];
};

static void channel_unref(struct channel *channel)
{
	if (--channel->refs == 0)
		free(channel);
}

static void schedule(struct channel *channel, enum channel_event event, uint64_t delay_us,
		     const uint8_t *data, size_t len)
{
	struct network *network = channel->network;
	struct network_event *e = calloc(1, sizeof(*e) + len);
	struct network_event **slot = &network->events;

	assert_non_null(e);
	e->at_us = network->now_us + delay_us;
	e->channel = channel;
	e->event = event;
	e->len = len;
	if (len > 0)
		memcpy(e->data, data, len);
	channel->refs++;
	while (*slot != NULL && (*slot)->at_us <= e->at_us)
		slot = &(*slot)->next;
	e->next = *slot;
	*slot = e;
}

// ---- transport ----

static struct network_server *server_at(struct network *network, const struct address *address)
{
	for (size_t i = 0; i < network->server_count; i++) {
		if (memcmp(&network->servers[i].address, address, sizeof(*address)) == 0)
			return &network->servers[i];
	}
	return NULL;
}

static void random_bytes(void *ctx, void *out, size_t len)
{
	struct network *network = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		network->random = network->random * 6364136223846793005ULL + 1442695040888963407ULL;
		p[i] = (uint8_t)(network->random >> 56);
	}
}

static bool is_drawn(struct network *network, unsigned percent)
{
	uint32_t drawn;

	if (percent == 0)
		return true;
	random_bytes(network, &drawn, sizeof(drawn));
	return drawn % 100 < percent;
}

static bool matches(const struct fault *fault, const struct network_server *server,
		    const struct network_query *query)
{
	if (fault->server != NULL && strcmp(fault->server, server->text) != 0)
		return false;
	if (fault->times > 0 && fault->hits >= (unsigned)fault->times)
		return false;
	if (query == NULL)
		return fault->name == NULL && fault->below == NULL && fault->type == 0 &&
		       !fault->udp_only && !fault->edns_only && !fault->cookie_only &&
		       !fault->mixed_only && !fault->one_case_only;
	if ((fault->edns_only && !query->edns) || (fault->cookie_only && !query->cookie) ||
	    (fault->mixed_only && !query->mixed_case) ||
	    (fault->one_case_only && query->mixed_case))
		return false;
	if (fault->name != NULL && !name_equal(text_name(fault->name), query->name))
		return false;
	if (fault->below != NULL && !name_within(query->name, text_name(fault->below)))
		return false;
	if ((fault->udp_only && query->tcp) || (fault->tcp_only && !query->tcp))
		return false;
	return fault->type == 0 || fault->type == query->type;
}

static struct fault *find_fault(struct network *network, const struct network_server *server,
				const struct network_query *query)
{
	for (size_t i = network->fault_count; i > 0; i--) {
		struct fault *fault = &network->faults[i - 1];
		if (matches(fault, server, query) &&
		    (query == NULL || is_drawn(network, fault->percent)))
			return fault;
	}
	return NULL;
}

static struct channel *open_channel(void *ctx, const struct address *server, uint16_t port,
				    bool tcp, const struct tls_peer *tls, channel_event_fn on_event,
				    void *arg)
{
	struct network *network = ctx;
	struct channel *channel = calloc(1, sizeof(*channel));

	(void)port;
	assert_non_null(channel);
	*channel = (struct channel){
		.network = network,
		.server = server_at(network, server),
		.address = *server,
		.tcp = tcp,
		.tls = tls, // what it proves is tested where it is proven
		.on_event = on_event,
		.arg = arg,
		.refs = 1,
	};
	network->channels_open++;
	if (network->channels_open > network->channels_peak)
		network->channels_peak = network->channels_open;
	if (!tcp)
		return channel;
	network->connections++;
	if (channel->server == NULL)
		return channel; // never connects
	struct fault *fault = find_fault(network, channel->server, NULL);
	if (fault != NULL && fault->kind == FAULT_DROP)
		return channel;
	if (fault != NULL && fault->kind == FAULT_RESET) {
		fault->hits++;
		schedule(channel, CHANNEL_RESET, channel->server->rtt_us, NULL, 0);
	} else {
		schedule(channel, CHANNEL_CONNECTED, channel->server->rtt_us, NULL, 0);
	}
	return channel;
}

static void log_query(struct network *network, const struct network_query *query,
		      const struct tls_peer *tls)
{
	assert_true(network->log_count < NETWORK_LOG_MAX);
	struct log_line *line = &network->log[network->log_count++];
	line->at_us = network->now_us;
	line->server = query->server;
	line->type = query->type;
	line->tcp = query->tcp;
	line->tls = tls;
	name_copy(line->name, query->name);
}

static int send_query(struct channel *channel, const uint8_t *data, size_t len)
{
	struct network *network = channel->network;
	static uint8_t out[65535];
	struct network_query query;

	server_read_query(data, len, &query);
	query.tcp = channel->tcp;
	query.server = channel->server != NULL ? channel->server->text : "nobody";
	log_query(network, &query, channel->tls);
	if (channel->server == NULL)
		return 0;
	struct fault *fault = find_fault(network, channel->server, &query);
	enum fault_kind kind = fault != NULL ? fault->kind : FAULT_NONE;
	uint64_t delay_us = channel->server->rtt_us;
	if (fault != NULL)
		fault->hits++;
	if (kind == FAULT_UNREACHABLE) {
		schedule(channel, CHANNEL_UNREACHABLE, delay_us, NULL, 0);
		return 0;
	}
	if (kind == FAULT_RESET && channel->tcp) {
		schedule(channel, CHANNEL_RESET, delay_us, NULL, 0);
		return 0;
	}
	if (kind == FAULT_DELAY)
		delay_us += 1000ULL * fault->delay_ms;
	if (kind != FAULT_DROP) {
		uint64_t began = network->clock_ns != NULL ? network->clock_ns() : 0;
		size_t out_len = server_reply(channel->server, &query, fault, data, len, out);
		if (network->clock_ns != NULL)
			network->serving_ns += network->clock_ns() - began;
		if (out_len > 0)
			schedule(channel, CHANNEL_MESSAGE, delay_us, out, out_len);
	}
	if (fault != NULL && fault->then_good) {
		size_t out_len = server_reply(channel->server, &query, NULL, data, len, out);
		schedule(channel, CHANNEL_MESSAGE, delay_us + 5000, out, out_len);
	}
	return 0;
}

static void close_channel(struct channel *channel)
{
	channel->network->channels_open--;
	channel->closed = true;
	channel_unref(channel);
}

static uint64_t now_us(void *ctx)
{
	return ((struct network *)ctx)->now_us;
}

static void set_timer(void *ctx, uint64_t at_us)
{
	((struct network *)ctx)->timer_us = at_us;
}

// ---- set-up ----

void network_open(struct network *network)
{
	*network = (struct network){
		.now_us = 1000000000,
		.timer_us = UINT64_MAX,
		.random = 1,
	};
	network->transport = (struct transport){
		.ctx = network,
		.open = open_channel,
		.send = send_query,
		.close = close_channel,
		.now_us = now_us,
		.set_timer = set_timer,
		.random = random_bytes,
	};
}

void network_close(struct network *network)
{
	while (network->events != NULL) {
		struct network_event *e = network->events;
		network->events = e->next;
		channel_unref(e->channel);
		free(e);
	}
	assert_int_equal(network->channels_open, 0);
}

void network_serve(struct network *network, const char *text, struct signer_zone *zone)
{
	struct address address;

	assert_int_equal(address_from_text(text, &address), 0);
	struct network_server *server = server_at(network, &address);
	if (server == NULL) {
		assert_true(network->server_count < NETWORK_SERVERS_MAX);
		server = &network->servers[network->server_count++];
		snprintf(server->text, sizeof(server->text), "%s", text);
		server->address = address;
		server->rtt_us = NETWORK_RTT_US;
	}
	assert_true(server->zone_count < NETWORK_ZONES_PER_SERVER);
	if (zone != NULL)
		server->zones[server->zone_count++] = zone;
}

void network_withdraw(struct network *network, const struct signer_zone *zone)
{
	for (size_t i = 0; i < network->server_count; i++) {
		struct network_server *server = &network->servers[i];
		size_t kept = 0;
		for (size_t k = 0; k < server->zone_count; k++) {
			if (server->zones[k] != zone)
				server->zones[kept++] = server->zones[k];
		}
		server->zone_count = kept;
	}
}

struct fault *network_fault(struct network *network, const struct fault *fault)
{
	assert_true(network->fault_count < NETWORK_FAULTS_MAX);
	network->faults[network->fault_count] = *fault;
	return &network->faults[network->fault_count++];
}

void network_heal(struct network *network)
{
	network->fault_count = 0;
}

// ---- running ----

bool network_timer_due(const struct network *network)
{
	return network->timer_us <= network->now_us;
}

static void deliver(struct network *network)
{
	struct network_event *e = network->events;
	struct channel *channel = e->channel;

	network->events = e->next;
	if (!channel->closed)
		channel->on_event(channel->arg, e->event, e->len > 0 ? e->data : NULL, e->len,
				  &channel->address);
	channel_unref(channel);
	free(e);
}

bool network_step(struct network *network, uint64_t until_us)
{
	uint64_t next_us = network->timer_us;

	if (network->events != NULL && network->events->at_us < next_us)
		next_us = network->events->at_us;
	if (next_us > until_us)
		next_us = until_us;
	if (next_us == UINT64_MAX)
		return false;
	if (next_us > network->now_us)
		network->now_us = next_us;
	if (network->events != NULL && network->events->at_us <= network->now_us)
		deliver(network);
	return true;
}

// ---- what was sent ----

size_t network_sent(const struct network *network, const char *server, const char *name,
		    uint16_t type)
{
	size_t count = 0;

	for (size_t i = 0; i < network->log_count; i++) {
		const struct log_line *line = &network->log[i];
		if (server != NULL && strcmp(server, line->server) != 0)
			continue;
		if (name != NULL && !name_equal(text_name(name), line->name))
			continue;
		count += type == 0 || type == line->type;
	}
	return count;
}

size_t network_sent_since(const struct network *network, uint64_t at_us)
{
	size_t count = 0;

	for (size_t i = 0; i < network->log_count; i++)
		count += network->log[i].at_us >= at_us;
	return count;
}

void network_forget_log(struct network *network)
{
	network->log_count = 0;
	network->connections = 0;
	network->channels_peak = network->channels_open;
}

void network_print_log(const struct network *network)
{
	for (size_t i = 0; i < network->log_count; i++) {
		const struct log_line *line = &network->log[i];
		char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
		print_message("%8.3f s %-16s %s %s%s\n", (double)line->at_us / 1e6, line->server,
			      name_to_text(line->name, name), type_to_text(line->type, type),
			      line->tcp ? " tcp" : "");
	}
}
