// Why a name fails: failed resolutions that are recorded, in words and as data. Nobody is asked.
#include "control/api/verbs.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX   100
#define LAST_MAX    1024
#define ALIASES_MAX 11
#define DOMAIN_TEXT (NAME_TEXT_MAX + 64)

// ---- data ----

static json_t *name_json(const uint8_t *name)
{
	char text[NAME_TEXT_MAX];

	return reply_string(name_to_text(name, text));
}

static json_t *type_json(uint16_t type)
{
	char text[TYPE_TEXT_MAX];

	return json_string(type_to_text(type, text));
}

static json_t *server_json(const struct tried *tried, const struct tried_server *server)
{
	char address[ADDRESS_TEXT_MAX], domain[DOMAIN_TEXT];
	const uint8_t *ns_name = tried_name(tried, server);
	json_t *item = json_pack(
		"{s:s, s:s, s:i, s:i, s:o}", "cause", tried_cause_word(server->cause), "last_cause",
		tried_cause_word(server->last_cause), "failures", server->count, "ms",
		(int)server->ms, "zone", name_json(tried_zone(tried, server)));

	if (ns_name != NULL)
		json_object_set_new(item, "name", name_json(ns_name));
	if (server->ede != EDE_NONE)
		json_object_set_new(item, "ede", json_integer(server->ede));
	if (server->address.family == 0)
		return item;
	failed_domain_text(tried, server, domain, sizeof(domain));
	json_object_set_new(item, "address",
			    json_string(address_to_text(&server->address, address)));
	json_object_set_new(item, "domain", reply_string(domain));
	json_object_set_new(item, "over", json_string(tried_over(server)));
	json_object_set_new(item, "forwarder", json_boolean(server->forwarder));
	return item;
}

static json_t *servers_json(const struct tried *tried)
{
	json_t *servers = json_array();

	for (size_t i = 0; i < tried->count; i++)
		json_array_append_new(servers, server_json(tried, &tried->servers[i]));
	return servers;
}

static json_t *chain_json(const struct failed *failed)
{
	const struct failed_step *step = &failed->step;
	json_t *chain;

	if (step->need_type != 0)
		return json_pack("{s:o, s:o}", "needs",
				 name_json(name_ancestor(failed->name, step->need_labels)),
				 "needs_type", type_json(step->need_type));
	chain = json_pack("{s:o, s:o}", "type", type_json(step->type), "signer",
			  name_json(name_ancestor(failed->name, step->signer_labels)));
	if (!step->signature)
		return chain;
	json_object_set_new(chain, "key_tag", json_integer(step->key_tag));
	if (step->algorithm == 0)
		return chain;
	json_object_set_new(chain, "algorithm", json_integer(step->algorithm));
	json_object_set_new(chain, "inception_s", json_integer(step->inception_s));
	json_object_set_new(chain, "expiration_s", json_integer(step->expiration_s));
	return chain;
}

static json_t *failed_json(const struct failed_view *view)
{
	const struct failed *failed = view->failed;
	uint64_t held_ms =
		view->held_until_ms > view->now_ms ? view->held_until_ms - view->now_ms : 0;
	json_t *item = json_pack(
		"{s:o, s:o, s:s, s:i, s:o, s:I, s:I, s:i, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, "
		"s:b, s:o, s:i}",
		"name", name_json(failed->name), "type", type_json(failed->type), "kind",
		failed_kind_word(failed->kind), "ede", failed->ede, "cause",
		reply_string(failed->text), "first_s", (json_int_t)failed->first_s, "last_s",
		(json_int_t)failed->last_s, "took_ms", (int)failed->took_ms, "times",
		(json_int_t)failed->times, "told_servfail", (json_int_t)failed->failed,
		"told_stale", (json_int_t)failed->stale, "needed", (json_int_t)failed->needed,
		"held_ms", (json_int_t)held_ms, "over", failed->over_ms != 0, "probed",
		view->probed, "recovered", view->recovered, "stale_ready", view->stale, "servers",
		servers_json(&failed->tried), "failures_beyond", (int)failed->tried.beyond);

	if (failed->last_text[0] != '\0') {
		json_object_set_new(item, "last_ede", json_integer(failed->last_ede));
		json_object_set_new(item, "last_cause", reply_string(failed->last_text));
	}
	if (failed->zone_known)
		json_object_set_new(item, "zone", name_json(failed_zone(failed)));
	if (failed->step.known)
		json_object_set_new(item, "chain", chain_json(failed));
	return item;
}

// ---- showing ----

struct showing {
	struct reply *reply;
	json_t *failures; // borrowed
	bool brief;       // a line each
};

static void say(const char *text, void *arg)
{
	reply_line(arg, "%s", text);
}

static void show_brief(struct reply *reply, const struct failed *failed)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX], time[FAILED_TIME_MAX], times[32] = "";

	if (failed->times > 1)
		snprintf(times, sizeof(times), ", %" PRIu32 " times", failed->times);
	reply_line(reply, "%s %s %s %s%s: %s", failed_time_text(failed->last_s, time),
		   name_to_text(failed->name, name), type_to_text(failed->type, type),
		   failed_kind_word(failed->kind), times, failed->text);
}

static void show(const struct failed_view *view, void *arg)
{
	struct showing *showing = arg;

	if (showing->brief)
		show_brief(showing->reply, view->failed);
	else
		failed_describe(view, say, showing->reply);
	json_array_append_new(showing->failures, failed_json(view));
}

static size_t show_all(const struct api_context *context, const struct explain_filter *filter,
		       bool brief, struct reply *reply)
{
	struct showing showing = {reply, json_array(), brief};

	json_object_set_new(reply->data, "failures", showing.failures);
	return resolver_explain(context->resolver, filter, show, &showing);
}

// ---- a name ----

// Where a CNAME or DNAME leads that is in the cache, however old. False: there is none.
static bool follow_alias(struct cache *cache, uint8_t name[NAME_MAX_LEN])
{
	uint8_t to[NAME_MAX_LEN];
	bool found = entry_alias(cache_find(cache, name, TYPE_CNAME), name, TYPE_ANY,
				 SECURITY_INSECURE, NULL, to);

	for (size_t labels = name_labels(name); !found && labels-- > 0;)
		found = entry_alias(cache_find(cache, name_ancestor(name, labels), TYPE_DNAME),
				    name, TYPE_ANY, SECURITY_INSECURE, NULL, to);
	if (found)
		name_copy(name, to);
	return found;
}

static size_t show_aliases(const struct api_context *context, struct explain_filter *filter,
			   uint8_t name[NAME_MAX_LEN], struct reply *reply)
{
	struct cache *cache = store_cache(context->store);
	char alias[NAME_TEXT_MAX], text[NAME_TEXT_MAX];

	for (unsigned i = 0; i < ALIASES_MAX; i++) {
		name_to_text(name, alias);
		if (!follow_alias(cache, name))
			return 0;
		reply_line(reply, "%s is an alias of %s", alias, name_to_text(name, text));
		size_t shown = show_all(context, filter, false, reply);
		if (shown > 0)
			return shown;
	}
	return 0;
}

// What else may help whoever asks.
static void show_around(const struct api_context *context, const uint8_t *name, const char *type,
			struct reply *reply)
{
	char text[NAME_TEXT_MAX], above[NAME_TEXT_MAX];
	const uint8_t *zone = name_skip(name, 1);
	size_t count =
		name_labels(name) > 1 ? resolver_explained_below(context->resolver, zone) : 0;

	reply_line(reply, "no failure of %s%s%s is recorded (%zu others are)",
		   name_to_text(name, text), type[0] != '\0' ? " " : "", type,
		   resolver_explained(context->resolver));
	if (count > 0)
		reply_line(reply, "%zu at and below %s are: explain --zone %s", count,
			   name_to_text(zone, above), above);
	reply_line(reply, "what the cache holds: lookup %s; its zone's servers:", text);
	resolver_servers(context->resolver, name, NULL, say, reply);
}

static void say_under_way(const char *text, void *arg)
{
	struct reply *reply = arg;

	reply_line(reply, "%s", text);
	json_array_append_new(json_object_get(reply->data, "under_way"), reply_string(text));
}

// Nothing is recorded of a question before it has failed: what it waits for is said.
static size_t show_under_way(const struct api_context *context, const uint8_t *name, uint16_t type,
			     struct reply *reply)
{
	json_object_set_new(reply->data, "under_way", json_array());
	return resolver_under_way(context->resolver, name, type, say_under_way, reply);
}

static void explain_name(const struct api_context *context, const char *const *arguments,
			 size_t count, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN], end[NAME_MAX_LEN];
	char type[TYPE_TEXT_MAX] = "";
	struct explain_filter filter = {.name = end, .max = SHOWN_MAX};

	if (argument_name(arguments[0], name, reply) != 0 ||
	    (count > 1 && argument_type(arguments[1], &filter.type, reply) != 0))
		return;
	if (filter.type == TYPE_ANY)
		filter.type = 0;
	if (filter.type != 0)
		type_to_text(filter.type, type);
	name_copy(end, name);
	reply->data = json_object();
	size_t under_way = show_under_way(context, name, filter.type, reply);
	if (show_all(context, &filter, false, reply) == 0 &&
	    show_aliases(context, &filter, end, reply) == 0 && under_way == 0)
		show_around(context, name, type, reply);
}

// ---- many ----

#define SHARE 16 // of the failures, in a turn

struct listing {
	struct explain_walk walk;
	struct explain_filter filter;
	struct showing showing;
	uint8_t zone[NAME_MAX_LEN];
};

static bool listing_goes_on(const struct api_context *context, struct reply *reply)
{
	struct listing *listing = reply->work;

	if (resolver_explain_some(context->resolver, &listing->walk, &listing->filter, SHARE, show,
				  &listing->showing))
		return false;
	if (listing->walk.shown == 0)
		reply_line(reply, "no failure is recorded");
	return true;
}

static void explain_zone(const struct api_context *context, const char *argument, size_t max,
			 struct reply *reply)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	reply->work = listing;
	if (argument != NULL && argument_name(argument, listing->zone, reply) != 0)
		return;
	listing->filter.max = max;
	listing->filter.zone = argument != NULL ? listing->zone : NULL;
	listing->showing = (struct showing){reply, json_array(), true};
	reply->data = json_pack("{s:o}", "failures", listing->showing.failures);
	resolver_explain_begin(context->resolver, &listing->walk);
	reply->go_on = listing_goes_on;
}

static void explain_last(const struct api_context *context, const char *const *arguments,
			 size_t count, struct reply *reply)
{
	char *end;
	unsigned long number = strtoul(arguments[0], &end, 10);

	if (arguments[0][0] < '0' || arguments[0][0] > '9' || *end != '\0' || number == 0 ||
	    number > LAST_MAX) {
		reply_misuse(reply, "\"%.64s\" is no number from 1 to %d", arguments[0], LAST_MAX);
		return;
	}
	explain_zone(context, count > 1 ? arguments[1] : NULL, number, reply);
}

void verb_explain(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply)
{
	if (strcmp(arguments[0], "--zone") == 0 && count == 2)
		explain_zone(context, arguments[1], LAST_MAX, reply);
	else if (strcmp(arguments[0], "--last") == 0 && count >= 2)
		explain_last(context, arguments + 1, count - 1, reply);
	else if (strncmp(arguments[0], "--", 2) != 0 && count <= 2)
		explain_name(context, arguments, count, reply);
	else
		reply_misuse(reply, "usage: explain NAME [TYPE] | --zone ZONE | --last N [ZONE]");
}
