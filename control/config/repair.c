#include "control/config/repair.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

void repairs_add(struct repairs *repairs, struct repair repair)
{
	struct repair *grown = realloc(repairs->list, (repairs->count + 1) * sizeof(*grown));

	if (grown == NULL) {
		repairs->failed = true;
		return;
	}
	repairs->list = grown;
	repairs->list[repairs->count++] = repair;
}

void repairs_free(struct repairs *repairs)
{
	free(repairs->list);
	*repairs = (struct repairs){0};
}

// ---- fillers ----

static int add_text(yaml_document_t *tree, const char *text, yaml_scalar_style_t style)
{
	return yaml_document_add_scalar(tree, NULL, (const yaml_char_t *)text, (int)strlen(text),
					style);
}

static int add_filler(yaml_document_t *tree, const cyaml_schema_value_t *schema);

static int add_mapping(yaml_document_t *tree, const cyaml_schema_value_t *schema)
{
	int mapping = yaml_document_add_mapping(tree, NULL, YAML_ANY_MAPPING_STYLE);

	for (const cyaml_schema_field_t *field = schema->mapping.fields; mapping && field->key;
	     field++) {
		if (field->value.flags & CYAML_FLAG_OPTIONAL)
			continue;
		int key = add_text(tree, field->key, YAML_ANY_SCALAR_STYLE);
		int value = add_filler(tree, &field->value);
		if (!key || !value || !yaml_document_append_mapping_pair(tree, mapping, key, value))
			return 0;
	}
	return mapping;
}

// The number is a CPU's (the only list of numbers) that nothing else names.
static int add_filler(yaml_document_t *tree, const cyaml_schema_value_t *schema)
{
	switch (schema->type) {
	case CYAML_MAPPING:
		return add_mapping(tree, schema);
	case CYAML_SEQUENCE:
		return yaml_document_add_sequence(tree, NULL, YAML_FLOW_SEQUENCE_STYLE);
	case CYAML_ENUM:
		return add_text(tree, schema->enumeration.strings[0].str, YAML_ANY_SCALAR_STYLE);
	case CYAML_BOOL:
		return add_text(tree, "false", YAML_PLAIN_SCALAR_STYLE);
	case CYAML_INT:
		return add_text(tree, "1023", YAML_PLAIN_SCALAR_STYLE);
	default:
		return add_text(tree, "", YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	}
}

// ---- applying ----

// Adding moves the nodes: they are found anew behind it.
static bool repair(yaml_document_t *tree, const struct repair *repair)
{
	int value = repair->filler ? add_filler(tree, repair->filler) : 0;
	yaml_node_t *node;

	if (repair->filler && !value)
		return false;
	if (repair->slot == REPAIR_ADD) {
		int key = add_text(tree, repair->key, YAML_ANY_SCALAR_STYLE);
		return key && yaml_document_append_mapping_pair(tree, repair->node, key, value);
	}
	node = yaml_document_get_node(tree, repair->node);
	if (node->type == YAML_SEQUENCE_NODE)
		node->data.sequence.items.start[repair->slot] = value;
	else if (value)
		node->data.mapping.pairs.start[repair->slot].value = value;
	else
		node->data.mapping.pairs.start[repair->slot].key = 0; // see drop_pairs()
	return true;
}

static void drop_pairs(yaml_document_t *tree)
{
	for (yaml_node_t *node = tree->nodes.start; node < tree->nodes.top; node++) {
		if (node->type != YAML_MAPPING_NODE)
			continue;
		yaml_node_pair_t *out = node->data.mapping.pairs.start;
		for (yaml_node_pair_t *p = out; p < node->data.mapping.pairs.top; p++) {
			if (p->key != 0)
				*out++ = *p;
		}
		node->data.mapping.pairs.top = out;
	}
}

struct text {
	uint8_t *bytes;
	size_t len;
};

static int append(void *arg, unsigned char *bytes, size_t len)
{
	struct text *text = arg;
	uint8_t *grown = realloc(text->bytes, text->len + len);

	if (grown == NULL)
		return 0;
	memcpy(grown + text->len, bytes, len);
	text->bytes = grown;
	text->len += len;
	return 1;
}

// Takes the tree with it.
static bool write_tree(yaml_document_t *tree, struct text *text)
{
	yaml_emitter_t emitter;
	bool good;

	if (!yaml_emitter_initialize(&emitter))
		return false;
	yaml_emitter_set_output(&emitter, append, text);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	good = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, tree) &&
	       yaml_emitter_close(&emitter);
	yaml_emitter_delete(&emitter);
	return good;
}

uint8_t *repairs_apply(const struct repairs *repairs, const struct document *document, size_t *len)
{
	size_t size;
	const uint8_t *bytes = document_text(document, &size);
	struct text text = {0};
	yaml_document_t tree;
	yaml_parser_t parser;
	bool good = !repairs->failed && yaml_parser_initialize(&parser);

	if (!good)
		return NULL;
	// The same nodes by the same numbers as the document's own.
	yaml_parser_set_input_string(&parser, bytes, size);
	good = yaml_parser_load(&parser, &tree);
	yaml_parser_delete(&parser);
	if (!good)
		return NULL;
	for (size_t i = 0; i < repairs->count && good; i++)
		good = repair(&tree, &repairs->list[i]);
	drop_pairs(&tree);
	if (!good)
		yaml_document_delete(&tree);
	else
		good = write_tree(&tree, &text);
	if (good) {
		*len = text.len;
		return text.bytes;
	}
	free(text.bytes);
	return NULL;
}
