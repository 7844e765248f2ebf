#include "control/metrics/metrics.h"

#include "control/config/endpoint.h"
#include "control/descriptors.h"
#include "control/metrics/page.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STALE_MS 2000 // without a new page control stands
#define BACKLOG  16

#define CONNECTIONS_MAX   16                    // beyond them the oldest gives way to a new one
#define CONNECTIONS_LIMIT (2 * CONNECTIONS_MAX) // those that are closing are counted there, too
#define IDLE_S            10

// An open connection, of the server's thread.
struct place {
	int fd;         // -1: free
	uint64_t since; // larger: later
	bool shut;
};

struct metrics {
	struct MHD_Daemon *server;
	pthread_mutex_t lock;
	// Served; under the lock. At `standing` the value of the alarm that control does not turn.
	char *text;
	size_t len, standing;
	uint64_t made_ms;
	struct page *next; // control's
	struct place places[CONNECTIONS_LIMIT];
	uint64_t connections; // so far
};

// What goes up and down; all else only counts.
static const char *const gauges[] = {
	"cache.entries",
	"cache.unproven",
	"cache.bytes_*",
	"cache.denial_bytes",
	"cache.denial_records",
	"cache.denial_zones",
	"cache.stalled",
	"*.open",
	"*.outstanding",
	"*.under_way",
	"resolver.delegations",
	"nta.active",
	"posture.overdue",
	"posture.zones",
	"drill.running",
	"explain.kept",
	"resolver.message_bytes",
	"tcp.unsent_bytes",
	"upstream.uplink_lost",
	"trust.anchors",
	"trust.pending",
	"trust.alarms",
	"trust.state_left",
	"port.*.mbufs",
	"port.*.mbufs_available",
	"control.longest_turn_us",
	"control.longest_turn_cpu_us",
};

static bool is_gauge(const char *name)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		if (fnmatch(gauges[i], name, 0) == 0)
			return true;
	}
	return false;
}

void metrics_begin(struct metrics *metrics)
{
	page_clear(metrics->next);
}

void metrics_value(const char *name, const char *words, uint64_t value, void *arg)
{
	struct metrics *metrics = arg;

	page_add(metrics->next, name, words, "", value, is_gauge(name));
}

void metrics_alarm(struct metrics *metrics, const char *name, const char *severity, bool holds)
{
	char labels[96];

	snprintf(labels, sizeof(labels), "name=\"%s\",severity=\"%s\"", name, severity);
	page_add(metrics->next, "alarm", "whether an alarm holds at present", labels, holds, true);
}

static uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// Where the value of the alarm stands that this page's own age raises; 0: it has none.
static size_t find_standing(const char *text)
{
	const char *line = strstr(text, "assay_alarm{name=\"" METRICS_STANDING "\"");
	const char *end = line ? strchr(line, '\n') : NULL;

	return end ? (size_t)(end - 1 - text) : 0;
}

void metrics_end(struct metrics *metrics)
{
	size_t len;
	const char *text = page_text(metrics->next, &len);
	size_t standing = find_standing(text);

	pthread_mutex_lock(&metrics->lock);
	memcpy(metrics->text, text, len);
	metrics->len = len;
	metrics->standing = standing;
	metrics->made_ms = monotonic_ms();
	pthread_mutex_unlock(&metrics->lock);
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
				 const char *text, size_t len)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", "text/plain; version=0.0.4");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_page(struct MHD_Connection *connection, struct metrics *metrics)
{
	enum MHD_Result result;

	pthread_mutex_lock(&metrics->lock);
	if (metrics->standing > 0 && monotonic_ms() - metrics->made_ms > STALE_MS)
		metrics->text[metrics->standing] = '1';
	result = send_text(connection, MHD_HTTP_OK, metrics->text, metrics->len);
	pthread_mutex_unlock(&metrics->lock);
	return result;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *body,
			      size_t *body_len, void **state)
{
	static const char not_found[] = "only /metrics is here\n";
	static const char not_allowed[] = "only GET and HEAD are answered\n";

	(void)version, (void)body, (void)body_len, (void)state;
	if (strcmp(url, "/metrics") != 0)
		return send_text(connection, MHD_HTTP_NOT_FOUND, not_found, sizeof(not_found) - 1);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, not_allowed,
				 sizeof(not_allowed) - 1);
	return send_page(connection, arg);
}

// Whoever is connected and asks nothing keeps nobody out: the oldest is shut down, and ends in the
// server's next turn.
static void make_room(struct metrics *metrics)
{
	struct place *oldest = NULL;
	size_t open = 0;

	for (size_t i = 0; i < CONNECTIONS_LIMIT; i++) {
		struct place *place = &metrics->places[i];
		if (place->fd < 0 || place->shut)
			continue;
		open++;
		if (!oldest || place->since < oldest->since)
			oldest = place;
	}
	if (open <= CONNECTIONS_MAX)
		return;
	shutdown(oldest->fd, SHUT_RDWR);
	oldest->shut = true;
}

static void connection_changed(void *arg, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct metrics *metrics = arg;
	struct place *place = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (place)
			place->fd = -1;
		return;
	}
	for (size_t i = 0; info && i < CONNECTIONS_LIMIT; i++) {
		if (metrics->places[i].fd >= 0)
			continue;
		metrics->places[i] =
			(struct place){info->connect_fd, ++metrics->connections, false};
		*context = &metrics->places[i];
		make_room(metrics);
		// Control may wait for that one (descriptors_turn_away()).
		if (descriptors_are_out())
			(void)shutdown(info->connect_fd, SHUT_RDWR);
		return;
	}
}

static void metrics_free(struct metrics *metrics)
{
	pthread_mutex_destroy(&metrics->lock);
	free(metrics->text);
	page_free(metrics->next);
	free(metrics);
}

static struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	pthread_mutex_init(&metrics->lock, NULL);
	for (size_t i = 0; i < CONNECTIONS_LIMIT; i++)
		metrics->places[i].fd = -1;
	metrics->text = malloc(PAGE_MAX);
	metrics->next = page_new();
	if (metrics->text && metrics->next)
		return metrics;
	metrics_free(metrics);
	return NULL;
}

// A socket of our own: libmicrohttpd 1.0 does not say why it has none. A descriptor or -errno.
static int listen_at(const struct sockaddr_storage *bound, int family)
{
	const socklen_t len =
		family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)bound, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int status = -errno;
	close(fd);
	return status;
}

struct metrics *metrics_open(const char *address, char *err, size_t err_len)
{
	struct sockaddr_storage bound;
	int fd, family = endpoint_from_text(address, &bound);
	struct metrics *metrics;
	// poll(), because select() refuses descriptors over 1,023, which questions to servers use
	// up.
	unsigned flags = MHD_USE_POLL_INTERNAL_THREAD;

	if (family < 0) {
		snprintf(err, err_len,
			 "metrics.address: \"%s\" is no address and port such as "
			 "127.0.0.1:9953",
			 address);
		return NULL;
	}
	metrics = metrics_new();
	if (!metrics) {
		snprintf(err, err_len, "out of memory for metrics");
		return NULL;
	}
	fd = listen_at(&bound, family);
	// The descriptor is libmicrohttpd's from here on, also when it does not start.
	if (fd >= 0)
		metrics->server = MHD_start_daemon(
			flags, 0, NULL, NULL, answer, metrics, MHD_OPTION_LISTEN_SOCKET, fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_LIMIT,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
			MHD_OPTION_NOTIFY_CONNECTION, connection_changed, metrics,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
	if (metrics->server)
		return metrics;
	snprintf(err, err_len, "metrics.address: %s cannot be listened on%s%s", address,
		 fd < 0 ? ": " : "", fd < 0 ? strerror(-fd) : "");
	metrics_free(metrics);
	return NULL;
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	MHD_stop_daemon(metrics->server);
	metrics_free(metrics);
}
