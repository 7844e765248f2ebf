#include "control/validator/time.h"
#include "tests/unit/crypto/unit.h"

#define YEAR_S 31557600ll

static enum signature_time at(int64_t now_s, int64_t inception, int64_t expiration,
			      uint32_t skew_in, uint32_t skew_out, int64_t *expires_s)
{
	struct rdata_rrsig rrsig = {
		.inception = (uint32_t)inception,
		.expiration = (uint32_t)expiration,
	};

	return signature_time(&rrsig, now_s, skew_in, skew_out, expires_s);
}

// ATTACKS B11
static void b11_validity_is_judged_by_serial_numbers_over_forty_years(void **state)
{
	int64_t expires_s;

	(void)state;
	for (int64_t now = 1790000000 - 40 * YEAR_S; now < 1790000000 + 100 * YEAR_S;
	     now += YEAR_S / 7) {
		assert_int_equal(at(now, now - 10, now + 10, 0, 0, &expires_s), TIME_VALID);
		assert_int_equal(expires_s, now + 10);
		assert_int_equal(at(now, now, now, 0, 0, &expires_s), TIME_VALID);
		assert_int_equal(at(now, now - 10, now - 1, 0, 0, &expires_s), TIME_EXPIRED);
		assert_int_equal(at(now, now + 1, now + 10, 0, 0, &expires_s), TIME_NOT_YET);
		assert_int_equal(at(now, now + 10, now - 10, 0, 0, &expires_s), TIME_REVERSED);
		// Up to 68 years are before, not after.
		assert_int_equal(at(now, now - 60 * YEAR_S, now + 7 * YEAR_S, 0, 0, &expires_s),
				 TIME_VALID);
		assert_int_equal(at(now, now - 60 * YEAR_S, now - 30 * YEAR_S, 0, 0, &expires_s),
				 TIME_EXPIRED);
	}
}

static void b11_tolerances_have_sharp_ends(void **state)
{
	int64_t expires_s, now = 1790000000;

	(void)state;
	assert_int_equal(at(now, now + 3600, now + 9999, 3600, 0, &expires_s), TIME_VALID);
	assert_int_equal(at(now, now + 3601, now + 9999, 3600, 0, &expires_s), TIME_NOT_YET);
	assert_int_equal(at(now, now - 9999, now - 60, 3600, 60, &expires_s), TIME_TOLERATED);
	assert_int_equal(expires_s, now);
	assert_int_equal(at(now, now - 9999, now - 61, 3600, 60, &expires_s), TIME_EXPIRED);
	assert_int_equal(at(now, now - 9999, now, 3600, 60, &expires_s), TIME_VALID);
	assert_int_equal(expires_s, now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b11_validity_is_judged_by_serial_numbers_over_forty_years),
		cmocka_unit_test(b11_tolerances_have_sharp_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
