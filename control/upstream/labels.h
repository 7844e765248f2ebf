// What fails together by an operator's word: labels of prefixes, which stand above what addresses
// and names tell (domain.h). The longest prefix that holds an address counts.
//
// Built once, then immutable. Thread: any.
#pragma once

#include "dataplane/store.h" // struct address

#include <stddef.h>
#include <stdint.h>

#define LABELS_MAX 65536 // prefixes
#define LABEL_MAX  64    // with its NUL

struct labels;
struct labels *labels_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void labels_free(struct labels *labels);
// The bits below the prefix are 0, label is shorter than LABEL_MAX, line is what is named when
// the prefix stands there twice. 0, -E2BIG or -ENOMEM.
int labels_add(struct labels *labels, const struct address *prefix, unsigned prefix_len,
	       const char *label, unsigned line) __attribute__((nonnull, warn_unused_result));
// After the last one. 0, or the line of a prefix that has been there before.
unsigned labels_settle(struct labels *labels) __attribute__((nonnull, warn_unused_result));
// NULL: no prefix holds it, or labels is NULL. Lives as long as the labels.
const char *labels_find(const struct labels *labels, const struct address *address)
	__attribute__((nonnull(2), pure));
