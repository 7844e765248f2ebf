// A generated world in front of real resolvers: its servers on real sockets, the same questions to
// each resolver, and the model's judgement of what each says.
//
//   real --seed N --questions M --hints FILE --anchor FILE --keys FILE
//
// Every address of the world has to be one of the host's. Prints "ready" when the servers listen;
// then reads from standard input one line per resolver, "NAME ADDRESS PORT", and an empty one. The
// first resolver is the one that is tested; the others are second judges: where the model finds a
// fault that another resolver shares, or where resolvers differ, it says so. Exit status 1: the
// first one is wrong where another is right, or differs from one that the model finds right.
#include "tests/oracle/ask.h"
#include "tests/oracle/generate.h"
#include "tests/oracle/judge.h"
#include "tests/oracle/reply_text.h"
#include "tests/oracle/sockets.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESOLVERS_MAX 6

static struct {
	uint64_t seed;
	size_t questions;
	const char *hints, *anchor, *keys;
} options = {.seed = 1, .questions = 1000};

static struct script script;
static struct authority authority;
static struct ask_resolver resolvers[RESOLVERS_MAX];
static size_t resolver_count;

// ---- the world ----

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void make_world(void)
{
	struct world *world = world_new();

	generate(options.seed, options.questions, false, &script);
	world->network.now_us = monotonic_us();
	authority.world = world;
	authority.signed_at_s = time(NULL);
	for (size_t i = 0; i < script.count; i++)
		authority_describe(&authority, script.lines[i]);
	if (!authority_start(&authority))
		abort();
	// The root's are those of world_start(), which nobody calls here.
	struct authority_zone *root = authority_zone(&authority, ".");
	for (size_t k = 0; k < root->server_count; k++)
		network_serve(&world->network, root->servers[k].address, authority_now(root)->zone);
}

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	return file;
}

static void write_files(void)
{
	struct authority_zone *root = authority_zone(&authority, ".");
	const struct signer_zone *zone = authority_now(root)->zone;
	const struct rrset *ns = signer_zone_find(zone, root->name, TYPE_NS);
	const char *ds = signer_zone_ds_text(zone);
	char name[NAME_TEXT_MAX], digest[200];
	unsigned tag, algorithm, type;
	FILE *hints = open_file(options.hints), *anchor = open_file(options.anchor),
	     *keys = open_file(options.keys);

	for (size_t i = 0; i < ns->count; i++) {
		name_to_text(ns->rdatas[i].data, name);
		fprintf(hints, ". 3600000 IN NS %s\n%s 3600000 IN A %s\n", name, name,
			root->servers[i].address);
	}
	fputs(ds, anchor);
	if (sscanf(ds, ". 3600 IN DS %u %u %u %199s", &tag, &algorithm, &type, digest) == 4)
		fprintf(keys, "trust-anchors { . static-ds %u %u %u \"%s\"; };\n", tag, algorithm,
			type, digest);
	fclose(hints);
	fclose(anchor);
	fclose(keys);
}

static void read_resolvers(void)
{
	char line[200];

	while (fgets(line, sizeof(line), stdin) != NULL && line[0] != '\n') {
		struct ask_resolver *r = &resolvers[resolver_count];
		if (resolver_count == RESOLVERS_MAX ||
		    sscanf(line, "%31s %47s %hu", r->name, r->address, &r->port) != 3)
			exit(2);
		resolver_count++;
	}
}

// ---- opinions ----

struct opinion {
	bool good;
	char complaint[1000];
	struct message *reply;
};

static void judge(const struct ask_question *question, const struct ask_reply *reply, bool lenient,
		  struct opinion *out)
{
	static struct judge judge;
	struct asked asked = {.type = question->type,
			      .flags = question->flags,
			      .asked_us = authority.world->network.now_us,
			      .done_us = authority.world->network.now_us};

	judge = (struct judge){.authority = &authority, .calm = true, .lenient = lenient};
	*out = (struct opinion){.complaint = "no answer"};
	if (reply->len == 0 || message_parse(reply->wire, reply->len, &out->reply) != MESSAGE_OK)
		return;
	name_copy(asked.name, question->name);
	asked.reply = out->reply;
	// The last reply is over TCP where the first was truncated.
	asked.flags |= reply->tcp ? ASKED_TCP : 0;
	out->good = judge_reply(&judge, &asked);
	memcpy(out->complaint, judge.complaint, sizeof(out->complaint));
	judge_free(&judge);
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	}
	return true;
}

// Case aside: resolvers keep that of the question, of the first name in the message, or none.
static bool same_rrset(const struct rrset *a, const struct rrset *b)
{
	if (a->type != b->type || a->count != b->count || !name_equal(a->owner, b->owner))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		bool found = false;
		for (size_t k = 0; k < b->count && !found; k++)
			found = a->rdatas[i].len == b->rdatas[k].len &&
				same_bytes(a->rdatas[i].data, b->rdatas[k].data, a->rdatas[i].len);
		if (!found)
			return false;
	}
	return true;
}

static bool same_section(const struct section_rrsets *a, const struct section_rrsets *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		bool found = false;
		for (size_t k = 0; k < b->count && !found; k++)
			found = same_rrset(a->rrsets[i], b->rrsets[k]);
		if (!found)
			return false;
	}
	return true;
}

// With CD=1 some say AD of what they happen to have proven before.
static bool same_reply(const struct message *a, const struct message *b)
{
	if (a != NULL && b != NULL && a->rcode == RCODE_SERVFAIL && b->rcode == RCODE_SERVFAIL)
		return true;
	return a != NULL && b != NULL && a->rcode == b->rcode &&
	       (((a->flags ^ b->flags) & FLAG_AD) == 0 || a->flags & FLAG_CD) &&
	       same_section(&a->sections[SECTION_ANSWER], &b->sections[SECTION_ANSWER]);
}

// What servers of their own kind answer in their own way, each.
static bool comparable(uint16_t type)
{
	return type != TYPE_ANY && type != TYPE_RRSIG && type != TYPE_NSEC && type != TYPE_NSEC3 &&
	       !(type >= 249 && type <= 255) && type != TYPE_OPT && type != TYPE_NXNAME;
}

// A difference is explained where the model finds the other one wrong, or where the first is right
// by the model and by two others.
static struct totals {
	size_t wrong, agrees, other_wrong, alone, unexplained;
} totals[RESOLVERS_MAX];

static void show(const struct ask_question *question, const struct opinion *opinions)
{
	static char text[4000];

	printf("# %s\n", script.lines[question->line]);
	for (size_t r = 0; r < resolver_count; r++) {
		printf("# %s: %s\n", resolvers[r].name,
		       opinions[r].good ? "right" : opinions[r].complaint);
		if (opinions[r].reply == NULL)
			continue;
		reply_text(opinions[r].reply, text, sizeof(text));
		for (char *save, *line = strtok_r(text, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			printf("#   %s\n", line);
	}
}

static bool differs(const struct ask_question *question, const struct opinion *opinions)
{
	bool same[RESOLVERS_MAX] = {0}, unexplained = false;
	size_t agree = 0;

	for (size_t r = 1; r < resolver_count; r++) {
		same[r] = same_reply(opinions[0].reply, opinions[r].reply);
		agree += same[r];
	}
	for (size_t r = 1; r < resolver_count && comparable(question->type); r++) {
		if (same[r])
			totals[r].agrees++;
		else if (opinions[0].good && !opinions[r].good)
			totals[r].other_wrong++;
		else if (opinions[0].good && agree >= 2)
			totals[r].alone++;
		else
			totals[r].unexplained++, unexplained = true;
	}
	return unexplained;
}

// Returns whether it speaks against the first resolver.
static bool compare(const struct ask_question *question, const struct ask_reply *const *replies)
{
	static struct opinion opinions[RESOLVERS_MAX];

	for (size_t r = 0; r < resolver_count; r++) {
		judge(question, &replies[r][question->index], r > 0, &opinions[r]);
		totals[r].wrong += !opinions[r].good;
	}
	bool bad = differs(question, opinions) || !opinions[0].good;
	if (bad)
		show(question, opinions);
	for (size_t r = 0; r < resolver_count; r++)
		message_free(opinions[r].reply);
	return bad;
}

static int report(const struct ask_question *questions, size_t count,
		  const struct ask_reply *const *replies)
{
	size_t bad = 0;

	for (size_t i = 0; i < count; i++)
		bad += compare(&questions[i], replies);
	printf("seed %llu: %zu questions, %s wrong %zu", (unsigned long long)options.seed, count,
	       resolvers[0].name, totals[0].wrong);
	for (size_t r = 1; r < resolver_count; r++)
		printf("; %s same %zu, wrong by the model %zu, alone %zu, unexplained %zu",
		       resolvers[r].name, totals[r].agrees, totals[r].other_wrong, totals[r].alone,
		       totals[r].unexplained);
	printf("\n");
	return bad > 0;
}

static void read_options(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *word = argv[i], *value = argv[i + 1];
		if (strcmp(word, "--seed") == 0)
			options.seed = strtoull(value, NULL, 10);
		else if (strcmp(word, "--questions") == 0)
			options.questions = strtoull(value, NULL, 10);
		else if (strcmp(word, "--hints") == 0)
			options.hints = value;
		else if (strcmp(word, "--anchor") == 0)
			options.anchor = value;
		else if (strcmp(word, "--keys") == 0)
			options.keys = value;
	}
	if (options.hints == NULL || options.anchor == NULL || options.keys == NULL) {
		fprintf(stderr, "usage: real --seed N --questions M --hints FILE --anchor FILE "
				"--keys FILE\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const struct ask_reply *replies[RESOLVERS_MAX];
	struct ask_question *questions;

	read_options(argc, argv);
	make_world();
	write_files();
	pid_t servers = servers_start(&authority.world->network);
	printf("ready\n");
	fflush(stdout);
	read_resolvers();
	size_t count = ask_read(&script, &questions);
	ask_all(resolvers, resolver_count, questions, count, replies);
	kill(servers, SIGKILL);
	waitpid(servers, NULL, 0);
	return report(questions, count, replies);
}
