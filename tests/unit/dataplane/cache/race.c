#include "tests/unit/dataplane/cache/race.h"

#include "tests/unit/dataplane/cache/fixture.h"
#include "tests/unit/dataplane/cache/loads.h"

#include <urcu/urcu-qsbr.h>

// The reclaimer loads, too, and is no reader.
static _Thread_local struct {
	const struct race *race; // NULL: nobody reads
	unsigned count;          // loads so far in this round
	unsigned first, second;  // the writer takes its steps before those
	bool registered;
} turn;

void race_load(void)
{
	const struct race *race = turn.race;

	if (race == NULL)
		return;
	const unsigned at = turn.count++;
	if (at != turn.first && at != turn.second)
		return;
	turn.race = NULL; // the writer's loads are its own
	race->write(race->arg);
	turn.race = race;
}

#define PENDING_MAX                                                                                \
	16384 // bytes that wait for readers, which the writer's next steps have room for

// Returns how many loads it had.
static unsigned play(const struct race *race, unsigned first, unsigned second)
{
	turn.count = 0;
	turn.first = first;
	turn.second = second;
	turn.race = race;
	race->read(race->arg);
	turn.race = NULL;
	urcu_qsbr_thread_offline();
	if (counters_of(race->cache).bytes_pending > PENDING_MAX)
		settle(race->cache, NOW_MS);
	urcu_qsbr_thread_online();
	return turn.count;
}

#define NEVER UINT32_MAX
#define APART 16 // a reader that looks twice does so soon

void race_all(const struct race *race, unsigned least)
{
	unsigned most = 0;

	// The reader holds memory: nothing that it has seen is used again before it is quiescent.
	urcu_qsbr_register_thread();
	turn.registered = true;
	for (unsigned i = 0; i <= most; i++) {
		const unsigned count = play(race, i, NEVER);
		most = count > most ? count : most;
	}
	for (unsigned i = 0; i <= most; i++) {
		for (unsigned k = i + 1; k <= most && k <= i + APART; k++) {
			const unsigned count = play(race, i, k);
			most = count > most ? count : most;
		}
	}
	race_end();
	assert_true(least > 0 ? most >= least : most == 0);
}

void race_end(void)
{
	turn.race = NULL;
	if (turn.registered)
		urcu_qsbr_unregister_thread();
	turn.registered = false;
}
