#include "dataplane/port/pool.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#include <stdio.h>

#define CACHE_COUNT 256

// net_af_xdp hands the pool's own memory to the kernel and finds a buffer from its number alone,
// so buffers must follow each other without a gap. Without hugepages the mempool library leaves a
// gap wherever a buffer would cross a page: buffers must tile the page. 2048 bytes would do for
// that, but of them the kernel keeps 256, and header, mbuf and headroom 320: a full Ethernet
// frame (1514) would not fit and TCP through the tap would stall. So one buffer is one page.
// Other drivers do not need it, but without hugepages their buffers take a page each anyway.
#define TILE_BYTES 4096

static bool is_tiled(enum device_kind kind, bool hugepages)
{
	return kind == DEVICE_AF_XDP || !hugepages;
}

size_t pool_object_bytes(enum device_kind kind, bool hugepages)
{
	if (is_tiled(kind, hugepages))
		return TILE_BYTES;
	return rte_mempool_calc_obj_size(sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE, 0,
					 NULL);
}

unsigned pool_min_count(enum device_kind kind)
{
	// net_af_xdp keeps 2,048 in its fill ring, and up to 2,048 may wait to be sent.
	return kind == DEVICE_AF_XDP ? 5120 : 3072;
}

static void memory_free(struct rte_mempool_memhdr *header, void *opaque)
{
	(void)header;
	rte_memzone_free(opaque);
}

static struct rte_mempool *pool_tiled(const char *name, unsigned count)
{
	struct rte_mempool_objsz size;
	struct rte_pktmbuf_pool_private private = {0};
	const struct rte_memzone *zone;
	struct rte_mempool *pool;
	uint32_t used;

	// What is left of the page after the library's header and the mbuf is data room.
	used = rte_mempool_calc_obj_size(sizeof(struct rte_mbuf), RTE_MEMPOOL_F_NO_SPREAD, &size);
	private.mbuf_data_room_size = (uint16_t)(TILE_BYTES - used);
	pool = rte_mempool_create_empty(
		name, count, (unsigned)(sizeof(struct rte_mbuf) + private.mbuf_data_room_size),
		CACHE_COUNT, sizeof private, SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_SPREAD);
	if (pool == NULL)
		return NULL;
	if (rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL) != 0)
		goto unwind;
	rte_pktmbuf_pool_init(pool, &private);
	zone = rte_memzone_reserve_aligned(name, (size_t)count * TILE_BYTES, SOCKET_ID_ANY,
					   RTE_MEMZONE_IOVA_CONTIG, TILE_BYTES);
	if (zone == NULL)
		goto unwind;
	if (rte_mempool_populate_iova(pool, zone->addr, zone->iova, zone->len, memory_free,
				      (void *)(uintptr_t)zone) != (int)count) {
		rte_memzone_free(zone);
		goto unwind;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
unwind:
	rte_mempool_free(pool);
	return NULL;
}

struct rte_mempool *pool_new(const char *name, enum device_kind kind, bool hugepages,
			     unsigned count)
{
	if (is_tiled(kind, hugepages))
		return pool_tiled(name, count);
	return rte_pktmbuf_pool_create(name, count, CACHE_COUNT, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
}
