// Trust anchors, their keys and states, and when their zones are looked at.
#include "control/api/verbs.h"
#include "control/validator/trust_points.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *date(int64_t at_s, char out[32])
{
	time_t seconds = (time_t)at_s;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(out, 32, "?");
	return out;
}

static void add_key(struct reply *reply, json_t *keys, const struct trust_key *key)
{
	const char *state = trust_key_state_words(key->state);
	char since[48] = "", until[80] = "", text[32];
	json_t *object =
		json_pack("{s:i, s:i, s:s, s:b, s:b, s:I}", "tag", key->tag, "algorithm",
			  key->algorithm, "state", state, "configured", key->configured != NULL,
			  "seen", key->rdata != NULL, "since_s", (json_int_t)key->since_s);

	if (key->since_s != 0)
		snprintf(since, sizeof(since), " since %s", date(key->since_s, text));
	if (key->state == TRUST_KEY_PENDING) {
		int64_t until_s = trust_key_hold_until_s(key);
		snprintf(until, sizeof(until), ", trusted when it is seen after %s",
			 date(until_s, text));
		json_object_set_new(object, "until_s", json_integer((json_int_t)until_s));
	}
	reply_line(reply, "  key %5u  algorithm %2u  %s%s%s%s", key->tag, key->algorithm, state,
		   since, until, key->configured != NULL ? ", configured" : ", learned");
	json_array_append_new(keys, object);
}

static void add_static(struct reply *reply, json_t *keys, const struct trust_record *record)
{
	struct rdata_dnskey dnskey;
	struct rdata_ds ds;
	uint16_t tag = 0;
	uint8_t algorithm = 0;

	if (record->type == TYPE_DS && rdata_ds(record->rdata, record->len, &ds)) {
		tag = ds.key_tag;
		algorithm = ds.algorithm;
	} else if (rdata_dnskey(record->rdata, record->len, &dnskey)) {
		tag = rdata_dnskey_tag(record->rdata, record->len);
		algorithm = dnskey.algorithm;
	}
	reply_line(reply, "  key %5u  algorithm %2u  static", tag, algorithm);
	json_array_append_new(keys, json_pack("{s:i, s:i, s:s, s:b}", "tag", tag, "algorithm",
					      algorithm, "state", "static", "configured", 1));
}

static void add_looks(struct reply *reply, json_t *object, const struct trust_zone *zone,
		      const struct store_clock *now)
{
	const struct observation *last = trust_point_ledger(zone->point)->last;
	uint64_t wait_s = zone->due_ms > now->now_ms ? (zone->due_ms - now->now_ms) / 1000 : 0;
	const char *result = zone->result[0] != '\0' ? zone->result : "not looked at yet";
	char text[32], next[32];

	reply_line(reply, "  last seen: %s; next look: %s; last result: %s%s",
		   last != NULL ? date(last->at_s, text) : "never",
		   date(now->now_s + (int64_t)wait_s, next), zone->failing ? "FAILED: " : "",
		   result);
	json_object_set_new(object, "next_s", json_integer((json_int_t)wait_s));
	json_object_set_new(object, "result", reply_string(result));
	json_object_set_new(object, "failing", json_boolean(zone->failing));
	if (last != NULL)
		json_object_set_new(object, "last_seen_s", json_integer((json_int_t)last->at_s));
}

static void add_zone(struct reply *reply, const struct trust_zone *zone,
		     const struct store_clock *now)
{
	json_t *object = json_object(), *keys = json_array();
	char name[NAME_TEXT_MAX];

	name_to_text(zone->name, name);
	json_object_set_new(object, "zone", reply_string(name));
	json_object_set_new(object, "automatic", json_boolean(zone->point != NULL));
	reply_line(reply, "%s %s", name,
		   zone->point == NULL                ? "static"
		   : trust_point_deleted(zone->point) ? "automatic, ALL KEYS REVOKED"
						      : "automatic (RFC 5011)");
	if (zone->point != NULL) {
		const struct trust_ledger *ledger = trust_point_ledger(zone->point);
		for (size_t i = 0; i < ledger->count; i++)
			add_key(reply, keys, &ledger->keys[i]);
		add_looks(reply, object, zone, now);
	}
	for (size_t i = 0; i < zone->static_count; i++)
		add_static(reply, keys, &zone->statics[i]);
	json_object_set_new(object, "keys", keys);
	json_array_append_new(reply->data, object);
}

#define SHARE 8 // of the zones, in a turn

static bool anchors_go_on(const struct api_context *context, struct reply *reply)
{
	size_t zones = trust_points_count(context->points), *at = reply->work;
	struct store_clock now;

	store_get_clock(context->store, &now);
	for (size_t i = 0; i < SHARE && *at < zones; i++)
		add_zone(reply, trust_points_zone(context->points, (*at)++), &now);
	return *at == zones;
}

void verb_anchors(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply)
{
	(void)arguments, (void)count;
	reply->data = json_array();
	if (context->points == NULL || trust_points_count(context->points) == 0) {
		reply_line(reply, "no trust anchor is configured: nothing is validated");
		return;
	}
	reply->work = calloc(1, sizeof(size_t));
	if (reply->work == NULL)
		reply_refuse(reply, "out of memory");
	else
		reply->go_on = anchors_go_on;
}
