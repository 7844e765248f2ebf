// What check.c refuses is taken out of a copy of the file, so that the rest can be judged, too.
// Private to this folder.
#pragma once

#include "control/config/document.h"

#include <cyaml/cyaml.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct repair {
	int node;    // of the mapping or list
	size_t slot; // of the pair or entry; REPAIR_ADD: a pair more
	const char *key;
	const cyaml_schema_value_t *filler; // what stands there instead; NULL: nothing
};
#define REPAIR_ADD SIZE_MAX

struct repairs {
	struct repair *list;
	size_t count;
	bool failed; // no memory
};

// The key lives as long as the schema.
void repairs_add(struct repairs *repairs, struct repair repair) __attribute__((nonnull));
void repairs_free(struct repairs *repairs) __attribute__((nonnull));
// The document's text with them: what libcyaml takes, and no value in it that a fault is known of
// means anything. NULL: no memory. To be freed.
uint8_t *repairs_apply(const struct repairs *repairs, const struct document *document, size_t *len)
	__attribute__((nonnull, warn_unused_result));
