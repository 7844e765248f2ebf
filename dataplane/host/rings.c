#include "dataplane/host/rings.h"

#include <errno.h>
#include <string.h>

int rings_init(struct rings *rings)
{
	memset(rings, 0, sizeof *rings);
	for (unsigned class = 0; class < EXCEPTION_CLASS_COUNT; class ++) {
		rings->of[class] = frames_new(class_terms[class].ring);
		if (rings->of[class] == NULL)
			return -ENOMEM;
	}
	return 0;
}

void rings_fini(struct rings *rings)
{
	for (unsigned class = 0; class < EXCEPTION_CLASS_COUNT; class ++)
		frames_free(rings->of[class]);
}

bool rings_offer(struct rings *rings, enum exception_class class, uint8_t port,
		 const uint8_t *frame, size_t len)
{
	struct frame *slot = len <= FRAME_MAX ? frames_reserve(rings->of[class]) : NULL;

	if (slot == NULL)
		return false;
	memcpy(slot->bytes, frame, len);
	slot->len = (uint16_t)len;
	slot->port = port;
	frames_commit(rings->of[class]);
	return true;
}

bool rings_empty(const struct rings *rings, unsigned count)
{
	for (unsigned core = 0; core < count; core++) {
		for (unsigned class = 0; class < EXCEPTION_CLASS_COUNT; class ++) {
			if (frames_front(rings[core].of[class]) != NULL)
				return false;
		}
	}
	return true;
}

static unsigned class_turn(struct rings *rings, unsigned count, unsigned first,
			   enum exception_class class, rings_take take, void *arg)
{
	const unsigned weight = class_terms[class].weight;
	unsigned done = 0;

	for (unsigned i = 0; i < count && done < weight; i++) {
		struct frames *frames = rings[(first + i) % count].of[class];
		const struct frame *frame;

		while (done < weight && (frame = frames_front(frames)) != NULL) {
			take(frame, class, arg);
			frames_pop(frames);
			done++;
		}
	}
	return done;
}

unsigned rings_turn(struct rings *rings, unsigned count, unsigned first, rings_take take, void *arg)
{
	unsigned done = 0;

	for (unsigned class = 0; class < EXCEPTION_CLASS_COUNT; class ++)
		done += class_turn(rings, count, first, class, take, arg);
	return done;
}
