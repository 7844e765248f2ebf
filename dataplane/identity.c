#include "dataplane/dns/types.h"
#include "dataplane/serving.h"

#include <string.h>

static const uint8_t id_server[] = "\2id\6server";
static const uint8_t hostname_bind[] = "\10hostname\4bind";
static const uint8_t version_server[] = "\7version\6server";
static const uint8_t version_bind[] = "\7version\4bind";

// The literals' NUL is the root label.
#define IS_NAME(query, name)                                                                       \
	((query)->qname_len == sizeof(name) && memcmp((query)->qname, (name), sizeof(name)) == 0)

const char *identity_text(const struct store *store, const struct query *query)
{
	const char *text = NULL;

	if (query->qclass != CLASS_CH || query->question_len == 0)
		return NULL;
	if (query->qtype != TYPE_TXT && query->qtype != TYPE_ANY)
		return NULL;
	if (IS_NAME(query, id_server) || IS_NAME(query, hostname_bind))
		text = store->identity;
	else if (IS_NAME(query, version_server) || IS_NAME(query, version_bind))
		text = store->version;
	return text && text[0] != '\0' ? text : NULL;
}
