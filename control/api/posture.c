// What is known of a zone, as a whole: text for people with what matters first, and data.
#include "control/api/verbs.h"
#include "control/posture/words.h"
#include "dataplane/dns/types.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_TEXT_MAX 1024
#define DATE_MAX      32

// What a report works with: too large for the stack.
struct report {
	struct posture_facts facts;
	struct findings findings;
	struct reply *reply;
};

static const char *date_of(int64_t at_s, char out[DATE_MAX])
{
	time_t seconds = (time_t)at_s;
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) || strftime(out, DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(out, DATE_MAX, "%" PRId64, at_s);
	return out;
}

struct line {
	char text[LINE_TEXT_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	if (len > 0 && line->len + (size_t)len < sizeof(line->text))
		line->len += (size_t)len;
}

// ---- findings ----

static json_t *show_findings(const struct report *report)
{
	json_t *list = json_array();

	if (report->findings.count > 0)
		reply_line(report->reply, "findings:");
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *finding = &report->findings.list[i];
		reply_line(report->reply, "  %-7s  %s", severity_words(finding->severity),
			   finding->text);
		json_array_append_new(list, json_pack("{s:s, s:o}", "severity",
						      severity_words(finding->severity), "text",
						      reply_string(finding->text)));
	}
	return list;
}

// ---- chain of trust ----

static const char *trust_words(enum trust_word word)
{
	static const char *const words[] = {
		[TRUST_UNKNOWN] = "not known",
		[TRUST_NO_CUT] = "no zone begins here",
		[TRUST_ANCHORED] = "trust anchor",
		[TRUST_SECURE] = "secure delegation",
		[TRUST_INSECURE] = "insecure delegation",
		[TRUST_NTA] = "negative trust anchor",
		[TRUST_EXCEPTION] = "not validated, by configuration",
	};

	return words[word];
}

static json_t *key_data(const struct link_key *key)
{
	char algorithm[WORDS_MAX], digest[WORDS_MAX];
	json_t *data = json_pack("{s:i, s:i, s:s}", "tag", key->tag, "algorithm", key->algorithm,
				 "mnemonic", algorithm_words(key->algorithm, algorithm));

	if (key->digest != 0)
		json_object_set_new(data, "digest", json_string(digest_words(key->digest, digest)));
	if (key->flags != 0) {
		json_object_set_new(data, "flags", json_integer(key->flags));
	}
	return data;
}

// "DS 20326 (RSASHA256, SHA-256)", "key 4711 (KSK, ECDSAP256SHA256)"
static json_t *show_keys(struct line *line, const char *what, const struct link_key *keys,
			 size_t count)
{
	char algorithm[WORDS_MAX], digest[WORDS_MAX];
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct link_key *key = &keys[i];
		add(line, "%s %u (", i == 0 ? what : ",", key->tag);
		if (key->flags != 0)
			add(line, "%s, ", key->flags & DNSKEY_SEP ? "KSK" : "ZSK");
		add(line, "%s", algorithm_words(key->algorithm, algorithm));
		if (key->digest != 0)
			add(line, ", %s", digest_words(key->digest, digest));
		add(line, ")");
		json_array_append_new(list, key_data(key));
	}
	return list;
}

static json_t *show_link(const struct report *report, const struct posture_link *link)
{
	const struct trust_link *trust = &link->trust;
	char name[NAME_TEXT_MAX], left[WORDS_MAX];
	struct line line = {0};

	add(&line, "%s%s", trust_words(trust->word), trust->past ? " (past its TTL)" : "");
	if (trust->word == TRUST_NTA)
		add(&line, " for %s more", duration_words((int64_t)(trust->left_ms / 1000), left));
	json_t *ds = show_keys(&line, trust->word == TRUST_ANCHORED ? ": anchor" : "; DS",
			       trust->ds, trust->ds_count);
	json_t *keys = show_keys(&line, "; key", trust->keys, trust->key_count);
	reply_line(report->reply, "  %-24s %s", name_to_text(link->zone, name), line.text);
	return json_pack("{s:o, s:s, s:b, s:o, s:o}", "zone", reply_string(name), "trust",
			 trust_words(trust->word), "past_ttl", trust->past,
			 trust->word == TRUST_ANCHORED ? "anchors" : "ds", ds, "keys", keys);
}

static json_t *show_chain(const struct report *report)
{
	json_t *list = json_array();

	reply_line(report->reply, "chain of trust:");
	for (size_t i = 0; i < report->facts.link_count; i++)
		json_array_append_new(list, show_link(report, &report->facts.links[i]));
	return list;
}

// ---- signatures ----

static void add_rhythm(struct line *line, const struct rhythm_facts *rhythm)
{
	char usual[WORDS_MAX], least[WORDS_MAX];

	if (rhythm->renewals == 0)
		add(line, "; no renewal seen yet");
	else if (rhythm->steady)
		add(line, "; made anew all the time");
	else
		add(line, "; renewed every %s with %s left or more, %" PRIu32 " seen",
		    duration_words(rhythm->usual_s, usual), duration_words(rhythm->least_s, least),
		    rhythm->renewals);
}

static json_t *show_class(const struct report *report, enum signed_class class)
{
	const struct dossier *dossier = report->facts.dossier;
	const struct rhythm *learnt = &dossier->rhythms[class];
	char date[DATE_MAX], left[WORDS_MAX], valid[WORDS_MAX];
	struct rhythm_facts rhythm;
	struct line line = {0};

	dossier_rhythm(dossier, class, report->facts.now.s, &rhythm);
	add(&line, "until %s, %s of %s left", date_of(learnt->expiration_s, date),
	    duration_words(rhythm.left_s, left), duration_words(rhythm.valid_s, valid));
	add_rhythm(&line, &rhythm);
	reply_line(report->reply, "  %-8s %s", signed_class_words(class), line.text);
	json_t *data = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b}", "class",
		signed_class_words(class), "inception_s", (json_int_t)learnt->inception_s,
		"expiration_s", (json_int_t)learnt->expiration_s, "left_s",
		(json_int_t)rhythm.left_s, "seen_s", (json_int_t)rhythm.seen_s, "renewals",
		(json_int_t)rhythm.renewals, "missed", (json_int_t)rhythm.missed, "steady",
		rhythm.steady, "late", rhythm.late, "overdue", rhythm.overdue);
	if (rhythm.renewals > 0) {
		json_object_set_new(data, "renewed_every_s",
				    json_integer((json_int_t)rhythm.usual_s));
		json_object_set_new(data, "least_left_s", json_integer((json_int_t)rhythm.least_s));
	}
	return data;
}

static void show_signing_keys(const struct report *report, json_t *data)
{
	const struct dossier *dossier = report->facts.dossier;
	char algorithm[WORDS_MAX], ago[WORDS_MAX];

	for (size_t i = 0; i < DOSSIER_KEYS_MAX; i++) {
		const struct dossier_key *key = &dossier->keys[i];
		if (key->seen_s == 0)
			continue;
		reply_line(report->reply, "  made by  key %u (%s), last seen %s ago", key->tag,
			   algorithm_words(key->algorithm, algorithm),
			   duration_words(report->facts.now.s - key->seen_s, ago));
		json_array_append_new(data,
				      json_pack("{s:i, s:i, s:I}", "tag", key->tag, "algorithm",
						key->algorithm, "seen_s", (json_int_t)key->seen_s));
	}
}

static void show_signatures(const struct report *report)
{
	const struct dossier *dossier = report->facts.dossier;
	json_t *list = json_array(), *keys = json_array();
	int64_t least_s = posture_least_left_s(&report->facts);

	if (least_s != INT64_MAX)
		reply_line(report->reply, "signatures:");
	for (unsigned i = 0; dossier != NULL && i < SIGNED_CLASS_COUNT; i++) {
		if (dossier->rhythms[i].expiration_s != 0)
			json_array_append_new(list, show_class(report, i));
	}
	if (dossier != NULL)
		show_signing_keys(report, keys);
	json_object_set_new(report->reply->data, "signatures", list);
	json_object_set_new(report->reply->data, "signing_keys", keys);
	if (least_s != INT64_MAX)
		json_object_set_new(report->reply->data, "signatures_left_s",
				    json_integer((json_int_t)least_s));
}

// ---- denial ----

static void show_denial(const struct report *report)
{
	static const char *const words[] = {[DENIES_UNKNOWN] = "not seen",
					    [DENIES_NSEC] = "NSEC",
					    [DENIES_NSEC3] = "NSEC3",
					    [DENIES_COMPACT] = "compact NSEC (RFC 9824)"};
	const struct dossier *dossier = report->facts.dossier;
	struct line line = {0};

	if (dossier == NULL || dossier->denies == DENIES_UNKNOWN)
		return;
	add(&line, "%s", words[dossier->denies]);
	json_t *data = json_pack("{s:s}", "kind", words[dossier->denies]);
	if (dossier->denies == DENIES_NSEC3) {
		add(&line, ", %u iterations, salt of %u bytes%s", dossier->iterations,
		    dossier->salt_len, dossier->opt_out_s != 0 ? ", opt-out" : "");
		json_object_set_new(data, "iterations", json_integer(dossier->iterations));
		json_object_set_new(data, "salt_len", json_integer(dossier->salt_len));
		json_object_set_new(data, "opt_out", json_boolean(dossier->opt_out_s != 0));
	}
	reply_line(report->reply, "denial: %s", line.text);
	json_object_set_new(report->reply->data, "denial", data);
}

// ---- servers ----

const char *standing_words(enum server_standing standing)
{
	static const char *const words[] = {[SERVER_UNASKED] = "not asked yet",
					    [SERVER_WELL] = "good",
					    [SERVER_IN_DOUBT] = "in doubt",
					    [SERVER_OUT] = "out"};

	return words[standing];
}

// The /24 or /48 that it fails with.
static const char *network_of(const struct address *address, char out[ADDRESS_TEXT_MAX + 8])
{
	struct address network = *address;
	size_t kept = address->family == 4 ? 3 : 6;
	char text[ADDRESS_TEXT_MAX];

	memset(network.bytes + kept, 0, sizeof(network.bytes) - kept);
	snprintf(out, ADDRESS_TEXT_MAX + 8, "%s/%d", address_to_text(&network, text),
		 address->family == 4 ? 24 : 48);
	return out;
}

static json_t *show_server(const struct report *report, const struct posture_server *server)
{
	char address[ADDRESS_TEXT_MAX], network[ADDRESS_TEXT_MAX + 8], name[NAME_TEXT_MAX] = "";
	const struct server_facts *facts = &server->facts;
	struct line line = {0};

	address_to_text(&server->address, address);
	network_of(&server->address, network);
	if (server->name != NULL)
		name_to_text(server->name, name);
	add(&line, "%s", standing_words(facts->standing));
	if (facts->rtt_us != 0)
		add(&line, ", rtt %.1f ms", facts->rtt_us / 1e3);
	if (facts->fails != 0)
		add(&line, ", %u failures in a row, last: %s", facts->fails,
		    server_failure_words(facts->cause));
	reply_line(report->reply, "  %-20s %s, %s; %s", address,
		   server->label != NULL && server->label[0] != '\0' ? server->label : network,
		   name[0] != '\0' ? name : "by address", line.text);
	json_t *data = json_pack("{s:s, s:s, s:s, s:i, s:i}", "address", address, "network",
				 network, "standing", standing_words(facts->standing), "rtt_us",
				 (int)facts->rtt_us, "failures_in_a_row", facts->fails);
	if (name[0] != '\0')
		json_object_set_new(data, "name", reply_string(name));
	if (server->label != NULL && server->label[0] != '\0')
		json_object_set_new(data, "label", reply_string(server->label));
	if (facts->fails != 0)
		json_object_set_new(data, "cause", json_string(server_failure_words(facts->cause)));
	return data;
}

static void show_servers(const struct report *report)
{
	static const char *const words[] = {[ROUTE_RECURSION] = "delegation",
					    [ROUTE_STUB] = "stub zone",
					    [ROUTE_FORWARD] = "forward zone"};
	const struct posture_facts *facts = &report->facts;
	bool shared = facts->route == ROUTE_RECURSION && facts->served != NULL &&
		      !name_equal(facts->served, facts->zone);
	json_t *list = json_array();
	char of[NAME_TEXT_MAX];

	if (facts->server_count > 0 && shared)
		reply_line(report->reply,
			   "servers (those of %s):", name_to_text(facts->served, of));
	else if (facts->server_count > 0)
		reply_line(report->reply, "servers (%s%s):", words[facts->route],
			   facts->ended ? ", past its TTL" : "");
	for (size_t i = 0; i < facts->server_count; i++)
		json_array_append_new(list, show_server(report, &facts->servers[i]));
	json_object_set_new(report->reply->data, "servers", list);
	json_object_set_new(report->reply->data, "from", json_string(words[facts->route]));
	if (shared)
		json_object_set_new(report->reply->data, "servers_of",
				    reply_string(name_to_text(facts->served, of)));
	json_object_set_new(report->reply->data, "server_names", json_integer(facts->names));
	json_object_set_new(report->reply->data, "networks", json_integer(facts->networks));
	json_object_set_new(report->reply->data, "minimal_cut", json_integer(facts->cut));
}

// ---- troubles and heat ----

static void show_trouble(const struct report *report, const char *what, const char *key,
			 const struct trouble *trouble)
{
	char date[DATE_MAX], ede[64] = "";
	uint64_t now_ms = report->facts.now.ms;
	uint64_t held_s =
		trouble->until_ms > now_ms ? (trouble->until_ms - now_ms + 999) / 1000 : 0;

	if (trouble->at_s == 0)
		return;
	if (trouble->ede != EDE_NONE)
		snprintf(ede, sizeof(ede), "EDE %d (%s)", trouble->ede, ede_to_text(trouble->ede));
	reply_line(report->reply, "%s: %s, %" PRIu32 " in all; %s%s%s", what,
		   date_of(trouble->at_s, date), trouble->count, ede,
		   trouble->text != NULL ? ": " : "", trouble->text != NULL ? trouble->text : "");
	json_object_set_new(report->reply->data, key,
			    json_pack("{s:I, s:I, s:i, s:o, s:I}", "at_s",
				      (json_int_t)trouble->at_s, "count",
				      (json_int_t)trouble->count, "ede", (int)trouble->ede, "text",
				      reply_string(trouble->text != NULL ? trouble->text : ""),
				      "held_s", (json_int_t)held_s));
}

static void show_use(const struct report *report)
{
	const struct dossier *dossier = report->facts.dossier;

	if (dossier == NULL)
		return;
	show_trouble(report, "last bogus", "bogus", &dossier->bogus);
	show_trouble(report, "last failure", "failure", &dossier->failure);
	uint32_t heat = dossier_heat(dossier, report->facts.now.ms);
	reply_line(report->reply,
		   "questions that the cache could not answer, in the last 10 to 20 minutes: "
		   "%" PRIu32,
		   heat);
	json_object_set_new(report->reply->data, "questions", json_integer((json_int_t)heat));
}

// ---- one zone ----

static void show_unknown(const struct report *report)
{
	char zone[NAME_TEXT_MAX], closest[NAME_TEXT_MAX];

	name_to_text(report->facts.zone, zone);
	name_to_text(report->facts.closest, closest);
	reply_line(report->reply,
		   "%s is not known as a zone here, and nothing was asked; the closest that is "
		   "known: %s",
		   zone, closest);
	report->reply->data = json_pack("{s:o, s:b, s:o}", "zone", reply_string(zone), "known", 0,
					"closest", reply_string(closest));
}

static void show_zone(struct report *report)
{
	char zone[NAME_TEXT_MAX];

	name_to_text(report->facts.zone, zone);
	reply_line(report->reply, "%s: %s", zone, report->findings.summary);
	report->reply->data =
		json_pack("{s:o, s:b, s:s, s:o}", "zone", reply_string(zone), "known", 1, "status",
			  posture_status_words(posture_status(&report->facts)), "summary",
			  reply_string(report->findings.summary));
	json_object_set_new(report->reply->data, "findings", show_findings(report));
	json_object_set_new(report->reply->data, "chain", show_chain(report));
	show_signatures(report);
	show_denial(report);
	show_servers(report);
	show_use(report);
}

static void one_zone(const struct api_context *context, const char *argument, struct report *report)
{
	uint8_t zone[NAME_MAX_LEN];

	if (argument_name(argument, zone, report->reply) != 0)
		return;
	resolver_posture(context->resolver, zone, &report->facts);
	if (!report->facts.known) {
		show_unknown(report);
		return;
	}
	posture_judge(&report->facts, &report->findings);
	show_zone(report);
}

void verb_posture(const struct api_context *context, const char *const *arguments, size_t count,
		  struct reply *reply)
{
	struct report *report;

	if (strcmp(arguments[0], "--top") == 0) {
		posture_top(context, count > 1 ? arguments[1] : NULL, reply);
		return;
	}
	if (count > 1) {
		reply_misuse(reply, "usage: posture ZONE | --top [N]");
		return;
	}
	report = malloc(sizeof(*report));
	if (report == NULL) {
		reply_refuse(reply, "out of memory");
		return;
	}
	report->reply = reply;
	one_zone(context, arguments[0], report);
	free(report);
}
