#include "control/publish/inside.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <stdlib.h>

// The records of one entry while it is made.
struct parts {
	struct record *records; // data, rrsigs, proofs, one behind the other
	size_t count;
};

struct publisher *publisher_new(const struct publisher_config *config, struct cache *cache)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL)
		return NULL;
	publisher->config = *config;
	publisher->cache = cache;
	return publisher;
}

void publisher_free(struct publisher *publisher)
{
	free(publisher);
}

void publisher_counters(const struct publisher *publisher, struct publisher_counters *out)
{
	*out = publisher->counters;
}

// ---- times ----

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

// RFC 2181 §8: a TTL with its top bit set is 0 (ATTACKS E2).
static uint32_t sane_ttl(uint32_t ttl_s)
{
	return ttl_s > INT32_MAX ? 0 : ttl_s;
}

static bool is_negative(const struct step *step)
{
	return step->kind == STEP_NODATA || step->kind == STEP_NXDOMAIN;
}

// RFC 2308 §5: the lesser of the SOA's TTL and its minimum; RFC 9077 §3: no NSEC lives longer.
static uint32_t soa_ttl(const struct rrset *soa)
{
	struct rdata_soa fields;

	if (soa == NULL || !rdata_soa(soa->rdatas[0].data, soa->rdatas[0].len, &fields))
		return 0;
	return lesser(sane_ttl(soa->ttl_s), sane_ttl(fields.minimum));
}

static uint32_t data_ttl(const struct publisher *publisher, const struct step *step)
{
	if (is_negative(step))
		return lesser(soa_ttl(step->soa), publisher->config.negative_ttl_max_s);
	uint32_t ttl_s = lesser(sane_ttl(step->rrset->ttl_s), publisher->config.ttl_max_s);
	// ttl-min does not raise a TTL of 0. A short TTL bounds how old data may get, and an
	// operator may have them a little older; 0 says that they are for this question alone (RFC
	// 1035 §3.2.1), such as an answer made for one client, and keeping it would give it to
	// others.
	if (ttl_s > 0 && ttl_s < publisher->config.ttl_min_s)
		return publisher->config.ttl_min_s;
	return ttl_s;
}

static bool proof_counts(const struct validation_result *result, size_t i)
{
	return (result->proofs_used & 1u << i) != 0;
}

// No TTL outlives the signatures that the verdict rests on, nor what they bound it to.
static uint32_t bounded_ttl(uint32_t ttl_s, const struct step *step,
			    const struct validation_result *result, int64_t now_s)
{
	ttl_s = lesser(ttl_s, is_negative(step) ? result->soa_ttl_s : result->rrset_ttl_s);
	for (size_t i = 0; i < step->proof_count; i++) {
		if (proof_counts(result, i))
			ttl_s = lesser(ttl_s, lesser(result->proof_ttl_s[i],
						     sane_ttl(step->proofs[i]->ttl_s)));
	}
	if (result->signature_expires_s == SIGNATURE_NEVER_EXPIRES)
		return ttl_s;
	int64_t left_s = result->signature_expires_s - now_s;
	if (left_s <= 0)
		return 0;
	return left_s < (int64_t)ttl_s ? (uint32_t)left_s : ttl_s;
}

// ---- records ----

static void add_records(struct parts *parts, const struct rrset *rrset, const uint8_t *owner,
			uint16_t type, uint32_t ttl_s, bool rrsigs)
{
	size_t count = rrsigs ? rrset->rrsig_count : rrset->count;
	const struct rdata *rdatas = rrsigs ? rrset->rrsigs : rrset->rdatas;

	for (size_t i = 0; i < count; i++) {
		parts->records[parts->count++] = (struct record){
			.owner = owner,
			.rdata = rdatas[i].data,
			.ttl_s = ttl_s,
			.type = type,
			.class_ = CLASS_IN,
			.rdlen = rdatas[i].len,
		};
	}
}

// Which proofs go along: those that prove, or, where nothing was proven by them, all that
// were sent, since a client may trust what we do not.
static bool proof_goes_along(const struct validation_result *result, size_t i)
{
	return result == NULL || result->proofs_used == 0 || proof_counts(result, i);
}

static size_t records_bound(const struct step *step)
{
	const struct rrset *main = is_negative(step) ? step->soa : step->rrset;
	size_t count = main != NULL ? (size_t)main->count + main->rrsig_count : 0;

	for (size_t i = 0; i < step->proof_count; i++)
		count += (size_t)step->proofs[i]->count + step->proofs[i]->rrsig_count;
	return count;
}

// What a client that trusts what we do not takes for expanded from a wildcard: it wants the proof
// that came with it (RFC 4035 §3.1.3.3).
static bool looks_expanded(const struct step *step)
{
	const struct rrset *rrset = step->rrset;
	size_t labels = name_labels(rrset->owner) - (name_is_wildcard(rrset->owner) ? 1 : 0);
	struct rdata_rrsig rrsig;

	for (size_t i = 0; i < rrset->rrsig_count; i++) {
		if (rdata_rrsig(rrset->rrsigs[i].data, rrset->rrsigs[i].len, &rrsig) &&
		    rrsig.labels < labels)
			return true;
	}
	return false;
}

static void add_proofs(struct parts *parts, const struct step *step,
		       const struct validation_result *result, uint32_t ttl_s)
{
	bool wanted = result == NULL || is_negative(step) || result->wildcard ||
		      result->proofs_used != 0 || looks_expanded(step);

	if (!wanted)
		return;
	for (size_t i = 0; i < step->proof_count; i++) {
		const struct rrset *proof = step->proofs[i];
		if (!proof_goes_along(result, i))
			continue;
		uint32_t proof_ttl_s = lesser(ttl_s, sane_ttl(proof->ttl_s));
		add_records(parts, proof, proof->owner, proof->type, proof_ttl_s, false);
		add_records(parts, proof, proof->owner, TYPE_RRSIG, proof_ttl_s, true);
	}
}

// The entry's name: DNAME stands at its owner, all else at the name asked (which for a
// wildcard is not the RRset's owner on the wire's inside, but always in the message).
static const uint8_t *entry_owner(const struct step *step)
{
	return step->kind == STEP_DNAME ? step->rrset->owner : step->name;
}

static void fill(struct entry_spec *spec, struct parts *parts, const struct step *step,
		 const struct validation_result *result)
{
	const struct rrset *main = is_negative(step) ? step->soa : step->rrset;

	if (main != NULL) {
		const uint8_t *owner = is_negative(step) ? main->owner : spec->name;
		add_records(parts, main, owner, main->type, spec->ttl_s, false);
		spec->data_count = parts->count;
		add_records(parts, main, owner, TYPE_RRSIG, spec->ttl_s, true);
		spec->rrsig_count = parts->count - spec->data_count;
	}
	size_t before = parts->count;
	add_proofs(parts, step, result, spec->ttl_s);
	spec->proof_count = parts->count - before;
	spec->data = parts->records;
	spec->rrsigs = parts->records + spec->data_count;
	spec->proofs = parts->records + before;
}

static enum entry_kind kind_of(const struct step *step)
{
	static const enum entry_kind kinds[] = {
		[STEP_ANSWER] = ENTRY_POSITIVE,   [STEP_CNAME] = ENTRY_CNAME,
		[STEP_DNAME] = ENTRY_DNAME,       [STEP_NODATA] = ENTRY_NODATA,
		[STEP_NXDOMAIN] = ENTRY_NXDOMAIN,
	};

	return kinds[step->kind];
}

// RFC 4074 §4.2: load balancers deny a name when they have no record of the type asked, mostly
// other than A. Where nothing proves it, the answer is for that type alone, unless the name is
// denied already.
static bool denies_type_only(const struct publisher *publisher, const struct step *step,
			     enum verdict verdict, const struct publication *publication)
{
	const struct entry *held;
	struct entry_facts facts;
	uint8_t lower[NAME_MAX_LEN];

	if (publication->this_type_only)
		return true;
	if (verdict == VERDICT_SECURE || step->kind != STEP_NXDOMAIN || step->type == TYPE_A)
		return false;
	name_lower(lower, step->name, name_len(step->name));
	held = cache_find(publisher->cache, lower, 0);
	if (held == NULL)
		return true;
	entry_facts(held, &facts);
	return facts.expires_ms <= publication->now_ms;
}

static const struct entry *publish(struct publisher *publisher, const struct entry_spec *spec)
{
	const struct entry *entry = NULL;

	switch (cache_publish(publisher->cache, spec, &entry)) {
	case PUBLISHED:
		return entry;
	case ONE_SHOT:
		publisher->counters.by_value++;
		return entry;
	case PUBLISH_FAILED:
		break;
	}
	publisher->counters.refused++;
	return NULL;
}

static const struct entry *make(struct publisher *publisher, const struct step *step,
				const struct validation_result *result, struct entry_spec *spec)
{
	struct parts parts = {.records = calloc(records_bound(step) + 1, sizeof(struct record))};

	if (parts.records == NULL) {
		publisher->counters.refused++;
		return NULL;
	}
	fill(spec, &parts, step, result);
	const struct entry *entry = publish(publisher, spec);
	free(parts.records);
	return entry;
}

const struct entry *publish_step(struct publisher *publisher, const struct step *step,
				 enum verdict verdict, const struct validation_result *result,
				 const struct publication *publication)
{
	if (verdict != VERDICT_SECURE && verdict != VERDICT_INSECURE)
		return NULL;
	bool outdated = publication->outdated || result->outdated;
	bool secure = verdict == VERDICT_SECURE && !outdated;
	uint32_t ttl_s = bounded_ttl(data_ttl(publisher, step), step, result, publication->now_s);
	if (outdated)
		ttl_s = lesser(ttl_s, OUTDATED_TTL_MAX_S);
	const bool resort = publication->provenance == FROM_NON_AUTHORITY;
	if (resort)
		ttl_s = lesser(ttl_s, RESORT_TTL_MAX_S);
	struct entry_spec spec = {
		.name = entry_owner(step),
		.type = step->type,
		.kind = kind_of(step),
		.security = secure ? SECURITY_SECURE : SECURITY_INSECURE,
		.provenance = publication->provenance,
		.ede = outdated ? EDE_STALE_ANSWER
		       : secure ? EDE_NONE
				: result->ede,
		.ede_text = outdated ? publication->note : NULL,
		.now_ms = publication->now_ms,
		.asked_ms = publication->asked_ms,
		.ttl_s = ttl_s,
		.stale_s = resort ? 0 : publisher->config.stale_s,
		.signature_expires_s = result->signature_expires_s,
		.one_shot = publication->one_shot || ttl_s == 0,
		// What is not proven as it should be, for a failure of others, ends nothing.
		.aside = publication->aside || outdated || result->tolerated,
		.opt_out = result->opt_out,
		.this_name_only = publication->this_name_only,
	};
	if (denies_type_only(publisher, step, verdict, publication)) {
		spec.kind = ENTRY_NODATA;
		spec.rcode = RCODE_NXDOMAIN;
	}
	// ATTACKS D7: names that do not exist are given by value, or a flood of them would take the
	// place of names that do.
	if (secure && publish_denial(publisher, step, result, ttl_s, publication) &&
	    step->kind == STEP_NXDOMAIN && !publication->seen)
		spec.one_shot = true;
	const struct entry *entry = make(publisher, step, result, &spec);
	if (entry != NULL)
		secure ? publisher->counters.secure++ : publisher->counters.insecure++;
	return entry;
}

const struct entry *publish_unproven(struct publisher *publisher, const struct step *step,
				     const struct publication *publication)
{
	struct entry_spec spec = {
		.name = entry_owner(step),
		.type = step->type,
		.kind = kind_of(step),
		.security = SECURITY_UNPROVEN,
		.provenance = publication->provenance,
		.ede = EDE_NONE,
		.now_ms = publication->now_ms,
		.ttl_s = data_ttl(publisher, step),
		.signature_expires_s = SIGNATURE_NEVER_EXPIRES,
		.asked_ms = publication->asked_ms,
		.one_shot = publication->one_shot,
		.this_name_only = publication->this_name_only,
	};

	spec.one_shot = spec.one_shot || spec.ttl_s == 0;
	if (publication->this_type_only) {
		spec.kind = ENTRY_NODATA;
		spec.rcode = RCODE_NXDOMAIN;
	}
	const struct entry *entry = make(publisher, step, NULL, &spec);
	if (entry != NULL)
		publisher->counters.unproven++;
	return entry;
}

const struct entry *publish_failure(struct publisher *publisher, const uint8_t *name, uint16_t type,
				    unsigned rcode, int ede, const char *ede_text, uint32_t ttl_s,
				    const struct publication *publication)
{
	struct entry_spec spec = {
		.name = name,
		.type = type,
		.kind = ENTRY_FAILURE,
		.security = SECURITY_INSECURE,
		.provenance = publication->provenance,
		.rcode = (uint8_t)rcode,
		.ede = ede,
		.ede_text = ede_text,
		.now_ms = publication->now_ms,
		.ttl_s = ttl_s,
		.signature_expires_s = SIGNATURE_NEVER_EXPIRES,
		.one_shot = publication->one_shot || ttl_s == 0,
	};
	const struct entry *entry = publish(publisher, &spec);

	if (entry != NULL)
		publisher->counters.failures++;
	return entry;
}

const struct entry *publish_own(struct publisher *publisher, const uint8_t *name, uint16_t type,
				enum entry_kind kind, const struct record *records, size_t count,
				uint32_t ttl_s, const struct publication *publication)
{
	struct entry_spec spec = {
		.name = name,
		.type = type,
		.kind = kind,
		.security = SECURITY_INSECURE,
		.provenance = publication->provenance,
		.ede = EDE_NONE,
		.now_ms = publication->now_ms,
		.ttl_s = ttl_s,
		.signature_expires_s = SIGNATURE_NEVER_EXPIRES,
		.one_shot = publication->one_shot || ttl_s == 0,
		.aside = publication->aside,
		.data = records,
		.data_count = count,
	};

	return publish(publisher, &spec);
}
