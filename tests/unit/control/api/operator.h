// A control socket in a folder of its own, with a real store behind it, and operators on plain
// sockets.
#pragma once

#include "control/alarms/alarms.h"
#include "control/api/api.h"
#include "control/api/protocol.h"
#include "control/log.h"
#include "tests/unit/control/api/resolver.h"
#include "tests/unit/dataplane/answer/given.h"

#include <jansson.h>
#include <uv.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 120000

static char folder[64], path[100];
static uv_loop_t loop;
static struct api *api;
static struct alarms *alarms;
static struct store_clock now;
static unsigned stops;

static unsigned cycles_asked;

// Nothing the first time; then 1,000 packets, stage n at 10 n ticks each, in bursts of 2 to 3.
static inline bool cycles_of(void *arg, struct cycles *out, uint64_t *hz)
{
	(void)arg;
	memset(out, 0, sizeof(*out));
	*hz = 2600000000;
	if (cycles_asked++ == 0)
		return false;
	for (unsigned stage = 0; stage < CYCLE_STAGE_COUNT; stage++)
		out->ticks[stage] = 10000ull * stage;
	out->packets = 1000;
	out->bursts[1] = 500;
	return true;
}

static inline void counters(void *arg, api_counter_visit visit, void *visit_arg)
{
	(void)arg;
	visit("dataplane.received", "packets received", 12345678901, visit_arg);
	visit("dataplane.drop.runt", "shorter than its headers say", 0, visit_arg);
	visit("upstream.sent_udp", "questions sent over UDP", 7, visit_arg);
	visit("tcp.open", "TCP connections open", 0, visit_arg);
}

static const char *described = "port 0: net_af_xdp0, up";
static inline void describe(void *arg, void (*line)(const char *text, void *line_arg),
			    void *line_arg)
{
	(void)arg;
	line(described, line_arg);
}

// Whether the answer was there for the operator at `stopping_fd` by then.
static int stopping_fd;
static bool stop_was_answered;

static inline void stop(void *arg)
{
	char answer[500];
	ssize_t len = recv(stopping_fd, answer, sizeof(answer), MSG_PEEK | MSG_DONTWAIT);

	(void)arg;
	stop_was_answered = len > 0 && memmem(answer, (size_t)len, "stopping", 8) != NULL;
	stops++;
}

static inline uint64_t real_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

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
	(void)cache_maintain(store_cache(store), 0); // entries are older than now
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

// Shares of the loop that verbs and their answers have had.
static unsigned loop_shares;
static inline void note_share(void *arg, const char *what)
{
	(void)arg, (void)what;
	loop_shares++;
}

static const struct api_groups *groups;
static inline struct api *open_api(const char *at, char *err, size_t err_len)
{
	static char resolver; // stands for one: its functions are those above
	struct api_context context = {.store = store,
				      .resolver = (struct resolver *)&resolver,
				      .groups = groups,
				      .counters = counters,
				      .cycles = cycles_of,
				      .alarms = alarms,
				      .describe = describe,
				      .runs = note_share,
				      .stop = stop};

	return api_open(&loop, at, &context, err, err_len);
}

static inline int setup(void **state)
{
	struct store_config config = {.cache = {.memory_bytes = 16 << 20,
						.shards = 1,
						.one_shot_bytes = 1 << 20,
						.denial_bytes = 1 << 20},
				      .stale_ttl_s = 30};
	char err[256];

	(void)state;
	signal(SIGPIPE, SIG_IGN); // as main() does
	strcpy(folder, "/tmp/assay-test-api-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	store = store_new(&config, err, sizeof(err));
	assert_non_null(store);
	now = (struct store_clock){NOW_MS, NOW_S, true};
	store_set_clock(store, &now);
	stops = forgets = requests_under_way = shares = loop_shares = 0;
	explained_count = 0;
	described = "port 0: net_af_xdp0, up";
	log_set_level(LOG_LEVEL_INFO);
	assert_int_equal(uv_loop_init(&loop), 0);
	alarms = alarms_new();
	assert_non_null(alarms);
	alarms_now(alarms, &now);
	api = open_api(path, err, sizeof(err));
	assert_non_null(api);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	api_close(api);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	store_free(store);
	alarms_free(alarms);
	assert_int_equal(access(path, F_OK), -1); // the socket goes with its daemon
	return rmdir(folder);
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
			  .security = SECURITY_SECURE,
			  .ttl_s = 300,
			  .stale_s = 3600,
			  .now_ms = NOW_MS - 12000,
			  .signature_expires_s = NOW_S + 86400,
			  .data = {{.type = TYPE_A, .ttl_s = 300, .rdata = "c0000201"},
				   {.type = TYPE_A, .ttl_s = 300, .rdata = "c0000202"}}};

	publish(&a);
}

static inline void publish_failure(const char *name, const char *words)
{
	struct given bogus = {.name = name,
			      .type = TYPE_A,
			      .kind = ENTRY_FAILURE,
			      .ttl_s = 60,
			      .rcode = RCODE_SERVFAIL,
			      .ede = EDE_DNSSEC_BOGUS,
			      .ede_text = words,
			      .now_ms = now.now_ms};

	publish(&bogus);
}

// ---- operators ----

static inline int operator_connects(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline bool is_closed(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

// Reads one line as JSON. Its reference is the caller's.
static inline json_t *read_json(int fd)
{
	static char line[PROTOCOL_LINE_MAX];
	size_t len = 0;
	json_t *value;

	do {
		ssize_t got;

		until((got = recv(fd, line + len, 1, 0)) >= 0 || errno != EAGAIN);
		if (got <= 0)
			fail_msg("the connection ended after %zu bytes of a line", len);
	} while (line[len++] != '\n' && len < sizeof(line));
	value = json_loadb(line, len, 0, NULL);
	assert_non_null(value);
	return value;
}

static inline int greeted_operator(void)
{
	int fd = operator_connects();
	json_t *hello = read_json(fd);

	assert_int_equal(json_integer_value(json_object_get(hello, "assay")), PROTOCOL_VERSION);
	assert_string_equal(json_string_value(json_object_get(hello, "version")), ASSAY_VERSION);
	json_decref(hello);
	return fd;
}

static inline void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

// What the last request came to.
static json_t *answer, *data;
static const char *text, *error;

static inline void take_answer(int fd)
{
	json_decref(answer);
	answer = read_json(fd);
	data = json_object_get(answer, "data");
	text = json_string_value(json_object_get(answer, "text"));
	error = json_string_value(json_object_get(answer, "error"));
	assert_true(json_is_true(json_object_get(answer, "ok")) == (error == NULL));
	assert_true((text != NULL) == (error == NULL));
}

static inline int drop_answer(void **state)
{
	json_decref(answer);
	answer = NULL;
	return teardown(state);
}

// One verb on a connection of its own. Arguments as JSON: "\"www.example.\", \"A\"".
static inline void ask(const char *verb, const char *arguments)
{
	char line[1000];
	int fd = greeted_operator();

	snprintf(line, sizeof(line), "{\"verb\": \"%s\", \"arguments\": [%s]}\n", verb, arguments);
	send_text(fd, line);
	take_answer(fd);
	close(fd);
}

static inline void assert_refused(const char *verb, const char *arguments, const char *sentence)
{
	ask(verb, arguments);
	assert_non_null(error);
	if (!strstr(error, sentence))
		fail_msg("%s %s: \"%s\" does not say \"%s\"", verb, arguments, error, sentence);
}

static inline void assert_says(const char *part)
{
	assert_null(error);
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static inline void assert_says_nothing_of(const char *part)
{
	assert_null(error);
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}

static inline json_int_t number_of(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static inline const char *word_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}
