// What the cache holds for a name, and what a client would get: nobody is asked.
#include "control/api/record_text.h"
#include "control/api/verbs.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SHOWN_MAX     64
#define TIME_TEXT_MAX 32
// Without a type in the question these are tried; what is known above them is private or
// experimental.
#define TYPE_TRIED_MAX 511

struct view {
	struct cache *cache;
	struct store_clock now;
	struct reply *reply;
	json_t *entries;                      // borrowed
	const struct entry *shown[SHOWN_MAX]; // each entry once
	size_t shown_count;
};

static const char *const kind_words[] = {
	[ENTRY_POSITIVE] = "positive", [ENTRY_CNAME] = "CNAME",       [ENTRY_DNAME] = "DNAME",
	[ENTRY_NODATA] = "NODATA",     [ENTRY_NXDOMAIN] = "NXDOMAIN", [ENTRY_FAILURE] = "failure",
};
static const char *const security_words[] = {
	[SECURITY_UNPROVEN] = "unproven",
	[SECURITY_INSECURE] = "insecure",
	[SECURITY_SECURE] = "secure",
};
static const char *const provenance_words[] = {
	[FROM_RECURSION] = "recursion",
	[FROM_FORWARDER] = "forwarder",
	[FROM_NON_AUTHORITY] = "server without authority",
	[FROM_LOCAL] = "local",
};

static const char *kind_to_text(const struct entry_facts *facts)
{
	bool nxdomain = facts->kind == ENTRY_NODATA && facts->rcode == RCODE_NXDOMAIN;

	return kind_words[nxdomain ? ENTRY_NXDOMAIN : facts->kind];
}

static const char *time_to_text(int64_t at_s, char out[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)at_s;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) ||
	    strftime(out, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(out, TIME_TEXT_MAX, "%" PRId64, at_s);
	return out;
}

// Whole seconds from now until then, negative when it is over.
static int64_t seconds_until(const struct view *view, uint64_t at_ms)
{
	return ((int64_t)at_ms - (int64_t)view->now.now_ms) / 1000;
}

// ---- one entry ----

// "; www.example. A: positive, secure, from recursion"
static void describe_what(const struct view *view, const struct entry_facts *facts)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];

	name_to_text(facts->name, name);
	type_to_text(facts->type, type);
	if (facts->kind == ENTRY_FAILURE)
		reply_line(view->reply, "; %s %s: failure, %s, EDE %d (%s)%s%s", name, type,
			   rcode_to_text(facts->rcode), facts->ede,
			   facts->ede == EDE_NONE ? "none" : ede_to_text(facts->ede),
			   facts->ede_text[0] ? ": " : "", facts->ede_text);
	else
		reply_line(view->reply, "; %s%s%s: %s, %s, from %s%s", name,
			   facts->kind == ENTRY_NXDOMAIN ? "" : " ",
			   facts->kind == ENTRY_NXDOMAIN ? "" : type, kind_to_text(facts),
			   security_words[facts->security], provenance_words[facts->provenance],
			   facts->opt_out ? ", opt-out (no AD)" : "");
}

// "; age 12 s, fresh for 288 s, then stale for 3600 s; signatures end …; 312 bytes"
static void describe_times(const struct view *view, const struct entry_facts *facts)
{
	int64_t fresh_s = seconds_until(view, facts->expires_ms);
	int64_t stale_s = seconds_until(view, facts->stale_until_ms);
	bool fresh = view->now.now_ms < facts->expires_ms;
	char stale[64] = "", signatures[96] = "", date[TIME_TEXT_MAX];

	if (stale_s > 0 && facts->stale_until_ms > facts->expires_ms)
		snprintf(stale, sizeof(stale), ", %s for %" PRId64 " s",
			 fresh ? "then stale" : "stale", fresh ? stale_s - fresh_s : stale_s);
	if (facts->signature_expires_s != SIGNATURE_NEVER_EXPIRES)
		snprintf(signatures, sizeof(signatures), "; signatures %s %s",
			 facts->signature_expires_s > view->now.now_s ? "end" : "ENDED",
			 time_to_text(facts->signature_expires_s, date));
	reply_line(view->reply, "; age %" PRId64 " s, %s %" PRId64 " s%s%s%s; %zu bytes",
		   -seconds_until(view, facts->created_ms),
		   fresh ? "fresh for" : "past its TTL for", fresh ? fresh_s : -fresh_s,
		   fresh ? "" : " already", stale, signatures, facts->bytes);
}

static uint32_t remaining_ttl(const struct view *view, const struct entry_facts *facts,
			      const struct record *record)
{
	int64_t left_s = record->ttl_s + seconds_until(view, facts->created_ms);

	return left_s > 0 ? (uint32_t)left_s : 0;
}

static void add_records(const struct view *view, const struct entry *entry,
			const struct entry_facts *facts, json_t *records, json_t *proofs)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record record;
	bool proof_said = false;

	entry_show(entry, &reader);
	while (entry_next(&reader, &part, &record)) {
		char *text = record_to_text(&record, remaining_ttl(view, facts, &record));

		if (!text) {
			reply_refuse(view->reply, "out of memory");
			return;
		}
		if (part == ENTRY_PROOFS && !proof_said)
			reply_line(view->reply, "; proof:");
		proof_said |= part == ENTRY_PROOFS;
		reply_line(view->reply, "%s", text);
		json_array_append_new(part == ENTRY_PROOFS ? proofs : records, reply_string(text));
		free(text);
	}
}

static json_t *facts_to_json(const struct view *view, const struct entry_facts *facts)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:o, s:s, s:b, s:I}", "name",
		name_to_text(facts->name, name), "type", type_to_text(facts->type, type), "kind",
		kind_to_text(facts), "security", security_words[facts->security], "provenance",
		provenance_words[facts->provenance], "age_s",
		(json_int_t)-seconds_until(view, facts->created_ms), "ttl_s",
		(json_int_t)seconds_until(view, facts->expires_ms), "stale_until_s",
		(json_int_t)seconds_until(view, facts->stale_until_ms), "ede", facts->ede,
		"ede_text", reply_string(facts->ede_text), "rcode", rcode_to_text(facts->rcode),
		"opt_out", facts->opt_out, "bytes", (json_int_t)facts->bytes);
}

static bool is_shown(const struct view *view, const struct entry *entry)
{
	for (size_t i = 0; i < view->shown_count; i++) {
		if (view->shown[i] == entry)
			return true;
	}
	return false;
}

static void show(struct view *view, const struct entry *entry)
{
	struct entry_facts facts;
	json_t *item, *records, *proofs;

	if (!entry || is_shown(view, entry) || view->shown_count == SHOWN_MAX)
		return;
	view->shown[view->shown_count++] = entry;
	entry_facts(entry, &facts);
	records = json_array();
	proofs = json_array();
	item = facts_to_json(view, &facts);
	describe_what(view, &facts);
	describe_times(view, &facts);
	add_records(view, entry, &facts, records, proofs);
	if (facts.signature_expires_s != SIGNATURE_NEVER_EXPIRES)
		json_object_set_new(item, "signatures_end",
				    json_integer(facts.signature_expires_s));
	json_object_set_new(item, "records", records);
	json_object_set_new(item, "proofs", proofs);
	json_array_append_new(view->entries, item);
}

// ---- what is there ----

static void show_type(struct view *view, const uint8_t *name, uint16_t type)
{
	show(view, cache_find(view->cache, name, type));
	show(view, cache_find_failure(view->cache, name, type));
}

static void look_up(const struct view *view, const uint8_t *name, uint16_t type,
		    struct lookup *lookup)
{
	*lookup = (struct lookup){.name = name,
				  .name_len = (uint16_t)name_len(name),
				  .type = type,
				  .now_ms = view->now.now_ms,
				  .now_s = view->now.now_s};
	cache_lookup(view->cache, lookup);
}

static void show_links(struct view *view, const struct lookup *lookup)
{
	for (size_t i = 0; i < lookup->count; i++)
		show(view, lookup->links[i]);
	for (size_t i = 0; i < lookup->stale_count; i++)
		show(view, lookup->stale_links[i]);
}

struct outcome {
	const char *word, *sentence;
};

static struct outcome outcome_of(const struct lookup *lookup)
{
	if (lookup->status == LOOKUP_HIT)
		return (struct outcome){"hit", "is answered from the cache"};
	if (lookup->status == LOOKUP_FAILURE && lookup->stale_count == 0)
		return (struct outcome){"failure", "is answered with the failure"};
	if (lookup->status == LOOKUP_FAILURE)
		return (struct outcome){"stale",
					"is answered with stale data, because of the failure"};
	if (lookup->stale_count > 0)
		return (struct outcome){"miss", "would be asked for; stale data stands ready"};
	return (struct outcome){"miss",
				"is not, or not completely, in the cache: would be asked for"};
}

// After a miss: NULL, or what cached denial says.
static const char *denied_by_chains(struct view *view, const struct lookup *lookup)
{
	struct denial_answer denied;

	if (lookup->status != LOOKUP_MISS || lookup->stale_count > 0)
		return NULL;
	cache_deny(view->cache, lookup, &denied);
	switch (denied.kind) {
	case DENIED_NXDOMAIN:
		return "is answered by cached denial: NXDOMAIN";
	case DENIED_NODATA:
		return "is answered by cached denial: NODATA";
	case DENIED_WILDCARD:
		return "is answered by a wildcard of before";
	case DENIED_NOT:
		break;
	}
	return NULL;
}

// The chain that answers, then what stands at the name itself, then what is beside it.
static void show_question(struct view *view, const uint8_t *name, uint16_t type)
{
	char name_text[NAME_TEXT_MAX], type_text[TYPE_TEXT_MAX];
	struct outcome outcome;
	struct lookup lookup;

	look_up(view, name, type, &lookup);
	outcome = outcome_of(&lookup);
	const char *denied = denied_by_chains(view, &lookup);
	if (denied != NULL)
		outcome = (struct outcome){"denied", denied};
	reply_line(view->reply, "; %s %s %s", name_to_text(name, name_text),
		   type_to_text(type, type_text), outcome.sentence);
	json_object_set_new(view->reply->data, "outcome", json_string(outcome.word));
	show_links(view, &lookup);
	show_type(view, name, type);
	show(view, cache_find(view->cache, name, TYPE_CNAME));
	show(view, cache_find(view->cache, name, TYPE_DNAME));
	show(view, cache_find(view->cache, name, 0)); // NXDOMAIN
}

static void show_name(struct view *view, const uint8_t *name)
{
	struct lookup lookup;

	for (unsigned type = 0; type <= TYPE_TRIED_MAX; type++)
		show_type(view, name, (uint16_t)type);
	// An ancestor's DNAME or NXDOMAIN, and where an alias leads.
	look_up(view, name, TYPE_A, &lookup);
	show_links(view, &lookup);
	if (view->shown_count == 0)
		reply_line(view->reply, "; nothing in the cache");
}

void verb_lookup(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply)
{
	struct view view = {.cache = store_cache(context->store), .reply = reply};
	uint8_t name[NAME_MAX_LEN];
	uint16_t type = TYPE_ANY;

	if (argument_name(arguments[0], name, reply) != 0 ||
	    (count > 1 && argument_type(arguments[1], &type, reply) != 0))
		return;
	store_get_clock(context->store, &view.now);
	view.entries = json_array();
	reply->data = json_pack("{s:o}", "entries", view.entries);
	if (type == TYPE_ANY)
		show_name(&view, name);
	else
		show_question(&view, name, type);
}
