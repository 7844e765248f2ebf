// What the files of this folder do with tasks, a file after the other in the order of a task's
// life. Comes with task.h, which says what tasks are.
#pragma once

#include "control/resolver/task.h"

// task.c: the table, joining, waiting, ends
struct task *task_join_client(struct resolver *resolver, struct client *client, int *error);
// Starts or joins a sub-task of `parent`. 0; -ELOOP (it would wait for itself), -E2BIG (too deep,
// or its budget is used up), -EAGAIN (too many tasks), -ENOMEM.
int task_wait(struct task *parent, enum wait_purpose purpose, const uint8_t *name, uint16_t type,
	      uint8_t slot);
void task_ready(struct task *task);
struct task *task_running(struct resolver *resolver, const uint8_t *name, uint16_t type); // or NULL
// Of the question of a task that is none past an NTA; names its slot in the table of failures.
uint64_t task_question_hash(uint64_t name_hash, uint16_t type);
void task_run(struct task *task);
void task_drop_waits(struct task *task); // ends all its waiting for others
void task_finish(struct task *task);     // tells the waiters and frees the task
void task_free(struct task *task);       // nobody waits any more
// What leads on is known: those who want one RRset of the name have it. False: nobody else waits.
bool task_deliver_rrset(struct task *task);
void task_leave(struct waiter *waiter); // the last one ends the task, within this turn
bool task_wants(const struct task *task, enum wait_purpose purpose); // some waiter of that kind
bool task_wants_unproven(const struct task *task);

// client.c: budgets
void client_start(struct resolver *resolver, struct client *client);
bool task_charge(struct task *task, enum budget_item item, uint32_t amount);
struct client *task_payer(struct task *task); // NULL: nobody can pay
bool task_is_own(struct task *task); // no client waits for it: probes, refreshes and what they need
void client_end(struct resolver *resolver, struct client *client);
void clients_fail_ended(struct resolver *resolver);
void client_deliver(struct resolver *resolver, struct client *client, const struct task *task);
void client_fail(struct resolver *resolver, struct client *client, int ede, const char *text);
void client_done(struct resolver *resolver, struct client *client, struct store_result *result);
void client_count(struct resolver *resolver, const struct client *client,
		  const struct store_result *result); // what it is about to be given
struct client *client_new(const struct ticket_question *question, resolver_done done, void *arg);
// A question of our own, to the servers whatever is cached; the argument of done is the resolver.
bool client_ask(struct resolver *resolver, const uint8_t *name, uint16_t type, resolver_done done);
bool client_ask_past_nta(struct resolver *resolver, const uint8_t *name, uint16_t type,
			 resolver_done done, void *arg);
// The same, for what the servers say whether it validates or not.
bool client_ask_unproven(struct resolver *resolver, const uint8_t *name, uint16_t type,
			 resolver_done done);

// Time is over for a client with CD=1 for whom what came is still being judged: true: it has been
// given that, and is gone.
bool client_takes_unproven(struct resolver *resolver, struct client *client);
// A client is answered while its task goes on, which it pays for if nobody does so in its place.
// Takes over the reference.
void client_answer_early(struct resolver *resolver, struct client *client,
			 struct store_result *result);

// prospect.c: after four seconds nobody waits for what is not on its way
void prospect_start(struct resolver *resolver, struct client *client);
uint64_t prospect_run(struct resolver *resolver); // when to be called again

// stale.c
#define STALE_TIMER_MS 1800 // RFC 8767 §5: a client waits no longer when there are stale data
void stale_start(struct resolver *resolver, struct client *client);
// True: it has not joined its task, but there are stale data for it.
bool stale_instead(struct resolver *resolver, struct client *client);
uint64_t stale_run(struct resolver *resolver); // when to be called again
struct store_result *stale_result(struct resolver *resolver, const struct client *client, int why);
// The task that has had an answer which did not validate, here, further along the chain of names or
// along the chain of trust; or NULL.
const struct task *stale_doubt(const struct task *task);
// The task has failed for that name: what can no longer serve, since the parent has denied a zone
// above it or an answer was bogus.
// What is cached of that type, past its TTL or not, as far as it may serve where nobody says it any
// more. NULL: nothing.
const struct entry *stale_entry(struct resolver *resolver, const uint8_t *name, uint16_t type);
void stale_drop(const struct task *task, const uint8_t *name);

// parent.c: when the servers above a delegation are silent, and when they deny it
// On the way from the servers of `cut` to a name: a delegation past its end that might be used.
const struct delegation *parent_ended(const struct resolver *resolver, const uint8_t *name,
				      uint16_t type, const struct delegation *cut);
bool parent_revive(struct task *task, bool at_end); // of its servers. True: goes on with it
void parent_watch(struct resolver *resolver, const struct delegation *cut);
// The DS that a validation needs cannot be had: what is known of it holds on. Before it has been
// asked for: where that was found of the same parent just now.
bool parent_prolong_early(struct task *task, const uint8_t *zone);
bool parent_prolong(struct resolver *resolver, const uint8_t *zone,
		    const struct broken_finding *finding);
// A second has passed, and no server of the task's cut has answered: it goes on with what that zone
// has proven last.
void parent_is_late(struct task *task);
// The same for the DS of a zone, which is asked for on. True: the last proof holds.
bool parent_prolong_late(struct resolver *resolver, const uint8_t *zone);
struct trust_past parent_past(const struct resolver *resolver, uint32_t for_ms);
void parent_denied(struct task *task, const struct validation_result *result);
// The closest delegation that is in force, with a reference; NULL: none is, not even the root.
struct delegation *parent_find_cut(struct resolver *resolver, const uint8_t *name);
// The delegation that led to an answer that is bogus was denied while that was judged. True: the
// parent is asked instead; the second time, those of its servers that do not refer there again.
bool parent_took_back(struct task *task);
// What is bogus came from servers that a referral without proof has named. True: it is asked for
// again, of those that the last proof came with.
bool parent_went_back(struct task *task);
// What is not signed came from servers that a reply without proof has named. True: it is asked for
// again, of those that the last proof came with, or the task has failed.
bool parent_distrusts(struct task *task, const struct validation_result *result);
// A denial without any signature, of a name below an insecure delegation, came from servers of the
// signed zone above and in nobody else's name.
bool parent_denies_unproven(const struct task *task, const struct validation_result *result);
// A referral that names other servers than the last one that was proven: it is proven now, while
// that is possible, by what came with it.
void parent_referred(struct resolver *resolver, const struct delegation *cut);
void parent_proven(struct task *task, const struct validation_result *result);

// late.c
#define LATE_MS 1000
// It begins to wait for a parent, and has something to go by when that is late.
void late_watch(struct task *task);
void late_forget(struct task *task);
uint64_t late_run(struct resolver *resolver); // when to be called again

// prefetch.c
struct prefetch *prefetch_new(void);
void prefetch_free(struct prefetch *prefetch);
void prefetch_track(struct resolver *resolver, const struct entry *entry); // just published
uint64_t prefetch_run(struct resolver *resolver); // when to be called again

// nta.c
uint64_t nta_run(struct resolver *resolver); // when to be called again
void nta_counters(const struct resolver *resolver, upstream_counter_visit visit, void *arg);
void nta_free_all(struct resolver *resolver);

// posture.c: what is remembered of zones
void posture_learn(struct task *task, const struct validation_result *result);
void posture_bogus(struct task *task, const struct validation_result *result);
void posture_failed(struct task *task, int ede, const char *text, uint32_t ttl_s);

// The cache's keyed hash of a name in lower case.
static inline uint64_t resolver_hash(const struct resolver *resolver, const uint8_t *name)
{
	return cache_hash(resolver->cache, name, name_len(name));
}

static inline struct entry_moment resolver_moment(const struct resolver *resolver)
{
	return (struct entry_moment){resolver->clock.now_ms, resolver->clock.now_s};
}

// start.c
void task_start(struct task *task);
struct lookup task_look_up(const struct task *task, bool unproven); // in the cache, for its name
bool entry_usable(const struct resolver *resolver, const struct entry *entry);

// admit.c: only what a client asks, before anything is sent for it. False: it has failed.
bool admit(struct task *task);

// iterate.c: which server
void iterate_start(struct task *task);
void iterate_ask(struct task *task);
void iterate_give_up(struct task *task); // no server is left to ask
// Asks on after a server's answer was no good; for_good: that server no more in this task.
void iterate_next_server(struct task *task, const struct address *server, bool for_good);
// One of the two servers that were asked gave no answer; the other one may.
void iterate_leg_failed(struct task *task, const struct address *server);
void iterate_descend(struct task *task, struct delegation *cut); // takes over the reference
void iterate_servers_found(struct task *task); // while it waits for a reply, maybe
void iterate_release(struct task *task);
int iterate_server_index(const struct task *task, const struct address *address); // or -1

// observe.c: what it sees of the cut's servers
uint64_t observe_key(const struct resolver *resolver, const uint8_t *zone, bool routed);
void observe_begin(struct task *task);   // before a question to the cut; its kind may have changed
void observe_leave(struct task *task);   // of the cut, or of its kind
bool observe_may_ask(struct task *task); // false: the cut is down
// upstream_heard
void observe_heard(void *arg, const uint8_t *zone, bool pooled, uint16_t type, bool tcp);
void observe_reply(struct task *task); // of any content
// Every server has been silent, and it has no more tries, or may not use them: it waits whether
// others hear of the cut. False: it has waited for long enough, or there is nothing to wait for.
bool observe_wait(struct task *task);
uint32_t observe_patience_ms(const struct task *task); // with a cut that is silent, from now on
uint32_t observe_try_ms(const struct task *task);      // of that, for the next try
// The next question to a server, over TCP and once more as it may be; 0: as long as it takes.
uint32_t observe_most_ms(const struct task *task, size_t server);
// What the next try of a server gets at least that has been silent, where all others have said that
// they are no good; 0: it is none of that kind.
uint32_t observe_only_ms(const struct task *task, size_t server);
bool observe_some_are_slow(const struct task *task); // answer, after they were given up
// Servers have failed, and there has been time enough for others: it ends.
bool observe_too_late(const struct task *task);
uint64_t observe_run(struct resolver *resolver); // when to be called again
void observe_good(struct task *task);            // an answer or a referral
void observe_no_good(struct task *task);         // no server is left that might be good
bool observe_doubt(struct task *task);           // each server has been silent. False: it gives up
void observe_unanswered(struct task *task);      // to its end

// again.c: servers that err by chance
// A server of the task's cut has failed it. bare: by errors without the question, which are a
// habit, or forged.
void again_note(struct task *task, const struct address *server, enum server_failure failure,
		bool bare);
// All servers have been asked, or others_left that have been silent: it waits, to ask those that
// have erred once more (task->again). False: it has done so often enough, or there is no use in it.
bool again_wait(struct task *task, bool others_left);
void again_forget(struct task *task);          // another cut, or the end
uint64_t again_run(struct resolver *resolver); // when to be called again

// room.c: when something of our own is used up
void room_wait(struct task *task, enum task_state then); // goes on there
uint64_t room_run(struct resolver *resolver);            // when to be called again

// replies.c: what a server's reply means
void replies_read(struct task *task);
// A server seems not to know EDNS: whether its zone is unsigned is asked for, while it is waited
// for.
void replies_doubt_edns(struct task *task);
void replies_state_known(struct task *task); // as far as it can be
void reply_release(struct task *task);       // the one it has, if any
enum server_failure replies_failure(enum upstream_outcome outcome);
bool replies_heard(enum upstream_outcome outcome);

// resort.c: when all servers have failed, what some of them said
void resort_note(struct task *task, const struct response *response); // of task->reply
bool resort_begin(struct task *task); // true: those servers are asked once more
// Whether the response to that is the answer, which it becomes.
bool resort_takes(struct task *task, struct response *response);
// What was proven once is worth more later, as stale data: it is not put out of its place.
bool resort_by_value(const struct task *task, const struct step *step);
// Whether it is the zone that was asked that is proven insecure, and not one below it.
bool resort_is_of_zone(const struct task *task, const struct validation_result *result);
void resort_failed(struct task *task); // it is no answer: the zone is signed, or might be

// inquiry.c: questions to servers, shared by tasks
bool inquiry_join(struct task *task); // one under way
// Whether the last try goes over TCP, if that is open, and begins with it.
// upstream_late_fn: what is still asked is answered by it.
bool inquiry_take_late(void *arg, const struct upstream_late *late);
bool inquiry_last_over_tcp(const struct task *task);
int inquiry_start(struct task *task, size_t server, uint32_t timeout_ms); // 0 or -EAGAIN
void inquiry_leave(struct task *task);
void inquiry_reconsider(struct inquiry *inquiry); // its zone may have been proven unsigned
bool inquiry_hedged(const struct inquiry *inquiry);
const struct address *inquiry_server(const struct inquiry *inquiry); // that it waits for
void reply_unref(struct resolver *resolver, struct reply *reply);

// address.c: addresses of a zone's name servers
void address_collect(struct task *task);
bool address_fetch(struct task *task); // true: look-ups are under way
// Nothing is waited for any longer: it is looked up anew if this answer turns out to be none.
void address_forget(struct task *task);
void address_hold_up(struct task *task);    // what looks up an address is met with silence
bool address_fetch_more(struct task *task); // the same, of names without any address only
// Servers that are held back until all others have failed: NS names' aliases, and glue from above
// of names whose own addresses are dead. Looks for these once all others have been tried.
void address_find_last(struct task *task);
bool address_let_go(struct task *task); // false: there are none, or others to be looked up first
// Addresses that did not validate, when all else has failed.
bool address_fetch_unproven(struct task *task);
void address_deliver(struct task *parent, uint8_t slot, const struct task *child);

// judge.c: validation, link by link, and what a verdict leads to
void judge_start(struct task *task); // begins with task->response's first link
bool judge_hint(struct task *task);  // true: begun with what a referral said
void judge_run(struct task *task);
void judge_release(struct task *task);

// link.c: what validated is published
// When what the task judges was asked for; 0: not of anybody now.
uint64_t link_asked_ms(const struct task *task);
struct publication link_publication(const struct task *task, const struct step *step);
bool link_publish(struct task *task, enum verdict verdict, const struct validation_result *result);

// bogus.c: what did not validate
void bogus_answer(struct task *task, const struct validation_result *result);
void bogus_unjudged(struct task *task, const struct validation_result *result); // it could not be
// Puts what is being judged where CD=1 finds it (task->unproven).
void bogus_show_unproven(struct task *task);

// need.c: what a validation needs
// False: it cannot be had, and the validation has been told; or what was known of it holds on.
bool need_fetch(struct task *task, const struct validation_result *result);
void need_again(struct task *task); // after there was no room
// A parent has not told the DS for a second.
void need_is_late(struct task *task);
bool need_give(struct task *task); // false: the validation has to wait on
void need_deliver(struct task *parent, const struct task *child);

// above.c: a name above turns out not to exist
void above_note(struct task *parent, const struct task *child); // of the DS that it needed
void above_forget(struct task *task);
// In the place of a failure: that, or the question for it. False: nothing is known of it.
bool above_answers(struct task *task);
void above_deliver(struct task *parent, const struct task *child);

// postpone.c: an answer whose keys may have rolled is looked at again when they can be asked for
bool postpone(struct task *task);                 // false: there is no point in it
uint64_t postpone_run(struct resolver *resolver); // when to be called again

// chain.c: where a CNAME or DNAME leads
void chain_target(struct task *task);
void chain_deliver(struct task *parent, const struct task *child);

// any.c
void any_next(struct task *task);
void any_deliver(struct task *parent, const struct task *child);

// fail.c: how a task ends without an answer
void fail_unreachable(struct task *task);
void fail_bogus(struct task *task);
void fail_own(struct task *task, int ede, const char *text);
uint32_t fail_ttl_s(struct task *task, uint32_t max_s); // how long its failure is remembered
void fail_with(struct task *task, enum failed_kind kind, unsigned rcode, int ede, const char *text,
	       uint32_t ttl_s);

// explain.c: what is noted of failures
// A server gave no good answer; reply: what came of it, or NULL.
void explain_server(struct task *task, const struct address *address, enum server_failure cause,
		    const struct reply *reply);
void explain_no_address(struct task *task, const uint8_t *ns_name, bool bogus);
void explain_release(struct resolver *resolver, struct tried **tried);
// The texts of failures: each server with its first cause.
void explain_down(const struct task *task); // for those who will not be asked meanwhile
void explain_unreachable(const struct task *task, char text[TROUBLE_MAX]);
bool explain_out_of_time(const struct client *client, char text[TROUBLE_MAX]); // false: nothing
// What broke the chain of trust, beside bogus_ede and bogus_text.
void explain_fault(struct task *task, const struct validation_result *result);
void explain_lacks(struct task *task, const uint8_t *name, uint16_t type);
void explain_needed(struct resolver *resolver, const struct task *child); // and it failed
// Records for operators.
void explain_failed(struct task *task, enum failed_kind kind, int ede, const char *text);
void explain_exhausted(const struct client *client, enum failed_kind kind, int ede,
		       const char *text);
void explain_refused(struct resolver *resolver, const struct client *client);
void explain_answered(struct resolver *resolver, const struct client *client,
		      const struct store_result *result); // with a failure, or stale
void explain_good(const struct task *task);
void explain_counters(const struct resolver *resolver, upstream_counter_visit visit, void *arg);

// prime.c
void prime_hints(struct resolver *resolver);
uint64_t prime_run(struct resolver *resolver); // when to be called again
// ns: the root's, validated, in that reply.
void prime_learn(struct resolver *resolver, const struct reply *reply, const struct rrset *ns);
void prime_prepare(struct task *task); // when it has begun to ask the root's servers
void prime_close(struct resolver *resolver);

// root.c
void root_failed(const struct task *task);    // it was bogus, and nobody else can be asked
void root_good(const struct task *task);      // it was not
uint64_t root_run(struct resolver *resolver); // when to be called again

// probe.c
uint64_t probe_run(struct resolver *resolver); // when to be called again

// route.c
int route_open(struct resolver *resolver);
void route_close(struct resolver *resolver);
const struct route *route_find(const struct resolver *resolver, const uint8_t *name, uint16_t type,
			       struct delegation **cut);
// The same of those above `past`, which is passed by.
const struct route *route_above(const struct resolver *resolver, const struct route *past,
				const uint8_t *name, uint16_t type, struct delegation **cut);
// Of the deepest configured zone at or above a name, or NULL: what is denied by a zone above it
// says nothing of what is in it (ATTACKS A12).
const struct route *route_of(const struct resolver *resolver, const uint8_t *name);
bool route_below(const struct resolver *resolver, const uint8_t *name);   // some route's zone is
bool route_is_apex(const struct resolver *resolver, const uint8_t *name); // of some route's zone

// forward.c: what is particular to forward zones
bool forward_holds(const struct task *task);        // the task's question goes to forwarders
unsigned forward_pool_use(const struct task *task); // enum pool_use
// True: kept back. A forwarder's answer about a name that others cannot answer either is not its
// fault.
bool forward_blame(struct task *task, const struct address *server, enum server_failure failure);
void forward_settle(struct task *task); // somebody has given a good answer
// After an answer that did not validate the next question goes without CD, once. True: the same
// server may be asked it, for there is none that might be better.
bool forward_without_cd(struct task *task);
// The zone's servers are through; true: recursion has begun.
bool forward_falls_back(const struct task *task); // to recursion, when the forwarders fail
bool forward_fall_back(struct task *task);

// local.c
bool local_answer(struct task *task);
int local_bar(struct resolver *resolver); // special-use zones, from cached denial

// denied.c
int denied_bar(struct resolver *resolver); // what the configuration answers, from cached denial
// Records that came after what lookup->now_ms is the time of deny it. In: as for cache_deny().
bool denied_since(struct resolver *resolver, const struct lookup *lookup);
bool denied_answer(struct task *task); // the chain is its answer; TASK_TARGET: and leads on
// How NSEC3 records are found that the task's data refute.
void denied_hash(struct task *task, struct publication *publication);

// ---- trace.c: the life of a client's question; nothing while nobody is told ----

void trace_asked(const struct resolver *resolver, const struct client *client)
	__attribute__((nonnull));
void trace_refused(const struct resolver *resolver, const struct client *client)
	__attribute__((nonnull));
void trace_sent(const struct task *task, const struct address *server, const uint8_t *qname,
		uint16_t qtype, uint32_t timeout_ms) __attribute__((nonnull));
void trace_heard(const struct task *task, const struct address *server,
		 const struct exchange_reply *reply) __attribute__((nonnull));
void trace_judged(const struct task *task, enum verdict verdict,
		  const struct validation_result *result) __attribute__((nonnull));
void trace_answered(const struct resolver *resolver, const struct client *client,
		    const struct store_result *result) __attribute__((nonnull));
