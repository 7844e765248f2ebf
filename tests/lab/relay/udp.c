#include "tests/lab/relay/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SLOTS = 8192, // questions at the authority per endpoint; a power of two
	BATCH = 32,
	HELD_MAX = 32768, // delayed datagrams
	SOCKET_BUFFER = 4 << 20,
};

// A question that is at the authority; its index is the ID we asked with.
struct slot {
	struct sockaddr_storage client;
	uint64_t name_hash;
	struct verdict verdict;
	uint16_t client_id;
	uint16_t udp_size;
	bool used;
};

// A reply that waits for its time; the heap is ordered by due_ms.
struct held {
	uint64_t due_ms;
	const struct endpoint *endpoint;
	struct sockaddr_storage client;
	size_t len;
	uint8_t bytes[];
};

static struct held *heap[HELD_MAX];
static size_t held_count;

static struct {
	uint8_t bytes[BATCH][UDP_MAX];
	struct sockaddr_storage peers[BATCH];
	struct iovec vectors[BATCH];
	struct mmsghdr headers[BATCH];
} inbox, outbox;

static unsigned outbox_count;

static void heap_swap(size_t a, size_t b)
{
	struct held *held = heap[a];
	heap[a] = heap[b];
	heap[b] = held;
}

static void heap_push(struct held *held)
{
	size_t at = held_count++;
	heap[at] = held;
	while (at > 0 && heap[(at - 1) / 2]->due_ms > heap[at]->due_ms) {
		heap_swap(at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static struct held *heap_pop(void)
{
	struct held *first = heap[0];
	heap[0] = heap[--held_count];
	for (size_t at = 0;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < held_count && heap[child]->due_ms < heap[least]->due_ms)
				least = child;
		if (least == at)
			return first;
		heap_swap(at, least);
		at = least;
	}
}

static void hold(const struct endpoint *endpoint, const struct sockaddr_storage *client,
		 const uint8_t *bytes, size_t len, uint32_t delay_ms)
{
	struct held *held = held_count < HELD_MAX ? malloc(sizeof(*held) + len) : NULL;
	if (!held) {
		counters.overflow++;
		return;
	}
	held->due_ms = now_ms() + delay_ms;
	held->endpoint = endpoint;
	held->client = *client;
	held->len = len;
	memcpy(held->bytes, bytes, len);
	heap_push(held);
	counters.delayed++;
}

static void outbox_flush(int fd)
{
	unsigned sent = 0;
	while (sent < outbox_count) {
		const int count = sendmmsg(fd, outbox.headers + sent, outbox_count - sent, 0);
		// A full buffer or a refused datagram loses that one, as a network would.
		if (count <= 0)
			counters.overflow++;
		sent += count > 0 ? (unsigned)count : 1;
	}
	outbox_count = 0;
}

// Queues a datagram for outbox_flush(); peer NULL on a connected socket.
static void outbox_put(const uint8_t *bytes, size_t len, const struct sockaddr_storage *peer,
		       socklen_t peer_len)
{
	const unsigned i = outbox_count++;
	memcpy(outbox.bytes[i], bytes, len);
	outbox.vectors[i] = (struct iovec){outbox.bytes[i], len};
	outbox.headers[i].msg_hdr = (struct msghdr){
		.msg_iov = &outbox.vectors[i],
		.msg_iovlen = 1,
	};
	if (peer) {
		outbox.peers[i] = *peer;
		outbox.headers[i].msg_hdr.msg_name = &outbox.peers[i];
		outbox.headers[i].msg_hdr.msg_namelen = peer_len;
	}
}

static int inbox_fill(int fd)
{
	for (unsigned i = 0; i < BATCH; i++) {
		inbox.vectors[i] = (struct iovec){inbox.bytes[i], UDP_MAX};
		inbox.headers[i].msg_hdr = (struct msghdr){
			.msg_name = &inbox.peers[i],
			.msg_namelen = sizeof(inbox.peers[i]),
			.msg_iov = &inbox.vectors[i],
			.msg_iovlen = 1,
		};
	}
	return recvmmsg(fd, inbox.headers, BATCH, MSG_DONTWAIT, NULL);
}

static uint64_t name_hash(const struct question *question)
{
	uint64_t hash = 14695981039346656037u ^ question->type;
	for (size_t i = 0; i < question->name_len; i++)
		hash = (hash ^ question->name[i]) * 1099511628211u;
	return hash;
}

static void ask_authority(struct endpoint *endpoint, const struct sockaddr_storage *client,
			  uint8_t *query, size_t len, const struct question *question,
			  struct verdict verdict)
{
	const uint16_t id = endpoint->next_slot++ & (SLOTS - 1);
	endpoint->slots[id] = (struct slot){
		.client = *client,
		.name_hash = name_hash(question),
		.verdict = verdict,
		.client_id = get16(query),
		.udp_size = question->udp_size,
		.used = true,
	};
	put16(query, id);
	outbox_put(query, len, NULL, 0);
	if (verdict.kinds == 0)
		counters.udp_passed++;
}

static void query_arrived(struct endpoint *endpoint, const struct sockaddr_storage *client,
			  uint8_t *query, size_t len)
{
	uint8_t reply[UDP_MAX];
	struct question question;
	counters.udp_queries++;
	if (question_parse(query, len, &question)) {
		counters.malformed++;
		return;
	}
	const struct verdict verdict = rules_match(endpoint->text, &question);
	if (verdict.kinds & BREAK_DROP) {
		counters.dropped++;
		return;
	}
	const size_t reply_len =
		reply_at_once(verdict, query, &question, true, reply, sizeof(reply));
	if (reply_len == 0) {
		ask_authority(endpoint, client, query, len, &question, verdict);
	} else if (verdict.delay_ms) {
		hold(endpoint, client, reply, reply_len, verdict.delay_ms);
	} else if (sendto(endpoint->listen_fd, reply, reply_len, MSG_DONTWAIT,
			  (const struct sockaddr *)client, endpoint->address_len) < 0) {
		counters.overflow++;
	}
}

static void listen_ready(struct watcher *watcher)
{
	struct endpoint *endpoint =
		(struct endpoint *)((char *)watcher - offsetof(struct endpoint, listening));
	const int count = inbox_fill(endpoint->listen_fd);
	for (int i = 0; i < count; i++)
		query_arrived(endpoint, &inbox.peers[i], inbox.bytes[i], inbox.headers[i].msg_len);
	outbox_flush(endpoint->upstream_fd);
}

static void reply_arrived(struct endpoint *endpoint, uint8_t *reply, size_t len)
{
	struct question question;
	if (len < MESSAGE_HEADER_LEN)
		return;
	struct slot *slot = &endpoint->slots[get16(reply) & (SLOTS - 1)];
	const bool readable = question_parse(reply, len, &question) == 0;
	if (!slot->used || !readable || slot->name_hash != name_hash(&question)) {
		counters.late_replies++;
		return;
	}
	slot->used = false;
	put16(reply, slot->client_id);
	len = reply_edit(slot->verdict, reply, len, UDP_MAX, slot->udp_size);
	if (len == 0)
		return;
	if (slot->verdict.delay_ms)
		hold(endpoint, &slot->client, reply, len, slot->verdict.delay_ms);
	else
		outbox_put(reply, len, &slot->client, endpoint->address_len);
}

static void upstream_ready(struct watcher *watcher)
{
	struct endpoint *endpoint =
		(struct endpoint *)((char *)watcher - offsetof(struct endpoint, answering));
	const int count = inbox_fill(endpoint->upstream_fd);
	for (int i = 0; i < count; i++)
		reply_arrived(endpoint, inbox.bytes[i], inbox.headers[i].msg_len);
	outbox_flush(endpoint->listen_fd);
}

int udp_send_due(void)
{
	const uint64_t now = now_ms();
	while (held_count > 0 && heap[0]->due_ms <= now) {
		struct held *held = heap_pop();
		if (sendto(held->endpoint->listen_fd, held->bytes, held->len, MSG_DONTWAIT,
			   (const struct sockaddr *)&held->client, held->endpoint->address_len) < 0)
			counters.overflow++;
		free(held);
	}
	return held_count > 0 ? (int)(heap[0]->due_ms - now) : -1;
}

static int socket_with_buffers(int family)
{
	const int size = SOCKET_BUFFER;
	const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

int udp_open(struct endpoint *endpoint, const struct sockaddr_storage *local)
{
	endpoint->slots = calloc(SLOTS, sizeof(*endpoint->slots));
	endpoint->listen_fd = socket_with_buffers(local->ss_family);
	endpoint->upstream_fd = socket_with_buffers(local->ss_family);
	endpoint->listening.ready = listen_ready;
	endpoint->answering.ready = upstream_ready;
	if (!endpoint->slots || endpoint->listen_fd < 0 || endpoint->upstream_fd < 0)
		return -ENOMEM;
	if (bind(endpoint->listen_fd, (const struct sockaddr *)local, endpoint->address_len) ||
	    connect(endpoint->upstream_fd, (const struct sockaddr *)&endpoint->authority,
		    endpoint->address_len))
		return -errno;
	const int error = loop_add(endpoint->listen_fd, &endpoint->listening, EPOLLIN);
	return error ? error : loop_add(endpoint->upstream_fd, &endpoint->answering, EPOLLIN);
}
