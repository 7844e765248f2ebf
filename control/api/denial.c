// What is kept to deny names by (RFC 8198).
#include "control/api/verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 100
#define SHARE     256 // lines of zones, in a turn

// A zone as it was visited: facts point into the cache.
struct seen {
	uint8_t zone[NAME_MAX_LEN];
	uint32_t nsec, nsec3;
	size_t bytes;
	uint64_t expires_ms;
};

struct survey {
	struct denial_walk walk;
	bool one; // the wanted zone, or all
	uint8_t wanted[NAME_MAX_LEN];
	struct seen largest[SHOWN_MAX];
	size_t count, smallest; // of the largest; and which of them is the smallest
	size_t zones, barred, bytes;
	uint64_t nsec, nsec3;
	bool wanted_barred;
};

static int by_bytes(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static void keep(struct survey *survey, const struct denial_facts *facts)
{
	bool full = survey->count == SHOWN_MAX;
	struct seen *seen = &survey->largest[full ? survey->smallest : survey->count++];

	if (full && facts->bytes <= seen->bytes)
		return;
	name_copy(seen->zone, facts->zone);
	seen->nsec = facts->nsec;
	seen->nsec3 = facts->nsec3;
	seen->bytes = facts->bytes;
	seen->expires_ms = facts->expires_ms;
	for (size_t i = 0; i < survey->count && survey->count == SHOWN_MAX; i++) {
		if (survey->largest[i].bytes < survey->largest[survey->smallest].bytes)
			survey->smallest = i;
	}
}

static bool visit(const struct denial_facts *facts, void *arg)
{
	struct survey *survey = arg;
	bool wanted = !survey->one || name_equal(survey->wanted, facts->zone);

	if (facts->barred) {
		survey->barred++;
		survey->wanted_barred |= survey->one && wanted;
		return true;
	}
	survey->zones++;
	survey->bytes += facts->bytes;
	survey->nsec += facts->nsec;
	survey->nsec3 += facts->nsec3;
	if (wanted)
		keep(survey, facts);
	return true;
}

static void show(const struct survey *survey, uint64_t now_ms, struct reply *reply)
{
	json_t *zones = json_object_get(reply->data, "zones");

	for (size_t i = 0; i < survey->count; i++) {
		const struct seen *seen = &survey->largest[i];
		char name[NAME_TEXT_MAX];
		uint64_t left_s =
			seen->expires_ms > now_ms ? (seen->expires_ms - now_ms) / 1000 : 0;
		reply_line(reply, "%-40s %8u NSEC %8u NSEC3 %10zu bytes, SOA for %" PRIu64 " s",
			   name_to_text(seen->zone, name), seen->nsec, seen->nsec3, seen->bytes,
			   left_s);
		json_array_append_new(
			zones,
			json_pack("{s:o, s:I, s:I, s:I, s:I}", "zone", reply_string(name), "nsec",
				  (json_int_t)seen->nsec, "nsec3", (json_int_t)seen->nsec3, "bytes",
				  (json_int_t)seen->bytes, "soa_left_s", (json_int_t)left_s));
	}
}

static void finish(const struct api_context *context, struct survey *survey, struct reply *reply)
{
	char name[NAME_TEXT_MAX];
	struct store_clock now;

	store_get_clock(context->store, &now);
	qsort(survey->largest, survey->count, sizeof(struct seen), by_bytes);
	reply->data = json_pack("{s:[], s:I, s:I, s:I, s:I, s:I}", "zones", "zone_count",
				(json_int_t)survey->zones, "nsec", (json_int_t)survey->nsec,
				"nsec3", (json_int_t)survey->nsec3, "bytes",
				(json_int_t)survey->bytes, "barred", (json_int_t)survey->barred);
	show(survey, now.now_ms, reply);
	name_to_text(survey->wanted, name);
	if (survey->wanted_barred)
		reply_line(reply,
			   "%s is answered by configuration: nothing is denied at or below it",
			   name);
	else if (survey->one && survey->count == 0)
		reply_line(reply, "nothing is kept of %s", name);
	if (!survey->one)
		reply_line(reply,
			   "%zu zones, %" PRIu64 " NSEC, %" PRIu64
			   " NSEC3, %zu bytes; %zu names barred by configuration",
			   survey->zones, survey->nsec, survey->nsec3, survey->bytes,
			   survey->barred);
}

static bool survey_goes_on(const struct api_context *context, struct reply *reply)
{
	struct survey *survey = reply->work;

	if (cache_denial_walk_some(store_cache(context->store), &survey->walk, SHARE, visit,
				   survey))
		return false;
	finish(context, survey, reply);
	return true;
}

void verb_denial(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply)
{
	struct survey *survey = calloc(1, sizeof(*survey));

	(void)context;
	if (survey == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	reply->work = survey;
	survey->one = count > 0;
	if (count > 0 && argument_name(arguments[0], survey->wanted, reply) != 0)
		return;
	reply->go_on = survey_goes_on;
}
