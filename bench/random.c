#include "bench/random.h"

#include <math.h>
#include <stdlib.h>

struct zipf {
	size_t n;
	double sums[]; // of the weights of ranks [0, i]
};

struct zipf *zipf_new(size_t n, double s)
{
	struct zipf *zipf = malloc(sizeof(*zipf) + n * sizeof(zipf->sums[0]));
	double sum = 0;

	if (zipf == NULL)
		return NULL;
	zipf->n = n;
	for (size_t i = 0; i < n; i++) {
		sum += pow((double)(i + 1), -s);
		zipf->sums[i] = sum;
	}
	return zipf;
}

void zipf_free(struct zipf *zipf)
{
	free(zipf);
}

size_t zipf_draw(const struct zipf *zipf, uint64_t *state)
{
	double wanted = (double)(random_next(state) >> 11) * 0x1p-53 * zipf->sums[zipf->n - 1];
	size_t low = 0, high = zipf->n - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (zipf->sums[middle] > wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
