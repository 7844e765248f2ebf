#include "dataplane/cache/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGEPAGE_BYTES ((size_t)2 << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14
#endif

// Asks the kernel for all pages now: an error here is a sentence at start, later it
// would be a SIGBUS or the OOM killer on a busy resolver.
static int populate(uint8_t *base, size_t bytes)
{
	if (madvise(base, bytes, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t off = 0; off < bytes; off += page)
		*(volatile uint8_t *)(base + off) = 0;
	return 0;
}

static int map(struct reservation *reservation, size_t bytes, int flags)
{
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			  -1, 0);
	if (base == MAP_FAILED)
		return -errno;
	if ((flags & MAP_HUGETLB) == 0)
		(void)madvise(base, bytes, MADV_HUGEPAGE); // a wish
	(void)madvise(base, bytes, MADV_DONTDUMP);
	int rc = populate(base, bytes);
	if (rc < 0) {
		munmap(base, bytes);
		return rc;
	}
	*reservation = (struct reservation){
		.base = base, .bytes = bytes, .hugepages = (flags & MAP_HUGETLB) != 0};
	return 0;
}

static int map_hugepages(struct reservation *reservation, size_t bytes, char *err, size_t err_len)
{
	int rc = map(reservation, bytes / HUGEPAGE_BYTES * HUGEPAGE_BYTES, MAP_HUGETLB);

	if (rc < 0)
		snprintf(err, err_len,
			 "cannot reserve %zu MiB for the cache in hugepages of 2 MiB: %s; reserve "
			 "more "
			 "(sysctl vm.nr_hugepages), or let memory.hugepages be auto",
			 bytes >> 20, strerror(-rc));
	return rc;
}

int reservation_make(struct reservation *reservation, size_t bytes, enum reservation_pages pages,
		     char *err, size_t err_len)
{
	if (pages == PAGES_HUGE_ONLY)
		return map_hugepages(reservation, bytes, err, err_len);
	if (pages == PAGES_HUGE_FIRST && bytes >= HUGEPAGE_BYTES &&
	    map_hugepages(reservation, bytes, err, err_len) == 0)
		return 0;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int rc = map(reservation, bytes / page * page, 0);
	if (rc < 0) {
		snprintf(err, err_len,
			 "cannot reserve %zu MiB for the cache: %s; configure less cache memory",
			 bytes >> 20, strerror(-rc));
	}
	return rc;
}

void reservation_end(struct reservation *reservation)
{
	if (reservation->base != NULL)
		munmap(reservation->base, reservation->bytes);
	*reservation = (struct reservation){0};
}
