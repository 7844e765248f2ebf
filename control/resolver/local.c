// Special-use zones, answered without asking anybody: RFC 6761 (localhost, invalid, test), RFC 6303
// (reverse zones of private and special addresses), RFC 6762 (local), RFC 7686 (onion), RFC 8375
// (home.arpa).

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <stdio.h>
#include <string.h>

#define LOCAL_TTL_S 10800 // RFC 6303 §3

// Presentation form; every zone is empty but for SOA and NS, localhost has its addresses.
static const char *const zones[] = {
	"localhost",
	"invalid",
	"test",
	"local",
	"onion",
	"home.arpa",
	// RFC 6303 §4.1, §4.2
	"10.in-addr.arpa",
	"168.192.in-addr.arpa",
	"0.in-addr.arpa",
	"127.in-addr.arpa",
	"254.169.in-addr.arpa",
	"2.0.192.in-addr.arpa",
	"100.51.198.in-addr.arpa",
	"113.0.203.in-addr.arpa",
	"255.255.255.255.in-addr.arpa",
	"16.172.in-addr.arpa",
	"17.172.in-addr.arpa",
	"18.172.in-addr.arpa",
	"19.172.in-addr.arpa",
	"20.172.in-addr.arpa",
	"21.172.in-addr.arpa",
	"22.172.in-addr.arpa",
	"23.172.in-addr.arpa",
	"24.172.in-addr.arpa",
	"25.172.in-addr.arpa",
	"26.172.in-addr.arpa",
	"27.172.in-addr.arpa",
	"28.172.in-addr.arpa",
	"29.172.in-addr.arpa",
	"30.172.in-addr.arpa",
	"31.172.in-addr.arpa",
	// RFC 6303 §4.3-§4.6
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa",
	"d.f.ip6.arpa",
	"8.e.f.ip6.arpa",
	"9.e.f.ip6.arpa",
	"a.e.f.ip6.arpa",
	"b.e.f.ip6.arpa",
	"8.b.d.0.1.0.0.2.ip6.arpa",
};
#define ZONE_COUNT (sizeof(zones) / sizeof(zones[0]))
// RFC 7793: 100.64.0.0/10 is 64 zones, told by their labels.
#define SHARED_FIRST 64
#define SHARED_LAST  127

static const uint8_t *parsed_zone(size_t i)
{
	static uint8_t names[ZONE_COUNT][NAME_MAX_LEN];
	static bool parsed[ZONE_COUNT];

	if (!parsed[i])
		parsed[i] = name_from_text(zones[i], names[i]) > 0;
	return names[i];
}

// N.100.in-addr.arpa with N in 64..127 at or above the name.
static const uint8_t *shared_zone(const uint8_t *name)
{
	static const uint8_t parent[] = "\003100\007in-addr\004arpa";
	unsigned n = 0;

	if (name_labels(name) < 4 || !name_within(name, parent))
		return NULL;
	const uint8_t *zone = name_ancestor(name, 4);
	if (zone[0] > 3 || (zone[0] > 1 && zone[1] == '0'))
		return NULL;
	for (size_t i = 1; i <= zone[0]; i++) {
		if (zone[i] < '0' || zone[i] > '9')
			return NULL;
		n = n * 10 + zone[i] - '0';
	}
	return n >= SHARED_FIRST && n <= SHARED_LAST ? zone : NULL;
}

static const uint8_t *find_zone(const uint8_t *name)
{
	for (size_t i = 0; i < ZONE_COUNT; i++) {
		if (name_within(name, parsed_zone(i)))
			return parsed_zone(i);
	}
	return shared_zone(name);
}

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

int local_bar(struct resolver *resolver)
{
	uint8_t name[NAME_MAX_LEN];
	char text[40];

	if (!resolver->config.local_zones)
		return 0;
	for (size_t i = 0; i < ZONE_COUNT; i++) {
		const uint8_t *zone = parsed_zone(i);
		if (!excepted(resolver, zone, zone) && !cache_denial_bar(resolver->cache, zone))
			return -1;
	}
	for (int n = SHARED_FIRST; n <= SHARED_LAST; n++) {
		snprintf(text, sizeof(text), "%d.100.in-addr.arpa", n);
		if (name_from_text(text, name) > 0 && !excepted(resolver, name, name) &&
		    !cache_denial_bar(resolver->cache, name))
			return -1;
	}
	return 0;
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
	const uint8_t *localhost = parsed_zone(0);

	*answer = (struct answer){.kind = ENTRY_NXDOMAIN};
	answer->record = (struct record){
		.owner = zone,
		.rdata = answer->rdata,
		.ttl_s = LOCAL_TTL_S,
		.type = TYPE_SOA,
		.class_ = CLASS_IN,
		.rdlen = (uint16_t)soa_rdata(zone, answer->rdata),
	};
	if (zone == localhost)
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
	const uint8_t *zone = find_zone(task->name);
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
