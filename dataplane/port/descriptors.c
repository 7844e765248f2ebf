#include "dataplane/port/descriptors.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool is_of(int fd, int domain)
{
	int its = 0;
	socklen_t len = sizeof its;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &its, &len) == 0 && its == domain;
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void descriptors_find(int domain, struct descriptors *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	out->count = 0;
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || !is_of(atoi(entry->d_name), domain))
			continue;
		if (out->count == DESCRIPTORS_FOUND_MAX) {
			out->count = 0;
			break;
		}
		out->list[out->count++] = atoi(entry->d_name);
	}
	closedir(dir);
	qsort(out->list, out->count, sizeof out->list[0], ascending);
}

void descriptors_new(const struct descriptors *before, const struct descriptors *now,
		     struct descriptors *out)
{
	size_t old = 0;

	out->count = 0;
	for (size_t i = 0; i < now->count; i++) {
		while (old < before->count && before->list[old] < now->list[i])
			old++;
		if (old == before->count || before->list[old] != now->list[i])
			out->list[out->count++] = now->list[i];
	}
}
