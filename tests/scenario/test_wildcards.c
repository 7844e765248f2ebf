// Every combination of wildcard, empty non-terminal, alias and delegation that a zone may hold,
// with NSEC, NSEC3 and opt-out, asked for by every kind of name and type. What is right is worked
// out here from the zone's text alone (RFC 1034 §4.3.2, RFC 4592 §3.3); the scripted servers have a
// reading of their own. tests/authorities asks real servers the same.
#include "tests/scenario/zones.h"

#include <stdlib.h>

#define APEX   "combi.com."
#define SERVER "192.0.2.30"

// What stands at "*.gN": nothing, data, an alias, or nothing but what is below it.
static const struct {
	const char *kind, *text;
} wildcards[] = {
	{"none", ""},
	{"address", "*.%s 300 IN A 192.0.2.1\n"},
	{"text", "*.%s 300 IN TXT \"w\"\n"},
	{"alias", "*.%s 300 IN CNAME there.combi.com.\n"},
	{"alias to nothing", "*.%s 300 IN CNAME nowhere.combi.com.\n"},
	{"empty", "x.*.%s 300 IN TXT \"slip\"\n"},
	{"deeply empty", "x.y.*.%s 300 IN A 192.0.2.2\n"},
	{"both", "*.%s 300 IN A 192.0.2.1\nx.*.%s 300 IN A 192.0.2.2\n"},
	{"wildcard of a wildcard", "*.*.%s 300 IN A 192.0.2.3\n"},
};
#define KINDS (sizeof(wildcards) / sizeof(wildcards[0]))

// What stands beside it, so that the wildcard's name is the first, the last, or in between.
static const char *const companies[] = {
	"",
	"%s 300 IN TXT \"at\"\n",
	"e.%s 300 IN A 192.0.2.4\nd.n.%s 300 IN A 192.0.2.5\n"
	"!.%s 300 IN A 192.0.2.6\n"
	"s.%s 300 IN NS ns.elsewhere.org.\n"
	"s.%s 300 IN DS 1 13 2 "
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\n"
	"i.%s 300 IN NS ns.elsewhere.org.\n"
	"c.f.%s 300 IN NS ns.elsewhere.org.\n"
	"c.f.%s 300 IN DS 1 13 2 "
	"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\n"
	"u.v.%s 300 IN NS ns.elsewhere.org.\n",
};
#define COMPANIES (sizeof(companies) / sizeof(companies[0]))

static const char *const questions[] = {
	"",     "*.",     "m.",   "a.m.", "e.",   "b.e.", "n.",     "q.n.", "d.n.",
	"!.",   "s.",     "i.",   "f.",   "c.f.", "v.",   "u.v.",   "x.*.", "q.*.",
	"y.*.", "x.y.*.", "*.*.", "*.e.", "*.n.", "*.m.", "q.x.*.",
};
static const uint16_t types[] = {TYPE_A, TYPE_TXT, TYPE_DS, TYPE_CNAME, TYPE_MX};

// ---- the zone, as text ----

struct record_text {
	uint8_t name[NAME_MAX_LEN];
	uint16_t type;
	const char *rdata;
};
static struct record_text records[512];
static size_t record_count;
static char text[65536];
static uint8_t apex[NAME_MAX_LEN];

static void add_lines(const char *format, const char *group)
{
	char copy[1024], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", format);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *at = strstr(line, "%s"), whole[512];
		struct record_text *record = &records[record_count];
		char owner[300], type[16];
		int rdata = 0;
		if (at == NULL)
			snprintf(whole, sizeof(whole), "%s", line);
		else
			snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(at - line), line, group,
				 at + 2);
		assert_true(record_count < sizeof(records) / sizeof(records[0]));
		assert_int_equal(sscanf(whole, "%299s 300 IN %15s %n", owner, type, &rdata), 2);
		name_copy(record->name, text_name(owner));
		assert_int_equal(type_from_text(type, &record->type), 0);
		record->rdata = strdup(whole + rdata);
		record_count++;
		assert_true(strlen(text) + strlen(whole) + 2 < sizeof(text));
		strcat(strcat(text, whole), "\n");
	}
}

static void group_name(size_t kind, size_t company, char out[64])
{
	snprintf(out, 64, "g%zu%zu." APEX, kind, company);
}

static void make_text(void)
{
	text[0] = '\0';
	record_count = 0;
	name_copy(apex, text_name(APEX));
	add_lines("there.combi.com. 300 IN A 192.0.2.9\n", "");
	for (size_t kind = 0; kind < KINDS; kind++) {
		for (size_t company = 0; company < COMPANIES; company++) {
			char group[64];
			group_name(kind, company, group);
			add_lines(wildcards[kind].text, group);
			add_lines(companies[company], group);
		}
	}
}

static void drop_text(void)
{
	for (size_t i = 0; i < record_count; i++)
		free((void *)(uintptr_t)records[i].rdata);
}

static const struct record_text *at(const uint8_t *name, uint16_t type)
{
	for (size_t i = 0; i < record_count; i++) {
		if (records[i].type == type && name_equal(records[i].name, name))
			return &records[i];
	}
	return NULL;
}

// insecure: also for what nothing but insecure delegations make exist.
static bool exists(const uint8_t *name, bool insecure)
{
	if (name_equal(name, apex))
		return true;
	for (size_t i = 0; i < record_count; i++) {
		if (name_within(records[i].name, name) &&
		    (insecure || records[i].type != TYPE_NS || at(records[i].name, TYPE_DS)))
			return true;
	}
	return false;
}

// ---- what is right ----

struct right {
	unsigned rcode;
	bool ad;
	bool referral;    // not asked here: nobody serves the zones below
	const char *last; // RDATA at the end of the chain, or NULL: none
	bool alias;       // and where it leads
	uint8_t target[NAME_MAX_LEN];
};

static void at_node(const uint8_t *node, uint16_t type, struct right *out)
{
	const struct record_text *found = at(node, type), *alias = at(node, TYPE_CNAME);

	if (found != NULL)
		out->last = found->rdata;
	else if (alias != NULL) {
		out->alias = true;
		name_copy(out->target, text_name(alias->rdata));
	}
}

static struct right right_of(const uint8_t *name, uint16_t type, bool opt_out)
{
	struct right right = {.rcode = RCODE_NOERROR, .ad = true};
	const uint8_t *encloser = name;
	uint8_t wildcard[NAME_MAX_LEN];

	for (size_t labels = name_labels(apex) + 1; labels <= name_labels(name); labels++) {
		const uint8_t *cut = name_ancestor(name, labels);
		if (at(cut, TYPE_NS) != NULL && (!name_equal(cut, name) || type != TYPE_DS)) {
			right.referral = true;
			return right;
		}
	}
	if (exists(name, true)) {
		at_node(name, type, &right);
		// RFC 5155 §7.1: such a name may have no record of its own.
		right.ad = right.last != NULL || right.alias || !opt_out || exists(name, false);
	} else {
		while (!exists(encloser, true))
			encloser = name_skip(encloser, 1);
		assert_true(name_wildcard_of(encloser, wildcard) > 0);
		if (exists(wildcard, true))
			at_node(wildcard, type, &right);
		else
			right.rcode = RCODE_NXDOMAIN;
		// RFC 5155 §9.2
		right.ad = !opt_out;
	}
	if (!right.alias || type == TYPE_CNAME)
		return right;
	struct right end = right_of(right.target, type, opt_out);
	right.rcode = end.rcode;
	right.last = end.last;
	right.ad = right.ad && end.ad;
	return right;
}

// ---- asking ----

static unsigned asked, wrong;

static void complain(const struct question *q, const struct right *right, const char *name,
		     uint16_t type, const char *how)
{
	char type_text[TYPE_TEXT_MAX];

	wrong++;
	print_error("%s %s (%s): rcode %u ad %d records %zu, right is rcode %u ad %d %s\n", name,
		    type_to_text(type, type_text), how, q->reply->rcode,
		    (q->reply->flags & FLAG_AD) != 0, q->reply->sections[SECTION_ANSWER].count,
		    right->rcode, right->ad, right->last != NULL ? right->last : "no data");
}

static void ask(const char *name, uint16_t type, bool opt_out, const char *how)
{
	uint8_t wire[NAME_MAX_LEN];
	struct question *q;

	name_copy(wire, text_name(name));
	const struct right right = right_of(wire, type, opt_out);

	if (right.referral)
		return;

	q = world_ask(w, name, type, ASK_DO | ASK_TCP); // some are long
	asked++;
	bool ad = (q->reply->flags & FLAG_AD) != 0;
	size_t count = question_count_of(q, SECTION_ANSWER, type);
	size_t aliases = question_count_of(q, SECTION_ANSWER, TYPE_CNAME);
	if (q->reply->rcode != right.rcode || ad != right.ad ||
	    (count > 0) != (right.last != NULL) ||
	    aliases != (right.alias || (type == TYPE_CNAME && right.last != NULL)) ||
	    (type == TYPE_A && right.last != NULL &&
	     strcmp(question_data(q, TYPE_A, 0), right.last) != 0))
		complain(q, &right, name, type, how);
}

#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))
#define TYPES     (sizeof(types) / sizeof(types[0]))

static void ask_all(size_t company, bool opt_out, bool backwards, const char *how)
{
	size_t total = KINDS * QUESTIONS * TYPES;

	for (size_t i = 0; i < total; i++) {
		size_t n = backwards ? total - 1 - i : i;
		char group[64], name[128];
		uint16_t type = types[n % TYPES];
		const char *question = questions[n / TYPES % QUESTIONS];
		group_name(n / TYPES / QUESTIONS, company, group);
		snprintf(name, sizeof(name), "%s%s", question, group);
		ask(name, type, opt_out, how);
	}
}

static void start(bool nsec3, bool opt_out, bool denial)
{
	begin();
	w->denial = denial;
	make_text();
	world_add(w, &(struct world_zone){.apex = APEX,
					  .servers = "ns1." APEX "=" SERVER,
					  .text = text,
					  .options = {.nsec3 = nsec3, .params.opt_out = opt_out}});
	world_start(w);
}

static void every_combination(bool denial)
{
	static const char *const names[] = {"NSEC", "NSEC3", "opt-out"};

	for (size_t n = 0; n < 6 * COMPANIES; n++) {
		size_t chain = n % 3;
		start(chain > 0, chain == 2, denial);
		ask_all(n / 6, chain == 2, n / 3 % 2, names[chain]);
		drop_text();
		end_world(NULL);
	}
	assert_true(asked > 5000);
	assert_int_equal(wrong, 0);
}

static void every_combination_is_answered_as_the_zone_says(void **state)
{
	(void)state;
	asked = wrong = 0;
	every_combination(false);
}

// The same, where what one answer proves answers others (RFC 8198).
static void so_it_is_with_cached_denial(void **state)
{
	(void)state;
	asked = wrong = 0;
	every_combination(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scenario(every_combination_is_answered_as_the_zone_says),
		scenario(so_it_is_with_cached_denial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
