#include "control/api/verbs.h"

#include "control/api/protocol.h"
#include "control/log.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reply_line(struct reply *reply, const char *format, ...)
{
	va_list arguments;
	char line[1400];
	int len;

	va_start(arguments, format);
	len = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(line))
		len = (int)sizeof(line) - 1;
	if (reply->text_len + (size_t)len + 2 > reply->text_size) {
		size_t size = reply->text_size * 2 + 4096;
		char *grown = realloc(reply->text, size);

		if (!grown) {
			reply_error(reply, "out of memory");
			return;
		}
		reply->text = grown;
		reply->text_size = size;
	}
	memcpy(reply->text + reply->text_len, line, (size_t)len);
	reply->text_len += (size_t)len;
	reply->text[reply->text_len++] = '\n';
	reply->text[reply->text_len] = '\0';
}

void reply_error(struct reply *reply, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reply->error, sizeof(reply->error), format, arguments);
	va_end(arguments);
}

static void line_to_reply(const char *text, void *reply)
{
	reply_line(reply, "%s", text);
}

static void verb_status(const struct api_context *context, const char *const *arguments,
			size_t count, struct reply *reply)
{
	(void)arguments, (void)count;
	reply_line(reply, "assayd %s", ASSAY_VERSION);
	reply_line(reply, "log level: %d", (int)log_get_level());
	context->describe(context->arg, line_to_reply, reply);
}

static void counter_to_reply(const char *name, const char *words, uint64_t value, void *arg)
{
	struct reply *reply = arg;

	reply_line(reply, "%-36s %14" PRIu64 "  %s", name, value, words);
	json_object_set_new(reply->data, name, json_integer((json_int_t)value));
}

static void verb_stats(const struct api_context *context, const char *const *arguments,
		       size_t count, struct reply *reply)
{
	(void)arguments, (void)count;
	reply->data = json_object();
	context->counters(context->arg, counter_to_reply, reply);
}

static int argument_name(const char *text, uint8_t name[NAME_MAX_LEN], struct reply *reply)
{
	int len = name_from_text(text, name);

	if (len < 0) {
		reply_error(reply, "\"%s\" is no domain name", text);
		return -1;
	}
	name_lower(name, name, (size_t)len);
	return 0;
}

static int argument_type(const char *text, uint16_t *type, struct reply *reply)
{
	if (type_from_text(text, type) == 0)
		return 0;
	reply_error(reply, "\"%s\" is no type", text);
	return -1;
}

static const char *const kind_words[] = {"positive", "CNAME", "DNAME", "NODATA", "NXDOMAIN",
					 "failure"};
static const char *const security_words[] = {"unproven", "insecure", "secure"};

static void describe_records(const struct entry *entry, struct reply *reply)
{
	struct entry_reader reader;
	char owner[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	enum entry_part part;
	struct record record;

	entry_read(entry, &reader);
	while (entry_next(&reader, &part, &record))
		reply_line(reply, "    %s %" PRIu32 " %s %u bytes%s",
			   name_to_text(record.owner, owner), record.ttl_s,
			   type_to_text(record.type, type), record.rdlen,
			   part == ENTRY_PROOFS ? " (proof)" : "");
}

static void describe_entry(const struct api_context *context, const struct entry *entry,
			   struct reply *reply)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	struct store_clock now;
	struct entry_facts facts;
	int64_t left_s;
	json_t *item;

	entry_facts(entry, &facts);
	store_get_clock(context->store, &now);
	left_s = ((int64_t)facts.expires_ms - (int64_t)now.now_ms) / 1000;
	reply_line(reply, "%s %s: %s, %s, %s for %" PRId64 " s%s%s", name_to_text(facts.name, name),
		   type_to_text(facts.type, type), kind_words[facts.kind],
		   security_words[facts.security], left_s > 0 ? "fresh" : "past its TTL",
		   left_s > 0 ? left_s : -left_s, facts.ede_text[0] ? ": " : "", facts.ede_text);
	describe_records(entry, reply);
	item = json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:I}", "name", name, "type", type, "kind",
			 kind_words[facts.kind], "security", security_words[facts.security],
			 "ttl_s", (json_int_t)left_s, "ede", facts.ede, "bytes",
			 (json_int_t)facts.bytes);
	json_array_append_new(reply->data, item);
}

static void lookup_type(const struct api_context *context, const uint8_t *name, uint16_t type,
			struct reply *reply)
{
	struct cache *cache = store_cache(context->store);
	const struct entry *entry = cache_find(cache, name, type);
	const struct entry *failure = cache_find_failure(cache, name, type);

	if (entry)
		describe_entry(context, entry, reply);
	if (failure)
		describe_entry(context, failure, reply);
}

static void verb_lookup(const struct api_context *context, const char *const *arguments,
			size_t count, struct reply *reply)
{
	static const uint16_t usual[] = {TYPE_A, TYPE_AAAA, TYPE_MX, TYPE_TXT, TYPE_NS, TYPE_SOA,
					 TYPE_SRV, TYPE_HTTPS, TYPE_PTR, TYPE_DS, TYPE_DNSKEY};
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;

	if (argument_name(arguments[0], name, reply) != 0)
		return;
	reply->data = json_array();
	if (count > 1) {
		if (argument_type(arguments[1], &type, reply) != 0)
			return;
		lookup_type(context, name, type, reply);
	} else {
		for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
			lookup_type(context, name, usual[i], reply);
	}
	if (count < 2 || type != TYPE_CNAME)
		lookup_type(context, name, TYPE_CNAME, reply);
	lookup_type(context, name, TYPE_DNAME, reply);
	lookup_type(context, name, 0, reply); // NXDOMAIN
	if (reply->text_len == 0)
		reply_line(reply, "nothing in the cache");
}

static void flushed(struct reply *reply, size_t entries)
{
	reply_line(reply, "%zu entries flushed", entries);
	reply->data = json_pack("{s:I}", "flushed", (json_int_t)entries);
}

static void flush_zone(const struct api_context *context, const char *text, struct reply *reply)
{
	uint8_t name[NAME_MAX_LEN];

	if (argument_name(text, name, reply) != 0)
		return;
	resolver_forget(context->resolver, name);
	flushed(reply, cache_flush_zone(store_cache(context->store), name));
}

static void verb_flush(const struct api_context *context, const char *const *arguments,
		       size_t count, struct reply *reply)
{
	struct cache *cache = store_cache(context->store);
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;

	if (strcmp(arguments[0], "--zone") == 0) {
		if (count == 2)
			flush_zone(context, arguments[1], reply);
		else
			reply_error(reply, "flush --zone needs a zone");
	} else if (strcmp(arguments[0], "--all") == 0) {
		resolver_forget(context->resolver, (const uint8_t *)"");
		flushed(reply, cache_flush_all(cache));
	} else if (argument_name(arguments[0], name, reply) != 0) {
		return;
	} else if (count == 1) {
		flushed(reply, cache_flush_name(cache, name));
	} else if (argument_type(arguments[1], &type, reply) == 0) {
		flushed(reply, cache_flush_type(cache, name, type));
	}
}

static void verb_requests(const struct api_context *context, const char *const *arguments,
			  size_t count, struct reply *reply)
{
	(void)arguments, (void)count;
	resolver_describe(context->resolver, line_to_reply, reply);
	if (reply->text_len == 0)
		reply_line(reply, "no question is under way");
}

static void verb_log(const struct api_context *context, const char *const *arguments, size_t count,
		     struct reply *reply)
{
	enum log_level level;

	(void)context, (void)count;
	if (log_level_from_text(arguments[0], &level) != 0) {
		reply_error(reply, "\"%s\" is none of error, warning, info, debug", arguments[0]);
		return;
	}
	log_set_level(level);
	reply_line(reply, "log level is %s", arguments[0]);
}

static void verb_stop(const struct api_context *context, const char *const *arguments, size_t count,
		      struct reply *reply)
{
	(void)arguments, (void)count;
	reply_line(reply, "stopping");
	context->stop(context->arg);
}

struct verb {
	const char *name, *arguments;
	int least, most;
	void (*run)(const struct api_context *context, const char *const *arguments, size_t count,
		    struct reply *reply);
};

static const struct verb verbs[] = {
#define X(name, arguments, help, least, most) {#name, arguments, least, most, verb_##name},
	PROTOCOL_VERBS(X)
#undef X
};

void verb_run(const struct api_context *context, const char *verb, const char *const *arguments,
	      size_t count, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		if (count < (size_t)verbs[i].least || count > (size_t)verbs[i].most)
			reply_error(reply, "usage: %s %s", verb, verbs[i].arguments);
		else
			verbs[i].run(context, arguments, count, reply);
		return;
	}
	reply_error(reply, "\"%s\" is no verb of this version; see assayctl --help", verb);
}
