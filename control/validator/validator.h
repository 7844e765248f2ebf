// DNSSEC validation, resumable and pure: given what is known it returns SECURE, INSECURE,
// BOGUS with a reason, or NEED(name, type). It never fetches, never reads a clock, never
// logs. RFC 4033-4035, 5155, 6840, 9276, 9077, 9824, 4509, 6605, 8080.
//
// Thread: control. Signatures are verified only through crypto/batch.
#pragma once

#include "control/budget.h"
#include "control/validator/cut.h"
#include "control/validator/trust.h"
#include "dataplane/dns/message.h"
#include "dataplane/dns/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum step_kind { STEP_ANSWER, STEP_CNAME, STEP_DNAME, STEP_NODATA, STEP_NXDOMAIN };

// One link of an answer, as the resolver took it out of a scrubbed response. All pointers
// belong to the resolver's message, which it keeps until validation_free().
struct step {
	enum step_kind kind;
	const uint8_t *name;       // the name asked at this link (for DNAME: below its owner)
	uint16_t type;             // the type asked
	const uint8_t *zone;       // apex of the zone whose servers answered, as the resolver knows
				   // it; there may be a deeper cut on the same servers
	const struct rrset *rrset; // ANSWER, CNAME, DNAME
	const struct rrset *soa;   // NODATA, NXDOMAIN; NULL when missing
	const struct rrset *const *proofs; // NSEC and NSEC3 RRsets of the authority section, also
	size_t proof_count;                // with a wildcard's positive answer
	// Monotonic: when the question began that this is for, and when a server said it; 0: unknown.
	uint64_t began_ms, fetched_ms;
	bool ds_referred; // the referral to `zone` brought its DS: it can be had without a question
};

enum verdict {
	VERDICT_SECURE,
	VERDICT_INSECURE, // proven, or below no anchor, or under an NTA or `dnssec: insecure`
	VERDICT_BOGUS,
	VERDICT_NEED,   // supply (need_name, need_type), then run again
	VERDICT_WAIT,   // signatures are queued in the batch; wake() will be called
	VERDICT_FAILED, // cannot be judged: budget used up or what it needs cannot be fetched; held
			// against nobody, SERVFAIL with `ede`
};

// Which signature did not serve, for operators. Times are wall seconds.
struct signature_fault {
	bool known;
	uint16_t key_tag;
	uint8_t algorithm; // 0: it is a DS or trust anchor that has no key
	int64_t inception_s, expiration_s;
};

// A signature that was verified; expiration_s 0: none.
struct verified {
	int64_t inception_s, expiration_s; // POSIX seconds, without tolerance
	uint16_t tag;
	uint8_t algorithm;
};

#define STEP_PROOFS_MAX          16
#define REASON_MAX               200
#define VALIDATION_NEVER_EXPIRES INT64_MAX // the value of SIGNATURE_NEVER_EXPIRES

struct validation_result {
	enum verdict verdict;
	int ede;                     // first cause (EDE_NONE when SECURE)
	char reason[REASON_MAX];     // for operators: what, zone, key tag
	uint16_t fault_type;         // BOGUS: of the RRset that is to blame
	const uint8_t *fault_zone;   // that has to sign it; as long as the step
	bool fault_cut; // it begins below the zone that was asked, on the same servers: by proof
	struct signature_fault fault;
	int64_t signature_expires_s; // earliest expiry that the verdict rests on (RRset, proofs,
				     // for INSECURE the DS-absence proof); VALIDATION_NEVER_EXPIRES
				     // if none
	uint32_t rrset_ttl_s; // bounds by RRSIG original TTL and signature time left, for
	uint32_t soa_ttl_s;   // rrset, soa, and each proof; UINT32_MAX: no bound
	uint32_t proof_ttl_s[STEP_PROOFS_MAX];
	uint32_t proofs_used;     // bit i: proofs[i] is part of the proof
	bool wildcard;            // the RRset was expanded from a wildcard (proof in proofs_used)
	// What the proof of a denial shows, NODATA or NXDOMAIN. The RCODE is not signed: where it says
	// the other, the proof is right. Otherwise the step's kind.
	enum step_kind kind;
	bool opt_out;             // rests on an opt-out span: INSECURE as a denial
	bool nxname;              // RFC 9824: a NODATA that means NXDOMAIN
	bool nta;                 // INSECURE because of a negative trust anchor (EDE 33)
	bool tolerated;           // INSECURE only because a signature is past its end, within the
				  // configured tolerance: AD=0, TTLs are bounded to 30 s
	bool outdated;            // INSECURE at best, because a DS or its absence is past its TTL
				  // and its parent proves nothing (DESIGN §5): AD=0, EDE 3, 30 s
	uint64_t ceiling_ms;      // outdated: monotonic, until when that may be used
	bool prolonged;           // INSECURE by a proof that is past its own TTL
	enum cut cut;             // of a DS step: what it says of its name, for trust_learn()
	uint64_t refresh_ms;      // BOGUS, perhaps only because keys have rolled, which could not
				  // be seen so soon after the last look: from then on it can; or 0
	const uint8_t *signer;    // SECURE: the zone that signed; as long as the step
	// Whatever the verdict: the zone whose signatures were looked at (NULL: none) and those that
	// were good, for who wants to know how it signs.
	const uint8_t *looked_at;
	const uint8_t *insecure_at; // INSECURE because of what is known of this name; or NULL
	struct verified rrset_by, soa_by, proof_by; // proof_by: of one of proofs_used
	bool unsupported;          // BOGUS: an algorithm that we do not have may be why
	int64_t proof_inception_s; // the earliest of proofs_used; 0: none
	const uint8_t *need_name; // valid until the next run
	uint16_t need_type;       // TYPE_DS or TYPE_DNSKEY
	bool need_fresh;          // NEED although it is known: ask a server, another one than
				  // last time, not the cache (a key roll inside the TTL)
};

struct validation;

// wake(arg) is called once after each VERDICT_WAIT, from batch_run(), never from inside
// validation_run(). The step's RRsets must outlive the validation. NULL: no memory.
struct validation *validation_new(struct trust *trust, const struct step *step,
				  void (*wake)(void *arg), void *arg)
	__attribute__((nonnull, warn_unused_result));

// As if there were no negative trust anchors: would it validate without them (RFC 7646 §4)? Before the
// first run.
void validation_past_nta(struct validation *validation) __attribute__((nonnull));

// Goes on as far as it can. The budget may be another one at each call (a shared task is
// taken over by the next waiter). Never loops: each NEED is asked for at most once, and once more
// with need_fresh.
enum verdict validation_run(struct validation *validation, struct budget *budget, uint64_t now_ms,
			    int64_t now_s) __attribute__((nonnull, warn_unused_result));

// The answer to a NEED is a resolution of its own (validated by its own validation and then
// trust_learn()ed); afterwards run again. When it could not be had, with why, which is the first
// cause and stays as it is:
void validation_need_failed(struct validation *validation, int ede, const char *reason)
	__attribute__((nonnull));

const struct validation_result *validation_result(const struct validation *validation)
	__attribute__((nonnull));

// Cancels pending signature jobs at once.
void validation_free(struct validation *validation);
