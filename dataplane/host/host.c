#include "dataplane/host/host.h"

#include "dataplane/host/claim.h"
#include "dataplane/host/rings.h"
#include "dataplane/host/routes.h"
#include "dataplane/host/share.h"
#include "dataplane/miss/wake.h"
#include "dataplane/parse/exception.h"
#include "dataplane/sentence.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SENT_FRAMES     1024 // 2 MiB per port and lane
#define TURN_SENT       128  // taken from the tap at most
#define NEIGHBOUR_SLOTS 256
// The scheduler then gives it about SHARE_PERCENT beside a control that has work all the time.
#define NICE_SHARED 5

struct host {
	struct wake wake;
	struct host_counters counters; // host thread: rw, control: ro
	int tap;
	char name[IFNAMSIZ]; // of the tap; "": nothing has been made for it yet
	bool claimed;        // its addresses are kept from other interfaces, at the start
	pthread_t thread;
	atomic_bool stop;
	unsigned lcore_count, port_count;
	const struct service_addresses *service;
	struct peer_sessions *sessions;
	struct wake *senders[DATAPLANE_PORTS_MAX];
	bool repeats[DATAPLANE_PORTS_MAX];
	struct place place;
	struct share share;
	struct probe probe;
	unsigned first; // core whose rings come first in this turn
	struct rings to_host[DATAPLANE_LCORES_MAX];
	struct frames *to_port[DATAPLANE_PORTS_MAX][SENT_LANE_COUNT];
	// Where a hardware address was last seen: a cache, whose collisions cost a frame that
	// goes out by the first port.
	struct neighbour {
		uint8_t mac[6];
		uint8_t port;
	} neighbours[NEIGHBOUR_SLOTS];
};

static struct neighbour *neighbour_of(struct host *host, const uint8_t mac[6])
{
	unsigned hash = mac[5] ^ mac[4] * 7u ^ mac[3] * 31u ^ mac[0];

	return &host->neighbours[hash % NEIGHBOUR_SLOTS];
}

static void neighbour_learn(struct host *host, const struct frame *frame)
{
	struct neighbour *neighbour = neighbour_of(host, frame->bytes + 6);

	memcpy(neighbour->mac, frame->bytes + 6, 6);
	neighbour->port = frame->port;
}

static uint8_t port_towards(struct host *host, const uint8_t mac[6])
{
	const struct neighbour *neighbour = neighbour_of(host, mac);

	return memcmp(neighbour->mac, mac, 6) == 0 ? neighbour->port : 0;
}

static void give_to_tap(const struct frame *frame, enum exception_class class, void *arg)
{
	struct host *host = arg;

	(void)class;
	neighbour_learn(host, frame);
	// Nothing waits for a tap that takes no more: the senders of what is lost repeat it.
	if (write(host->tap, frame->bytes, frame->len) == frame->len)
		COUNT(host->counters.to_tap, 1);
	else
		COUNT(host->counters.to_tap_failed, 1);
}

static void send_by(struct host *host, uint8_t port, enum sent_lane lane, const uint8_t *bytes,
		    size_t len)
{
	struct frames *frames = host->to_port[port][lane];
	struct frame *slot = frames_reserve(frames);

	if (slot == NULL) {
		COUNT(host->counters.from_tap_dropped, 1);
		return;
	}
	memcpy(slot->bytes, bytes, len);
	slot->len = (uint16_t)len;
	slot->port = port;
	frames_commit(frames);
}

static bool is_probe(struct host *host, const uint8_t *frame, size_t len)
{
	uint8_t reset[PROBE_FRAME_MAX];
	size_t reset_len;

	if (!probe_takes(&host->probe, host->service, frame, len, reset, &reset_len))
		return false;
	if (reset_len > 0)
		(void)!write(host->tap, reset, reset_len);
	return true;
}

static unsigned drain_tap(struct host *host)
{
	uint8_t bytes[FRAME_MAX + 1];
	unsigned done = 0;
	ssize_t len;

	while (done < TURN_SENT && (len = read(host->tap, bytes, sizeof bytes)) > 0) {
		done++;
		if (is_probe(host, bytes, (size_t)len))
			continue;
		COUNT(host->counters.from_tap, 1);
		if (len > FRAME_MAX || len < 14) {
			COUNT(host->counters.from_tap_dropped, 1);
			continue;
		}
		enum sent_lane lane = class_lane(
			exception_sent(host->service, host->sessions, bytes, (size_t)len));
		if (!(bytes[0] & 1)) {
			send_by(host, port_towards(host, bytes), lane, bytes, (size_t)len);
			continue;
		}
		for (unsigned port = 0; port < host->port_count; port++) {
			if (!host->repeats[port])
				send_by(host, (uint8_t)port, lane, bytes, (size_t)len);
		}
	}
	for (unsigned port = 0; port < host->port_count && done > 0; port++)
		wake_signal(host->senders[port]);
	return done;
}

static void host_sleep(struct host *host)
{
	struct pollfd fds[] = {{.fd = host->tap, .events = POLLIN},
			       {.fd = host->wake.fd, .events = POLLIN}};

	wake_announce(&host->wake);
	if (rings_empty(host->to_host, host->lcore_count) &&
	    !atomic_load_explicit(&host->stop, memory_order_relaxed)) {
		poll(fds, 2, -1);
		COUNT(host->counters.wakeups, 1);
	}
	wake_done(&host->wake);
}

// ---- the thread ----

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// Bounded by TURN_SENT and the classes' weights: well below a millisecond.
static unsigned host_turn(struct host *host)
{
	unsigned work = drain_tap(host);

	host->first = (host->first + 1) % host->lcore_count;
	return work + rings_turn(host->to_host, host->lcore_count, host->first, give_to_tap, host);
}

static void host_settle(struct host *host, uint64_t *cpu_ns)
{
	uint64_t now_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint64_t spent_ns = now_cpu_ns - *cpu_ns;
	uint64_t rest_ns = share_spend(&host->share, clock_ns(CLOCK_MONOTONIC), spent_ns);
	const struct timespec rest = {.tv_nsec = (long)rest_ns};

	*cpu_ns = now_cpu_ns;
	__atomic_store_n(&host->counters.cpu_us, now_cpu_ns / 1000, __ATOMIC_RELAXED);
	if (rest_ns == 0)
		return;
	COUNT(host->counters.rests, 1);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
}

static void *host_run(void *arg)
{
	struct host *host = arg;
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	// Best effort, both: a CPU that has gone away since, a limit on nice.
	(void)pthread_setaffinity_np(pthread_self(), sizeof host->place.cpus, &host->place.cpus);
	if (host->place.shared)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_SHARED);
	share_init(&host->share, host->place.shared ? SHARE_PERCENT : 100,
		   clock_ns(CLOCK_MONOTONIC));
	while (!atomic_load_explicit(&host->stop, memory_order_relaxed)) {
		unsigned work = host_turn(host);

		host_settle(host, &cpu_ns);
		if (work == 0)
			host_sleep(host);
	}
	return NULL;
}

static void host_free(struct host *host)
{
	for (unsigned i = 0; i < DATAPLANE_LCORES_MAX; i++)
		rings_fini(&host->to_host[i]);
	for (unsigned i = 0; i < DATAPLANE_PORTS_MAX; i++) {
		for (unsigned lane = 0; lane < SENT_LANE_COUNT; lane++)
			frames_free(host->to_port[i][lane]);
	}
	if (host->tap >= 0)
		close(host->tap);
	if (host->name[0] != '\0') {
		claim_end(host->name);
		routes_end(host->name);
	}
	wake_fini(&host->wake);
	free(host);
}

static int rings_new(struct host *host)
{
	for (unsigned i = 0; i < host->lcore_count; i++) {
		if (rings_init(&host->to_host[i]) < 0)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < host->port_count; i++) {
		for (unsigned lane = 0; lane < SENT_LANE_COUNT; lane++) {
			host->to_port[i][lane] = frames_new(SENT_FRAMES);
			if (host->to_port[i][lane] == NULL)
				return -ENOMEM;
		}
	}
	return 0;
}

// Before the addresses are there. Where nobody else has an interface in the LAN it is not needed:
// no reason not to start; faults.h tries again, and says why not.
static void start_claim(struct host *host, const struct tap_config *tap)
{
	char err[256];

	snprintf(host->name, sizeof host->name, "%s", tap->name);
	host->claimed = claim_begin(tap->name, tap->service, err, sizeof err) == 0;
}

int host_start(const struct host_config *config, struct host **out, char *err, size_t err_len)
{
	struct host *host = aligned_alloc(64, sizeof *host);
	int code;

	if (host == NULL)
		return sentence(err, err_len, -ENOMEM, "no memory for the exception path");
	memset(host, 0, sizeof *host);
	host->tap = -1;
	host->lcore_count = config->lcore_count;
	host->port_count = config->port_count;
	host->service = config->tap.service;
	host->sessions = config->sessions;
	host->place = config->place;
	memcpy(host->senders, config->senders, sizeof host->senders);
	memcpy(host->repeats, config->repeats, sizeof host->repeats);
	code = wake_init(&host->wake);
	if (code == 0)
		code = rings_new(host);
	if (code < 0) {
		sentence(err, err_len, code, "cannot set up the exception path: %s",
			 strerror(-code));
		goto unwind;
	}
	start_claim(host, &config->tap);
	code = host->tap = tap_open(&config->tap, err, err_len);
	if (code >= 0)
		code = routes_begin(&config->tap, if_nametoindex(config->tap.name), err, err_len);
	if (code < 0)
		goto unwind;
	code = -pthread_create(&host->thread, NULL, host_run, host);
	if (code < 0) {
		sentence(err, err_len, code, "cannot start the host thread: %s", strerror(-code));
		goto unwind;
	}
	pthread_setname_np(host->thread, "assay-host");
	*out = host;
	return 0;
unwind:
	host_free(host);
	return code;
}

void host_stop(struct host *host)
{
	if (host == NULL)
		return;
	atomic_store_explicit(&host->stop, true, memory_order_relaxed);
	wake_signal(&host->wake);
	pthread_join(host->thread, NULL);
	host_free(host);
}

bool host_offer(struct host *host, unsigned lcore, enum exception_class class, uint8_t port,
		const uint8_t *frame, size_t len)
{
	return rings_offer(&host->to_host[lcore], class, port, frame, len);
}

void host_signal(struct host *host)
{
	wake_signal(&host->wake);
}

const struct frame *host_front(struct host *host, uint8_t port, enum sent_lane lane)
{
	return frames_front(host->to_port[port][lane]);
}

void host_pop(struct host *host, uint8_t port, enum sent_lane lane)
{
	frames_pop(host->to_port[port][lane]);
}

bool host_claimed(const struct host *host)
{
	return host->claimed;
}

struct probe *host_probe(struct host *host)
{
	return &host->probe;
}

bool host_write(struct host *host, const uint8_t *frame, size_t len)
{
	return write(host->tap, frame, len) == (ssize_t)len;
}

bool host_is_behind(const struct host *host)
{
	struct pollfd tap = {.fd = host->tap, .events = POLLIN};

	return poll(&tap, 1, 0) > 0 && (tap.revents & POLLIN) != 0;
}

const struct host_counters *host_counters(const struct host *host)
{
	return &host->counters;
}
