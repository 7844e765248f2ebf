#include "tests/oracle/judge.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "tests/oracle/rrsets.h"
#include "tests/oracle/trial.h"

#define LINKS_MAX 12
#define MEMORY_US (2 * 86400 * 1000000ULL)

// A CNAME made from the DNAME before it.
static bool judge_synthesised(struct trial *t, const struct rrset *dname)
{
	const struct rrset *cname =
		t->index < t->answer->count ? t->answer->rrsets[t->index] : NULL;
	uint8_t target[NAME_MAX_LEN];
	int len = name_substitute(t->name, dname->owner, dname->rdatas[0].data, target);

	if (len < 0) {
		if (t->index < t->answer->count || t->reply->rcode != RCODE_YXDOMAIN)
			return trial_complain(t, "%s: too long for its DNAME, RCODE %u",
					      trial_text(t->name), t->reply->rcode);
		return true;
	}
	if (cname == NULL || cname->type != TYPE_CNAME || !name_equal(cname->owner, t->name) ||
	    !name_equal(cname->rdatas[0].data, target))
		return trial_complain(t, "%s: no CNAME, or a wrong one, for DNAME %s",
				      trial_text(t->name), trial_text(dname->owner));
	if (cname->ttl_s > dname->ttl_s)
		return trial_complain(t, "%s: CNAME outlives its DNAME", trial_text(t->name));
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
	if (!trial_rrset(t, rrset))
		return STEP_WRONG;
	if (rrset->type == TYPE_DNAME && !name_equal(rrset->owner, t->name))
		return judge_synthesised(t, rrset) ? after_dname(t) : STEP_WRONG;
	if (!name_equal(rrset->owner, t->name)) {
		trial_complain(t, "%s does not belong to the chain", trial_text(rrset->owner));
		return STEP_WRONG;
	}
	if (rrset->type == type || whole)
		return STEP_END;
	if (rrset->type != TYPE_CNAME) {
		trial_complain(t, "type %u was not asked for", rrset->type);
		return STEP_WRONG;
	}
	name_lower(t->name, rrset->rdatas[0].data, rrset->rdatas[0].len);
	return STEP_LINK;
}

static bool judge_end(struct trial *t)
{
	if (t->index < t->answer->count)
		return trial_complain(t, "an RRset behind the end of the chain");
	if (t->reply->rcode != RCODE_NOERROR && t->reply->rcode != RCODE_YXDOMAIN)
		return trial_complain(t, "RCODE %u with an answer", t->reply->rcode);
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
			return trial_complain(t, "more than %u links", LINKS_MAX);
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
		return trial_denial(t, SIGNER_NXDOMAIN);
	if (t->reply->rcode == RCODE_NOERROR && t->asked->type == TYPE_RRSIG)
		return true; // a zone without signatures, say
	if (t->reply->rcode == RCODE_NOERROR)
		return trial_denial(t, SIGNER_NODATA);
	return trial_complain(t, "RCODE %u", t->reply->rcode);
}

// ---- the whole ----

static bool judge_flags(struct trial *t)
{
	const struct message *reply = t->reply;
	unsigned flags = t->asked->flags;
	bool ad = reply->flags & FLAG_AD;

	if (ad && !(flags & (ASKED_DO | ASKED_AD)))
		return trial_complain(t, "AD that nobody asked for");
	if (ad && (t->never_secure || t->stale))
		return trial_complain(t, "AD on what is not proven");
	if (!ad && (flags & (ASKED_DO | ASKED_AD)) && !(flags & ASKED_CD) && t->judge->calm &&
	    !t->maybe_insecure && !t->stale && t->asked->type != TYPE_RRSIG)
		return trial_complain(t, "no AD on what is proven");
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
		return trial_complain(t, "flags %04x", reply->flags);
	if (!reply->has_question || !name_equal(reply->qname, t->asked->name) ||
	    reply->qtype != t->asked->type)
		return trial_complain(t, "another question");
	if (reply->edns.present == ((t->asked->flags & ASKED_PLAIN) != 0))
		return trial_complain(t, "EDNS as it was not asked for");
	if (reply->sections[SECTION_ADDITIONAL].count > 0)
		return trial_complain(t, "records in the additional section");
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
			       : trial_complain(t, "a meta type is answered");
	if (t->reply->flags & FLAG_TC)
		return !(asked->flags & ASKED_TCP) && t->answer->count == 0
			       ? true
			       : trial_complain(t, "truncated, over TCP or with records");
	if (t->reply->rcode == RCODE_SERVFAIL)
		return !truth_resolves(judge->authority, asked->name, asked->type,
				       (asked->flags & ASKED_CD) != 0, t->since_us, asked->asked_us)
			       ? true
			       : trial_complain(t, "SERVFAIL (EDE %d), and there is a way",
						t->reply->edns.ede);
	if (t->stale && judge->calm && !authority_differs(judge->authority) &&
	    truth_resolves(judge->authority, asked->name, asked->type,
			   (asked->flags & ASKED_CD) != 0, t->since_us, asked->asked_us))
		return trial_complain(t, "stale, and nothing fails");
	return judge_chain(t) && judge_flags(t);
}
