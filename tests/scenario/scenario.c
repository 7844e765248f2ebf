#include "tests/scenario/scenario.h"

#include <stdlib.h>

#define STEPS_MAX 2000000

// ---- running ----

static void tell_store(struct world *world)
{
	uint16_t tags[TRUST_POINT_KEYS_MAX];

	if (world->points != NULL && trust_points_changed(world->points))
		store_set_root_tags(world->store, tags,
				    trust_points_tags(world->points, text_name("."), tags,
						      TRUST_POINT_KEYS_MAX));
}

// Everything that can be done without time passing.
static uint64_t settle(struct world *world)
{
	uint64_t due_ms;

	for (int turn = 0;; turn++) {
		const struct store_clock clock = world_clock(world);
		assert_true(turn < 10000);
		if (network_timer_due(&world->network)) {
			world->network.timer_us = UINT64_MAX;
			upstream_timer(world->upstream);
		}
		store_set_clock(world->store, &clock);
		size_t queued = batch_run(world->batch, 1000, NULL, NULL, 0);
		struct batch_counters before, after;
		batch_counters(world->batch, &before);
		due_ms = resolver_run(world->resolver, &clock);
		tell_store(world);
		batch_counters(world->batch, &after);
		if (queued == 0 && before.submitted == after.submitted &&
		    !network_timer_due(&world->network))
			break;
	}
	cache_maintain(store_cache(world->store), world->network.now_us / 1000);
	uint64_t drill_us = world->drills != NULL ? drill_host_run(world->drills) : UINT64_MAX;
	if (drill_us != UINT64_MAX && (drill_us + 999) / 1000 < due_ms)
		due_ms = (drill_us + 999) / 1000;
	return due_ms;
}

static void pass_time(struct world *world, uint64_t due_ms, uint64_t until_us)
{
	if (due_ms != UINT64_MAX && due_ms * 1000 < until_us)
		until_us = due_ms * 1000 > world->network.now_us ? due_ms * 1000
								 : world->network.now_us;
	network_step(&world->network, until_us);
}

void world_turn(struct world *world, uint64_t until_us)
{
	pass_time(world, settle(world), until_us);
}

void world_advance(struct world *world, uint64_t ms)
{
	uint64_t until_us = world->network.now_us + ms * 1000;

	for (int i = 0; world->network.now_us < until_us; i++) {
		assert_true(i < STEPS_MAX);
		world_turn(world, until_us);
	}
	settle(world);
}

void world_flush(struct world *world, const uint8_t *zone)
{
	struct cache *cache = store_cache(world->store);
	struct cache_flush flush;
	size_t count;

	cache_flush_zone(cache, zone, &flush);
	while (!cache_flush_over(cache, &flush, &count))
		(void)cache_maintain(cache, world->network.now_us / 1000);
}

static bool all_done(const struct world *world)
{
	for (size_t i = 0; i < world->question_count; i++) {
		if (!world->questions[i]->done)
			return false;
	}
	return true;
}

void world_run(struct world *world)
{
	uint64_t limit_us = world->network.now_us + 20000000;

	for (int i = 0;; i++) {
		uint64_t due_ms = settle(world);
		assert_true(i < STEPS_MAX);
		if (all_done(world))
			return;
		if (world->network.now_us > limit_us) {
			network_print_log(&world->network);
			fail_msg("a question is never answered");
		}
		pass_time(world, due_ms, UINT64_MAX);
	}
}

// ---- asking ----

static struct world *current; // the callback needs it to render

static void on_done(void *arg, struct store_result *result)
{
	struct question *question = arg;
	struct world *world = current;
	const struct store_clock clock = world_clock(world);

	question->times_done++;
	question->done = true;
	question->done_us = world->network.now_us;
	question->result = result;
	assert_non_null(result);
	question->wire_len = store_render(world->store, &question->asked, result, &clock, 0,
					  question->wire, sizeof(question->wire));
	assert_true(question->wire_len >= HEADER_LEN);
	assert_int_equal(message_parse(question->wire, question->wire_len, &question->reply),
			 MESSAGE_OK);
}

struct question *world_ask_later(struct world *world, const char *name, uint16_t type,
				 unsigned flags)
{
	struct question *question = calloc(1, sizeof(*question));
	const uint8_t *wire = text_name(name);

	assert_non_null(question);
	current = world;
	question->asked = (struct ticket_question){
		.id = (uint16_t)(world->question_count + 1),
		.flags = (uint16_t)(FLAG_RD | (flags & ASK_CD ? FLAG_CD : 0) |
				    (flags & ASK_AD ? FLAG_AD : 0)),
		.qtype = type,
		.qclass = CLASS_IN,
		.name_len = (uint8_t)name_len(wire),
		.edns = {.present = true,
			 .do_bit = (flags & ASK_DO) != 0,
			 .udp_size = 1232,
			 .ede = EDE_NONE},
		.client = {.family = 4, .bytes = {127, 0, 0, 1}},
		.tcp = (flags & ASK_TCP) != 0,
		.arrival_ms = world->network.now_us / 1000 - world->waited_ms,
	};
	memcpy(question->asked.name, wire, question->asked.name_len);
	question->asked_us = world->network.now_us;
	if (resolver_ask(world->resolver, &question->asked, on_done, question) != 0) {
		free(question);
		return NULL;
	}
	assert_false(question->done);
	assert_true(world->question_count < WORLD_QUESTIONS_MAX);
	world->questions[world->question_count++] = question;
	return question;
}

struct question *world_ask(struct world *world, const char *name, uint16_t type, unsigned flags)
{
	struct question *question = world_ask_later(world, name, type, flags);

	assert_non_null(question);
	world_run(world);
	return question;
}

// ---- looking ----

size_t question_count_of(const struct question *question, enum section section, uint16_t type)
{
	const struct section_rrsets *rrsets = &question->reply->sections[section];
	size_t count = 0;

	for (size_t i = 0; i < rrsets->count; i++) {
		if (rrsets->rrsets[i]->type == type)
			count += rrsets->rrsets[i]->count;
		if (type == TYPE_RRSIG)
			count += rrsets->rrsets[i]->rrsig_count;
	}
	return count;
}

const char *question_data(const struct question *question, uint16_t type, size_t n)
{
	static char text[4][NAME_TEXT_MAX];
	static unsigned turn;
	const struct section_rrsets *answer = &question->reply->sections[SECTION_ANSWER];
	char *out = text[turn++ % 4];

	for (size_t i = 0; i < answer->count; i++) {
		const struct rrset *rrset = answer->rrsets[i];
		if (rrset->type != type)
			continue;
		if (n >= rrset->count) {
			n -= rrset->count;
			continue;
		}
		struct address address = {.family = type == TYPE_A ? 4 : 6};
		if (type != TYPE_A && type != TYPE_AAAA)
			return name_to_text(rrset->rdatas[n].data, out);
		memcpy(address.bytes, rrset->rdatas[n].data, rrset->rdatas[n].len);
		return address_to_text(&address, out);
	}
	return "nothing";
}

void assert_answer(const struct question *question, unsigned rcode, bool ad, int ede)
{
	const struct message *reply = question->reply;

	if (reply->rcode != rcode || reply->edns.ede != ede || ad != !!(reply->flags & FLAG_AD))
		print_message("rcode %u, AD %d, EDE %d (%s)\n", reply->rcode,
			      !!(reply->flags & FLAG_AD), reply->edns.ede,
			      question->result->count > 0 ? "links" : question->result->ede_text);
	if (reply->rcode != rcode)
		network_print_log(&current->network);
	if (question->result->count > 0 && reply->rcode != rcode) {
		struct entry_facts facts;
		entry_facts(question->result->links[question->result->count - 1], &facts);
		print_message("text: %s\n", facts.ede_text);
	}
	assert_int_equal(reply->rcode, rcode);
	assert_int_equal(!!(reply->flags & FLAG_AD), ad);
	assert_int_equal(reply->edns.ede, ede);
}

void assert_address(const struct question *question, const char *address)
{
	uint16_t type = strchr(address, ':') != NULL ? TYPE_AAAA : TYPE_A;

	assert_string_equal(question_data(question, type, 0), address);
}

void assert_order(const struct question *question)
{
	const struct section_rrsets *answer = &question->reply->sections[SECTION_ANSWER];
	uint8_t name[NAME_MAX_LEN];

	name_copy(name, question->asked.name);
	for (size_t i = 0; i < answer->count; i++) {
		const struct rrset *rrset = answer->rrsets[i];
		if (rrset->type == TYPE_DNAME) {
			assert_true(name_within(name, rrset->owner));
			continue;
		}
		assert_true(name_equal(rrset->owner, name));
		if (rrset->type == TYPE_CNAME)
			name_copy(name, rrset->rdatas[0].data);
		else
			assert_int_equal(i, answer->count - 1);
	}
}

bool world_cached(struct world *world, const char *name, uint16_t type, struct entry_facts *facts)
{
	const struct entry *entry = cache_find(store_cache(world->store), text_name(name), type);

	if (entry == NULL)
		return false;
	entry_facts(entry, facts);
	return facts->expires_ms > world->network.now_us / 1000;
}

void assert_cached(struct world *world, const char *name, uint16_t type, enum entry_kind kind,
		   enum entry_security security)
{
	struct entry_facts facts;

	if (!world_cached(world, name, type, &facts))
		fail_msg("%s type %u is not cached", name, type);
	assert_int_equal(facts.kind, kind);
	assert_int_equal(facts.security, security);
}

void assert_not_cached(struct world *world, const char *name, uint16_t type)
{
	struct entry_facts facts;

	if (world_cached(world, name, type, &facts))
		fail_msg("%s type %u is cached, kind %d", name, type, facts.kind);
}

void assert_failure_cached(struct world *world, const char *name, uint16_t type, int ede)
{
	const struct entry *entry =
		cache_find_failure(store_cache(world->store), text_name(name), type);
	struct entry_facts facts;

	assert_non_null(entry);
	entry_facts(entry, &facts);
	assert_true(facts.expires_ms > world->network.now_us / 1000);
	assert_int_equal(facts.ede, ede);
}

void assert_no_failure_cached(struct world *world, const char *name, uint16_t type)
{
	const struct entry *entry =
		cache_find_failure(store_cache(world->store), text_name(name), type);
	struct entry_facts facts;

	if (entry == NULL)
		return;
	entry_facts(entry, &facts);
	assert_true(facts.expires_ms <= world->network.now_us / 1000);
}

static bool within_zones(const struct entry *entry, void *arg)
{
	const char *const *zones = arg;
	struct entry_facts facts;
	char text[NAME_TEXT_MAX];

	entry_facts(entry, &facts);
	for (size_t i = 0; zones[i] != NULL; i++) {
		if (strcmp(zones[i], ".") == 0 ? name_is_root(facts.name)
					       : name_within(facts.name, text_name(zones[i])))
			return true;
	}
	fail_msg("%s is cached", name_to_text(facts.name, text));
	return false;
}

void assert_cached_only_below(struct world *world, const char *const *zones)
{
	cache_walk(store_cache(world->store), within_zones, (void *)(uintptr_t)zones);
}

struct counter_wanted {
	const char *name;
	uint64_t value;
	bool found;
};

static void look_at_counter(const char *name, const char *words, uint64_t value, void *arg)
{
	struct counter_wanted *wanted = arg;

	(void)words;
	if (strcmp(name, wanted->name) == 0) {
		wanted->value = value;
		wanted->found = true;
	}
}

uint64_t world_counter(struct world *world, const char *name)
{
	struct counter_wanted wanted = {.name = name};

	resolver_counters(world->resolver, look_at_counter, &wanted);
	upstream_counters(world->upstream, look_at_counter, &wanted);
	if (!wanted.found)
		fail_msg("no counter %s", name);
	return wanted.value;
}
