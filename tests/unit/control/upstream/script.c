#include "tests/unit/control/upstream/script.h"

#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <string.h>

const struct upstream_config script_config = {
	.case_randomisation = true,
	.cookies = true,
	.servers_max = 1024,
	.exchanges_max = 16,
	.ipv4 = true,
	.ipv6 = true,
};

// ---- the transport ----

static struct channel *open_channel(void *ctx, const struct address *server, uint16_t port,
				    bool tcp, const struct tls_peer *tls, channel_event_fn on_event,
				    void *arg)
{
	struct script *script = ctx;
	struct channel *channel = NULL;

	if (script->fail_open > 0) {
		script->fail_open--;
		return NULL;
	}
	for (size_t i = 0; i < script->channel_count && !channel; i++)
		if (!script->channels[i].open)
			channel = &script->channels[i];
	if (!channel) {
		assert_true(script->channel_count < SCRIPT_CHANNELS_MAX);
		channel = &script->channels[script->channel_count++];
	}
	script->opened++;
	*channel = (struct channel){
		.script = script,
		.open = true,
		.tls = tls,
		.tcp = tcp,
		.server = *server,
		.port = port,
		.on_event = on_event,
		.arg = arg,
	};
	return channel;
}

static int send_packet(struct channel *channel, const uint8_t *data, size_t len)
{
	struct script *script = channel->script;
	struct script_packet *packet;

	assert_true(channel->open);
	if (script->send_error)
		return script->send_error;
	assert_true(len <= sizeof(packet->data));
	packet = &script->sent[script->sent_count++ % SCRIPT_PACKETS_MAX];
	packet->tcp = channel->tcp;
	packet->len = len;
	packet->server = channel->server;
	packet->channel = channel;
	memcpy(packet->data, data, len);
	return 0;
}

static void close_channel(struct channel *channel)
{
	assert_true(channel->open);
	channel->open = false;
}

static uint64_t now_us(void *ctx)
{
	return ((struct script *)ctx)->now_us;
}

static void set_timer(void *ctx, uint64_t at_us)
{
	((struct script *)ctx)->timer_at_us = at_us;
}

static void draw(void *ctx, void *out, size_t len)
{
	random_bytes(&((struct script *)ctx)->random, out, len);
}

// ---- the script ----

void script_start(struct script *script, const struct upstream_config *config)
{
	memset(script, 0, sizeof(*script));
	random_open(&script->random);
	script->now_us = 1000000;
	script->timer_at_us = UINT64_MAX;
	script->charge_limit = 100;
	script->transport = (struct transport){
		.ctx = script,
		.open = open_channel,
		.send = send_packet,
		.close = close_channel,
		.now_us = now_us,
		.set_timer = set_timer,
		.random = draw,
	};
	script->upstream = upstream_new(config, &script->transport);
	assert_non_null(script->upstream);
}

void script_stop(struct script *script)
{
	upstream_free(script->upstream);
	assert_false(script_open(script));
	message_free(script->reply.message);
	random_close(&script->random);
}

static bool charge(void *arg, unsigned packets)
{
	struct script *script = arg;

	if (script->charged + packets > script->charge_limit)
		return false;
	script->charged += packets;
	return true;
}

struct exchange_request script_request(struct script *script)
{
	return (struct exchange_request){
		.server = script_address("192.0.2.1"),
		.port = 53,
		.name = script_name("www.example."),
		.type = TYPE_A,
		.timeout_ms = 400,
		.charge = charge,
		.charge_arg = script,
	};
}

static void on_done(void *arg, const struct exchange_reply *reply)
{
	struct script *script = arg;

	assert_false(script->in_call);
	script->done++;
	script->exchange = NULL;
	message_free(script->reply.message);
	script->reply = *reply;
}

void script_ask(struct script *script, const struct exchange_request *request)
{
	script->done = 0;
	message_free(script->reply.message);
	script->reply = (struct exchange_reply){0};
	script->in_call = true;
	script->exchange = exchange_start(script->upstream, request, on_done, script);
	script->in_call = false;
}

void script_begin_tcp(struct script *script)
{
	script_start(script, &script_config);
	struct exchange_request request = script_request(script);
	request.tcp = true;
	script_ask(script, &request);
	script_connected(script);
}

struct channel *script_channel(struct script *script)
{
	struct channel *found = NULL;

	for (size_t i = 0; i < script->channel_count; i++) {
		if (!script->channels[i].open)
			continue;
		assert_null(found);
		found = &script->channels[i];
	}
	assert_non_null(found);
	return found;
}

bool script_open(const struct script *script)
{
	for (size_t i = 0; i < script->channel_count; i++)
		if (script->channels[i].open)
			return true;
	return false;
}

bool script_open_tcp(const struct script *script)
{
	for (size_t i = 0; i < script->channel_count; i++)
		if (script->channels[i].open && script->channels[i].tcp)
			return true;
	return false;
}

void script_event(struct script *script, enum channel_event event)
{
	struct channel *channel = script_channel(script);

	channel->on_event(channel->arg, event, NULL, 0, &channel->server);
}

void script_connected(struct script *script)
{
	assert_true(script_channel(script)->tcp);
	script_event(script, CHANNEL_CONNECTED);
}

void script_deliver(struct script *script, const uint8_t *data, size_t len)
{
	struct channel *channel = script_channel(script);
	uint8_t *copy = test_malloc(len + 1); // so that reading past the end is seen

	memcpy(copy + 1, data, len);
	channel->on_event(channel->arg, CHANNEL_MESSAGE, copy + 1, len, &channel->server);
	test_free(copy);
}

const struct script_packet *script_last(const struct script *script)
{
	assert_true(script->sent_count > 0);
	return &script->sent[(script->sent_count - 1) % SCRIPT_PACKETS_MAX];
}

static const struct script_packet *packet_at(const struct script *script, size_t i)
{
	assert_true(i < script->sent_count && script->sent_count - i <= SCRIPT_PACKETS_MAX);
	return &script->sent[i % SCRIPT_PACKETS_MAX];
}

struct query script_query_at(const struct script *script, size_t i)
{
	const struct script_packet *packet = packet_at(script, i);
	struct query query;

	assert_int_equal(query_parse(packet->data, packet->len, &query), QUERY_ANSWER);
	return query;
}

struct query script_query(const struct script *script)
{
	assert_true(script->sent_count > 0);
	return script_query_at(script, script->sent_count - 1);
}

static void put_opt(struct builder *builder, const struct query *query,
		    const struct script_reply *options)
{
	struct edns edns = {
		.present = true,
		.do_bit = query->edns.do_bit,
		.udp_size = 1232,
		.rcode_high = (uint8_t)(options->rcode >> 4),
		.has_cookie = query->edns.has_cookie && !options->no_cookie,
		.ede = EDE_NONE,
	};

	if (options->no_opt || !query->edns.present)
		return;
	memcpy(edns.client_cookie, query->edns.client_cookie, COOKIE_CLIENT_LEN);
	if (options->wrong_cookie)
		edns.client_cookie[3] ^= 1;
	if (options->server_cookie) {
		edns.server_cookie_len = 16;
		memset(edns.server_cookie, options->server_cookie, 16);
	}
	if (options->make_up_cookie) {
		edns.has_cookie = true;
		memset(edns.client_cookie, options->zero_cookie ? 0 : 0x41, COOKIE_CLIENT_LEN);
		edns.server_cookie_len = 16;
		memset(edns.server_cookie, 0x42, 16);
	}
	builder_opt(builder, &edns, EDE_NONE, NULL);
}

// Over an A RRset, by the root.
static const uint8_t rrsig[18 + 1 + 8] = {0, TYPE_A, 13, 1, 0, 0, 1, 44};

static size_t build(const struct script *script, size_t to, struct script_reply options,
		    uint8_t *out, size_t cap)
{
	const struct script_packet *packet = packet_at(script, to);
	struct query query = script_query_at(script, to);
	struct builder builder;
	uint8_t name[NAME_MAX_LEN];
	int len;

	memcpy(name, query.question, query.qname_len);
	if (options.lower_case)
		name_lower(name, name, query.qname_len);
	builder_start(&builder, out, cap, header_id(packet->data),
		      (uint16_t)(FLAG_QR | options.flags | (options.rcode & 15)));
	builder_question(&builder, name, query.qtype, CLASS_IN);
	if (!options.no_answer)
		for (unsigned i = 0; i <= options.records; i++)
			builder_record(
				&builder, SECTION_ANSWER, name, TYPE_A, CLASS_IN, 300,
				(const uint8_t[]){
					192, 0, 2,
					(uint8_t)((options.address ? options.address : 100) + i)},
				4);
	if (options.is_signed)
		builder_record(&builder, SECTION_ANSWER, name, TYPE_RRSIG, CLASS_IN, 300, rrsig,
			       sizeof(rrsig));
	put_opt(&builder, &query, &options);
	len = builder_finish(&builder);
	assert_true(len > 0);
	return (size_t)len;
}

size_t script_build(struct script *script, struct script_reply options, uint8_t *out, size_t cap)
{
	assert_true(script->sent_count > 0);
	return build(script, script->sent_count - 1, options, out, cap);
}

size_t script_build_to(struct script *script, size_t packet, struct script_reply options,
		       uint8_t *out, size_t cap)
{
	return build(script, packet, options, out, cap);
}

static void deliver_to(struct script *script, size_t packet, const uint8_t *data, size_t len)
{
	struct channel *channel = packet_at(script, packet)->channel;
	uint8_t *copy = test_malloc(len + 1);

	assert_true(channel->open);
	memcpy(copy + 1, data, len);
	channel->on_event(channel->arg, CHANNEL_MESSAGE, copy + 1, len, &channel->server);
	test_free(copy);
}

void script_deliver_to(struct script *script, size_t packet, const uint8_t *data, size_t len)
{
	deliver_to(script, packet, data, len);
}

void script_answer_to(struct script *script, size_t packet, struct script_reply options)
{
	uint8_t out[4096];

	deliver_to(script, packet, out, build(script, packet, options, out, sizeof(out)));
}

void script_bare_error(struct script *script, size_t packet, unsigned rcode)
{
	uint8_t out[HEADER_LEN] = {0};

	wire_put16(out, header_id(packet_at(script, packet)->data));
	wire_put16(out + 2, (uint16_t)(FLAG_QR | rcode));
	deliver_to(script, packet, out, sizeof(out));
}

unsigned script_open_count(const struct script *script)
{
	unsigned count = 0;

	for (size_t i = 0; i < script->channel_count; i++)
		count += script->channels[i].open;
	return count;
}

void script_answer(struct script *script, struct script_reply options)
{
	uint8_t out[4096];
	size_t len = script_build(script, options, out, sizeof(out));

	script_deliver(script, out, len);
}

void script_advance_ms(struct script *script, uint64_t ms)
{
	uint64_t until_us = script->now_us + ms * 1000;

	while (script->timer_at_us <= until_us) {
		if (script->timer_at_us > script->now_us)
			script->now_us = script->timer_at_us;
		script->timer_at_us = UINT64_MAX;
		upstream_timer(script->upstream);
	}
	script->now_us = until_us;
}

struct find {
	const char *name;
	uint64_t value;
	bool found;
};

static void find_counter(const char *name, const char *words, uint64_t value, void *arg)
{
	struct find *find = arg;

	assert_true(strlen(words) > 0);
	if (strcmp(name, find->name) != 0)
		return;
	find->found = true;
	find->value = value;
}

uint64_t script_counter(const struct script *script, const char *name)
{
	struct find find = {.name = name};

	upstream_counters(script->upstream, find_counter, &find);
	assert_true(find.found);
	return find.value;
}

struct address script_address(const char *text)
{
	struct address address = {.family = strchr(text, ':') ? 6 : 4};

	assert_int_equal(inet_pton(address.family == 6 ? AF_INET6 : AF_INET, text, address.bytes),
			 1);
	return address;
}

const uint8_t *script_name(const char *text)
{
	static uint8_t names[8][NAME_MAX_LEN];
	static unsigned next;
	uint8_t *name = names[next++ % 8];

	assert_true(name_from_text(text, name) > 0);
	return name;
}

void script_expect(struct script *script, enum upstream_outcome outcome)
{
	assert_int_equal(script->done, 1);
	assert_string_equal(upstream_outcome_words(script->reply.outcome),
			    upstream_outcome_words(outcome));
	assert_int_equal(script->reply.message != NULL, outcome == UPSTREAM_OK);
	assert_false(script_open(script));
}

void script_expect_waiting(const struct script *script)
{
	assert_int_equal(script->done, 0);
	assert_true(script_open(script));
}
