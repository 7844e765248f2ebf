#include "control/upstream/frames.h"

#include "dataplane/dns/header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 2048
#define MAX   (FRAMES_LENGTH_BYTES + 65535)

void frames_close(struct frames *frames)
{
	free(frames->buf);
	*frames = (struct frames){.buf = NULL};
}

static size_t wanted(const struct frames *frames)
{
	if (frames->len < FRAMES_LENGTH_BYTES)
		return FRAMES_LENGTH_BYTES;
	return FRAMES_LENGTH_BYTES + (size_t)wire_get16(frames->buf);
}

static int make_room(struct frames *frames, size_t len)
{
	size_t cap = frames->cap > 0 ? frames->cap : FIRST;
	uint8_t *buf;

	while (cap < len)
		cap *= 2;
	if (cap > MAX)
		cap = MAX;
	if (cap == frames->cap)
		return 0;
	buf = realloc(frames->buf, cap);
	if (!buf)
		return -ENOMEM;
	frames->buf = buf;
	frames->cap = cap;
	return 0;
}

static int add(struct frames *frames, const uint8_t **data, size_t *len)
{
	size_t count = wanted(frames) - frames->len;

	if (count > *len)
		count = *len;
	if (make_room(frames, frames->len + count))
		return -ENOMEM;
	memcpy(frames->buf + frames->len, *data, count);
	frames->len += count;
	*data += count;
	*len -= count;
	return 0;
}

long frames_take(struct frames *frames, const uint8_t *data, size_t len, uint8_t **message,
		 size_t *message_len)
{
	size_t given = len;

	*message = NULL;
	if (frames->len >= FRAMES_LENGTH_BYTES && frames->len == wanted(frames))
		frames->len = 0; // what the last call returned
	while (len > 0) {
		if (add(frames, &data, &len))
			return -ENOMEM;
		if (frames->len < FRAMES_LENGTH_BYTES || frames->len < wanted(frames))
			continue;
		*message = frames->buf + FRAMES_LENGTH_BYTES;
		*message_len = frames->len - FRAMES_LENGTH_BYTES;
		break;
	}
	return (long)(given - len);
}
