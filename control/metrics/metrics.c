#include "control/metrics/metrics.h"

#include "control/config/endpoint.h"

#include <microhttpd.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PAGE_MAX (1u << 20)

struct page {
	char *text;
	size_t len, size;
};

struct metrics {
	struct MHD_Daemon *server;
	pthread_mutex_t lock;
	struct page current; // served; under the lock
	struct page next;    // control's
};

// What goes up and down; all else only counts.
static const char *const gauges[] = {
	"cache.entries",          "cache.unproven",
	"cache.bytes_*",          "cache.denial_bytes",
	"cache.denial_records",   "cache.denial_zones",
	"cache.stalled",          "*.open",
	"*.outstanding",          "*.under_way",
	"resolver.delegations",   "nta.active",
	"posture.overdue",        "posture.zones",
	"drill.running",          "explain.kept",
	"resolver.message_bytes", "tcp.unsent_bytes",
	"upstream.uplink_lost",   "trust.anchors",
	"trust.pending",          "trust.alarms",
	"trust.state_left",       "port.*.mbufs",
	"port.*.mbufs_available", "control.longest_turn_us",
};

static bool is_gauge(const char *name)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		if (fnmatch(gauges[i], name, 0) == 0)
			return true;
	}
	return false;
}

// Times are in seconds, whatever the daemon counts in (the naming rules of Prometheus: base units).
static const struct unit {
	const char *suffix;
	unsigned decimals;
} units[] = {{"_us", 6}, {"_ms", 3}, {"_s", 0}};

static const struct unit *unit_of(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(name), suffix = strlen(units[i].suffix);

		if (len > suffix && strcmp(name + len - suffix, units[i].suffix) == 0)
			return &units[i];
	}
	return NULL;
}

// "dataplane.drop.runt" → "assay_dataplane_drop_runt_total": what only counts says so.
static void metric_name(const char *name, char *out, size_t size)
{
	const struct unit *unit = unit_of(name);
	size_t len = strlen(name) - (unit ? strlen(unit->suffix) : 0);
	size_t used = (size_t)snprintf(out, size, "assay_");

	for (size_t i = 0; i < len && used + 1 < size; i++)
		out[used++] = isalnum((unsigned char)name[i]) ? name[i] : '_';
	snprintf(out + used, size - used, "%s%s", unit ? "_seconds" : "",
		 is_gauge(name) ? "" : "_total");
}

static void metric_value(const char *name, uint64_t value, char out[40])
{
	const struct unit *unit = unit_of(name);
	uint64_t scale = 1;

	for (unsigned i = 0; unit && i < unit->decimals; i++)
		scale *= 10;
	if (scale == 1)
		snprintf(out, 40, "%" PRIu64, value);
	else
		snprintf(out, 40, "%" PRIu64 ".%0*" PRIu64, value / scale, (int)unit->decimals,
			 value % scale);
}

// In the text format a backslash and the end of a line are escaped in HELP.
static void metric_help(const char *words, char *out, size_t size)
{
	size_t used = 0;

	for (; *words && used + 2 < size; words++) {
		if (*words == '\\' || *words == '\n')
			out[used++] = '\\';
		out[used++] = *words == '\n' ? 'n' : *words;
	}
	out[used] = '\0';
}

void metrics_begin(struct metrics *metrics)
{
	metrics->next.len = 0;
}

void metrics_value(const char *name, const char *words, uint64_t value, void *arg)
{
	struct metrics *metrics = arg;
	struct page *page = &metrics->next;
	size_t room = page->size - page->len;
	char metric[128], help[512], number[40];
	int len;

	metric_name(name, metric, sizeof(metric));
	metric_help(words, help, sizeof(help));
	metric_value(name, value, number);
	len = snprintf(page->text + page->len, room, "# HELP %s %s\n# TYPE %s %s\n%s %s\n", metric,
		       help, metric, is_gauge(name) ? "gauge" : "counter", metric, number);
	// A page that is full ends with a whole line.
	if (len > 0 && (size_t)len < room)
		page->len += (size_t)len;
}

void metrics_end(struct metrics *metrics)
{
	struct page page;

	pthread_mutex_lock(&metrics->lock);
	page = metrics->current;
	metrics->current = metrics->next;
	metrics->next = page;
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
	result = send_text(connection, MHD_HTTP_OK, metrics->current.text, metrics->current.len);
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

static void metrics_free(struct metrics *metrics)
{
	pthread_mutex_destroy(&metrics->lock);
	free(metrics->current.text);
	free(metrics->next.text);
	free(metrics);
}

static struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	pthread_mutex_init(&metrics->lock, NULL);
	metrics->current.text = malloc(PAGE_MAX);
	metrics->next.text = malloc(PAGE_MAX);
	metrics->current.size = metrics->next.size = PAGE_MAX;
	if (metrics->current.text && metrics->next.text)
		return metrics;
	metrics_free(metrics);
	return NULL;
}

struct metrics *metrics_open(const char *address, char *err, size_t err_len)
{
	struct sockaddr_storage bound;
	int family = endpoint_from_text(address, &bound);
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
	if (family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	metrics->server =
		MHD_start_daemon(flags, 0, NULL, NULL, answer, metrics, MHD_OPTION_SOCK_ADDR,
				 (struct sockaddr *)&bound, MHD_OPTION_CONNECTION_LIMIT, 16u,
				 MHD_OPTION_CONNECTION_TIMEOUT, 10u,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384, MHD_OPTION_END);
	if (metrics->server)
		return metrics;
	snprintf(err, err_len, "metrics.address: %s cannot be listened on%s%s", address,
		 errno ? ": " : "", errno ? strerror(errno) : "");
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
