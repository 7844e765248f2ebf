// ANY and RRSIG. ANY is answered with one RRset of the name and its RRSIGs (RFC 8482 §4.1), which
// was validated like any other; RRSIG with the RRSIGs of that RRset, by value only. Where none of
// the common types is there, the proof says which others are; an unsigned zone says nothing, and
// ANY is answered with as much (RFC 8482 §4.2).

#include "control/resolver/task.h"
#include "control/validator/trust_lookup.h"
#include "dataplane/dns/rdata.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint16_t types[] = {TYPE_A,  TYPE_AAAA, TYPE_MX,  TYPE_TXT,
				 TYPE_NS, TYPE_SRV,  TYPE_PTR, TYPE_HTTPS};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))
#define LISTED_MAX 8 // asked for besides; a bitmap that names so many that are not there is wrong

// An alias that somebody else has asked about, and whose target is being looked for.
static void take_what_is_known(struct task *task)
{
	struct task *child = cds_list_entry(task->waits.prev, struct waiter, in_parent)->task;

	bool leads_on = child->state == TASK_WAIT_TARGET || child->state == TASK_TARGET;
	if (leads_on && !task_deliver_rrset(child))
		task_ready(child); // which frees it
}

void any_next(struct task *task)
{
	task->state = TASK_WAIT_TYPE;
	uint16_t type = task->type_listed != 0 ? task->type_listed : types[task->type_index];
	int error = task_wait(task, WAIT_TYPE, task->name, type, 0);

	if (error == 0) {
		take_what_is_known(task);
		return;
	}
	if (error == -EAGAIN || error == -ENOMEM)
		room_wait(task, TASK_TYPE);
	else if (task_payer(task) != NULL)
		fail_own(task, EDE_OTHER, "too many resolutions at once");
}

// The RRSIGs of a link's RRset as data of their own; none: it has none.
static const struct entry *rrsigs_of(struct task *task, struct entry_reader *reader)
{
	struct resolver *resolver = task->resolver;
	const struct publication publication = {
		.provenance = FROM_RECURSION,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.one_shot = true,
	};
	struct record records[RRSET_RRSIGS_MAX];
	struct record record;
	enum entry_part part;
	size_t count = 0;

	while (count < RRSET_RRSIGS_MAX && entry_next(reader, &part, &record)) {
		if (part != ENTRY_RRSIGS)
			continue;
		records[count] = record;
		records[count++].owner = task->name;
	}
	return publish_own(resolver->publisher, task->name, TYPE_RRSIG,
			   count > 0 ? ENTRY_POSITIVE : ENTRY_NODATA, records, count, 0,
			   &publication);
}

static bool is_nodata(const struct chain *chain)
{
	struct entry_facts facts;

	entry_facts(chain->links[0], &facts);
	return facts.kind == ENTRY_NODATA;
}

// ---- types that no common one stands beside ----

static bool is_common_type(uint16_t type)
{
	for (size_t i = 0; i < TYPE_COUNT; i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

// An RRset besides that can be asked for at the name. A DS is the zone's above.
static bool is_other_type(uint16_t type)
{
	return !is_common_type(type) && type != TYPE_RRSIG && type != TYPE_NSEC &&
	       type != TYPE_NSEC3 && type != TYPE_DS && !type_is_meta(type);
}

// Whether the record can be about the name: an NSEC tells by its owner, an NSEC3 only by a hash.
static bool read_bitmap(const struct record *record, const uint8_t *name, const uint8_t **bitmap,
			size_t *len)
{
	struct rdata_nsec nsec;
	struct rdata_nsec3 nsec3;

	if (record->type == TYPE_NSEC && rdata_nsec(record->rdata, record->rdlen, &nsec) &&
	    (name_equal(record->owner, name) || name_is_wildcard(record->owner))) {
		*bitmap = nsec.bitmap;
		*len = nsec.bitmap_len;
		return true;
	}
	if (record->type != TYPE_NSEC3 || !rdata_nsec3(record->rdata, record->rdlen, &nsec3))
		return false;
	*bitmap = nsec3.bitmap;
	*len = nsec3.bitmap_len;
	return true;
}

// The next type that a record of the denial's proof names, or 0. False: it has no proof.
static bool next_listed(const struct task *task, const struct chain *chain, uint16_t *next)
{
	struct entry_reader reader;
	enum entry_part part;
	struct record record;
	bool any = false;

	*next = 0;
	if (!entry_denial(chain->links[0], SECURITY_UNPROVEN, NULL, &reader))
		return true;
	while (entry_next(&reader, &part, &record)) {
		const uint8_t *bitmap;
		size_t len;
		if (part != ENTRY_PROOFS)
			continue;
		any = true;
		if (!read_bitmap(&record, task->name, &bitmap, &len))
			continue;
		uint16_t type = task->type_listed;
		do {
			type = rdata_bitmap_next(bitmap, len, type);
		} while (type != 0 && !is_other_type(type));
		if (type != 0 && (*next == 0 || type < *next))
			*next = type;
	}
	return any;
}

// The next NSEC of the proof, or false.
static bool next_nsec(struct entry_reader *reader, struct record *record, struct rdata_nsec *nsec)
{
	enum entry_part part;

	while (entry_next(reader, &part, record)) {
		if (part == ENTRY_PROOFS && record->type == TYPE_NSEC &&
		    rdata_nsec(record->rdata, record->rdlen, nsec))
			return true;
	}
	return false;
}

// Of the closest encloser, as the names of the proof show it; of the name itself when it is there.
static size_t encloser_labels(struct entry_reader reader, const uint8_t *name)
{
	struct record record;
	struct rdata_nsec nsec;
	size_t most = 0;

	while (next_nsec(&reader, &record, &nsec)) {
		size_t owner = name_common_labels(record.owner, name);
		size_t next = name_common_labels(nsec.next, name);
		most = owner > most ? owner : most;
		most = next > most ? next : most;
	}
	return most;
}

// Whether the bitmap names a type that can be asked for.
static bool bitmap_has_types(const uint8_t *bitmap, size_t len)
{
	for (uint16_t type = rdata_bitmap_next(bitmap, len, 0); type != 0;
	     type = rdata_bitmap_next(bitmap, len, type)) {
		if (is_common_type(type) || is_other_type(type))
			return true;
	}
	return false;
}

// By the NSEC of the name, or of the wildcard in its place.
static bool nsec_has_types(struct entry_reader reader, const uint8_t *name)
{
	struct record record;
	struct rdata_nsec nsec;
	const size_t encloser = encloser_labels(reader, name);

	while (next_nsec(&reader, &record, &nsec)) {
		bool wildcard = name_is_wildcard(record.owner) &&
				name_labels(record.owner) == encloser + 1 &&
				name_within(name, name_skip(record.owner, 1));
		if ((wildcard || name_equal(record.owner, name)) &&
		    bitmap_has_types(nsec.bitmap, nsec.bitmap_len))
			return true;
	}
	return false;
}

// The NSEC3 of the name, or false. The hash of a name of the proof was reckoned to validate it, and
// is remembered; one that the budget has nothing left for ends the search, which *broke says.
static bool find_nsec3(struct task *task, struct entry_reader reader, const uint8_t *name,
		       struct rdata_nsec3 *found, bool *broke)
{
	struct client *payer = task_payer(task);
	uint8_t owner[NSEC3_HASH_LEN];
	uint8_t wanted[NSEC3_HASH_LEN];
	enum entry_part part;
	struct record record;

	while (!*broke && entry_next(&reader, &part, &record)) {
		if (part != ENTRY_PROOFS || record.type != TYPE_NSEC3 ||
		    !rdata_nsec3(record.rdata, record.rdlen, found) ||
		    base32hex_decode(record.owner + 1, record.owner[0], owner, NSEC3_HASH_LEN) !=
			    NSEC3_HASH_LEN)
			continue;
		*broke = payer == NULL || !trust_nsec3_hash(task->resolver->parts.trust,
							    &payer->budget, name, found, wanted);
		if (!*broke && memcmp(owner, wanted, NSEC3_HASH_LEN) == 0)
			return true;
	}
	return false;
}

// By the NSEC3 of the name, or of the wildcard at its closest encloser.
static bool nsec3_has_types(struct task *task, struct entry_reader reader)
{
	uint8_t wildcard[NAME_MAX_LEN];
	const uint8_t *at = task->name;
	struct rdata_nsec3 nsec3;
	bool broke = false;

	if (find_nsec3(task, reader, at, &nsec3, &broke))
		return bitmap_has_types(nsec3.bitmap, nsec3.bitmap_len);
	while (!broke && at[0] != 0) {
		at = name_skip(at, 1);
		if (!find_nsec3(task, reader, at, &nsec3, &broke))
			continue;
		bool found = name_wildcard_of(at, wildcard) > 0 &&
			     find_nsec3(task, reader, wildcard, &nsec3, &broke);
		return broke || (found && bitmap_has_types(nsec3.bitmap, nsec3.bitmap_len));
	}
	return broke;
}

// Whether the proof of a denial names a type that can be asked for: that type was denied by servers
// that see the zones in another way, and the proof does not say that the name has nothing.
static bool proof_has_types(struct task *task, const struct entry *nodata)
{
	struct entry_reader reader;

	return entry_denial(nodata, SECURITY_UNPROVEN, NULL, &reader) &&
	       (nsec_has_types(reader, task->name) || nsec3_has_types(task, reader));
}

// Neither an RRset nor the word that there is none.
static const struct entry *unsaid(struct task *task, const struct entry *nodata)
{
	static const uint8_t rdata[] = "\007RFC8482"; // and an empty second string: its NUL
	struct resolver *resolver = task->resolver;
	const struct publication publication = {
		.provenance = FROM_RECURSION,
		.now_ms = resolver->clock.now_ms,
		.now_s = resolver->clock.now_s,
		.one_shot = true,
	};
	const struct record record = {.owner = task->name,
				      .rdata = rdata,
				      .type = TYPE_HINFO,
				      .class_ = CLASS_IN,
				      .rdlen = sizeof(rdata)};
	struct entry_facts facts;

	entry_facts(nodata, &facts);
	uint64_t left_ms =
		facts.expires_ms > publication.now_ms ? facts.expires_ms - publication.now_ms : 0;
	return publish_own(resolver->publisher, task->name, TYPE_HINFO, ENTRY_POSITIVE, &record, 1,
			   (uint32_t)(left_ms / 1000), &publication);
}

// ---- answers ----

// The first link alone: a CNAME is itself an RRset of the name.
static void take(struct task *task, struct chain *to, const struct chain *from)
{
	struct resolver *resolver = task->resolver;
	const struct entry *entry = from->links[0];
	struct entry_reader reader;
	struct entry_facts facts;
	uint16_t next;

	entry_facts(entry, &facts);
	to->failed = from->failed && from->count == 1;
	// A DNAME further up is no RRset of the name.
	if (task->type == TYPE_RRSIG && name_equal(facts.name, task->name) &&
	    entry_rrset(entry, facts.type, SECURITY_UNPROVEN, NULL, &reader)) {
		chain_add(resolver, to, rrsigs_of(task, &reader));
		return;
	}
	if (task->type == TYPE_ANY && facts.kind == ENTRY_NODATA &&
	    (!next_listed(task, from, &next) || proof_has_types(task, entry))) {
		chain_add(resolver, to, unsaid(task, entry));
		return;
	}
	cache_pin(resolver->cache, entry);
	chain_add(resolver, to, entry);
}

// What was asked for is not there: whether there is something else to ask for.
static bool take_next(struct task *task, const struct chain *nodata)
{
	uint16_t next = 0;

	if (task->type_index + 1u >= TYPE_COUNT + LISTED_MAX)
		return false;
	if (task->type_index + 1u >= TYPE_COUNT) {
		(void)next_listed(task, nodata, &next);
		if (next == 0)
			return false;
	}
	task->type_listed = next;
	task->type_index++;
	return true;
}

void any_deliver(struct task *parent, const struct task *child)
{
	const struct chain *chain = &child->chain;
	// With CD=1 what could not be proven says whether there is such an RRset.
	const struct chain *heard = child->has_unproven ? &child->unproven : chain;

	if (chain->count == 0) {
		fail_own(parent, EDE_OTHER, "out of memory for answers");
		return;
	}
	if (is_nodata(heard) && take_next(parent, heard)) {
		parent->state = TASK_TYPE;
		return;
	}
	take(parent, &parent->chain, chain);
	if (child->has_unproven) {
		take(parent, &parent->unproven, &child->unproven);
		parent->has_unproven = parent->unproven.count > 0;
	}
	parent->state = TASK_FINISH;
}
