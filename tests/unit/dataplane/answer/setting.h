// One query, the links that answer it, and the moment: every reply is made three times, into
// a buffer of its own, in the query's place, and with every limit below its length.
#pragma once

#include "dataplane/cache/cache.h"
#include "dataplane/dns/message.h"
#include "tests/unit/dataplane/answer/given.h"

static struct answer_context context;
static struct bytes asked;
static struct query query;
static struct entry *links[LOOKUP_LINKS_MAX + 1];
static size_t link_count;
static bool stale_allowed;
static int why;

static uint8_t reply[66000];
static size_t reply_len;

static inline void given_next(const struct given *given)
{
	links[link_count++] = given_entry(given);
}

static inline void given_nothing(void)
{
	while (link_count > 0)
		free(links[--link_count]);
}

static inline void given(const struct given *given)
{
	given_nothing();
	given_next(given);
}

static inline void ask(unsigned flags, const char *question, const char *opt)
{
	given_query(&asked, flags, question, opt);
	assert_int_equal(query_parse(asked.data, asked.len, &query), QUERY_ANSWER);
}

static inline size_t render_as(const struct query *q, uint8_t *out, size_t cap)
{
	const struct entry *const *chain = (const struct entry *const *)links;

	if (stale_allowed)
		return answer_render_stale(q, chain, link_count, why, &context, out, cap);
	return answer_render(q, chain, link_count, &context, out, cap);
}

static inline void assert_parses(const uint8_t *bytes, size_t len)
{
	struct message *message = NULL;

	assert_int_equal(message_parse(bytes, len, &message), MESSAGE_OK);
	message_free(message);
}

static inline void render(void)
{
	static uint8_t place[66000];
	struct query in_place;

	memset(reply, 0xee, sizeof(reply));
	reply_len = render_as(&query, reply, sizeof(reply));
	for (size_t i = reply_len; i < reply_len + 64 && i < sizeof(reply); i++)
		assert_int_equal(reply[i], 0xee);
	memset(place, 0xdd, sizeof(place));
	memcpy(place, asked.data, asked.len);
	assert_int_equal(query_parse(place, asked.len, &in_place), QUERY_ANSWER);
	assert_int_equal(render_as(&in_place, place, sizeof(place)), reply_len);
	assert_memory_equal(place, reply, reply_len);
}

// Whatever the limit, the whole answer (less EDE) or TC with empty sections; never a byte more.
static inline void assert_limits(void)
{
	const size_t limit = context.limit;

	for (size_t n = 0; n < reply_len; n += n < 700 || n + 40 > reply_len ? 1 : 13) {
		uint8_t *out = malloc(n ? n : 1); // for ASan to watch
		context.limit = n;
		size_t len = render_as(&query, out, n);
		assert_true(len <= n);
		if (len > 0) {
			unsigned records = header_ancount(out) + header_nscount(out);
			bool whole = records == (unsigned)header_ancount(reply) +
						       header_nscount(reply);
			bool tc = header_flags(out) & FLAG_TC;

			assert_true(tc ? records == 0 : whole);
			assert_int_equal(header_arcount(out), header_arcount(reply));
			assert_int_equal(FLAGS_RCODE(header_flags(out)),
					 FLAGS_RCODE(header_flags(reply)));
		}
		free(out);
	}
	context.limit = limit;
}

static inline void assert_reply(const char *golden)
{
	render();
	assert_golden(reply, reply_len, golden);
	assert_limits();
}

static inline int setting_start(void **state)
{
	static const uint8_t client[4] = {192, 0, 2, 7};

	(void)state;
	context = (struct answer_context){.now_ms = NOW_MS, .now_s = NOW_S,
					  .clock_trusted = true, .limit = 1232,
					  .client_addr = client, .client_addr_len = 4,
					  .stale_ttl_s = 30};
	stale_allowed = false;
	why = EDE_NONE;
	return 0;
}

static inline int setting_end(void **state)
{
	(void)state;
	given_nothing();
	return 0;
}

#define setting_test(f) cmocka_unit_test_setup_teardown(f, setting_start, setting_end)
