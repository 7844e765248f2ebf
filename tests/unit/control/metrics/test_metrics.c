// The page over real sockets. ATTACKS G5: bounded whatever a client does.
#include "control/metrics/metrics.h"
#include "tests/unit/control/testing.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct metrics *metrics;
static char address[32], err[256];
static struct sockaddr_in where;

// A port that nobody has at the moment.
static void choose_port(void)
{
	socklen_t len = sizeof(where);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	where = (struct sockaddr_in){.sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)&where, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &len), 0);
	close(fd);
	snprintf(address, sizeof(address), "127.0.0.1:%u", ntohs(where.sin_port));
}

static int setup(void **state)
{
	(void)state;
	choose_port();
	metrics = metrics_open(address, err, sizeof(err));
	alarm(120);
	return metrics ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	metrics_close(metrics);
	alarm(0);
	return 0;
}

static int client(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

static char reply[4 << 20];
static char *body;

// One request on a connection of its own; returns the status.
static int request(const char *head)
{
	int fd = client(), status = 0;
	size_t len = 0;
	ssize_t got;

	assert_int_equal(send(fd, head, strlen(head), MSG_NOSIGNAL), (ssize_t)strlen(head));
	while ((got = recv(fd, reply + len, sizeof(reply) - 1 - len, 0)) > 0)
		len += (size_t)got;
	close(fd);
	reply[len] = '\0';
	assert_int_equal(sscanf(reply, "HTTP/1.%*d %d", &status), 1);
	body = strstr(reply, "\r\n\r\n");
	assert_non_null(body);
	body += 4;
	return status;
}

static int get(const char *url)
{
	char head[4096];

	snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		 url);
	return request(head);
}

static void page_of(size_t count)
{
	char name[64];

	metrics_begin(metrics);
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "test.number_%zu", i);
		metrics_value(name, "a number", i, metrics);
	}
	metrics_end(metrics);
}

static void page_is_valid_text_of_prometheus(void **state)
{
	(void)state;
	regex_t help, type, sample;
	size_t samples = 0;

	regcomp(&help, "^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* .*$", REG_EXTENDED | REG_NOSUB);
	regcomp(&type, "^# TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (counter|gauge)$",
		REG_EXTENDED | REG_NOSUB);
	regcomp(&sample, "^[a-zA-Z_:][a-zA-Z0-9_:]* [0-9]+$", REG_EXTENDED | REG_NOSUB);
	metrics_begin(metrics);
	metrics_value("dataplane.drop.no-mbuf", "no \"packet\" buffer\\\nleft", 7, metrics);
	metrics_value("cache.entries", "entries", UINT64_MAX, metrics);
	metrics_end(metrics);
	assert_int_equal(get("/metrics"), 200);
	assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4\r\n"));
	assert_string_equal(
		body, "# HELP assay_dataplane_drop_no_mbuf_total no \"packet\" buffer\\\\\\nleft\n"
		      "# TYPE assay_dataplane_drop_no_mbuf_total counter\n"
		      "assay_dataplane_drop_no_mbuf_total 7\n"
		      "# HELP assay_cache_entries entries\n"
		      "# TYPE assay_cache_entries gauge\n"
		      "assay_cache_entries 18446744073709551615\n");
	page_of(1000);
	assert_int_equal(get("/metrics"), 200);
	for (char *line = strtok(body, "\n"); line; line = strtok(NULL, "\n"), samples++) {
		assert_int_equal(regexec(&help, line, 0, NULL, 0), 0);
		line = strtok(NULL, "\n");
		assert_int_equal(regexec(&type, line, 0, NULL, 0), 0);
		line = strtok(NULL, "\n");
		assert_int_equal(regexec(&sample, line, 0, NULL, 0), 0);
	}
	assert_int_equal(samples, 1000);
	regfree(&help);
	regfree(&type);
	regfree(&sample);
}

// "assay_port.12.x" → "assay_port_x"
static void as_family(char *line)
{
	char *port = strstr(line, "port.");

	if (port)
		memmove(port + 4, strchr(port + 5, '.'), strlen(strchr(port + 5, '.')) + 1);
	for (char *c = line; *c; c++)
		*c = *c == '.' ? '_' : *c;
}

static void what_goes_down_is_a_gauge(void **state)
{
	(void)state;
	static const char *const up_and_down[] = {
		"cache.bytes_used",   "cache.stalled",
		"tcp.open",           "dataplane.ticket.outstanding",
		"resolver.under_way", "port.12.mbufs_available",
		"tcp.unsent_bytes",   "upstream.uplink_lost",
		"cache.denial_zones", "cache.denial_records",
		"cache.denial_bytes"};
	static const char *const only_up[] = {"upstream.received_bytes", "tcp.accepted",
					      "port.0.rx_bytes",         "resolver.tasks",
					      "cache.inserted",          "cache.denial_kept",
					      "upstream.uplink_losses"};
	char line[100];

	metrics_begin(metrics);
	for (size_t i = 0; i < sizeof(up_and_down) / sizeof(up_and_down[0]); i++)
		metrics_value(up_and_down[i], "w", 1, metrics);
	for (size_t i = 0; i < sizeof(only_up) / sizeof(only_up[0]); i++)
		metrics_value(only_up[i], "w", 1, metrics);
	metrics_end(metrics);
	assert_int_equal(get("/metrics"), 200);
	for (size_t i = 0; i < sizeof(up_and_down) / sizeof(up_and_down[0]); i++) {
		snprintf(line, sizeof(line), "# TYPE assay_%s gauge\n", up_and_down[i]);
		as_family(line);
		assert_non_null(strstr(body, line));
	}
	for (size_t i = 0; i < sizeof(only_up) / sizeof(only_up[0]); i++) {
		snprintf(line, sizeof(line), "# TYPE assay_%s_total counter\n", only_up[i]);
		as_family(line);
		assert_non_null(strstr(body, line));
	}
}

static void times_are_in_seconds(void **state)
{
	(void)state;
	metrics_begin(metrics);
	metrics_value("dataplane.slept_us", "microseconds slept", 12000345, metrics);
	metrics_value("test.waited_ms", "waited", 7, metrics);
	metrics_value("test.up_s", "up", 9, metrics);
	metrics_end(metrics);
	assert_int_equal(get("/metrics"), 200);
	assert_non_null(strstr(body, "\nassay_dataplane_slept_seconds_total 12.000345\n"));
	assert_non_null(strstr(body, "\nassay_test_waited_seconds_total 0.007\n"));
	assert_non_null(strstr(body, "\nassay_test_up_seconds_total 9\n"));
	assert_null(strstr(body, "_us"));
	assert_non_null(strstr(body, "# HELP assay_dataplane_slept_seconds_total seconds slept\n"));
}

// The samples of a family stand together, whatever came between.
static void ports_are_labels_of_one_family(void **state)
{
	(void)state;
	metrics_begin(metrics);
	for (int port = 0; port < 12; port += 11) {
		char name[64], words[32];

		snprintf(name, sizeof(name), "port.%d.rx_bytes", port);
		snprintf(words, sizeof(words), "received by %d", port); // lives for the call only
		metrics_value(name, words, (uint64_t)port + 7, metrics);
		snprintf(name, sizeof(name), "port.%d.mbufs", port);
		metrics_value(name, "packet buffers", 3, metrics);
	}
	metrics_value("port.x.y", "no port", 1, metrics);
	metrics_end(metrics);
	assert_int_equal(get("/metrics"), 200);
	assert_string_equal(body, "# HELP assay_port_rx_bytes_total received by 0\n"
				  "# TYPE assay_port_rx_bytes_total counter\n"
				  "assay_port_rx_bytes_total{port=\"0\"} 7\n"
				  "assay_port_rx_bytes_total{port=\"11\"} 18\n"
				  "# HELP assay_port_mbufs packet buffers\n"
				  "# TYPE assay_port_mbufs gauge\n"
				  "assay_port_mbufs{port=\"0\"} 3\n"
				  "assay_port_mbufs{port=\"11\"} 3\n"
				  "# HELP assay_port_x_y_total no port\n"
				  "# TYPE assay_port_x_y_total counter\n"
				  "assay_port_x_y_total 1\n");
}

static void alarms_are_one_gauge(void **state)
{
	(void)state;
	metrics_begin(metrics);
	metrics_alarm(metrics, "clock", "critical", true);
	metrics_alarm(metrics, "log-lost", "warning", false);
	metrics_end(metrics);
	assert_int_equal(get("/metrics"), 200);
	assert_string_equal(body, "# HELP assay_alarm whether an alarm holds at present\n"
				  "# TYPE assay_alarm gauge\n"
				  "assay_alarm{name=\"clock\",severity=\"critical\"} 1\n"
				  "assay_alarm{name=\"log-lost\",severity=\"warning\"} 0\n");
}

// Nobody is left to say that control stands but the page itself, by its age.
static void a_page_that_grows_old_says_so(void **state)
{
	static const char stands[] =
		"\nassay_alarm{name=\"" METRICS_STANDING "\",severity=\"critical\"} 1\n";

	(void)state;
	metrics_begin(metrics);
	metrics_value("test.number", "a number", 1, metrics);
	metrics_alarm(metrics, METRICS_STANDING, "critical", false);
	metrics_alarm(metrics, "log-lost", "warning", false);
	metrics_end(metrics);
	do
		assert_int_equal(get("/metrics"), 200);
	while (!strstr(body, stands));
	assert_non_null(strstr(body, "\nassay_alarm{name=\"log-lost\",severity=\"warning\"} 0\n"));
	assert_non_null(strstr(body, "\nassay_test_number_total 1\n"));
	page_of(1);
	assert_int_equal(get("/metrics"), 200);
	assert_null(strstr(body, METRICS_STANDING));
}

static void new_set_replaces_the_former_one(void **state)
{
	(void)state;
	page_of(3);
	page_of(2);
	metrics_begin(metrics); // not ended: not shown
	assert_int_equal(get("/metrics"), 200);
	assert_non_null(strstr(body, "assay_test_number_1_total 1\n"));
	assert_null(strstr(body, "assay_test_number_2_total "));
}

static void page_that_is_full_ends_with_a_whole_line(void **state)
{
	(void)state;
	int number, value;

	page_of(20000); // more than a page holds
	assert_int_equal(get("/metrics"), 200);
	assert_in_range(strlen(body), 900000, 1 << 20);
	assert_int_equal(body[strlen(body) - 1], '\n');
	body[strlen(body) - 1] = '\0';
	assert_int_equal(
		sscanf(strrchr(body, '\n'), "\nassay_test_number_%d_total %d", &number, &value), 2);
	assert_int_equal(number, value);
}

static void wrong_url_and_method_are_refused(void **state)
{
	(void)state;
	page_of(1);
	assert_int_equal(get("/"), 404);
	assert_int_equal(get("/metrics/"), 404);
	assert_int_equal(get("/../../etc/passwd"), 404);
	assert_null(strstr(body, "root"));
	assert_int_equal(request("POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
				 "Content-Length: 0\r\n\r\n"),
			 405);
	assert_int_equal(request("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
			 200);
	assert_string_equal(body, "");
}

static void G5_huge_head_is_refused(void **state)
{
	(void)state;
	static char head[100000];
	int fd = client();
	size_t len = 0;
	ssize_t got;

	memset(head, 'a', sizeof(head) - 1);
	memcpy(head, "GET /metrics HTTP/1.1\r\nX: ", 26);
	send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
	while ((got = recv(fd, reply + len, 1000, 0)) > 0)
		len += (size_t)got;
	close(fd);
	reply[len] = '\0';
	assert_true(len == 0 || strstr(reply, " 431 ") || strstr(reply, " 414 ") ||
		    strstr(reply, " 413 "));
	page_of(1);
	assert_int_equal(get("/metrics"), 200);
}

// Neither control, which makes the next page, nor other readers wait for it.
static void slow_reader_holds_up_nobody(void **state)
{
	(void)state;
	static const char head[] = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	int fd, small = 4096;
	size_t len = 0;
	ssize_t got;

	page_of(8000);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
	assert_int_equal(recv(fd, reply, 15, MSG_WAITALL), 15);
	for (int i = 0; i < 100; i++)
		page_of(10);
	assert_int_equal(get("/metrics"), 200);
	assert_null(strstr(body, "assay_test_number_10 "));
	// It gets the page that was current when it asked, whole.
	while ((got = recv(fd, reply + len, sizeof(reply) - 1 - len, 0)) > 0)
		len += (size_t)got;
	close(fd);
	reply[len] = '\0';
	assert_non_null(strstr(reply, "\nassay_test_number_7999_total 7999\n"));
}

// Half-sent requests beyond the limit of connections: those that come later wait, and are served.
static void G5_half_sent_requests_end(void **state)
{
	(void)state;
	int fds[20];

	page_of(1);
	for (size_t i = 0; i < 20; i++) {
		fds[i] = client();
		send(fds[i], "GET /met", 8, MSG_NOSIGNAL);
	}
	for (size_t i = 0; i < 20; i++)
		close(fds[i]);
	assert_int_equal(get("/metrics"), 200);
}

// Connections that stay and ask nothing, as any local user can make: the oldest give way.
static void G5_idle_connections_keep_no_reader_out(void **state)
{
	(void)state;
	time_t begun = time(NULL);
	int fds[100];

	page_of(1);
	for (size_t i = 0; i < 100; i++)
		fds[i] = client();
	assert_int_equal(get("/metrics"), 200);
	// Six idle limits of ten seconds would have to end one after the other.
	assert_true(time(NULL) - begun < 45);
	for (size_t i = 0; i < 100; i++)
		close(fds[i]);
	assert_int_equal(get("/metrics"), 200);
}

// With many questions to servers under way descriptors have high numbers.
static void descriptors_over_1023_are_served(void **state)
{
	(void)state;
	struct rlimit limit;
	int fds[1100];
	size_t count = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 1200)
		skip();
	page_of(1);
	while (count < 1100 && (fds[count] = dup(0)) >= 0)
		count++;
	assert_int_equal(count, 1100);
	assert_int_equal(get("/metrics"), 200);
	while (count > 0)
		close(fds[--count]);
}

static void wrong_addresses_are_said(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"",
		"9953",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:+1",
		"127.0.0.1: 1",
		"127.0.0.1:9953x",
		"::1:9953",
		"[::1]9953",
		"[:9953",
		":9953",
		"localhost:9953",
		"[]:1",
		"127.0.0.1:-1",
		"1111111111111111111111111111111111111111111111111111:1"
		"11111111111111111111111111111111111111111111111111111"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(metrics_open(wrong[i], err, sizeof(err)));
		assert_non_null(strstr(err, "is no address and port such as 127.0.0.1:9953"));
	}
	assert_null(metrics_open(address, err, sizeof(err)));
	assert_non_null(strstr(err, "cannot be listened on"));
	assert_non_null(strstr(err, strerror(EADDRINUSE)));
}

static void IPv6_address_is_served(void **state)
{
	(void)state;
	struct sockaddr_in6 six = {.sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				   .sin6_port = where.sin_port};
	struct metrics *other;
	int fd;

	snprintf(address, sizeof(address), "[::1]:%u", ntohs(where.sin_port));
	other = metrics_open(address, err, sizeof(err));
	if (!other && strstr(err, strerror(EADDRNOTAVAIL)))
		skip();
	assert_non_null(other);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&six, sizeof(six)), 0);
	close(fd);
	metrics_close(other);
}

// Control needs the last one to turn a client away, and would wait for it.
static void the_last_descriptor_is_given_back(void **state)
{
	struct rlimit before, limit;
	int fds[64], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static const char head[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	unsigned count = 0;
	char byte;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = (struct rlimit){48, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (count < 64 && (fds[count] = dup(STDIN_FILENO)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	close(fds[--count]); // the page's thread takes it
	assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof(where)), 0);
	(void)send(fd, head, strlen(head), MSG_NOSIGNAL);
	assert_true(recv(fd, &byte, 1, 0) <= 0); // no answer
	// It is there again once that connection is closed on the other side, too.
	for (unsigned i = 0; i < 1000 && (fds[count] = dup(STDIN_FILENO)) < 0; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	assert_true(fds[count] >= 0);
	for (unsigned i = 0; i <= count; i++)
		close(fds[i]);
	close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(page_is_valid_text_of_prometheus),
		TEST(what_goes_down_is_a_gauge),
		TEST(times_are_in_seconds),
		TEST(ports_are_labels_of_one_family),
		TEST(alarms_are_one_gauge),
		TEST(a_page_that_grows_old_says_so),
		TEST(new_set_replaces_the_former_one),
		TEST(page_that_is_full_ends_with_a_whole_line),
		TEST(wrong_url_and_method_are_refused),
		TEST(G5_huge_head_is_refused),
		TEST(slow_reader_holds_up_nobody),
		TEST(G5_half_sent_requests_end),
		TEST(G5_idle_connections_keep_no_reader_out),
		TEST(descriptors_over_1023_are_served),
		TEST(wrong_addresses_are_said),
		TEST(IPv6_address_is_served),
		TEST(the_last_descriptor_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
