// Questions over the real transport to a server of OpenSSL on loopback.
#pragma once

#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"
#include "tests/unit/control/upstream/tls_server.h"

#include <uv.h>

#include <stdlib.h>
#include <string.h>

#define DAY 86400

// Of socket_tls.h, which the scripts' own channels stand in the way of.
#define TLS_LINKS_SERVER_MAX 4
#define TLS_QUESTIONS_MAX    128

struct fixture {
	uv_loop_t loop;
	struct socket_transport *sockets;
	struct transport transport;
	struct upstream *upstream;
	struct tls_authority authority, other; // the first is trusted
	struct tls_proof proof;
	struct tls_server server;
	struct tls_peer peer;
	const struct tls_peer *as; // in its place
	uint32_t timeout_ms;
	unsigned done, good;
	struct exchange_reply reply; // the last one; its message is freed
	size_t records;
	unsigned names; // asked for so far
	uint8_t asked[1024][32];
	bool mixed; // an answer came to another question than its own
	unsigned late;
	char said[512];
	unsigned said_count;
};
static struct fixture *f;

static inline void on_timer(void *arg)
{
	upstream_timer(((struct fixture *)arg)->upstream);
}

static inline void say(void *arg, const char *text)
{
	(void)arg;
	snprintf(f->said, sizeof(f->said), "%s", text);
	f->said_count++;
}

static inline void open_upstream(void)
{
	struct upstream_config config = script_config;
	const struct socket_transport_config sockets = {
		.tls = true, .tls_ca_file = f->authority.file, .say = say};

	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(
		socket_transport_open(&f->loop, &sockets, on_timer, f, &f->transport, &f->sockets),
		0);
	config.exchanges_max = 1000;
	f->upstream = upstream_new(&config, &f->transport);
	assert_non_null(f->upstream);
	upstream_allow_loopback(f->upstream, true);
}

static inline int set_up(void **state)
{
	(void)state;
	f = calloc(1, sizeof(*f));
	f->timeout_ms = 2000;
	tls_authority_make(&f->authority);
	tls_authority_make(&f->other);
	strcpy(f->peer.name, "dns.test");
	open_upstream();
	return 0;
}

static inline void serve(enum tls_server_kind kind)
{
	if (f->proof.key == NULL)
		f->proof = tls_proof_make(&f->authority, "DNS:dns.test", "x", -DAY, DAY);
	f->server.kind = kind;
	tls_server_start(&f->server, &f->proof);
}

static inline void close_upstream(void)
{
	upstream_free(f->upstream);
	socket_transport_close(f->sockets);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	f->upstream = NULL;
}

static inline int tear_down(void **state)
{
	(void)state;
	if (f->upstream != NULL)
		close_upstream();
	if (f->server.context != NULL)
		tls_server_stop(&f->server);
	tls_proof_free(&f->proof);
	tls_authority_free(&f->authority);
	tls_authority_free(&f->other);
	free(f);
	return 0;
}

static inline void on_done(void *arg, const struct exchange_reply *reply)
{
	f->done++;
	f->good += reply->outcome == UPSTREAM_OK;
	f->reply = *reply;
	f->records = 0;
	if (reply->message != NULL) {
		f->mixed |= !name_equal(reply->message->qname, arg);
		if (reply->message->sections[SECTION_ANSWER].count > 0)
			f->records = reply->message->sections[SECTION_ANSWER].rrsets[0]->count;
	}
	message_free(reply->message);
	f->reply.message = NULL;
}

static inline void on_late(void *arg)
{
	(void)arg;
	f->late++;
}

static inline struct exchange *ask_with(uint32_t late_ms)
{
	char text[32];
	uint8_t *name = f->asked[f->names];

	snprintf(text, sizeof(text), "n%u.example.", f->names++);
	memcpy(name, script_name(text), name_len(script_name(text)));
	struct exchange_request request = {
		.server = script_address("127.0.0.1"),
		.port = f->server.port,
		.name = name,
		.type = TYPE_TXT,
		.tls = f->as != NULL ? f->as : &f->peer,
		.timeout_ms = f->timeout_ms,
		.late_ms = late_ms,
		.late = on_late,
	};
	return exchange_start(f->upstream, &request, on_done, name);
}

static inline struct exchange *ask(void)
{
	return ask_with(0);
}

static inline void on_alarm(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

// Until it is so, at most two minutes.
static inline void run_until(bool (*is_so)(unsigned number), unsigned number)
{
	uv_timer_t alarm, tick;
	bool late = false, ticked = false;

	uv_timer_init(&f->loop, &alarm);
	uv_timer_init(&f->loop, &tick); // what the server's threads do wakes nobody here
	alarm.data = &late;
	tick.data = &ticked;
	uv_timer_start(&alarm, on_alarm, 120000, 0);
	uv_timer_start(&tick, on_alarm, 10, 10);
	while (!is_so(number) && !late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&alarm, NULL);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_false(late);
}

static inline bool are_done(unsigned number)
{
	return f->done >= number;
}

static inline bool have_ended(unsigned number)
{
	return f->server.ended >= number;
}

static inline bool have_asked(unsigned number)
{
	return f->server.questions >= number;
}

static inline void expect(enum upstream_outcome outcome)
{
	assert_string_equal(upstream_outcome_words(f->reply.outcome),
			    upstream_outcome_words(outcome));
}

static inline void ask_one(enum upstream_outcome outcome)
{
	f->done = 0;
	assert_non_null(ask());
	assert_int_equal(f->done, 0);
	run_until(are_done, 1);
	assert_int_equal(f->done, 1);
	expect(outcome);
}

static inline void ask_many(unsigned count)
{
	f->done = f->good = 0;
	for (unsigned i = 0; i < count; i++)
		assert_non_null(ask());
	run_until(are_done, count);
	assert_int_equal(f->done, count);
	assert_false(f->mixed);
}

struct wanted_counter {
	const char *name;
	uint64_t value;
};

static inline void look(const char *name, const char *words, uint64_t value, void *arg)
{
	struct wanted_counter *wanted = arg;

	(void)words;
	if (strcmp(name, wanted->name) == 0)
		wanted->value = value;
}

static inline uint64_t counter(const char *name)
{
	struct wanted_counter wanted = {.name = name, .value = UINT64_MAX};

	upstream_counters(f->upstream, look, &wanted);
	assert_true(wanted.value != UINT64_MAX);
	return wanted.value;
}

#define tls_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
