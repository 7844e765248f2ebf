// What is remembered of servers (address and port): cookies, and which ways of asking fail.
// Bounded: sets of eight by a keyed hash, the longest unused of a set goes first. Everything here
// is learnt from matched replies and timeouts only, and nothing of it lasts longer than
// SERVER_MEMORY_US, except the cookie.
#pragma once

#include "dataplane/dns/edns.h"
#include "dataplane/store.h" // struct address

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SERVERS_DEFAULT     65536
#define SERVER_WAYS         8
#define SERVER_MEMORY_US    (15 * 60 * UINT64_C(1000000)) // no EDNS, no cookie, case not kept
#define SERVER_DETOUR_US    (60 * UINT64_C(1000000))      // small replies; TCP first at most
#define SERVER_TCP_FIRST_US (2 * UINT64_C(1000000))       // TCP first, doubled while UDP stays lost
#define SERVER_KEPT_US      (24 * 3600 * UINT64_C(1000000)) // what it could do it still can
#define SERVER_LAST_TRY_US  (10 * UINT64_C(1000000)) // between two in which nothing came of it
#define SERVER_TCP_PROBE_US (10 * UINT64_C(1000000))

// It answered one question in some way only, and may have been made to look so: what two different
// questions show is remembered.
struct server_habit {
	uint64_t question; // hash of the last one
	uint64_t us;       // 0: none
};

struct server {
	struct address address; // family 0: this place is free
	uint16_t port;
	uint64_t used_us;
	uint64_t plain_until_us;     // FORMERR to EDNS, good without: unsigned zones only
	uint64_t no_cookie_until_us; // FORMERR to the cookie option, good without
	uint64_t case_lost_until_us; // does not keep the case of names, seen over TCP
	uint64_t tcp_until_us;       // UDP timed out, TCP answered
	uint64_t small_until_us;     // replies over 512 bytes do not arrive
	uint64_t echoed_us;          // our cookie came back last; 0: never
	uint64_t case_kept_us; // upper and lower letters came back over UDP as sent, last; 0: never
	uint64_t name_found_us; // by a name in mixed case, whatever case came back, last; 0: never
	uint64_t letters_us; // when denials of names in mixed case may be looked into (letters.c)
	uint64_t bare_us; // two questions at once got an error without the question, last; 0: never
	struct server_habit plain, no_cookie, one_case; // what it seems to need
	uint64_t last_try_us; // when a question was put to it in other ways, with nothing else left
	bool last_under_way;  // that one
	uint64_t tcp_dead_us; // a last try over TCP came to nothing, last; 0: never
	uint64_t tcp_probe_us; // when TCP may be tried again because UDP times out
	uint64_t answered_us;  // over UDP, the last time
	uint8_t udp_timeouts;  // in a row
	uint8_t tcp_detours;   // in a row: how often UDP was lost again after one
	uint8_t cookie_len;    // 0: has not sent a cookie
	uint8_t client_cookie[COOKIE_CLIENT_LEN]; // the server cookie belongs to this one
	uint8_t cookie[COOKIE_SERVER_MAX];
};

struct servers {
	struct server *places;
	size_t sets; // a power of two
	uint8_t key[16];
};

// 0 or -ENOMEM. max is rounded to a power of two sets.
int servers_open(struct servers *servers, size_t max, const uint8_t key[16])
	__attribute__((nonnull, warn_unused_result));
void servers_close(struct servers *servers) __attribute__((nonnull));
// NULL: nothing is remembered. Valid until the next servers_use().
struct server *servers_find(const struct servers *servers, const struct address *address,
			    uint16_t port) __attribute__((nonnull, pure));
// Finds it or makes room for it.
struct server *servers_use(struct servers *servers, const struct address *address, uint16_t port,
			   uint64_t now_us) __attribute__((nonnull, returns_nonnull));

// A UDP question ended without an answer.
void server_udp_timeout(struct server *server) __attribute__((nonnull));
// It answered over UDP; sent_small: we had asked for at most 512 bytes.
void server_udp_answer(struct server *server, bool sent_small, bool truncated, uint64_t now_us)
	__attribute__((nonnull));
// It answered over TCP, asked that way because UDP had timed out.
void server_tcp_answer(struct server *server, uint64_t now_us) __attribute__((nonnull));
// Whether to ask over TCP at once, or to ask for small replies, because larger or any replies
// over UDP seem not to arrive: 1232, then 512, then TCP (ATTACKS O5, O6).
bool server_wants_tcp(const struct server *server, uint64_t now_us) __attribute__((nonnull, pure));
bool server_wants_small(const struct server *server, uint64_t now_us)
	__attribute__((nonnull, pure));

// True: another question has shown the same within a day.
bool server_habit(struct server_habit *habit, uint64_t question, uint64_t now_us)
	__attribute__((nonnull, warn_unused_result));
// Within the last day.
bool server_keeps_case(const struct server *server, uint64_t now_us) __attribute__((nonnull, pure));
bool server_finds_names(const struct server *server, uint64_t now_us)
	__attribute__((nonnull, pure));
bool server_echoes_cookie(const struct server *server, uint64_t now_us)
	__attribute__((nonnull, pure));

static inline bool server_address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
