// Which source port a question to a server has must not be told to anybody (ATTACKS A5, SAD DNS).
// The kernel answers a packet to a closed port with ICMP, and one to an open port, written in the
// server's own name, with nothing; the limit on its ICMP errors, which all destinations share,
// tells even third parties. A table of nftables of our own drops those errors where they leave,
// towards everybody: port unreachable, and protocol unreachable, which draws on the same limit.
#pragma once

#include "dataplane/store.h" // struct address

#include <stdbool.h>
#include <stddef.h>

#define SILENCE_SOURCES_MAX 2

// Errors that leave by the interface, or from one of the sources.
struct silence_scope {
	const char *interface; // "" : none
	const char *port; // what tells this process's table from that of others with the same scope
	struct address sources[SILENCE_SOURCES_MAX]; // family 0: none
};

// Without an interface and a source nothing can be told apart from the rest of the host.
bool silence_has_scope(const struct silence_scope *scope) __attribute__((nonnull, pure));
// Replaces a table that a dead process left for the same interface, or source where there is none,
// and the same port.
// 0, or -errno with a sentence.
int silence_begin(const struct silence_scope *scope, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
// 1: the table is there, with rules; 0: it is not; -errno: that cannot be seen.
int silence_holds(const struct silence_scope *scope) __attribute__((nonnull, warn_unused_result));
// No table, or no nft, is no error.
void silence_end(const struct silence_scope *scope) __attribute__((nonnull));
