#include "control/api/answer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct answer *answer, json_t *data)
{
	assert(answer_is_over(answer));
	*answer = (struct answer){.stage = ANSWER_HEAD, .data = data};
}

void answer_begin(struct answer *answer, struct reply *reply)
{
	begin(answer, reply->data ? reply->data : json_null());
	answer->unwell = reply->unwell;
	answer->text = reply->text ? reply->text : calloc(1, 1);
	answer->text_len = reply->text_len;
	reply->data = NULL;
	reply->text = NULL;
	reply->text_len = reply->text_size = 0;
}

bool answer_begin_json(struct answer *answer, json_t *value)
{
	if (!value)
		return false;
	begin(answer, value);
	return true;
}

// ---- parts ----

static void add(struct answer *answer, const char *text, size_t len, bool escaped)
{
	assert(answer->part_count < sizeof(answer->parts) / sizeof(answer->parts[0]));
	answer->parts[answer->part_count++] = (struct answer_part){text, len, escaped};
}

static void add_plain(struct answer *answer, const char *text)
{
	add(answer, text, strlen(text), false);
}

static void add_value(struct answer *answer, json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_ARRAY:
	case JSON_OBJECT:
		assert(answer->depth < ANSWER_DEPTH);
		answer->levels[answer->depth++] = (struct answer_level){.value = value};
		add_plain(answer, json_is_array(value) ? "[" : "{");
		break;
	case JSON_STRING:
		add_plain(answer, "\"");
		add(answer, json_string_value(value), json_string_length(value), true);
		add_plain(answer, "\"");
		break;
	case JSON_TRUE:
		add_plain(answer, "true");
		break;
	case JSON_FALSE:
		add_plain(answer, "false");
		break;
	case JSON_NULL:
		add_plain(answer, "null");
		break;
	case JSON_INTEGER:
		add(answer, answer->number,
		    (size_t)snprintf(answer->number, sizeof(answer->number),
				     "%" JSON_INTEGER_FORMAT, json_integer_value(value)),
		    false);
		break;
	default:
		add(answer, answer->number,
		    json_dumpb(value, answer->number, sizeof(answer->number), JSON_ENCODE_ANY),
		    false);
	}
}

// What has been written goes as soon as its neighbour comes.
static void add_of_array(struct answer *answer, struct answer_level *level)
{
	if (level->index > 0)
		json_array_set_new(level->value, level->index - 1, json_null());
	if (level->index == json_array_size(level->value)) {
		add_plain(answer, "]");
		answer->depth--;
		return;
	}
	if (level->index > 0)
		add_plain(answer, ",");
	add_value(answer, json_array_get(level->value, level->index++));
}

static void add_of_object(struct answer *answer, struct answer_level *level)
{
	const bool first = level->at == NULL;

	if (!first)
		json_object_iter_set_new(level->value, level->at, json_null());
	level->at = first ? json_object_iter(level->value)
			  : json_object_iter_next(level->value, level->at);
	if (!level->at) {
		add_plain(answer, "}");
		answer->depth--;
		return;
	}
	const char *key = json_object_iter_key(level->at);
	add_plain(answer, first ? "\"" : ",\"");
	add(answer, key, strlen(key), true);
	add_plain(answer, "\":");
	add_value(answer, json_object_iter_value(level->at));
}

static void add_head(struct answer *answer)
{
	answer->stage = ANSWER_DATA;
	if (answer->text) {
		add_plain(answer, answer->unwell ? "{\"ok\":true,\"unwell\":true,\"text\":\""
						 : "{\"ok\":true,\"unwell\":false,\"text\":\"");
		add(answer, answer->text, answer->text_len, true);
		add_plain(answer, "\",\"data\":");
	}
	add_value(answer, answer->data);
}

static void add_next(struct answer *answer)
{
	answer->part = answer->part_count = 0;
	if (answer->stage == ANSWER_HEAD) {
		add_head(answer);
	} else if (answer->stage == ANSWER_END) {
		answer_free(answer);
	} else if (answer->depth == 0) {
		answer->stage = ANSWER_END;
		add_plain(answer, answer->text ? "}\n" : "\n");
	} else {
		struct answer_level *level = &answer->levels[answer->depth - 1];
		if (json_is_array(level->value))
			add_of_array(answer, level);
		else
			add_of_object(answer, level);
	}
}

// ---- pieces ----

static bool needs_escape(char c)
{
	return (unsigned char)c < ' ' || c == '"' || c == '\\';
}

// RFC 8259 §7. Room for six bytes.
static size_t escape(char c, char *out)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = strchr(plain, c);

	if (c == '\0' || !found)
		return (size_t)sprintf(out, "\\u%04x", (unsigned char)c);
	out[0] = '\\';
	out[1] = letters[found - plain];
	return 2;
}

// As much of the part as there is room for. False: there is none for the rest.
static bool write_part(struct answer_part *part, char *out, size_t *len)
{
	while (part->len > 0) {
		size_t room = ANSWER_PIECE - *len, run = 0;

		if (part->escaped && needs_escape(*part->text)) {
			if (room < 6)
				return false;
			*len += escape(*part->text, out + *len);
			run = 1;
		} else {
			while (run < part->len && run < room &&
			       !(part->escaped && needs_escape(part->text[run])))
				run++;
			if (run == 0)
				return false;
			memcpy(out + *len, part->text, run);
			*len += run;
		}
		part->text += run;
		part->len -= run;
	}
	return true;
}

size_t answer_piece(struct answer *answer, char out[ANSWER_PIECE])
{
	size_t len = 0, bytes = answer->bytes;

	while (!answer_is_over(answer)) {
		if (answer->part == answer->part_count)
			add_next(answer);
		else if (write_part(&answer->parts[answer->part], out, &len))
			answer->part++;
		else
			break;
	}
	answer->bytes = bytes + len;
	return len;
}

void answer_free(struct answer *answer)
{
	json_decref(answer->data);
	free(answer->text);
	*answer = (struct answer){.stage = ANSWER_NONE};
}
