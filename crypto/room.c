#include "crypto/room.h"

void rooms_init(struct rooms *rooms)
{
	list_init(&rooms->turns);
	for (size_t i = 0; i < ROOM_SHARES; i++) {
		list_init(&rooms->shares[i].waiting);
		list_init(&rooms->shares[i].turn);
	}
}

static struct room_share *share_of(struct rooms *rooms, const struct batch_room *room)
{
	return &rooms->shares[room->share & (ROOM_SHARES - 1)];
}

void rooms_wait(struct rooms *rooms, struct batch_room *room)
{
	struct room_share *share = share_of(rooms, room);

	rooms_leave(rooms, room);
	if (list_empty(&share->waiting))
		list_push(&rooms->turns, &share->turn);
	list_init(&room->link);
	list_push(&share->waiting, &room->link);
	room->state = ROOM_WAITED_FOR;
	rooms->waiting++;
}

void rooms_leave(struct rooms *rooms, struct batch_room *room)
{
	struct room_share *share = share_of(rooms, room);

	if (room->state == ROOM_GRANTED) {
		rooms->granted--;
	} else if (room->state == ROOM_WAITED_FOR) {
		list_remove(&room->link);
		rooms->waiting--;
		if (list_empty(&share->waiting))
			list_remove(&share->turn);
	}
	room->state = ROOM_NONE;
}

bool rooms_grant(struct rooms *rooms)
{
	struct list *turn = list_pop(&rooms->turns);

	if (turn == NULL)
		return false;
	struct room_share *share = LIST_OF(turn, struct room_share, turn);
	struct batch_room *room = LIST_OF(list_pop(&share->waiting), struct batch_room, link);
	if (!list_empty(&share->waiting))
		list_push(&rooms->turns, &share->turn);
	room->state = ROOM_GRANTED;
	rooms->waiting--;
	rooms->granted++;
	room->ready(room->arg);
	return true;
}
