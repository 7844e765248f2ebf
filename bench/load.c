// Asks a resolver at a fixed rate, whatever it answers (open loop), out of the network namespace it
// runs in, and writes down what became of each question.
//
//   bench_load SERVER KNOWN FRESH LOG RATE SECONDS FRESH-PERCENT SEED SOURCE...
//
// KNOWN and FRESH hold a line "NAME ADDRESS" each: the address is the one A record that the name
// has. Known names are asked in turn, each once in a round; fresh ones never twice, until none is
// left. Says "go MONOTONIC-SECONDS" when it begins, and a line of JSON at the end. LOG holds one
// struct outcome per question.

#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/types.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS        64
#define RATE_MAX       20000
#define SECONDS_MAX    1200
#define LATE_S         5 // answers are waited for after the last question
#define NAMES_MAX      1000000
#define RCODE_NONE     255
#define LATENCY_NONE   UINT32_MAX
#define OUTCOME_FRESH  1
#define OUTCOME_AD     2
#define OUTCOME_WRONG  4 // NOERROR or NXDOMAIN with other data than the zone has
#define OUTCOME_STALE  8 // EDE 3 or 19
#define OUTCOME_UNSENT 16

struct outcome {
	uint32_t sent_ms; // after the start, as it should have been
	uint32_t latency_us;
	uint32_t name; // line of KNOWN or FRESH
	uint8_t flags, rcode, ede, spare;
};
static_assert(sizeof(struct outcome) == 16, "the reader's dtype");

struct name {
	uint8_t wire[NAME_MAX_LEN];
	uint8_t address[4];
};

struct list {
	struct name *names;
	uint32_t *order;
	uint32_t count, next;
};

struct load {
	struct list known, fresh;
	int sockets[SOCKETS];
	struct outcome *outcomes;
	uint64_t *sent_ns;
	uint64_t count, sent, answered;
	uint64_t random;
	uint32_t fresh_percent;
	uint64_t rounds;
	bool fresh_over;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// xorshift64*: the same questions in the same order for every resolver.
static uint32_t draw(struct load *load, uint32_t below)
{
	load->random ^= load->random >> 12;
	load->random ^= load->random << 25;
	load->random ^= load->random >> 27;
	return (uint32_t)((load->random * 0x2545f4914f6cdd1dull) >> 32) % below;
}

static void read_list(struct load *load, struct list *list, const char *path)
{
	FILE *file = fopen(path, "r");
	char text[300], address[40];

	if (!file)
		fail(path);
	list->names = calloc(NAMES_MAX, sizeof(*list->names));
	list->order = calloc(NAMES_MAX, sizeof(*list->order));
	if (!list->names || !list->order)
		fail("memory");
	while (list->count < NAMES_MAX && fscanf(file, "%299s %39s", text, address) == 2) {
		struct name *name = &list->names[list->count];
		if (name_from_text(text, name->wire) < 0 ||
		    inet_pton(AF_INET, address, name->address) != 1) {
			errno = EINVAL;
			fail(text);
		}
		list->order[list->count] = list->count;
		list->count++;
	}
	fclose(file);
	for (uint32_t i = list->count; i > 1; i--) {
		uint32_t other = draw(load, i), kept = list->order[i - 1];
		list->order[i - 1] = list->order[other];
		list->order[other] = kept;
	}
}

static void open_socket(struct load *load, size_t i, const char *source,
			const struct sockaddr_in *server)
{
	struct sockaddr_in own = {.sin_family = AF_INET};
	int size = 1 << 20;

	load->sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (load->sockets[i] < 0 || inet_pton(AF_INET, source, &own.sin_addr) != 1)
		fail(source);
	setsockopt(load->sockets[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(load->sockets[i], (struct sockaddr *)&own, sizeof(own)) ||
	    connect(load->sockets[i], (const struct sockaddr *)server, sizeof(*server)))
		fail("bind or connect");
}

static const struct name *choose(struct load *load, struct outcome *outcome)
{
	struct list *list = &load->known;

	if (load->fresh.next < load->fresh.count && draw(load, 100) < load->fresh_percent) {
		list = &load->fresh;
		outcome->flags |= OUTCOME_FRESH;
		load->fresh_over = load->fresh.next + 1 == load->fresh.count;
	}
	outcome->name = list->order[list->next++];
	if (list == &load->known && list->next == list->count) {
		list->next = 0;
		load->rounds++;
	}
	return &list->names[outcome->name];
}

// Question n goes out by socket n % SOCKETS with ID n / SOCKETS: no two under way are alike.
static void send_one(struct load *load, uint64_t start_ns, uint64_t interval_ns)
{
	uint64_t n = load->sent++;
	struct outcome *outcome = &load->outcomes[n];
	const struct edns edns = {.present = true, .do_bit = true, .udp_size = 1232, .ede = -1};
	uint8_t packet[512];

	outcome->sent_ms = (uint32_t)(n * interval_ns / 1000000);
	outcome->latency_us = LATENCY_NONE;
	outcome->rcode = RCODE_NONE;
	const struct name *name = choose(load, outcome);
	int len = query_build(packet, sizeof(packet), (uint16_t)(n / SOCKETS), FLAG_RD, name->wire,
			      TYPE_A, &edns);
	assert(len > 0);
	// From when it was due: a generator that is late must not flatter the resolver.
	load->sent_ns[n] = start_ns + n * interval_ns;
	if (send(load->sockets[n % SOCKETS], packet, (size_t)len, 0) != len)
		outcome->flags |= OUTCOME_UNSENT;
}

static bool is_right(const struct message *message, const struct name *name)
{
	const struct rrset *set = message_find(message, SECTION_ANSWER, name->wire, TYPE_A);

	return message->rcode == RCODE_NOERROR && set && set->count == 1 &&
	       set->rdatas[0].len == 4 && memcmp(set->rdatas[0].data, name->address, 4) == 0;
}

static void judge(struct load *load, struct outcome *outcome, const uint8_t *packet, size_t len)
{
	const struct list *list = outcome->flags & OUTCOME_FRESH ? &load->fresh : &load->known;
	struct message *message;

	if (message_parse(packet, len, &message) != MESSAGE_OK)
		return;
	outcome->rcode = (uint8_t)message->rcode;
	if (message->flags & FLAG_AD)
		outcome->flags |= OUTCOME_AD;
	if (message->edns.ede >= 0)
		outcome->ede = (uint8_t)message->edns.ede;
	if (outcome->ede == EDE_STALE_ANSWER || outcome->ede == EDE_STALE_NXDOMAIN_ANSWER)
		outcome->flags |= OUTCOME_STALE;
	if ((message->rcode == RCODE_NOERROR || message->rcode == RCODE_NXDOMAIN) &&
	    !is_right(message, &list->names[outcome->name]))
		outcome->flags |= OUTCOME_WRONG;
	message_free(message);
}

static void receive(struct load *load, size_t i)
{
	uint8_t packet[4096];
	ssize_t len;

	while ((len = recv(load->sockets[i], packet, sizeof(packet), 0)) >= HEADER_LEN) {
		uint64_t at_ns = now_ns();
		// The ID came round every 65,536 questions of a socket: the latest one it fits.
		uint64_t round = load->sent / SOCKETS / 65536;
		uint64_t n = (round * 65536 + header_id(packet)) * SOCKETS + i;
		if (n >= load->sent && round > 0)
			n -= (uint64_t)65536 * SOCKETS;
		if (n >= load->sent || load->outcomes[n].latency_us != LATENCY_NONE)
			continue;
		uint64_t took_ns = at_ns > load->sent_ns[n] ? at_ns - load->sent_ns[n] : 0;
		load->outcomes[n].latency_us = (uint32_t)(took_ns / 1000);
		load->answered++;
		judge(load, &load->outcomes[n], packet, (size_t)len);
	}
}

static void wait_until(struct load *load, uint64_t until_ns)
{
	struct pollfd polls[SOCKETS];
	uint64_t now = now_ns();
	uint64_t wait_ns = until_ns > now ? until_ns - now : 0;
	struct timespec wait = {(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};

	for (size_t i = 0; i < SOCKETS; i++)
		polls[i] = (struct pollfd){.fd = load->sockets[i], .events = POLLIN};
	if (ppoll(polls, SOCKETS, &wait, NULL) <= 0)
		return;
	for (size_t i = 0; i < SOCKETS; i++) {
		if (polls[i].revents)
			receive(load, i);
	}
}

static void run(struct load *load, uint64_t interval_ns)
{
	uint64_t start_ns = now_ns() + 1000000;

	printf("go %.6f\n", (double)start_ns / 1e9);
	fflush(stdout);
	while (load->sent < load->count) {
		uint64_t due = (now_ns() - start_ns) / interval_ns;
		for (unsigned burst = 0;
		     load->sent <= due && load->sent < load->count && burst < 32; burst++)
			send_one(load, start_ns, interval_ns);
		wait_until(load, start_ns + load->sent * interval_ns);
	}
	uint64_t end_ns = now_ns() + LATE_S * UINT64_C(1000000000);
	while (load->answered < load->sent && now_ns() < end_ns)
		wait_until(load, end_ns);
}

int main(int argc, char **argv)
{
	struct load *load = calloc(1, sizeof(*load));
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};

	if (argc < 10 || !load || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
		fprintf(stderr,
			"bench_load: SERVER KNOWN FRESH LOG RATE SECONDS FRESH-PERCENT SEED "
			"SOURCE...\n");
		return 2;
	}
	unsigned long rate = strtoul(argv[5], NULL, 10), seconds = strtoul(argv[6], NULL, 10);
	if (rate < 1 || rate > RATE_MAX || seconds < 1 || seconds > SECONDS_MAX) {
		fprintf(stderr, "bench_load: rate 1 to %d, seconds 1 to %d\n", RATE_MAX,
			SECONDS_MAX);
		return 2;
	}
	load->fresh_percent = (uint32_t)strtoul(argv[7], NULL, 10);
	load->random = strtoull(argv[8], NULL, 10) * 2 + 1;
	load->count = (uint64_t)rate * seconds;
	load->outcomes = calloc(load->count, sizeof(*load->outcomes));
	load->sent_ns = calloc(load->count, sizeof(*load->sent_ns));
	if (!load->outcomes || !load->sent_ns)
		fail("memory");
	read_list(load, &load->known, argv[2]);
	read_list(load, &load->fresh, argv[3]);
	for (size_t i = 0; i < SOCKETS; i++)
		open_socket(load, i, argv[9 + i % (size_t)(argc - 9)], &server);
	run(load, UINT64_C(1000000000) / rate);
	FILE *log = fopen(argv[4], "w");
	if (!log ||
	    fwrite(load->outcomes, sizeof(*load->outcomes), load->sent, log) != load->sent ||
	    fclose(log))
		fail(argv[4]);
	printf("{\"sent\": %lu, \"answered\": %lu, \"rounds\": %lu, \"fresh_over\": %s}\n",
	       (unsigned long)load->sent, (unsigned long)load->answered,
	       (unsigned long)load->rounds, load->fresh_over ? "true" : "false");
	return 0;
}
