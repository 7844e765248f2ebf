// A page in the text format of Prometheus: samples in families, of which one with several samples
// (ports, alarms) tells them apart by labels. Families stand in the order in which they began.
//
// Thread: one at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_MAX      (1u << 20) // bytes; what does not fit is left out, family by family
#define PAGE_SAMPLES  16384
#define PAGE_NAME_MAX 128

struct page;

struct page *page_new(void) __attribute__((warn_unused_result)); // NULL: no memory
void page_free(struct page *page);
void page_clear(struct page *page) __attribute__((nonnull));
// name: "port.0.rx_bytes" is the sample with the label port="0" of the family assay_port_rx_bytes.
// words: the family's, at its first sample; both are copied. labels: more of them, `a="b",c="d"`,
// or "". gauge: it goes up and down.
void page_add(struct page *page, const char *name, const char *words, const char *labels,
	      uint64_t value, bool gauge) __attribute__((nonnull));
// The text, whole; good until the page is cleared. *len: its length.
const char *page_text(struct page *page, size_t *len) __attribute__((nonnull));
