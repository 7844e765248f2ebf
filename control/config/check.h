// What a file may say, judged before libcyaml converts it: kinds, keys, words and bounds. libcyaml
// alone takes any word for a boolean and any number behind a digit. Private to this folder.
//
// Of YAML 1.2 (core schema): a boolean is a plain true or false, a number plain decimal digits;
// what stands in quotes is text. Nothing is null.
#pragma once

#include "control/config/document.h"

#include <cyaml/cyaml.h>

#include <stdbool.h>

// False with "FILE:LINE: PATH: sentence" in err, about the first error.
bool check_document(const struct document *document, const cyaml_schema_value_t *schema, char *err,
		    size_t err_len) __attribute__((nonnull, warn_unused_result));
