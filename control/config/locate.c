// Where in the file a value stands, for errors that the schema cannot see.

#include "control/config/schema.h"

#include <yaml.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static yaml_node_t *mapping_value(yaml_document_t *document, yaml_node_t *mapping, const char *key,
				  size_t key_len)
{
	yaml_node_pair_t *pair;

	for (pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(document, pair->key);

		if (name && name->type == YAML_SCALAR_NODE && name->data.scalar.length == key_len &&
		    memcmp(name->data.scalar.value, key, key_len) == 0)
			return yaml_document_get_node(document, pair->value);
	}
	return NULL;
}

static yaml_node_t *sequence_value(yaml_document_t *document, yaml_node_t *sequence, size_t index)
{
	yaml_node_item_t *items = sequence->data.sequence.items.start;

	if (index >= (size_t)(sequence->data.sequence.items.top - items))
		return NULL;
	return yaml_document_get_node(document, items[index]);
}

// One step of the path: "[3]" or a key. Moves *path behind it.
static yaml_node_t *step_down(yaml_document_t *document, yaml_node_t *node, const char **path)
{
	size_t len;

	if (**path == '.')
		(*path)++;
	if (**path == '[') {
		size_t index = strtoul(*path + 1, NULL, 10);

		*path += strcspn(*path, "]");
		*path += **path == ']';
		return node->type == YAML_SEQUENCE_NODE ? sequence_value(document, node, index) : NULL;
	}
	len = strcspn(*path, ".[");
	node = node->type == YAML_MAPPING_NODE ? mapping_value(document, node, *path, len) : NULL;
	*path += len;
	return node;
}

static unsigned find_line(yaml_document_t *document, const char *path)
{
	yaml_node_t *node = yaml_document_get_root_node(document);
	unsigned line = 1;

	while (node) {
		line = (unsigned)node->start_mark.line + 1;
		if (*path == '\0')
			break;
		node = step_down(document, node, &path);
	}
	return line;
}

// Loads the one document of a file. False: *line is where it is no YAML (0: it cannot be read).
static bool document_load(const char *file, yaml_document_t *document, unsigned *line)
{
	FILE *stream = fopen(file, "re");
	yaml_parser_t parser;
	bool loaded = false;

	*line = 0;
	if (!stream)
		return false;
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_input_file(&parser, stream);
		loaded = yaml_parser_load(&parser, document) != 0;
		if (!loaded)
			*line = (unsigned)parser.problem_mark.line + 1;
		yaml_parser_delete(&parser);
	}
	fclose(stream);
	return loaded;
}

unsigned schema_line(const char *file, const char *path)
{
	yaml_document_t document;
	unsigned line;

	if (!document_load(file, &document, &line))
		return 0;
	line = find_line(&document, path);
	yaml_document_delete(&document);
	return line;
}

unsigned schema_syntax_line(const char *file)
{
	yaml_document_t document;
	unsigned line;

	if (document_load(file, &document, &line))
		yaml_document_delete(&document);
	return line;
}

unsigned schema_key_line(const char *file, const char *key, unsigned from)
{
	yaml_document_t document;
	yaml_node_t *node;
	unsigned line, found = 0;

	if (!document_load(file, &document, &line))
		return 0;
	for (int i = 1; (node = yaml_document_get_node(&document, i)) != NULL; i++) {
		line = (unsigned)node->start_mark.line + 1;
		if (node->type == YAML_SCALAR_NODE && line >= from && (found == 0 || line < found) &&
		    strcmp((const char *)node->data.scalar.value, key) == 0)
			found = line;
	}
	yaml_document_delete(&document);
	return found;
}
