// Which names were denied lately: what is asked for again is kept for itself. Thread: control.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct denied_names;
struct denied_names *denied_names_new(void) __attribute__((warn_unused_result));
void denied_names_free(struct denied_names *names);
// Whether the name with this hash is among them; it is from now on. Sometimes forgets, hardly ever
// mistakes one for another.
bool denied_names_seen(struct denied_names *names, uint64_t hash) __attribute__((nonnull));
