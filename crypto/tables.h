// Tables for the keys that verify most: made one at a time by a thread of their own, so that
// neither control nor a worker waits for one.
//
// Thread: control, but for the thread that makes them.
#pragma once

#include "crypto/key.h"

#include <stdint.h>

#define TABLES_MAX  64  // at once, about 10 MiB
#define TABLE_AFTER 500 // verifications: a table costs what another thousand save

struct tables;
// after: verifications, 0: TABLE_AFTER. NULL: no memory, or no thread.
struct tables *tables_new(unsigned after) __attribute__((warn_unused_result));
void tables_stop(struct tables *tables); // lets go of all keys, before they are freed
void tables_free(struct tables *tables); // when they have been

// The key has verified a signature once more: if it is its turn, its table is made.
void tables_count(struct tables *tables, struct key *key) __attribute__((nonnull));
// Gives the keys what has been made.
void tables_take(struct tables *tables) __attribute__((nonnull));
uint64_t tables_made(const struct tables *tables) __attribute__((nonnull, pure));
