#include "bench/heap.h"

#include <openssl/crypto.h>

#include <stdatomic.h>
#include <stdlib.h>

// glibc's own functions under their other names.
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void __libc_free(void *block);

static _Atomic uint64_t own, openssl;

void *malloc(size_t bytes)
{
	atomic_fetch_add_explicit(&own, 1, memory_order_relaxed);
	return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	atomic_fetch_add_explicit(&own, 1, memory_order_relaxed);
	return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
	atomic_fetch_add_explicit(&own, 1, memory_order_relaxed);
	return __libc_realloc(block, bytes);
}

static void *openssl_malloc(size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	atomic_fetch_add_explicit(&openssl, 1, memory_order_relaxed);
	return __libc_malloc(bytes);
}

static void *openssl_realloc(void *block, size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	atomic_fetch_add_explicit(&openssl, 1, memory_order_relaxed);
	return __libc_realloc(block, bytes);
}

static void openssl_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	__libc_free(block);
}

void heap_count(struct heap *out)
{
	out->own = atomic_load_explicit(&own, memory_order_relaxed);
	out->openssl = atomic_load_explicit(&openssl, memory_order_relaxed);
}

bool heap_watch_openssl(void)
{
	return CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}
