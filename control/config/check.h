// What a file may say, judged before libcyaml converts it: kinds, keys, words and bounds. libcyaml
// alone takes any word for a boolean and any number behind a digit. Private to this folder.
//
// Of YAML 1.2 (core schema): a boolean is a plain true or false, a number plain decimal digits;
// what stands in quotes is text. Nothing is null.
#pragma once

#include "control/config/document.h"
#include "control/config/errors.h"
#include "control/config/repair.h"

#include <cyaml/cyaml.h>

#include <stdbool.h>

// Every fault goes to errors, and into repairs what takes it out. False: nothing would be left.
bool check_document(const struct document *document, const cyaml_schema_value_t *schema,
		    struct config_errors *errors, struct repairs *repairs)
	__attribute__((nonnull, warn_unused_result));
