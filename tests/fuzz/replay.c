// Runs a harness over every file of a directory, so that seeds and past crashes are part
// of every test run. Usage: fuzz_NAME SEED-DIRECTORY
#include "tests/fuzz/check.h"

#include <dirent.h>
#include <string.h>

#define SEED_MAX (1 << 20)

static int replay(const char *dir, const char *file)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	FILE *f = fopen(path, "rb");
	uint8_t *whole = malloc(SEED_MAX);
	if (f == NULL || whole == NULL) {
		perror(path);
		free(whole);
		return -1;
	}
	size_t size = fread(whole, 1, SEED_MAX, f);
	fclose(f);
	// A block of just this size, for sanitizers to see what reads past it.
	uint8_t *data = malloc(size > 0 ? size : 1);
	if (data != NULL) {
		memcpy(data, whole, size);
		fprintf(stderr, "%s: %zu bytes\n", file, size);
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	free(whole);
	return data != NULL ? 0 : -1;
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned count = 0;
	int rc = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s seed-directory\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		rc = replay(argv[1], entry->d_name);
		count++;
	}
	closedir(dir);
	if (rc == 0 && count == 0)
		fprintf(stderr, "%s: no seeds\n", argv[1]);
	return rc == 0 && count > 0 ? 0 : 1;
}
