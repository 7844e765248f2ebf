// Special-use zones, answered without asking anybody. Every zone is empty but for SOA and NS,
// localhost has its addresses.

#include "control/resolver/task.h"
#include "control/special_use.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define LOCAL_TTL_S 10800 // RFC 6303 §3

// A configured zone, or one that the operator wants resolved like any other, goes first.
static bool excepted(const struct resolver *resolver, const uint8_t *name, const uint8_t *zone)
{
	for (size_t i = 0; i < resolver->config.local_exception_count; i++) {
		if (name_within(zone, resolver->exceptions[i]))
			return true;
	}
	for (size_t i = 0; i < resolver->config.route_count; i++) {
		const uint8_t *route = resolver->routes[i].zone;
		if (name_within(name, route) && name_labels(route) > 0)
			return true;
	}
	return false;
}

struct barring {
	struct resolver *resolver;
	bool failed;
};

static void bar_one(const uint8_t *zone, void *arg)
{
	struct barring *barring = arg;
	struct resolver *resolver = barring->resolver;

	if (!excepted(resolver, zone, zone) && !cache_denial_bar(resolver->cache, zone))
		barring->failed = true;
}

int local_bar(struct resolver *resolver)
{
	struct barring barring = {.resolver = resolver};

	if (resolver->config.local_zones)
		special_use_each(bar_one, &barring);
	return barring.failed ? -1 : 0;
}

static size_t soa_rdata(const uint8_t *zone, uint8_t *out)
{
	static const uint8_t tail[] = "\006nobody\007invalid";
	static const uint8_t numbers[20] = {
		0, 0, 0, 1, 0, 0, 0x0e, 0x10, 0, 0, 0x04, 0xb0, 0, 9, 0x3a, 0x80, 0, 0, 0x2a, 0x30,
	};
	size_t len = name_len(zone);

	memcpy(out, zone, len);
	memcpy(out + len, tail, sizeof(tail));
	memcpy(out + len + sizeof(tail), numbers, sizeof(numbers));
	return len + sizeof(tail) + sizeof(numbers);
}

struct answer {
	enum entry_kind kind;
	struct record record;
	uint8_t rdata[2 * NAME_MAX_LEN + 20];
};

static void set_data(struct answer *answer, const struct task *task, const void *rdata, size_t len)
{
	answer->kind = ENTRY_POSITIVE;
	memcpy(answer->rdata, rdata, len);
	answer->record.rdlen = (uint16_t)len;
	answer->record.type = task->type;
	answer->record.owner = task->name;
}

static void answer_localhost(struct answer *answer, const struct task *task)
{
	static const uint8_t v4[4] = {127, 0, 0, 1};
	static const uint8_t v6[16] = {[15] = 1};

	answer->kind = ENTRY_NODATA;
	// RFC 6761 §6.3: all names below it, too.
	if (task->type == TYPE_A || task->type == TYPE_ANY)
		set_data(answer, task, v4, sizeof(v4));
	else if (task->type == TYPE_AAAA)
		set_data(answer, task, v6, sizeof(v6));
}

static void answer_apex(struct answer *answer, const struct task *task, const uint8_t *zone)
{
	answer->kind = ENTRY_NODATA;
	if (task->type == TYPE_SOA)
		set_data(answer, task, answer->rdata, answer->record.rdlen);
	else if (task->type == TYPE_NS) // RFC 6303 §3
		set_data(answer, task, zone, name_len(zone));
}

static void compose(struct answer *answer, const struct task *task, const uint8_t *zone)
{
	*answer = (struct answer){.kind = ENTRY_NXDOMAIN};
	answer->record = (struct record){
		.owner = zone,
		.rdata = answer->rdata,
		.ttl_s = LOCAL_TTL_S,
		.type = TYPE_SOA,
		.class_ = CLASS_IN,
		.rdlen = (uint16_t)soa_rdata(zone, answer->rdata),
	};
	if (special_use_is_localhost(zone))
		answer_localhost(answer, task);
	if (name_equal(task->name, zone) && answer->kind != ENTRY_POSITIVE)
		answer_apex(answer, task, zone);
	if (answer->kind == ENTRY_POSITIVE && task->type == TYPE_ANY)
		answer->record.type = TYPE_A;
}

bool local_answer(struct task *task)
{
	struct resolver *resolver = task->resolver;
	const struct publication publication = {
		.provenance = FROM_LOCAL,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.one_shot = task->type == TYPE_ANY || task->type == TYPE_RRSIG,
	};
	struct answer answer;

	if (!resolver->config.local_zones)
		return false;
	const uint8_t *zone = special_use_zone(task->name);
	if (zone == NULL || excepted(resolver, task->name, zone))
		return false;
	// The parent of a special-use zone says whether it is delegated and signed.
	if (task->type == TYPE_DS && name_equal(task->name, zone) && task->fresh)
		return false;
	compose(&answer, task, zone);
	const struct entry *entry =
		publish_own(resolver->publisher, task->name, task->type, answer.kind,
			    &answer.record, 1, LOCAL_TTL_S, &publication);
	return chain_add(resolver, &task->chain, entry);
}
