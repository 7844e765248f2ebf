#include "dataplane/cache/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define HUGEPAGE_BYTES ((size_t)2 << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14
#endif

// A piece that is asked for at once. For as long the kernel lets no other thread map memory, which
// the start does hundreds of times: it pauses about as long as it worked.
#define PIECE_BYTES ((size_t)2 << 20)
#define PAUSE_NS    2000000
#define NICE        10 // who answers questions comes first

struct filler {
	pthread_t thread;
	uint8_t *from, *end;
	_Atomic int error; // negative errno
	_Atomic bool stop, done;
};

// Asks the kernel for all pages now: an error here is a sentence at start, later it
// would be a SIGBUS or the OOM killer on a busy resolver.
static int populate(uint8_t *base, size_t bytes)
{
	return madvise(base, bytes, MADV_POPULATE_WRITE) == 0 ? 0 : -errno;
}

// On a kernel that cannot be asked. Whatever stands there is lost.
static void touch(uint8_t *base, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t off = 0; off < bytes; off += page)
		*(volatile uint8_t *)(base + off) = 0;
}

static void *fill(void *arg)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct filler *filler = arg;
	int error = 0;

	// Of this thread alone.
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	for (uint8_t *at = filler->from; at < filler->end && error == 0; at += PIECE_BYTES) {
		size_t left = (size_t)(filler->end - at);

		if (atomic_load_explicit(&filler->stop, memory_order_relaxed))
			break;
		error = populate(at, left < PIECE_BYTES ? left : PIECE_BYTES);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	atomic_store_explicit(&filler->error, error, memory_order_relaxed);
	// Release: partner of the acquire in reservation_filled().
	atomic_store_explicit(&filler->done, true, memory_order_release);
	return NULL;
}

static int fill_rest(struct reservation *reservation, size_t from)
{
	struct filler *filler = calloc(1, sizeof(*filler));

	if (filler == NULL)
		return -ENOMEM;
	filler->from = reservation->base + from;
	filler->end = reservation->base + reservation->bytes;
	int rc = pthread_create(&filler->thread, NULL, fill, filler);
	if (rc != 0) {
		free(filler);
		return -rc;
	}
	(void)pthread_setname_np(filler->thread, "assay-memory");
	reservation->filler = filler;
	return 0;
}

static int make_present(struct reservation *reservation)
{
	size_t first = reservation->bytes;

	if (first > RESERVATION_AT_ONCE)
		first = RESERVATION_AT_ONCE;
	int rc = populate(reservation->base, first);
	if (rc == -EINVAL) {
		touch(reservation->base, reservation->bytes);
		return 0;
	}
	return rc == 0 && first < reservation->bytes ? fill_rest(reservation, first) : rc;
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
	*reservation = (struct reservation){
		.base = base, .bytes = bytes, .hugepages = (flags & MAP_HUGETLB) != 0};
	int rc = make_present(reservation);
	if (rc < 0) {
		munmap(base, bytes);
		*reservation = (struct reservation){0};
	}
	return rc;
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

int reservation_failed(const struct reservation *reservation)
{
	return reservation->filler != NULL
		       ? atomic_load_explicit(&reservation->filler->error, memory_order_relaxed)
		       : 0;
}

bool reservation_filled(const struct reservation *reservation)
{
	return reservation->filler == NULL ||
	       atomic_load_explicit(&reservation->filler->done, memory_order_acquire);
}

void reservation_end(struct reservation *reservation)
{
	if (reservation->filler != NULL) {
		atomic_store_explicit(&reservation->filler->stop, true, memory_order_relaxed);
		pthread_join(reservation->filler->thread, NULL);
		free(reservation->filler);
	}
	if (reservation->base != NULL)
		munmap(reservation->base, reservation->bytes);
	*reservation = (struct reservation){0};
}
