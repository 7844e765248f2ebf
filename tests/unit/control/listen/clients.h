// A listener on 127.0.0.1 with a real store behind it, clients on plain sockets, and a resolver
// that keeps what it is asked until the test answers.
#pragma once

#include "control/listen/connection.h"
#include "tests/unit/dataplane/answer/given.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 120000 // no test waits longer for what must happen
#define KEPT_MAX    2048

struct kept {
	struct ticket_question question;
	void (*done)(void *arg, struct store_result *result);
	void *arg;
};

static uv_loop_t loop;
static struct acl *acl;
static struct store *store;
static struct listener *listener;
static struct kept kept[KEPT_MAX];
static size_t kept_count;
static bool resolver_is_full;

static inline int keep(void *arg, const struct ticket_question *question,
		       void (*done)(void *done_arg, struct store_result *result), void *done_arg)
{
	(void)arg;
	if (resolver_is_full)
		return -EAGAIN;
	assert_true(kept_count < KEPT_MAX);
	kept[kept_count++] = (struct kept){*question, done, done_arg};
	return 0;
}

static inline void publish(const struct given *given)
{
	static struct given_space space;
	const struct entry *entry;

	assert_int_equal(cache_publish(store_cache(store), given_spec(&space, given), &entry),
			 PUBLISHED);
	cache_unpin(store_cache(store), entry);
}

static inline void publish_address(const char *name)
{
	struct given a = {.name = name,
			  .type = TYPE_A,
			  .security = SECURITY_INSECURE,
			  .ttl_s = 300,
			  .data = {{.type = TYPE_A, .ttl_s = 300, .rdata = "c0000201"}}};

	publish(&a);
}

// Ends the n-th kept question with an error result, which every client can tell apart by its RCODE.
static inline void answer_kept(size_t n, unsigned rcode)
{
	kept[n].done(kept[n].arg, store_result_error(store, rcode, EDE_NONE, NULL));
}

static inline uint64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// One turn of the loop that waits at most a moment for something to happen.
static inline void a_moment_is_over(uv_timer_t *timer)
{
	(void)timer;
}

static inline void turn(void)
{
	static uv_timer_t moment;

	uv_timer_init(&loop, &moment);
	// Again and again: one that is over before the loop looks would leave it without an end to
	// wait for.
	uv_timer_start(&moment, a_moment_is_over, 5, 5);
	uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&moment, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

#define until(condition)                                                                           \
	do {                                                                                       \
		uint64_t give_up = real_ms() + PATIENCE_MS;                                        \
		while (!(condition)) {                                                             \
			if (real_ms() > give_up)                                                   \
				fail_msg("waited in vain for %s", #condition);                     \
			turn();                                                                    \
		}                                                                                  \
	} while (0)

static inline void open_listener(void)
{
	static const struct acl_rule everybody = {.prefix = {.family = 4}, .action = ACL_ALLOW};
	struct service_addresses addresses = {.list = {{4, {127, 0, 0, 1}}}, .count = 1};
	struct store_config config = {
		.cache = {.memory_bytes = 16 << 20, .shards = 1, .one_shot_bytes = 1 << 20},
		.stale_ttl_s = 30};
	struct store_clock clock = {NOW_MS, NOW_S, true};
	char err[256];

	acl = acl_new(&everybody, 1);
	config.acl = acl;
	store = store_new(&config, err, sizeof(err));
	assert_non_null(store);
	store_set_clock(store, &clock);
	assert_int_equal(uv_loop_init(&loop), 0);
	listener = listener_open(&loop, store, &addresses, 0, keep, NULL, err, sizeof(err));
	assert_non_null(listener);
	kept_count = 0;
	resolver_is_full = false;
}

// Everything is gone: no handle is left in the loop, no result in the store.
static inline void shut_listener(void)
{
	struct cache_counters counters;

	if (listener)
		listener_close(listener);
	listener = NULL;
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	cache_counters(store_cache(store), &counters);
	assert_int_equal(counters.bytes_one_shot, 0);
	store_free(store);
	acl_free(acl);
}

static inline int setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); // as main() does
	open_listener();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	shut_listener();
	return 0;
}

// ---- clients ----

static inline int client(void)
{
	struct sockaddr_storage bound;
	int len = sizeof(bound);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(uv_tcp_getsockname(&listener->sockets[0], (struct sockaddr *)&bound, &len),
			 0);
	assert_true(connect(fd, (struct sockaddr *)&bound, sizeof(struct sockaddr_in)) == 0 ||
		    errno == EINPROGRESS);
	return fd;
}

static inline int taken_client(void)
{
	uint64_t before = listener->counters.accepted;
	int fd = client();

	until(listener->counters.accepted > before);
	return fd;
}

// Length and question. The ID is what tells answers apart.
static inline size_t question(uint8_t *out, unsigned id, const char *name_and_type)
{
	static struct bytes query;

	given_query(&query, FLAG_RD, name_and_type, NULL);
	wire_put16(out, (uint16_t)query.len);
	memcpy(out + 2, query.data, query.len);
	wire_put16(out + 2, (uint16_t)id);
	return 2 + query.len;
}

static inline void send_all(int fd, const uint8_t *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static inline void send_question(int fd, unsigned id, const char *name_and_type)
{
	uint8_t bytes[600];

	send_all(fd, bytes, question(bytes, id, name_and_type));
}

static inline void read_exactly(int fd, uint8_t *out, size_t len)
{
	size_t have = 0;
	ssize_t got;

	while (have < len) {
		until((got = recv(fd, out + have, len - have, 0)) >= 0 || errno != EAGAIN);
		if (got <= 0)
			fail_msg("connection ended %zu bytes too early", len - have);
		have += (size_t)got;
	}
}

// One answer; returns its length, its bytes in `answer`.
static uint8_t answer[65535];
static inline size_t read_answer(int fd)
{
	uint8_t len[2];

	read_exactly(fd, len, 2);
	read_exactly(fd, answer, wire_get16(len));
	return wire_get16(len);
}

static inline unsigned answer_id(void)
{
	return wire_get16(answer);
}

static inline unsigned answer_rcode(void)
{
	return header_flags(answer) & 15;
}

static inline bool is_closed(int fd)
{
	uint8_t byte;
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

static inline void assert_open(int fd)
{
	uint8_t byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_PEEK), -1);
	assert_int_equal(errno, EAGAIN);
}
