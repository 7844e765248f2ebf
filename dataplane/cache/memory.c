#include "dataplane/cache/memory.h"

#include <assert.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
// A freed block keeps 48 bytes legible: the link of free blocks and the entry's `bytes`, which
// say that it is free. A reader that comes back to the rest after its grace period is reported.
#define BLOCK_HIDE(block, bytes) __asan_poison_memory_region((block) + 48, (bytes)-48)
#define BLOCK_SHOW(block, bytes) __asan_unpoison_memory_region((block), (bytes))
#else
#define BLOCK_HIDE(block, bytes) ((void)(block), (void)(bytes))
#define BLOCK_SHOW(block, bytes) ((void)(block), (void)(bytes))
#endif

#define SLAB_ALIGN  4096
#define SMALL_BYTES 1024 // classes in steps of a unit up to here

// At least some hundred slabs where there is memory for them, so that a few dozen
// classes with a slab each leave most of it free to move.
static uint32_t slab_bytes_for(size_t bytes)
{
	if (bytes >= (size_t)32 << 20)
		return 64 << 10;
	if (bytes >= (size_t)4 << 20)
		return 16 << 10;
	return 4 << 10;
}

static uint32_t block_min(const struct memory *memory)
{
	return (MEMORY_BLOCK_MIN + memory->unit - 1) / memory->unit * memory->unit;
}

static void make_classes(struct memory *memory)
{
	uint32_t count = 0;
	uint32_t bytes = block_min(memory);

	for (; bytes <= SMALL_BYTES; bytes += memory->unit)
		memory->class_bytes[count++] = bytes;
	// Above: the slab in equal parts, each class at least an eighth larger than the last.
	bytes = SMALL_BYTES;
	while (bytes < memory->slab_bytes) {
		uint32_t parts = memory->slab_bytes / (bytes + bytes / 8);
		if (parts == 0)
			parts = 1;
		bytes = memory->slab_bytes / parts / memory->unit * memory->unit;
		assert(count < MEMORY_CLASSES_MAX);
		memory->class_bytes[count++] = bytes;
	}
	memory->class_count = count;
}

static unsigned class_for(const struct memory *memory, size_t bytes)
{
	const uint32_t least = block_min(memory);

	if (bytes <= least)
		return 0;
	if (bytes <= SMALL_BYTES)
		return (unsigned)((bytes - least + memory->unit - 1) / memory->unit);
	unsigned c = (SMALL_BYTES - least) / memory->unit + 1;
	while (memory->class_bytes[c] < bytes)
		c++;
	return c;
}

void memory_init(struct memory *memory, uint8_t *area, size_t bytes, uint32_t unit)
{
	*memory = (struct memory){.unit = unit, .slab_bytes = slab_bytes_for(bytes)};
	make_classes(memory);
	for (unsigned c = 0; c < memory->class_count; c++)
		memory->class_room[0][c] = memory->class_room[1][c] = SLAB_NONE;

	size_t count = bytes / (memory->slab_bytes + sizeof(struct slab));
	uintptr_t start = (uintptr_t)area + count * sizeof(struct slab);
	start = (start + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN;
	uintptr_t end = (uintptr_t)area + bytes;
	while (count > 0 && start + count * memory->slab_bytes > end)
		count--;

	memory->slabs = (struct slab *)area;
	memory->blocks = area + (start - (uintptr_t)area);
	memory->slab_count = (uint32_t)count;
	memory->free_slabs = (uint32_t)count;
	memory->oldest = memory->newest = memory->hand = SLAB_NONE;
	memory->pool = count > 0 ? 0 : SLAB_NONE;
	for (uint32_t i = 0; i < count; i++) {
		memory->slabs[i] = (struct slab){
			.newer = i + 1 < count ? i + 1 : SLAB_NONE,
			.older = SLAB_NONE,
			.previous = SLAB_NONE,
			.next = SLAB_NONE,
		};
	}
}

void memory_end(struct memory *memory)
{
	BLOCK_SHOW(memory->blocks, (size_t)memory->slab_count * memory->slab_bytes);
}

size_t memory_largest(const struct memory *memory)
{
	return memory->slab_count > 0 ? memory->slab_bytes : 0;
}

void *memory_block(const struct memory *memory, uint32_t slab, unsigned number)
{
	size_t bytes = memory->class_bytes[memory->slabs[slab].class_number];

	return memory->blocks + (size_t)slab * memory->slab_bytes + number * bytes;
}

static uint32_t slab_of(const struct memory *memory, const void *block)
{
	size_t off = (size_t)((const uint8_t *)block - memory->blocks);

	assert(off / memory->slab_bytes < memory->slab_count);
	return (uint32_t)(off / memory->slab_bytes);
}

size_t memory_block_bytes(const struct memory *memory, const void *block)
{
	return memory->class_bytes[memory->slabs[slab_of(memory, block)].class_number];
}

// ---- slabs with room, by class ----

static void room_add(struct memory *memory, uint32_t n)
{
	struct slab *slab = &memory->slabs[n];
	uint32_t *first = &memory->class_room[slab->survivors][slab->class_number];

	slab->previous = SLAB_NONE;
	slab->next = *first;
	if (*first != SLAB_NONE)
		memory->slabs[*first].previous = n;
	*first = n;
	slab->listed = true;
}

static void room_remove(struct memory *memory, uint32_t n)
{
	struct slab *slab = &memory->slabs[n];

	if (!slab->listed)
		return;
	if (slab->previous != SLAB_NONE)
		memory->slabs[slab->previous].next = slab->next;
	else
		memory->class_room[slab->survivors][slab->class_number] = slab->next;
	if (slab->next != SLAB_NONE)
		memory->slabs[slab->next].previous = slab->previous;
	slab->listed = false;
}

// ---- order of use ----

// Between `older` and whatever is newer than that (SLAB_NONE: the oldest of all).
static void order_insert(struct memory *memory, uint32_t n, uint32_t older)
{
	uint32_t newer = older != SLAB_NONE ? memory->slabs[older].newer : memory->oldest;

	memory->slabs[n].older = older;
	memory->slabs[n].newer = newer;
	if (older != SLAB_NONE)
		memory->slabs[older].newer = n;
	else
		memory->oldest = n;
	if (newer != SLAB_NONE)
		memory->slabs[newer].older = n;
	else
		memory->newest = n;
}

static void order_remove(struct memory *memory, uint32_t n)
{
	struct slab *slab = &memory->slabs[n];

	if (memory->hand == n)
		memory->hand = slab->newer;
	if (slab->older != SLAB_NONE)
		memory->slabs[slab->older].newer = slab->newer;
	else
		memory->oldest = slab->newer;
	if (slab->newer != SLAB_NONE)
		memory->slabs[slab->newer].older = slab->older;
	else
		memory->newest = slab->older;
}

uint32_t memory_next_slab(struct memory *memory)
{
	uint32_t n = memory->hand != SLAB_NONE ? memory->hand : memory->oldest;

	if (n != SLAB_NONE)
		memory->hand = memory->slabs[n].newer;
	return n;
}

// ---- blocks ----

static uint32_t take_slab(struct memory *memory, unsigned class_number, bool survivor)
{
	uint32_t n = memory->pool;

	if (n == SLAB_NONE)
		return n;
	memory->pool = memory->slabs[n].newer;
	memory->free_slabs--;
	memory->slabs[n] = (struct slab){
		.class_number = (uint16_t)class_number,
		.survivors = survivor,
	};
	if (survivor && memory->hand != SLAB_NONE)
		order_insert(memory, n, memory->slabs[memory->hand].older);
	else
		order_insert(memory, n, memory->newest);
	room_add(memory, n);
	return n;
}

static bool slab_full(const struct memory *memory, const struct slab *slab)
{
	uint32_t bytes = memory->class_bytes[slab->class_number];

	return slab->free_block == 0 && ((uint32_t)slab->carved + 1) * bytes > memory->slab_bytes;
}

void *memory_alloc(struct memory *memory, size_t bytes, bool survivor)
{
	if (bytes > memory_largest(memory))
		return NULL;
	unsigned class_number = class_for(memory, bytes);
	uint32_t n = memory->class_room[survivor][class_number];
	if (n == SLAB_NONE)
		n = take_slab(memory, class_number, survivor);
	if (n == SLAB_NONE)
		return NULL;

	struct slab *slab = &memory->slabs[n];
	uint8_t *block;
	if (slab->free_block != 0) {
		block = memory_block(memory, n, slab->free_block - 1);
		memcpy(&slab->free_block, block, sizeof(slab->free_block));
	} else {
		block = memory_block(memory, n, slab->carved++);
	}
	slab->used++;
	BLOCK_SHOW(block, memory->class_bytes[class_number]);
	if (slab_full(memory, slab))
		room_remove(memory, n);
	return block;
}

static void release_slab(struct memory *memory, uint32_t n)
{
	struct slab *slab = &memory->slabs[n];

	room_remove(memory, n);
	order_remove(memory, n);
	if (slab->draining)
		memory->draining--;
	BLOCK_SHOW(memory->blocks + (size_t)n * memory->slab_bytes, memory->slab_bytes);
	*slab = (struct slab){.newer = memory->pool};
	memory->pool = n;
	memory->free_slabs++;
}

void memory_free(struct memory *memory, void *block)
{
	uint32_t n = slab_of(memory, block);
	struct slab *slab = &memory->slabs[n];
	uint32_t bytes = memory->class_bytes[slab->class_number];
	uint8_t *start = memory->blocks + (size_t)n * memory->slab_bytes;

	assert(slab->used > 0);
	memcpy(block, &slab->free_block, sizeof(slab->free_block));
	slab->free_block = 1 + (uint32_t)((size_t)((uint8_t *)block - start) / bytes);
	BLOCK_HIDE((uint8_t *)block, bytes);
	if (--slab->used == 0)
		release_slab(memory, n);
	else if (!slab->draining && !slab->listed)
		room_add(memory, n);
}

void memory_drain(struct memory *memory, uint32_t n)
{
	struct slab *slab = &memory->slabs[n];

	if (slab->draining)
		return;
	room_remove(memory, n);
	slab->draining = true;
	if (slab->held == 0)
		memory->draining++;
}

void memory_hold(struct memory *memory, const void *block)
{
	struct slab *slab = &memory->slabs[slab_of(memory, block)];

	if (slab->held++ == 0 && slab->draining)
		memory->draining--;
}

void memory_unhold(struct memory *memory, const void *block)
{
	struct slab *slab = &memory->slabs[slab_of(memory, block)];

	if (--slab->held == 0 && slab->draining)
		memory->draining++;
}
