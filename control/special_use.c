#include "control/special_use.h"

#include <stdio.h>

// Presentation form.
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

const uint8_t *special_use_zone(const uint8_t *name)
{
	for (size_t i = 0; i < ZONE_COUNT; i++) {
		if (name_within(name, parsed_zone(i)))
			return parsed_zone(i);
	}
	return shared_zone(name);
}

void special_use_each(void (*visit)(const uint8_t *zone, void *arg), void *arg)
{
	uint8_t name[NAME_MAX_LEN];
	char text[40];

	for (size_t i = 0; i < ZONE_COUNT; i++)
		visit(parsed_zone(i), arg);
	for (int n = SHARED_FIRST; n <= SHARED_LAST; n++) {
		snprintf(text, sizeof(text), "%d.100.in-addr.arpa", n);
		if (name_from_text(text, name) > 0)
			visit(name, arg);
	}
}

bool special_use_is_localhost(const uint8_t *zone)
{
	return zone == parsed_zone(0);
}

bool special_use_is_tld(const uint8_t *name)
{
	// RFC 6761, RFC 6762 with those of its appendix G, RFC 7686, RFC 9476; "internal" by a
	// resolution of ICANN's board (2024).
	static const char *const never_delegated[] = {
		"\3alt",        "\7example", "\7invalid", "\10internal", "\5local",
		"\11localhost", "\5onion",   "\4test",    "\4corp",      "\4home",
		"\10intranet",  "\3lan",     "\7private",
	};
	uint8_t lower[NAME_MAX_LEN];

	if (name_labels(name) != 1)
		return false;
	name_lower(lower, name, name_len(name));
	for (size_t i = 0; i < sizeof(never_delegated) / sizeof(never_delegated[0]); i++) {
		if (name_equal(lower, (const uint8_t *)never_delegated[i]))
			return false;
	}
	return true;
}
