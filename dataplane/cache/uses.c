// What an entry may be used for, decided before a record of it is read.
#include "dataplane/cache/entry.h"

#include <string.h>

static bool is_usable(const struct entry *entry, enum entry_security least,
		      const struct entry_moment *at)
{
	if (entry == NULL || entry->security < least)
		return false;
	return at == NULL ||
	       (entry_fresh(entry, at->now_ms) && entry_signatures_valid(entry, at->now_s));
}

bool entry_rrset(const struct entry *entry, uint16_t type, enum entry_security least,
		 const struct entry_moment *at, struct entry_reader *reader)
{
	if (!is_usable(entry, least, at) || !entry_is_rrset(entry) || entry->type != type)
		return false;
	entry_show(entry, reader);
	return true;
}

bool entry_addresses(const struct entry *entry, const uint8_t *name, enum entry_security least,
		     const struct entry_moment *at, struct entry_reader *reader)
{
	if (entry == NULL || !name_equal(entry_name(entry), name))
		return false;
	return entry_rrset(entry, TYPE_A, least, at, reader) ||
	       entry_rrset(entry, TYPE_AAAA, least, at, reader);
}

bool entry_denial(const struct entry *entry, enum entry_security least,
		  const struct entry_moment *at, struct entry_reader *reader)
{
	if (!is_usable(entry, least, at) ||
	    (entry->kind != ENTRY_NODATA && entry->kind != ENTRY_NXDOMAIN))
		return false;
	entry_show(entry, reader);
	return true;
}

// The only record of such an entry is the alias.
static const uint8_t *alias_rdata(const struct entry *entry, struct entry_reader *reader)
{
	enum entry_part part;
	struct record record;

	entry_show(entry, reader);
	return entry_next(reader, &part, &record) ? record.rdata : NULL;
}

bool entry_alias(const struct entry *entry, const uint8_t *name, uint16_t type,
		 enum entry_security least, const struct entry_moment *at,
		 uint8_t target[NAME_MAX_LEN])
{
	struct entry_reader reader;

	if (!is_usable(entry, least, at))
		return false;
	bool same = name_equal(entry_name(entry), name);
	if (entry_is_cname_for(entry, type) && same) {
		const uint8_t *rdata = alias_rdata(entry, &reader);
		name_lower(target, rdata, name_len(rdata));
		return true;
	}
	if (entry->kind != ENTRY_DNAME || same || !name_within(name, entry_name(entry)))
		return false;
	int len = name_substitute(name, entry_name(entry), alias_rdata(entry, &reader), target);
	if (len < 0)
		return false;
	name_lower(target, target, (size_t)len);
	return true;
}
