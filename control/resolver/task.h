// Inside of the resolver: tasks and what they share. Only control/resolver includes this.
//
// A task resolves one (name, type): it finds the servers, asks them, has the answer validated link
// by link, publishes what was proven, and has the target of a CNAME or DNAME resolved by another
// task. Everybody who wants to know the same waits for the same task. Tasks wait for one another as
// a graph without cycles: task_wait() refuses what would close one.
#pragma once

#include "control/explain/journal.h"
#include "control/publish/publish.h"
#include "control/resolver/ailing.h"
#include "control/resolver/broken.h"
#include "control/resolver/checkup.h"
#include "control/resolver/crowd.h"
#include "control/resolver/delegation.h"
#include "control/resolver/denied.h"
#include "control/resolver/evidence.h"
#include "control/resolver/failure.h"
#include "control/resolver/inside.h"
#include "control/resolver/minimise.h"
#include "control/resolver/resolver.h"
#include "control/resolver/response.h"
#include "control/resolver/revoked.h"
#include "control/resolver/shelf.h"
#include "dataplane/dns/ede.h"

#include <urcu/list.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TASK_SERVERS_MAX  32 // addresses tried for one zone
#define TASK_TRIES_MAX    3  // per server (RFC 9520 §3.1)
#define TASK_TRIES_LAST   2  // while there are servers that are asked last
#define TASK_RESORTS_MAX  2  // servers asked for a last resort
#define TASK_FAILURES_MAX 16 // failed servers of one zone, then it is given up (ATTACKS C4)
#define TASK_BOGUS_MAX    4  // servers whose answer did not validate
#define TASK_DOMAINS_MAX  BROKEN_DOMAINS // the same, each of another failure domain
#define TASK_BLAMES_MAX   8              // forwarders whose answer was no good
#define TASK_FETCHES_MAX  5           // NS names without an address looked up per zone (ATTACKS D1)
#define MESSAGE_BYTES_MAX (64u << 20) // of all responses held
#define TASK_WALK_MAX     64          // levels of tasks that wait for tasks; longer is refused
#define TROUBLE_MAX       161

// ---- results ----

struct chain {
	const struct entry *links[LOOKUP_LINKS_MAX]; // each pinned
	uint8_t count;
	bool failed; // the last link is a FAILURE
};
// Takes over the entry's pin, also when it does not fit (false).
bool chain_add(struct resolver *resolver, struct chain *chain, const struct entry *entry);
bool chain_append(struct resolver *resolver, struct chain *to, const struct chain *from);
void chain_release(struct resolver *resolver, struct chain *chain);

// ---- who waits for what ----

enum wait_purpose {
	WAIT_CLIENT,    // a client's question, or our own
	WAIT_TARGET,    // where a CNAME or DNAME leads
	WAIT_NEED,      // a DS or DNSKEY RRset that a validation needs
	WAIT_NEED_ANEW, // although it is known: from a server (a key roll inside the TTL)
	WAIT_ABOVE,     // the proof that a name above does not exist
	WAIT_STATE,     // whether the zone being asked is signed
	WAIT_PROOF,     // what proves a delegation anew, or denies it
	WAIT_ADDRESS,   // of a name server
	WAIT_TYPE,      // one RRset of a name, for ANY and RRSIG
};

struct waiter {
	struct cds_list_head in_task; // of task->waiters, oldest first
	struct task *task;            // waited for
	enum wait_purpose purpose;
	struct client *client;          // WAIT_CLIENT
	struct task *parent;            // otherwise
	struct cds_list_head in_parent; // of parent->waits
	uint8_t slot;                   // WAIT_ADDRESS: which NS
};

struct client {
	struct cds_list_head by_deadline, in_ended, in_patience, in_prospect;
	uint64_t look_ms; // in_prospect: whether its answer is on its way is looked at then
	struct ticket_question question;
	uint8_t name[NAME_MAX_LEN]; // lower case
	bool cd;
	bool fresh;                 // our own: asks the servers whatever is cached
	bool past_nta;              // our own: see struct task
	bool ended;                 // its budget is used up: fails at the end of this turn
	bool early;                 // given stale data while its task goes on
	bool answered;              // so was it, and pays on, so that they are renewed
	struct store_result *stale; // found when it could not join its task
	resolver_done done;
	void *arg;
	struct budget budget;
	struct waiter waiter;
	struct cds_list_head paid; // tasks that it pays for
	struct tried *tried;       // of the last task it paid for whose servers failed
	bool unreachable;          // servers failed, as against our own limits
};

// ---- an upstream question that tasks share ----

struct leg {
	struct inquiry *inquiry;
	struct exchange *exchange; // NULL: none, or over
	struct address server;
	bool in_drill;
};

// At most one is outstanding per (zone, name, type), whoever wants it (ATTACKS A2); when its server
// is late another one's may join it, the hedge.
struct inquiry {
	struct inquiry *next; // in its bucket
	uint64_t hash;
	struct resolver *resolver;
	struct leg legs[2];
	struct cds_list_head tasks; // task->in_inquiry; the first one pays
	uint16_t type;
	bool tcp, cd, rd;
	bool last_try;   // nothing else is left
	bool tcp_only;   // not over UDP, whatever comes of TCP
	bool whole_name; // of whoever asks, not a part of it
	bool provable;   // a reply in another case is left to its signatures
	bool overdrawn;  // nobody could pay for the next packet
	uint8_t zone[NAME_MAX_LEN], name[NAME_MAX_LEN];
};

// What came of it, held by every task that takes part.
struct reply {
	uint32_t refs;
	struct message *message; // UPSTREAM_OK only
	enum upstream_outcome outcome;
	struct address server;
	uint64_t rtt_us;
	uint64_t asked_ms;  // by the resolver's clock, once it is read
	uint32_t waited_ms; // since then
	bool tcp;
	bool bare;      // see struct exchange_reply
	bool unsettled; // in another case than the question: only its signatures make it good
	bool strong;    // cannot be forged blindly, see struct exchange_reply
	bool drilled;   // a drill has spoilt its signatures
	bool in_drill;  // or it was dropped, late or an error in one
	bool reported;  // the outcome went to the selector
	size_t bytes;   // counted in resolver->message_bytes
	struct delegation *cut; // made from it by the first task that read its referral
};

// ---- tasks ----

enum task_state {
	TASK_START,
	TASK_ASK, // choose a server and ask
	TASK_WAIT_REPLY,
	TASK_REPLY, // a reply has come
	TASK_WAIT_ADDRESS,
	TASK_WAIT_EVIDENCE, // until somebody has heard of the cut, or it has waited long enough
	TASK_WAIT_AGAIN,    // before servers that have erred are asked once more
	TASK_WAIT_STATE,
	TASK_WAIT_ABOVE, // for the proof that there is no such name
	TASK_WAIT_PROOF, // of the delegation that its answer came by
	TASK_ABOVE,      // it has come, or has not
	TASK_JUDGE,      // run the validation
	TASK_WAIT_NEED,
	TASK_WAIT_BATCH,
	TASK_WAIT_ROOM, // of our own; then task->then
	TASK_NEED,      // ask for what the validation needs
	TASK_WAIT_KEYS, // until keys may be asked for anew
	TASK_TARGET,    // have the open end of the chain resolved
	TASK_WAIT_TARGET,
	TASK_TYPE, // ANY, RRSIG: the next type
	TASK_WAIT_TYPE,
	TASK_FINISH,
};

// NS_HELD_UP: as NS_FETCHING, by servers that have been silent so far.
enum ns_state { NS_UNKNOWN, NS_GLUE, NS_FETCHING, NS_HELD_UP, NS_KNOWN, NS_FAILED };

struct need { // what came of a WAIT_NEED
	bool done, failed;
	bool ds_first; // it was the DS, before the DNSKEY RRset that is needed anew
	int ede;
	char reason[TROUBLE_MAX];
	struct broken_finding finding; // of the servers that could not give it
};

struct blame { // held back until the question turns out to have an answer
	struct address server;
	uint8_t failure; // enum server_failure
};

struct task {
	struct task *next; // in its bucket
	uint64_t hash, name_hash;
	struct resolver *resolver;
	struct cds_list_head in_order; // of resolver->tasks, oldest first
	struct cds_list_head in_ready;
	struct cds_list_head in_postponed; // or by itself
	struct cds_list_head in_doubting;  // the same
	struct cds_list_head in_roomless;  // the same
	struct cds_list_head in_waiting;   // the same
	struct cds_list_head in_again;     // the same
	uint64_t again_ms;                 // end of that
	uint64_t late_ms;                  // end of that
	enum task_state then;              // TASK_WAIT_ROOM
	bool ready;
	enum task_state state;
	uint16_t type;
	uint8_t depth;     // nesting of sub-queries, at most BUDGET_DEPTH_MAX
	uint8_t hops;      // CNAMEs that led here, the least of all waiters'
	bool fresh;        // a waiter needs it from the servers, not from the cache
	bool past_failure; // a CD=1 client wants the data behind a bogus failure
	bool past_nta;     // judges as if there were no negative trust anchors; a task apart from
		       // those of clients, of which nothing is published or held against anybody
	uint64_t started_ms;
	uint64_t forgets;  // of the resolver, when it began
	uint64_t began_ms; // when the question began that this is needed for: the client's, mostly
	uint64_t renewed_ms; // or when it began anew, with keys to be looked at again (postpone.c);
			     // or 0
	uint32_t mark;       // of the last walk that came by
	struct cds_list_head waiters, waits;
	unsigned client_count;
	struct client *payer; // whose budget pays; task_payer()
	struct cds_list_head in_paid;
	bool orphaned; // it has had a payer whose budget ended
	bool kept;     // by a client that has been answered already

	// asking
	const struct route *route;
	struct delegation *cut;
	struct minimise minimise;
	uint8_t server_count;
	uint8_t ns_state[REFERRAL_NS_MAX];
	uint8_t ns_pending[REFERRAL_NS_MAX]; // look-ups under way
	uint32_t ns_bogus;                   // bit i: no address of cut->ns[i] has validated
	uint32_t ns_unproven;                // bit i: those are looked up again, as they are
	uint8_t fetches, failures, bogus_count;
	uint32_t held_back; // bit i: servers[i] is asked when all others have failed
	uint32_t resorts;   // bit i: what servers[i] has said may serve when all have failed
	uint32_t erring;    // bit i: the last that servers[i] said was an error by chance, maybe
	uint32_t again;     // those of them that are asked once more now
	uint8_t errors, rounds; // replies that were errors; how often that was begun
	uint8_t resorted;       // servers asked for that
	bool last_resort;       // all have failed
	bool servers_known;     // collected for this cut
	bool lasts_known;       // so are those that are asked last
	bool answered;          // some server of this cut has answered at all
	bool over_tcp;          // the next question goes over TCP
	bool last_try; // so does this one, with nothing else left; last_tried: it has been put
	bool last_tried;
	bool taught;     // another question has had the last try meanwhile
	bool bare;       // a server has answered with errors without the question
	bool settled;    // and is not left to signatures, whatever case it comes back in
	bool without_cd; // the next question to a forwarder, after BOGUS
	bool without_cd_before;
	bool state_asked; // whether this cut is signed has been asked for
	bool for_glue;    // asks the zone above for an address that a referral lacked
	bool admitted;    // to the servers, whoever else asks them
	uint16_t crowd_place;
	uint64_t cut_key, kind_ms; // in the evidence; when it began to ask the cut in this way
	uint8_t kind;              // in which: evidence_kind()
	bool in_doubt;             // one of those that go on asking
	bool timed_out;            // some server of the cut has been silent
	bool slow_again;           // it has got another round of tries because servers are slow
	bool heartened;            // something was heard while it waited; once
	uint64_t doubt_until_ms;   // TASK_WAIT_EVIDENCE
	const struct route *past_route; // route.first: its forwarders have failed; or NULL
	uint8_t blame_count;
	const struct route *blamed_route;
	bool has_avoid;
	struct address avoid;
	struct inquiry *inquiry;
	struct cds_list_head in_inquiry;
	struct reply *reply;

	// judging
	struct response *response;
	struct step step; // being judged
	size_t link;
	bool disputed;           // RCODE and proof of the step disagree; it is as the proof says
	bool probing;            // NXDOMAIN of a minimised name
	struct delegation *hint; // the step is what this one's referral said about the DS
	bool hint_tried;
	struct validation *validation;
	struct need need;
	struct address good_server; // that sent what is being judged

	// result
	struct chain chain;
	struct chain unproven; // for CD=1, instead of chain, when has_unproven
	bool has_unproven;
	uint8_t type_index;    // TASK_TYPE: how many came before it
	uint16_t type_listed;  // TASK_TYPE: it is this one, of a denial's bitmap; or 0
	uint64_t refresh_ms;   // when the keys may be asked for again that one of them lacked; or 0
	bool postponed;        // until then, which it is once
	int bogus_ede;         // of the first answer that did not validate
	bool bogus_answer;     // of a server, here or to what this needs, and no good one since; no
			       // drill's
	bool unproven_open;    // the unproven chain leads on to open_name
	bool lacks_own;        // what its validation needed failed for want of something of our own
	bool failed_own;       // for want of something of our own
	bool learned;          // trust has taken in the DS or DNSKEY
	struct tried *tried;   // servers that failed; NULL: none did
	uint32_t stale_early;  // clients given stale data while it goes on
	uint16_t lacked_type;  // a DS or DNSKEY that a validation needed and could not have; or 0
	uint8_t lacked_labels; // whose
	struct broken_finding finding; // of the servers, when it has failed
	struct broken_finding needed;  // of those that could not give what a validation needs
	bool returned;                 // to the servers that a zone's last proof came with
	bool proof_awaited;            // of a delegation that is not proven: once
	bool returned_again;           // and no referral to what was denied meanwhile is followed
	bool above_asked;              // has asked for the proof that a name above does not exist
	const struct entry *denied_above; // pinned: it denies the name, as was found out; or NULL

	uint8_t name_len;

	// Not cleared when the task begins: most of it is never touched.
	struct candidate servers[TASK_SERVERS_MAX]; // server_count
	struct blame blames[TASK_BLAMES_MAX];       // blame_count
	char bogus_text[TROUBLE_MAX];               // these two with bogus_ede
	struct failed_step bogus_step;
	uint8_t open_name[NAME_MAX_LEN]; // TASK_TARGET
	uint8_t name[NAME_MAX_LEN];      // lower case
};

// Negative trust anchors.
#define NTA_COUNTERS(X)                                                                            \
	X(added, "negative trust anchors set")                                                     \
	X(removed, "negative trust anchors taken back")                                            \
	X(expired, "negative trust anchors whose lifetime ended")                                  \
	X(recovered, "negative trust anchors dropped because the zone validates again")            \
	X(checks, "checks whether a zone validates without its negative trust anchor")             \
	X(links, "links of answers not validated because of a negative trust anchor")

#define RESOLVER_COUNTERS(X)                                                                       \
	X(questions, "client questions")                                                           \
	X(joined, "questions that joined one already under way")                                   \
	X(refused, "questions refused: too many at once")                                          \
	X(crowded, "questions not resolved because others of their zone took its share of places") \
	X(tasks, "resolutions started, sub-tasks included")                                        \
	X(cached, "resolutions ended by the cache")                                                \
	X(denied, "resolutions ended by cached denial (RFC 8198)")                                 \
	X(denied_hashed, "those of them that NSEC3 records ended")                                 \
	X(denied_above, "resolutions ended by a zone that turned out to have been denied")         \
	X(local, "answers from special-use zones")                                                 \
	X(sent, "questions put to servers")                                                        \
	X(shared, "questions to servers shared by several resolutions")                            \
	X(referrals, "referrals followed")                                                         \
	X(referred_again,                                                                          \
	  "delegations ended before their time because no server of the zone was any good")        \
	X(last_resort, "answers without authority taken because no server had a better one")       \
	X(lame, "lame responses")                                                                  \
	X(asked_again, "times that servers were asked again because all had sent errors")          \
	X(minimise_fallbacks, "full names sent after a minimised one failed")                      \
	X(address_fetches, "look-ups of name server addresses")                                    \
	X(cycles, "waits refused because they would wait for themselves")                          \
	X(too_deep, "sub-tasks refused for their depth")                                           \
	X(secure, "links validated as secure")                                                     \
	X(insecure, "links proven insecure")                                                       \
	X(rcode_disputed, "denials whose RCODE was not what their proof showed")                   \
	X(bogus, "answers of a server that did not validate")                                      \
	X(postponed, "questions held back until keys could be asked for again")                    \
	X(bogus_final, "questions that ended bogus")                                               \
	X(failed, "questions that ended in failure")                                               \
	X(exhausted, "questions that used up their budget")                                        \
	X(waited_for_room, "times that a resolution waited for a place, a port or memory of ours") \
	X(taken_over, "sub-tasks taken over by another waiter's budget")                           \
	X(fallbacks, "questions resolved from the root because the servers of their zone failed")  \
	X(revived, "delegations used past their end because their parent was silent")              \
	X(prolonged,                                                                               \
	  "proofs about delegations used past their TTL because their parent was silent")          \
	X(revoked, "delegations that their parent denied")                                         \
	X(prefetched, "names in use asked for again before they ended")                            \
	X(prefetch_skipped, "names in use not asked for again: too many at once")                  \
	X(stale, "stale answers given because resolution failed")                                  \
	X(given_up_early,                                                                          \
	  "questions answered after four seconds, in vain, while resolution went on")              \
	X(stale_early, "stale answers given while resolution went on")                             \
	X(answers_fresh, "client questions answered with what was resolved for them")              \
	X(answers_secure, "those of them whose answer was proven, link by link")                   \
	X(answers_failed, "client questions answered SERVFAIL")                                    \
	X(held, "questions ended by a failure that is still remembered")                           \
	X(recovery_probes, "questions whether a zone that failed has recovered")                   \
	X(recovered, "zones that have given a good answer again, which voids their failures")      \
	X(checkups, "questions whether a server that failed a signed zone is good again")          \
	X(checkups_good, "those of them whose answer came in time and validated")                  \
	X(checkups_failed, "those of them whose server is still no good")                          \
	X(checkups_zone, "servers not asked that any more: no other server of the zone is good")   \
	X(primed, "root server lists learned")                                                     \
	X(key_tag_signals, "zones told which of their keys are trusted (RFC 8145)")                \
	X(canaries, "questions to the root servers while our own path was lost")                   \
	X(prime_doubts, "root server addresses not taken yet: one server alone names them")        \
	X(prime_failures, "attempts to learn the root servers that failed")

#define TASK_BUCKETS 16384
#define ROOM_SHARES  64
#define AGAIN_PAUSES 4

// Who is told of the life of questions; line NULL: nobody.
struct trace {
	resolver_trace_line line;
	void *arg;
	uint64_t until_ms;
	bool every; // else those for the name
	uint8_t name[NAME_MAX_LEN];
};

struct resolver {
	struct resolver_config config;
	struct trace trace;
	struct resolver_parts parts;
	struct cache *cache;
	struct publisher *publisher;
	struct delegation_table *delegations;
	struct failure_table *failures;
	struct inside_table *inside;
	struct denied_names *denied_names;
	struct prefetch *prefetch; // NULL: off
	struct revoked_table *revoked;
	struct revoked_table *denied_by_value; // names proven not to exist, nor any below
	struct ailing *ailing;
	struct crowd *crowd;
	struct broken *broken;
	resolver_broken_event broken_tell;
	void *broken_tell_arg;
	struct evidence *evidence;
	uint64_t crowded_told_ms; // when it was last said that a zone has more than its share
	resolver_pool_event pool_tell;
	void *pool_tell_arg;
	resolver_crowd_event crowd_tell;
	void *crowd_tell_arg;
	struct checkups *checkups;
	struct journal *journal;
	size_t tried_count;  // struct tried that are held
	uint64_t refused_ms; // when a refused question was recorded last
	struct dossiers *dossiers;
	posture_event posture_tell;
	void *posture_tell_arg;
	struct route *routes; // own copy
	struct delegation **route_cuts;
	uint16_t *route_slots;               // by hash of the zone: its place in routes, plus one
	size_t route_slot_count;             // a power of two
	uint8_t (*exceptions)[NAME_MAX_LEN]; // own copy of config.local_exceptions
	bool ipv4, ipv6;
	struct store_clock clock;
	struct task *buckets[TASK_BUCKETS];
	struct inquiry *inquiries[TASK_BUCKETS];
	struct cds_list_head tasks, ready, clients;
	struct cds_list_head ended;                 // clients whose budget ended in this turn
	struct cds_list_head postponed;             // tasks in TASK_WAIT_KEYS
	struct cds_list_head roomless[ROOM_SHARES]; // tasks in TASK_WAIT_ROOM, by zone
	unsigned room_turn;
	uint64_t room_due_ms;
	struct cds_list_head doubting;            // tasks in TASK_WAIT_EVIDENCE, by the end of that
	struct cds_list_head waiting;             // tasks that a parent keeps waiting, by late_ms
	struct cds_list_head again[AGAIN_PAUSES]; // tasks in TASK_WAIT_AGAIN, by how long
	// Those who may be given stale data: after a while, or, where servers are known to fail,
	// at the end of this turn.
	struct cds_list_head patient, impatient;
	// Clients by the time at which it is looked at whether their answers are on their way;
	// those for which it was, by the next one.
	struct cds_list_head looked_at, hopeful;
	size_t task_count, message_bytes;
	uint64_t forgets;    // flushes so far
	uint64_t slowest_ms; // answer to a client since that was last asked
	struct shelf spare_tasks, responses;
	bool submitted; // signatures, in this turn: batch_run() is due at once
	uint32_t mark;
	uint64_t prime_due_ms;
	unsigned prime_failures;
	// What one server alone said of the root's servers, in a reply that could be forged; or
	// NULL.
	struct delegation *root_claim;
	struct address root_claimant;
	uint8_t prime_doubted; // times in a row
	// The root's keys do not validate; since when. Something else of it does not. When they are
	// asked for again.
	bool root_bogus, root_doubted;
	uint64_t root_bogus_ms, root_ask_ms;
	char root_text[TROUBLE_MAX];
	struct nta *ntas;
	uint64_t nta_due_ms; // when the first of them wants something
	nta_event nta_tell;
	void *nta_tell_arg;
	uint64_t canary_ms; // while our own path is lost: when the root is asked next
	bool priming, closing;
	struct {
		bool busy;
		uint64_t started_ms;
		uint8_t zone[NAME_MAX_LEN];
	} probe; // for the keys of a trust point
	struct {
#define X(field, words) uint64_t field;
		RESOLVER_COUNTERS(X)
#undef X
		struct {
#define X(field, words) uint64_t field;
			NTA_COUNTERS(X)
#undef X
		} nta;
	} counters;
};

#include "control/resolver/steps.h"
