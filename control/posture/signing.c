// How a zone is signed: signatures and their rhythm, algorithms, digests, denial.
#include "control/posture/judge.h"
#include "control/posture/words.h"
#include "crypto/algorithm.h"

#include <stdio.h>

#define SOON_SHARE    5 // of the validity: an end without a renewal in sight
#define SOON_S        (2 * 86400)
#define AT_ONCE_S     43200
#define CLOSE_S       86400 // left at a renewal: too little for what happens over a weekend
#define ITERATIONS_US 50    // more are taken for insecure (RFC 9276 §3.2)
#define NAME_SHOWN    "%.100s"

// ---- signatures ----

void posture_rhythm_text(enum signed_class class, const struct rhythm_facts *facts, char *out,
			 size_t size)
{
	char usual[WORDS_MAX], least[WORDS_MAX], left[WORDS_MAX];

	snprintf(out, size,
		 "%s signatures are renewed every %s with %s left; now %s left: %u %s missed",
		 signed_class_words(class), duration_words(facts->usual_s, usual),
		 duration_words(facts->least_s, least), duration_words(facts->left_s, left),
		 facts->missed, facts->missed == 1 ? "renewal" : "renewals");
}

int64_t posture_least_left_s(const struct posture_facts *facts)
{
	const struct dossier *dossier = facts->dossier;
	int64_t least_s = INT64_MAX;

	if (dossier == NULL)
		return least_s;
	for (unsigned i = 0; i < SIGNED_CLASS_COUNT; i++) {
		const struct rhythm *rhythm = &dossier->rhythms[i];
		int64_t left_s = rhythm->expiration_s - facts->now.s;
		if (rhythm->expiration_s != 0 && left_s < least_s)
			least_s = left_s;
	}
	if (dossier->soonest.expiration_s != 0 &&
	    facts->now.s - dossier->soonest.seen_s <= DOSSIER_FORGET_S &&
	    dossier->soonest.expiration_s - facts->now.s < least_s)
		least_s = dossier->soonest.expiration_s - facts->now.s;
	return least_s;
}

// Its end is near, and nobody here has ever seen it renewed.
static void judge_unrenewed(enum signed_class class, const struct rhythm_facts *rhythm,
			    int64_t watched_s, struct findings *out)
{
	char left[WORDS_MAX], watched[WORDS_MAX];

	if (rhythm->left_s >= rhythm->valid_s / SOON_SHARE && rhythm->left_s >= SOON_S)
		return;
	// Signatures that live so short are nothing unusual so close to their end.
	if (rhythm->valid_s < SOON_S * 2 && rhythm->left_s >= rhythm->valid_s / SOON_SHARE)
		return;
	find(out, rhythm->left_s < AT_ONCE_S ? SEVERITY_ALARM : SEVERITY_WARNING,
	     "%s signatures end in %s; no renewal has been seen in %s of watching",
	     signed_class_words(class), duration_words(rhythm->left_s, left),
	     duration_words(watched_s, watched));
}

static void judge_class(const struct posture_facts *facts, enum signed_class class,
			struct findings *out)
{
	const struct rhythm *learnt = &facts->dossier->rhythms[class];
	char text[FINDING_TEXT_MAX], ago[WORDS_MAX], least[WORDS_MAX];
	struct rhythm_facts rhythm;

	if (learnt->expiration_s == 0)
		return;
	dossier_rhythm(facts->dossier, class, facts->now.s, &rhythm);
	if (rhythm.left_s < 0) {
		find(out, SEVERITY_NOTE, "the %s signature that was seen %s ago has ended since",
		     signed_class_words(class), duration_words(facts->now.s - rhythm.seen_s, ago));
		return;
	}
	if (rhythm.late) {
		posture_rhythm_text(class, &rhythm, text, sizeof(text));
		find(out, rhythm.overdue ? SEVERITY_ALARM : SEVERITY_WARNING, "%s", text);
		return;
	}
	if (rhythm.renewals == 0)
		judge_unrenewed(class, &rhythm, facts->now.s - learnt->watched_s, out);
	else if (rhythm.least_s < CLOSE_S && rhythm.valid_s > 2 * CLOSE_S)
		find(out, SEVERITY_WARNING,
		     "%s signatures have been renewed with no more than %s left",
		     signed_class_words(class), duration_words(rhythm.least_s, least));
}

void judge_signatures(const struct posture_facts *facts, struct findings *out)
{
	for (unsigned i = 0; facts->dossier != NULL && i < SIGNED_CLASS_COUNT; i++)
		judge_class(facts, i, out);
}

// ---- algorithms and digests ----

static void judge_algorithm(const uint8_t *zone, uint8_t algorithm, struct findings *out)
{
	char words[WORDS_MAX], name[NAME_TEXT_MAX];

	if (!algorithm_supported(algorithm))
		find(out, SEVERITY_WARNING,
		     NAME_SHOWN " has keys of %s, which is not validated here",
		     name_to_text(zone, name), algorithm_words(algorithm, words));
	else if (algorithm_weak(algorithm))
		find(out, SEVERITY_WARNING, NAME_SHOWN " is signed with %s, which is weak (SHA-1)",
		     name_to_text(zone, name), algorithm_words(algorithm, words));
}

static void judge_keys(const uint8_t *zone, const struct link_key *keys, size_t count,
		       struct findings *out)
{
	for (size_t i = 0; i < count; i++) {
		bool said = false;
		for (size_t k = 0; k < i; k++)
			said |= keys[k].algorithm == keys[i].algorithm;
		if (!said)
			judge_algorithm(zone, keys[i].algorithm, out);
	}
}

static void judge_digests(const struct posture_link *link, struct findings *out)
{
	bool sha1 = false, other = false;
	char name[NAME_TEXT_MAX], words[WORDS_MAX];

	for (size_t i = 0; i < link->trust.ds_count; i++) {
		uint8_t digest = link->trust.ds[i].digest;
		sha1 |= digest == 1;
		other |= digest != 1 && (digest == 0 || algorithm_ds_digest_supported(digest));
		if (digest != 0 && !algorithm_ds_digest_supported(digest))
			find(out, SEVERITY_NOTE, "a DS of " NAME_SHOWN " has the unsupported %s",
			     name_to_text(link->zone, name), digest_words(digest, words));
	}
	if (sha1 && !other)
		find(out, SEVERITY_WARNING, "the DS of " NAME_SHOWN " has no digest but SHA-1",
		     name_to_text(link->zone, name));
}

// Also those above: a chain is as strong as its weakest link.
void judge_algorithms(const struct posture_facts *facts, struct findings *out)
{
	for (size_t i = facts->link_count; i-- > 0;) {
		const struct posture_link *link = &facts->links[i];
		// What the parent vouches for, where the keys themselves are not known.
		if (link->trust.key_count > 0)
			judge_keys(link->zone, link->trust.keys, link->trust.key_count, out);
		else
			judge_keys(link->zone, link->trust.ds, link->trust.ds_count, out);
		judge_digests(link, out);
	}
}

// ---- denial ----

void judge_denial(const struct posture_facts *facts, struct findings *out)
{
	const struct dossier *dossier = facts->dossier;

	if (dossier == NULL || dossier->denies != DENIES_NSEC3)
		return;
	if (dossier->iterations > ITERATIONS_US)
		find(out, SEVERITY_WARNING,
		     "NSEC3 with %u iterations: more than %d, so that what it denies is taken for "
		     "insecure here",
		     dossier->iterations, ITERATIONS_US);
	else if (dossier->iterations > 0)
		find(out, SEVERITY_WARNING, "NSEC3 with %u iterations; RFC 9276 allows none",
		     dossier->iterations);
	if (dossier->salt_len > 0)
		find(out, SEVERITY_NOTE, "NSEC3 with a salt of %u bytes; RFC 9276 advises none",
		     dossier->salt_len);
	if (dossier->opt_out_s != 0)
		find(out, SEVERITY_NOTE,
		     "NSEC3 with opt-out: delegations in its spans are not proven to exist or not");
}
