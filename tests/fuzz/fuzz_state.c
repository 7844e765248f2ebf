// state_text_read(): whatever stands in the file, what comes out is well-formed RRsets that say no
// more than the text does, and what is written from them is read back as the same.
#include "control/validator/state_text.h"
#include "crypto/batch.h"
#include "dataplane/dns/types.h"
#include "tests/fuzz/check.h"

#include <string.h>

struct taken {
	struct trust_points *points;
	size_t count;
};

static void take(const struct rrset *rrset, int64_t at_s, void *arg)
{
	struct taken *taken = arg;

	taken->count++;
	CHECK(rrset->type == TYPE_DNSKEY && rrset->class_ == CLASS_IN);
	CHECK(rrset->count > 0 && rrset->rrsig_count > 0);
	CHECK(name_len(rrset->owner) <= NAME_MAX_LEN);
	for (size_t i = 0; i < rrset->count; i++) {
		struct rdata_dnskey key;
		CHECK(rdata_dnskey(rrset->rdatas[i].data, rrset->rdatas[i].len, &key));
	}
	for (size_t i = 0; i < rrset->rrsig_count; i++) {
		struct rdata_rrsig rrsig;
		CHECK(rdata_rrsig(rrset->rrsigs[i].data, rrset->rrsigs[i].len, &rrsig));
		CHECK(rrsig.covered == TYPE_DNSKEY);
	}
	if (taken->points != NULL)
		trust_points_restore(taken->points, rrset, at_s);
}

static void count(const struct rrset *rrset, int64_t at_s, void *arg)
{
	(void)rrset, (void)at_s;
	++*(size_t *)arg;
}

// The root's built-in anchor, which no file can have signed for.
static struct trust_points *points_new(struct trust *trust)
{
	static const struct trust_points_config config = {.inception_skew_s = 3600};
	static const uint8_t ds[36] = {0x4f, 0x66, 8, 2, 0xe0, 0x6d, 0x44, 0xb8, 0x0b};
	struct trust_points *points = trust_points_new(trust, &config);

	CHECK(points != NULL);
	CHECK(trust_points_add(points, (const uint8_t *)"", TYPE_DS, ds, sizeof(ds), true) == 0);
	return points;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct trust_config config = {.inception_skew_s = 3600};
	struct batch *batch = batch_new(&(struct batch_config){0});
	struct trust *trust = batch != NULL ? trust_new(&config, batch) : NULL;
	char err[STATE_ERROR_MAX] = "";
	uint16_t tags[4];

	CHECK(trust != NULL);
	struct taken taken = {.points = points_new(trust)};
	if (state_text_read((const char *)data, size, take, &taken, err) != 0) {
		CHECK(taken.count == 0);
		CHECK(err[0] >= '1' && err[0] <= '9' && strlen(err) < STATE_ERROR_MAX);
	}
	trust_points_begin(taken.points, 1, 1795478400);
	CHECK(trust_points_tags(taken.points, (const uint8_t *)"", tags, 4) == 1 &&
	      tags[0] == 20326);
	char *text = state_text_write(taken.points, 1795478400);
	size_t again = 0;
	CHECK(text != NULL);
	CHECK(state_text_read(text, strlen(text), count, &again, err) == 0);
	free(text);
	trust_points_free(taken.points);
	trust_free(trust);
	batch_free(batch);
	return 0;
}
