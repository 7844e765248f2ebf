#include "tests/scenario/flaws.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"
#include "tests/scenario/text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rrset *keep(struct flaw *flaw, struct rrset *rrset)
{
	flaw->made = realloc(flaw->made, (flaw->made_count + 1) * sizeof(flaw->made[0]));
	assert_non_null(flaw->made);
	flaw->made[flaw->made_count++] = rrset;
	return rrset;
}

void flaw_free(struct flaw *flaw)
{
	for (size_t i = 0; i < flaw->made_count; i++)
		rrset_free(flaw->made[i]);
	free(flaw->made);
	flaw->made = NULL;
	flaw->made_count = 0;
}

static void note(struct flaw *flaw)
{
	flaw->sent += !flaw->changed;
	flaw->changed = true;
}

static bool is_denial(const struct rrset *rrset)
{
	return rrset->type == TYPE_NSEC || rrset->type == TYPE_NSEC3;
}

// ---- data ----

// The same records without signatures, and another address.
static struct rrset *marked(struct flaw *flaw, const struct rrset *rrset)
{
	static const uint8_t address[] = {203, 0, 113, 66};
	const struct rdata rdata = {address, sizeof(address)};

	if (rrset->type != TYPE_A)
		return keep(flaw, signer_strip(rrset));
	return keep(flaw, signer_rrset_wire(rrset->owner, TYPE_A, rrset->ttl_s, &rdata, 1));
}

// Signed as the right key would sign it, but for what the options say; a wildcard's expansion as
// the wildcard.
static const struct rrset *signed_by(struct flaw *flaw, const struct rrset *rrset,
				     const struct signer_zone *by, struct signer_options options)
{
	const struct rrset *made = marked(flaw, rrset);
	uint8_t wildcard[NAME_MAX_LEN];
	uint8_t labels = rrset->rrsigs[0].data[3];
	const struct signer_key *key =
		rrset->type == TYPE_DNSKEY ? signer_zone_ksk(by) : signer_zone_zsk(by);

	if (labels < name_labels(rrset->owner) && !name_is_wildcard(rrset->owner)) {
		assert_true(name_wildcard_of(name_ancestor(rrset->owner, labels), wildcard) > 0);
		options.has_labels = true;
		options.labels = labels;
		options.signed_owner = wildcard;
	}
	return keep(flaw, signer_sign(made, key, signer_zone_apex(by), &options));
}

static struct signer_options stolen_name(const struct flaw *flaw, uint16_t type)
{
	return (struct signer_options){
		.signer = signer_zone_apex(flaw->zone),
		.has_tag = true,
		.tag = (type == TYPE_DNSKEY ? signer_zone_ksk(flaw->zone)
					    : signer_zone_zsk(flaw->zone))
			       ->tag,
	};
}

static const struct rrset *flawed(struct flaw *flaw, const struct rrset *rrset)
{
	switch (flaw->kind) {
	case FLAW_WRONG_SIGNATURE:
		return signed_by(flaw, rrset, flaw->zone, (struct signer_options){.corrupt = true});
	case FLAW_EXPIRED:
		return signed_by(flaw, rrset, flaw->zone,
				 (struct signer_options){.inception_s = SIGNER_NOW - 1728000,
							 .expiration_s = SIGNER_NOW - 172800});
	case FLAW_WRONG_SIGNER:
		return signed_by(flaw, rrset, flaw->evil, (struct signer_options){0});
	case FLAW_STOLEN_NAME:
		return signed_by(flaw, rrset, flaw->evil, stolen_name(flaw, rrset->type));
	case FLAW_PARENT_SIGNER:
		return signed_by(flaw, rrset, flaw->above, (struct signer_options){0});
	case FLAW_CUT:
	case FLAW_CUT_2500:
		return rrset->type == TYPE_SOA ? rrset : marked(flaw, rrset);
	case FLAW_STRIPPED:
		return is_denial(rrset) ? NULL : marked(flaw, rrset);
	default:
		return rrset;
	}
}

// ---- forged denial ----

static bool of_2500(const struct flaw *flaw)
{
	return flaw->kind == FLAW_2500 || flaw->kind == FLAW_2500_UNSIGNED ||
	       flaw->kind == FLAW_CUT_2500;
}

static void forge(struct flaw *flaw, struct builder *b, struct rrset *rrset)
{
	keep(flaw, rrset);
	if (flaw->kind != FLAW_2500_UNSIGNED) {
		const struct signer_options options = stolen_name(flaw, rrset->type);
		rrset = keep(flaw, signer_sign(rrset, signer_zone_zsk(flaw->evil),
					       signer_zone_apex(flaw->zone), &options));
	}
	builder_rrset(b, SECTION_AUTHORITY, rrset, true);
}

// types: of the name, which is there; NULL: it does not exist.
static void forge_nsec3(struct flaw *flaw, struct builder *b, const char *name,
			const uint16_t *types)
{
	const struct signer_nsec3_params params = {.iterations = of_2500(flaw) ? 2500 : 0};
	static const uint16_t apex_types[] = {TYPE_NS, TYPE_SOA, TYPE_RRSIG, TYPE_DNSKEY, 0};
	char zone[NAME_TEXT_MAX], next_closer[NAME_TEXT_MAX], wildcard[NAME_TEXT_MAX + 2];
	const uint8_t *apex = signer_zone_apex(flaw->zone);

	name_to_text(apex, zone);
	if (types != NULL) {
		forge(flaw, b, signer_nsec3(name, zone, &params, false, NULL, types, 300));
		return;
	}
	name_to_text(name_ancestor(text_name(name), name_labels(apex) + 1), next_closer);
	snprintf(wildcard, sizeof(wildcard), "*.%s", name_is_root(apex) ? "" : zone);
	forge(flaw, b, signer_nsec3(zone, zone, &params, false, NULL, apex_types, 300));
	forge(flaw, b, signer_nsec3(next_closer, zone, &params, true, NULL, apex_types + 2, 300));
	forge(flaw, b, signer_nsec3(wildcard, zone, &params, true, NULL, apex_types + 2, 300));
}

static void forge_nsec(struct flaw *flaw, struct builder *b, const char *name,
		       const uint16_t *types)
{
	static const uint16_t apex_types[] = {TYPE_NS,   TYPE_SOA,    TYPE_RRSIG,
					      TYPE_NSEC, TYPE_DNSKEY, 0};
	char zone[NAME_TEXT_MAX], next[NAME_TEXT_MAX + 8];

	// One record can cover both the name and the wildcard.
	name_to_text(signer_zone_apex(flaw->zone), zone);
	snprintf(next, sizeof(next), types != NULL ? "\\000.%s" : "zzzz.%s",
		 types != NULL ? name : zone);
	forge(flaw, b,
	      signer_nsec(types != NULL ? name : zone, next, types != NULL ? types : apex_types,
			  300));
}

// Genuine records of the zone, none of which the right answer has.
static void replay(struct flaw *flaw, const struct network_query *query, struct builder *b)
{
	struct signer_answer right, other;
	char zone[NAME_TEXT_MAX], name[NAME_TEXT_MAX + 5];

	snprintf(name, sizeof(name), "0.%s", name_to_text(signer_zone_apex(flaw->zone), zone));
	signer_zone_query(flaw->zone, query->name, query->type, &right);
	signer_zone_query(flaw->zone, text_name(name), TYPE_A, &other);
	assert_true(other.proof_count > 0);
	for (size_t i = 0; i < other.proof_count; i++) {
		bool is_right = false;
		for (size_t k = 0; k < right.proof_count; k++)
			is_right |= right.proofs[k] == other.proofs[i];
		if (!is_right)
			builder_rrset(b, SECTION_AUTHORITY, other.proofs[i], true);
	}
}

static void write_denial(struct flaw *flaw, const struct network_query *query, struct builder *b)
{
	static const uint16_t others[] = {TYPE_TXT, TYPE_RRSIG, TYPE_NSEC, 0};
	static const uint16_t cut[] = {TYPE_NS, TYPE_RRSIG, TYPE_NSEC, 0};
	char name[NAME_TEXT_MAX];
	const uint16_t *types = NULL;

	name_to_text(query->name, name);
	if (flaw->style == FLAW_OF_REFERRAL || flaw->kind == FLAW_CUT ||
	    flaw->kind == FLAW_CUT_2500) {
		// What lies below the delegation is said of the delegation itself.
		const uint8_t *apex = signer_zone_apex(flaw->zone);
		name_to_text(flaw->style == FLAW_OF_REFERRAL
				     ? name_ancestor(query->name, name_labels(apex) + 1)
				     : query->name,
			     name);
		types = cut;
	} else if (flaw->kind == FLAW_NODATA) {
		types = others;
	}
	note(flaw);
	if (flaw->kind == FLAW_REPLAYED)
		replay(flaw, query, b);
	else if (flaw->nsec3 || of_2500(flaw))
		forge_nsec3(flaw, b, name, types);
	else
		forge_nsec(flaw, b, name, types);
}

static bool forges_denial(const struct flaw *flaw)
{
	return flaw->kind >= FLAW_NXDOMAIN && flaw->kind <= FLAW_2500_UNSIGNED;
}

static bool forges_cut(const struct flaw *flaw)
{
	return flaw->kind == FLAW_CUT || flaw->kind == FLAW_CUT_2500;
}

static void write_soa(struct flaw *flaw, struct builder *b)
{
	const uint8_t *apex = signer_zone_apex(flaw->zone);

	builder_rrset(b, SECTION_AUTHORITY, signer_zone_find(flaw->zone, apex, TYPE_SOA), true);
}

// ---- hooks ----

static void replace(const struct network_query *query, enum section section, struct builder *b,
		    void *arg)
{
	struct flaw *flaw = arg;

	if (section != SECTION_AUTHORITY)
		return;
	flaw->changed = false;
	write_soa(flaw, b);
	write_denial(flaw, query, b);
}

static const struct rrset *rewrite(const struct network_query *query, enum section section,
				   const struct rrset *rrset, void *arg)
{
	struct flaw *flaw = arg;

	(void)query;
	// Beside a referral or an answer no SOA is missing.
	if (section == SECTION_AUTHORITY && (rrset->type == TYPE_SOA || rrset->type == TYPE_NS))
		flaw->soa = true;
	bool ds = rrset->type == TYPE_DS && (flaw->style == FLAW_OF_REFERRAL || forges_cut(flaw));
	if ((forges_denial(flaw) || forges_cut(flaw)) && (is_denial(rrset) || ds)) {
		note(flaw);
		return NULL;
	}
	if (section == SECTION_ANSWER)
		flaw->soa = true;
	if (rrset->rrsig_count == 0)
		return rrset;
	const struct rrset *made = flawed(flaw, rrset);
	if (made != rrset)
		note(flaw);
	return made;
}

static void decorate(const struct network_query *query, enum section section, struct builder *b,
		     void *arg)
{
	struct flaw *flaw = arg;

	// A forged cut is there for those who ask about it.
	bool wanted = forges_denial(flaw) || (forges_cut(flaw) && query->type == TYPE_DS) ||
		      (forges_cut(flaw) && flaw->style == FLAW_OF_REFERRAL);
	if (section == SECTION_AUTHORITY && wanted) {
		if (!flaw->soa)
			write_soa(flaw, b);
		write_denial(flaw, query, b);
	}
	if (section == SECTION_ADDITIONAL)
		flaw->soa = flaw->changed = false;
}

struct fault flaw_fault(struct flaw *flaw)
{
	bool nodata = flaw->kind == FLAW_NODATA;

	if (flaw->kind == FLAW_TIMEOUT)
		return (struct fault){.kind = FAULT_DROP, .hook_arg = flaw};
	if (flaw->style == FLAW_OF_DATA && forges_denial(flaw))
		return (struct fault){
			.replace = replace,
			.flags = FLAG_AA | (nodata ? RCODE_NOERROR : RCODE_NXDOMAIN),
			.hook_arg = flaw,
		};
	return (struct fault){.rewrite = rewrite, .decorate = decorate, .hook_arg = flaw};
}
