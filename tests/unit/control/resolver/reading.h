// A reply as lines of text, and what is read of it.
#pragma once

#include "control/resolver/response.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static struct message *message;
static struct response response;

static inline enum response_kind read_as(const char *qname, uint16_t qtype, const char *zone,
					 bool forwarder)
{
	const struct response_question question = {
		.name = text_name(qname),
		.type = qtype,
		.zone = text_name(zone),
		.forwarder = forwarder,
	};

	response_read(message, &question, &response);
	return response.kind;
}

static inline enum response_kind read_it(const char *qname, uint16_t qtype, const char *zone,
					 uint16_t flags, unsigned rcode, const char *const *lines)
{
	static uint8_t zone_name[NAME_MAX_LEN], name[NAME_MAX_LEN];

	message_free(message);
	message = text_message(qname, qtype, flags, rcode, lines);
	name_copy(zone_name, text_name(zone));
	name_copy(name, text_name(qname));
	const struct response_question question = {.name = name, .type = qtype, .zone = zone_name};
	response_read(message, &question, &response);
	return response.kind;
}

static inline int teardown(void **state)
{
	(void)state;
	message_free(message);
	message = NULL;
	return 0;
}

static inline void assert_link(size_t i, enum step_kind kind, const char *name)
{
	assert_true(i < response.link_count);
	assert_int_equal(response.links[i].kind, kind);
	assert_true(name_equal(response.links[i].name, text_name(name)));
}
