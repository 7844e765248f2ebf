#include "control/api/verbs.h"

#include "control/api/protocol.h"

#include <string.h>

static void flushed(struct reply *reply, size_t entries)
{
	reply_line(reply, "%zu %s flushed", entries, entries == 1 ? "entry" : "entries");
	reply->data = json_pack("{s:I}", "flushed", (json_int_t)entries);
}

static bool flush_goes_on(const struct api_context *context, struct reply *reply)
{
	size_t count;

	if (!cache_flush_over(store_cache(context->store), &reply->flush, &count))
		return false;
	flushed(reply, count);
	return true;
}

// What the resolver knows of delegations, keys and failures goes with what the cache holds. Nothing
// of it is answered from now on; how much it was is known when the cache has been gone through.
static void flush_below(const struct api_context *context, const uint8_t *name, struct reply *reply)
{
	resolver_forget(context->resolver, name);
	cache_flush_zone(store_cache(context->store), name, &reply->flush);
	reply->go_on = flush_goes_on;
}

static void flush_zone(const struct api_context *context, const char *text, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN];

	if (argument_name(text, name, reply) == 0)
		flush_below(context, name, reply);
}

static void flush_all(const struct api_context *context, struct reply *reply)
{
	static const uint8_t root[] = {0};

	flush_below(context, root, reply);
}

static void flush_name(const struct api_context *context, const char *const *arguments,
		       size_t count, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;

	if (argument_name(arguments[0], name, reply) != 0)
		return;
	if (count == 1)
		flushed(reply, resolver_flush_name(context->resolver, name, NULL));
	else if (argument_type(arguments[1], &type, reply) == 0)
		flushed(reply, resolver_flush_name(context->resolver, name, &type));
}

static void verb_flush(const struct api_context *context, const char *const *arguments,
		       size_t count, struct reply *reply)
{
	if (strcmp(arguments[0], "--zone") == 0) {
		if (count == 2)
			flush_zone(context, arguments[1], reply);
		else
			reply_misuse(reply, "flush --zone needs a zone");
	} else if (strcmp(arguments[0], "--all") == 0) {
		if (count == 1)
			flush_all(context, reply);
		else
			reply_misuse(reply, "flush --all takes nothing else; nothing was flushed");
	} else {
		flush_name(context, arguments, count, reply);
	}
}

static void verb_stop(const struct api_context *context, const char *const *arguments, size_t count,
		      struct reply *reply)
{
	(void)context, (void)arguments, (void)count;
	reply_line(reply, "stopping");
	reply->data = json_pack("{s:b}", "stopping", 1);
	reply->stops = true;
}

struct verb {
	const char *name, *arguments;
	size_t least, most;
	void (*run)(const struct api_context *context, const char *const *arguments, size_t count,
		    struct reply *reply);
};

static const struct verb verbs[] = {
#define X(name, arguments, help, least, most, reads) {#name, arguments, least, most, verb_##name},
	PROTOCOL_VERBS(X)
#undef X
};

static void run(const struct api_context *context, const struct verb *verb,
		const char *const *arguments, size_t count, struct reply *reply)
{
	reply->verb = verb->name;
	if (context->runs != NULL)
		context->runs(context->arg, verb->name);
	verb->run(context, arguments, count, reply);
}

void verb_run(const struct api_context *context, const char *verb, const char *const *arguments,
	      size_t count, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		if (count < verbs[i].least || count > verbs[i].most)
			reply_misuse(reply, "usage: %s%s%s", verb, verbs[i].arguments[0] ? " " : "",
				     verbs[i].arguments);
		else
			run(context, &verbs[i], arguments, count, reply);
		return;
	}
	reply_misuse(reply, "\"%.128s\" is no verb of this version; see assayctl --help", verb);
}

bool verb_go_on(const struct api_context *context, struct reply *reply)
{
	if (context->runs != NULL)
		context->runs(context->arg, reply->verb);
	if (reply->error[0] == '\0' && !reply->go_on(context, reply))
		return false;
	reply->go_on = NULL;
	return true;
}
