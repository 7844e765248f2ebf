#include "control/explain/tried.h"

#include "dataplane/dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_SHOWN     60
#define NAME_SHOWN     40
#define BEYOND_ROOM    12 // "; and others"
#define CAUSE_TEXT_MAX 120

struct tried *tried_new(const uint8_t *question, uint16_t type)
{
	struct tried *tried = malloc(sizeof(*tried));

	if (tried == NULL)
		return NULL;
	// What lies behind the counts is never looked at.
	memset(tried, 0, offsetof(struct tried, question));
	tried->refs = 1;
	tried->type = type;
	name_copy(tried->question, question);
	return tried;
}

struct tried *tried_ref(struct tried *tried)
{
	tried->refs++;
	return tried;
}

void tried_unref(struct tried *tried)
{
	if (tried != NULL && --tried->refs == 0)
		free(tried);
}

const uint8_t *tried_name(const struct tried *tried, const struct tried_server *server)
{
	return server->name != 0 ? tried->names + server->name - 1 : NULL;
}

const char *tried_label(const struct tried *tried, const struct tried_server *server)
{
	return server->label != 0 ? (const char *)tried->names + server->label - 1 : NULL;
}

const uint8_t *tried_zone(const struct tried *tried, const struct tried_server *server)
{
	return name_ancestor(tried->question, server->zone_labels);
}

static bool is_same(const struct tried *tried, const struct tried_server *known,
		    const struct tried_server *server, const uint8_t *ns_name)
{
	const uint8_t *known_name = tried_name(tried, known);

	if (known->zone_labels != server->zone_labels ||
	    memcmp(&known->address, &server->address, sizeof(known->address)) != 0)
		return false;
	return server->address.family != 0 ||
	       (ns_name != NULL && known_name != NULL && name_equal(known_name, ns_name));
}

// 0: there is no room for it.
static uint16_t keep(struct tried *tried, const void *bytes, size_t len)
{
	size_t at = tried->names_len;

	if (at + len > sizeof(tried->names))
		return 0;
	memcpy(tried->names + at, bytes, len);
	tried->names_len = (uint16_t)(at + len);
	return (uint16_t)(at + 1);
}

static uint16_t keep_name(struct tried *tried, const uint8_t *name)
{
	if (name == NULL)
		return 0;
	for (size_t i = 0; i < tried->count; i++) {
		const uint8_t *known = tried_name(tried, &tried->servers[i]);
		if (known != NULL && name_equal(known, name))
			return tried->servers[i].name;
	}
	return keep(tried, name, name_len(name));
}

static uint16_t keep_label(struct tried *tried, const char *label)
{
	if (label == NULL)
		return 0;
	for (size_t i = 0; i < tried->count; i++) {
		const char *known = tried_label(tried, &tried->servers[i]);
		if (known != NULL && strcmp(known, label) == 0)
			return tried->servers[i].label;
	}
	return keep(tried, label, strlen(label) + 1);
}

static bool is_silence(unsigned cause)
{
	return cause == SERVER_TIMEOUT || cause == SERVER_UNREACHABLE || cause == SERVER_RESET ||
	       cause == SERVER_SLOW;
}

void tried_add(struct tried *tried, const struct tried_server *server, const uint8_t *ns_name,
	       const char *label)
{
	tried->last_zone_labels = server->zone_labels;
	for (size_t i = 0; i < tried->count; i++) {
		struct tried_server *known = &tried->servers[i];
		if (!is_same(tried, known, server, ns_name))
			continue;
		if (is_silence(known->said) && !is_silence(server->cause))
			known->said = server->cause;
		known->last_cause = server->cause;
		known->count += known->count < UINT8_MAX;
		return;
	}
	if (tried->count == TRIED_MAX) {
		tried->beyond += tried->beyond < UINT16_MAX;
		return;
	}
	struct tried_server *added = &tried->servers[tried->count];
	*added = *server;
	added->name = keep_name(tried, ns_name);
	added->label = keep_label(tried, label);
	added->said = added->last_cause = server->cause;
	added->count = 1;
	tried->count++;
}

// ---- words ----

const char *tried_cause_word(unsigned cause)
{
	static const char *const words[TRIED_BOGUS_ADDRESS + 1] = {
		[SERVER_GOOD] = "good",
		[SERVER_TIMEOUT] = "timeout",
		[SERVER_UNREACHABLE] = "unreachable",
		[SERVER_RESET] = "TCP reset",
		[SERVER_UNTRUSTED] = "TLS untrusted",
		[SERVER_SERVFAIL] = "SERVFAIL",
		[SERVER_REFUSED] = "REFUSED",
		[SERVER_LAME] = "lame",
		[SERVER_FORMERR] = "FORMERR",
		[SERVER_TRUNCATED_OVER_TCP] = "TC over TCP",
		[SERVER_MALFORMED] = "malformed",
		[SERVER_TOO_LARGE] = "over 1024 records or 65535 octets",
		[SERVER_WRONG_QUESTION] = "wrong question",
		[SERVER_BOGUS] = "bogus",
		[SERVER_STRIPPED] = "no RRSIGs",
		[SERVER_SLOW] = "slow",
		[TRIED_NO_ADDRESS] = "no address",
		[TRIED_BOGUS_ADDRESS] = "address bogus",
	};

	if (cause > TRIED_BOGUS_ADDRESS || words[cause] == NULL)
		return "failed";
	return words[cause];
}

const char *tried_cause_words(unsigned cause)
{
	if (cause == TRIED_NO_ADDRESS)
		return "no address of it can be had";
	if (cause == TRIED_BOGUS_ADDRESS)
		return "its address does not validate (assayctl explain of that name)";
	return cause < SERVER_FAILURE_COUNT ? server_failure_words((enum server_failure)cause)
					    : "failed";
}

const char *tried_over(const struct tried_server *server)
{
	static const char *const words[] = {
		[POOL_UDP] = "UDP", [POOL_TCP] = "TCP", [POOL_TLS] = "TLS"};

	return words[server->over];
}

static void server_text(const struct tried *tried, const struct tried_server *server, char *out,
			size_t size)
{
	char address[ADDRESS_TEXT_MAX], name[NAME_TEXT_MAX];
	const uint8_t *ns_name = tried_name(tried, server);

	if (server->address.family != 0)
		snprintf(out, size, "%s %s", address_to_text(&server->address, address),
			 tried_cause_word(server->said));
	else
		snprintf(out, size, "%.*s %s", NAME_SHOWN,
			 ns_name != NULL ? name_to_text(ns_name, name) : "a name server",
			 tried_cause_word(server->said));
}

bool tried_text(const struct tried *tried, unsigned zone_labels, char *out, size_t size)
{
	char one[CAUSE_TEXT_MAX], zone[NAME_TEXT_MAX];
	size_t len = 0, told = 0, count = 0;
	bool beyond = tried->beyond > 0 && zone_labels == tried->last_zone_labels;
	bool room = true;

	out[0] = '\0';
	for (size_t i = 0; i < tried->count; i++)
		count += tried->servers[i].zone_labels == zone_labels;
	if (count == 0)
		return false;
	name_to_text(name_ancestor(tried->question, zone_labels), zone);
	len = (size_t)snprintf(out, size, "%.*s: ", ZONE_SHOWN, zone);
	for (size_t i = 0; i < tried->count && room; i++) {
		if (tried->servers[i].zone_labels != zone_labels)
			continue;
		server_text(tried, &tried->servers[i], one, sizeof(one));
		size_t more = strlen(one) + (told > 0 ? 2 : 0);
		bool last = told + 1 == count && !beyond;
		room = len + more + (last ? 0 : BEYOND_ROOM) < size;
		if (!room)
			break;
		len += (size_t)snprintf(out + len, size - len, "%s%s", told > 0 ? "; " : "", one);
		told++;
	}
	if (told < count || beyond)
		snprintf(out + len, size - len, "%sand others", told > 0 ? "; " : "");
	return true;
}
