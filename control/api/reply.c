#include "control/api/reply.h"

#include "control/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct reply *reply, size_t len)
{
	size_t size = reply->text_size;
	char *grown;

	if (reply->text_len + len <= size)
		return 0;
	size = size * 2 > reply->text_len + len ? size * 2 : reply->text_len + len + 4096;
	grown = realloc(reply->text, size);
	if (!grown) {
		reply_refuse(reply, "out of memory");
		return -1;
	}
	reply->text = grown;
	reply->text_size = size;
	return 0;
}

// Columns of records are set apart by tabs.
static void make_printable(char *text, size_t len)
{
	while (len > 0) {
		size_t part = 0;

		while (part < len && text[part] != '\t')
			part++;
		log_printable(text, part);
		part += part < len;
		text += part;
		len -= part;
	}
}

void reply_line(struct reply *reply, const char *format, ...)
{
	va_list arguments, again;
	int len;

	va_start(arguments, format);
	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, arguments);
	if (len >= 0 && make_room(reply, (size_t)len + 2) == 0) {
		char *line = reply->text + reply->text_len;

		vsnprintf(line, (size_t)len + 1, format, again);
		make_printable(line, (size_t)len);
		line[len] = '\n';
		line[len + 1] = '\0';
		reply->text_len += (size_t)len + 1;
	}
	va_end(again);
	va_end(arguments);
}

static void refuse(struct reply *reply, const char *format, va_list arguments)
{
	vsnprintf(reply->error, sizeof(reply->error), format, arguments);
	log_printable(reply->error, strlen(reply->error));
}

void reply_refuse(struct reply *reply, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	refuse(reply, format, arguments);
	va_end(arguments);
}

void reply_misuse(struct reply *reply, const char *format, ...)
{
	va_list arguments;

	reply->misuse = true;
	va_start(arguments, format);
	refuse(reply, format, arguments);
	va_end(arguments);
}

// ---- lists ----

struct kept_list {
	reply_show show;
	void (*end)(const struct api_context *context, struct reply *reply);
	size_t item_bytes, count, max, at;
	char items[];
};

static bool list_goes_on(const struct api_context *context, struct reply *reply)
{
	struct kept_list *list = reply->work;

	for (size_t i = 0; i < REPLY_SHARE && list->at < list->count; i++, list->at++)
		list->show(list->items + list->at * list->item_bytes, reply);
	if (list->at < list->count)
		return false;
	if (list->end)
		list->end(context, reply);
	return true;
}

bool reply_list(struct reply *reply, size_t item_bytes, reply_show show,
		void (*end)(const struct api_context *context, struct reply *reply))
{
	struct kept_list *list = malloc(sizeof(*list));

	if (!list) {
		reply_refuse(reply, "out of memory");
		return false;
	}
	*list = (struct kept_list){.show = show, .end = end, .item_bytes = item_bytes};
	reply->work = list;
	reply->go_on = list_goes_on;
	return true;
}

void *reply_list_add(struct reply *reply)
{
	struct kept_list *list = reply->work;

	if (list->count == list->max) {
		size_t max = list->max > 0 ? 2 * list->max : 16;
		struct kept_list *grown = realloc(list, sizeof(*list) + max * list->item_bytes);
		if (!grown) {
			reply_refuse(reply, "out of memory");
			return NULL;
		}
		grown->max = max;
		reply->work = list = grown;
	}
	void *item = list->items + list->count++ * list->item_bytes;
	return memset(item, 0, list->item_bytes);
}

void reply_free(struct reply *reply)
{
	json_decref(reply->data);
	free(reply->text);
	free(reply->work);
	memset(reply, 0, sizeof(*reply));
}

json_t *reply_string(const char *text)
{
	char *copy = strdup(text);
	json_t *string;

	if (!copy)
		return NULL;
	make_printable(copy, strlen(copy));
	string = json_string(copy);
	free(copy);
	return string;
}
