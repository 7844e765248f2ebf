#include "dataplane/answer/reply.h"

#include <string.h>

#define OPT_LEN         11 // root, type, size, rcode, version, flags, RDLENGTH
#define OPTION_HEAD_LEN 4  // code, length
#define EDE_INFO_LEN    2
#define KEEPALIVE_LEN   2
#define KEEPALIVE_UNITS 100 // of 100 ms (RFC 7828 §3.1): idle connections last 10 s
#define COOKIE_LEN      (COOKIE_CLIENT_LEN + COOKIE_SERVER_LEN)

void ede_add(struct ede_list *list, int code, const char *text, size_t text_len)
{
	if (code == EDE_NONE || list->count == REPLY_EDES_MAX)
		return;
	for (size_t i = 0; i < list->count; i++) {
		if (list->list[i].code == code)
			return;
	}
	list->list[list->count].code = code;
	list->list[list->count].text = text;
	list->list[list->count].text_len = text_len;
	list->count++;
}

static bool sends_cookie(const struct query *query, const struct answer_context *context)
{
	return query->edns.has_cookie && context->client_addr;
}

static bool sends_keepalive(const struct query *query, const struct answer_context *context)
{
	// RFC 7828 §3.2.1: never over UDP; §3.3.2: to a client that has sent the option.
	return query->edns.has_keepalive && context->tcp;
}

size_t opt_len(const struct query *query, const struct answer_context *context)
{
	size_t len = OPT_LEN;

	// RFC 6891 §6.1.1: a reply has OPT when its query had one, and only then.
	if (!query->edns.present)
		return 0;
	if (sends_cookie(query, context))
		len += OPTION_HEAD_LEN + COOKIE_LEN;
	if (sends_keepalive(query, context))
		len += OPTION_HEAD_LEN + KEEPALIVE_LEN;
	return len;
}

static uint8_t *option_head(uint8_t *p, unsigned code, size_t len)
{
	wire_put16(p, (uint16_t)code);
	wire_put16(p + 2, (uint16_t)len);
	return p + OPTION_HEAD_LEN;
}

// RFC 9018 §4.3: each reply has a fresh server cookie, whatever the client's was.
static uint8_t *put_cookie(uint8_t *p, const struct query *query,
			   const struct answer_context *context)
{
	p = option_head(p, EDNS_COOKIE, COOKIE_LEN);
	memcpy(p, query->edns.client_cookie, COOKIE_CLIENT_LEN);
	cookie_server_make(query->edns.client_cookie, context->client_addr,
			   context->client_addr_len, (uint32_t)context->now_s,
			   context->cookie_secret, p + COOKIE_CLIENT_LEN);
	return p + COOKIE_LEN;
}

// With its text, else without, else not at all: an EDE never costs a record its place.
static uint8_t *put_ede(uint8_t *p, const uint8_t *end, int code, const char *text, size_t text_len)
{
	size_t room = (size_t)(end - p);

	if (room < OPTION_HEAD_LEN + EDE_INFO_LEN)
		return p;
	if (room < OPTION_HEAD_LEN + EDE_INFO_LEN + text_len)
		text_len = 0;
	p = option_head(p, EDNS_EDE, EDE_INFO_LEN + text_len);
	wire_put16(p, (uint16_t)code);
	if (text_len > 0)
		memcpy(p + EDE_INFO_LEN, text, text_len);
	return p + EDE_INFO_LEN + text_len;
}

void opt_write(struct reply *reply, unsigned rcode, const struct ede_list *edes)
{
	const struct query *query = reply->query;
	const struct answer_context *context = reply->context;
	uint8_t *opt = reply->out + reply->len;
	uint8_t *p = opt + OPT_LEN;

	opt[0] = 0;
	wire_put16(opt + 1, TYPE_OPT);
	wire_put16(opt + 3, EDNS_UDP_SIZE);
	opt[5] = (uint8_t)(rcode >> 4);
	opt[6] = 0;                                           // version
	wire_put16(opt + 7, query->edns.do_bit ? 0x8000 : 0); // RFC 3225 §3: copied
	if (sends_cookie(query, context))
		p = put_cookie(p, query, context);
	if (sends_keepalive(query, context)) {
		p = option_head(p, EDNS_TCP_KEEPALIVE, KEEPALIVE_LEN);
		wire_put16(p, KEEPALIVE_UNITS);
		p += KEEPALIVE_LEN;
	}
	for (size_t i = 0; i < edes->count; i++)
		p = put_ede(p, reply->out + reply->limit, edes->list[i].code, edes->list[i].text,
			    edes->list[i].text_len);
	wire_put16(opt + 9, (uint16_t)(p - opt - OPT_LEN));
	reply->len = (size_t)(p - reply->out);
}
