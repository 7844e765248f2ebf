#include "control/validator/state_text.h"

#include "dataplane/dns/header.h"
#include "dataplane/dns/types.h"

#include <ldns/ldns.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_LINE       STATE_TEXT_MARK "1"
#define LINE_MAX_LEN     16384
#define OBSERVATIONS_MAX (TRUST_POINTS_MAX * TRUST_POINT_HISTORY_MAX)
#define RECORDS_MAX      (OBSERVATION_KEYS_MAX + RRSET_RRSIGS_MAX)
#define RECORD_FIXED_LEN 10 // type, class, TTL, RDLENGTH
#define TIME_FORMAT      "%Y-%m-%dT%H:%M:%SZ"

// ---- writing ----

static const char *time_to_text(int64_t at_s, char out[32])
{
	time_t seconds = (time_t)at_s;
	struct tm utc;

	if (gmtime_r(&seconds, &utc) == NULL || strftime(out, 32, TIME_FORMAT, &utc) == 0)
		snprintf(out, 32, "?");
	return out;
}

static void write_key(FILE *out, const struct trust_key *key)
{
	char text[32];

	fprintf(out, "# key %u, algorithm %u: %s", key->tag, key->algorithm,
		trust_key_state_words(key->state));
	if (key->since_s != 0)
		fprintf(out, " since %s", time_to_text(key->since_s, text));
	if (key->state == TRUST_KEY_PENDING)
		fprintf(out, ", trusted when it is seen after %s",
			time_to_text(trust_key_hold_until_s(key), text));
	fprintf(out, "%s\n", key->configured != NULL ? ", configured" : "");
}

static void write_record(FILE *out, const struct rrset *rrset, uint16_t type,
			 const struct rdata *rdata)
{
	size_t owner_len = name_len(rrset->owner), pos = 0;
	size_t len = owner_len + RECORD_FIXED_LEN + rdata->len;
	uint8_t *wire = malloc(len), *fixed = wire + owner_len;
	ldns_rr *rr = NULL;

	if (wire == NULL)
		return;
	memcpy(wire, rrset->owner, owner_len);
	wire_put16(fixed, type);
	wire_put16(fixed + 2, CLASS_IN);
	wire_put32(fixed + 4, rrset->ttl_s);
	wire_put16(fixed + 8, rdata->len);
	memcpy(fixed + RECORD_FIXED_LEN, rdata->data, rdata->len);
	if (ldns_wire2rr(&rr, wire, len, &pos, LDNS_SECTION_ANSWER) == LDNS_STATUS_OK) {
		char *text = ldns_rr2str_fmt(ldns_output_format_nocomments, rr);
		if (text != NULL)
			fputs(text, out); // with its end of line
		free(text);
		ldns_rr_free(rr);
	}
	free(wire);
}

static void write_observation(FILE *out, const struct observation *observation)
{
	const struct rrset *rrset = observation->rrset;
	char text[32];

	fprintf(out, "\nseen %s\n", time_to_text(observation->at_s, text));
	for (size_t i = 0; i < rrset->count; i++)
		write_record(out, rrset, TYPE_DNSKEY, &rrset->rdatas[i]);
	for (size_t i = 0; i < rrset->rrsig_count; i++)
		write_record(out, rrset, TYPE_RRSIG, &rrset->rrsigs[i]);
}

static size_t write_point(FILE *out, const struct trust_point *point)
{
	const struct trust_ledger *ledger = trust_point_ledger(point);
	const struct observation *const *history;
	size_t count = trust_point_history(point, &history);
	char name[NAME_TEXT_MAX];

	fprintf(out, "\n# trust anchor %s\n", name_to_text(trust_point_zone(point), name));
	for (size_t i = 0; i < ledger->count; i++)
		write_key(out, &ledger->keys[i]);
	for (size_t i = 0; i < count; i++)
		write_observation(out, history[i]);
	return count;
}

char *state_text_write(const struct trust_points *points, int64_t now_s)
{
	char *text = NULL, now[32];
	size_t len = 0, count = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return NULL;
	fprintf(out,
		FIRST_LINE
		"\n"
		"# Written by assayd at %s, and read when it starts. Lines with # are for people;\n"
		"# keys become trusted by the signatures alone, beginning with the configured "
		"anchors.\n",
		time_to_text(now_s, now));
	for (size_t i = 0; i < trust_points_count(points); i++) {
		const struct trust_zone *zone = trust_points_zone(points, i);
		if (zone->point != NULL)
			count += write_point(out, zone->point);
	}
	fprintf(out, "\nend %zu\n", count);
	bool bad = ferror(out) != 0;
	if (fclose(out) != 0 || bad) {
		free(text);
		return NULL;
	}
	return text;
}

// ---- reading ----

struct seen {
	int64_t at_s;
	struct rrset *rrset;
};

struct reader {
	const char *text, *end;
	unsigned line;
	char *err;
	struct seen *seen;
	size_t seen_count;
	// Of the observation being read:
	bool open;
	int64_t at_s;
	uint8_t owner[NAME_MAX_LEN];
	struct record keys[RECORDS_MAX], rrsigs[RECORDS_MAX];
	size_t key_count, rrsig_count;
	bool ended;
};

__attribute__((format(printf, 2, 3))) static int complain(struct reader *r, const char *format, ...)
{
	int used = snprintf(r->err, STATE_ERROR_MAX, "%u: ", r->line > 0 ? r->line : 1);
	va_list args;

	va_start(args, format);
	vsnprintf(r->err + used, STATE_ERROR_MAX - (size_t)used, format, args);
	va_end(args);
	return -1;
}

// The next line without its end. False: there is none. Too long: *len says so.
static bool next_line(struct reader *r, char line[LINE_MAX_LEN], size_t *len)
{
	if (r->text == r->end)
		return false;
	const char *stop = memchr(r->text, '\n', (size_t)(r->end - r->text));
	const char *end = stop != NULL ? stop : r->end;
	*len = (size_t)(end - r->text);
	if (*len < LINE_MAX_LEN) {
		memcpy(line, r->text, *len);
		line[*len] = '\0';
	}
	r->text = stop != NULL ? stop + 1 : r->end;
	r->line++;
	return true;
}

static void drop_records(struct reader *r)
{
	for (size_t i = 0; i < r->key_count; i++)
		free((void *)(uintptr_t)r->keys[i].rdata);
	for (size_t i = 0; i < r->rrsig_count; i++)
		free((void *)(uintptr_t)r->rrsigs[i].rdata);
	r->key_count = r->rrsig_count = 0;
}

// The observation that ends here.
static int close_observation(struct reader *r)
{
	if (!r->open)
		return 0;
	r->open = false;
	if (r->key_count == 0 || r->rrsig_count == 0)
		return complain(r, "before this line DNSKEY or RRSIG records are missing");
	struct rrset *rrset = rrset_new(r->keys, r->key_count, r->rrsigs, r->rrsig_count);
	drop_records(r);
	if (rrset == NULL)
		return complain(r, "before this line there are too many records");
	r->seen[r->seen_count++] = (struct seen){r->at_s, rrset};
	return 0;
}

static int read_seen(struct reader *r, const char *text)
{
	struct tm utc = {0};
	const char *rest = strptime(text, TIME_FORMAT, &utc);

	if (close_observation(r) != 0)
		return -1;
	if (rest == NULL || *rest != '\0')
		return complain(r, "\"%.40s\" is no time such as 2026-10-11T00:00:00Z", text);
	if (r->seen_count == OBSERVATIONS_MAX)
		return complain(r, "more than %d times", OBSERVATIONS_MAX);
	r->at_s = timegm(&utc);
	r->open = true;
	return 0;
}

static int read_end(struct reader *r, const char *text)
{
	char *rest;
	unsigned long count = strtoul(text, &rest, 10);

	if (close_observation(r) != 0)
		return -1;
	if (*text < '0' || *text > '9' || *rest != '\0' || count != r->seen_count)
		return complain(r, "there should be \"end %zu\"", r->seen_count);
	r->ended = true;
	return 0;
}

static int keep_record(struct reader *r, const uint8_t *wire, size_t len)
{
	int owner_len = name_check(wire, len);
	uint8_t owner[NAME_MAX_LEN];

	if (owner_len < 0 || len < (size_t)owner_len + RECORD_FIXED_LEN)
		return complain(r, "the record cannot be read");
	const uint8_t *fixed = wire + owner_len, *rdata = fixed + RECORD_FIXED_LEN;
	uint16_t type = wire_get16(fixed), rdlen = (uint16_t)(len - (size_t)(rdata - wire));
	struct record *list = type == TYPE_DNSKEY ? r->keys : r->rrsigs;
	size_t *count = type == TYPE_DNSKEY ? &r->key_count : &r->rrsig_count;
	if ((type != TYPE_DNSKEY && type != TYPE_RRSIG) || wire_get16(fixed + 2) != CLASS_IN)
		return complain(r, "only DNSKEY and RRSIG records of class IN belong here");
	if (type == TYPE_RRSIG && (rdlen < 2 || wire_get16(rdata) != TYPE_DNSKEY))
		return complain(r, "the RRSIG is not of a DNSKEY RRset");
	name_lower(owner, wire, (size_t)owner_len);
	if (r->key_count + r->rrsig_count == 0)
		name_copy(r->owner, owner);
	if (!name_equal(r->owner, owner))
		return complain(r, "records of two names under one time");
	if (*count == RECORDS_MAX)
		return complain(r, "more than %d records", RECORDS_MAX);
	uint8_t *own = malloc(RDATA_MAX);
	int own_len = own == NULL ? -1 : rdata_parse(type, rdata, rdlen, 0, rdlen, own, RDATA_MAX);
	if (own_len < 0) {
		free(own);
		return complain(r, "the record has not the form of its type");
	}
	list[(*count)++] = (struct record){.owner = r->owner,
					   .rdata = own,
					   .ttl_s = wire_get32(fixed + 4),
					   .type = type,
					   .class_ = CLASS_IN,
					   .rdlen = (uint16_t)own_len};
	return 0;
}

static int read_record(struct reader *r, const char *line)
{
	ldns_rr *rr = NULL;
	uint8_t *wire = NULL;
	size_t len = 0;
	int rc;

	if (!r->open)
		return complain(r, "neither \"seen\" nor \"end\", and no time before it");
	ldns_status status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
	if (status != LDNS_STATUS_OK)
		return complain(r, "no record: %s", ldns_get_errorstr_by_id(status));
	if (ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &len) == LDNS_STATUS_OK)
		rc = keep_record(r, wire, len);
	else
		rc = complain(r, "the record cannot be read");
	free(wire);
	ldns_rr_free(rr);
	return rc;
}

static int read_line(struct reader *r, const char *line, size_t len)
{
	if (len >= LINE_MAX_LEN)
		return complain(r, "the line is longer than %d bytes", LINE_MAX_LEN - 1);
	if (memchr(line, '\0', len) != NULL)
		return complain(r, "a byte of value 0");
	if (r->line == 1)
		return strcmp(line, FIRST_LINE) == 0
			       ? 0
			       : complain(r, "the first line is not \"" FIRST_LINE "\"");
	if (len == 0 || line[0] == '#')
		return 0;
	if (r->ended)
		return complain(r, "something follows after the end");
	if (strncmp(line, "seen ", 5) == 0)
		return read_seen(r, line + 5);
	if (strncmp(line, "end ", 4) == 0)
		return read_end(r, line + 4);
	return read_record(r, line);
}

static int read_all(struct reader *r)
{
	char line[LINE_MAX_LEN];
	size_t len;

	while (next_line(r, line, &len)) {
		if (read_line(r, line, len) != 0)
			return -1;
	}
	if (!r->ended)
		return complain(r, "the file is cut off: its last line is not \"end\"");
	return 0;
}

int state_text_read(const char *text, size_t len,
		    void (*take)(const struct rrset *rrset, int64_t at_s, void *arg), void *arg,
		    char err[STATE_ERROR_MAX])
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc = -1;

	if (r == NULL || len > STATE_TEXT_MAX) {
		snprintf(err, STATE_ERROR_MAX, "1: %s",
			 r == NULL ? "out of memory"
				   : "the file is larger than any that is written");
		free(r);
		return -1;
	}
	*r = (struct reader){.text = text, .end = text + len, .err = err};
	r->seen = calloc(OBSERVATIONS_MAX, sizeof(r->seen[0]));
	if (r->seen != NULL)
		rc = read_all(r);
	else
		complain(r, "out of memory");
	drop_records(r);
	for (size_t i = 0; i < r->seen_count; i++) {
		if (rc == 0)
			take(r->seen[i].rrset, r->seen[i].at_s, arg);
		rrset_free(r->seen[i].rrset);
	}
	free(r->seen);
	free(r);
	return rc;
}
