// Some servers compare names letter by letter (against RFC 4343 §3) and deny one in mixed case that
// they have in lower case. Where a server has never found a name in mixed case, what it denies so
// is asked once more in lower case. A denial then is the first one again; data, of which nobody
// knows the case beforehand, have to prove themselves as any reply in another case does: by our
// cookie, their signatures, a second reply to another ID and port that says the same, or TCP. The
// denial stands otherwise: whoever forges replies gains nothing by that.
#include "control/upstream/exchange.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <string.h>

#define LETTERS_WAIT_MS     100 // at least; that server has just answered
#define LETTERS_TCP_WAIT_MS 400
// Names that nobody has are asked for in any number: so many at once of a server, then four a
// second.
#define LETTERS_AT_ONCE  16
#define LETTERS_EVERY_US UINT64_C(250000)

static bool in_mixed_case(const struct exchange *exchange)
{
	return memcmp(exchange->asked, exchange->name, exchange->name_len) != 0;
}

static bool has_ns(const struct message *message)
{
	const struct section_rrsets *authority = &message->sections[SECTION_AUTHORITY];
	bool ns = false;

	for (size_t i = 0; i < authority->count; i++) {
		if (authority->rrsets[i]->type == TYPE_SOA)
			return false;
		ns = ns || authority->rrsets[i]->type == TYPE_NS;
	}
	return ns;
}

// Data of the name or an alias, or a referral on the way to it.
static bool finds_name(const struct message *message)
{
	bool data = message->sections[SECTION_ANSWER].count > 0;

	if (message->rcode == RCODE_NXDOMAIN)
		return data;
	return message->rcode == RCODE_NOERROR && (data || has_ns(message));
}

// What an authority says of its zone, or a forwarder of any: all else is no answer, in no case.
static bool denies_name(const struct exchange *exchange, const struct message *message)
{
	const struct section_rrsets *authority = &message->sections[SECTION_AUTHORITY];

	if ((message->rcode != RCODE_NOERROR && message->rcode != RCODE_NXDOMAIN) ||
	    finds_name(message) || (!(message->flags & FLAG_AA) && !exchange->request.rd))
		return false;
	for (size_t i = 0; i < authority->count; i++) {
		const struct rrset *rrset = authority->rrsets[i];

		if (rrset->type == TYPE_SOA && name_len(rrset->owner) < exchange->request.zone_len)
			return false;
	}
	return true;
}

void letters_learn(struct exchange *exchange, const struct message *message)
{
	uint64_t now_us = upstream_now_us(exchange->upstream);
	size_t below_zone = exchange->name_len - exchange->request.zone_len;

	// It may know the zone in any case and what is in it in one alone.
	if (memcmp(exchange->asked, exchange->name, below_zone) != 0 && finds_name(message))
		servers_use(&exchange->upstream->servers, &exchange->request.server,
			    exchange->request.port, now_us)
			->name_found_us = now_us;
}

static bool has_room(struct server *server, uint64_t now_us)
{
	const uint64_t burst_us = (LETTERS_AT_ONCE - 1) * LETTERS_EVERY_US;

	if (server->letters_us > now_us + burst_us)
		return false;
	if (server->letters_us < now_us)
		server->letters_us = now_us;
	server->letters_us += LETTERS_EVERY_US;
	return true;
}

// A denial that is signed proves itself, or is nothing.
static bool is_doubtful(struct exchange *exchange, const struct exchange_reply *reply)
{
	struct upstream *upstream = exchange->upstream;
	const struct exchange_request *request = &exchange->request;
	uint64_t now_us = upstream_now_us(upstream);

	if (reply->outcome != UPSTREAM_OK || !request->whole_name || request->last_try ||
	    exchange->abandoned_for || !in_mixed_case(exchange) ||
	    !denies_name(exchange, reply->message) || message_has_signatures(reply->message))
		return false;
	struct server *server =
		servers_use(&upstream->servers, &request->server, request->port, now_us);
	return !server_finds_names(server, now_us) && has_room(server, now_us);
}

// In one case it knows the name, or that there is one.
static bool says_more(const struct exchange *exchange, const struct message *message)
{
	return finds_name(message) ||
	       (exchange->denial.message->rcode == RCODE_NXDOMAIN &&
		message->rcode == RCODE_NOERROR && denies_name(exchange, message));
}

static void ask_in_one_case(struct exchange *exchange, const struct exchange_reply *denial)
{
	exchange->denial = *denial;
	exchange->lower_case = true;
	message_free(exchange->other_case);
	exchange->other_case = NULL;
	exchange->upstream->counters.letters++;
}

// What two different questions show is remembered.
static void accept_found(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	uint64_t now_us = upstream_now_us(upstream);
	struct server *server = servers_use(&upstream->servers, &exchange->request.server,
					    exchange->request.port, now_us);

	message_free(exchange->denial.message);
	exchange->denial.message = NULL;
	upstream->counters.letters_found++;
	if (server_habit(&server->one_case, exchange_question(exchange), now_us))
		server->case_lost_until_us = now_us + SERVER_MEMORY_US;
}

static bool is_proven(const struct exchange *exchange, struct exchange_reply *reply)
{
	if (reply->strong)
		return true;
	if (exchange->other_case && messages_agree(exchange->other_case, reply->message))
		return true;
	reply->unsettled =
		exchange->request.signatures_settle && message_has_signatures(reply->message);
	return reply->unsettled;
}

static void fall_back(struct exchange *exchange, struct exchange_reply *reply)
{
	const struct exchange_reply last = *reply;

	message_free(last.message);
	*reply = exchange->denial;
	exchange->denial.message = NULL;
	reply->bytes = last.bytes;
	reply->ignored = last.ignored;
	reply->waited_ms = last.waited_ms;
}

bool letters_ask_again(struct exchange *exchange, struct exchange_reply *reply)
{
	if (!exchange->denial.message) {
		if (!is_doubtful(exchange, reply))
			return false;
		ask_in_one_case(exchange, reply);
		return true;
	}
	if (reply->outcome == UPSTREAM_OK && says_more(exchange, reply->message)) {
		if (is_proven(exchange, reply)) {
			accept_found(exchange);
			return false;
		}
		if (!exchange->other_case) {
			exchange->other_case = reply->message;
			return true;
		}
		if (settle_start(exchange)) {
			message_free(reply->message);
			return true;
		}
	}
	fall_back(exchange, reply);
	return false;
}

uint64_t letters_wait_us(const struct exchange *exchange)
{
	uint64_t least_us = (exchange->tcp ? LETTERS_TCP_WAIT_MS : LETTERS_WAIT_MS) * 1000;
	uint64_t wait_us = (exchange->tcp ? 4 : 2) * exchange->denial.rtt_us;

	return wait_us > least_us ? wait_us : least_us;
}
