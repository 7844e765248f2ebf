// A server on loopback, in a thread, that answers as a test says: UDP and TCP on one port.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum peer_udp {
	PEER_UDP_ANSWER,
	PEER_UDP_SILENT,
	PEER_UDP_TRUNCATE,
	PEER_UDP_FORGED_FIRST, // the answer, but from other ports and addresses, then the right one
	PEER_UDP_PROBE_PORT,   // first finds out what our port looks like from elsewhere
	PEER_UDP_FRAGMENTS,    // in two raw IPv4 fragments
};

enum peer_tcp {
	PEER_TCP_ANSWER,
	PEER_TCP_BYTE_BY_BYTE,
	PEER_TCP_LARGE, // 60 kB
	PEER_TCP_STALL, // accepts, reads, never answers
	PEER_TCP_HALF,  // half a message, then silence
	PEER_TCP_RESET,
	PEER_TCP_CLOSE_AFTER,   // closes after each answer
	PEER_TCP_CLOSE_BEFORE,  // closes once it has the question
	PEER_TCP_ANNOUNCE_ONLY, // a length of 65,535 and nothing more
};

#define PEER_PORTS_MAX 8192

struct peer {
	int family; // 4 or 6
	enum peer_udp udp;
	enum peer_tcp tcp;
	uint16_t port;
	int udp_fd, listen_fd, stop_fd;
	pthread_t thread;
	// of the thread, read after peer_stop() or while nothing is under way
	atomic_uint udp_questions, udp_answers, tcp_questions, connections;
	uint16_t ports[PEER_PORTS_MAX];                // source ports of UDP questions
	atomic_int open_port_errno, closed_port_errno; // PEER_UDP_PROBE_PORT
};

bool peer_start(struct peer *peer, int family, enum peer_udp udp, enum peer_tcp tcp);
void peer_stop(struct peer *peer);
bool peer_can_send_raw(void);
