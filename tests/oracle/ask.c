#include "tests/oracle/ask.h"

#include "dataplane/dns/builder.h"
#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/scenario.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_S 8
#define TRIES     2

size_t ask_read(const struct script *script, struct ask_question **out)
{
	size_t count = 0;

	*out = calloc(script->count + 1, sizeof(**out));
	assert_non_null(*out);
	for (size_t i = 0; i < script->count; i++) {
		struct ask_question *question = &(*out)[count];
		struct words words;
		if (script_words(script->lines[i], &words, SCRIPT_WORDS_MAX) < 4 ||
		    strcmp(words.at[0], "ask") != 0)
			continue;
		*question = (struct ask_question){.index = count, .line = i};
		snprintf(question->text, sizeof(question->text), "%s", words.at[1]);
		const uint8_t *name = text_name(words.at[1]);
		name_lower(question->name, name, name_len(name));
		assert_int_equal(type_from_text(words.at[2], &question->type), 0);
		question->flags = script_flags(words.at[3]);
		count++;
	}
	return count;
}

static int open_to(const struct ask_resolver *resolver, int type)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(resolver->port)};
	const struct timeval limit = {.tv_sec = TIMEOUT_S};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, resolver->address, &to.sin_addr), 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static size_t receive(int fd, uint8_t *out, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t more = recv(fd, out + got, len - got, 0);
		if (more <= 0)
			return 0;
		got += (size_t)more;
	}
	return got;
}

static void over_tcp(const struct ask_resolver *resolver, const uint8_t *query, size_t len,
		     struct ask_reply *reply)
{
	uint8_t head[2];
	int fd = open_to(resolver, SOCK_STREAM);

	reply->len = 0;
	reply->tcp = true;
	if (fd < 0)
		return;
	wire_put16(head, (uint16_t)len);
	if (send(fd, head, 2, MSG_MORE | MSG_NOSIGNAL) == 2 &&
	    send(fd, query, len, MSG_NOSIGNAL) == (ssize_t)len && receive(fd, head, 2) == 2 &&
	    wire_get16(head) <= ASK_REPLY_MAX)
		reply->len = receive(fd, reply->wire, wire_get16(head));
	close(fd);
}

static void over_udp(const struct ask_resolver *resolver, const uint8_t *query, size_t len,
		     struct ask_reply *reply)
{
	int fd = open_to(resolver, SOCK_DGRAM);

	reply->len = 0;
	reply->tcp = false;
	if (fd < 0)
		return;
	if (send(fd, query, len, 0) == (ssize_t)len) {
		ssize_t got = recv(fd, reply->wire, ASK_REPLY_MAX, 0);
		reply->len = got >= HEADER_LEN && header_id(reply->wire) == header_id(query)
				     ? (size_t)got
				     : 0;
	}
	close(fd);
}

static void ask(const struct ask_resolver *resolver, const struct ask_question *question,
		struct ask_reply *reply)
{
	const struct edns edns = {
		.present = !(question->flags & ASKED_PLAIN),
		.do_bit = (question->flags & ASKED_DO) != 0,
		.udp_size = 1232,
		.ede = EDE_NONE,
	};
	uint8_t query[600];
	int len = query_build(query, sizeof(query), (uint16_t)(question->index * 7 + 1),
			      (uint16_t)(FLAG_RD | (question->flags & ASKED_CD ? FLAG_CD : 0) |
					 (question->flags & ASKED_AD ? FLAG_AD : 0)),
			      text_name(question->text), question->type, &edns);

	assert_true(len > 0);
	for (int try = 0; try < TRIES && reply->len == 0; try++) {
		if (!(question->flags & ASKED_TCP))
			over_udp(resolver, query, (size_t)len, reply);
		if (question->flags & ASKED_TCP ||
		    (reply->len > 0 && (header_flags(reply->wire) & FLAG_TC)))
			over_tcp(resolver, query, (size_t)len, reply);
	}
}

void ask_all(const struct ask_resolver *resolvers, size_t resolver_count,
	     const struct ask_question *questions, size_t count, const struct ask_reply **replies)
{
	pid_t children[8];

	assert_true(resolver_count <= 8);
	for (size_t r = 0; r < resolver_count; r++) {
		struct ask_reply *to = mmap(NULL, count * sizeof(*to), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (to == MAP_FAILED)
			abort();
		replies[r] = to;
		fflush(NULL);
		children[r] = fork();
		if (children[r] < 0)
			abort();
		if (children[r] != 0)
			continue;
		for (size_t i = 0; i < count; i++)
			ask(&resolvers[r], &questions[i], &to[i]);
		_exit(0);
	}
	for (size_t r = 0; r < resolver_count; r++)
		waitpid(children[r], NULL, 0);
}
