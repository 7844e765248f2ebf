// One exchange under way. Private to this folder.
//
// An exchange is a row of attempts, each one packet with an ID, port and case of its own:
// at first over UDP, then as the replies ask for. What can change from one attempt to the next
// only goes one way (less EDNS, towards TCP, one BADCOOKIE, one stale connection), so the row
// ends.
#pragma once

#include "control/upstream/cookie.h"
#include "control/upstream/match.h"
#include "control/upstream/state.h"

#define EXCHANGE_ATTEMPTS_MAX 16
#define EXCHANGE_BESIDE_MAX   2
#define EXCHANGE_TCP_MIN_MS   1500
#define EXCHANGE_TCP_TRY_MS   400 // because UDP was silent
#define UDP_SMALL             512
// Timers that come later than this: the process has had no CPU. What it is excused for at most.
#define EXCHANGE_STALL_US  20000
#define EXCHANGE_EXCUSE_US 1000000

enum form { // of the question; only ever goes down the list
	FORM_COOKIE,
	FORM_EDNS,
	FORM_PLAIN,
};

struct exchange {
	struct timer timer; // first
	struct upstream *upstream;
	struct exchange *next, **link;
	struct exchange_request request;
	exchange_done done;
	void *arg;
	uint8_t *abandoned_for; // nobody waits: the zone for whose sake it was asked
	bool given_up; // and it is told as a timeout: an answer says how slow the server is

	// Questions to the same server that were put in another way while this one stays open;
	// whichever is answered first. Those have `first` and no owner of their own.
	struct exchange *beside[EXCHANGE_BESIDE_MAX];
	struct exchange *first;

	// what comes next
	bool tcp;
	enum form form;
	bool lower_case;    // asked without mixed case, to see whether that is answered
	bool form_lowered;  // because of what the server answered in this exchange
	bool bad_cookie;    // one BADCOOKIE was answered with a new cookie
	bool stale;         // one kept connection had ended
	bool tcp_for_loss;  // TCP because UDP timed out before
	bool asked_again;   // because the server has returned, which it may do once
	bool ask_again;     // the timer shall do it
	bool settle_by_tcp; // something came that TCP can tell from a forgery
	bool settling;      // and TCP does
	bool bare;          // an error without a question came
	bool edns_doubted;  // an error without a question came: it may not know EDNS
	// A reply with our ID and question but for its case, and how many there were: another one
	// to another ID, from another port, that says the same is as good as one in the right case.
	struct message *other_case;
	uint8_t other_cases;
	// The last try: what one of `beside` was answered, kept until this one has been silent for
	// longer.
	struct exchange_reply spare;
	bool spare_without_case; // to the one in one case, else to the one without a cookie
	// The error that this one was answered meanwhile: how it ends when those have no more to
	// say.
	struct exchange_reply refusal;
	bool refused;
	// A denial of the name in mixed case, kept while the name is asked for in one case.
	struct exchange_reply denial;
	bool last_over_udp; // TCP has been tried for it, and is closed
	uint32_t drill;     // that it is part of; 0: none
	bool drilled;       // it has spoilt the signatures of the reply
	bool unsettled;     // see struct exchange_reply; of the message it ends with
	bool strong;        // see struct exchange_reply; of the message it ends with

	// the attempt under way
	struct channel *channel;
	unsigned attempts;
	uint16_t id;
	bool small; // asked for at most 512 bytes
	bool case_random;
	uint8_t client_cookie[COOKIE_CLIENT_LEN];
	uint64_t started_us, sent_us;
	bool connected;   // TCP, TLS: the question of this attempt has been sent
	bool held;        // by a drill: to be sent held_us after sent_us
	uint64_t held_us; // for how long it is or was held back
	bool late_told;
	bool excused;         // its time was over while we had no CPU: it has got more, once
	uint64_t deadline_us; // the timer may come before it: the answer is late

	// so far
	uint32_t bytes;
	uint32_t ignored;
	uint32_t near_misses;          // with our ID
	uint32_t wrong_questions;      // of these: responses to another question
	enum upstream_outcome outcome; // to be reported by the timer: ended inside exchange_start()

	uint8_t name_len;
	uint8_t name[NAME_MAX_LEN];  // lower case
	uint8_t asked[NAME_MAX_LEN]; // as sent
};

// Nobody waits for it, nor for the one that it was put beside.
static inline bool exchange_is_abandoned(const struct exchange *exchange)
{
	return exchange->abandoned_for != NULL ||
	       (exchange->first != NULL && exchange->first->abandoned_for != NULL);
}

// attempt.c: starts the next attempt. UPSTREAM_OK: under way, else how the exchange ends.
enum upstream_outcome attempt_start(struct exchange *exchange)
	__attribute__((nonnull, warn_unused_result));
// Sends the question over a connection that stands.
enum upstream_outcome attempt_connected(struct exchange *exchange)
	__attribute__((nonnull, warn_unused_result));
// Sends what a drill has held back.
enum upstream_outcome attempt_release(struct exchange *exchange)
	__attribute__((nonnull, warn_unused_result));
// All the time that it may take is over.
bool attempt_too_late(const struct exchange *exchange) __attribute__((nonnull));
// When the timer has something to do next: tell that the answer is late (unless that is over), send
// what is held back, or give up.
uint64_t attempt_next_us(const struct exchange *exchange, bool with_late)
	__attribute__((nonnull, pure));
void attempt_close(struct exchange *exchange) __attribute__((nonnull));

// harm.c: what a drill does to it at this moment.
enum harm harm_of(const struct exchange *exchange, uint64_t now_us, uint32_t *delay_ms)
	__attribute__((nonnull));

// reply.c: what a packet means for the exchange.
enum reply_step {
	REPLY_IGNORE, // wait on
	REPLY_AGAIN,  // next attempt; what it shall be is set
	REPLY_END,    // with *outcome, and *message if it is OK
};
enum reply_step reply_read(struct exchange *exchange, const uint8_t *data, size_t len,
			   struct message **message, enum upstream_outcome *outcome)
	__attribute__((nonnull, warn_unused_result));
bool message_has_signatures(const struct message *message) __attribute__((nonnull, pure));
// What an exchange is called that ends without an answer, by what was ignored in it.
enum upstream_outcome exchange_unanswered(const struct exchange *exchange)
	__attribute__((nonnull, pure));

// beside.c: false: it is not put, or could not be sent.
bool beside_start(struct exchange *first, enum form form, bool lower_case) __attribute__((nonnull));
// A server that answers with nothing but a header may not know EDNS: it is asked without, where no
// signatures are to be had.
void beside_without_edns(struct exchange *exchange) __attribute__((nonnull));
// What came may be a forgery: the same question once more, if nothing else is under way beside it.
void beside_again(struct exchange *exchange) __attribute__((nonnull));
bool beside_any(const struct exchange *first) __attribute__((nonnull, pure));
// The last moment at which one of them is waited for; 0: there is none.
uint64_t beside_deadline_us(const struct exchange *first) __attribute__((nonnull, pure));
void beside_forget(struct exchange *exchange) __attribute__((nonnull)); // it is about to go

// last.c: the last try (upstream.h). Begins with its first question.
void last_start(struct exchange *exchange) __attribute__((nonnull));
// That of a question over TCP: how it is put.
void last_choose(struct exchange *exchange) __attribute__((nonnull));
// One of those beside it has been answered. False: that is the answer to it; else it is kept, and
// owned.
bool last_hold(struct exchange *first, const struct exchange *beside,
	       const struct exchange_reply *reply) __attribute__((nonnull, warn_unused_result));
// The first one has been silent or refused, and `spare` is the answer.
void last_learn(struct exchange *first) __attribute__((nonnull));
// The last try was answered over TCP.
void last_learn_tcp(struct exchange *exchange, const struct message *message)
	__attribute__((nonnull));
// The first one is answered. False: that is how it ends; else it is an error, which is kept, and
// those beside it are waited for.
bool last_refused(struct exchange *first, const struct exchange_reply *reply)
	__attribute__((nonnull, warn_unused_result));
// TCP is closed: from now on over UDP. False: it was not over TCP, or is over.
bool last_leave_tcp(struct exchange *exchange) __attribute__((nonnull, warn_unused_result));

// letters.c: an exchange is about to end with the reply. True: it goes on, with another attempt,
// and has taken the message. False: so it ends, with what the reply is now.
bool letters_ask_again(struct exchange *exchange, struct exchange_reply *reply)
	__attribute__((nonnull, warn_unused_result));
// How long an attempt is waited for while there is a denial.
uint64_t letters_wait_us(const struct exchange *exchange) __attribute__((nonnull, pure));
void letters_learn(struct exchange *exchange, const struct message *message)
	__attribute__((nonnull));

// TCP has come to nothing a moment ago: over UDP at once.
bool last_skips_tcp(const struct upstream *upstream, const struct exchange_request *request)
	__attribute__((nonnull, pure));
void last_forget(const struct exchange *exchange) __attribute__((nonnull)); // it is about to go

// settle.c: TCP tells what may be a forgery from what the server says. False: too many do that.
bool settle_start(struct exchange *exchange) __attribute__((nonnull, warn_unused_result));
void settle_forget(struct exchange *exchange) __attribute__((nonnull)); // it is about to go

// agree.c: whether two replies say the same, but for TTLs, signatures and order.
bool messages_agree(const struct message *a, const struct message *b)
	__attribute__((nonnull, warn_unused_result));

// listen.c: after a question was given up
bool listen_wanted(const struct exchange *exchange) __attribute__((nonnull, pure));
// False: without memory. Then it is as it was.
bool listen_start(struct exchange *exchange) __attribute__((nonnull, warn_unused_result));
void listen_forget(struct exchange *exchange) __attribute__((nonnull)); // it is about to go
// What it was answered in the end: true: somebody who asks the same again has taken the message.
bool listen_take(const struct exchange *exchange, const struct exchange_reply *reply)
	__attribute__((nonnull));
void listen_make_room(struct upstream *upstream) __attribute__((nonnull));

// exchange.c
void exchange_event(void *arg, enum channel_event event, const uint8_t *data, size_t len,
		    const struct address *from) __attribute__((nonnull(1)));
void exchange_timeout(struct exchange *exchange) __attribute__((nonnull));
void exchange_discard(struct exchange *exchange) __attribute__((nonnull)); // tells nobody
uint64_t exchange_question(const struct exchange *exchange) __attribute__((nonnull)); // its hash
// As exchange_start(), without sending anything. NULL: too many at once.
struct exchange *exchange_new(struct upstream *upstream, const struct exchange_request *request)
	__attribute__((nonnull, warn_unused_result));
