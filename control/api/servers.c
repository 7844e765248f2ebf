// What is asked at present, and of whom.
#include "control/api/verbs.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOWN_MAX 1000

// A list that ends after SHOWN_MAX lines; all are counted.
struct shown {
	struct reply *reply;
	json_t *list; // borrowed
	size_t lines, entries;
};

// ---- requests ----

struct request {
	uint8_t name[NAME_MAX_LEN], zone[NAME_MAX_LEN];
	uint16_t type;
	uint64_t age_ms;
	const char *state;
	struct address server; // family 0: none
};

static json_t *request_json(const struct request *request)
{
	char text[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	json_t *data = json_pack("{s:o, s:s, s:I, s:s}", "name",
				 reply_string(name_to_text(request->name, text)), "type",
				 type_to_text(request->type, type), "age_ms",
				 (json_int_t)request->age_ms, "state", request->state);

	if (request->server.family == 0)
		return data;
	json_object_set_new(data, "server", json_string(address_to_text(&request->server, text)));
	json_object_set_new(data, "zone", reply_string(name_to_text(request->zone, text)));
	return data;
}

static void show_request(const void *item, struct reply *reply)
{
	const struct request *request = item;
	char name[NAME_TEXT_MAX], zone[NAME_TEXT_MAX], type[TYPE_TEXT_MAX],
		address[ADDRESS_TEXT_MAX];

	name_to_text(request->name, name);
	type_to_text(request->type, type);
	if (request->server.family != 0)
		reply_line(reply, "%s %s waits for %s (%s) %" PRIu64 " ms", name, type,
			   address_to_text(&request->server, address),
			   name_to_text(request->zone, zone), request->age_ms);
	else
		reply_line(reply, "%s %s %s %" PRIu64 " ms", name, type, request->state,
			   request->age_ms);
	json_array_append_new(json_object_get(reply->data, "requests"), request_json(request));
}

static void add_request(const struct resolver_request *request, void *arg)
{
	struct request *kept = reply_list_add(arg);

	if (kept == NULL)
		return;
	name_copy(kept->name, request->name);
	kept->type = request->type;
	kept->age_ms = request->age_ms;
	kept->state = request->state;
	if (request->server == NULL)
		return;
	kept->server = *request->server;
	name_copy(kept->zone, request->zone);
}

static void end_requests(const struct api_context *context, struct reply *reply)
{
	size_t all = (size_t)json_integer_value(json_object_get(reply->data, "under_way"));

	(void)context;
	if (all == 0)
		reply_line(reply, "no question is under way");
	if (all > SHOWN_MAX)
		reply_line(reply, "and %zu later ones", all - SHOWN_MAX);
}

void verb_requests(const struct api_context *context, const char *const *arguments, size_t count,
		   struct reply *reply)
{
	(void)arguments, (void)count;
	if (!reply_list(reply, sizeof(struct request), show_request, end_requests))
		return;
	size_t all = resolver_requests(context->resolver, SHOWN_MAX, add_request, reply);
	reply->data = json_pack("{s:[], s:I}", "requests", "under_way", (json_int_t)all);
}

// ---- servers ----

static void add_line(const char *text, void *arg)
{
	struct shown *shown = arg;

	if (shown->lines++ < SHOWN_MAX)
		reply_line(shown->reply, "%s", text);
}

static json_t *facts_json(const struct server_facts *facts)
{
	json_t *data = json_pack("{s:s, s:b, s:i, s:i}", "standing",
				 standing_words(facts->standing), "due", facts->due, "rtt_us",
				 (int)facts->rtt_us, "failures_in_a_row", (int)facts->fails);

	if (facts->fails > 0)
		json_object_set_new(data, "cause", json_string(server_failure_words(facts->cause)));
	return data;
}

static void add_pool(json_t *data, const struct pool_server *pool)
{
	static const char *const transports[] = {
		[POOL_UDP] = "udp", [POOL_TCP] = "tcp", [POOL_TLS] = "tls"};

	json_object_set_new(data, "port", json_integer(pool->port));
	json_object_set_new(data, "priority", json_integer(pool->priority));
	json_object_set_new(data, "weight", json_integer(pool->weight));
	json_object_set_new(data, "transport", json_string(transports[pool->transport]));
}

static const char *label_of(const struct resolver_server *server)
{
	if (server->pool != NULL && server->pool->domain[0] != '\0')
		return server->pool->domain;
	return server->record.label;
}

static void add_causes(json_t *data, const struct server_record *record)
{
	json_t *causes = json_object();

	for (size_t i = 0; i < SERVER_FAILURE_COUNT; i++) {
		if (record->counts[i] > 0)
			json_object_set_new(causes, server_failure_name((enum server_failure)i),
					    json_integer(record->counts[i]));
	}
	json_object_set_new(data, "counts", causes);
}

static json_t *server_json(const struct resolver_servers_of *of,
			   const struct resolver_server *server)
{
	const struct server_record *record = &server->record;
	json_t *data = facts_json(&record->facts);
	char text[NAME_TEXT_MAX];

	json_object_set_new(data, "address", json_string(address_to_text(&server->address, text)));
	json_object_set_new(data, "rttvar_us", json_integer(record->rttvar_us));
	json_object_set_new(data, "slow_us", json_integer(record->slow_us));
	json_object_set_new(data, "since_ms", json_integer((json_int_t)record->since_ms));
	json_object_set_new(data, "next_probe_ms", json_integer((json_int_t)record->probe_ms));
	add_causes(data, record);
	if (server->name != NULL)
		json_object_set_new(data, "name", reply_string(name_to_text(server->name, text)));
	if (label_of(server) != NULL)
		json_object_set_new(data, "domain", reply_string(label_of(server)));
	if (server->pool != NULL)
		add_pool(data, server->pool);
	if (of->known && record->here.here)
		json_object_set_new(data, "for_zone", facts_json(&record->here));
	return data;
}

static void add_server(const struct resolver_servers_of *of, const struct resolver_server *server,
		       void *arg)
{
	struct shown *shown = arg;

	if (shown->entries++ < SHOWN_MAX)
		json_array_append_new(shown->list, server_json(of, server));
}

static void add_zone(json_t *data, const struct resolver_servers_of *of)
{
	const struct route *route = of->route;
	char text[NAME_TEXT_MAX];

	if (!of->known)
		return;
	json_object_set_new(data, "zone", reply_string(name_to_text(of->zone, text)));
	json_object_set_new(data, "minimal_cut", json_integer(of->failure_domains));
	if (route == NULL)
		return;
	json_object_set_new(data, "type", json_string(route->forward ? "forward" : "stub"));
	json_object_set_new(data, "mode", json_string(route->first ? "first" : "only"));
	if (route->pool->name[0] != '\0')
		json_object_set_new(data, "pool", reply_string(route->pool->name));
}

static bool read_address(const char *text, struct address *address)
{
	*address = (struct address){.family = 4};
	if (inet_pton(AF_INET, text, address->bytes) == 1)
		return true;
	address->family = 6;
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

// ---- all of them, in shares ----

#define SHARE      32   // that are shown
#define SHARE_REST 1024 // that are counted only

struct survey {
	const struct api_context *context;
	struct shown shown;
	struct resolver_servers_of of;
	size_t at;
};

static void survey_server(const struct resolver_servers_of *of,
			  const struct resolver_server *server, void *arg)
{
	struct survey *survey = arg;
	struct shown *shown = &survey->shown;

	if (shown->lines < SHOWN_MAX)
		resolver_servers(survey->context->resolver, NULL, &server->address, add_line,
				 shown);
	else
		shown->lines++;
	add_server(of, server, shown);
}

static void finish(const struct shown *shown, const struct resolver_servers_of *of)
{
	struct reply *reply = shown->reply;

	add_zone(reply->data, of);
	json_object_set_new(reply->data, "count", json_integer((json_int_t)shown->entries));
	json_object_set_new(reply->data, "path_lost_ms",
			    json_integer((json_int_t)of->path_lost_ms));
	if (shown->lines == 0)
		reply_line(reply, "no server is known");
	if (shown->lines > SHOWN_MAX)
		reply_line(reply, "and %zu others", shown->lines - SHOWN_MAX);
}

static bool survey_goes_on(const struct api_context *context, struct reply *reply)
{
	struct survey *survey = reply->work;
	size_t share = survey->shown.lines < SHOWN_MAX ? SHARE : SHARE_REST;

	if (resolver_servers_some(context->resolver, &survey->at, share, &survey->of, survey_server,
				  survey))
		return false;
	finish(&survey->shown, &survey->of);
	return true;
}

static void survey_all(const struct api_context *context, const struct shown *shown)
{
	struct reply *reply = shown->reply;
	struct survey *survey = calloc(1, sizeof(*survey));

	if (survey == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	*survey = (struct survey){.context = context, .shown = *shown};
	resolver_servers(context->resolver, NULL, NULL, add_line, &survey->shown);
	reply->work = survey;
	reply->go_on = survey_goes_on;
}

void verb_servers(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply)
{
	struct shown shown = {.reply = reply, .list = json_array()};
	struct resolver_servers_of of;
	struct address address;
	uint8_t name[NAME_MAX_LEN];
	bool is_address = count == 1 && read_address(arguments[0], &address);

	reply->data = json_pack("{s:o}", "servers", shown.list);
	if (count == 1 && !is_address && argument_name(arguments[0], name, reply) != 0)
		return;
	if (count == 0) {
		survey_all(context, &shown);
		return;
	}
	const uint8_t *zone = !is_address ? name : NULL;
	const struct address *one = is_address ? &address : NULL;
	resolver_servers(context->resolver, zone, one, add_line, &shown);
	resolver_servers_each(context->resolver, zone, one, &of, add_server, &shown);
	finish(&shown, &of);
}
