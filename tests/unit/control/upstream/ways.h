// Servers that know less than we ask for: what the programs about them share.
#pragma once

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/upstream/script.h"

#include <string.h>

#define LONG_NAME "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz." // no chance in its case

static bool unsigned_zone, zone_asked;

static inline bool tell_zone(void *arg)
{
	(void)arg;
	zone_asked = true;
	return unsigned_zone;
}

static inline void start(struct script *s)
{
	unsigned_zone = zone_asked = false;
	script_start(s, &script_config);
}

static inline struct exchange_request ask_name(struct script *s, const char *name)
{
	struct exchange_request request = script_request(s);

	request.name = script_name(name);
	script_ask(s, &request);
	return request;
}
