#include "control/config/check.h"

#include "control/config/nearest.h"
#include "control/config/options.h"
#include "control/config/repair.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define PATH_MAX_LEN 160
#define KEYS_MAX     1000 // of one mapping: each is compared with those before it

struct check {
	const struct document *document;
	yaml_document_t *tree;
	struct config_errors *errors;
	struct repairs *repairs;
};

// Where a value stands: for people ("zones[0].servers[1]"), and in the table of options
// ("zones.servers").
struct place {
	char path[PATH_MAX_LEN], option[PATH_MAX_LEN];
};

// What is unknown from now on is at another path than the sentence's where a key is missing or
// misspelt.
static bool fail_about(const struct check *check, const yaml_node_t *node, const char *path,
		       const char *unknown, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static bool fail_about(const struct check *check, const yaml_node_t *node, const char *path,
		       const char *unknown, const char *format, ...)
{
	struct config_error error = {.line = (unsigned)node->start_mark.line + 1, .shape = true};
	va_list arguments;
	int used = snprintf(error.sentence, sizeof(error.sentence), "%s:%u: %s%s",
			    document_file(check->document), error.line, path,
			    path[0] != '\0' ? ": " : "");

	if (used >= 0 && (size_t)used < sizeof(error.sentence)) {
		va_start(arguments, format);
		vsnprintf(error.sentence + used, sizeof(error.sentence) - (size_t)used, format,
			  arguments);
		va_end(arguments);
	}
	snprintf(error.path, sizeof(error.path), "%s", unknown);
	config_errors_add(check->errors, &error);
	return false;
}

#define fail(check, node, path, ...) fail_about(check, node, path, path, __VA_ARGS__)

// ---- scalars ----

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static bool is_plain(const yaml_node_t *node)
{
	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

// YAML 1.2 §10.3.2, the core schema.
static bool is_null(const yaml_node_t *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	return is_plain(node) && is_one_of(text_of(node), nulls, sizeof(nulls) / sizeof(nulls[0]));
}

static bool check_flag(const struct check *check, const yaml_node_t *node, const char *path)
{
	static const char *const flags[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
	struct nearest nearest = {.given = text_of(node)};
	char near[32];

	if (!is_one_of(text_of(node), flags, sizeof(flags) / sizeof(flags[0]))) {
		nearest_try(&nearest, "true");
		nearest_try(&nearest, "false");
		return fail(check, node, path, "\"%.64s\" is neither true nor false%s",
			    text_of(node), nearest_text(&nearest, near, sizeof(near)));
	}
	return is_plain(node) ||
	       fail(check, node, path, "\"%s\" in quotes is text: write true or false without them",
		    text_of(node));
}

// Decimal digits, "-" before them, no needless zero: what every version of YAML reads alike.
static bool is_whole_number(const char *text)
{
	text += text[0] == '-';
	size_t digits = strspn(text, "0123456789");
	return digits > 0 && text[digits] == '\0' && (text[0] != '0' || digits == 1);
}

static bool check_number(const struct check *check, const yaml_node_t *node,
			 const struct place *place)
{
	const struct option *option = option_find(place->option);
	char bounds[OPTION_BOUNDS_MAX];

	if (!is_plain(node))
		return fail(check, node, place->path,
			    "\"%.64s\" in quotes is text: write the number without them",
			    text_of(node));
	if (!is_whole_number(text_of(node)))
		return fail(check, node, place->path,
			    "\"%.64s\" is no whole number in decimal digits", text_of(node));
	errno = 0;
	int64_t value = strtoll(text_of(node), NULL, 10);
	if (option == NULL || option->kind != OPTION_NUMBER) // a list's: its reader knows
		return errno == 0 ||
		       fail(check, node, place->path, "%.64s is too large", text_of(node));
	if (errno != 0 || value < option->minimum || value > option->maximum)
		return fail(check, node, place->path, "%.64s is outside %s", text_of(node),
			    option_bounds_text(option, bounds));
	return true;
}

static bool check_word(const struct check *check, const yaml_node_t *node, const char *path,
		       const cyaml_schema_value_t *schema)
{
	struct nearest nearest = {.given = text_of(node)};
	char words[160] = "", near[48];
	size_t used = 0;

	for (uint32_t i = 0; i < schema->enumeration.count; i++) {
		const char *word = schema->enumeration.strings[i].str;

		if (strcmp(word, text_of(node)) == 0)
			return true;
		nearest_try(&nearest, word);
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
					 i > 0 ? ", " : "", word);
	}
	return fail(check, node, path, "\"%.64s\" is none of %s%s", text_of(node), words,
		    nearest_text(&nearest, near, sizeof(near)));
}

// Records may go on in a second line; no other text has a use for one.
static bool has_control_character(const yaml_node_t *node, bool lines_allowed)
{
	for (size_t i = 0; i < node->data.scalar.length; i++) {
		uint8_t byte = node->data.scalar.value[i];

		if (byte == 0x7f ||
		    (byte < ' ' && !(lines_allowed && (byte == '\n' || byte == '\t'))))
			return true;
	}
	return false;
}

static bool check_text(const struct check *check, const yaml_node_t *node,
		       const struct place *place)
{
	const struct option *option = option_find(place->option);
	size_t len = node->data.scalar.length, path_len = strlen(place->option);
	bool records = path_len >= 7 && strcmp(place->option + path_len - 7, "anchors") == 0;
	char bounds[OPTION_BOUNDS_MAX];

	if (has_control_character(node, records))
		return fail(check, node, place->path, "holds a control character or a line's end");
	if (option == NULL || option->kind != OPTION_TEXT)
		return true;
	if (len < (size_t)option->minimum || len > (size_t)option->maximum)
		return fail(check, node, place->path, "\"%.64s\": %zu is outside %s", text_of(node),
			    len, option_bounds_text(option, bounds));
	return true;
}

static const char *kind_of(const cyaml_schema_value_t *schema)
{
	return schema->type == CYAML_MAPPING    ? "keys with values"
	       : schema->type == CYAML_SEQUENCE ? "a list, such as [one, two]"
						: "one value";
}

static bool check_scalar(const struct check *check, const yaml_node_t *node,
			 const struct place *place, const cyaml_schema_value_t *schema)
{
	switch (schema->type) {
	case CYAML_BOOL:
		return check_flag(check, node, place->path);
	case CYAML_INT:
		return check_number(check, node, place);
	case CYAML_ENUM:
		return check_word(check, node, place->path, schema);
	default:
		return check_text(check, node, place);
	}
}

// ---- lists and mappings ----

// False: the value means nothing, and is to be replaced. What is wrong below it has been.
static bool check_value(const struct check *check, int index, const struct place *place,
			const cyaml_schema_value_t *schema);

static bool check_list(const struct check *check, int index, const struct place *place,
		       const cyaml_schema_value_t *schema)
{
	const yaml_node_t *node = yaml_document_get_node(check->tree, index);
	const struct option *option = option_find(place->option);
	const yaml_node_item_t *items = node->data.sequence.items.start;
	size_t count = (size_t)(node->data.sequence.items.top - items);
	char bounds[OPTION_BOUNDS_MAX];
	struct place entry;

	if (option != NULL && (count < (size_t)option->minimum || count > (size_t)option->maximum))
		return fail(check, node, place->path, "%zu is outside %s", count,
			    option_bounds_text(option, bounds));
	memcpy(entry.option, place->option, sizeof(entry.option));
	for (size_t i = 0; i < count; i++) {
		snprintf(entry.path, sizeof(entry.path), "%.100s[%zu]", place->path, i);
		if (!check_value(check, items[i], &entry, schema->sequence.entry))
			repairs_add(check->repairs,
				    (struct repair){.node = index,
						    .slot = i,
						    .filler = schema->sequence.entry});
	}
	return true;
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_value_t *schema, const char *key)
{
	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
		if (strcmp(field->key, key) == 0)
			return field;
	}
	return NULL;
}

// An option of that name in another section, "memory.cache" for "cache".
static const char *find_elsewhere(const char *key)
{
	const struct option *option;

	for (size_t i = 0; (option = option_at(i)) != NULL; i++) {
		const char *dot = strrchr(option->path, '.');

		if (dot != NULL && strcmp(dot + 1, key) == 0)
			return option->path;
	}
	return NULL;
}

// The path of a key below another.
static void path_below(char out[PATH_MAX_LEN], const char *above, const char *key)
{
	snprintf(out, PATH_MAX_LEN, "%.80s%s%.64s", above, above[0] != '\0' ? "." : "", key);
}

static void fail_unknown(const struct check *check, const yaml_node_t *key, const char *above,
			 const char *path, const cyaml_schema_value_t *schema)
{
	struct nearest nearest = {.given = text_of(key)};
	char near[PATH_MAX_LEN], meant[PATH_MAX_LEN];

	if (strcmp(text_of(key), "<<") == 0) {
		fail(check, key, path, "merge keys are not understood: write the keys out");
		return;
	}
	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++)
		nearest_try(&nearest, field->key);
	if (nearest.word != NULL) {
		path_below(meant, above, nearest.word);
	} else {
		nearest.word = find_elsewhere(text_of(key));
		snprintf(meant, sizeof(meant), "%s", nearest.word ? nearest.word : path);
	}
	fail_about(check, key, path, meant, "there is no such key%s",
		   nearest_text(&nearest, near, sizeof(near)));
}

static bool check_second(const struct check *check, const yaml_node_t *mapping,
			 const yaml_node_pair_t *pair, const char *path)
{
	const yaml_node_t *key = yaml_document_get_node(check->tree, pair->key);

	for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
		const yaml_node_t *before = yaml_document_get_node(check->tree, p->key);

		if (before->type == YAML_SCALAR_NODE && strcmp(text_of(before), text_of(key)) == 0)
			return fail(check, key, path, "a second time; the first is in line %zu",
				    before->start_mark.line + 1);
	}
	return true;
}

// False: the pair is to be taken out, or, with a field, its value to be replaced.
static bool check_pair(const struct check *check, const yaml_node_t *mapping,
		       const yaml_node_pair_t *pair, const struct place *above,
		       const cyaml_schema_value_t *schema, const cyaml_schema_field_t **field)
{
	const yaml_node_t *key = yaml_document_get_node(check->tree, pair->key);
	struct place place;

	*field = NULL;
	if (key->type != YAML_SCALAR_NODE)
		return fail_about(check, key, above->path, "?", "a key is one word");
	path_below(place.path, above->path, text_of(key));
	path_below(place.option, above->option, text_of(key));
	const cyaml_schema_field_t *found = find_field(schema, text_of(key));
	if (found == NULL) {
		fail_unknown(check, key, above->path, place.path, schema);
		return false;
	}
	if (!check_second(check, mapping, pair, place.path))
		return false;
	*field = found;
	return check_value(check, pair->value, &place, &found->value);
}

static bool has_key(const struct check *check, const yaml_node_t *mapping, const char *key)
{
	const yaml_node_pair_t *p = mapping->data.mapping.pairs.start;

	for (; p < mapping->data.mapping.pairs.top; p++) {
		const yaml_node_t *node = yaml_document_get_node(check->tree, p->key);

		if (node->type == YAML_SCALAR_NODE && strcmp(text_of(node), key) == 0)
			return true;
	}
	return false;
}

static void check_missing(const struct check *check, int index, const struct place *place,
			  const cyaml_schema_value_t *schema)
{
	const yaml_node_t *node = yaml_document_get_node(check->tree, index);

	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
		char path[PATH_MAX_LEN];

		if ((field->value.flags & CYAML_FLAG_OPTIONAL) || has_key(check, node, field->key))
			continue;
		path_below(path, place->path, field->key);
		// Unless it is what an unknown key was meant to be.
		if (!config_errors_touch(check->errors, path))
			fail_about(check, node, place->path, path, "the key %s is missing",
				   field->key);
		repairs_add(check->repairs, (struct repair){.node = index,
							    .slot = REPAIR_ADD,
							    .key = field->key,
							    .filler = &field->value});
	}
}

static bool check_mapping(const struct check *check, int index, const struct place *place,
			  const cyaml_schema_value_t *schema)
{
	const yaml_node_t *node = yaml_document_get_node(check->tree, index);
	const yaml_node_pair_t *first = node->data.mapping.pairs.start;

	if (node->data.mapping.pairs.top - first > KEYS_MAX)
		return fail(check, node, place->path, "%td keys: there are not so many",
			    node->data.mapping.pairs.top - first);
	for (const yaml_node_pair_t *pair = first; pair < node->data.mapping.pairs.top; pair++) {
		const cyaml_schema_field_t *field;

		if (check_pair(check, node, pair, place, schema, &field))
			continue;
		const bool needed = field && !(field->value.flags & CYAML_FLAG_OPTIONAL);
		repairs_add(check->repairs,
			    (struct repair){.node = index,
					    .slot = (size_t)(pair - first),
					    .filler = needed ? &field->value : NULL});
	}
	check_missing(check, index, place, schema);
	return true;
}

static bool is_of_kind(const yaml_node_t *node, const cyaml_schema_value_t *schema)
{
	switch (node->type) {
	case YAML_MAPPING_NODE:
		return schema->type == CYAML_MAPPING;
	case YAML_SEQUENCE_NODE:
		return schema->type == CYAML_SEQUENCE;
	default:
		return schema->type != CYAML_MAPPING && schema->type != CYAML_SEQUENCE;
	}
}

static bool has_tag(const yaml_node_t *node)
{
	const char *usual = node->type == YAML_MAPPING_NODE    ? YAML_DEFAULT_MAPPING_TAG
			    : node->type == YAML_SEQUENCE_NODE ? YAML_DEFAULT_SEQUENCE_TAG
							       : YAML_DEFAULT_SCALAR_TAG;

	return strcmp((const char *)node->tag, usual) != 0;
}

static bool check_value(const struct check *check, int index, const struct place *place,
			const cyaml_schema_value_t *schema)
{
	const yaml_node_t *node = yaml_document_get_node(check->tree, index);

	// Who adds a key says its bounds.
	assert(schema->type == CYAML_MAPPING || option_find(place->option) != NULL);
	if (has_tag(node))
		return fail(check, node, place->path, "tags such as %.64s are not understood",
			    (const char *)node->tag);
	if (node->type == YAML_SCALAR_NODE && is_null(node))
		return fail(check, node, place->path,
			    "has no value: give it one, or leave the key out");
	if (!is_of_kind(node, schema))
		return fail(check, node, place->path, "wants %s", kind_of(schema));
	switch (node->type) {
	case YAML_MAPPING_NODE:
		return check_mapping(check, index, place, schema);
	case YAML_SEQUENCE_NODE:
		return check_list(check, index, place, schema);
	default:
		return check_scalar(check, node, place, schema);
	}
}

bool check_document(const struct document *document, const cyaml_schema_value_t *schema,
		    struct config_errors *errors, struct repairs *repairs)
{
	const struct check check = {
		.document = document,
		.tree = document_tree(document),
		.errors = errors,
		.repairs = repairs,
	};
	const struct place top = {.path = ""};
	const int root = 1; // yaml_document_get_root_node()

	return check_value(&check, root, &top, schema);
}
