// TCP/53 for clients (RFC 7766, RFC 9210, RFC 7828): the service addresses on the host's own stack,
// behind the exception path; the same query, look-up and answer code as the packets.
//
// Thread: control.
#pragma once

#include "dataplane/store.h"

#include <stddef.h>
#include <stdint.h>

struct uv_loop_s;
struct listener;

// Starts a resolution; done(done_arg, result) is called once, later, with a reference to the
// result; non-zero: cannot now (SERVFAIL is sent).
typedef int (*listener_ask)(void *arg, const struct ticket_question *question,
			    void (*done)(void *done_arg, struct store_result *result),
			    void *done_arg);

#define LISTENER_CONNECTIONS_MAX 1024
#define LISTENER_IDLE_MS         10000 // shrinks to a tenth when connections run short
#define LISTENER_PIPELINE_MAX    16    // questions under way of one connection; more are not read
// Bytes of unread answers: beyond, who has not read the former answer is closed instead of being
// sent another.
#define LISTENER_UNSENT_MAX (64u << 20)

// Binds every address, even before it is up (IP_FREEBIND); port 0: the kernel chooses one per
// address. NULL with a sentence in err.
struct listener *listener_open(struct uv_loop_s *loop, struct store *store,
			       const struct service_addresses *addresses, uint16_t port,
			       listener_ask ask, void *arg, char *err, size_t err_len)
	__attribute__((nonnull(1, 2, 3, 5, 7), warn_unused_result));
// Closes everything; results under way are given back to the store when they come, which must be
// before it ends. The loop must run once more.
void listener_close(struct listener *listener);
void listener_counters(const struct listener *listener,
		       void (*visit)(const char *name, const char *words, uint64_t value,
				     void *arg),
		       void *arg) __attribute__((nonnull(1, 2)));
