#include "dataplane/host/host.h"

#include "dataplane/miss/wake.h"
#include "dataplane/sentence.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING_FRAMES     1024 // 2 MiB per lcore and per port
#define TURN_FRAMES     64   // at most, per ring and turn
#define NEIGHBOUR_SLOTS 256

struct host {
	struct wake wake;
	struct host_counters counters; // host thread: rw, control: ro
	int tap;
	pthread_t thread;
	atomic_bool stop;
	unsigned lcore_count, port_count;
	struct frames *to_host[DATAPLANE_LCORES_MAX];
	struct frames *to_port[DATAPLANE_PORTS_MAX];
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

static unsigned drain_lcore(struct host *host, struct frames *frames)
{
	unsigned done = 0;
	const struct frame *frame;

	while (done < TURN_FRAMES && (frame = frames_front(frames)) != NULL) {
		neighbour_learn(host, frame);
		if (write(host->tap, frame->bytes, frame->len) == frame->len)
			COUNT(host->counters.to_tap, 1);
		else
			COUNT(host->counters.to_tap_failed, 1);
		frames_pop(frames);
		done++;
	}
	return done;
}

static void send_by(struct host *host, uint8_t port, const uint8_t *bytes, size_t len)
{
	struct frame *slot = frames_reserve(host->to_port[port]);

	if (slot == NULL) {
		COUNT(host->counters.from_tap_dropped, 1);
		return;
	}
	memcpy(slot->bytes, bytes, len);
	slot->len = (uint16_t)len;
	slot->port = port;
	frames_commit(host->to_port[port]);
}

static unsigned drain_tap(struct host *host)
{
	uint8_t bytes[FRAME_MAX + 1];
	unsigned done = 0;
	ssize_t len;

	while (done < TURN_FRAMES && (len = read(host->tap, bytes, sizeof bytes)) > 0) {
		done++;
		COUNT(host->counters.from_tap, 1);
		if (len > FRAME_MAX || len < 14) {
			COUNT(host->counters.from_tap_dropped, 1);
			continue;
		}
		if (!(bytes[0] & 1)) {
			send_by(host, port_towards(host, bytes), bytes, (size_t)len);
			continue;
		}
		for (unsigned port = 0; port < host->port_count; port++)
			send_by(host, (uint8_t)port, bytes, (size_t)len);
	}
	return done;
}

static bool rings_empty(struct host *host)
{
	for (unsigned i = 0; i < host->lcore_count; i++) {
		if (frames_front(host->to_host[i]) != NULL)
			return false;
	}
	return true;
}

static void host_sleep(struct host *host)
{
	struct pollfd fds[] = {{.fd = host->tap, .events = POLLIN},
			       {.fd = host->wake.fd, .events = POLLIN}};

	wake_announce(&host->wake);
	if (rings_empty(host) && !atomic_load_explicit(&host->stop, memory_order_relaxed)) {
		poll(fds, 2, -1);
		COUNT(host->counters.wakeups, 1);
	}
	wake_done(&host->wake);
}

static void *host_run(void *arg)
{
	struct host *host = arg;

	while (!atomic_load_explicit(&host->stop, memory_order_relaxed)) {
		unsigned work = drain_tap(host);

		for (unsigned i = 0; i < host->lcore_count; i++)
			work += drain_lcore(host, host->to_host[i]);
		if (work == 0)
			host_sleep(host);
	}
	return NULL;
}

static void host_free(struct host *host)
{
	for (unsigned i = 0; i < DATAPLANE_LCORES_MAX; i++)
		frames_free(host->to_host[i]);
	for (unsigned i = 0; i < DATAPLANE_PORTS_MAX; i++)
		frames_free(host->to_port[i]);
	if (host->tap >= 0)
		close(host->tap);
	wake_fini(&host->wake);
	free(host);
}

static int rings_new(struct host *host)
{
	for (unsigned i = 0; i < host->lcore_count; i++) {
		host->to_host[i] = frames_new(RING_FRAMES);
		if (host->to_host[i] == NULL)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < host->port_count; i++) {
		host->to_port[i] = frames_new(RING_FRAMES);
		if (host->to_port[i] == NULL)
			return -ENOMEM;
	}
	return 0;
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
	code = wake_init(&host->wake);
	if (code == 0)
		code = rings_new(host);
	if (code < 0) {
		sentence(err, err_len, code, "cannot set up the exception path: %s",
			 strerror(-code));
		goto unwind;
	}
	code = host->tap = tap_open(&config->tap, err, err_len);
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

bool host_offer(struct host *host, unsigned lcore, uint8_t port, const uint8_t *frame, size_t len)
{
	struct frame *slot = len <= FRAME_MAX ? frames_reserve(host->to_host[lcore]) : NULL;

	if (slot == NULL)
		return false;
	memcpy(slot->bytes, frame, len);
	slot->len = (uint16_t)len;
	slot->port = port;
	frames_commit(host->to_host[lcore]);
	return true;
}

void host_signal(struct host *host)
{
	wake_signal(&host->wake);
}

const struct frame *host_front(struct host *host, uint8_t port)
{
	return frames_front(host->to_port[port]);
}

void host_pop(struct host *host, uint8_t port)
{
	frames_pop(host->to_port[port]);
}

const struct host_counters *host_counters(const struct host *host)
{
	return &host->counters;
}
