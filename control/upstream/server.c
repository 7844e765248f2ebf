#include "control/upstream/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int servers_open(struct servers *servers, size_t max, const uint8_t key[16])
{
	servers->sets = 1;
	while (servers->sets * SERVER_WAYS < (max ? max : SERVERS_DEFAULT))
		servers->sets *= 2;
	servers->places = calloc(servers->sets * SERVER_WAYS, sizeof(*servers->places));
	memcpy(servers->key, key, sizeof(servers->key));
	return servers->places ? 0 : -ENOMEM;
}

void servers_close(struct servers *servers)
{
	free(servers->places);
	servers->places = NULL;
}

static struct server *set_of(const struct servers *servers, const struct address *address,
			     uint16_t port)
{
	uint8_t bytes[19] = {address->family};

	memcpy(bytes + 1, address->bytes, 16);
	memcpy(bytes + 17, &port, sizeof(port));
	return servers->places +
	       (siphash_1_3(servers->key, bytes, sizeof(bytes)) & (servers->sets - 1)) *
		       SERVER_WAYS;
}

struct server *servers_find(const struct servers *servers, const struct address *address,
			    uint16_t port)
{
	struct server *set = set_of(servers, address, port);

	for (size_t i = 0; i < SERVER_WAYS; i++)
		if (set[i].port == port && server_address_equal(&set[i].address, address))
			return &set[i];
	return NULL;
}

struct server *servers_use(struct servers *servers, const struct address *address, uint16_t port,
			   uint64_t now_us)
{
	struct server *server = servers_find(servers, address, port);

	if (!server) {
		struct server *set = set_of(servers, address, port);

		server = set;
		for (size_t i = 1; i < SERVER_WAYS; i++)
			if (set[i].used_us < server->used_us)
				server = &set[i];
		*server = (struct server){.address = *address, .port = port};
	}
	server->used_us = now_us;
	return server;
}

void server_udp_timeout(struct server *server)
{
	if (server->udp_timeouts < UINT8_MAX)
		server->udp_timeouts++;
}

void server_udp_answer(struct server *server, bool sent_small, bool truncated, uint64_t now_us)
{
	// A small reply where a large one was lost says nothing: packets get lost. That it had to
	// be truncated says that the large one did not fit through.
	if (server->udp_timeouts > 0 && sent_small && truncated)
		server->small_until_us = now_us + SERVER_DETOUR_US;
	server->answered_us = now_us;
	server->udp_timeouts = 0;
	server->tcp_until_us = 0;
	server->tcp_detours = 0;
}

void server_tcp_answer(struct server *server, uint64_t now_us)
{
	unsigned doublings = server->tcp_detours < 8 ? server->tcp_detours : 8;
	uint64_t detour_us = doublings ? SERVER_TCP_FIRST_US << (doublings - 1) : 0;

	// TCP that answers is no proof that UDP is blocked: the server may just have come back. So
	// UDP is tried again at once, and only when it is lost again TCP is used for longer and
	// longer.
	server->tcp_until_us =
		now_us + (detour_us < SERVER_DETOUR_US ? detour_us : SERVER_DETOUR_US);
	if (server->tcp_detours < UINT8_MAX)
		server->tcp_detours++;
	server->udp_timeouts = 1; // UDP gets another try when the detour ends
	server->tcp_probe_us = 0; // TCP works: no need to try it rarely
}

bool server_wants_tcp(const struct server *server, uint64_t now_us)
{
	return server->tcp_until_us > now_us ||
	       (server->udp_timeouts >= 2 && server->tcp_probe_us <= now_us);
}

bool server_wants_small(const struct server *server, uint64_t now_us)
{
	return server->udp_timeouts > 0 || server->small_until_us > now_us;
}

bool server_habit(struct server_habit *habit, uint64_t question, uint64_t now_us)
{
	bool another =
		habit->us > 0 && habit->question != question && habit->us + SERVER_KEPT_US > now_us;

	habit->question = question;
	habit->us = now_us;
	return another;
}

static bool within_a_day(uint64_t us, uint64_t now_us)
{
	return us > 0 && us + SERVER_KEPT_US > now_us;
}

bool server_keeps_case(const struct server *server, uint64_t now_us)
{
	return within_a_day(server->case_kept_us, now_us);
}

bool server_finds_names(const struct server *server, uint64_t now_us)
{
	return within_a_day(server->name_found_us, now_us);
}

bool server_echoes_cookie(const struct server *server, uint64_t now_us)
{
	return within_a_day(server->echoed_us, now_us);
}
