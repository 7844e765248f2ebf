#include "control/resolver/response.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <string.h>

struct reading {
	const struct message *message;
	const struct response_question *question;
	struct response *out;
};

// What a forward zone is called need not be where a zone begins: the forwarder knows the zone that
// it is part of, and says so in its SOA and signatures.
static bool is_above(const struct reading *r, const uint8_t *zone)
{
	return r->question->forwarder && name_within(r->question->zone, zone);
}

static bool is_signed_from_above(const struct reading *r, const struct rrset *rrset)
{
	struct rdata_rrsig rrsig;

	return rrset->rrsig_count > 0 &&
	       rdata_rrsig(rrset->rrsigs[0].data, rrset->rrsigs[0].len, &rrsig) &&
	       is_above(r, rrsig.signer) && name_within(rrset->owner, rrsig.signer);
}

static void take_proofs(struct reading *r)
{
	const struct section_rrsets *authority = &r->message->sections[SECTION_AUTHORITY];
	struct response *out = r->out;

	for (size_t i = 0; i < authority->count && out->proof_count < STEP_PROOFS_MAX; i++) {
		const struct rrset *rrset = authority->rrsets[i];
		if (rrset->type != TYPE_NSEC && rrset->type != TYPE_NSEC3)
			continue;
		if (name_within(rrset->owner, r->question->zone) || is_signed_from_above(r, rrset))
			out->proofs[out->proof_count++] = rrset;
	}
}

// The SOA of the zone that holds `name`, or NULL.
static const struct rrset *find_soa(const struct reading *r, const uint8_t *name)
{
	const struct section_rrsets *authority = &r->message->sections[SECTION_AUTHORITY];

	for (size_t i = 0; i < authority->count; i++) {
		const struct rrset *rrset = authority->rrsets[i];
		if (rrset->type == TYPE_SOA && name_within(name, rrset->owner) &&
		    (name_within(rrset->owner, r->question->zone) || is_above(r, rrset->owner)))
			return rrset;
	}
	return NULL;
}

// A DNAME of an ancestor of name within the zone; what is above hides what is below.
static const struct rrset *find_dname(const struct reading *r, const uint8_t *name)
{
	const struct section_rrsets *answer = &r->message->sections[SECTION_ANSWER];
	const struct rrset *best = NULL;

	for (size_t i = 0; i < answer->count; i++) {
		const struct rrset *rrset = answer->rrsets[i];
		if (rrset->type != TYPE_DNAME || !name_within(name, rrset->owner) ||
		    name_equal(name, rrset->owner) || !name_within(rrset->owner, r->question->zone))
			continue;
		if (best == NULL || name_labels(rrset->owner) < name_labels(best->owner))
			best = rrset;
	}
	return best;
}

// What there is of it cannot be read: it is neither there nor denied.
static bool lose(struct reading *r, const struct lost_rrset *lost)
{
	if (lost == NULL)
		return false;
	r->out->kind = lost->too_large ? RESPONSE_TOO_LARGE : RESPONSE_MALFORMED;
	return true;
}

// Whether the link of the chain at its last name is one of those.
static bool link_is_lost(struct reading *r)
{
	const uint8_t *name = r->out->names[r->out->link_count];
	const struct message *message = r->message;

	for (size_t i = 0; i < message->lost_count; i++) {
		const struct lost_rrset *lost = &message->lost[i];
		if (lost->section == SECTION_ANSWER && lost->type == TYPE_DNAME &&
		    name_within(name, lost->owner) && lose(r, lost))
			return true;
	}
	return lose(r, message_lost(message, SECTION_ANSWER, name, TYPE_CNAME)) ||
	       lose(r, message_lost(message, SECTION_ANSWER, name, r->question->type));
}

static struct step *add_link(struct reading *r, enum step_kind kind, const struct rrset *rrset)
{
	struct response *out = r->out;
	struct step *step = &out->links[out->link_count];

	*step = (struct step){
		.kind = kind,
		.name = out->names[out->link_count],
		.type = r->question->type,
		.zone = r->question->zone,
		.rrset = rrset,
		.proofs = out->proofs,
		.proof_count = out->proof_count,
	};
	out->link_count++;
	return step;
}

static void set_target(struct response *out, const uint8_t *target)
{
	name_lower(out->names[out->link_count], target, name_len(target));
	out->open = true;
}

// The CNAME that a DNAME makes of a name is what a question for CNAME asks: as with any other
// CNAME, nothing is said of where it leads (RFC 1034 §3.6.2), whatever the RCODE says of that.
static bool makes_answer(const struct reading *r)
{
	const struct response *out = r->out;

	return r->question->type == TYPE_CNAME && out->link_count > 0 &&
	       out->links[out->link_count - 1].kind == STEP_DNAME;
}

// One CNAME or DNAME link. False: the chain ends here.
static bool follow(struct reading *r)
{
	struct response *out = r->out;
	const uint8_t *name = out->names[out->link_count];
	const struct rrset *rrset = find_dname(r, name);
	enum step_kind kind = STEP_DNAME;
	uint8_t target[NAME_MAX_LEN];

	if (rrset == NULL) {
		rrset = message_find(r->message, SECTION_ANSWER, name, TYPE_CNAME);
		kind = STEP_CNAME;
	}
	if (rrset == NULL)
		return false;
	// RFC 2181 §10.1 and RFC 6672 §2.4: one record.
	if (rrset->count != 1) {
		out->kind = RESPONSE_MALFORMED;
		return false;
	}
	add_link(r, kind, rrset);
	if (kind == STEP_CNAME) {
		set_target(out, rdata_name(rrset->rdatas[0].data));
		return true;
	}
	if (name_substitute(name, rrset->owner, rdata_name(rrset->rdatas[0].data), target) < 0) {
		out->too_long = true;
		out->open = false; // whatever led here: there is no name to go on with
		return false;
	}
	if (makes_answer(r))
		return false;
	set_target(out, target);
	return true;
}

static bool seen_before(const struct response *out)
{
	const uint8_t *name = out->names[out->link_count];

	for (size_t i = 0; i < out->link_count; i++) {
		if (name_equal(name, out->names[i]))
			return true;
	}
	return false;
}

// The RRset asked for at the chain's end, or NULL.
static const struct rrset *find_answer(const struct reading *r)
{
	return message_find(r->message, SECTION_ANSWER, r->out->names[r->out->link_count],
			    r->question->type);
}

// Takes the chain out of the answer section. Leaves it open, or ended by the answer, or
// at names[link_count] without a word about it.
static void take_chain(struct reading *r)
{
	struct response *out = r->out;

	while (out->kind == RESPONSE_ANSWER && !link_is_lost(r)) {
		const struct rrset *rrset = find_answer(r);
		// An ancestor's DNAME hides whatever is said about the name itself.
		if (rrset != NULL && find_dname(r, out->names[out->link_count]) == NULL) {
			add_link(r, STEP_ANSWER, rrset);
			out->open = false;
			return;
		}
		if (out->link_count + 1 >= RESPONSE_LINKS_MAX || !follow(r) || seen_before(out) ||
		    !name_within(out->names[out->link_count], r->question->zone))
			return;
	}
}

static bool chain_ended(const struct reading *r)
{
	const struct response *out = r->out;

	return out->too_long || makes_answer(r) ||
	       (out->link_count > 0 && out->links[out->link_count - 1].kind == STEP_ANSWER);
}

// Where the zone above is not signed either, whose servers know no better, the child's word that
// there is no DS will do: nothing rests on it.
static void deny_ds_from_child(struct reading *r)
{
	struct response *out = r->out;

	out->kind = RESPONSE_LAME;
	if ((r->message->flags & FLAG_AA) == 0 || r->message->rcode != RCODE_NOERROR ||
	    r->question->forwarder || r->question->glue || out->proof_count > 0)
		return;
	out->resort = RESORT_FOREIGN_SOA;
	add_link(r, STEP_NODATA, NULL);
}

// A negative answer about the chain's last name.
static void take_denial(struct reading *r, enum step_kind kind)
{
	struct response *out = r->out;
	const uint8_t *name = out->names[out->link_count];
	const struct rrset *soa = find_soa(r, name);

	// RFC 4035 §3.1.4.1: the DS of a cut is the parent's affair; the child apex says
	// nothing about it.
	if (soa != NULL && r->question->type == TYPE_DS && name_equal(soa->owner, name) &&
	    !name_is_root(name)) {
		if (out->link_count == 0)
			deny_ds_from_child(r);
		return;
	}
	// With a chain before it, silence about the target is no denial of it.
	if (soa == NULL && out->link_count > 0)
		return;
	add_link(r, kind, NULL)->soa = soa;
	out->open = false;
}

static bool is_ns_name(const struct rrset *ns, const uint8_t *name)
{
	for (size_t i = 0; i < ns->count && i < REFERRAL_NS_MAX; i++) {
		if (name_equal(rdata_name(ns->rdatas[i].data), name))
			return true;
	}
	return false;
}

// Only addresses of the NS names themselves, at or below the referring zone (ATTACKS A7). Who is
// asked for one of them gives it as an answer.
static void take_glue(struct reading *r, struct referral *referral, enum section section)
{
	const struct section_rrsets *from = &r->message->sections[section];
	const size_t max = sizeof(referral->glue) / sizeof(referral->glue[0]);

	for (size_t i = 0; i < from->count && referral->glue_count < max; i++) {
		const struct rrset *rrset = from->rrsets[i];
		if (rrset->type != TYPE_A && rrset->type != TYPE_AAAA)
			continue;
		if (name_within(rrset->owner, r->question->zone) &&
		    is_ns_name(referral->ns, rrset->owner))
			referral->glue[referral->glue_count++] = rrset;
	}
}

// Strictly below the zone asked, equal to or an ancestor of the name asked. A DS question
// for the cut itself is not answered by a referral to it.
static bool legal_cut(const struct response_question *question, const uint8_t *cut)
{
	if (!name_within(cut, question->zone) || name_equal(cut, question->zone))
		return false;
	if (question->type == TYPE_DS && name_equal(cut, question->name))
		return false;
	return name_within(question->name, cut);
}

static bool take_referral(struct reading *r)
{
	const struct section_rrsets *authority = &r->message->sections[SECTION_AUTHORITY];
	struct referral *referral = &r->out->referral;

	for (size_t i = 0; i < authority->count; i++) {
		const struct rrset *rrset = authority->rrsets[i];
		if (rrset->type != TYPE_NS || !legal_cut(r->question, rrset->owner))
			continue;
		if (referral->ns == NULL ||
		    name_labels(rrset->owner) < name_labels(referral->ns->owner))
			referral->ns = rrset;
	}
	if (referral->ns == NULL)
		return false;
	referral->ds = message_find(r->message, SECTION_AUTHORITY, referral->ns->owner, TYPE_DS);
	take_glue(r, referral, SECTION_ADDITIONAL);
	if (referral->glue_count == 0)
		take_glue(r, referral, SECTION_ANSWER);
	r->out->kind = RESPONSE_REFERRAL;
	return true;
}

// A server that knows nothing of the zone points upwards or elsewhere; one that is not
// authoritative for it names the zone's own servers.
static bool points_elsewhere(const struct reading *r, bool authoritative)
{
	const struct section_rrsets *authority = &r->message->sections[SECTION_AUTHORITY];

	for (size_t i = 0; i < authority->count; i++) {
		const struct rrset *rrset = authority->rrsets[i];
		if (rrset->type == TYPE_NS &&
		    (!authoritative || !name_within(rrset->owner, r->question->zone)))
			return true;
	}
	return false;
}

// A zone's server says AA (RFC 1035 §4.1.1). Some never do: theirs are taken too, when they offer
// no recursion and so cannot be quoting a cache. RFC 2308 §2.2: NOERROR with neither the data nor
// any NS record is NODATA; points_elsewhere() has seen to the NS records.
static bool speaks_for_zone(const struct reading *r)
{
	return r->question->forwarder || (r->message->flags & FLAG_AA) != 0 ||
	       (r->message->flags & FLAG_RA) == 0;
}

static bool has_signatures(const struct response *out)
{
	for (size_t i = 0; i < out->link_count; i++) {
		const struct rrset *rrset = out->links[i].rrset;
		if (rrset != NULL && rrset->rrsig_count > 0)
			return true;
	}
	return out->proof_count > 0;
}

// Types on which others rest: where servers are, and what is proven.
static bool is_of_infrastructure(uint16_t type)
{
	return type == TYPE_NS || type == TYPE_DS || type == TYPE_DNSKEY || type == TYPE_DNAME ||
	       type == TYPE_NSEC || type == TYPE_NSEC3 || type == TYPE_NSEC3PARAM;
}

static bool may_be_last_resort(const struct reading *r)
{
	return !r->question->forwarder && !r->question->glue && !name_is_root(r->question->zone) &&
	       !is_of_infrastructure(r->question->type);
}

// Links up to the first that is neither the RRset asked for nor a CNAME.
static size_t links_of_data(const struct response *out)
{
	size_t count = 0;

	while (count < out->link_count &&
	       (out->links[count].kind == STEP_CNAME || out->links[count].kind == STEP_ANSWER))
		count++;
	return count;
}

// What an answer by a server that does not speak for the zone is worth: signatures hold whoever
// passes them on (RFC 4035 §5); nothing else does, while there is anybody else.
static void judge_authority(struct reading *r)
{
	struct response *out = r->out;

	if (out->kind != RESPONSE_ANSWER || speaks_for_zone(r))
		return;
	if (may_be_last_resort(r) && r->message->rcode == RCODE_NOERROR && links_of_data(out) > 0)
		out->resort = RESORT_CACHE;
	out->secure_only = has_signatures(out);
	if (!out->secure_only)
		out->kind = RESPONSE_LAME;
}

// RFC 2308 §2: NOERROR without data and without a referral is NODATA, but whose? Servers give the
// SOA of the TLD, of the company that parks the zone, or of whatever else they have beside it, and
// so with NXDOMAIN.
static void deny_with_foreign_soa(struct reading *r, enum step_kind kind)
{
	struct response *out = r->out;

	out->kind = RESPONSE_LAME;
	if ((r->message->flags & FLAG_AA) == 0 || !may_be_last_resort(r) || out->proof_count > 0 ||
	    points_elsewhere(r, false))
		return;
	out->resort = RESORT_FOREIGN_SOA;
	add_link(r, kind, NULL);
}

static bool has_soa(const struct message *message)
{
	const struct section_rrsets *authority = &message->sections[SECTION_AUTHORITY];

	for (size_t i = 0; i < authority->count; i++) {
		if (authority->rrsets[i]->type == TYPE_SOA)
			return true;
	}
	return false;
}

static void read_noerror(struct reading *r)
{
	struct response *out = r->out;
	bool authoritative = (r->message->flags & FLAG_AA) != 0 && !r->question->glue;
	bool soa = has_soa(r->message);

	take_chain(r);
	if (out->link_count == 0 && lose(r, message_lost(r->message, SECTION_AUTHORITY, NULL, 0)))
		return;
	// Without AA, data beside a delegation may be the parent's glue.
	if ((out->link_count == 0 || !authoritative) && !r->question->forwarder && !soa &&
	    out->kind == RESPONSE_ANSWER && take_referral(r)) {
		response_cut(out, 0);
		return;
	}
	if (out->kind != RESPONSE_ANSWER || chain_ended(r))
		goto end;
	// A loop or a target outside the zone: nothing here speaks about that name.
	if (out->link_count > 0 &&
	    (seen_before(out) || !name_within(out->names[out->link_count], r->question->zone)))
		goto end;
	if (message_lost(r->message, SECTION_AUTHORITY, NULL, 0) != NULL)
		goto end;
	// What counts fewer records than it holds denies nothing.
	if (out->link_count == 0 && !soa && r->message->trailing) {
		out->kind = RESPONSE_MALFORMED;
		return;
	}
	// A SOA of some other zone, or a referral that leads nowhere.
	if (out->link_count == 0 && soa && find_soa(r, out->names[0]) == NULL) {
		deny_with_foreign_soa(r, STEP_NODATA);
		return;
	}
	if (out->link_count == 0 && !soa && points_elsewhere(r, authoritative)) {
		out->kind = RESPONSE_LAME;
		return;
	}
	if (out->link_count + 1 <= RESPONSE_LINKS_MAX)
		take_denial(r, STEP_NODATA);
end:
	judge_authority(r);
}

// RFC 6604: the RCODE is that of the chain's last name.
static void read_nxdomain(struct reading *r)
{
	struct response *out = r->out;

	take_chain(r);
	if (out->kind != RESPONSE_ANSWER)
		return;
	if (chain_ended(r)) {
		if (!out->too_long && !makes_answer(r))
			out->kind = RESPONSE_MALFORMED;
		judge_authority(r);
		return;
	}
	const struct lost_rrset *lost = message_lost(r->message, SECTION_AUTHORITY, NULL, 0);
	if (out->link_count == 0 && lose(r, lost))
		return;
	if (out->link_count == 0 && has_soa(r->message) && find_soa(r, out->names[0]) == NULL) {
		deny_with_foreign_soa(r, STEP_NXDOMAIN);
		return;
	}
	if (lost == NULL &&
	    (out->link_count == 0 ||
	     (!seen_before(out) && name_within(out->names[out->link_count], r->question->zone))))
		take_denial(r, STEP_NXDOMAIN);
	judge_authority(r);
}

static void read_yxdomain(struct reading *r)
{
	take_chain(r);
	// RFC 6672 §3.1: only a DNAME can have led here.
	if (r->out->kind == RESPONSE_ANSWER && !r->out->too_long)
		r->out->kind = RESPONSE_MALFORMED;
	judge_authority(r);
}

static void read_error(unsigned rcode, struct response *out)
{
	switch (rcode) {
	case RCODE_SERVFAIL:
		out->kind = RESPONSE_SERVFAIL;
		break;
	case RCODE_REFUSED:
		out->kind = RESPONSE_REFUSED;
		break;
	case RCODE_NOTAUTH:
		out->kind = RESPONSE_LAME;
		break;
	default:
		out->kind = RESPONSE_ERROR;
	}
}

void response_read(const struct message *message, const struct response_question *question,
		   struct response *out)
{
	struct reading r = {.message = message, .question = question, .out = out};

	out->kind = RESPONSE_ANSWER;
	out->link_count = 0;
	out->open = out->too_long = out->secure_only = out->resorted = false;
	out->resort = RESORT_NONE;
	out->proof_count = 0;
	out->referral = (struct referral){0};
	name_copy(out->names[0], question->name);
	// ATTACKS A13: an answer to another question is none. Some errors come without any.
	if (!message->has_question && message->rcode != RCODE_NOERROR &&
	    message->rcode != RCODE_NXDOMAIN && message->rcode != RCODE_YXDOMAIN) {
		read_error(message->rcode, out);
		return;
	}
	if (!message->has_question || message->qtype != question->type ||
	    message->qclass != CLASS_IN || !name_equal(message->qname, question->name)) {
		out->kind = RESPONSE_MALFORMED;
		return;
	}
	take_proofs(&r);
	switch (message->rcode) {
	case RCODE_NOERROR:
		read_noerror(&r);
		break;
	case RCODE_NXDOMAIN:
		read_nxdomain(&r);
		break;
	case RCODE_YXDOMAIN:
		read_yxdomain(&r);
		break;
	default:
		read_error(message->rcode, out);
	}
}

void response_resort(struct response *response)
{
	response->kind = RESPONSE_ANSWER;
	response->secure_only = false;
	response->resorted = true;
	if (response->resort == RESORT_CACHE)
		response_cut(response, links_of_data(response));
}

void response_cut(struct response *response, size_t count)
{
	if (count >= response->link_count)
		return;
	response->link_count = count;
	response->open = count > 0;
	response->too_long = false;
}
