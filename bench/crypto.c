// Verification through crypto/batch against the bare primitive of the same OpenSSL.
//
//   bench_crypto [share=N] [rounds=N]
//
// share: so many hundredths of the usual number of signatures. Prints a line of JSON for each
// algorithm: rates per second of CPU time, one number a round, bare and through the batch by
// turns; and one for the crypto workers, per second of wall time.
#include "bench/heap.h"
#include "bench/moment.h"
#include "bench/names.h"
#include "bench/option.h"
#include "crypto/batch.h"
#include "crypto/digest.h"
#include "crypto/signed_data.h"
#include "dataplane/dns/types.h"
#include "tests/unit/control/validator/signer.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <inttypes.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM       64  // signatures that make the batch warm, and that a turn collects
#define LIMIT_US   200 // a turn's
#define ROUNDS_MAX 16
#define FLIGHT_MAX 512 // signatures handed to the workers

static const struct kind {
	const char *name;
	uint8_t algorithm;
	unsigned count; // about 0.1 s of work
	bool table;     // the key has its table (crypto/p256.h); otherwise it never gets one
} kinds[] = {
	{"rsa2048", 8, 2048, false}, {"p256", 13, 2048, false},    {"p256_table", 13, 2048, true},
	{"p384", 14, 192, false},    {"ed25519", 15, 1024, false},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct sample {
	struct rrset *rrset; // with its RRSIG
	// What the bare primitive takes.
	uint8_t digest[DIGEST_MAX];
	size_t digest_len;
	uint8_t *message;
	size_t message_len;
	uint8_t signature[1024];
	size_t signature_len;
};

struct bench {
	const struct kind *kind;
	struct signer_key *key;
	struct sample *samples;
	unsigned count;
	EVP_PKEY *public;
	EVP_PKEY_CTX *context;
	EVP_MD_CTX *md_context;
	unsigned good; // of this round
};

// ---- samples ----

static size_t ecdsa_der(const uint8_t *raw, size_t len, uint8_t out[1024])
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	uint8_t *p = out;

	if (pair == NULL || ECDSA_SIG_set0(pair, BN_bin2bn(raw, (int)len / 2, NULL),
					   BN_bin2bn(raw + len / 2, (int)len / 2, NULL)) != 1)
		fail("signature", "no memory");
	int der_len = i2d_ECDSA_SIG(pair, &p);
	ECDSA_SIG_free(pair);
	return (size_t)der_len;
}

static void prepare(struct bench *bench, struct sample *sample)
{
	const struct algorithm *algorithm = algorithm_of(bench->kind->algorithm);
	struct digester *digester = digester_new();
	struct signed_data data = {0};
	const struct rdata *rdata = &sample->rrset->rrsigs[0];
	struct rdata_rrsig rrsig;

	if (digester == NULL || !rdata_rrsig(rdata->data, rdata->len, &rrsig) ||
	    signed_data_build(&data, sample->rrset, rdata->data, &rrsig) < 0)
		fail("signed data", "cannot be built");
	if (algorithm->md != NULL) {
		sample->digest_len =
			digester_sum(digester, algorithm->md, data.bytes, data.len, sample->digest);
	} else {
		sample->message = malloc(data.len);
		memcpy(sample->message, data.bytes, data.len);
		sample->message_len = data.len;
	}
	if (algorithm->kind == ALGORITHM_ECDSA) {
		sample->signature_len =
			ecdsa_der(rrsig.signature, rrsig.signature_len, sample->signature);
	} else {
		memcpy(sample->signature, rrsig.signature, rrsig.signature_len);
		sample->signature_len = rrsig.signature_len;
	}
	signed_data_free(&data);
	digester_free(digester);
}

static void make_samples(struct bench *bench)
{
	static const struct signer_options plain;

	bench->key = signer_key_new(bench->kind->algorithm, 0, 256);
	bench->samples = calloc(bench->count, sizeof(bench->samples[0]));
	if (bench->samples == NULL)
		fail("samples", "no memory");
	for (unsigned i = 0; i < bench->count; i++) {
		uint8_t name[NAME_MAX_LEN];
		uint32_t address = bench_address(i);
		const struct rdata rdata = {(const uint8_t *)&address, 4};

		bench_name(i, name);
		struct rrset *plain_rrset = signer_rrset_wire(name, TYPE_A, 3600, &rdata, 1);
		bench->samples[i].rrset =
			signer_sign(plain_rrset, bench->key, name_skip(name, 1), &plain);
		rrset_free(plain_rrset);
		prepare(bench, &bench->samples[i]);
	}
}

// The public half alone, as a resolver has it.
static void make_public(struct bench *bench)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(bench->key->pair, &der);
	const uint8_t *p = der;

	bench->public = d2i_PUBKEY(NULL, &p, len);
	OPENSSL_free(der);
	const struct algorithm *algorithm = algorithm_of(bench->kind->algorithm);
	if (algorithm->kind == ALGORITHM_EDDSA) {
		bench->md_context = EVP_MD_CTX_new();
		return;
	}
	bench->context = EVP_PKEY_CTX_new_from_pkey(NULL, bench->public, NULL);
	if (EVP_PKEY_verify_init(bench->context) != 1 ||
	    (algorithm->kind == ALGORITHM_RSA &&
	     EVP_PKEY_CTX_set_rsa_padding(bench->context, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(bench->context, algorithm->md) != 1)
		fail("key", "cannot verify");
}

static void free_samples(struct bench *bench)
{
	for (unsigned i = 0; i < bench->count; i++) {
		rrset_free(bench->samples[i].rrset);
		free(bench->samples[i].message);
	}
	free(bench->samples);
	EVP_MD_CTX_free(bench->md_context);
	EVP_PKEY_CTX_free(bench->context);
	EVP_PKEY_free(bench->public);
	signer_key_free(bench->key);
}

// ---- bare ----

static bool verify_bare(struct bench *bench, const struct sample *sample)
{
	if (bench->md_context == NULL)
		return EVP_PKEY_verify(bench->context, sample->signature, sample->signature_len,
				       sample->digest, sample->digest_len) == 1;
	return EVP_DigestVerifyInit_ex(bench->md_context, NULL, NULL, NULL, NULL, bench->public,
				       NULL) == 1 &&
	       EVP_DigestVerify(bench->md_context, sample->signature, sample->signature_len,
				sample->message, sample->message_len) == 1;
}

// Returns ns of CPU time.
static uint64_t bare_range(struct bench *bench, unsigned first, unsigned end)
{
	unsigned good = 0;
	uint64_t start_ns = thread_ns();

	for (unsigned i = first; i < end; i++)
		good += verify_bare(bench, &bench->samples[i]);
	uint64_t ns = thread_ns() - start_ns;
	if (good != end - first)
		fail(bench->kind->name, "the bare primitive does not verify every signature");
	return ns;
}

// ---- batch ----

static void done(void *arg, bool good)
{
	struct bench *bench = arg;

	bench->good += good;
}

static enum batch_answer submit(struct bench *bench, struct batch *batch, unsigned i)
{
	struct batch_ticket *ticket;
	const struct rrset *rrset = bench->samples[i].rrset;
	const struct batch_request request = {
		.dnskey = bench->key->rdata,
		.dnskey_len = bench->key->rdlen,
		.rrset = rrset,
		.rrsig = rrset->rrsigs[0],
		.done = done,
		.arg = bench,
	};

	return batch_submit(batch, &request, &ticket);
}

static uint64_t now_us(void *arg)
{
	(void)arg;
	return wall_ns() / 1000;
}

// In turns as control's event loop makes them. Returns ns of CPU time.
static uint64_t batch_range(struct bench *bench, struct batch *batch, unsigned first, unsigned end)
{
	uint64_t start_ns = thread_ns();

	for (unsigned i = first; i < end; i++) {
		if (submit(bench, batch, i) != BATCH_QUEUED)
			fail(bench->kind->name, "was not queued");
	}
	while (batch_run(batch, SIZE_MAX, now_us, NULL, LIMIT_US) > 0)
		;
	return thread_ns() - start_ns;
}

static double memo_ns(struct bench *bench, struct batch *batch)
{
	unsigned known = 0;
	uint64_t start_ns = thread_ns();

	for (unsigned i = 0; i < bench->count; i++)
		known += submit(bench, batch, i) == BATCH_GOOD;
	double ns = (double)(thread_ns() - start_ns) / bench->count;
	// The memo is made of small sets: a few may have pushed others out.
	if (known < bench->count - bench->count / 100)
		fail(bench->kind->name, "was not remembered");
	return ns;
}

struct outcome {
	double bare, batch; // per second
	double memo_ns;
	double allocations, openssl_allocations, openssl_allocations_bare; // per verification
};

// Until the key's table is there.
static void await_table(struct batch *batch)
{
	struct batch_counters counters;

	do {
		sleep_ns(1000 * 1000);
		batch_run(batch, SIZE_MAX, NULL, NULL, 0);
		batch_counters(batch, &counters);
	} while (counters.tables == 0);
}

// Both by turns, a turn's worth of signatures at a time: what a neighbour takes, it takes from
// both.
static void measure(struct bench *bench, struct outcome *out)
{
	const struct batch_config config = {.table_after = bench->kind->table ? 1 : UINT_MAX};
	struct batch *batch = batch_new(&config);
	unsigned count = bench->count - WARM;
	uint64_t bare_ns = 0, batch_ns = 0;
	struct heap bare_heap = {0}, batch_heap = {0};

	if (batch == NULL)
		fail("batch", "no memory");
	bench->good = 0;
	bare_range(bench, count, bench->count);
	batch_range(bench, batch, count, bench->count);
	if (bench->kind->table)
		await_table(batch);
	for (unsigned i = 0; i < count; i += WARM) {
		unsigned end = count - i < WARM ? count : i + WARM;
		struct heap start, middle, after;

		heap_count(&start);
		bare_ns += bare_range(bench, i, end);
		heap_count(&middle);
		batch_ns += batch_range(bench, batch, i, end);
		heap_count(&after);
		bare_heap.openssl += middle.openssl - start.openssl;
		batch_heap.openssl += after.openssl - middle.openssl;
		batch_heap.own += after.own - middle.own;
	}
	if (bench->good != bench->count)
		fail(bench->kind->name, "the batch does not verify every signature");
	*out = (struct outcome){
		.bare = count * 1e9 / (double)bare_ns,
		.batch = count * 1e9 / (double)batch_ns,
		.memo_ns = memo_ns(bench, batch),
		.allocations = (double)batch_heap.own / count,
		.openssl_allocations = (double)batch_heap.openssl / count,
		.openssl_allocations_bare = (double)bare_heap.openssl / count,
	};
	batch_free(batch);
}

// ---- workers ----

static void wake(void *arg)
{
	sem_post(arg);
}

static double rate_workers(struct bench *bench, unsigned workers)
{
	sem_t results;
	// A table in the making would take its CPU from the workers.
	const struct batch_config config = {
		.workers = workers,
		.wake = wake,
		.wake_arg = &results,
		.table_after = UINT_MAX,
	};

	sem_init(&results, 0, 0);
	struct batch *batch = batch_new(&config);
	if (batch == NULL)
		fail("batch", "no memory");
	bench->good = 0;
	uint64_t start_ns = wall_ns();
	for (unsigned i = 0; bench->good < bench->count;) {
		while (i < bench->count && i - bench->good < FLIGHT_MAX) {
			if (submit(bench, batch, i++) != BATCH_QUEUED)
				fail(bench->kind->name, "was not queued");
		}
		unsigned before = bench->good;
		batch_run(batch, SIZE_MAX, NULL, NULL, 0);
		if (bench->good == before)
			sem_wait(&results);
	}
	double rate = bench->count * 1e9 / (double)(wall_ns() - start_ns);
	batch_free(batch);
	sem_destroy(&results);
	return rate;
}

static void measure_workers(struct bench *bench, unsigned rounds)
{
	double one[ROUNDS_MAX], two[ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++) {
		one[i] = rate_workers(bench, 1);
		two[i] = rate_workers(bench, 2);
	}
	printf("{\"kind\": \"workers\", \"one\": [");
	for (unsigned i = 0; i < rounds; i++)
		printf("%s%.0f", i > 0 ? ", " : "", one[i]);
	printf("], \"two\": [");
	for (unsigned i = 0; i < rounds; i++)
		printf("%s%.0f", i > 0 ? ", " : "", two[i]);
	printf("]}\n");
}

// ---- all ----

static void print_numbers(const char *key, const double *numbers, unsigned count)
{
	printf(", \"%s\": [", key);
	for (unsigned i = 0; i < count; i++)
		printf("%s%.1f", i > 0 ? ", " : "", numbers[i]);
	printf("]");
}

static void measure_kind(struct bench *bench, unsigned rounds)
{
	double bare[ROUNDS_MAX], batch[ROUNDS_MAX], memo[ROUNDS_MAX];
	struct outcome outcome = {0}; // the last round's

	for (unsigned i = 0; i < rounds; i++) {
		measure(bench, &outcome);
		bare[i] = outcome.bare;
		batch[i] = outcome.batch;
		memo[i] = outcome.memo_ns;
	}
	printf("{\"kind\": \"%s\"", bench->kind->name);
	print_numbers("bare", bare, rounds);
	print_numbers("batch", batch, rounds);
	print_numbers("memo_ns", memo, rounds);
	printf(", \"allocations\": %.3f, \"openssl_allocations\": %.1f, "
	       "\"openssl_allocations_bare\": %.1f}\n",
	       outcome.allocations, outcome.openssl_allocations, outcome.openssl_allocations_bare);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned share = (unsigned)option_number(argc, argv, "share", 100);
	unsigned rounds = (unsigned)option_number(argc, argv, "rounds", 5);

	// Before OpenSSL's first allocation.
	if (!heap_watch_openssl())
		fail("OpenSSL", "has allocated already");
	if (rounds == 0 || rounds > ROUNDS_MAX)
		fail("rounds", "1 to 16");
	for (unsigned i = 0; i < KINDS; i++) {
		struct bench bench = {.kind = &kinds[i]};

		bench.count = kinds[i].count * share / 100;
		if (bench.count < 2 * WARM)
			bench.count = 2 * WARM;
		make_samples(&bench);
		make_public(&bench);
		measure_kind(&bench, rounds);
		if (kinds[i].algorithm == 13 && !kinds[i].table)
			measure_workers(&bench, rounds);
		free_samples(&bench);
	}
	return 0;
}
