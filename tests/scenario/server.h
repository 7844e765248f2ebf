// What a scripted server replies.
#pragma once

#include "tests/scenario/network.h"

void server_read_query(const uint8_t *data, size_t len, struct network_query *out);
// query_bytes: as received (its ID and question are echoed). Returns 0 for silence.
size_t server_reply(const struct network_server *server, const struct network_query *query,
		    const struct fault *fault, const uint8_t *query_bytes, size_t query_len,
		    uint8_t out[65535]);
