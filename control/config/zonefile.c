#include "control/config/zonefile.h"

#include "dataplane/dns/types.h"

#include <ldns/ldns.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANCHORS_MAX 64

#define FILE_MAX_BYTES (16 << 20)

// A device or pipe may never end; NULL with errno.
static FILE *open_bounded(const char *path)
{
	FILE *stream = fopen(path, "re");
	struct stat info;
	int error = 0;

	if (!stream)
		return NULL;
	if (fstat(fileno(stream), &info) != 0)
		error = errno;
	else if (!S_ISREG(info.st_mode))
		error = EINVAL;
	else if (info.st_size > FILE_MAX_BYTES)
		error = EFBIG;
	if (error == 0)
		return stream;
	fclose(stream);
	errno = error;
	return NULL;
}

// Calls take() with each record of a file; take() returns a sentence, or NULL when it is well.
static int records_read(const char *path, const char *(*take)(const ldns_rr *record, void *arg),
			void *arg, char *err, size_t err_len)
{
	FILE *stream = open_bounded(path);
	ldns_rdf *origin = ldns_dname_new_frm_str("."), *previous = NULL;
	const char *complaint = NULL;
	uint32_t ttl = 3600;
	int line = 1, at = 1;

	if (!stream) {
		snprintf(err, err_len, "%s: %s", path,
			 errno == EINVAL ? "this is no file of records" : strerror(errno));
		ldns_rdf_deep_free(origin);
		return -1;
	}
	while (!complaint && !feof(stream)) {
		ldns_rr *record = NULL;
		ldns_status status;

		at = line;
		status = ldns_rr_new_frm_fp_l(&record, stream, &ttl, &origin, &previous, &line);
		if (status == LDNS_STATUS_OK) {
			complaint = take(record, arg);
			ldns_rr_free(record);
		} else if (status != LDNS_STATUS_SYNTAX_EMPTY && status != LDNS_STATUS_SYNTAX_TTL &&
			   status != LDNS_STATUS_SYNTAX_ORIGIN) {
			complaint = ldns_get_errorstr_by_id(status);
		}
	}
	if (complaint)
		snprintf(err, err_len, "%s:%d: %s", path, at, complaint);
	ldns_rdf_deep_free(origin);
	ldns_rdf_deep_free(previous);
	fclose(stream);
	return complaint ? -1 : 0;
}

static int name_of(const ldns_rdf *rdf, uint8_t out[NAME_MAX_LEN])
{
	size_t size = ldns_rdf_size(rdf);

	if (size > NAME_MAX_LEN)
		return -1;
	memcpy(out, ldns_rdf_data(rdf), size);
	name_lower(out, out, size);
	return 0;
}

static struct root_hint *hint_of(struct resolver_config *config, const uint8_t *name)
{
	for (size_t i = 0; i < config->hint_count; i++) {
		if (name_equal(config->hints[i].name, name))
			return &config->hints[i];
	}
	if (config->hint_count == HINTS_MAX)
		return NULL;
	name_copy(config->hints[config->hint_count].name, name);
	config->hints[config->hint_count].address_count = 0;
	return &config->hints[config->hint_count++];
}

// False: no room.
static bool hint_add(struct root_hint *hint, uint8_t family, const uint8_t *bytes)
{
	struct address *address;

	if (hint->address_count == sizeof(hint->addresses) / sizeof(hint->addresses[0]))
		return false;
	address = &hint->addresses[hint->address_count++];
	memset(address, 0, sizeof(*address));
	address->family = family;
	memcpy(address->bytes, bytes, family == 4 ? 4 : 16);
	return true;
}

static const char *take_hint(const ldns_rr *record, void *arg)
{
	struct resolver_config *config = arg;
	uint8_t name[NAME_MAX_LEN];
	ldns_rr_type type = ldns_rr_get_type(record);
	struct root_hint *hint;

	if (type == LDNS_RR_TYPE_NS) {
		if (name_of(ldns_rr_owner(record), name) != 0 || !name_is_root(name))
			return "a root hint's NS record must be owned by the root";
		return name_of(ldns_rr_rdf(record, 0), name) == 0 && hint_of(config, name)
			       ? NULL
			       : "more than 32 root servers";
	}
	if (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA)
		return "root hints hold NS, A and AAAA records only";
	if (name_of(ldns_rr_owner(record), name) != 0)
		return "a name is too long";
	hint = hint_of(config, name);
	if (!hint)
		return "more than 32 root servers";
	return hint_add(hint, type == LDNS_RR_TYPE_A ? 4 : 6, ldns_rdf_data(ldns_rr_rdf(record, 0)))
		       ? NULL
		       : "more than 8 addresses of one root server";
}

int hints_read(const char *path, struct resolver_config *out, char *err, size_t err_len)
{
	size_t addresses = 0;

	out->hint_count = 0;
	if (records_read(path, take_hint, out, err, err_len) != 0)
		return -1;
	for (size_t i = 0; i < out->hint_count; i++)
		addresses += out->hints[i].address_count;
	if (addresses > 0)
		return 0;
	snprintf(err, err_len, "%s: holds no address of a root server", path);
	return -1;
}

static const char *anchor_append(struct config *config, const ldns_rr *record, const uint8_t *rdata,
				 size_t rdlen)
{
	struct config_anchor *grown, *anchor;

	if (config->anchor_count == ANCHORS_MAX)
		return "more than 64 trust anchors";
	grown = realloc(config->anchors, (config->anchor_count + 1) * sizeof(*grown));
	if (!grown)
		return "out of memory";
	config->anchors = grown;
	anchor = &grown[config->anchor_count];
	anchor->rdata = malloc(rdlen);
	if (!anchor->rdata)
		return "out of memory";
	memcpy(anchor->rdata, rdata, rdlen);
	anchor->rdlen = (uint16_t)rdlen;
	anchor->type = (uint16_t)ldns_rr_get_type(record);
	config->anchor_count++;
	return name_of(ldns_rr_owner(record), anchor->owner) == 0 ? NULL : "a name is too long";
}

// RFC 4034 §2.1.1 and §5.1.4: what no key can have or make.
static const char *judge_anchor(uint16_t type, const uint8_t *rdata, size_t len)
{
	static const uint8_t digests[] = {[1] = 20, [2] = 32, [4] = 48};

	if (type == TYPE_DS && len > 4 && rdata[3] < sizeof(digests) && digests[rdata[3]] != 0 &&
	    len - 4 != digests[rdata[3]])
		return "the digest has not the length of its type";
	if (type == TYPE_DNSKEY && (rdata[0] & 1) == 0)
		return "no key of a zone: the flags lack ZONE";
	return NULL;
}

static const char *take_anchor(const ldns_rr *record, void *arg)
{
	ldns_rr_type type = ldns_rr_get_type(record);
	const char *complaint;
	uint8_t *wire = NULL;
	size_t size = 0, head;

	if (type != LDNS_RR_TYPE_DS && type != LDNS_RR_TYPE_DNSKEY)
		return "a trust anchor is a DS or DNSKEY record";
	if (ldns_rr2wire(&wire, record, LDNS_SECTION_ANSWER, &size) != LDNS_STATUS_OK)
		return "the record cannot be read";
	// Owner, then type, class, TTL and RDLENGTH.
	head = ldns_rdf_size(ldns_rr_owner(record)) + 10;
	complaint = ldns_rr_get_class(record) != LDNS_RR_CLASS_IN ? "the class is not IN"
		    : size > head + 4 ? judge_anchor((uint16_t)type, wire + head, size - head)
				      : "the record is too short";
	if (!complaint)
		complaint = anchor_append(arg, record, wire + head, size - head);
	free(wire);
	return complaint;
}

int anchors_read(const char *path, struct config *out, char *err, size_t err_len)
{
	size_t before = out->anchor_count;

	if (records_read(path, take_anchor, out, err, err_len) != 0)
		return -1;
	if (out->anchor_count > before)
		return 0;
	snprintf(err, err_len, "%s: holds no trust anchor", path);
	return -1;
}

int anchor_read(const char *text, struct config *out, char *err, size_t err_len)
{
	ldns_rr *record = NULL;
	ldns_status status = ldns_rr_new_frm_str(&record, text, 3600, NULL, NULL);
	const char *complaint;

	if (status != LDNS_STATUS_OK) {
		snprintf(err, err_len, "\"%s\" is no record: %s", text,
			 ldns_get_errorstr_by_id(status));
		return -1;
	}
	complaint = take_anchor(record, out);
	ldns_rr_free(record);
	if (!complaint)
		return 0;
	snprintf(err, err_len, "\"%s\": %s", text, complaint);
	return -1;
}
