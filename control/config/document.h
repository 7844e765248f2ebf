// A file of YAML, read once: what is judged, what is loaded and the lines that errors name are of
// the same moment. Private to this folder.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document;
struct yaml_document_s;

#define DOCUMENT_MAX_BYTES (16u << 20)

// NULL with "FILE:LINE: sentence" in err. The path may be a pipe.
struct document *document_read(const char *path, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
void document_free(struct document *document);

// The pointers live as long as the document.
const char *document_file(const struct document *document) __attribute__((nonnull));
const uint8_t *document_text(const struct document *document, size_t *len) __attribute__((nonnull));
struct yaml_document_s *document_tree(const struct document *document) __attribute__((nonnull));

// Line of the value at a path such as "service.addresses[1]", or of its nearest parent that is in
// the file.
unsigned document_line(const struct document *document, const char *path) __attribute__((nonnull));
// Whether something stands at the path: libcyaml's lists are NULL both where they are empty and
// where there are none.
bool document_has(const struct document *document, const char *path) __attribute__((nonnull));
