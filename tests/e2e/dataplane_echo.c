// The seam on its own: ports, poll-mode cores, tickets and the exception path, with a control
// that resolves nothing: every miss comes back as SERVFAIL. Run by test_dataplane.py.
//
//   dataplane_echo device=STRING address=A[/PREFIX] [address=...] [cpu=N ...] [key=value ...]
//
// fresh=NAME and stale=NAME are names that have an A record in the cache, valid or ten seconds
// past its time.
//
// Commands on standard input, one per line: counters, describe, cycles, hold (misses are taken, but
// not returned), stall (no heartbeat, nothing taken), go (the end of both), stop. Each is answered
// by lines that end with one of "."; the first such line says that the ports are open.
#include "dataplane/dataplane.h"
#include "dataplane/dns/edns.h"
#include "dataplane/dns/name.h"
#include "dataplane/dns/rrset.h"
#include "dataplane/dns/types.h"
#include "dataplane/parse/acl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX 65536
#define BEAT_MS  50

struct echo {
	struct dataplane_config config;
	struct dataplane *dataplane;
	struct store *store;
	struct store_result *servfail;
	bool hold, stall;
	const char *fresh, *stale;
	struct ticket *held[HELD_MAX];
	size_t held_count;
	char line[256];
	size_t line_len;
};

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "dataplane_echo: %s: %s\n", what, why);
	exit(1);
}

static struct store_clock clock_now(void)
{
	struct timespec monotonic, wall;

	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct store_clock){
		.now_ms = (uint64_t)monotonic.tv_sec * 1000 + (uint64_t)monotonic.tv_nsec / 1000000,
		.now_s = wall.tv_sec,
		.trusted = true,
	};
}

// ---- arguments ----

static void address_add(struct dataplane_config *config, const char *value)
{
	char text[64];
	char *slash;
	struct address *address = &config->service.list[config->service.count];

	snprintf(text, sizeof text, "%s", value);
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (address_from_text(text, address) < 0)
		fail(value, "not an address");
	config->service.count++;
	if (slash != NULL && address->family == 4)
		config->service_prefix_v4 = (uint8_t)atoi(slash);
	else if (slash != NULL)
		config->service_prefix_v6 = (uint8_t)atoi(slash);
}

static void peer_add(struct dataplane_config *config, const char *value)
{
	struct service_addresses *service = &config->service;

	if (service->peer_count == PEERS_MAX ||
	    address_from_text(value, &service->peers[service->peer_count]) < 0)
		fail(value, "not a peer");
	service->peer_count++;
}

static bool is(const char *argument, size_t len, const char *key)
{
	return strlen(key) == len && memcmp(argument, key, len) == 0;
}

static void argument(struct echo *echo, const char *argument)
{
	struct dataplane_config *config = &echo->config;
	const char *value = strchr(argument, '=');
	size_t len = value != NULL ? (size_t)(value - argument) : 0;

	if (value++ == NULL)
		fail(argument, "not key=value");
	if (is(argument, len, "device"))
		config->devices[config->device_count++] = value;
	else if (is(argument, len, "address"))
		address_add(config, value);
	else if (is(argument, len, "cpu"))
		config->lcores[config->lcore_count++] = (unsigned)atoi(value);
	else if (is(argument, len, "peer"))
		peer_add(config, value);
	else if (is(argument, len, "control"))
		config->control_cpu = atoi(value);
	else if (is(argument, len, "poll"))
		config->poll = strcmp(value, "busy") == 0 ? POLL_BUSY : POLL_ADAPTIVE;
	else if (is(argument, len, "hugepages"))
		config->hugepages = atoi(value) != 0;
	else if (is(argument, len, "memory"))
		config->packet_memory_bytes = (size_t)atoi(value) << 20;
	else if (is(argument, len, "tickets"))
		config->tickets = (unsigned)atoi(value);
	else if (is(argument, len, "fresh"))
		echo->fresh = value;
	else if (is(argument, len, "stale"))
		echo->stale = value;
	else if (is(argument, len, "tap"))
		snprintf(config->tap_name, sizeof config->tap_name, "%s", value);
	else
		fail(argument, "unknown");
}

// ---- control ----

static void publish(struct store *store, const char *text, uint64_t then_ms, uint32_t ttl_s)
{
	const uint8_t address[] = {192, 0, 2, 1};
	uint8_t name[NAME_MAX_LEN];
	const struct record record = {.owner = name,
				      .rdata = address,
				      .ttl_s = ttl_s,
				      .type = TYPE_A,
				      .class_ = CLASS_IN,
				      .rdlen = sizeof address};
	const struct entry_spec spec = {.name = name,
					.type = TYPE_A,
					.kind = ENTRY_POSITIVE,
					.security = SECURITY_SECURE,
					.ede = EDE_NONE,
					.now_ms = then_ms,
					.ttl_s = ttl_s,
					.stale_s = 86400,
					.signature_expires_s = SIGNATURE_NEVER_EXPIRES,
					.data = &record,
					.data_count = 1};
	const struct entry *entry;

	if (name_from_text(text, name) < 0)
		fail(text, "not a name");
	if (cache_publish(store_cache(store), &spec, &entry) != PUBLISHED)
		fail(text, "not published");
	cache_unpin(store_cache(store), entry);
}

static void misses(struct echo *echo)
{
	struct ticket *tickets[64];
	size_t count;

	if (echo->stall)
		return;
	while ((count = dataplane_misses(echo->dataplane, tickets, 64)) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (echo->hold && echo->held_count < HELD_MAX)
				echo->held[echo->held_count++] = tickets[i];
			else
				dataplane_return(echo->dataplane, tickets[i], echo->servfail);
		}
	}
}

static void go(struct echo *echo)
{
	echo->hold = echo->stall = false;
	for (size_t i = 0; i < echo->held_count; i++)
		dataplane_return(echo->dataplane, echo->held[i], echo->servfail);
	echo->held_count = 0;
}

static void counter_print(const char *name, const char *words, uint64_t value, void *arg)
{
	(void)words;
	(void)arg;
	printf("%s %" PRIu64 "\n", name, value);
}

static void line_print(const char *text, void *arg)
{
	(void)arg;
	printf("%s\n", text);
}

static void fault_print(enum dataplane_fault fault, unsigned index, const char *text, void *arg)
{
	(void)fault, (void)index, (void)arg;
	printf("alarm: %s\n", text);
}

static void describe_print(struct dataplane *dataplane)
{
	dataplane_describe(dataplane, line_print, NULL);
	dataplane_look(dataplane);
	dataplane_faults(dataplane, fault_print, NULL);
}

static void cycles_print(struct echo *echo)
{
	static const char *const stages[] = {
#define X(name, words) #name,
		CYCLE_STAGES(X)
#undef X
	};
	struct cycles cycles;
	uint64_t hz, bursts = 0;

	printf("measured %d\n", dataplane_cycles(echo->dataplane, &cycles, &hz));
	for (unsigned stage = 0; stage < CYCLE_STAGE_COUNT; stage++)
		printf("%s %" PRIu64 "\n", stages[stage], cycles.ticks[stage]);
	for (unsigned size = 0; size < CYCLE_SIZES; size++)
		bursts += cycles.bursts[size];
	printf("packets %" PRIu64 "\nbursts %" PRIu64 "\n", cycles.packets, bursts);
}

// False: stop.
static bool command(struct echo *echo, const char *name)
{
	bool run = true;

	if (strcmp(name, "counters") == 0)
		dataplane_counters(echo->dataplane, counter_print, NULL);
	else if (strcmp(name, "describe") == 0)
		describe_print(echo->dataplane);
	else if (strcmp(name, "cycles") == 0)
		cycles_print(echo);
	else if (strcmp(name, "hold") == 0)
		echo->hold = true;
	else if (strcmp(name, "stall") == 0)
		echo->stall = true;
	else if (strcmp(name, "go") == 0)
		go(echo);
	else if (strcmp(name, "stop") == 0)
		run = false;
	else
		fail(name, "no such command");
	if (run) {
		printf(".\n");
		fflush(stdout);
	}
	return run;
}

// False: stop, or the end of the input.
static bool commands(struct echo *echo)
{
	ssize_t got = read(STDIN_FILENO, echo->line + echo->line_len,
			   sizeof echo->line - 1 - echo->line_len);
	char *end;

	if (got <= 0)
		return false;
	echo->line_len += (size_t)got;
	echo->line[echo->line_len] = '\0';
	while ((end = strchr(echo->line, '\n')) != NULL) {
		*end++ = '\0';
		if (!command(echo, echo->line))
			return false;
		echo->line_len -= (size_t)(end - echo->line);
		memmove(echo->line, end, echo->line_len + 1);
	}
	return true;
}

static void loop(struct echo *echo)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = dataplane_wake_fd(echo->dataplane), .events = POLLIN}};

	for (;;) {
		struct store_clock clock = clock_now();
		bool may_sleep;

		if (!echo->stall)
			dataplane_heartbeat(echo->dataplane, &clock);
		misses(echo);
		may_sleep = echo->stall || dataplane_may_sleep(echo->dataplane);
		poll(fds, echo->stall ? 1 : 2, may_sleep ? BEAT_MS : 0);
		dataplane_awake(echo->dataplane);
		if ((fds[0].revents & (POLLIN | POLLHUP)) != 0 && !commands(echo))
			return;
	}
}

int main(int argc, char **argv)
{
	static struct echo echo = {
		.config = {.control_cpu = -1,
			   .host_cpu = -1,
			   .syn_per_s = 10000,
			   .poll = POLL_ADAPTIVE,
			   .packet_memory_bytes = 64 << 20,
			   .tickets = 1024},
	};
	struct store_config store_config = {
		.cache = {.memory_bytes = 16 << 20, .shards = 1, .one_shot_bytes = 1 << 20},
		.stale_ttl_s = 30,
	};
	struct acl *acl = acl_new(acl_default_rules, acl_default_rule_count);
	struct store_clock clock = clock_now();
	char err[512];
	sigset_t all;

	for (int i = 1; i < argc; i++)
		argument(&echo, argv[i]);
	snprintf(echo.config.file_prefix, sizeof echo.config.file_prefix, "echo-%d", getpid());
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	store_config.acl = acl;
	echo.store = store_new(&store_config, err, sizeof err);
	if (echo.store == NULL)
		fail("store", err);
	store_set_clock(echo.store, &clock);
	if (echo.fresh != NULL)
		publish(echo.store, echo.fresh, clock.now_ms, 3600);
	if (echo.stale != NULL)
		publish(echo.store, echo.stale, clock.now_ms - 11000, 1);
	echo.servfail = store_result_error(echo.store, 2, -1, NULL);
	if (echo.servfail == NULL)
		fail("store", "no memory");
	if (dataplane_start(&echo.config, echo.store, &echo.dataplane, err, sizeof err) < 0)
		fail("start", err);
	printf(".\n");
	fflush(stdout);
	loop(&echo);
	dataplane_drain(echo.dataplane);
	go(&echo);
	dataplane_stop(echo.dataplane);
	store_result_unref(echo.store, echo.servfail);
	store_free(echo.store);
	acl_free(acl);
	printf("stopped\n");
	return 0;
}
