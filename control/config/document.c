#include "control/config/document.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct document {
	char *file;
	uint8_t *text;
	size_t len;
	yaml_document_t tree;
	bool loaded;
};

const char *document_file(const struct document *document)
{
	return document->file;
}

const uint8_t *document_text(const struct document *document, size_t *len)
{
	*len = document->len;
	return document->text;
}

// The functions of libyaml take no constant tree, but change none.
struct yaml_document_s *document_tree(const struct document *document)
{
	return (yaml_document_t *)(uintptr_t)&document->tree;
}

// ---- lines ----

static yaml_node_t *mapping_value(yaml_document_t *tree, yaml_node_t *mapping, const char *key,
				  size_t key_len)
{
	yaml_node_pair_t *pair;

	for (pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		yaml_node_t *name = yaml_document_get_node(tree, pair->key);

		if (name && name->type == YAML_SCALAR_NODE && name->data.scalar.length == key_len &&
		    memcmp(name->data.scalar.value, key, key_len) == 0)
			return yaml_document_get_node(tree, pair->value);
	}
	return NULL;
}

static yaml_node_t *sequence_value(yaml_document_t *tree, yaml_node_t *sequence, size_t index)
{
	yaml_node_item_t *items = sequence->data.sequence.items.start;

	if (index >= (size_t)(sequence->data.sequence.items.top - items))
		return NULL;
	return yaml_document_get_node(tree, items[index]);
}

// One step of the path: "[3]" or a key. Moves *path behind it.
static yaml_node_t *step_down(yaml_document_t *tree, yaml_node_t *node, const char **path)
{
	size_t len;

	if (**path == '.')
		(*path)++;
	if (**path == '[') {
		size_t index = strtoul(*path + 1, NULL, 10);

		*path += strcspn(*path, "]");
		*path += **path == ']';
		return node->type == YAML_SEQUENCE_NODE ? sequence_value(tree, node, index) : NULL;
	}
	len = strcspn(*path, ".[");
	node = node->type == YAML_MAPPING_NODE ? mapping_value(tree, node, *path, len) : NULL;
	*path += len;
	return node;
}

unsigned document_line(const struct document *document, const char *path)
{
	yaml_document_t *tree = document_tree(document);
	yaml_node_t *node = yaml_document_get_root_node(tree);
	unsigned line = 1;

	while (node) {
		line = (unsigned)node->start_mark.line + 1;
		if (*path == '\0')
			break;
		node = step_down(tree, node, &path);
	}
	return line;
}

bool document_has(const struct document *document, const char *path)
{
	yaml_document_t *tree = document_tree(document);
	yaml_node_t *node = yaml_document_get_root_node(tree);

	while (node != NULL && *path != '\0')
		node = step_down(tree, node, &path);
	return node != NULL;
}

// ---- reading ----

static int read_text(struct document *document, FILE *stream)
{
	size_t size = 0;

	while (!feof(stream) && !ferror(stream)) {
		if (document->len == size) {
			size = size == 0 ? 16384 : size * 2;
			uint8_t *grown = realloc(document->text, size);
			if (grown == NULL)
				return -ENOMEM;
			document->text = grown;
		}
		document->len +=
			fread(document->text + document->len, 1, size - document->len, stream);
		if (document->len > DOCUMENT_MAX_BYTES)
			return -EFBIG;
	}
	return ferror(stream) ? -errno : 0;
}

static int read_file(struct document *document, char *err, size_t err_len)
{
	FILE *stream = fopen(document->file, "re");
	int status = stream ? read_text(document, stream) : -errno;

	if (stream)
		fclose(stream);
	if (status != 0)
		snprintf(err, err_len, "%s: cannot be read: %s", document->file, strerror(-status));
	return status;
}

static bool line_has_tab(const struct document *document, size_t line)
{
	size_t at = 0;

	for (; at < document->len && line > 0; at++)
		line -= document->text[at] == '\n';
	for (; at < document->len && document->text[at] != '\n'; at++) {
		if (document->text[at] == '\t')
			return true;
	}
	return false;
}

static void say_problem(const struct document *document, const yaml_parser_t *parser, char *err,
			size_t err_len)
{
	// Of bytes that are no characters the parser knows the place in the file alone.
	size_t line = parser->problem_mark.line;

	if (parser->error == YAML_READER_ERROR) {
		line = 0;
		for (size_t i = 0; i < parser->problem_offset && i < document->len; i++)
			line += document->text[i] == '\n';
	}
	snprintf(err, err_len, "%s:%zu: this is no YAML: %s%s", document->file, line + 1,
		 parser->problem ? parser->problem : "it cannot be read",
		 line_has_tab(document, line) ? "; indent with spaces, not tabs" : "");
}

// ---- measure ----

// libyaml compares each name of an anchor, each %TAG and each open bracket with all before: what no
// configuration has, and takes it minutes, is refused before the tree is made.
#define LEVELS_MAX     32
#define ANCHORS_MAX    1000
#define NODES_MAX      500000
#define DIRECTIVES_MAX 16

struct measure {
	unsigned documents, levels, anchors, nodes;
};

static const char *beyond_measure(struct measure *measure, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL;

	switch (event->type) {
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		measure->levels++;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		measure->levels++;
		break;
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		measure->levels--;
		return NULL;
	case YAML_DOCUMENT_START_EVENT:
		measure->documents++;
		return NULL;
	case YAML_ALIAS_EVENT:
		break;
	default:
		return NULL;
	}
	// It would be ignored without a word.
	if (measure->documents > 1)
		return "a second document begins here: one file, one document";
	measure->nodes++;
	measure->anchors += anchor != NULL;
	return measure->levels > LEVELS_MAX ? "lists and keys lie in each other more than 32 times"
	       : measure->anchors > ANCHORS_MAX ? "more than 1000 anchors (&NAME)"
	       : measure->nodes > NODES_MAX     ? "more than 500000 keys and values"
						: NULL;
}

static bool has_many_directives(const struct document *document)
{
	const uint8_t *at = document->text, *end = at + document->len;
	unsigned count = 0;

	while (at < end && count <= DIRECTIVES_MAX) {
		count += *at == '%';
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL)
			break;
		at++;
	}
	return count > DIRECTIVES_MAX;
}

// One event of the file. False: it is the last, or a fault is in err.
static bool measure_next(const struct document *document, yaml_parser_t *parser,
			 struct measure *measure, char *err, size_t err_len)
{
	const char *fault = NULL;
	yaml_event_t event;

	if (!yaml_parser_parse(parser, &event)) {
		say_problem(document, parser, err, err_len);
		return false;
	}
	bool goes_on = event.type != YAML_STREAM_END_EVENT;
	fault = beyond_measure(measure, &event);
	if (fault != NULL)
		snprintf(err, err_len, "%s:%zu: %s", document->file, event.start_mark.line + 1,
			 fault);
	yaml_event_delete(&event);
	return goes_on && fault == NULL;
}

static bool is_within_measure(const struct document *document, char *err, size_t err_len)
{
	struct measure measure = {0};
	yaml_parser_t parser;

	err[0] = '\0';
	if (has_many_directives(document)) {
		snprintf(err, err_len, "%s:1: more than %d directives (%%TAG)", document->file,
			 DIRECTIVES_MAX);
		return false;
	}
	if (!yaml_parser_initialize(&parser)) {
		snprintf(err, err_len, "%s: out of memory", document->file);
		return false;
	}
	yaml_parser_set_input_string(&parser, document->text, document->len);
	while (measure_next(document, &parser, &measure, err, err_len))
		;
	yaml_parser_delete(&parser);
	return err[0] == '\0';
}

// ---- the tree ----

static bool parse(struct document *document, char *err, size_t err_len)
{
	yaml_parser_t parser;
	bool good = false;

	if (!is_within_measure(document, err, err_len))
		return false;
	if (!yaml_parser_initialize(&parser)) {
		snprintf(err, err_len, "%s: out of memory", document->file);
		return false;
	}
	yaml_parser_set_input_string(&parser, document->text, document->len);
	document->loaded = yaml_parser_load(&parser, &document->tree) != 0;
	if (!document->loaded)
		say_problem(document, &parser, err, err_len);
	else if (!yaml_document_get_root_node(&document->tree))
		snprintf(err, err_len, "%s:1: the file is empty", document->file);
	else
		good = true;
	yaml_parser_delete(&parser);
	return good;
}

struct document *document_read(const char *path, char *err, size_t err_len)
{
	struct document *document = calloc(1, sizeof(*document));

	if (document)
		document->file = strdup(path);
	if (!document || !document->file) {
		snprintf(err, err_len, "%s: out of memory", path);
		free(document);
		return NULL;
	}
	if (read_file(document, err, err_len) == 0 && parse(document, err, err_len))
		return document;
	document_free(document);
	return NULL;
}

void document_free(struct document *document)
{
	if (!document)
		return;
	if (document->loaded)
		yaml_document_delete(&document->tree);
	free(document->file);
	free(document->text);
	free(document);
}
