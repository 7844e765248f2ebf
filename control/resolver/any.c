// ANY and RRSIG. ANY is answered with one RRset of the name and its RRSIGs (RFC 8482 §4.1), which
// was validated like any other; RRSIG with the RRSIGs of that RRset, by value only.

#include "control/resolver/task.h"
#include "dataplane/dns/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint16_t types[] = {TYPE_A,  TYPE_AAAA, TYPE_MX,  TYPE_TXT,
				 TYPE_NS, TYPE_SRV,  TYPE_PTR, TYPE_HTTPS};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

void any_next(struct task *task)
{
	task->state = TASK_WAIT_TYPE;
	int error = task_wait(task, WAIT_TYPE, task->name, types[task->type_index], 0);
	if (error == 0)
		return;
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

// The first link alone: a CNAME is itself an RRset of the name.
static void take(struct task *task, struct chain *to, const struct chain *from)
{
	struct resolver *resolver = task->resolver;
	const struct entry *entry = from->links[0];
	struct entry_reader reader;
	struct entry_facts facts;

	entry_facts(entry, &facts);
	to->failed = from->failed && from->count == 1;
	if (task->type == TYPE_RRSIG && facts.kind != ENTRY_DNAME &&
	    entry_rrset(entry, facts.type, SECURITY_UNPROVEN, NULL, &reader)) {
		chain_add(resolver, to, rrsigs_of(task, &reader));
		return;
	}
	cache_pin(resolver->cache, entry);
	chain_add(resolver, to, entry);
}

static bool is_nodata(const struct chain *chain)
{
	struct entry_facts facts;

	entry_facts(chain->links[0], &facts);
	return facts.kind == ENTRY_NODATA;
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
	if (is_nodata(heard) && parent->type_index + 1u < TYPE_COUNT) {
		parent->type_index++;
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
