#include "control/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int clock_open(struct clock *clock, const char *test_clock)
{
	struct stat info;
	void *map;
	int fd;

	clock->build_s = ASSAY_RELEASE_DATE;
	clock->test_offset_s = NULL;
	clock->last_offset_s = clock->aged_s = 0;
	if (test_clock[0] == '\0')
		return 0;
	fd = open(test_clock, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &info) != 0 || info.st_size < (off_t)sizeof(int64_t)) {
		close(fd);
		return -EINVAL;
	}
	map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	clock->test_offset_s = map;
	clock->last_offset_s = __atomic_load_n(clock->test_offset_s, __ATOMIC_RELAXED);
	clock->build_s = 0; // a test may live in any year
	return 0;
}

void clock_close(struct clock *clock)
{
	void *map = (void *)(uintptr_t)clock->test_offset_s;

	if (map)
		munmap(map, sizeof(int64_t));
	clock->test_offset_s = NULL;
}

// The date may be any and go either way, but only what passes after the start ages the cache.
static int64_t test_offset(struct clock *clock)
{
	int64_t offset_s;

	if (!clock->test_offset_s)
		return 0;
	offset_s = __atomic_load_n(clock->test_offset_s, __ATOMIC_RELAXED);
	if (offset_s > clock->last_offset_s)
		clock->aged_s += offset_s - clock->last_offset_s;
	clock->last_offset_s = offset_s;
	return offset_s;
}

void clock_read(struct clock *clock, struct store_clock *out)
{
	struct timespec monotonic, wall;
	int64_t offset_s = test_offset(clock);

	// Goes on while the machine is suspended: what was cached before has aged by that time.
	clock_gettime(CLOCK_BOOTTIME, &monotonic);
	clock_gettime(CLOCK_REALTIME, &wall);
	out->now_ms = (uint64_t)monotonic.tv_sec * 1000 + (uint64_t)monotonic.tv_nsec / 1000000;
	out->now_ms += (uint64_t)clock->aged_s * 1000;
	out->now_s = wall.tv_sec + offset_s;
	out->trusted = out->now_s >= clock->build_s;
}
