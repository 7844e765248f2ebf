#include "tests/oracle/judge.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "tests/oracle/rrsets.h"

#define STALE_S        86400
#define STALE_TTL_S    30
#define NEGATIVE_MAX_S 3600
#define SLACK_S        1
#define UNDER_WAY_US   250000 // an answer is, where servers are not late
#define LINKS_MAX      12
#define MEMORY_US      (2 * 86400 * 1000000ULL)

// A reply on its way through the judge.
struct trial {
	struct judge *judge;
	const struct asked *asked;
	const struct message *reply;
	const struct section_rrsets *answer;
	uint8_t name[NAME_MAX_LEN]; // that the next link is about
	size_t index;               // of the next RRset
	uint64_t since_us;          // what was said before is forgotten
	unsigned ways;              // what each link can be, in the eyes of the chain of trust
	bool never_secure, maybe_insecure; // one link is (so, or may be)
	bool stale, unmarked;
	struct said said[SAID_MAX];
	size_t said_count;
};

static bool complain(struct trial *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool complain(struct trial *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->judge->complaint, sizeof(t->judge->complaint), format, args);
	va_end(args);
	return false;
}

static const char *text(const uint8_t *name)
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
	return words == NULL ? true : complain(t, "%s: %s", text(t->name), words);
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

// Takes in what the chain of trust says of a link that can have been any of these.
static bool take_security(struct trial *t, unsigned mask, bool never_secure, const uint8_t *name)
{
	if (mask == TRUTH_BOGUS && !(t->asked->flags & ASKED_CD))
		return complain(t, "%s cannot be believed", text(name));
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

// The RRset is one that some server says, or said not too long ago.
static bool judge_rrset(struct trial *t, const struct rrset *rrset)
{
	unsigned mask = 0;
	struct spell spell = {0};
	bool seen = false, opt_out = true, maybe_opt_out = false;
	// Servers say it with all that belongs to it.
	bool whole = !t->judge->lenient && !(t->asked->flags & ASKED_CD);

	for (size_t i = 0; i < t->said_count; i++) {
		const struct said *said = &t->said[i];
		// By a span that opts out, which covers the name now, it may be an unsigned zone.
		maybe_opt_out |= said->opt_out && age_us(t, said) == 0;
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
		maybe_opt_out |= said->opt_out;
	}
	char type[TYPE_TEXT_MAX];
	type_to_text(rrset->type, type);
	if (mask == 0 && is_made_of_two(t, rrset, &mask, &spell)) {
		seen = true;
		opt_out = false;
	}
	if (!seen)
		return complain(t, "%s %s: nobody says such data", text(rrset->owner), type);
	if (mask == 0)
		return complain(t, "%s %s: too old, or TTL %u too large", text(rrset->owner), type,
				rrset->ttl_s);
	if (truth_is_excepted(t->judge->authority, t->name, t->since_us))
		mask |= TRUTH_INSECURE;
	if (!wants_dnssec(t) && rrset->rrsig_count > 0)
		return complain(t, "%s %s: RRSIG without DO", text(rrset->owner), type);
	if (wants_proof(t, mask) && rrset->rrsig_count == 0)
		return complain(t, "%s %s: no RRSIG for DO", text(rrset->owner), type);
	// RFC 4035 §3.1.3.3: also where it is not proven, for whoever trusts what we do not.
	if (rrset_signed_as_wildcard(rrset) &&
	    (wants_proof(t, mask) || (wants_dnssec(t) && whole)) &&
	    t->reply->sections[SECTION_AUTHORITY].count == 0)
		return complain(t, "%s %s: no proof of the wildcard", text(rrset->owner), type);
	if ((t->reply->flags & FLAG_AD) && !t->judge->lenient && !is_signed_by_zone(t, rrset))
		return complain(t, "%s %s: AD, with an RRSIG that nobody made", text(rrset->owner),
				type);
	t->maybe_insecure |= maybe_opt_out;
	return take_security(t, mask, opt_out, rrset->owner) &&
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

static bool judge_denial(struct trial *t, enum signer_kind kind)
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
			return complain(t, "type %u in the authority section", rrset->type);
		if (!wants_dnssec(t) && (rrset->type != TYPE_SOA || rrset->rrsig_count > 0))
			return complain(t, "proofs without DO");
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
		return take_security(t, TRUTH_SECURE | TRUTH_INSECURE, false, t->name);
	if (!seen)
		return complain(t, "%s: %s, and nobody says so", text(t->name), words);
	if (mask == 0)
		return complain(t, "%s: %s too old, with another SOA, or TTL %u too large",
				text(t->name), words, soa != NULL ? soa->ttl_s : 0);
	if (excepted)
		mask |= TRUTH_INSECURE;
	// The span may be of a forwarder that leaves the proof out: it proves no denial for
	// certain.
	if (wants_proof(t, mask) && !opt_out && (!proofs || soa == NULL))
		return complain(t, "%s: %s without a proof for DO", text(t->name), words);
	t->maybe_insecure |= maybe_opt_out;
	const bool proven = mask == TRUTH_SECURE && !maybe_opt_out;
	return take_security(t, mask, opt_out, t->name) &&
	       (t->asked->type == TYPE_ANY || judge_order(t, shown_of(t, kind, proven), &spell));
}

// A CNAME made from the DNAME before it.
static bool judge_synthesised(struct trial *t, const struct rrset *dname)
{
	const struct rrset *cname =
		t->index < t->answer->count ? t->answer->rrsets[t->index] : NULL;
	uint8_t target[NAME_MAX_LEN];
	int len = name_substitute(t->name, dname->owner, dname->rdatas[0].data, target);

	if (len < 0) {
		if (t->index < t->answer->count || t->reply->rcode != RCODE_YXDOMAIN)
			return complain(t, "%s: too long for its DNAME, RCODE %u", text(t->name),
					t->reply->rcode);
		return true;
	}
	if (cname == NULL || cname->type != TYPE_CNAME || !name_equal(cname->owner, t->name) ||
	    !name_equal(cname->rdatas[0].data, target))
		return complain(t, "%s: no CNAME, or a wrong one, for DNAME %s", text(t->name),
				text(dname->owner));
	if (cname->ttl_s > dname->ttl_s)
		return complain(t, "%s: CNAME outlives its DNAME", text(t->name));
	t->index++;
	name_lower(t->name, target, (size_t)len);
	return true;
}

enum outcome { STEP_WRONG, STEP_LINK, STEP_END };

// The CNAME that a DNAME makes answers a question for CNAME (RFC 6672 §3.2).
static enum outcome after_dname(const struct trial *t)
{
	uint16_t type = t->asked->type;

	return t->reply->rcode == RCODE_YXDOMAIN || type == TYPE_ANY || type == TYPE_RRSIG ||
			       (type == TYPE_CNAME && t->index == t->answer->count)
		       ? STEP_END
		       : STEP_LINK;
}

// The DNAME that is there already leads on from its own target.
static const struct rrset *dname_before(const struct trial *t, const struct rrset *cname)
{
	if (cname->type != TYPE_CNAME || !name_equal(cname->owner, t->name))
		return NULL;
	for (size_t i = 0; i + 1 < t->index; i++) {
		const struct rrset *rrset = t->answer->rrsets[i];
		if (rrset->type == TYPE_DNAME && name_within(t->name, rrset->owner) &&
		    !name_equal(t->name, rrset->owner))
			return rrset;
	}
	return NULL;
}

// RFC 8482 §4.2, of a name that is there in a zone without proofs, or whose types are not one
// zone's to deny: servers that lag see others.
static bool says_nothing(const struct trial *t, const struct rrset *rrset)
{
	unsigned mask = 0;

	for (size_t i = 0; i < t->said_count; i++) {
		const struct said *said = &t->said[i];
		if (said->zone != t->said[0].zone || said->version != t->said[0].version ||
		    said->unprovable)
			mask |= TRUTH_INSECURE;
		if (said->kind != SIGNER_NXDOMAIN)
			mask |= truth_security(t->judge->authority, said->zone, said->version,
					       t->since_us);
	}
	return rrset->type == TYPE_HINFO && rrset->count == 1 && rrset->rdatas[0].len == 9 &&
	       memcmp(rrset->rdatas[0].data, "\7RFC8482", 9) == 0 &&
	       ((mask & TRUTH_INSECURE) || (t->asked->flags & ASKED_CD));
}

static enum outcome judge_link(struct trial *t)
{
	const struct rrset *rrset = t->answer->rrsets[t->index++];
	uint16_t type = t->asked->type;
	bool whole = type == TYPE_ANY || type == TYPE_RRSIG;

	t->said_count = truth_said(t->judge->authority, t->name, type, t->since_us, t->said);
	if (type == TYPE_RRSIG && rrset->type == TYPE_RRSIG) // of whichever type
		return STEP_END;
	const struct rrset *dname = dname_before(t, rrset);
	if (dname != NULL) {
		t->index--;
		return judge_synthesised(t, dname) ? after_dname(t) : STEP_WRONG;
	}
	if (type == TYPE_ANY && says_nothing(t, rrset)) {
		t->never_secure = t->maybe_insecure = true;
		return STEP_END;
	}
	if (!judge_rrset(t, rrset))
		return STEP_WRONG;
	if (rrset->type == TYPE_DNAME && !name_equal(rrset->owner, t->name))
		return judge_synthesised(t, rrset) ? after_dname(t) : STEP_WRONG;
	if (!name_equal(rrset->owner, t->name)) {
		complain(t, "%s does not belong to the chain", text(rrset->owner));
		return STEP_WRONG;
	}
	if (rrset->type == type || whole)
		return STEP_END;
	if (rrset->type != TYPE_CNAME) {
		complain(t, "type %u was not asked for", rrset->type);
		return STEP_WRONG;
	}
	name_lower(t->name, rrset->rdatas[0].data, rrset->rdatas[0].len);
	return STEP_LINK;
}

static bool judge_end(struct trial *t)
{
	if (t->index < t->answer->count)
		return complain(t, "an RRset behind the end of the chain");
	if (t->reply->rcode != RCODE_NOERROR && t->reply->rcode != RCODE_YXDOMAIN)
		return complain(t, "RCODE %u with an answer", t->reply->rcode);
	return true;
}

// No RRset stands twice in a message: a DNAME that leads on to itself is its own answer.
static bool is_in_answer(const struct trial *t, const uint8_t *name, uint16_t type)
{
	for (size_t i = 0; i < t->answer->count; i++) {
		const struct rrset *rrset = t->answer->rrsets[i];
		if (rrset->type == type && name_equal(rrset->owner, name))
			return true;
	}
	return false;
}

static bool judge_chain(struct trial *t)
{
	enum outcome step = STEP_LINK;

	for (unsigned links = 0; t->index < t->answer->count; links++) {
		if (links > LINKS_MAX)
			return complain(t, "more than %u links", LINKS_MAX);
		step = judge_link(t);
		if (step == STEP_WRONG)
			return false;
		if (step == STEP_END)
			return judge_end(t);
	}
	if (is_in_answer(t, t->name, t->asked->type))
		return judge_end(t);
	t->said_count =
		truth_said(t->judge->authority, t->name, t->asked->type, t->since_us, t->said);
	if (t->reply->rcode == RCODE_NXDOMAIN)
		return judge_denial(t, SIGNER_NXDOMAIN);
	if (t->reply->rcode == RCODE_NOERROR && t->asked->type == TYPE_RRSIG)
		return true; // a zone without signatures, say
	if (t->reply->rcode == RCODE_NOERROR)
		return judge_denial(t, SIGNER_NODATA);
	return complain(t, "RCODE %u", t->reply->rcode);
}

// ---- the whole ----

static bool judge_flags(struct trial *t)
{
	const struct message *reply = t->reply;
	unsigned flags = t->asked->flags;
	bool ad = reply->flags & FLAG_AD;

	if (ad && !(flags & (ASKED_DO | ASKED_AD)))
		return complain(t, "AD that nobody asked for");
	if (ad && (t->never_secure || t->stale))
		return complain(t, "AD on what is not proven");
	if (!ad && (flags & (ASKED_DO | ASKED_AD)) && !(flags & ASKED_CD) && t->judge->calm &&
	    !t->maybe_insecure && !t->stale && t->asked->type != TYPE_RRSIG)
		return complain(t, "no AD on what is proven");
	return true;
}

static bool is_meta(uint16_t type) // RFC 6895 §3.1, RFC 9824 §3.4
{
	return type == 0 || type == TYPE_OPT || type == TYPE_NXNAME || (type >= 249 && type < 255);
}

static bool judge_shape(struct trial *t)
{
	const struct message *reply = t->reply;

	if (t->judge->lenient)
		return true;
	if (!(reply->flags & FLAG_QR) || !(reply->flags & FLAG_RA) || (reply->flags & FLAG_AA))
		return complain(t, "flags %04x", reply->flags);
	if (!reply->has_question || !name_equal(reply->qname, t->asked->name) ||
	    reply->qtype != t->asked->type)
		return complain(t, "another question");
	if (reply->edns.present == ((t->asked->flags & ASKED_PLAIN) != 0))
		return complain(t, "EDNS as it was not asked for");
	if (reply->sections[SECTION_ADDITIONAL].count > 0)
		return complain(t, "records in the additional section");
	return true;
}

bool judge_reply(struct judge *judge, const struct asked *asked)
{
	static struct trial trial;
	struct trial *t = &trial;

	*t = (struct trial){.judge = judge, .asked = asked, .reply = asked->reply};
	t->answer = &t->reply->sections[SECTION_ANSWER];
	t->since_us = asked->asked_us > MEMORY_US ? asked->asked_us - MEMORY_US : 0;
	if (t->since_us < judge->restarted_us)
		t->since_us = judge->restarted_us;
	// Without EDNS nothing says so.
	t->unmarked = (asked->flags & ASKED_PLAIN) != 0;
	t->stale = t->reply->edns.ede == EDE_STALE_ANSWER ||
		   t->reply->edns.ede == EDE_STALE_NXDOMAIN_ANSWER;
	name_copy(t->name, asked->name);
	if (!judge_shape(t))
		return false;
	if (is_meta(asked->type))
		return (t->reply->rcode == RCODE_FORMERR || t->reply->rcode == RCODE_REFUSED) &&
				       t->answer->count == 0
			       ? true
			       : complain(t, "a meta type is answered");
	if (t->reply->flags & FLAG_TC)
		return !(asked->flags & ASKED_TCP) && t->answer->count == 0
			       ? true
			       : complain(t, "truncated, over TCP or with records");
	if (t->reply->rcode == RCODE_SERVFAIL)
		return !truth_resolves(judge->authority, asked->name, asked->type,
				       (asked->flags & ASKED_CD) != 0, t->since_us, asked->asked_us)
			       ? true
			       : complain(t, "SERVFAIL (EDE %d), and there is a way",
					  t->reply->edns.ede);
	if (t->stale && judge->calm && !authority_differs(judge->authority) &&
	    truth_resolves(judge->authority, asked->name, asked->type,
			   (asked->flags & ASKED_CD) != 0, t->since_us, asked->asked_us))
		return complain(t, "stale, and nothing fails");
	return judge_chain(t) && judge_flags(t);
}
