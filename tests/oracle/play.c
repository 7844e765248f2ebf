#include "tests/oracle/play.h"

#include "dataplane/dns/header.h"
#include "tests/oracle/fast.h"
#include "tests/oracle/health.h"
#include "tests/oracle/judge.h"
#include "tests/oracle/random.h"
#include "tests/oracle/reply_text.h"

#include <stdlib.h>

#define ANSWER_LIMIT_US 10000000
#define CALM_US         (400 * 1000000ULL)

struct client {
	struct player *player;
	struct ticket_question ticket;
	struct asked asked;
	struct store_result *result;
	size_t line;
	bool waiting, gone;
};

struct player {
	const struct script *script;
	struct world *world;
	struct authority authority;
	struct judge judge;
	struct played *out;
	struct client **clients;
	size_t client_count;
	struct health health;
	uint64_t troubled_us; // when something last changed or failed; 0: never
	uint64_t random;
	bool verbose;
};

static bool failed(const struct player *p)
{
	return p->out->complaint[0] != '\0';
}

static uint64_t now_us(const struct player *p)
{
	return p->world->network.now_us;
}

// ---- answers ----

// Whether everything has worked for long enough.
static bool is_calm(struct player *p, uint64_t asked_us)
{
	if (p->troubled_us == 0)
		return true;
	for (size_t i = 0; i < p->authority.zone_count; i++) {
		if (p->authority.zones[i].may_fail_until_us > asked_us ||
		    authority_unhosted(&p->authority, &p->authority.zones[i]))
			return false;
	}
	return p->health.fault_count == 0 && asked_us - p->troubled_us > CALM_US;
}

static void count(struct played *out, const struct client *client, const struct message *reply)
{
	const size_t answers = reply->sections[SECTION_ANSWER].count;
	const int ede = reply->edns.ede;

	out->outcomes.data += reply->rcode == RCODE_NOERROR && answers > 0;
	out->outcomes.no_data += reply->rcode == RCODE_NOERROR && answers == 0;
	out->outcomes.nxdomain += reply->rcode == RCODE_NXDOMAIN;
	out->outcomes.yxdomain += reply->rcode == RCODE_YXDOMAIN;
	out->outcomes.servfail += reply->rcode == RCODE_SERVFAIL;
	out->outcomes.refused += reply->rcode == RCODE_REFUSED || reply->rcode == RCODE_FORMERR;
	out->outcomes.truncated += (reply->flags & FLAG_TC) != 0;
	out->outcomes.secure += (reply->flags & FLAG_AD) != 0;
	out->outcomes.stale += ede == EDE_STALE_ANSWER || ede == EDE_STALE_NXDOMAIN_ANSWER;
	out->outcomes.synthesised += ede == EDE_SYNTHESIZED;
	out->outcomes.from_memory += client->asked.done_us == client->asked.asked_us;
}

static void take_reply(struct player *p, struct client *client, const uint8_t *wire, size_t len)
{
	struct message *reply = NULL;

	client->waiting = false;
	client->asked.done_us = now_us(p);
	if (client->gone || failed(p))
		return;
	p->out->questions++;
	p->judge.calm = is_calm(p, client->asked.asked_us);
	if (len == 0) {
		snprintf(p->out->complaint, sizeof(p->out->complaint), "no reply");
	} else if (message_parse(wire, len, &reply) != MESSAGE_OK) {
		snprintf(p->out->complaint, sizeof(p->out->complaint), "the reply is malformed");
	} else {
		client->asked.reply = reply;
		count(p->out, client, reply);
		if (!judge_reply(&p->judge, &client->asked))
			snprintf(p->out->complaint, sizeof(p->out->complaint), "%s",
				 p->judge.complaint);
		client->asked.reply = NULL;
	}
	if (failed(p) && p->verbose) {
		network_print_log(&p->world->network);
		printf("%.3f s: %s\n", (double)(now_us(p) - 1000000000) / 1e6,
		       p->script->lines[client->line]);
	}
	if (failed(p)) {
		p->out->line = client->line;
		if (reply != NULL)
			reply_text(reply, p->out->reply, sizeof(p->out->reply));
	} else if (p->verbose && reply != NULL) {
		static char text[4000];
		reply_text(reply, text, sizeof(text));
		printf("%.3f s: %s\n%s", (double)(now_us(p) - 1000000000) / 1e6,
		       p->script->lines[client->line], text);
	}
	message_free(reply);
}

static void on_done(void *arg, struct store_result *result)
{
	static uint8_t wire[65535];
	struct client *client = arg;
	struct player *p = client->player;
	const struct store_clock clock = world_clock(p->world);

	assert_true(client->waiting);
	size_t len = store_render(p->world->store, &client->ticket, result, &clock, 0, wire,
				  sizeof(wire));
	store_result_unref(p->world->store, result);
	take_reply(p, client, wire, len);
}

// ---- questions ----

static size_t write_query(struct client *client, const char *name, uint8_t *wire, size_t cap)
{
	const unsigned flags = client->asked.flags;
	const struct edns edns = {
		.present = !(flags & ASKED_PLAIN),
		.do_bit = (flags & ASKED_DO) != 0,
		.udp_size = 1232,
		.ede = EDE_NONE,
	};
	int len = query_build(wire, cap, (uint16_t)(client->line + 1),
			      (uint16_t)(FLAG_RD | (flags & ASKED_CD ? FLAG_CD : 0) |
					 (flags & ASKED_AD ? FLAG_AD : 0)),
			      text_name(name), client->asked.type, &edns);

	assert_true(len > 0);
	return (size_t)len;
}

static void put_question(struct player *p, struct client *client, const char *name)
{
	static uint8_t wire[600], reply[65535];
	const struct store_clock clock = world_clock(p->world);
	const struct address from = {.family = 4, .bytes = {127, 0, 0, 1}};
	struct serve serve = {
		.client = &from,
		.tcp = (client->asked.flags & ASKED_TCP) != 0,
		.now_ms = clock.now_ms,
		.now_s = clock.now_s,
		.clock_trusted = clock.trusted,
	};
	size_t len = write_query(client, name, wire, sizeof(wire));
	size_t fast_len =
		serve.tcp ? 0 : fast_ask(p->world->store, &clock, wire, len, reply, sizeof(reply));

	client->waiting = true;
	if (fast_len > 0) {
		take_reply(p, client, reply, fast_len);
		return;
	}
	switch (store_serve_query(p->world->store, wire, len, &serve, reply, sizeof(reply))) {
	case SERVE_REPLY:
		take_reply(p, client, reply, serve.reply_len);
		return;
	case SERVE_DROP:
		take_reply(p, client, NULL, 0);
		return;
	case SERVE_MISS:
		break;
	}
	store_question_of(&serve, &client->ticket);
	if (resolver_ask(p->world->resolver, &client->ticket, on_done, client) != 0) {
		client->gone = true; // too many at once: SERVFAIL, or stale
		take_reply(p, client, NULL, 0);
	}
}

static void run_until(struct player *p, uint64_t until_us)
{
	while (now_us(p) < until_us && !failed(p)) {
		world_turn(p->world, until_us);
		// What is asked in the background for an hour is more than the log holds.
		if (p->world->network.log_count < NETWORK_LOG_MAX / 2)
			continue;
		if (p->verbose)
			network_print_log(&p->world->network);
		network_forget_log(&p->world->network);
	}
	if (!failed(p))
		world_turn(p->world, now_us(p)); // whoever comes next is told what time it is
}

static bool any_waits(const struct player *p)
{
	for (size_t i = 0; i < p->client_count; i++) {
		if (p->clients[i]->waiting && !p->clients[i]->gone)
			return true;
	}
	return false;
}

// Also those that nobody waits for.
static bool any_asks(const struct player *p)
{
	for (size_t i = 0; i < p->client_count; i++) {
		if (p->clients[i]->waiting)
			return true;
	}
	return false;
}

static void run_all(struct player *p)
{
	uint64_t limit_us = now_us(p) + ANSWER_LIMIT_US;

	while (any_waits(p) && !failed(p) && now_us(p) < limit_us)
		world_turn(p->world, limit_us);
	for (size_t i = 0; i < p->client_count && !failed(p); i++) {
		if (!p->clients[i]->waiting || p->clients[i]->gone)
			continue;
		p->out->line = p->clients[i]->line;
		snprintf(p->out->complaint, sizeof(p->out->complaint), "never answered");
	}
}

static void ask(struct player *p, size_t line)
{
	struct client *client = calloc(1, sizeof(*client));
	struct words words;

	assert_non_null(client);
	if (script_words(p->script->lines[line], &words, SCRIPT_WORDS_MAX) < 4) {
		free(client);
		return;
	}
	const unsigned flags = script_flags(words.at[3]);
	*client = (struct client){.player = p, .line = line, .gone = flags & ASKED_GONE};
	client->asked.flags = flags;
	name_lower(client->asked.name, text_name(words.at[1]), name_len(text_name(words.at[1])));
	assert_int_equal(type_from_text(words.at[2], &client->asked.type), 0);
	client->asked.asked_us = now_us(p);
	p->clients = realloc(p->clients, (p->client_count + 1) * sizeof(*p->clients));
	assert_non_null(p->clients);
	p->clients[p->client_count++] = client;
	put_question(p, client, words.at[1]);
	if (!(flags & ASKED_BESIDE) && !client->gone)
		run_all(p);
}

// ---- lines ----

static void set(struct player *p, const struct words *words)
{
	if (words->count < 3)
		return;
	bool on = words->at[2][0] == '1';
	if (strcmp(words->at[1], "denial") == 0)
		p->world->denial = on;
	else if (strcmp(words->at[1], "minimise") == 0)
		p->world->config.qname_minimisation = on;
}

static void flush(struct player *p, const struct words *words)
{
	struct authority *a = &p->authority;
	struct flush *act = &a->flushes[a->flush_count % AUTHORITY_ACTS_MAX];
	bool typed = words->count > 2;

	if (words->count < 2 || a->flush_count == AUTHORITY_ACTS_MAX)
		return;
	*act = (struct flush){.at_us = now_us(p)};
	name_lower(act->name, text_name(words->at[1]), name_len(text_name(words->at[1])));
	if (typed)
		assert_int_equal(type_from_text(words->at[2], &act->type), 0);
	resolver_flush_name(p->world->resolver, act->name, typed ? &act->type : NULL);
	// What is under way is put into the cache later.
	if (!any_asks(p))
		a->flush_count++;
}

static void except(struct player *p, const struct words *words)
{
	struct authority *a = &p->authority;
	struct exception *act = &a->exceptions[a->exception_count];
	unsigned lifetime_s = words->count > 2 ? (unsigned)strtoul(words->at[2], NULL, 10) : 0;

	if (words->count < 3 || authority_zone(a, words->at[1]) == NULL ||
	    strcmp(words->at[1], ".") == 0 || a->exception_count == AUTHORITY_ACTS_MAX)
		return;
	name_lower(act->name, text_name(words->at[1]), name_len(text_name(words->at[1])));
	// Under way, or just removed: with or without.
	act->from_us = lifetime_s == 0 || any_asks(p) ? 0 : now_us(p);
	a->exception_count++;
	if (lifetime_s == 0) {
		(void)resolver_nta_remove(p->world->resolver, act->name);
		for (size_t i = 0; i < a->exception_count; i++) {
			if (name_equal(a->exceptions[i].name, act->name))
				a->exceptions[i].from_us = 0;
		}
	} else {
		assert_int_equal(
			resolver_nta_add(p->world->resolver, act->name, lifetime_s, "test"), 0);
	}
}

static bool operate(struct player *p, const struct words *words)
{
	if (strcmp(words->at[0], "flush") == 0)
		flush(p, words);
	else if (strcmp(words->at[0], "nta") == 0)
		except(p, words);
	else
		return false;
	return true;
}

// Nothing is known any more but what everybody says now.
static void restart(struct player *p)
{
	struct authority *a = &p->authority;

	for (size_t i = 0; i < p->client_count; i++)
		p->clients[i]->gone |= p->clients[i]->waiting;
	world_restart(p->world);
	a->flush_count = a->exception_count = 0;
	for (size_t i = 0; i < a->zone_count; i++) {
		struct authority_zone *zone = &a->zones[i];
		zone->may_fail_until_us = zone->may_be_mute_until_us = 0;
		zone->rolled_us = zone->hidden_us = zone->hidden_from_us = 0;
	}
	p->judge.restarted_us = now_us(p);
	if (p->health.fault_count == 0)
		p->troubled_us = 0;
	health_look(&p->health, a);
}

static bool describes(const char *word)
{
	return strcmp(word, "zone") == 0 || strcmp(word, "stub") == 0 ||
	       strcmp(word, "forward") == 0 || strcmp(word, "rec") == 0 || strcmp(word, "set") == 0;
}

static void play_line(struct player *p, size_t line)
{
	const char *text = p->script->lines[line];
	struct words words;

	script_words(text, &words, SCRIPT_WORDS_MAX);
	if (describes(words.at[0]))
		return;
	if (p->verbose)
		printf("%.3f s: %s\n", (double)(now_us(p) - 1000000000) / 1e6, text);
	if (strcmp(words.at[0], "ask") == 0) {
		ask(p, line);
	} else if (strcmp(words.at[0], "wait") == 0 && words.count > 1) {
		run_until(p, now_us(p) + strtoull(words.at[1], NULL, 10) * 1000);
	} else if (strcmp(words.at[0], "restart") == 0) {
		restart(p);
	} else if (operate(p, &words)) {
		// With everybody's cache as it was.
	} else if (authority_change(&p->authority, text) ||
		   health_change(&p->health, &p->world->network, text)) {
		p->troubled_us = now_us(p);
		health_look(&p->health, &p->authority);
	}
	if (p->verbose)
		network_print_log(&p->world->network);
	if (!any_waits(p))
		network_forget_log(&p->world->network);
}

// "stub APEX", by the addresses of its servers; "forward APEX only|first SERVER,…". Their names are
// validated as ever.
static void configure(struct player *p, const struct words *words)
{
	struct authority_zone *zone =
		words->count > 1 ? authority_zone(&p->authority, words->at[1]) : NULL;

	if (zone == NULL)
		return;
	if (strcmp(words->at[0], "stub") == 0)
		authority_configure(&p->authority, zone, CONFIGURED_STUB, "");
	else if (strcmp(words->at[0], "forward") == 0 && words->count > 3)
		authority_configure(&p->authority, zone,
				    strcmp(words->at[2], "first") == 0 ? CONFIGURED_FORWARD_FIRST
								       : CONFIGURED_FORWARD,
				    words->at[3]);
}

static bool start(struct player *p)
{
	struct words words;

	for (size_t i = 0; i < p->script->count; i++) {
		script_words(p->script->lines[i], &words, SCRIPT_WORDS_MAX);
		if (strcmp(words.at[0], "set") == 0)
			set(p, &words);
		else
			authority_describe(&p->authority, p->script->lines[i]);
	}
	if (!authority_start(&p->authority))
		return false;
	for (size_t i = 0; i < p->script->count; i++) {
		script_words(p->script->lines[i], &words, 4);
		configure(p, &words);
	}
	authority_forward(&p->authority);
	health_look(&p->health, &p->authority);
	world_start(p->world);
	return true;
}

void play(const struct script *script, uint64_t seed, bool verbose, struct played *out)
{
	static struct player player;
	struct player *p = &player;

	*out = (struct played){0};
	*p = (struct player){
		.script = script,
		.world = world_new(),
		.out = out,
		.random = seed,
		.verbose = verbose,
	};
	p->authority.world = p->world;
	p->judge.authority = &p->authority;
	p->world->network.random = seed;
	p->world->denial = true;
	p->world->cache_bytes = 2 << 20;
	bool started = start(p);
	for (size_t i = 0; started && i < script->count && !failed(p); i++)
		play_line(p, i);
	run_all(p);
	if (failed(p))
		return; // the process ends with it
	if (p->world->zone_count > 0)
		p->world->zones[0].zone = NULL; // the authority's
	for (size_t i = 0; i < p->client_count; i++)
		p->clients[i]->gone = true;
	world_free(p->world);
	authority_free(&p->authority);
	for (size_t i = 0; i < p->client_count; i++)
		free(p->clients[i]);
	free(p->clients);
	judge_free(&p->judge);
}
