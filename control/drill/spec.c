#include "control/drill/spec.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	enum harm harm;
} faults[] = {
	{"drop", HARM_DROP},         {"servfail", HARM_SERVFAIL}, {"refuse", HARM_REFUSED},
	{"truncate", HARM_TRUNCATE}, {"strip-rrsig", HARM_STRIP}, {"bogus", HARM_BOGUS},
};
#define FAULT_COUNT (sizeof(faults) / sizeof(faults[0]))

static int refuse(char err[DRILL_ERROR_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(char err[DRILL_ERROR_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, DRILL_ERROR_MAX, format, args);
	va_end(args);
	return -EINVAL;
}

// Digits, then the unit or nothing. False also when it is out of range.
static bool read_number(const char *text, const char *unit, unsigned long least, unsigned long most,
			unsigned long *out)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9)
		return false;
	if (text[digits] != '\0' && strcmp(text + digits, unit) != 0)
		return false;
	*out = strtoul(text, NULL, 10);
	return *out >= least && *out <= most;
}

// ---- scope ----

static bool read_address(const char *text, struct address *out)
{
	*out = (struct address){.family = 4};
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		return true;
	*out = (struct address){.family = 6};
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

static void clear_below(struct address *address, unsigned prefix_len)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = prefix_len > i * 8 ? prefix_len - i * 8 : 0;
		if (kept < 8)
			address->bytes[i] &= (uint8_t)(0xff00 >> kept);
	}
}

static bool read_prefix(const char *text, size_t len, struct drill_prefix *out)
{
	const char *slash = memchr(text, '/', len);
	char address[INET6_ADDRSTRLEN], bits[4];
	unsigned long count;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address) ||
	    len - (size_t)(slash - text) > sizeof(bits))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	snprintf(bits, sizeof(bits), "%.*s", (int)(len - (size_t)(slash - text) - 1), slash + 1);
	if (!read_address(address, &out->address) ||
	    !read_number(bits, "", 1, out->address.family == 4 ? 32 : 128, &count))
		return false;
	out->len = (unsigned)count;
	return true;
}

// An address in it would be as good a name for a prefix, but who writes one may mean that address.
static int check_bits(const struct drill_prefix *prefix, char err[DRILL_ERROR_MAX])
{
	int family = prefix->address.family == 4 ? AF_INET : AF_INET6;
	char given[INET6_ADDRSTRLEN], cleared[INET6_ADDRSTRLEN];
	struct address address = prefix->address;

	clear_below(&address, prefix->len);
	if (memcmp(address.bytes, prefix->address.bytes, sizeof(address.bytes)) == 0)
		return 0;
	inet_ntop(family, prefix->address.bytes, given, sizeof(given));
	inet_ntop(family, address.bytes, cleared, sizeof(cleared));
	return refuse(
		err,
		"\"%s/%u\" has bits beyond its length: the prefix is %s/%u, the address alone "
		"upstream:%s",
		given, prefix->len, cleared, prefix->len, given);
}

static int read_prefixes(const char *text, struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	out->scope = DRILL_DOMAIN;
	out->prefix_count = 0;
	for (const char *next = text;; next++) {
		size_t len = strcspn(next, ",");
		if (out->prefix_count == DRILL_PREFIXES_MAX)
			return refuse(err, "a failure domain has at most %d prefixes",
				      DRILL_PREFIXES_MAX);
		if (!read_prefix(next, len, &out->prefixes[out->prefix_count++]))
			return refuse(err,
				      "\"%.*s\" is no prefix: a failure domain is one or more, as "
				      "in domain:192.0.2.0/24,2001:db8::/48",
				      (int)(len < 64 ? len : 64), next);
		if (check_bits(&out->prefixes[out->prefix_count - 1], err) != 0)
			return -EINVAL;
		next += len;
		if (*next == '\0')
			return 0;
	}
}

static int read_name(const char *text, enum drill_scope scope, struct drill_spec *out,
		     char err[DRILL_ERROR_MAX])
{
	int len = name_from_text(text, out->name);

	if (len < 0)
		return refuse(err, "\"%.100s\" is no domain name", text);
	name_lower(out->name, out->name, (size_t)len);
	out->scope = scope;
	return 0;
}

// It ends up in terminals.
static int read_label(const char *text, const char *what, struct drill_spec *out,
		      char err[DRILL_ERROR_MAX])
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x21 || text[i] > 0x7e)
			len = 0;
	}
	if (len == 0 || len >= sizeof(out->label))
		return refuse(err, "\"%.100s\" is no name of %s", text, what);
	memcpy(out->label, text, len + 1);
	return 0;
}

static int read_domain(const char *text, struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	if (strpbrk(text, "/,:") != NULL)
		return read_prefixes(text, out, err);
	if (read_address(text, &out->address))
		return refuse(err, "\"%.100s\" is one address: upstream:%.100s, or a prefix of it",
			      text, text);
	out->scope = DRILL_LABEL;
	int len = name_from_text(text, out->name);
	if (len < 0)
		out->name[0] = 0;
	else
		name_lower(out->name, out->name, (size_t)len);
	return read_label(text, "a failure domain", out, err);
}

static int read_scope(const char *text, struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	if (strcmp(text, "uplink") == 0 || strcmp(text, "clock") == 0) {
		out->scope = text[0] == 'u' ? DRILL_UPLINK : DRILL_CLOCK;
		return 0;
	}
	if (strncmp(text, "domain:", 7) == 0)
		return read_domain(text + 7, out, err);
	if (strncmp(text, "zone:", 5) == 0)
		return read_name(text + 5, DRILL_ZONE, out, err);
	if (strncmp(text, "pool:", 5) == 0) {
		out->scope = DRILL_POOL;
		return read_label(text + 5, "a pool", out, err);
	}
	if (strncmp(text, "upstream:", 9) != 0)
		return refuse(err,
			      "\"%.100s\" is none of upstream:ADDRESS, domain:PREFIX, "
			      "domain:LABEL, zone:NAME, pool:NAME, uplink, clock",
			      text);
	if (!read_address(text + 9, &out->address))
		return refuse(err, "\"%.100s\" is no address", text + 9);
	out->scope = DRILL_UPSTREAM;
	return 0;
}

// ---- the rest ----

static int read_skew(const char *text, struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	bool behind = text[0] == '-';
	unsigned long seconds;

	if (!read_number(text + (behind || text[0] == '+'), "s", 1, DRILL_SKEW_MAX_S, &seconds))
		return refuse(err,
			      "\"%.100s\" is no skew: 1 to %d seconds, with - before it when "
			      "the clock is to be behind",
			      text, DRILL_SKEW_MAX_S);
	out->skew_s = behind ? -(int64_t)seconds : (int64_t)seconds;
	return 0;
}

static int read_fault(const char *text, struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	unsigned long delay_ms;

	out->harm = HARM_NONE;
	out->skew_s = 0;
	if (strncmp(text, "skew=", 5) == 0)
		return read_skew(text + 5, out, err);
	if (strncmp(text, "delay=", 6) == 0) {
		if (!read_number(text + 6, "ms", 1, DRILL_DELAY_MAX, &delay_ms))
			return refuse(err, "\"%.100s\" is no delay: 1 to %d ms", text + 6,
				      DRILL_DELAY_MAX);
		out->harm = HARM_DELAY;
		out->delay_ms = (uint32_t)delay_ms;
		return 0;
	}
	for (size_t i = 0; i < FAULT_COUNT; i++) {
		if (strcmp(text, faults[i].text) == 0) {
			out->harm = faults[i].harm;
			return 0;
		}
	}
	return refuse(err,
		      "\"%.100s\" is none of drop, delay=MS, servfail, refuse, truncate, "
		      "strip-rrsig, bogus, skew=S",
		      text);
}

static int read_abort(const char *text, struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	unsigned long percent;

	if (strncmp(text, "servfail>", 9) != 0 || !read_number(text + 9, "%", 0, 100, &percent))
		return refuse(err,
			      "\"%.100s\" is no reason to abort: 'servfail>P%%' is, P from 0 to "
			      "100, in quotes because of the shell",
			      text);
	out->abort_percent = (unsigned)percent;
	return 0;
}

static int read_option(const char *option, const char *value, struct drill_spec *out,
		       char err[DRILL_ERROR_MAX])
{
	unsigned long number;

	if (strcmp(option, "--scope") == 0)
		return read_scope(value, out, err);
	if (strcmp(option, "--fault") == 0)
		return read_fault(value, out, err);
	if (strcmp(option, "--abort-if") == 0)
		return read_abort(value, out, err);
	if (strcmp(option, "--share") == 0) {
		if (!read_number(value, "%", 1, 100, &number))
			return refuse(err, "\"%.100s\" is no share: 1%% to 100%%", value);
		out->share = (unsigned)number;
		return 0;
	}
	if (strcmp(option, "--for") != 0)
		return refuse(err,
			      "\"%.100s\" is none of --scope, --fault, --share, --for, "
			      "--abort-if",
			      option);
	if (!read_number(value, "s", 1, DRILL_FOR_MAX_S, &number))
		return refuse(err, "\"%.100s\" is no time: 1 to %d seconds", value,
			      DRILL_FOR_MAX_S);
	out->for_s = (uint32_t)number;
	return 0;
}

static int check(const struct drill_spec *spec, bool has_fault, char err[DRILL_ERROR_MAX])
{
	if (!has_fault)
		return 0;
	if ((spec->scope == DRILL_CLOCK) != (spec->skew_s != 0))
		return refuse(err, "the scope clock and the fault skew=S go together");
	if (spec->scope == DRILL_CLOCK && spec->share != 100)
		return refuse(err, "a clock is wrong for all or for none: no --share");
	return 0;
}

int drill_spec_read(const char *const *words, size_t count, bool needs_fault,
		    struct drill_spec *out, char err[DRILL_ERROR_MAX])
{
	bool has_scope = false, has_fault = false;

	*out = (struct drill_spec){
		.share = 100, .for_s = DRILL_FOR_S, .abort_percent = DRILL_ABORT};
	err[0] = '\0';
	for (size_t i = 0; i < count; i += 2) {
		if (i + 1 == count)
			return refuse(err, "\"%.100s\" lacks its value", words[i]);
		if (read_option(words[i], words[i + 1], out, err) != 0)
			return -EINVAL;
		has_scope |= strcmp(words[i], "--scope") == 0;
		has_fault |= strcmp(words[i], "--fault") == 0;
	}
	if (!has_scope)
		return refuse(err, "--scope is needed: what shall fail?");
	if (needs_fault && !has_fault)
		return refuse(err, "--fault is needed: how shall it fail?");
	return check(out, has_fault, err);
}

// ---- texts ----

static const char *address_text(const struct address *address, char out[INET6_ADDRSTRLEN])
{
	inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, out, INET6_ADDRSTRLEN);
	return out;
}

static void put_prefixes(const struct drill_spec *spec, char out[DRILL_TEXT_MAX])
{
	char text[INET6_ADDRSTRLEN];
	size_t used = 0;

	for (size_t i = 0; i < spec->prefix_count; i++)
		used += (size_t)snprintf(
			out + used, DRILL_TEXT_MAX - used, "%s%s/%u", i == 0 ? "domain:" : ",",
			address_text(&spec->prefixes[i].address, text), spec->prefixes[i].len);
}
static_assert(DRILL_PREFIXES_MAX * (INET6_ADDRSTRLEN + 5) + 8 < DRILL_TEXT_MAX,
	      "all prefixes fit into a scope's text");

const char *drill_scope_text(const struct drill_spec *spec, char out[DRILL_TEXT_MAX])
{
	char text[NAME_TEXT_MAX];

	switch (spec->scope) {
	case DRILL_UPSTREAM:
		snprintf(out, DRILL_TEXT_MAX, "upstream:%s", address_text(&spec->address, text));
		break;
	case DRILL_DOMAIN:
		put_prefixes(spec, out);
		break;
	case DRILL_LABEL:
		snprintf(out, DRILL_TEXT_MAX, "domain:%s", spec->label);
		break;
	case DRILL_POOL:
		snprintf(out, DRILL_TEXT_MAX, "pool:%s", spec->label);
		break;
	case DRILL_ZONE:
		snprintf(out, DRILL_TEXT_MAX, "zone:%s", name_to_text(spec->name, text));
		break;
	case DRILL_UPLINK:
		snprintf(out, DRILL_TEXT_MAX, "uplink");
		break;
	case DRILL_CLOCK:
		snprintf(out, DRILL_TEXT_MAX, "clock");
		break;
	}
	return out;
}

const char *drill_fault_text(const struct drill_spec *spec, char out[DRILL_TEXT_MAX])
{
	if (spec->scope == DRILL_CLOCK)
		snprintf(out, DRILL_TEXT_MAX, "skew=%lld", (long long)spec->skew_s);
	else if (spec->harm == HARM_DELAY)
		snprintf(out, DRILL_TEXT_MAX, "delay=%u", (unsigned)spec->delay_ms);
	else
		snprintf(out, DRILL_TEXT_MAX, "none");
	for (size_t i = 0; i < FAULT_COUNT; i++) {
		if (spec->scope != DRILL_CLOCK && spec->harm == faults[i].harm)
			snprintf(out, DRILL_TEXT_MAX, "%s", faults[i].text);
	}
	return out;
}

// ---- matching ----

static bool in_prefix(const struct drill_prefix *prefix, const struct address *server)
{
	struct address masked = *server;

	if (server->family != prefix->address.family)
		return false;
	clear_below(&masked, prefix->len);
	return memcmp(masked.bytes, prefix->address.bytes, server->family == 4 ? 4 : 16) == 0;
}

static bool in_domain(const struct drill_spec *spec, const struct address *server)
{
	for (size_t i = 0; i < spec->prefix_count; i++) {
		if (in_prefix(&spec->prefixes[i], server))
			return true;
	}
	return false;
}

static bool is_one(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

static bool has_label(const struct drill_spec *spec, const struct drill_aim *aim)
{
	if (aim->domain != NULL && strcmp(aim->domain, spec->label) == 0)
		return true;
	return aim->ns_name != NULL && spec->name[0] != 0 && name_within(aim->ns_name, spec->name);
}

bool drill_in_scope(const struct drill_spec *spec, const struct drill_aim *aim)
{
	switch (spec->scope) {
	case DRILL_UPSTREAM:
		return aim->server != NULL && is_one(aim->server, &spec->address);
	case DRILL_DOMAIN:
		return aim->server != NULL && in_domain(spec, aim->server);
	case DRILL_LABEL:
		return has_label(spec, aim);
	case DRILL_POOL:
		return aim->pool != NULL && strcmp(aim->pool, spec->label) == 0;
	case DRILL_ZONE:
		return aim->zone != NULL && name_equal(aim->zone, spec->name);
	case DRILL_UPLINK:
		return true;
	case DRILL_CLOCK:
		return false;
	}
	return false;
}

bool drill_steerable(const struct drill_spec *spec)
{
	return spec->scope == DRILL_UPSTREAM || spec->scope == DRILL_DOMAIN ||
	       spec->scope == DRILL_LABEL || spec->scope == DRILL_POOL;
}
