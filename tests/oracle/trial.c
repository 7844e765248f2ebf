// One RRset of a reply, or its denial, against all that the servers say and have said.
#include "tests/oracle/trial.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "tests/oracle/rrsets.h"

#define STALE_S        86400
#define STALE_TTL_S    30
#define NEGATIVE_MAX_S 3600
#define SLACK_S        1
#define UNDER_WAY_US   250000 // an answer is, where servers are not late

bool trial_complain(struct trial *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->judge->complaint, sizeof(t->judge->complaint), format, args);
	va_end(args);
	return false;
}

const char *trial_text(const uint8_t *name)
{
	static char texts[4][NAME_TEXT_MAX];
	static unsigned turn;

	return name_to_text(name, texts[turn++ % 4]);
}

// ---- time ----

// How long ago it was last said; 0: it is being said.
static uint64_t age_us(const struct trial *t, const struct said *said)
{
	uint64_t last_us = said->version->last_us;

	return last_us >= t->asked->asked_us ? 0 : t->asked->done_us - last_us;
}

// Whether an operator has flushed it since it was last said.
static bool is_flushed(const struct trial *t, const struct said *said)
{
	const struct authority *a = t->judge->authority;

	for (size_t i = 0; i < a->flush_count; i++) {
		const struct flush *flush = &a->flushes[i];
		if (said->version->last_us < flush->at_us && t->asked->asked_us >= flush->at_us &&
		    name_equal(flush->name, t->name) &&
		    (flush->type == 0 || (said->rrset != NULL && said->rrset->type == flush->type)))
			return true;
	}
	return false;
}

// Whether memory may still hold it, and its TTL be ttl_s.
static bool in_time(const struct trial *t, const struct said *said, uint32_t ttl_s)
{
	if (is_flushed(t, said))
		return false;
	uint64_t age_s = age_us(t, said) / 1000000;
	ttl_s = t->judge->lenient ? 0 : ttl_s;
	uint32_t most_s = truth_ttl_s(said);

	if (said->kind == SIGNER_NODATA || said->kind == SIGNER_NXDOMAIN)
		most_s = most_s < NEGATIVE_MAX_S ? most_s : NEGATIVE_MAX_S;
	if ((t->stale || t->unmarked) && ttl_s <= STALE_TTL_S && age_s <= most_s + STALE_S)
		return true;
	// Its time begins when it arrives.
	most_s += age_us(t, said) > 0 ? SLACK_S + said->zone->late_s : 0;
	return age_s <= most_s && ttl_s <= most_s - age_s;
}

// ---- what was shown ----

// Any of the versions can be the one.
static void spell_add(struct spell *spell, const struct said *said)
{
	const struct version *version = said->version;
	uint64_t settled_us = version->last_us;

	if (spell->last_us == 0 || version->first_us < spell->first_us)
		spell->first_us = version->first_us;
	if (version->last_us > spell->last_us)
		spell->last_us = version->last_us;
	if (settled_us != STILL_SERVED)
		settled_us += UNDER_WAY_US + said->zone->late_s * 1000000ULL;
	if (settled_us > spell->settled_us)
		spell->settled_us = settled_us;
}

static bool judge_order(struct trial *t, enum shown_kind kind, const struct spell *spell)
{
	if (t->asked->flags & ASKED_CD) // what was not proven says nothing about anything
		return true;
	const char *words = shown_add(&t->judge->shown, t->name, t->asked->type, kind, spell,
				      t->asked->asked_us);
	return words == NULL ? true : trial_complain(t, "%s: %s", trial_text(t->name), words);
}

void judge_free(struct judge *judge)
{
	shown_free(&judge->shown);
}

// ---- links ----

static bool wants_dnssec(const struct trial *t)
{
	return (t->asked->flags & ASKED_DO) != 0;
}

// With CD=1 there is what servers sent.
static bool wants_proof(const struct trial *t, unsigned mask)
{
	return wants_dnssec(t) && !t->judge->lenient && mask == TRUTH_SECURE &&
	       !(t->asked->flags & ASKED_CD);
}

static unsigned security_of(const struct trial *t, const struct said *said)
{
	unsigned mask = truth_security(t->judge->authority, said->zone, said->version, t->since_us);

	// With CD=1 it is enough that somebody says so who is asked.
	if (mask == 0 && (t->asked->flags & ASKED_CD) &&
	    truth_is_found(t->judge->authority, said->zone, t->since_us))
		return TRUTH_BOGUS;
	return mask;
}

// What is given with AD has the signatures that some version made, of the name or of its wildcard.
static bool is_signed_by_zone(const struct trial *t, const struct rrset *rrset)
{
	static struct said wildcards[SAID_MAX];

	for (size_t i = 0; i < rrset->rrsig_count; i++) {
		const struct rdata *rrsig = &rrset->rrsigs[i];
		bool found = rrset_signed_among(t->said, t->said_count, rrset, rrsig);
		for (size_t k = 0; k < t->said_count && !found && rrset_signed_as_wildcard(rrset);
		     k++) {
			size_t count = truth_wildcards(t->said[k].zone, t->name, rrset->type,
						       t->since_us, wildcards);
			found = rrset_signed_among(wildcards, count, rrset, rrsig);
		}
		if (!found)
			return false;
	}
	return true;
}

bool trial_take(struct trial *t, unsigned mask, bool never_secure, const uint8_t *name)
{
	if (mask == TRUTH_BOGUS && !(t->asked->flags & ASKED_CD))
		return trial_complain(t, "%s cannot be believed", trial_text(name));
	if (!(mask & TRUTH_SECURE) || never_secure)
		t->never_secure = true;
	if (mask != TRUTH_SECURE || never_secure)
		t->maybe_insecure = true;
	return true;
}

static bool about(const struct said *said, const struct rrset *rrset, const uint8_t *name)
{
	if (said->rrset == NULL || said->rrset->type != rrset->type)
		return false;
	return name_equal(said->kind == SIGNER_DNAME ? said->rrset->owner : name, rrset->owner);
}

// What proves that there is no such name lives for its own time, and the wildcard's RRset for its
// own: a name that was added meanwhile is answered from the wildcard until the proof ends.
static bool expanded_in_time(const struct trial *t, const struct said *said, uint32_t ttl_s)
{
	static struct said wildcards[SAID_MAX];
	struct said absent;

	if (!said->expanded || said->version->mode == MODE_UNSIGNED)
		return false;
	absent = *said;
	absent.kind = SIGNER_NXDOMAIN;
	absent.rrset = NULL;
	absent.soa = signer_zone_find(said->version->zone, said->zone->name, TYPE_SOA);
	if (!in_time(t, &absent, ttl_s))
		return false;
	size_t count =
		truth_wildcards(said->zone, t->name, said->rrset->type, t->since_us, wildcards);
	for (size_t i = 0; i < count; i++) {
		if (rrset_same_data(wildcards[i].rrset, said->rrset) &&
		    in_time(t, &wildcards[i], ttl_s))
			return true;
	}
	return false;
}

// The wildcard's RRset is one version's, and the name is denied by another one's: of servers that
// differ the cache has both, and expands it (RFC 8198 §5.3). *mask: what can be believed of it.
static bool is_made_of_two(const struct trial *t, const struct rrset *rrset, unsigned *mask,
			   struct spell *spell)
{
	static struct said wildcards[SAID_MAX];
	bool seen = false;

	if (!t->unmarked && t->reply->edns.ede != EDE_SYNTHESIZED)
		return false;
	for (size_t i = 0; i < t->said_count; i++) {
		const struct said *denial = &t->said[i];
		const bool denies =
			denial->in_span || denial->expanded || denial->kind == SIGNER_NXDOMAIN;
		size_t count = denies && denial->version->mode != MODE_UNSIGNED
				       ? truth_wildcards(denial->zone, t->name, rrset->type,
							 t->since_us, wildcards)
				       : 0;
		for (size_t k = 0; k < count; k++) {
			if (!rrset_same_data(wildcards[k].rrset, rrset))
				continue;
			seen = true;
			if (!in_time(t, &wildcards[k], rrset->ttl_s))
				continue;
			*mask |= security_of(t, &wildcards[k]);
			spell_add(spell, &wildcards[k]);
		}
	}
	return seen;
}

bool trial_rrset(struct trial *t, const struct rrset *rrset)
{
	unsigned mask = 0;
	struct spell spell = {0};
	bool seen = false, opt_out = true, maybe_opt_out = false;
	// That there is no such name is proven apart from what a wildcard has, by another version.
	bool absent = false, expanded = false;
	// Servers say it with all that belongs to it.
	bool whole = !t->judge->lenient && !(t->asked->flags & ASKED_CD);

	for (size_t i = 0; i < t->said_count; i++) {
		const struct said *said = &t->said[i];
		// By a span that opts out, which covers the name now, it may be an unsigned zone.
		maybe_opt_out |= said->opt_out && age_us(t, said) == 0;
		absent |= said->expanded && !said->opt_out;
		if (!about(said, rrset, t->name) || !rrset_same_data(said->rrset, rrset))
			continue;
		seen = true;
		whole &= !said->zone->stripped;
		if (!in_time(t, said, rrset->ttl_s) && !expanded_in_time(t, said, rrset->ttl_s))
			continue;
		mask |= security_of(t, said);
		if (said->in_span && said->zone->stripped)
			mask |= TRUTH_INSECURE;
		spell_add(&spell, said);
		opt_out &= said->opt_out;
		expanded |= said->expanded;
		maybe_opt_out |= said->opt_out;
	}
	char type[TYPE_TEXT_MAX];
	type_to_text(rrset->type, type);
	if (mask == 0 && is_made_of_two(t, rrset, &mask, &spell)) {
		seen = true;
		opt_out = false;
	}
	if (absent && expanded)
		opt_out = false;
	if (!seen)
		return trial_complain(t, "%s %s: nobody says such data", trial_text(rrset->owner),
				      type);
	if (mask == 0)
		return trial_complain(t, "%s %s: too old, or TTL %u too large",
				      trial_text(rrset->owner), type, rrset->ttl_s);
	if (truth_is_excepted(t->judge->authority, t->name, t->since_us))
		mask |= TRUTH_INSECURE;
	if (!wants_dnssec(t) && rrset->rrsig_count > 0)
		return trial_complain(t, "%s %s: RRSIG without DO", trial_text(rrset->owner), type);
	if (wants_proof(t, mask) && rrset->rrsig_count == 0)
		return trial_complain(t, "%s %s: no RRSIG for DO", trial_text(rrset->owner), type);
	// RFC 4035 §3.1.3.3: also where it is not proven, for whoever trusts what we do not.
	if (rrset_signed_as_wildcard(rrset) &&
	    (wants_proof(t, mask) || (wants_dnssec(t) && whole)) &&
	    t->reply->sections[SECTION_AUTHORITY].count == 0)
		return trial_complain(t, "%s %s: no proof of the wildcard",
				      trial_text(rrset->owner), type);
	if ((t->reply->flags & FLAG_AD) && !t->judge->lenient && !is_signed_by_zone(t, rrset))
		return trial_complain(t, "%s %s: AD, with an RRSIG that nobody made",
				      trial_text(rrset->owner), type);
	t->maybe_insecure |= maybe_opt_out;
	return trial_take(t, mask, opt_out, rrset->owner) &&
	       (rrset->type == TYPE_DNAME || t->asked->type == TYPE_ANY ||
		judge_order(t, SHOWN_DATA, &spell));
}

// What a server that strips zones of their proofs says of those types; nobody can tell of an
// insecure zone.
static bool is_stripped(const struct trial *t, const struct said *said)
{
	return said->zone->stripped &&
	       (t->asked->type == TYPE_NSEC || t->asked->type == TYPE_NSEC3 ||
		t->asked->type == TYPE_DNSKEY) &&
	       said->kind == SIGNER_ANSWER &&
	       (truth_security(t->judge->authority, said->zone, said->version, t->since_us) &
		TRUTH_INSECURE);
}

// RFC 4074 §4.2: without a proof NXDOMAIN is for the type alone, other than A.
static enum shown_kind shown_of(const struct trial *t, enum signer_kind kind, bool proven)
{
	return kind == SIGNER_NXDOMAIN && (proven || t->asked->type == TYPE_A) ? SHOWN_NXDOMAIN
									       : SHOWN_NODATA;
}

bool trial_denial(struct trial *t, enum signer_kind kind)
{
	const struct section_rrsets *authority = &t->reply->sections[SECTION_AUTHORITY];
	const struct rrset *soa = NULL;
	unsigned mask = 0;
	struct spell spell = {0};
	bool seen = false, opt_out = true, maybe_opt_out = false, proofs = false;
	const bool excepted = truth_is_excepted(t->judge->authority, t->name, t->since_us);

	for (size_t i = 0; i < authority->count; i++) {
		const struct rrset *rrset = authority->rrsets[i];
		if (rrset->type == TYPE_SOA)
			soa = rrset;
		else
			proofs = true;
		if (t->judge->lenient)
			continue;
		if (rrset->type != TYPE_SOA && rrset->type != TYPE_NSEC &&
		    rrset->type != TYPE_NSEC3)
			return trial_complain(t, "type %u in the authority section", rrset->type);
		if (!wants_dnssec(t) && (rrset->type != TYPE_SOA || rrset->rrsig_count > 0))
			return trial_complain(t, "proofs without DO");
	}
	for (size_t i = 0; i < t->said_count; i++) {
		const struct said *said = &t->said[i];
		seen |= is_stripped(t, said);
		// What a span covers that opts out may be there or not, as far as anybody can tell.
		if (said->kind != kind && !is_stripped(t, said) &&
		    (!said->opt_out ||
		     (said->kind != SIGNER_NODATA && said->kind != SIGNER_NXDOMAIN)))
			continue;
		seen = true;
		if (soa != NULL && !name_equal(soa->owner, said->zone->name))
			continue;
		if (said->soa == NULL ? age_us(t, said) > 0
				      : !in_time(t, said, soa != NULL ? soa->ttl_s : 0))
			continue;
		mask |= security_of(t, said);
		// Nothing has to be proven of the name, and it is no matter who refers to the zone.
		if (excepted && truth_is_found(t->judge->authority, said->zone, t->since_us))
			mask |= TRUTH_INSECURE;
		spell_add(&spell, said);
		opt_out &= said->opt_out;
		maybe_opt_out |= said->opt_out;
	}
	const char *words = kind == SIGNER_NODATA ? "NODATA" : "NXDOMAIN";
	// Some version may have said it, too, longer ago.
	const bool made = t->unmarked || t->reply->edns.ede == EDE_SYNTHESIZED;
	if ((!seen || (mask == 0 && made)) &&
	    truth_mixes_wildcards(t->judge->authority, t->name, t->since_us))
		return trial_take(t, TRUTH_SECURE | TRUTH_INSECURE, false, t->name);
	if (!seen)
		return trial_complain(t, "%s: %s, and nobody says so", trial_text(t->name), words);
	if (mask == 0)
		return trial_complain(t, "%s: %s too old, with another SOA, or TTL %u too large",
				      trial_text(t->name), words, soa != NULL ? soa->ttl_s : 0);
	if (excepted)
		mask |= TRUTH_INSECURE;
	// The span may be of a forwarder that leaves the proof out: it proves no denial for
	// certain.
	if (wants_proof(t, mask) && !opt_out && (!proofs || soa == NULL))
		return trial_complain(t, "%s: %s without a proof for DO", trial_text(t->name),
				      words);
	t->maybe_insecure |= maybe_opt_out;
	const bool proven = mask == TRUTH_SECURE && !maybe_opt_out;
	return trial_take(t, mask, opt_out, t->name) &&
	       (t->asked->type == TYPE_ANY || judge_order(t, shown_of(t, kind, proven), &spell));
}
