// Which server of a zone next, and how long to wait for it.
#include "control/upstream/domain.h"
#include "control/upstream/pool.h"
#include "control/upstream/state.h"
#include "dataplane/dns/edns.h" // siphash

#include <limits.h>

#define SELECT_MAX      128 // further candidates are not looked at
#define EXPLORE_PERCENT 5

// In order of preference.
enum standing {
	STANDING_GOOD,
	STANDING_SUSPECT, // not out for this zone, but out for whoever asked it last
	STANDING_FAILED,  // in this task, but not out
	STANDING_SLOW,    // out, but it has answered since, too late
	STANDING_OUT,
	STANDING_OUT_FAILED,
	STANDING_NEVER, // tried often enough, or may not be asked
};

struct view {
	struct rating *rating; // NULL: nothing known
	struct rating *probe;  // out, and it is time to see whether it still is
	uint64_t score_us;
	uint8_t standing;
	bool chosen; // still in the race
};

struct race {
	struct upstream *upstream;
	const struct candidate *candidates;
	size_t count;
	const uint8_t *zone;
	struct view views[SELECT_MAX];
};

// As it stands in the list, so that its name is known too.
static struct candidate candidate_of(const struct race *race, const struct address *address)
{
	for (size_t i = 0; i < race->count; i++) {
		if (server_address_equal(&race->candidates[i].address, address))
			return race->candidates[i];
	}
	return (struct candidate){.address = *address};
}

static void look(struct race *race, size_t i, const uint8_t *zone, unsigned max_tries,
		 uint64_t now_us)
{
	const struct candidate *candidate = &race->candidates[i];
	struct ratings *ratings = &race->upstream->ratings;
	struct view *view = &race->views[i];
	struct rating *everywhere;
	enum rating_state state;

	*view = (struct view){.standing = STANDING_NEVER};
	if (candidate->tries >= max_tries || !upstream_may_ask(race->upstream, &candidate->address))
		return;
	// What is known of it elsewhere counts fully only where it is new: a hostile zone that
	// names a server which does not answer for it must not take that server from zones that use
	// it. It is asked after others, no more.
	everywhere = ratings_find(ratings, NULL, &candidate->address, now_us);
	view->rating = ratings_find(ratings, zone, &candidate->address, now_us);
	if (view->rating)
		rating_return(view->rating, everywhere);
	if (!view->rating)
		view->rating = everywhere;
	view->score_us = rating_score_us(view->rating);
	state = rating_state(view->rating, now_us);
	// One question for any zone sees whether a silent server is back, not one for each of its
	// zones.
	bool out = rating_is_silent(everywhere) && rating_state(everywhere, now_us) != RATING_IN;
	if (state == RATING_PROBE && rating_is_silent(view->rating) && out)
		state = rating_state(everywhere, now_us);
	if (state == RATING_PROBE)
		view->probe = out ? everywhere : view->rating;
	if (state != RATING_IN) {
		view->standing = view->rating->slow_us > 0 ? STANDING_SLOW
				 : candidate->failed       ? STANDING_OUT_FAILED
							   : STANDING_OUT;
		return;
	}
	view->standing = candidate->failed ? STANDING_FAILED : STANDING_GOOD;
	state = rating_state(everywhere, now_us);
	bool strips = everywhere && now_us < everywhere->strip_until_us;
	bool family = families_in_doubt(&race->upstream->families, &candidate->address, now_us);
	if ((state != RATING_IN || strips || family) && !candidate->failed)
		view->standing = STANDING_SUSPECT;
	if (state == RATING_PROBE)
		view->probe = everywhere;
}

// Keeps those in the race whose rank is least; returns how many.
static size_t narrow(struct race *race, uint64_t (*rank)(const struct race *, size_t, const void *),
		     const void *arg)
{
	uint64_t least = UINT64_MAX;
	size_t left = 0;

	for (size_t i = 0; i < race->count; i++)
		if (race->views[i].chosen && rank(race, i, arg) < least)
			least = rank(race, i, arg);
	for (size_t i = 0; i < race->count; i++) {
		race->views[i].chosen = race->views[i].chosen && rank(race, i, arg) == least;
		left += race->views[i].chosen;
	}
	return left;
}

static uint64_t rank_standing(const struct race *race, size_t i, const void *arg)
{
	(void)arg;
	return race->views[i].standing;
}

// Where servers of one provider send bogus data, their neighbours are likely to.
static uint64_t rank_spoilt(const struct race *race, size_t i, const void *arg)
{
	(void)arg;
	return race->candidates[i].spoilt;
}

// The one that validated last, for anybody.
static uint64_t rank_validated(const struct race *race, size_t i, const void *arg)
{
	const struct view *view = &race->views[i];

	(void)arg;
	if (view->standing > STANDING_SUSPECT || view->rating == NULL ||
	    view->rating->validated_us <= view->rating->bogus_us)
		return UINT64_MAX;
	return UINT64_MAX - view->rating->validated_us;
}

static bool has_bogus(const struct race *race, uint64_t now_us)
{
	for (size_t i = 0; i < race->count; i++) {
		const struct rating *rating = race->views[i].rating;
		if (rating != NULL && rating->bogus_us != 0 &&
		    now_us < rating->bogus_us + RATING_BOGUS_US)
			return true;
	}
	return false;
}

static uint64_t rank_domain(const struct race *race, size_t i, const void *avoid)
{
	const struct candidate *failed = avoid;
	bool same_family = race->candidates[i].address.family == failed->address.family;

	return domain_shared(&race->candidates[i], failed, race->zone) * 2 + same_family;
}

static uint64_t rank_tries(const struct race *race, size_t i, const void *arg)
{
	(void)arg;
	return race->candidates[i].tries;
}

// Equal to the best within a quarter: which of them is drawn, so that a forger does not know.
static uint64_t rank_score(const struct race *race, size_t i, const void *best_us)
{
	uint64_t best = *(const uint64_t *)best_us;

	return race->views[i].score_us > best + best / 4 + 2000;
}

static uint64_t best_score_us(const struct race *race)
{
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < race->count; i++)
		if (race->views[i].chosen && race->views[i].score_us < best)
			best = race->views[i].score_us;
	return best;
}

static size_t draw_one(struct race *race, size_t left)
{
	size_t nth = upstream_draw(race->upstream, (uint32_t)left);

	for (size_t i = 0; i < race->count; i++)
		if (race->views[i].chosen && nth-- == 0)
			return i;
	__builtin_unreachable();
}

// Of the servers that nothing speaks against; UINT_MAX: there is none in a pool.
static unsigned serving_class(const struct race *race)
{
	unsigned serving = UINT_MAX;

	for (size_t i = 0; i < race->count; i++) {
		const struct pool_server *pool = race->candidates[i].pool;
		if (race->views[i].standing == STANDING_GOOD && pool && pool->priority < serving)
			serving = pool->priority;
	}
	return serving;
}

// A server whose time out is over gets one question while others (than those here, too) could
// answer it; its neighbours then serve if it fails again. Not in a task that has seen a failure
// already, and not a server of a class that is not needed.
static int due_probe(struct race *race, bool others, uint64_t now_us)
{
	unsigned serving = serving_class(race);
	int due = -1;

	for (size_t i = 0; i < race->count; i++) {
		const struct candidate *candidate = &race->candidates[i];

		if (candidate->failed)
			return -1;
		others |= race->views[i].standing == STANDING_GOOD;
		if (candidate->pool && candidate->pool->priority > serving)
			continue;
		if (race->views[i].probe && candidate->tries == 0 && due < 0)
			due = (int)i;
	}
	if (!others || due < 0)
		return -1;
	race->views[due].probe->probe_until_us =
		now_us + rating_timeout_us(race->views[due].rating);
	race->upstream->counters.probes++;
	return due;
}

// Drawn among those that nothing speaks against; a server that failed last is left to probes.
static int explore(struct race *race)
{
	bool kept[SELECT_MAX];
	size_t left = 0;

	for (size_t i = 0; i < race->count; i++) {
		const struct rating *rating = race->views[i].rating;

		kept[i] = race->views[i].chosen && (!rating || rating->fails == 0);
		left += kept[i];
	}
	if (left < 2)
		return -1;
	for (size_t i = 0; i < race->count; i++)
		race->views[i].chosen = kept[i];
	race->upstream->counters.explorations++;
	return (int)draw_one(race, left);
}

static int pick(struct race *race, const struct address *avoid)
{
	size_t left;
	uint64_t best;
	int explored;

	for (size_t i = 0; i < race->count; i++)
		race->views[i].chosen = race->views[i].standing != STANDING_NEVER;
	narrow(race, rank_spoilt, NULL);
	if (has_bogus(race, upstream_now_us(race->upstream)))
		narrow(race, rank_validated, NULL);
	left = narrow(race, rank_standing, NULL);
	if (left == 0)
		return -1;
	if (avoid) {
		const struct candidate failed = candidate_of(race, avoid);
		narrow(race, rank_domain, &failed);
	}
	left = narrow(race, rank_tries, NULL);
	if (left > 1 && upstream_draw(race->upstream, 100) < EXPLORE_PERCENT) {
		explored = explore(race);
		if (explored >= 0)
			return explored;
	}
	best = best_score_us(race);
	left = narrow(race, rank_score, &best);
	return (int)draw_one(race, left);
}

static uint32_t draw(void *arg, uint32_t below)
{
	return upstream_draw(arg, below);
}

// Those that are chosen, by the rules of pools.
static int pick_of_pool(struct race *race, const struct address *avoid)
{
	struct pool_runner runners[SELECT_MAX];
	const struct candidate failed = avoid ? candidate_of(race, avoid) : (struct candidate){0};

	for (size_t i = 0; i < race->count; i++) {
		const struct candidate *candidate = &race->candidates[i];
		const struct view *view = &race->views[i];
		runners[i] = (struct pool_runner){
			.runs = view->chosen,
			.known = view->rating && (view->rating->srtt_us || view->rating->fails),
			.standing = view->standing,
			.shared =
				avoid ? (uint8_t)domain_shared(candidate, &failed, race->zone) : 0,
			.tries = candidate->tries,
			.priority = candidate->pool->priority,
			.weight = candidate->pool->weight,
			.score_us = view->score_us,
		};
	}
	return pool_pick(runners, race->count, draw, race->upstream);
}

// How long to wait: as long as the server may need, but while another one is good and has not been
// asked, neither long nor longer because of earlier silence: a server that went away shows only by
// that, and a client waits for every probe.
static uint64_t patience_us(const struct race *race, size_t which)
{
	uint64_t patience = rating_patience_us(race->views[which].rating);

	// Each question is asked once then, and round trips of before do not hold: the path may
	// only have become slow.
	if (race->upstream->uplink.lost)
		return patience < UPLINK_WAIT_US ? UPLINK_WAIT_US : patience;
	for (size_t i = 0; i < race->count; i++) {
		if (i != which && race->views[i].standing == STANDING_GOOD &&
		    race->candidates[i].tries == 0)
			return patience < RATING_PROBE_MAX_US ? patience : RATING_PROBE_MAX_US;
	}
	return rating_timeout_us(race->views[which].rating);
}

int upstream_select(struct upstream *upstream, const uint8_t *zone,
		    const struct candidate *candidates, size_t count, unsigned max_tries,
		    const struct address *avoid, uint32_t *timeout_ms)
{
	uint64_t now_us = upstream_now_us(upstream);
	struct race race = {
		.upstream = upstream,
		.candidates = candidates,
		.count = count < SELECT_MAX ? count : SELECT_MAX,
		.zone = zone,
	};
	uint64_t timeout_us;
	int which;

	for (size_t i = 0; i < race.count; i++)
		look(&race, i, zone, max_tries, now_us);
	which = due_probe(&race, false, now_us);
	if (which < 0)
		which = pick(&race, avoid);
	if (which < 0)
		return -1;
	families_probed(&upstream->families, &candidates[which].address, now_us);
	timeout_us = patience_us(&race, (size_t)which);
	*timeout_ms = (uint32_t)((timeout_us + 999) / 1000);
	return which;
}

// A forwarder answers at once what it knows and asks others for the rest: how fast it was says
// nothing about the next question. Where it is out, a client does not wait long for it.
static uint64_t patience_of_pool_us(const struct race *race, size_t which, bool recursive)
{
	uint64_t patience = patience_us(race, which);

	if (recursive && patience < RATING_FIRST_US)
		return RATING_FIRST_US;
	bool out = race->views[which].standing >= STANDING_OUT;
	return out && patience > RATING_PROBE_MAX_US ? RATING_PROBE_MAX_US : patience;
}

int upstream_select_pool(struct upstream *upstream, const uint8_t *zone,
			 const struct candidate *candidates, size_t count, unsigned max_tries,
			 unsigned use, const struct address *avoid, uint32_t *timeout_ms)
{
	bool instead = use & POOL_INSTEAD;
	uint64_t now_us = upstream_now_us(upstream);
	struct race race = {
		.upstream = upstream,
		.candidates = candidates,
		.count = count < SELECT_MAX ? count : SELECT_MAX,
		.zone = zone,
	};

	for (size_t i = 0; i < race.count; i++) {
		struct view *view = &race.views[i];
		look(&race, i, zone, instead ? 1 : max_tries, now_us);
		view->chosen = view->standing < (instead ? STANDING_SLOW : STANDING_NEVER);
	}
	int which = due_probe(&race, instead, now_us);
	if (which < 0)
		which = pick_of_pool(&race, avoid);
	if (which < 0)
		return -1;
	families_probed(&upstream->families, &candidates[which].address, now_us);
	bool recursive = use & POOL_RECURSIVE;
	*timeout_ms =
		(uint32_t)((patience_of_pool_us(&race, (size_t)which, recursive) + 999) / 1000);
	return which;
}

uint32_t upstream_late_ms(struct upstream *upstream, const uint8_t *zone,
			  const struct address *server)
{
	uint64_t now_us = upstream_now_us(upstream);
	const struct rating *rating = ratings_find(&upstream->ratings, zone, server, now_us);

	if (!rating)
		rating = ratings_find(&upstream->ratings, NULL, server, now_us);
	return (uint32_t)((rating_late_us(rating) + 999) / 1000);
}

// A server of another domain, and in a pool no standby.
static bool may_hedge(const struct candidate *candidate, const struct candidate *asked,
		      const uint8_t *zone)
{
	if (candidate->pool && asked->pool && candidate->pool->priority != asked->pool->priority)
		return false;
	return domain_shared(candidate, asked, zone) < 2;
}

int upstream_hedge(struct upstream *upstream, const uint8_t *zone,
		   const struct candidate *candidates, size_t count, const struct address *first,
		   uint32_t *timeout_ms)
{
	uint64_t now_us = upstream_now_us(upstream);
	struct race race = {
		.upstream = upstream,
		.candidates = candidates,
		.count = count < SELECT_MAX ? count : SELECT_MAX,
		.zone = zone,
	};
	size_t left = 0;
	uint64_t best;
	int which;

	const struct candidate asked = candidate_of(&race, first);
	for (size_t i = 0; i < race.count; i++) {
		look(&race, i, zone, 1, now_us);
		race.views[i].chosen = race.views[i].standing == STANDING_GOOD &&
				       may_hedge(&candidates[i], &asked, zone);
		left += race.views[i].chosen;
	}
	if (left == 0 || upstream->uplink.lost)
		return -1;
	if (upstream->hedge_credit < HEDGE_COST) {
		upstream->counters.hedges_refused++;
		return -1;
	}
	upstream->hedge_credit -= HEDGE_COST;
	upstream->counters.hedges++;
	if (asked.pool) {
		which = pick_of_pool(&race, first);
		*timeout_ms =
			(uint32_t)((patience_of_pool_us(&race, (size_t)which, true) + 999) / 1000);
		return which;
	}
	narrow(&race, rank_domain, &asked);
	best = best_score_us(&race);
	left = narrow(&race, rank_score, &best);
	which = (int)draw_one(&race, left);
	*timeout_ms = (uint32_t)((rating_timeout_us(race.views[which].rating) + 999) / 1000);
	return which;
}

bool upstream_good_left(struct upstream *upstream, const uint8_t *zone,
			const struct candidate *candidates, size_t count)
{
	uint64_t now_us = upstream_now_us(upstream);
	struct race race = {
		.upstream = upstream,
		.candidates = candidates,
		.count = count < SELECT_MAX ? count : SELECT_MAX,
		.zone = zone,
	};

	for (size_t i = 0; i < race.count; i++) {
		look(&race, i, zone, 1, now_us);
		if (race.views[i].standing == STANDING_GOOD)
			return true;
	}
	return false;
}

void upstream_hold(struct upstream *upstream, const uint8_t *zone, const struct address *server,
		   uint64_t for_us)
{
	uint64_t now_us = upstream_now_us(upstream);
	struct rating *rating = ratings_find(&upstream->ratings, zone, server, now_us);

	if (rating)
		rating->probe_until_us = now_us + for_us;
}

void upstream_validated(struct upstream *upstream, const uint8_t *zone,
			const struct address *server)
{
	uint64_t now_us = upstream_now_us(upstream);
	struct rating *rating = ratings_find(&upstream->ratings, zone, server, now_us);

	if (rating != NULL)
		rating->validated_us = now_us;
}

void upstream_cured(struct upstream *upstream, const uint8_t *zone, const struct address *server)
{
	struct rating *rating =
		ratings_find(&upstream->ratings, zone, server, upstream_now_us(upstream));

	if (rating != NULL)
		rating->bogus_us = 0;
}

static bool is_silence(enum server_failure failure)
{
	return failure == SERVER_TIMEOUT || failure == SERVER_UNREACHABLE ||
	       failure == SERVER_RESET || failure == SERVER_UNTRUSTED;
}

// Somebody has sent it, if only whoever stands in the server's place.
static bool is_heard(enum server_failure failure)
{
	return failure == SERVER_RESET || failure == SERVER_UNTRUSTED;
}

static bool was_silent(struct upstream *upstream, const struct address *server, uint64_t now_us)
{
	const struct rating *rating = ratings_find(&upstream->ratings, NULL, server, now_us);

	return rating && rating->fails > 0;
}

// What a server does for one zone is no verdict on its others, but that it can be reached is.
static void report_everywhere(struct upstream *upstream, const uint8_t *zone,
			      const struct address *server, enum server_failure failure,
			      uint64_t rtt_us, uint64_t now_us)
{
	struct ratings *ratings = &upstream->ratings;
	struct rating *known = ratings_find(ratings, NULL, server, now_us);
	uint64_t hash = siphash_1_3(ratings->key, zone, name_len(zone));

	if (!known || rating_counts(known, failure, hash, now_us))
		ratings_report(ratings, NULL, server,
			       is_silence(failure) || failure == SERVER_SLOW ? failure
									     : SERVER_GOOD,
			       rtt_us, now_us);
	struct rating *rating = ratings_find(ratings, NULL, server, now_us);
	if (!known)
		(void)rating_counts(rating, failure, hash, now_us);
	rating->counts[failure]++;
	if (failure == SERVER_SLOW && rating->counts[SERVER_TIMEOUT] > 0)
		rating->counts[SERVER_TIMEOUT]--;
}

void upstream_report(struct upstream *upstream, const uint8_t *zone, const struct address *server,
		     enum server_failure failure, uint64_t rtt_us)
{
	uint64_t now_us = upstream_now_us(upstream);
	bool answered = !is_silence(failure);

	if ((unsigned)failure >= SERVER_FAILURE_COUNT)
		return;
	upstream->reports[failure]++;
	if (answered) {
		uplink_answer(&upstream->uplink, now_us);
	} else if (!is_heard(failure)) {
		bool was_lost = upstream->uplink.lost;
		bool excused =
			uplink_failure(&upstream->uplink, &upstream->ratings, zone, server, now_us);
		upstream->counters.uplink_losses += upstream->uplink.lost && !was_lost;
		upstream->counters.uplink_excused += excused;
		if (excused)
			return;
	}
	if (answered)
		families_answer(&upstream->families, server, now_us);
	else if (!is_heard(failure))
		families_silence(&upstream->families, server,
				 siphash_1_3(upstream->ratings.key, zone, name_len(zone)), now_us);
	bool returned = answered && failure != SERVER_SLOW && was_silent(upstream, server, now_us);
	ratings_report(&upstream->ratings, zone, server, failure, rtt_us, now_us);
	report_everywhere(upstream, zone, server, failure, rtt_us, now_us);
	if (returned)
		upstream_server_returned(upstream, server, rtt_us);
}

bool upstream_uplink_lost(const struct upstream *upstream)
{
	return upstream->uplink.lost;
}

uint64_t upstream_uplink_doubted_in_ms(const struct upstream *upstream)
{
	uint64_t in_us = uplink_doubted_in_us(&upstream->uplink, upstream_now_us(upstream));

	return in_us == UINT64_MAX ? UINT64_MAX : (in_us + 999) / 1000;
}

const char *server_failure_words(enum server_failure failure)
{
	static const char *const list[SERVER_FAILURE_COUNT] = {
#define X(symbol, name, words) words,
		SERVER_FAILURES(X)
#undef X
	};

	return (unsigned)failure < SERVER_FAILURE_COUNT ? list[failure] : "unknown";
}
