#include "control/metrics/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 128
#define WORDS_MAX  224
#define NONE       UINT32_MAX

struct sample {
	uint32_t next; // of the same family, or NONE
	char labels[LABELS_MAX];
	char value[40];
};

struct family {
	char name[PAGE_NAME_MAX];
	char words[WORDS_MAX];
	bool gauge;
	uint32_t first, last; // samples
};

struct page {
	struct family *families;
	struct sample *samples;
	uint32_t family_count, sample_count;
	size_t len;
	char *text;
};

struct page *page_new(void)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		return NULL;
	page->families = malloc(PAGE_SAMPLES * sizeof(page->families[0]));
	page->samples = malloc(PAGE_SAMPLES * sizeof(page->samples[0]));
	page->text = malloc(PAGE_MAX);
	if (page->families && page->samples && page->text)
		return page;
	page_free(page);
	return NULL;
}

void page_free(struct page *page)
{
	if (!page)
		return;
	free(page->families);
	free(page->samples);
	free(page->text);
	free(page);
}

void page_clear(struct page *page)
{
	page->family_count = page->sample_count = 0;
}

// ---- names and values ----

// Times are in seconds, whatever the daemon counts in (the naming rules of Prometheus: base units).
static const struct unit {
	const char *suffix;
	unsigned decimals;
} units[] = {{"_us", 6}, {"_ms", 3}, {"_s", 0}};

static const struct unit *unit_of(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(name), suffix = strlen(units[i].suffix);

		if (len > suffix && strcmp(name + len - suffix, units[i].suffix) == 0)
			return &units[i];
	}
	return NULL;
}

// "port.12.rx_bytes": 2 digits of the port, which stand at name + 5; otherwise 0.
static size_t port_digits(const char *name)
{
	size_t digits = strncmp(name, "port.", 5) == 0 ? strspn(name + 5, "0123456789") : 0;

	return digits > 0 && name[5 + digits] == '.' ? digits : 0;
}

// "dataplane.drop.runt" → "assay_dataplane_drop_runt_total": what only counts says so.
static void family_name(const char *name, bool gauge, char out[PAGE_NAME_MAX])
{
	const struct unit *unit = unit_of(name);
	size_t len = strlen(name) - (unit ? strlen(unit->suffix) : 0);
	size_t used = (size_t)snprintf(out, PAGE_NAME_MAX, "assay_"), port = port_digits(name);

	for (size_t i = 0; i < len && used + 1 < PAGE_NAME_MAX; i++) {
		if (port > 0 && i == 4)
			i += 1 + port; // the label says it
		out[used++] = isalnum((unsigned char)name[i]) ? name[i] : '_';
	}
	snprintf(out + used, PAGE_NAME_MAX - used, "%s%s", unit ? "_seconds" : "",
		 gauge ? "" : "_total");
}

static void sample_value(const char *name, uint64_t value, char out[40])
{
	const struct unit *unit = unit_of(name);
	uint64_t scale = 1;

	for (unsigned i = 0; unit && i < unit->decimals; i++)
		scale *= 10;
	if (scale == 1)
		snprintf(out, 40, "%" PRIu64, value);
	else
		snprintf(out, 40, "%" PRIu64 ".%0*" PRIu64, value / scale, (int)unit->decimals,
			 value % scale);
}

static void sample_labels(const char *name, const char *labels, char out[LABELS_MAX])
{
	size_t port = port_digits(name);

	if (port > 0)
		snprintf(out, LABELS_MAX, "{port=\"%.*s\"%s%s}", (int)port, name + 5,
			 labels[0] != '\0' ? "," : "", labels);
	else if (labels[0] != '\0')
		snprintf(out, LABELS_MAX, "{%s}", labels);
	else
		out[0] = '\0';
}

// ---- families ----

// Counters say what they count in; on the page it is seconds.
static const char *skip_fraction(const char *words, bool is_time)
{
	static const char *const fractions[] = {"micro", "milli"};

	for (size_t i = 0; is_time && i < sizeof(fractions) / sizeof(fractions[0]); i++) {
		size_t len = strlen(fractions[i]);
		if (strncmp(words, fractions[i], len) == 0 &&
		    strncmp(words + len, "second", 6) == 0)
			return words + len;
	}
	return words;
}

// In the text format a backslash and the end of a line are escaped in HELP.
static void help_text(const char *words, bool is_time, char out[WORDS_MAX])
{
	size_t used = 0;

	for (; *words && used + 2 < WORDS_MAX; words++) {
		words = skip_fraction(words, is_time);
		if (*words == '\\' || *words == '\n')
			out[used++] = '\\';
		out[used++] = *words == '\n' ? 'n' : *words;
	}
	out[used] = '\0';
}

static struct family *family_find(struct page *page, const char *name)
{
	for (uint32_t i = 0; i < page->family_count; i++) {
		if (strcmp(page->families[i].name, name) == 0)
			return &page->families[i];
	}
	return NULL;
}

// Only what has labels can be the second of its family: the others need not be looked for.
static struct family *family_of(struct page *page, const char *name, const char *words,
				bool labelled, bool gauge)
{
	char metric[PAGE_NAME_MAX];
	struct family *family;

	family_name(name, gauge, metric);
	family = labelled ? family_find(page, metric) : NULL;
	if (family || page->family_count == PAGE_SAMPLES)
		return family;
	family = &page->families[page->family_count++];
	memcpy(family->name, metric, sizeof(metric));
	help_text(words, unit_of(name) != NULL, family->words);
	family->gauge = gauge;
	family->first = family->last = NONE;
	return family;
}

void page_add(struct page *page, const char *name, const char *words, const char *labels,
	      uint64_t value, bool gauge)
{
	uint32_t at = page->sample_count;
	struct sample *sample;
	struct family *family;

	if (at == PAGE_SAMPLES)
		return;
	sample = &page->samples[at];
	sample_labels(name, labels, sample->labels);
	family = family_of(page, name, words, sample->labels[0] != '\0', gauge);
	if (!family)
		return;
	sample_value(name, value, sample->value);
	sample->next = NONE;
	if (family->last == NONE)
		family->first = at;
	else
		page->samples[family->last].next = at;
	family->last = at;
	page->sample_count++;
}

// ---- text ----

// False: there is no room, and the family is left out whole.
static bool write_family(struct page *page, const struct family *family)
{
	size_t len = page->len;

	len += (size_t)snprintf(page->text + len, PAGE_MAX - len, "# HELP %s %s\n# TYPE %s %s\n",
				family->name, family->words, family->name,
				family->gauge ? "gauge" : "counter");
	for (uint32_t i = family->first; i != NONE && len < PAGE_MAX; i = page->samples[i].next)
		len += (size_t)snprintf(page->text + len, PAGE_MAX - len, "%s%s %s\n", family->name,
					page->samples[i].labels, page->samples[i].value);
	if (len >= PAGE_MAX)
		return false;
	page->len = len;
	return true;
}

const char *page_text(struct page *page, size_t *len)
{
	page->len = 0;
	page->text[0] = '\0';
	for (uint32_t i = 0; i < page->family_count; i++) {
		if (!write_family(page, &page->families[i]))
			break;
	}
	*len = page->len;
	return page->text;
}
