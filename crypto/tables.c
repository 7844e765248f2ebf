#include "crypto/tables.h"

#include "crypto/algorithm.h"
#include "crypto/p256.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define DNSKEY_HEAD 4 // flags, protocol, algorithm

enum order_state { ORDER_NONE, ORDER_GIVEN, ORDER_DONE };

struct tables {
	pthread_t thread;
	sem_t work;
	_Atomic bool stop;
	// GIVEN by control, DONE by the thread; key and table belong to whose turn it is.
	_Atomic int order;
	struct key *key;
	struct p256_table *table;
	unsigned after;
	unsigned alive; // control
	uint64_t made;  // control
};

static void *run(void *arg)
{
	struct tables *tables = arg;

	for (;;) {
		while (sem_wait(&tables->work) != 0)
			;
		if (atomic_load_explicit(&tables->stop, memory_order_relaxed))
			return NULL;
		// Partner of both: tables_take() and give_order().
		if (atomic_load_explicit(&tables->order, memory_order_acquire) != ORDER_GIVEN)
			continue;
		tables->table = p256_table_new(tables->key->rdata + DNSKEY_HEAD);
		atomic_store_explicit(&tables->order, ORDER_DONE, memory_order_release);
	}
}

struct tables *tables_new(unsigned after)
{
	struct tables *tables = calloc(1, sizeof(*tables));
	sigset_t all, before;

	if (tables == NULL)
		return NULL;
	tables->after = after != 0 ? after : TABLE_AFTER;
	sem_init(&tables->work, 0, 0);
	// Signals are for control's loop only.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&tables->thread, NULL, run, tables);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		sem_destroy(&tables->work);
		free(tables);
		return NULL;
	}
	pthread_setname_np(tables->thread, "crypto-tables");
	return tables;
}

void tables_take(struct tables *tables)
{
	struct key *key = tables->key;

	if (atomic_load_explicit(&tables->order, memory_order_acquire) != ORDER_DONE)
		return;
	if (tables->table != NULL) {
		tables->alive++;
		tables->made++;
		key->tables_alive = &tables->alive;
		// Partner: the acquire in key_verify(), on a worker.
		atomic_store_explicit(&key->table, tables->table, memory_order_release);
	}
	tables->key = NULL;
	tables->table = NULL;
	atomic_store_explicit(&tables->order, ORDER_NONE, memory_order_relaxed);
	key_unref(key);
}

static void give_order(struct tables *tables, struct key *key)
{
	if (atomic_load_explicit(&tables->order, memory_order_relaxed) != ORDER_NONE ||
	    tables->alive == TABLES_MAX)
		return;
	key->refs++;
	key->table_ordered = true;
	tables->key = key;
	atomic_store_explicit(&tables->order, ORDER_GIVEN, memory_order_release);
	sem_post(&tables->work);
}

void tables_count(struct tables *tables, struct key *key)
{
	if (key->algorithm->kind != ALGORITHM_ECDSA || key->algorithm->key_len != P256_KEY_LEN ||
	    key->table_ordered)
		return;
	if (++key->verified >= tables->after)
		give_order(tables, key);
}

uint64_t tables_made(const struct tables *tables)
{
	return tables->made;
}

void tables_stop(struct tables *tables)
{
	if (tables == NULL)
		return;
	atomic_store_explicit(&tables->stop, true, memory_order_relaxed);
	sem_post(&tables->work);
	pthread_join(tables->thread, NULL);
	if (tables->key != NULL) {
		p256_table_free(tables->table);
		key_unref(tables->key);
	}
}

void tables_free(struct tables *tables)
{
	if (tables == NULL)
		return;
	sem_destroy(&tables->work);
	free(tables);
}
