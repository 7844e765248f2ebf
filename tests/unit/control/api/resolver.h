// A resolver that notes what it is told and tells what a test has put into it.
#pragma once

#include "control/api/api.h"
#include "control/resolver/resolver.h"
#include "dataplane/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct store *store;
static uint8_t forgotten[NAME_MAX_LEN];
static unsigned forgets, requests_under_way, shares;

void resolver_forget(struct resolver *resolver, const uint8_t *zone)
{
	(void)resolver;
	name_copy(forgotten, zone);
	forgets++;
}

size_t resolver_flush_name(struct resolver *resolver, const uint8_t *name, const uint16_t *type)
{
	(void)resolver;
	return type != NULL ? cache_flush_type(store_cache(store), name, *type)
			    : cache_flush_name(store_cache(store), name);
}

size_t resolver_requests(const struct resolver *resolver, size_t max, resolver_request_visit visit,
			 void *arg)
{
	static const struct address server = {.family = 4, .bytes = {192, 0, 2, 1}};
	static const uint8_t zone[] = "\7example";

	(void)resolver;
	for (unsigned i = 0; i < requests_under_way && i < max; i++) {
		char text[32];
		uint8_t name[NAME_MAX_LEN];

		snprintf(text, sizeof(text), "www%u.example.", i);
		(void)!name_from_text(text, name);
		struct resolver_request request = {
			.name = name, .type = TYPE_A, .age_ms = 120, .state = "waits for room"};
		if (i == 1) {
			request.server = &server;
			request.zone = zone;
		}
		visit(&request, arg);
	}
	return requests_under_way;
}

static struct route servers_route;

// All that are remembered, three in a share.
bool resolver_servers_some(struct resolver *resolver, size_t *at, size_t max,
			   struct resolver_servers_of *of, resolver_server_visit visit, void *arg)
{
	struct resolver_server server = {.address = {.family = 4, .bytes = {192, 0, 2, 1}}};

	(void)resolver;
	*of = (struct resolver_servers_of){0};
	server.record.facts = (struct server_facts){
		.standing = SERVER_OUT, .rtt_us = 10000, .fails = 3, .cause = SERVER_TIMEOUT};
	server.record.counts[SERVER_TIMEOUT] = 3;
	server.record.probe_ms = 1500;
	server.record.label = "provider-a";
	for (size_t i = 0; i < 3 && i < max && *at < requests_under_way; i++, (*at)++)
		visit(of, &server, arg);
	shares++;
	return *at < requests_under_way;
}

void resolver_servers_each(struct resolver *resolver, const uint8_t *name,
			   const struct address *address, struct resolver_servers_of *of,
			   resolver_server_visit visit, void *arg)
{
	static const uint8_t ns[] = "\2ns\7example";
	static const struct pool_server pool = {
		.port = 853, .priority = 1, .weight = 2, .transport = POOL_TLS, .domain = "east"};
	struct resolver_server server = {.address = {.family = 4, .bytes = {192, 0, 2, 1}},
					 .name = ns};

	(void)resolver, (void)address;
	*of = (struct resolver_servers_of){.known = name != NULL, .failure_domains = 2};
	if (name != NULL) {
		name_copy(of->zone, name);
		of->route = servers_route.pool != NULL ? &servers_route : NULL;
		server.pool = of->route != NULL ? &pool : NULL;
	}
	server.record.facts = (struct server_facts){
		.standing = SERVER_OUT, .rtt_us = 10000, .fails = 3, .cause = SERVER_TIMEOUT};
	server.record.here = (struct server_facts){.standing = SERVER_WELL, .here = name != NULL};
	server.record.counts[SERVER_TIMEOUT] = 3;
	server.record.probe_ms = 1500;
	server.record.label = "provider-a";
	for (unsigned i = 0; i < requests_under_way; i++)
		visit(of, &server, arg);
}

// The name whose questions are told of, "" for every one; NULL line: none.
static char traced_name[NAME_TEXT_MAX];
static resolver_trace_line traced_line;
static uint64_t traced_for_ms;

void resolver_trace(struct resolver *resolver, const uint8_t *name, uint64_t for_ms,
		    resolver_trace_line line, void *arg)
{
	(void)resolver, (void)arg;
	traced_name[0] = '\0';
	if (name != NULL)
		name_to_text(name, traced_name);
	traced_line = line;
	traced_for_ms = for_ms;
}

bool resolver_traced(const struct resolver *resolver, uint8_t name[NAME_MAX_LEN], uint64_t *left_ms)
{
	(void)resolver;
	*left_ms = traced_for_ms;
	return traced_line != NULL && traced_name[0] != '\0' &&
	       name_from_text(traced_name, name) > 0;
}

static char servers_asked[NAME_TEXT_MAX];

void resolver_servers(struct resolver *resolver, const uint8_t *name, const struct address *address,
		      void (*line)(const char *text, void *arg), void *arg)
{
	(void)resolver;
	snprintf(servers_asked, sizeof(servers_asked), "all");
	if (name != NULL)
		name_to_text(name, servers_asked);
	if (address != NULL)
		address_to_text(address, servers_asked);
	if (requests_under_way > 0 && (name != NULL || address != NULL))
		line("192.0.2.1 rtt 10.0 ms +- 5.0, good", arg);
}

// Failed resolutions, newest first, and what was asked for.
static struct failed_view explained[4];
static size_t explained_count;
static struct explain_filter explain_asked;
static uint8_t explain_name[NAME_MAX_LEN], explain_zone[NAME_MAX_LEN];

size_t resolver_explain(struct resolver *resolver, const struct explain_filter *filter,
			resolver_explain_visit visit, void *arg)
{
	size_t count = 0;

	(void)resolver;
	explain_asked = *filter;
	if (filter->name != NULL)
		name_copy(explain_name, filter->name);
	if (filter->zone != NULL)
		name_copy(explain_zone, filter->zone);
	for (size_t i = 0; i < explained_count && count < filter->max; i++) {
		const uint8_t *name = explained[i].failed->name;
		if ((filter->name != NULL && !name_equal(name, filter->name)) ||
		    (filter->zone != NULL && !name_within(name, filter->zone)))
			continue;
		visit(&explained[i], arg);
		count++;
	}
	return count;
}

void resolver_explain_begin(const struct resolver *resolver, struct explain_walk *walk)
{
	(void)resolver;
	walk->at = walk->shown = 0;
	walk->count = explained_count;
}

// One in a share, however many may be.
bool resolver_explain_some(struct resolver *resolver, struct explain_walk *walk,
			   const struct explain_filter *filter, size_t share,
			   resolver_explain_visit visit, void *arg)
{
	(void)resolver;
	assert_true(share > 0 && share <= 64);
	explain_asked = *filter;
	if (filter->zone != NULL)
		name_copy(explain_zone, filter->zone);
	if (walk->at < walk->count && walk->shown < filter->max) {
		const struct failed_view *view = &explained[walk->at++];
		if (filter->zone == NULL || name_within(view->failed->name, filter->zone)) {
			visit(view, arg);
			walk->shown++;
		}
	}
	return walk->at < walk->count && walk->shown < filter->max;
}

size_t resolver_explained_below(const struct resolver *resolver, const uint8_t *zone)
{
	size_t count = 0;

	(void)resolver;
	for (size_t i = 0; i < explained_count; i++)
		count += name_within(explained[i].failed->name, zone);
	return count;
}

static const char *under_way; // the line of the question that is; NULL: none is

size_t resolver_under_way(struct resolver *resolver, const uint8_t *name, uint16_t type,
			  void (*line)(const char *text, void *arg), void *arg)
{
	(void)resolver;
	(void)name;
	(void)type;
	if (under_way != NULL)
		line(under_way, arg);
	return under_way != NULL;
}

size_t resolver_explained(const struct resolver *resolver)
{
	(void)resolver;
	return explained_count;
}

static struct nta_facts nta;
static uint8_t nta_name[NAME_MAX_LEN];
static uint32_t nta_lifetime_s;
static char nta_reason[NTA_REASON_MAX + 1];
static int nta_error;

int resolver_nta_add(struct resolver *resolver, const uint8_t *name, uint32_t lifetime_s,
		     const char *reason)
{
	(void)resolver;
	name_copy(nta_name, name);
	nta_lifetime_s = lifetime_s;
	snprintf(nta_reason, sizeof(nta_reason), "%s", reason);
	return nta_error;
}

bool resolver_nta_remove(struct resolver *resolver, const uint8_t *name)
{
	(void)resolver;
	name_copy(nta_name, name);
	return nta_error == 0;
}

void resolver_nta_each(const struct resolver *resolver,
		       void (*visit)(const struct nta_facts *facts, void *arg), void *arg)
{
	(void)resolver;
	if (nta.name != NULL)
		visit(&nta, arg);
}

// Zones of a resolver that knows three, one in a share.
bool resolver_zones_some(struct resolver *resolver, struct zones_walk *walk, size_t share,
			 resolver_zone_visit visit, void *arg)
{
	static const struct candidate servers[] = {
		{.address = {.family = 4, .bytes = {192, 0, 2, 1}}},
		{.address = {.family = 4, .bytes = {198, 51, 100, 1}}},
	};

	(void)resolver;
	assert_true(share > 0 && share <= 64);
	static const uint8_t *const unknown[] = {(const uint8_t *)"\2ns\5other\3net"};
	const struct resolver_zone zones[] = {
		{(const uint8_t *)"\5alone\3com", servers, 1, NULL, 0},
		{(const uint8_t *)"\4both\3com", servers, 2, NULL, 0},
		{(const uint8_t *)"\7unknown\3com", servers, 1, unknown, 1},
	};

	visit(&zones[walk->at++], arg);
	return walk->at < 3;
}

uint64_t resolver_take_slowest_ms(struct resolver *resolver)
{
	(void)resolver;
	return 0;
}

static struct posture_facts posture_known; // of the one zone that is known; or of none
static bool posture_exceptions;

void resolver_posture(struct resolver *resolver, const uint8_t *zone, struct posture_facts *facts)
{
	(void)resolver;
	if (posture_known.known && name_equal(zone, posture_known.zone)) {
		*facts = posture_known;
		return;
	}
	memset(facts, 0, sizeof(*facts));
	name_copy(facts->zone, zone);
}

bool resolver_hottest_some(struct resolver *resolver, struct hottest *hottest)
{
	(void)resolver;
	assert_true(hottest->max > 0);
	if (hottest->at++ == 0)
		return true;
	hottest->count = posture_known.known;
	name_copy(hottest->list[0].zone, posture_known.zone);
	return false;
}

void resolver_exceptions(const struct resolver *resolver,
			 void (*visit)(const uint8_t *name, bool nta, uint64_t left_ms, void *arg),
			 void *arg)
{
	(void)resolver;
	if (!posture_exceptions)
		return;
	visit((const uint8_t *)"\3lan", false, UINT64_MAX, arg);
	visit((const uint8_t *)"\6broken\7example", true, 5400000, arg);
}
