// What operators see of servers.
#include "control/upstream/state.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct line {
	char text[512];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	if (len > 0 && line->len + (size_t)len < sizeof(line->text))
		line->len += (size_t)len;
}

static void describe_server(const struct server *server, uint64_t now_us, struct line *line)
{
	if (server->cookie_len)
		add(line, ", cookies");
	if (server->no_cookie_until_us > now_us)
		add(line, ", no cookies (FORMERR)");
	if (server->plain_until_us > now_us)
		add(line, ", no EDNS for unsigned zones");
	if (server->case_lost_until_us > now_us)
		add(line, ", does not keep the case of names");
	if (server->tcp_until_us > now_us)
		add(line, ", TCP first");
	if (server->small_until_us > now_us)
		add(line, ", small replies");
}

static void describe_address(const struct address *address, struct line *line)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text));
	add(line, "%s", text);
}

// State, since when, last cause, and when it is asked again.
static void describe_standing(const struct rating *rating, uint64_t now_us, struct line *line)
{
	enum rating_state state = rating_state(rating, now_us);

	if (rating->fails == 0)
		add(line, ", good");
	else if (state == RATING_IN)
		add(line, ", in doubt");
	else
		add(line, ", out");
	if (rating->since_us)
		add(line, " for %.1f s", (double)(now_us - rating->since_us) / 1e6);
	if (state == RATING_OUT && rating->out_until_us > now_us)
		add(line, ", next probe in %" PRIu64 " ms", (rating->out_until_us - now_us) / 1000);
	else if (state != RATING_IN)
		add(line, ", probed by the next question");
	if (rating->fails)
		add(line, ", %u failures in a row, last: %s", rating->fails,
		    server_failure_words((enum server_failure)rating->cause));
}

static void describe_rating(const struct rating *rating, uint64_t now_us, struct line *line)
{
	describe_address(&rating->server, line);
	if (rating->srtt_us)
		add(line, " rtt %.1f ms +- %.1f", rating->srtt_us / 1e3, rating->rttvar_us / 1e3);
	else
		add(line, " has not answered");
	if (rating->slow_us && rating->fails)
		add(line, ", slow: %.1f ms", rating->slow_us / 1e3);
	describe_standing(rating, now_us, line);
}

static void describe_counts(const struct rating *rating, struct line *line)
{
	for (size_t i = 0; i < SERVER_FAILURE_COUNT; i++) {
		if (rating->counts[i] > 0)
			add(line, "%s%s %" PRIu32, i == 0 ? "; " : ", ",
			    server_failure_name((enum server_failure)i), rating->counts[i]);
	}
}

static void describe_label(const struct upstream *upstream, const struct address *server,
			   struct line *line)
{
	const char *label = upstream_label(upstream, server);

	if (label)
		add(line, ", domain %s", label);
}

static void describe_everywhere(const struct upstream *upstream, const struct rating *rating,
				struct line *line)
{
	uint64_t now_us = upstream_now_us(upstream);
	const struct server *server = servers_find(&upstream->servers, &rating->server, 53);

	describe_rating(rating, now_us, line);
	describe_label(upstream, &rating->server, line);
	if (server)
		describe_server(server, now_us, line);
	describe_counts(rating, line);
}

void upstream_describe_uplink(const struct upstream *upstream,
			      void (*line)(const char *text, void *arg), void *arg)
{
	uint64_t lost_ms = upstream_path_lost_ms(upstream);
	struct line out = {0};

	if (lost_ms == 0)
		return;
	add(&out,
	    "alarm: our own path is lost: no server of any network has answered for %" PRIu64
	    " ms%s",
	    lost_ms, upstream->uplink.lost ? "; ratings are kept as they were" : "");
	line(out.text, arg);
}

void upstream_describe_server(struct upstream *upstream, const uint8_t *zone,
			      const struct address *server,
			      void (*line)(const char *text, void *arg), void *arg)
{
	uint64_t now_us = upstream_now_us(upstream);
	const struct rating *rating = ratings_find(&upstream->ratings, NULL, server, now_us);
	const struct rating *here =
		zone ? ratings_find(&upstream->ratings, zone, server, now_us) : NULL;
	struct line out = {0};

	if (!rating) {
		describe_address(server, &out);
		add(&out, " has not been asked");
		describe_label(upstream, server, &out);
	} else {
		describe_everywhere(upstream, rating, &out);
	}
	if (here) {
		add(&out, "; for this zone");
		describe_standing(here, now_us, &out);
	}
	line(out.text, arg);
}
