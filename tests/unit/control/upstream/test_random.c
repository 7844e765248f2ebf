// ATTACKS A3: what forgers would have to guess. Bounds are such that a good generator fails less
// than once in 1e9 runs.
#include "control/upstream/random.h"
#include "tests/unit/control/upstream/script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS 1000000

// Chi-square of uniform counts is near normal with mean k-1 and variance 2(k-1); 7 sigma each way.
static void assert_uniform(const unsigned *counts, size_t cells, double draws)
{
	double expected = draws / (double)cells, chi = 0;
	double mean = (double)cells - 1, sigma = sqrt(2 * mean);

	for (size_t i = 0; i < cells; i++)
		chi += (counts[i] - expected) * (counts[i] - expected) / expected;
	assert_true(chi > mean - 7 * sigma);
	assert_true(chi < mean + 7 * sigma);
}

static void a3_ids_fill_all_sixteen_bits(void **state)
{
	unsigned *counts = calloc(65536, sizeof(*counts));
	unsigned seen = 0;
	struct random random;

	(void)state;
	random_open(&random);
	for (unsigned i = 0; i < DRAWS; i++) {
		uint16_t id;

		random_bytes(&random, &id, sizeof(id));
		counts[id]++;
	}
	for (unsigned i = 0; i < 65536; i++)
		seen += counts[i] > 0;
	// 1e6 draws leave 65536 e^-15.26 = 0.015 values out; more than 8 has a chance below 1e-18.
	assert_true(seen >= 65536 - 8);
	assert_uniform(counts, 65536, DRAWS);
	free(counts);
}

static void a3_each_id_says_nothing_about_the_next(void **state)
{
	unsigned *pairs = calloc(65536, sizeof(*pairs));
	struct random random;
	uint16_t before = 0, id;

	(void)state;
	random_open(&random);
	for (unsigned i = 0; i <= DRAWS; i++) {
		random_bytes(&random, &id, sizeof(id));
		if (i > 0)
			pairs[(before & 0xff) << 8 | (id & 0xff)]++;
		before = id;
	}
	assert_uniform(pairs, 65536, DRAWS);
	free(pairs);
}

static void a4_range_is_uniform_with_both_ends(void **state)
{
	unsigned *counts = calloc(64512, sizeof(*counts));
	struct random random;

	(void)state;
	random_open(&random);
	for (unsigned i = 0; i < DRAWS; i++) {
		uint16_t port = random_between(&random, 1024, 65535);

		assert_true(port >= 1024);
		counts[port - 1024]++;
	}
	assert_uniform(counts, 64512, DRAWS);
	free(counts);
}

// A span that does not divide 65536: without rejection 5 of 8 draws fall into the lower half.
static void odd_span_is_not_skewed(void **state)
{
	unsigned halves[2] = {0};
	struct random random;

	(void)state;
	random_open(&random);
	for (unsigned i = 0; i < 200000; i++)
		halves[random_between(&random, 0, 49151) / 24576]++;
	assert_true(abs((int)halves[0] - 100000) < 7 * 224); // sigma = sqrt(200000) / 2
}

static void bytes_given_out_are_wiped(void **state)
{
	static const uint8_t zeros[64];
	struct random random;
	uint8_t out[64];

	(void)state;
	random_open(&random);
	random_bytes(&random, out, sizeof(out));
	assert_memory_equal(random.bytes, zeros, sizeof(zeros));
	assert_memory_not_equal(out, zeros, sizeof(out));
}

static void long_requests_cross_the_buffer(void **state)
{
	uint8_t out[5000];
	struct random random;
	unsigned zeros = 0;

	(void)state;
	random_open(&random);
	random_bytes(&random, out, 7);
	memset(out, 0, sizeof(out));
	random_bytes(&random, out, sizeof(out));
	for (size_t i = 0; i < sizeof(out); i++)
		zeros += out[i] == 0;
	assert_true(zeros < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a3_ids_fill_all_sixteen_bits),
		cmocka_unit_test(a3_each_id_says_nothing_about_the_next),
		cmocka_unit_test(a4_range_is_uniform_with_both_ends),
		cmocka_unit_test(odd_span_is_not_skewed),
		cmocka_unit_test(bytes_given_out_are_wiped),
		cmocka_unit_test(long_requests_cross_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
