// Cached denial against the authority itself: questions at random to a name server on loopback that
// serves a signed zone, and to a store that has seen its denials. Where the store says anything, it
// must be what the server says: RCODE, answer and authority sections, record by record.
//
//   denial_oracle zone=NAME port=N count=N names=FILE [seed=N] [hashed=1]
//
// names: the zone's owner names, one a line. hashed: by NSEC3, as control does it. Prints one line
// of JSON. Exit status 1: some answer differs (each is shown, up to ten).
#include "bench/option.h"
#include "bench/random.h"
#include "control/publish/publish.h"
#include "crypto/digest.h"
#include "dataplane/answer/answer.h"
#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "dataplane/store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BURST     64
#define NAMES_MAX 10000
#define WAIT_MS   2000
#define TRIES     5
#define NOW_MS    1000000
#define NOW_S     1790000000

struct asked {
	uint8_t name[NAME_MAX_LEN]; // as it is sent
	uint16_t type;
	uint8_t query[512];
	size_t query_len;
	uint8_t ours[65535], theirs[65535];
	size_t ours_len, theirs_len; // 0: none
	bool answered;
	bool alias; // ours is a wildcard's CNAME alone: where it leads, a resolver asks on
};

struct oracle {
	struct store *store;
	struct publisher *publisher;
	struct digester *digester;
	uint8_t zone[NAME_MAX_LEN];
	uint8_t (*names)[NAME_MAX_LEN];
	size_t name_count;
	uint64_t random;
	bool hashed;
	int socket;
	uint64_t questions, synthesised, nxdomain, nodata, wildcard, alias, learned, differ;
};

static struct asked burst[BURST];

// ---- questions ----

static void put_label(uint8_t **p, struct oracle *o, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_*";

	*(*p)++ = (uint8_t)len;
	for (size_t i = 0; i < len; i++) {
		uint64_t r = random_below(&o->random, 400);
		*(*p)++ = r < 6 ? (uint8_t)random_below(&o->random, 256)
				: (uint8_t)letters[r % (sizeof(letters) - 1)];
	}
}

// One of the zone's names, or its parent inside the zone.
static const uint8_t *some_name(struct oracle *o)
{
	const uint8_t *name = o->names[random_below(&o->random, o->name_count)];

	// Names next to a wildcard are what it is made into.
	const uint64_t parents = name_is_wildcard(name) ? 3 : 1;
	if (random_below(&o->random, 4) < parents && name_labels(name) > name_labels(o->zone))
		name = name_skip(name, 1);
	return name;
}

static void make_name(struct oracle *o, uint8_t out[NAME_MAX_LEN])
{
	uint8_t built[3 * NAME_MAX_LEN], *p = built;
	const uint8_t *base = random_below(&o->random, 2) ? some_name(o) : o->zone;
	uint64_t kind = random_below(&o->random, 8);
	size_t len = name_len(base);

	if (kind >= 2) {
		for (uint64_t labels = 1 + (kind == 7 ? random_below(&o->random, 4) : 0);
		     labels > 0; labels--)
			put_label(&p, o, 1 + random_below(&o->random, kind == 3 ? 2 : 12));
	} else if (kind == 1 && base[0] > 0 && base != o->zone) {
		// A neighbour: one byte of the first label is another one.
		memcpy(p, base, len);
		p[1 + random_below(&o->random, base[0])] ^=
			(uint8_t)(1 + random_below(&o->random, 3));
		p += len;
		len = 0;
	}
	memcpy(p, base, len);
	p += len;
	if ((size_t)(p - built) > NAME_MAX_LEN) {
		name_copy(out, base);
		return;
	}
	memcpy(out, built, (size_t)(p - built));
	if (random_below(&o->random, 10) == 0 && out[0] > 0 && out[1] >= 'a' && out[1] <= 'z')
		out[1] = (uint8_t)(out[1] - 32);
}

static void make_question(struct oracle *o, struct asked *a, uint16_t id)
{
	static const uint16_t types[] = {TYPE_A,   TYPE_A,    TYPE_AAAA, TYPE_MX,    TYPE_TXT,
					 TYPE_NS,  TYPE_DS,   TYPE_SOA,  TYPE_CNAME, TYPE_DNAME,
					 TYPE_SRV, TYPE_NSEC, TYPE_ANY,  65};
	const struct edns edns = {
		.present = true, .do_bit = true, .udp_size = 4096, .ede = EDE_NONE};

	make_name(o, a->name);
	a->type = types[random_below(&o->random, sizeof(types) / sizeof(types[0]))];
	int len = query_build(a->query, sizeof(a->query), id, FLAG_RD, a->name, a->type, &edns);
	if (len < 0)
		abort();
	a->query_len = (size_t)len;
	a->ours_len = a->theirs_len = 0;
	a->answered = a->alias = false;
}

// ---- ours ----

static const struct address client = {.family = 4, .bytes = {127, 0, 0, 1}};

static bool hash(void *arg, const uint8_t *name, const struct rdata_nsec3 *params, uint8_t out[20])
{
	struct oracle *o = arg;

	return digester_nsec3(o->digester, name, params->salt, params->salt_len, params->iterations,
			      out);
}

static bool is_alias(const struct denial_answer *denied, uint16_t type)
{
	return denied->kind == DENIED_WILDCARD && type != TYPE_CNAME &&
	       answer_kind(denied->wildcard) == ENTRY_CNAME;
}

static void count(struct oracle *o, enum denied kind)
{
	o->synthesised++;
	o->nxdomain += kind == DENIED_NXDOMAIN;
	o->nodata += kind == DENIED_NODATA;
	o->wildcard += kind == DENIED_WILDCARD;
}

// As control does it. only_alias: anything else the poll-mode cores would have said.
static void ask_chains(struct oracle *o, struct asked *a, bool only_alias)
{
	const struct answer_context context = {.now_ms = NOW_MS,
					       .now_s = NOW_S,
					       .clock_trusted = true,
					       .limit = 65535,
					       .tcp = true,
					       .stale_ttl_s = 30};
	struct denial_answer denied;
	struct query query;

	if (query_parse(a->query, a->query_len, &query) != QUERY_ANSWER)
		return;
	struct lookup lookup = {.name = query.qname,
				.name_len = query.qname_len,
				.type = query.qtype,
				.now_ms = NOW_MS,
				.now_s = NOW_S};
	cache_lookup(store_cache(o->store), &lookup);
	if (o->hashed)
		cache_deny_hashed(store_cache(o->store), &lookup, hash, o, &denied);
	else
		cache_deny(store_cache(o->store), &lookup, &denied);
	if (denied.kind == DENIED_NOT)
		return;
	a->alias = is_alias(&denied, a->type);
	if (only_alias && !a->alias)
		return;
	o->alias += a->alias;
	a->ours_len = answer_denied(&query, &denied, &context, a->ours, sizeof(a->ours));
	count(o, denied.kind);
}

static void ask_store(struct oracle *o, struct asked *a)
{
	struct serve serve = {.client = &client,
			      .tcp = true,
			      .now_ms = NOW_MS,
			      .now_s = NOW_S,
			      .clock_trusted = true};

	if (o->hashed) {
		ask_chains(o, a, false);
		return;
	}
	const enum serve_verdict verdict = store_serve_query(o->store, a->query, a->query_len,
							     &serve, a->ours, sizeof(a->ours));
	if (verdict == SERVE_MISS)
		ask_chains(o, a, true);
	if (verdict != SERVE_REPLY || !serve.synthesised)
		return;
	a->ours_len = serve.reply_len;
	count(o, serve.outcome == OUTCOME_NXDOMAIN ? DENIED_NXDOMAIN
		 : serve.outcome == OUTCOME_NODATA ? DENIED_NODATA
						   : DENIED_WILDCARD);
}

// ---- theirs ----

static size_t waiting(void)
{
	size_t n = 0;

	for (size_t i = 0; i < BURST; i++)
		n += !burst[i].answered;
	return n;
}

static void receive(struct oracle *o)
{
	struct pollfd poller = {.fd = o->socket, .events = POLLIN};
	static uint8_t packet[65535];

	while (waiting() > 0 && poll(&poller, 1, WAIT_MS) > 0) {
		ssize_t len = recv(o->socket, packet, sizeof(packet), 0);
		if (len < HEADER_LEN || header_id(packet) >= BURST)
			continue;
		struct asked *a = &burst[header_id(packet)];
		memcpy(a->theirs, packet, (size_t)len);
		a->theirs_len = (size_t)len;
		a->answered = true;
	}
}

static void ask_server(struct oracle *o)
{
	for (int tries = 0; tries < TRIES && waiting() > 0; tries++) {
		for (size_t i = 0; i < BURST; i++) {
			if (!burst[i].answered &&
			    send(o->socket, burst[i].query, burst[i].query_len, 0) < 0)
				perror("send");
		}
		receive(o);
	}
	if (waiting() > 0) {
		fprintf(stderr, "the name server does not answer\n");
		exit(2);
	}
}

// ---- learning, as control does after validation ----

static bool is_proof(const struct rrset *rrset)
{
	return rrset->type == TYPE_NSEC || rrset->type == TYPE_NSEC3;
}

static void learn(struct oracle *o, const struct asked *a, const struct message *m)
{
	const struct section_rrsets *answer = &m->sections[SECTION_ANSWER];
	const struct section_rrsets *authority = &m->sections[SECTION_AUTHORITY];
	const struct rrset *proofs[STEP_PROOFS_MAX], *soa = NULL;
	size_t proof_count = 0;

	for (size_t i = 0; i < authority->count; i++) {
		const struct rrset *rrset = authority->rrsets[i];
		if (rrset->type == TYPE_SOA)
			soa = rrset;
		else if (is_proof(rrset) && proof_count < STEP_PROOFS_MAX)
			proofs[proof_count++] = rrset;
	}
	const struct rrset *first = answer->count > 0 ? answer->rrsets[0] : NULL;
	// An alias with data at its end: what is proven is that its own name is made of a wildcard.
	const bool alias = first != NULL && first->type == TYPE_CNAME && answer->count == 2 &&
			   answer->rrsets[1]->type == a->type && soa == NULL &&
			   name_equal(first->owner, a->name);
	bool wildcard = proof_count > 0 && first != NULL &&
			(alias || (answer->count == 1 && first->type == a->type));
	if (proof_count == 0 || (!wildcard && (answer->count > 0 || soa == NULL)))
		return;
	const struct step step = {
		.kind = alias                        ? STEP_CNAME
			: wildcard                   ? STEP_ANSWER
			: m->rcode == RCODE_NXDOMAIN ? STEP_NXDOMAIN
						     : STEP_NODATA,
		.name = a->name,
		.type = alias ? TYPE_CNAME : a->type,
		.zone = o->zone,
		.rrset = wildcard ? first : NULL,
		.soa = soa,
		.proofs = proofs,
		.proof_count = proof_count,
	};
	struct validation_result result = {
		.verdict = VERDICT_SECURE,
		.ede = EDE_NONE,
		.signature_expires_s = NOW_S + 86400,
		.rrset_ttl_s = UINT32_MAX,
		.soa_ttl_s = UINT32_MAX,
		.proofs_used = (1u << proof_count) - 1,
		.wildcard = wildcard,
		.signer = o->zone,
	};
	for (size_t i = 0; i < STEP_PROOFS_MAX; i++)
		result.proof_ttl_s[i] = UINT32_MAX;
	const struct publication publication = {
		.now_ms = NOW_MS, .now_s = NOW_S, .one_shot = true, .denial = true};
	const struct entry *entry =
		publish_step(o->publisher, &step, VERDICT_SECURE, &result, &publication);
	if (entry != NULL)
		cache_unpin(store_cache(o->store), entry);
	o->learned++;
}

// ---- comparing ----

#define LINES_MAX  128
#define LINE_BYTES 2048

struct lines {
	char text[LINES_MAX][LINE_BYTES];
	size_t count;
	uint32_t soa_ttl_s;
};

static void add_line(struct lines *lines, enum section section, const struct rrset *rrset,
		     uint16_t type, const struct rdata *rdata)
{
	char owner[NAME_TEXT_MAX];
	uint8_t lower[NAME_MAX_LEN];
	static uint8_t folded[RDATA_MAX];

	if (lines->count == LINES_MAX)
		return;
	name_lower(lower, rrset->owner, name_len(rrset->owner));
	char *line = lines->text[lines->count++];
	int used = snprintf(line, LINE_BYTES, "%d %.500s %u ", section, name_to_text(lower, owner),
			    type);
	// A server compresses names in RDATA to those of the question, whatever their case.
	memcpy(folded, rdata->data, rdata->len);
	rdata_canonical(type, folded, rdata->len);
	for (size_t i = 0; i < rdata->len && used < LINE_BYTES - 3; i++)
		used += snprintf(line + used, 3, "%02x", folded[i]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void list(const struct message *m, struct lines *lines)
{
	lines->count = 0;
	lines->soa_ttl_s = 0;
	for (int section = SECTION_ANSWER; section <= SECTION_AUTHORITY; section++) {
		for (size_t i = 0; i < m->sections[section].count; i++) {
			const struct rrset *rrset = m->sections[section].rrsets[i];
			// NS sets are a courtesy of the server's.
			if (section == SECTION_AUTHORITY && rrset->type == TYPE_NS)
				continue;
			if (rrset->type == TYPE_SOA)
				lines->soa_ttl_s = rrset->ttl_s;
			for (size_t k = 0; k < rrset->count; k++)
				add_line(lines, section, rrset, rrset->type, &rrset->rdatas[k]);
			for (size_t k = 0; k < rrset->rrsig_count; k++)
				add_line(lines, section, rrset, TYPE_RRSIG, &rrset->rrsigs[k]);
		}
	}
	qsort(lines->text, lines->count, LINE_BYTES, by_text);
}

// more: the server may prove more than is needed.
static bool same(const struct message *ours, const struct message *theirs, bool more)
{
	static struct lines a, b;
	size_t k = 0;

	list(ours, &a);
	list(theirs, &b);
	if (ours->rcode != theirs->rcode || a.soa_ttl_s > b.soa_ttl_s ||
	    (a.count != b.count && !more))
		return false;
	for (size_t i = 0; i < a.count; i++, k++) {
		while (more && k < b.count && strcmp(a.text[i], b.text[k]) > 0)
			k++;
		if (k == b.count || strcmp(a.text[i], b.text[k]) != 0)
			return false;
	}
	return true;
}

static void show(const char *whose, const struct message *m)
{
	static struct lines lines;

	list(m, &lines);
	fprintf(stderr, "  %s: rcode %u\n", whose, m->rcode);
	for (size_t i = 0; i < lines.count; i++)
		fprintf(stderr, "    %.100s\n", lines.text[i]);
}

static void compare(struct oracle *o, const struct asked *a)
{
	struct message *ours = NULL, *theirs = NULL;
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];
	// NSD adds the proof of an expansion where the wildcard itself is asked for (RFC 5155
	// §7.2.3 has none there).
	bool more = a->alias || (o->hashed && name_is_wildcard(a->name));

	o->questions++;
	if (message_parse(a->theirs, a->theirs_len, &theirs) != MESSAGE_OK) {
		fprintf(stderr, "the server's answer is malformed\n");
		exit(2);
	}
	if (a->ours_len > 0) {
		if (message_parse(a->ours, a->ours_len, &ours) != MESSAGE_OK ||
		    !same(ours, theirs, more)) {
			if (o->differ++ < 10) {
				fprintf(stderr, "%s %s differs\n", name_to_text(a->name, name),
					type_to_text(a->type, type));
				if (ours != NULL)
					show("ours", ours);
				show("theirs", theirs);
			}
		}
	} else {
		learn(o, a, theirs);
	}
	message_free(ours);
	message_free(theirs);
}

// ---- life ----

static void read_names(struct oracle *o, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[NAME_TEXT_MAX + 2];

	o->names = calloc(NAMES_MAX, NAME_MAX_LEN);
	if (file == NULL || o->names == NULL)
		fail(path, "cannot be read");
	while (o->name_count < NAMES_MAX && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0' && name_from_text(line, o->names[o->name_count]) > 0)
			o->name_count++;
	}
	fclose(file);
	if (o->name_count == 0)
		fail(path, "holds no names");
}

static void open_store(struct oracle *o, struct acl *acl)
{
	struct store_config config = {
		.cache = {.memory_bytes = 64 << 20,
			  .shards = 1,
			  .one_shot_bytes = 1 << 20,
			  .denial_bytes = 16 << 20,
			  .hash_key = {7}},
		.acl = acl,
		.stale_ttl_s = 30,
	};
	const struct publisher_config publisher = {.ttl_max_s = 86400, .negative_ttl_max_s = 3600};
	const struct store_clock clock = {NOW_MS, NOW_S, true};
	char err[256] = "";

	o->store = store_new(&config, err, sizeof(err));
	if (o->store == NULL)
		fail("store", err);
	store_set_clock(o->store, &clock);
	o->publisher = publisher_new(&publisher, store_cache(o->store));
	o->digester = digester_new();
	if (o->publisher == NULL || o->digester == NULL)
		fail("store", "no memory");
}

static void open_socket(struct oracle *o, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int bytes = 4 << 20;

	o->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (o->socket < 0 || connect(o->socket, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("socket", strerror(errno));
	setsockopt(o->socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int main(int argc, char **argv)
{
	static struct oracle o;
	struct acl *acl = acl_new(acl_default_rules, acl_default_rule_count);
	uint64_t count_wanted = option_number(argc, argv, "count", 20000);

	if (acl == NULL || name_from_text(option_text(argc, argv, "zone", ""), o.zone) <= 0)
		fail("zone", "which one?");
	o.random = option_number(argc, argv, "seed", 1);
	o.hashed = option_number(argc, argv, "hashed", 0) != 0;
	read_names(&o, option_text(argc, argv, "names", ""));
	open_store(&o, acl);
	open_socket(&o, (uint16_t)option_number(argc, argv, "port", 5300));
	while (o.questions < count_wanted) {
		for (uint16_t i = 0; i < BURST; i++) {
			make_question(&o, &burst[i], i);
			ask_store(&o, &burst[i]);
		}
		ask_server(&o);
		for (size_t i = 0; i < BURST; i++)
			compare(&o, &burst[i]);
		cache_maintain(store_cache(o.store), NOW_MS);
	}
	printf("{\"questions\": %lu, \"synthesised\": %lu, \"nxdomain\": %lu, \"nodata\": %lu, "
	       "\"wildcard\": %lu, \"alias\": %lu, \"learned\": %lu, \"differ\": %lu}\n",
	       o.questions, o.synthesised, o.nxdomain, o.nodata, o.wildcard, o.alias, o.learned,
	       o.differ);
	close(o.socket);
	publisher_free(o.publisher);
	digester_free(o.digester);
	store_free(o.store);
	acl_free(acl);
	free(o.names);
	return o.differ > 0;
}
