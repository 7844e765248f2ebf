// What questions came to, and replies made from that.
#include "dataplane/dns/header.h"
#include "dataplane/serving.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct store_result *result_of(struct store *store, const struct entry *const *links,
				      size_t count)
{
	if (count == 0 || count > RESULT_LINKS_MAX)
		return NULL;
	struct store_result *result = calloc(1, sizeof(*result));
	if (!result)
		return NULL;
	result->refs = 1;
	result->ede = EDE_NONE;
	result->count = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		result->links[i] = links[i];
		cache_pin(store->cache, links[i]);
	}
	return result;
}

// A link was fresh when it was taken into the chain. What runs out while the others are looked for,
// in the time that a question has, is no older than the answer: its TTL is 0.
#define UNDER_WAY_MS 7000

static bool past_its_time(const struct entry *link, uint64_t now_ms)
{
	struct entry_facts facts;

	entry_facts(link, &facts);
	return !facts.one_shot && now_ms >= facts.expires_ms + UNDER_WAY_MS;
}

size_t serving_unrendered(struct store *store, const struct query *query,
			  const struct answer_context *context, uint8_t *out, size_t cap)
{
	atomic_fetch_add_explicit(&store->unrendered, 1, memory_order_relaxed);
	return answer_unrenderable(query, context, out, cap);
}

void store_counters(const struct store *store, struct store_counters *out)
{
	out->unrendered = atomic_load_explicit(&store->unrendered, memory_order_relaxed);
}

struct store_result *store_result_new(struct store *store, const struct entry *const *links,
				      size_t count)
{
	struct store_result *result = result_of(store, links, count);
	struct store_clock clock;

	if (!result)
		return NULL;
	store_get_clock(store, &clock);
	for (size_t i = 0; i < count; i++)
		result->stale |= past_its_time(links[i], clock.now_ms);
	return result;
}

struct store_result *store_result_stale(struct store *store, const struct entry *const *links,
					size_t count, int why)
{
	struct store_result *result = result_of(store, links, count);

	if (!result)
		return NULL;
	result->stale = true;
	result->ede = (int16_t)why;
	return result;
}

struct store_result *store_result_error(struct store *store, unsigned rcode, int ede,
					const char *ede_text)
{
	(void)store;
	struct store_result *result = calloc(1, sizeof(*result));

	if (!result)
		return NULL;
	result->refs = 1;
	result->rcode = (uint8_t)rcode;
	result->ede = (int16_t)ede;
	if (ede_text)
		strncat(result->ede_text, ede_text, sizeof(result->ede_text) - 1);
	return result;
}

void store_result_ref(struct store_result *result)
{
	result->refs++;
}

void store_result_unref(struct store *store, struct store_result *result)
{
	assert(result->refs > 0);
	if (--result->refs > 0)
		return;
	for (size_t i = 0; i < result->count; i++)
		cache_unpin(store->cache, result->links[i]);
	free(result);
}

void store_question_of(const struct serve *serve, struct ticket_question *out)
{
	const struct query *query = &serve->query;

	out->id = query->id;
	out->flags = query->flags;
	out->qtype = query->qtype;
	out->qclass = query->qclass;
	out->name_len = (uint8_t)query->qname_len;
	memcpy(out->name, query->question, query->qname_len);
	out->edns = query->edns;
	out->client = *serve->client;
	out->tcp = serve->tcp;
	out->arrival_ms = serve->now_ms;
}

#define QUESTION_MAX_LEN (NAME_MAX_LEN + 4)

// The query as it was, with its question in `bytes`.
static void query_of(const struct ticket_question *question, uint8_t bytes[QUESTION_MAX_LEN],
		     struct query *out)
{
	*out = (struct query){
		.id = question->id,
		.flags = question->flags,
		.qtype = question->qtype,
		.qclass = question->qclass,
		.rd = (question->flags & FLAG_RD) != 0,
		.cd = (question->flags & FLAG_CD) != 0,
		.ad = (question->flags & FLAG_AD) != 0,
		.edns = question->edns,
		.question = bytes,
		.question_len = (uint16_t)(question->name_len + 4),
		.qname_len = question->name_len,
	};
	memcpy(bytes, question->name, question->name_len);
	wire_put16(bytes + question->name_len, question->qtype);
	wire_put16(bytes + question->name_len + 2, question->qclass);
	name_lower(out->qname, question->name, question->name_len);
}

static size_t render(const struct query *query, const struct store_result *result,
		     const struct answer_context *context, uint8_t *out, size_t cap)
{
	if (result == NULL)
		return 0;
	if (result->count == 0)
		return answer_error(query, result->rcode, result->ede, result->ede_text, context,
				    out, cap);
	if (result->stale)
		return answer_render_stale(query, result->links, result->count, result->ede,
					   context, out, cap);
	return answer_render(query, result->links, result->count, context, out, cap);
}

size_t store_render(struct store *store, const struct ticket_question *question,
		    const struct store_result *result, const struct store_clock *clock,
		    uint32_t rotation, uint8_t *out, size_t cap)
{
	const struct moment moment = {
		.client = &question->client,
		.tcp = question->tcp,
		.now_ms = clock->now_ms,
		.now_s = clock->now_s,
		.clock_trusted = clock->trusted,
		.rotation = rotation,
	};
	uint8_t bytes[QUESTION_MAX_LEN];
	struct query query;

	query_of(question, bytes, &query);
	const struct answer_context context = serving_context(store, &query, &moment);
	size_t len = render(&query, result, &context, out, cap);
	return len > 0 ? len : serving_unrendered(store, &query, &context, out, cap);
}
