// A control socket in a folder of its own, with a real store behind it, and operators on plain
// sockets. The resolver is one that notes what it is told.
#pragma once

#include "control/alarms/alarms.h"
#include "control/api/api.h"
#include "control/api/protocol.h"
#include "control/log.h"
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
static struct store *store;
static struct api *api;
static struct alarms *alarms;
static struct store_clock now;
static unsigned stops;
static uint8_t forgotten[NAME_MAX_LEN];
static unsigned forgets, requests_under_way, shares;

void resolver_forget(struct resolver *resolver, const uint8_t *zone)
{
	(void)resolver;
	name_copy(forgotten, zone);
	forgets++;
}

size_t resolver_flush_name(struct resolver *resolver, const uint8_t *name, const uint16_t *type)
{
	(void)resolver;
	return type != NULL ? cache_flush_type(store_cache(store), name, *type)
			    : cache_flush_name(store_cache(store), name);
}

size_t resolver_requests(const struct resolver *resolver, size_t max, resolver_request_visit visit,
			 void *arg)
{
	static const struct address server = {.family = 4, .bytes = {192, 0, 2, 1}};
	static const uint8_t zone[] = "\7example";

	(void)resolver;
	for (unsigned i = 0; i < requests_under_way && i < max; i++) {
		char text[32];
		uint8_t name[NAME_MAX_LEN];

		snprintf(text, sizeof(text), "www%u.example.", i);
		(void)!name_from_text(text, name);
		struct resolver_request request = {
			.name = name, .type = TYPE_A, .age_ms = 120, .state = "waits for room"};
		if (i == 1) {
			request.server = &server;
			request.zone = zone;
		}
		visit(&request, arg);
	}
	return requests_under_way;
}

static struct route servers_route;

// All that are remembered, three in a share.
bool resolver_servers_some(struct resolver *resolver, size_t *at, size_t max,
			   struct resolver_servers_of *of, resolver_server_visit visit, void *arg)
{
	struct resolver_server server = {.address = {.family = 4, .bytes = {192, 0, 2, 1}}};

	(void)resolver;
	*of = (struct resolver_servers_of){0};
	server.record.facts = (struct server_facts){
		.standing = SERVER_OUT, .rtt_us = 10000, .fails = 3, .cause = SERVER_TIMEOUT};
	server.record.counts[SERVER_TIMEOUT] = 3;
	server.record.probe_ms = 1500;
	server.record.label = "provider-a";
	for (size_t i = 0; i < 3 && i < max && *at < requests_under_way; i++, (*at)++)
		visit(of, &server, arg);
	shares++;
	return *at < requests_under_way;
}

void resolver_servers_each(struct resolver *resolver, const uint8_t *name,
			   const struct address *address, struct resolver_servers_of *of,
			   resolver_server_visit visit, void *arg)
{
	static const uint8_t ns[] = "\2ns\7example";
	static const struct pool_server pool = {
		.port = 853, .priority = 1, .weight = 2, .transport = POOL_TLS, .domain = "east"};
	struct resolver_server server = {.address = {.family = 4, .bytes = {192, 0, 2, 1}},
					 .name = ns};

	(void)resolver, (void)address;
	*of = (struct resolver_servers_of){.known = name != NULL, .failure_domains = 2};
	if (name != NULL) {
		name_copy(of->zone, name);
		of->route = servers_route.pool != NULL ? &servers_route : NULL;
		server.pool = of->route != NULL ? &pool : NULL;
	}
	server.record.facts = (struct server_facts){
		.standing = SERVER_OUT, .rtt_us = 10000, .fails = 3, .cause = SERVER_TIMEOUT};
	server.record.here = (struct server_facts){.standing = SERVER_WELL, .here = name != NULL};
	server.record.counts[SERVER_TIMEOUT] = 3;
	server.record.probe_ms = 1500;
	server.record.label = "provider-a";
	for (unsigned i = 0; i < requests_under_way; i++)
		visit(of, &server, arg);
}

// The name whose questions are told of, "" for every one; NULL line: none.
static char traced_name[NAME_TEXT_MAX];
static resolver_trace_line traced_line;
static uint64_t traced_for_ms;

void resolver_trace(struct resolver *resolver, const uint8_t *name, uint64_t for_ms,
		    resolver_trace_line line, void *arg)
{
	(void)resolver, (void)arg;
	traced_name[0] = '\0';
	if (name != NULL)
		name_to_text(name, traced_name);
	traced_line = line;
	traced_for_ms = for_ms;
}

bool resolver_traced(const struct resolver *resolver, uint8_t name[NAME_MAX_LEN], uint64_t *left_ms)
{
	(void)resolver;
	*left_ms = traced_for_ms;
	return traced_line != NULL && traced_name[0] != '\0' &&
	       name_from_text(traced_name, name) > 0;
}

static char servers_asked[NAME_TEXT_MAX];

void resolver_servers(struct resolver *resolver, const uint8_t *name, const struct address *address,
		      void (*line)(const char *text, void *arg), void *arg)
{
	(void)resolver;
	snprintf(servers_asked, sizeof(servers_asked), "all");
	if (name != NULL)
		name_to_text(name, servers_asked);
	if (address != NULL)
		address_to_text(address, servers_asked);
	if (requests_under_way > 0 && (name != NULL || address != NULL))
		line("192.0.2.1 rtt 10.0 ms +- 5.0, good", arg);
}

// Failed resolutions, newest first, and what was asked for.
static struct failed_view explained[4];
static size_t explained_count;
static struct explain_filter explain_asked;
static uint8_t explain_name[NAME_MAX_LEN], explain_zone[NAME_MAX_LEN];

size_t resolver_explain(struct resolver *resolver, const struct explain_filter *filter,
			resolver_explain_visit visit, void *arg)
{
	size_t count = 0;

	(void)resolver;
	explain_asked = *filter;
	if (filter->name != NULL)
		name_copy(explain_name, filter->name);
	if (filter->zone != NULL)
		name_copy(explain_zone, filter->zone);
	for (size_t i = 0; i < explained_count && count < filter->max; i++) {
		const uint8_t *name = explained[i].failed->name;
		if ((filter->name != NULL && !name_equal(name, filter->name)) ||
		    (filter->zone != NULL && !name_within(name, filter->zone)))
			continue;
		visit(&explained[i], arg);
		count++;
	}
	return count;
}

void resolver_explain_begin(const struct resolver *resolver, struct explain_walk *walk)
{
	(void)resolver;
	walk->at = walk->shown = 0;
	walk->count = explained_count;
}

// One in a share, however many may be.
bool resolver_explain_some(struct resolver *resolver, struct explain_walk *walk,
			   const struct explain_filter *filter, size_t share,
			   resolver_explain_visit visit, void *arg)
{
	(void)resolver;
	assert_true(share > 0 && share <= 64);
	explain_asked = *filter;
	if (filter->zone != NULL)
		name_copy(explain_zone, filter->zone);
	if (walk->at < walk->count && walk->shown < filter->max) {
		const struct failed_view *view = &explained[walk->at++];
		if (filter->zone == NULL || name_within(view->failed->name, filter->zone)) {
			visit(view, arg);
			walk->shown++;
		}
	}
	return walk->at < walk->count && walk->shown < filter->max;
}

size_t resolver_explained_below(const struct resolver *resolver, const uint8_t *zone)
{
	size_t count = 0;

	(void)resolver;
	for (size_t i = 0; i < explained_count; i++)
		count += name_within(explained[i].failed->name, zone);
	return count;
}

static const char *under_way; // the line of the question that is; NULL: none is

size_t resolver_under_way(struct resolver *resolver, const uint8_t *name, uint16_t type,
			  void (*line)(const char *text, void *arg), void *arg)
{
	(void)resolver;
	(void)name;
	(void)type;
	if (under_way != NULL)
		line(under_way, arg);
	return under_way != NULL;
}

size_t resolver_explained(const struct resolver *resolver)
{
	(void)resolver;
	return explained_count;
}

static struct nta_facts nta;
static uint8_t nta_name[NAME_MAX_LEN];
static uint32_t nta_lifetime_s;
static char nta_reason[NTA_REASON_MAX + 1];
static int nta_error;

int resolver_nta_add(struct resolver *resolver, const uint8_t *name, uint32_t lifetime_s,
		     const char *reason)
{
	(void)resolver;
	name_copy(nta_name, name);
	nta_lifetime_s = lifetime_s;
	snprintf(nta_reason, sizeof(nta_reason), "%s", reason);
	return nta_error;
}

bool resolver_nta_remove(struct resolver *resolver, const uint8_t *name)
{
	(void)resolver;
	name_copy(nta_name, name);
	return nta_error == 0;
}

void resolver_nta_each(const struct resolver *resolver,
		       void (*visit)(const struct nta_facts *facts, void *arg), void *arg)
{
	(void)resolver;
	if (nta.name != NULL)
		visit(&nta, arg);
}

// Zones of a resolver that knows three, one in a share.
bool resolver_zones_some(struct resolver *resolver, struct zones_walk *walk, size_t share,
			 resolver_zone_visit visit, void *arg)
{
	static const struct candidate servers[] = {
		{.address = {.family = 4, .bytes = {192, 0, 2, 1}}},
		{.address = {.family = 4, .bytes = {198, 51, 100, 1}}},
	};

	(void)resolver;
	assert_true(share > 0 && share <= 64);
	static const uint8_t *const unknown[] = {(const uint8_t *)"\2ns\5other\3net"};
	const struct resolver_zone zones[] = {
		{(const uint8_t *)"\5alone\3com", servers, 1, NULL, 0},
		{(const uint8_t *)"\4both\3com", servers, 2, NULL, 0},
		{(const uint8_t *)"\7unknown\3com", servers, 1, unknown, 1},
	};

	visit(&zones[walk->at++], arg);
	return walk->at < 3;
}

uint64_t resolver_take_slowest_ms(struct resolver *resolver)
{
	(void)resolver;
	return 0;
}

static struct posture_facts posture_known; // of the one zone that is known; or of none
static bool posture_exceptions;

void resolver_posture(struct resolver *resolver, const uint8_t *zone, struct posture_facts *facts)
{
	(void)resolver;
	if (posture_known.known && name_equal(zone, posture_known.zone)) {
		*facts = posture_known;
		return;
	}
	memset(facts, 0, sizeof(*facts));
	name_copy(facts->zone, zone);
}

bool resolver_hottest_some(struct resolver *resolver, struct hottest *hottest)
{
	(void)resolver;
	assert_true(hottest->max > 0);
	if (hottest->at++ == 0)
		return true;
	hottest->count = posture_known.known;
	name_copy(hottest->list[0].zone, posture_known.zone);
	return false;
}

void resolver_exceptions(const struct resolver *resolver,
			 void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg),
			 void *arg)
{
	(void)resolver;
	if (!posture_exceptions)
		return;
	visit((const uint8_t *)"\3lan", false, UINT64_MAX, arg);
	visit((const uint8_t *)"\6broken\7example", true, 5400000, arg);
}

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
