// Nested prefixes are flattened into ranges, sorted by where they start, so that a look-up is
// one binary search: 17 steps for 65,536 rules, four for the default ones.
#include "dataplane/parse/acl.h"

#include "dataplane/dns/header.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 address_key;

struct acl_range {
	address_key first; // up to the next range's first
	uint8_t action;
};

struct acl_ranges {
	struct acl_range *list; // list[0].first == 0
	size_t count;
};

struct acl {
	struct acl_top top[2]; // acl_glance() knows that they come first
	struct acl_ranges v4, v6;
};

#define RULE4(a, b, c, d, len)                                                                     \
	{                                                                                          \
		{4, {a, b, c, d}}, len, ACL_ALLOW                                                  \
	}

const struct acl_rule acl_default_rules[] = {
	RULE4(10, 0, 0, 0, 8), // RFC 1918 §3
	RULE4(172, 16, 0, 0, 12),
	RULE4(192, 168, 0, 0, 16),
	RULE4(100, 64, 0, 0, 10),           // RFC 6598 §7
	RULE4(169, 254, 0, 0, 16),          // RFC 3927 §2.1
	RULE4(127, 0, 0, 0, 8),             // RFC 1122 §3.2.1.3
	{{6, {0xfc}}, 7, ACL_ALLOW},        // RFC 4193 §3.1
	{{6, {0xfe, 0x80}}, 10, ACL_ALLOW}, // RFC 4291 §2.5.6
	{{6, {[15] = 1}}, 128, ACL_ALLOW},  // RFC 4291 §2.5.3
};
const size_t acl_default_rule_count = sizeof(acl_default_rules) / sizeof(acl_default_rules[0]);

static address_key key_of(const struct address *address)
{
	uint64_t half[2];

	if (address->family == 4)
		return wire_get32(address->bytes);
	memcpy(half, address->bytes, sizeof(half));
	return (address_key)be64toh(half[0]) << 64 | be64toh(half[1]);
}

// One rule as the addresses it holds.
struct span {
	address_key first, last;
	size_t order; // of the rule
	uint8_t action;
};

static int span_compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1; // the wider one first
	return x->order < y->order ? -1 : x->order > y->order;
}

static void add_range(struct acl_ranges *ranges, address_key first, uint8_t action)
{
	struct acl_range *last = ranges->count > 0 ? &ranges->list[ranges->count - 1] : NULL;

	if (last && last->first == first)
		ranges->count--;
	if (ranges->count > 0 && ranges->list[ranges->count - 1].action == action)
		return;
	ranges->list[ranges->count++] = (struct acl_range){first, action};
}

// Ends the open spans that do not reach `until`, the innermost first.
static size_t close_spans(struct acl_ranges *ranges, const struct span *const *open, size_t depth,
			  address_key until)
{
	while (depth > 1 && open[depth - 1]->last < until) {
		const struct span *ended = open[--depth];

		// An outer span that ends at the same address goes on for nobody.
		if (open[depth - 1]->last > ended->last)
			add_range(ranges, ended->last + 1, open[depth - 1]->action);
	}
	return depth;
}

static void flatten(struct acl_ranges *ranges, const struct span *spans, size_t count,
		    address_key max)
{
	const struct span all = {0, max, 0, ACL_REFUSE};
	// Spans nest (one prefix length each, and twins), so no more can be open at a time.
	const struct span *open[1 + 129];
	size_t depth = 0;

	open[depth++] = &all;
	add_range(ranges, 0, ACL_REFUSE);
	for (size_t i = 0; i < count; i++) {
		depth = close_spans(ranges, open, depth, spans[i].first);
		const struct span *outer = open[depth - 1];
		// Two rules for one prefix: the later one holds.
		if (depth > 1 && outer->first == spans[i].first && outer->last == spans[i].last)
			depth--;
		open[depth++] = &spans[i];
		add_range(ranges, spans[i].first, spans[i].action);
	}
	// Past the greatest address nothing starts: the outermost span stays.
	while (depth > 1) {
		const struct span *ended = open[--depth];

		if (open[depth - 1]->last > ended->last)
			add_range(ranges, ended->last + 1, open[depth - 1]->action);
	}
}

static int build(struct acl_ranges *ranges, const struct acl_rule *rules, size_t rule_count,
		 uint8_t family)
{
	const unsigned bits = family == 4 ? 32 : 128;
	const address_key max = ~(address_key)0 >> (128 - bits);
	struct span *spans = calloc(rule_count + 1, sizeof(*spans));
	size_t count = 0;

	ranges->list = calloc(2 * rule_count + 1, sizeof(*ranges->list));
	if (!spans || !ranges->list) {
		free(spans);
		return -1;
	}
	for (size_t i = 0; i < rule_count; i++) {
		const struct acl_rule *rule = &rules[i];

		if (rule->prefix.family != family || rule->prefix_len > bits)
			continue;
		address_key host = rule->prefix_len == bits ? 0 : max >> rule->prefix_len;
		address_key first = key_of(&rule->prefix) & ~host;
		spans[count++] = (struct span){first, first | host, i, (uint8_t)rule->action};
	}
	qsort(spans, count, sizeof(*spans), span_compare);
	flatten(ranges, spans, count, max);
	free(spans);
	return 0;
}

static void build_top(struct acl_top *top, const struct acl_ranges *ranges, unsigned bits)
{
	size_t at = 0; // the range that `first` is in

	for (unsigned i = 0; i < 1u << 16; i++) {
		const address_key first = (address_key)i << (bits - 16);
		const address_key last = first | (((address_key)1 << (bits - 16)) - 1);

		while (at + 1 < ranges->count && ranges->list[at + 1].first <= first)
			at++;
		bool same = at + 1 == ranges->count || ranges->list[at + 1].first > last;
		top->actions[i] = same ? ranges->list[at].action : (uint8_t)ACL_MIXED;
	}
}

struct acl *acl_new(const struct acl_rule *rules, size_t count)
{
	struct acl *acl = calloc(1, sizeof(*acl));

	if (!acl)
		return NULL;
	if (build(&acl->v4, rules, count, 4) < 0 || build(&acl->v6, rules, count, 6) < 0) {
		acl_free(acl);
		return NULL;
	}
	build_top(&acl->top[0], &acl->v4, 32);
	build_top(&acl->top[1], &acl->v6, 128);
	return acl;
}

void acl_free(struct acl *acl)
{
	if (!acl)
		return;
	free(acl->v4.list);
	free(acl->v6.list);
	free(acl);
}

enum acl_action acl_lookup(const struct acl *acl, const struct address *client)
{
	if (client->family != 4 && client->family != 6)
		return ACL_REFUSE;
	const enum acl_action action = acl_glance(acl, client->family, client->bytes);
	if (action != ACL_MIXED)
		return action;
	const struct acl_ranges *ranges = client->family == 4 ? &acl->v4 : &acl->v6;
	const struct acl_range *list = ranges->list;
	const address_key key = key_of(client);

	// list[0] starts at 0: the range sought is among the first `count` from `list` on.
	for (size_t count = ranges->count; count > 1;) {
		size_t half = count / 2;

		if (list[half].first <= key)
			list += half;
		count -= half;
	}
	return (enum acl_action)list->action;
}
