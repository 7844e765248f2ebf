// What the files of the signer share.
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

// Not assert(): it must also hold where NDEBUG is set.
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

void *signer_alloc(size_t size); // zeroed
