// How long a failure is remembered (RFC 9520): at least a second, twice as long each time, at most
// five minutes. The FAILURE entries themselves stand in the cache; this remembers
// how often in a row.
//
// Thread: control.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAILURE_TTL_MIN_S   1
#define FAILURE_TTL_MAX_S   300
#define FAILURE_TTL_OWN_S   1  // budget, overload: held against nobody
#define FAILURE_TTL_BOGUS_S 60 // at most
#define FAILURE_TTL_DS_S    5  // unreachable
#define FAILURE_TTL_NAME_S  5  // of one name, whose zone answers well

struct failure_table;
struct failure_table *failure_table_new(void) __attribute__((warn_unused_result));
void failure_table_free(struct failure_table *table);
// Life of a failure of the question with that hash which happens now. Doubles when the last one
// ended less than its own length ago; at most max_s.
uint32_t failure_backoff(struct failure_table *table, uint64_t hash, uint64_t now_ms,
			 uint32_t max_s) __attribute__((nonnull));
// Whether the last one is to be remembered still. *made_ms: when it happened.
bool failure_holds(const struct failure_table *table, uint64_t hash, uint64_t now_ms,
		   uint64_t *made_ms) __attribute__((nonnull));
uint64_t failure_until(const struct failure_table *table, uint64_t hash)
	__attribute__((nonnull, pure)); // 0: none
void failure_over(struct failure_table *table, uint64_t hash) __attribute__((nonnull));
void failure_forget_all(struct failure_table *table) __attribute__((nonnull));
// Life of the next failure: `count` in a row came before.
uint32_t failure_ttl_s(unsigned count);
