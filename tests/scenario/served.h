// Questions to a poll-mode core's code, without one, about names that cached records deny; each
// world knows cached denial.
#pragma once

#include "tests/scenario/zones.h"

struct served {
	enum serve_verdict verdict;
	struct serve serve;
	struct message *message;
	uint8_t wire[4096];
};

// What a poll-mode core does with the question.
static inline struct served *serve(const char *name, uint16_t type, unsigned flags)
{
	static struct served served;
	static const struct address client = {.family = 4, .bytes = {127, 0, 0, 1}};
	const struct store_clock clock = world_clock(w);
	const uint8_t *wire = text_name(name);
	size_t len = name_len(wire);
	uint8_t *p = served.wire;

	message_free(served.message);
	memset(&served, 0, sizeof(served));
	wire_put16(p, 7);
	wire_put16(p + 2, (uint16_t)(FLAG_RD | (flags & ASK_CD ? FLAG_CD : 0) |
				     (flags & ASK_AD ? FLAG_AD : 0)));
	p[5] = p[11] = 1;
	memcpy(p + 12, wire, len);
	p += 12 + len;
	wire_put16(p, type);
	wire_put16(p + 2, CLASS_IN);
	p[4] = 0;
	wire_put16(p + 5, TYPE_OPT);
	wire_put16(p + 7, 1232);
	p[11] = flags & ASK_DO ? 0x80 : 0;
	p += 15;
	served.serve = (struct serve){.client = &client,
				      .now_ms = clock.now_ms,
				      .now_s = clock.now_s,
				      .clock_trusted = clock.trusted};
	served.verdict = store_serve_query(w->store, served.wire, (size_t)(p - served.wire),
					   &served.serve, served.wire, sizeof(served.wire));
	if (served.verdict == SERVE_REPLY) {
		assert_int_equal(
			message_parse(served.wire, served.serve.reply_len, &served.message),
			MESSAGE_OK);
	}
	return &served;
}

static inline size_t count_in(const struct served *served, enum section section, uint16_t type)
{
	const struct question question = {.reply = served->message};

	return question_count_of(&question, section, type);
}

static inline void assert_served(const struct served *served, unsigned rcode, bool ad)
{
	assert_int_equal(served->verdict, SERVE_REPLY);
	assert_true(served->serve.synthesised);
	assert_int_equal(header_flags(served->wire) & 0xf, rcode);
	assert_int_equal((header_flags(served->wire) & FLAG_AD) != 0, ad);
	assert_int_equal(served->message->edns.ede, EDE_SYNTHESIZED);
}

#define assert_missed(name, type) assert_int_equal(serve(name, type, ASK_DO)->verdict, SERVE_MISS)

static inline int start_denial(void **state)
{
	(void)state;
	w = world_new();
	w->denial = true;
	world_add_tlds(w);
	add_example(w);
	add_plain(w);
	world_start(w);
	return 0;
}

static inline void begin_denial(void)
{
	begin();
	w->denial = true;
}

// A question is put to the core first, as a client's is.
static inline unsigned ask_either(const char *name, uint16_t type)
{
	struct served *served = serve(name, type, ASK_DO);

	if (served->verdict == SERVE_REPLY)
		return header_flags(served->wire) & 0xf;
	return header_flags(world_ask(w, name, type, ASK_DO)->wire) & 0xf;
}

#define scenario_denial(f) cmocka_unit_test_setup_teardown(f, start_denial, end_world)
