// One list for the whole folder: field, operator's words. Named "upstream.<field>".
#pragma once

#include <stdint.h>

#define UPSTREAM_COUNTERS(X)                                                                       \
	X(exchanges, "questions to servers")                                                       \
	X(sent_udp, "questions sent over UDP")                                                     \
	X(sent_tcp, "questions sent over TCP")                                                     \
	X(sent_tls, "questions sent over TLS")                                                     \
	X(received, "messages received")                                                           \
	X(received_bytes, "bytes received")                                                        \
	X(ignored_id, "ignored: another ID than ours")                                             \
	X(ignored_near, "ignored: our ID, but not an answer to our question")                      \
	X(ignored_malformed, "ignored: our ID and question, but malformed")                        \
	X(ignored_cookie, "ignored: another client cookie than ours")                              \
	X(ignored_source, "ignored: from another address than the server's")                       \
	X(case_lost, "replies whose question had lost its case")                                   \
	X(case_agreed, "those of them that another one, to another question, agreed with")         \
	X(case_signed, "those of them left to their signatures")                                   \
	X(letters, "names that were denied in mixed case, asked for in lower case")                \
	X(letters_found, "those of them that the server knows in lower case alone")                \
	X(cookie_lost, "replies without the cookie that the server used to send (asked over TCP)") \
	X(bad_cookie, "BADCOOKIE")                                                                 \
	X(excused, "timeouts while the process had no CPU, which were waited out once more")       \
	X(truncated, "truncated replies (asked over TCP)")                                         \
	X(fragments, "replies that came in fragments (asked over TCP)")                            \
	X(settled_by_tcp,                                                                          \
	  "errors without a question, or wrong cookies, and no more (asked by TCP)")               \
	X(twice_bare, "errors without a question that two questions were answered with")           \
	X(without_cookie, "asked again without the cookie option")                                 \
	X(without_edns, "asked again without EDNS")                                                \
	X(last_tries, "questions put without cookie or mixed case, with nothing else left")        \
	X(last_answers, "those of them that were answered in no other way")                        \
	X(beside, "questions put in another way while the first stayed open")                      \
	X(unsettled, "not asked over TCP for what may be forgeries: too many at once")             \
	X(tcp_first, "asked over TCP because UDP timed out before")                                \
	X(small_first, "asked for small replies because large ones timed out before")              \
	X(tcp_stale, "kept TCP connections that had ended")                                        \
	X(charge_refused, "not sent: the question's budget ended")                                 \
	X(address_refused, "not sent: an address that may not be asked")                           \
	X(too_many, "not started: too many at once")                                               \
	X(probes, "questions that probed a server which was out")                                  \
	X(uplink_losses, "times that nobody answered any more: our own path was lost")             \
	X(uplink_excused, "failures held against no server, because our own path was lost")        \
	X(asked_again,                                                                             \
	  "questions asked again because their server, silent until then, has returned")           \
	X(listened, "questions given up whose port stayed open for a late answer")                 \
	X(hedges, "questions put to a second server because the first was late")                   \
	X(hedges_refused, "hedges not sent because they would be too many")                        \
	X(explorations, "questions that explored another server than the best")

struct upstream_counters {
#define X(field, words) uint64_t field;
	UPSTREAM_COUNTERS(X)
#undef X
};
