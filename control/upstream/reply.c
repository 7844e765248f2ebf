// What a packet means for the exchange it came in. Nothing of a packet that does not match is
// believed; what is remembered of a server comes from replies that match.
#include "control/upstream/exchange.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>
#include <string.h>

// Asked again for that, with another ID, port and case, before TCP has to settle it.
#define OTHER_CASES_MAX 1

static struct upstream_counters *counters_of(const struct exchange *exchange)
{
	return &exchange->upstream->counters;
}

static struct server *server_of(const struct exchange *exchange)
{
	return servers_find(&exchange->upstream->servers, &exchange->request.server,
			    exchange->request.port);
}

static struct server *use_server(struct exchange *exchange)
{
	return servers_use(&exchange->upstream->servers, &exchange->request.server,
			   exchange->request.port, upstream_now_us(exchange->upstream));
}

static enum reply_step ignore(struct exchange *exchange, uint64_t *counter, bool near_miss)
{
	(*counter)++;
	exchange->ignored++;
	exchange->near_misses += near_miss;
	return REPLY_IGNORE;
}

static enum reply_step ask_over_tcp(struct exchange *exchange, uint64_t *counter)
{
	(*counter)++;
	exchange->tcp = true;
	return REPLY_AGAIN;
}

// What came may be a forgery: where there is no room to find out, it is waited on.
static enum reply_step settle_over_tcp(struct exchange *exchange, uint64_t *counter)
{
	if (settle_start(exchange)) {
		(*counter)++;
		return REPLY_AGAIN;
	}
	exchange->settle_by_tcp = true;
	return ignore(exchange, counter, true);
}

static enum reply_step end(enum upstream_outcome *out, enum upstream_outcome outcome)
{
	*out = outcome;
	return REPLY_END;
}

enum upstream_outcome exchange_unanswered(const struct exchange *exchange)
{
	if (exchange->near_misses == 0)
		return UPSTREAM_TIMEOUT;
	return exchange->wrong_questions == exchange->near_misses ? UPSTREAM_WRONG_QUESTION
								  : UPSTREAM_MALFORMED;
}

// Whatever is wrong with a packet over UDP, a better one may follow (ATTACKS A10). Over TCP
// it comes from the server itself, and waiting would not help.
static enum reply_step misfit(struct exchange *exchange, uint64_t *counter,
			      enum upstream_outcome *outcome)
{
	enum reply_step step = ignore(exchange, counter, true);

	return exchange->tcp ? end(outcome, exchange_unanswered(exchange)) : step;
}

static enum reply_step ask_lower(struct exchange *exchange, enum form form)
{
	if (form == FORM_PLAIN)
		counters_of(exchange)->without_edns++;
	else
		counters_of(exchange)->without_cookie++;
	exchange->form = form;
	exchange->form_lowered = true;
	return REPLY_AGAIN;
}

// RFC 7873 §5.3. True: *step is what to do.
static bool cookie_stops(struct exchange *exchange, const struct message *message,
			 enum reply_step *step)
{
	struct server *server = server_of(exchange);

	if (exchange->form != FORM_COOKIE)
		return false;
	switch (cookie_check(server, exchange->client_cookie, &message->edns)) {
	case COOKIE_WRONG:
		// Over TCP it cannot be a forgery: a server that mixes cookies up.
		if (exchange->tcp)
			return false;
		exchange->settle_by_tcp = true;
		*step = ignore(exchange, &counters_of(exchange)->ignored_cookie, true);
		return true;
	case COOKIE_LOST:
		if (!exchange->tcp) {
			*step = settle_over_tcp(exchange, &counters_of(exchange)->cookie_lost);
			return true;
		}
		server->cookie_len = 0; // it has really stopped
		server->echoed_us = 0;
		return false;
	case COOKIE_GOOD:
		if (!message->edns.has_cookie)
			return false;
		server = use_server(exchange);
		server->echoed_us = upstream_now_us(exchange->upstream);
		cookie_remember(server, &message->edns);
		return false;
	}
	return false;
}

// RFC 7873 §5.3: BADCOOKIE is asked again with the new cookie, and then over TCP.
static enum reply_step on_bad_cookie(struct exchange *exchange, enum upstream_outcome *outcome)
{
	if (exchange->tcp) {
		counters_of(exchange)->bad_cookie++;
		return end(outcome, UPSTREAM_OK);
	}
	if (exchange->bad_cookie || exchange->form != FORM_COOKIE)
		return settle_over_tcp(exchange, &counters_of(exchange)->bad_cookie);
	counters_of(exchange)->bad_cookie++;
	exchange->bad_cookie = true;
	return REPLY_AGAIN;
}

// FORMERR, NOTIMP, BADVERS, and SERVFAIL without OPT may be what a server makes of EDNS
// (RFC 6891 §7). A signed zone's answer is worth nothing without it.
static enum reply_step on_edns_error(struct exchange *exchange, const struct message *message,
				     enum upstream_outcome refusal, enum upstream_outcome *outcome)
{
	bool may_be_plain = !exchange->request.signed_zone && exchange->form != FORM_PLAIN;
	bool knows_edns = message->edns.present;

	if (message->rcode == RCODE_FORMERR && exchange->form == FORM_COOKIE &&
	    (knows_edns || !may_be_plain))
		return ask_lower(exchange, FORM_EDNS);
	if (may_be_plain &&
	    (!knows_edns || message->rcode == RCODE_FORMERR || message->rcode == RCODE_BADVERS))
		return ask_lower(exchange, FORM_PLAIN);
	return end(outcome, refusal);
}

uint64_t exchange_question(const struct exchange *exchange)
{
	uint8_t bytes[NAME_MAX_LEN + 2];

	memcpy(bytes, exchange->name, exchange->name_len);
	wire_put16(bytes + exchange->name_len, exchange->request.type);
	return siphash_1_3(exchange->upstream->servers.key, bytes, exchange->name_len + 2u);
}

// A good reply to a question that had to be put another way.
static void learn_form(struct exchange *exchange, uint64_t now_us)
{
	struct server *server = use_server(exchange);

	if (exchange->form != FORM_PLAIN)
		server->no_cookie_until_us = now_us + SERVER_MEMORY_US;
	// The error that made us ask may be a forgery where it came without the question.
	else if (!exchange->first ||
		 server_habit(&server->plain, exchange_question(exchange), now_us))
		server->plain_until_us = now_us + SERVER_MEMORY_US;
}

static bool has_both_cases(const struct exchange *exchange)
{
	bool upper = false, lower = false;

	for (size_t i = 0; i < exchange->name_len; i++) {
		upper |= exchange->asked[i] >= 'A' && exchange->asked[i] <= 'Z';
		lower |= exchange->asked[i] >= 'a' && exchange->asked[i] <= 'z';
	}
	return upper && lower;
}

// An error says nothing: it may be the case that was refused.
static void learn_case(struct exchange *exchange, const struct message *message, bool lost,
		       uint64_t now_us)
{
	struct server *server = server_of(exchange);
	bool answered = message->rcode == RCODE_NOERROR || message->rcode == RCODE_NXDOMAIN;

	if (!lost && !exchange->tcp && answered && has_both_cases(exchange)) {
		use_server(exchange)->case_kept_us = now_us;
	} else if (lost && exchange->tcp && !(server && server_keeps_case(server, now_us))) {
		use_server(exchange)->case_lost_until_us = now_us + SERVER_MEMORY_US;
	}
}

static void learn(struct exchange *exchange, bool case_lost, const struct message *message)
{
	uint64_t now_us = upstream_now_us(exchange->upstream);
	bool sound = message->rcode != RCODE_FORMERR && message->rcode != RCODE_NOTIMP &&
		     message->rcode != RCODE_SERVFAIL && message->rcode != RCODE_BADVERS;

	if (exchange->form_lowered && sound)
		learn_form(exchange, now_us);
	learn_case(exchange, message, case_lost, now_us);
	letters_learn(exchange, message);
	struct server *server = server_of(exchange);
	if (!server)
		return;
	server->used_us = now_us;
	if (!exchange->tcp)
		server_udp_answer(server, exchange->small, false, now_us);
	else if (exchange->tcp_for_loss)
		server_tcp_answer(server, now_us);
}

static enum reply_step on_truncated(struct exchange *exchange, enum upstream_outcome *outcome)
{
	struct server *server = server_of(exchange);

	if (exchange->tcp)
		return end(outcome, UPSTREAM_TRUNCATED_OVER_TCP);
	if (server)
		server_udp_answer(server, exchange->small, true,
				  upstream_now_us(exchange->upstream));
	return ask_over_tcp(exchange, &counters_of(exchange)->truncated);
}

static enum reply_step on_message(struct exchange *exchange, const struct message *message,
				  enum upstream_outcome *outcome)
{
	enum reply_step step;

	if (cookie_stops(exchange, message, &step))
		return step;
	if (message->flags & FLAG_TC)
		return on_truncated(exchange, outcome);
	switch (message->rcode) {
	case RCODE_BADCOOKIE:
		return on_bad_cookie(exchange, outcome);
	case RCODE_FORMERR:
		return on_edns_error(exchange, message, UPSTREAM_FORMERR, outcome);
	case RCODE_NOTIMP:
		return on_edns_error(exchange, message, UPSTREAM_NOTIMP, outcome);
	case RCODE_BADVERS:
		return on_edns_error(exchange, message, UPSTREAM_BADVERS, outcome);
	case RCODE_SERVFAIL:
		return on_edns_error(exchange, message, UPSTREAM_OK, outcome);
	default:
		return end(outcome, UPSTREAM_OK);
	}
}

// Servers compress names in their data against the question, so the case that we drew for it (0x20)
// would end up in the data of everybody: the question's name is put back as it was asked for first.
static enum message_verdict parse_plain(struct exchange *exchange, const uint8_t *data, size_t len,
					struct message **message)
{
	enum message_verdict verdict;
	uint8_t *copy;

	if (header_qdcount(data) == 0) // a bare error
		return message_parse(data, len, message);
	copy = malloc(len);
	if (!copy)
		return MESSAGE_NO_MEMORY;
	memcpy(copy, data, len);
	memcpy(copy + HEADER_LEN, exchange->name, exchange->name_len);
	verdict = message_parse(copy, len, message);
	free(copy);
	return verdict;
}

static enum reply_step parse(struct exchange *exchange, const uint8_t *data, size_t len,
			     struct message **message, enum upstream_outcome *outcome)
{
	switch (parse_plain(exchange, data, len, message)) {
	case MESSAGE_NO_MEMORY:
		return end(outcome, UPSTREAM_NO_RESOURCE);
	case MESSAGE_MALFORMED:
		// Some servers cut a record in two when they truncate. The header is all we need.
		if (!exchange->tcp && (header_flags(data) & FLAG_TC))
			return on_truncated(exchange, outcome);
		return misfit(exchange, &counters_of(exchange)->ignored_malformed, outcome);
	case MESSAGE_OK:
		break;
	}
	return on_message(exchange, *message, outcome);
}

// Whoever forges that has guessed two IDs and two ports.
static enum reply_step end_twice_bare(struct exchange *exchange, const uint8_t *data, size_t len,
				      struct message **message, enum upstream_outcome *outcome)
{
	switch (message_parse(data, len, message)) {
	case MESSAGE_NO_MEMORY:
		return end(outcome, UPSTREAM_NO_RESOURCE);
	case MESSAGE_MALFORMED:
		return ignore(exchange, &counters_of(exchange)->ignored_malformed, true);
	case MESSAGE_OK:
		break;
	}
	use_server(exchange)->bare_us = upstream_now_us(exchange->upstream);
	counters_of(exchange)->twice_bare++;
	switch ((*message)->rcode) {
	case RCODE_FORMERR:
		return end(outcome, UPSTREAM_FORMERR);
	case RCODE_NOTIMP:
		return end(outcome, UPSTREAM_NOTIMP);
	default:
		return end(outcome, UPSTREAM_OK);
	}
}

// Over TCP the peer is the server: an error without the question is its answer to the question.
// Over UDP it may be a forgery, and the question is put once more beside the first one: two such
// errors are an answer, a good one that comes to either is a better one. RFC 1035 §4.1.1, RFC 6891
// §7: a header alone is what servers that do not know EDNS answer to it.
static enum reply_step on_bare_error(struct exchange *exchange, const uint8_t *data, size_t len,
				     struct message **message, enum upstream_outcome *outcome)
{
	if (exchange->tcp)
		return parse(exchange, data, len, message, outcome);
	exchange->settle_by_tcp = exchange->bare = true;
	if (exchange->first && exchange->first->bare)
		return end_twice_bare(exchange, data, len, message, outcome);
	if (len == HEADER_LEN) {
		exchange->edns_doubted = true;
		beside_without_edns(exchange);
	}
	beside_again(exchange);
	return ignore(exchange, &counters_of(exchange)->ignored_near, true);
}

bool message_has_signatures(const struct message *message)
{
	for (enum section section = 0; section < SECTION_ADDITIONAL; section++) {
		const struct section_rrsets *rrsets = &message->sections[section];

		for (size_t i = 0; i < rrsets->count; i++) {
			if (rrsets->rrsets[i]->rrsig_count > 0)
				return true;
		}
	}
	return false;
}

// Our own cookie, or signatures that somebody will verify, are better than the case.
static bool case_may_be_lost(struct exchange *exchange, const struct message *message)
{
	if (exchange->form == FORM_COOKIE && cookie_proves(exchange->client_cookie, &message->edns))
		return true;
	if (exchange->other_case && messages_agree(exchange->other_case, message)) {
		counters_of(exchange)->case_agreed++;
		return true;
	}
	exchange->unsettled = exchange->request.signatures_settle &&
			      message_has_signatures(message) &&
			      (message->rcode == RCODE_NOERROR || message->rcode == RCODE_NXDOMAIN);
	counters_of(exchange)->case_signed += exchange->unsettled;
	return exchange->unsettled;
}

// RFC 4343 §3: names are equal without regard to case, and servers need not give it back. It was
// all that a forger who has guessed ID and port did not know, so a reply in another case is put to
// the proof: its signatures, a second reply to another question in another case, TCP.
static enum reply_step on_other_case(struct exchange *exchange, const uint8_t *data, size_t len,
				     struct message **message, enum upstream_outcome *outcome)
{
	switch (parse_plain(exchange, data, len, message)) {
	case MESSAGE_NO_MEMORY:
		return end(outcome, UPSTREAM_NO_RESOURCE);
	case MESSAGE_MALFORMED:
		if (header_flags(data) & FLAG_TC)
			return settle_over_tcp(exchange, &counters_of(exchange)->truncated);
		return misfit(exchange, &counters_of(exchange)->ignored_malformed, outcome);
	case MESSAGE_OK:
		break;
	}
	if (exchange->form == FORM_COOKIE &&
	    cookie_check(server_of(exchange), exchange->client_cookie, &(*message)->edns) ==
		    COOKIE_WRONG)
		return misfit(exchange, &counters_of(exchange)->ignored_cookie, outcome);
	if ((*message)->flags & FLAG_TC)
		return settle_over_tcp(exchange, &counters_of(exchange)->truncated);
	if (case_may_be_lost(exchange, *message))
		return on_message(exchange, *message, outcome);
	exchange->settle_by_tcp = true;
	if (exchange->other_cases >= OTHER_CASES_MAX)
		return settle_over_tcp(exchange, &counters_of(exchange)->case_lost);
	counters_of(exchange)->case_lost++;
	exchange->other_cases++;
	message_free(exchange->other_case);
	exchange->other_case = *message;
	*message = NULL;
	return REPLY_AGAIN;
}

// A cookie that was not asked for is nothing: whoever forges replies can make one up (ATTACKS A15).
static bool is_strong(const struct exchange *exchange, const struct message *message)
{
	return exchange->tcp || (exchange->form == FORM_COOKIE &&
				 cookie_proves(exchange->client_cookie, &message->edns));
}

enum reply_step reply_read(struct exchange *exchange, const uint8_t *data, size_t len,
			   struct message **message, enum upstream_outcome *outcome)
{
	struct match_question question = {
		.name = exchange->asked,
		.name_len = exchange->name_len,
		.type = exchange->request.type,
		.id = exchange->id,
	};
	enum match match = match_reply(&question, data, len);
	enum reply_step step;

	*message = NULL;
	exchange->unsettled = false;
	switch (match) {
	case MATCH_OTHER:
		return ignore(exchange, &counters_of(exchange)->ignored_id, false);
	case MATCH_WRONG:
		exchange->wrong_questions++;
		return misfit(exchange, &counters_of(exchange)->ignored_near, outcome);
	case MATCH_NEAR:
		return misfit(exchange, &counters_of(exchange)->ignored_near, outcome);
	case MATCH_BARE:
		step = on_bare_error(exchange, data, len, message, outcome);
		break;
	case MATCH_CASE:
		step = exchange->tcp ? parse(exchange, data, len, message, outcome)
				     : on_other_case(exchange, data, len, message, outcome);
		break;
	default:
		step = parse(exchange, data, len, message, outcome);
	}
	if (step == REPLY_END && *outcome == UPSTREAM_OK) {
		exchange->strong = is_strong(exchange, *message);
		if (match != MATCH_BARE || exchange->tcp)
			learn(exchange, match == MATCH_CASE, *message);
	} else {
		message_free(*message);
		*message = NULL;
	}
	return step;
}
