// What is kept to deny names by (RFC 8198).
#include "control/api/verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 100

// A zone as it was visited: facts point into the cache.
struct seen {
	uint8_t zone[NAME_MAX_LEN];
	uint32_t nsec, nsec3;
	size_t bytes;
	uint64_t expires_ms;
};

struct survey {
	const uint8_t *wanted; // NULL: all
	struct seen *largest;  // SHOWN_MAX + 1
	size_t count, zones, barred, bytes;
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
	struct seen *seen = &survey->largest[survey->count];

	name_copy(seen->zone, facts->zone);
	seen->nsec = facts->nsec;
	seen->nsec3 = facts->nsec3;
	seen->bytes = facts->bytes;
	seen->expires_ms = facts->expires_ms;
	if (++survey->count > SHOWN_MAX) {
		qsort(survey->largest, survey->count, sizeof(*seen), by_bytes);
		survey->count = SHOWN_MAX;
	}
}

static bool visit(const struct denial_facts *facts, void *arg)
{
	struct survey *survey = arg;
	bool wanted = survey->wanted == NULL || name_equal(survey->wanted, facts->zone);

	if (facts->barred) {
		survey->barred++;
		survey->wanted_barred |= survey->wanted != NULL && wanted;
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

void verb_denial(const struct api_context *context, const char *const *arguments, size_t count,
		 struct reply *reply)
{
	struct survey survey = {.largest = calloc(SHOWN_MAX + 1, sizeof(struct seen))};
	uint8_t wanted[NAME_MAX_LEN];
	struct store_clock now;

	if (survey.largest == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	if (count > 0) {
		if (argument_name(arguments[0], wanted, reply) != 0)
			goto end;
		survey.wanted = wanted;
	}
	store_get_clock(context->store, &now);
	cache_denial_walk(store_cache(context->store), visit, &survey);
	qsort(survey.largest, survey.count, sizeof(struct seen), by_bytes);
	reply->data = json_pack("{s:[], s:I, s:I, s:I, s:I, s:I}", "zones", "zone_count",
				(json_int_t)survey.zones, "nsec", (json_int_t)survey.nsec, "nsec3",
				(json_int_t)survey.nsec3, "bytes", (json_int_t)survey.bytes,
				"barred", (json_int_t)survey.barred);
	show(&survey, now.now_ms, reply);
	if (survey.wanted_barred)
		reply_line(reply,
			   "%s is answered by configuration: nothing is denied at or below it",
			   arguments[0]);
	else if (survey.wanted != NULL && survey.count == 0)
		reply_line(reply, "nothing is kept of %s", arguments[0]);
	if (survey.wanted == NULL)
		reply_line(reply,
			   "%zu zones, %" PRIu64 " NSEC, %" PRIu64
			   " NSEC3, %zu bytes; %zu names barred by configuration",
			   survey.zones, survey.nsec, survey.nsec3, survey.bytes, survey.barred);
end:
	free(survey.largest);
}
