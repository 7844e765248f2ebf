#include "tests/lab/relay/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RULES_MAX = 256,
	ADDRESS_LEN = 46,
};

struct rule {
	char address[ADDRESS_LEN];
	uint8_t zone[MESSAGE_NAME_MAX];
	size_t zone_len;
	unsigned kind;
	uint32_t delay_ms;
};

static struct rule rules[RULES_MAX];
static size_t rule_count;

static const struct {
	const char *name;
	unsigned kind;
} kinds[] = {
	{"drop", BREAK_DROP},         {"refuse", BREAK_REFUSE},     {"servfail", BREAK_SERVFAIL},
	{"delay", BREAK_DELAY},       {"truncate", BREAK_TRUNCATE}, {"bogus", BREAK_BOGUS},
	{"strip-rrsig", BREAK_STRIP},
};

static unsigned kind_from_name(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kind;
	return 0;
}

// Presentation format without escapes, as the lab's zones have it. Returns the length or 0.
static size_t zone_from_text(const char *text, uint8_t *zone)
{
	size_t len = 0;
	while (*text && strcmp(text, ".") != 0) {
		const size_t label = strcspn(text, ".");
		if (label == 0 || label > 63 || len + label + 2 > MESSAGE_NAME_MAX)
			return 0;
		zone[len++] = (uint8_t)label;
		for (size_t i = 0; i < label; i++) {
			const char c = text[i];
			zone[len++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
		}
		text += label + (text[label] == '.');
	}
	zone[len++] = 0;
	return len;
}

static int rule_read(const char *line, struct rule *rule)
{
	char zone[MESSAGE_NAME_MAX * 2];
	char kind[16];
	unsigned delay_ms = 0;
	if (sscanf(line, "%45s %509s %15s %u", rule->address, zone, kind, &delay_ms) < 3)
		return -EINVAL;
	rule->zone_len = zone_from_text(zone, rule->zone);
	rule->kind = kind_from_name(kind);
	rule->delay_ms = delay_ms;
	if (rule->zone_len == 0 || rule->kind == 0 || delay_ms > BREAK_DELAY_MAX_MS)
		return -EINVAL;
	return 0;
}

int rules_replace(char *text)
{
	static struct rule fresh[RULES_MAX];
	size_t count = 0;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (count == RULES_MAX || rule_read(line, &fresh[count]))
			return -EINVAL;
		count++;
	}
	memcpy(rules, fresh, count * sizeof(*rules));
	rule_count = count;
	return 0;
}

static bool name_at_or_below(const struct question *question, const struct rule *rule)
{
	size_t at = 0;
	while (question->name_len - at > rule->zone_len)
		at += 1 + question->name[at];
	return question->name_len - at == rule->zone_len &&
	       memcmp(question->name + at, rule->zone, rule->zone_len) == 0;
}

struct verdict rules_match(const char *address, const struct question *question)
{
	struct verdict verdict = {0, 0};
	for (size_t i = 0; i < rule_count; i++) {
		const struct rule *rule = &rules[i];
		if (strcmp(rule->address, "*") != 0 && strcmp(rule->address, address) != 0)
			continue;
		if (!name_at_or_below(question, rule))
			continue;
		verdict.kinds |= rule->kind;
		if (rule->delay_ms > verdict.delay_ms)
			verdict.delay_ms = rule->delay_ms;
	}
	return verdict;
}
