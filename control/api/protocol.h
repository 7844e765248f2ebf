// The control socket: a UNIX stream socket, one JSON object per line in both directions,
// at most PROTOCOL_LINE_MAX bytes.
//
//   server → {"assay": 1, "version": "0.1.0"}                       on connect
//   client → {"verb": "lookup", "arguments": ["www.example.", "A"]}
//   server → {"ok": true, "unwell": false, "text": "…", "data": {…}} or
//   server → {"ok": false, "error": "one sentence", "misuse": true}
//
// Answers come in the order of the requests, one at a time: the next request is read when the
// answer to the former has been taken. After a line that is too long the server says so and closes.
// `text` is for people, `data` for programs, `misuse` for errors of whoever wrote the words,
// `unwell` for an answer that says that something is wrong (`health`). A client that does not speak
// version 1 closes. This header is all that assayctl knows of the daemon.
#pragma once

#define PROTOCOL_VERSION     1
#define PROTOCOL_LINE_MAX    (16 * 1024 * 1024) // of an answer; requests: 64 KiB
#define PROTOCOL_REQUEST_MAX (64 * 1024)
#define PROTOCOL_SOCKET      "/run/assay/control.sock"
#define PROTOCOL_ARGUMENTS   16 // at most

// The verbs of this version: name, arguments, help, least and most arguments, and which orders
// change nothing: all ("*"), or those whose first argument is one of these words.
#define PROTOCOL_VERBS(X)                                                                          \
	X(status, "", "what runs: version, uptime, ports, clocks, anchors, alarms", 0, 0, "*")     \
	X(health, "[--service]",                                                                   \
	  "alarms; fails with any, or with --service when another host should be asked", 0, 1,     \
	  "*")                                                                                     \
	X(stats, "[--all | cycles]", "counters that are not zero; --all and --json: every one", 0, \
	  1, "*")                                                                                  \
	X(anchors, "", "trust anchors: their keys, states, and when they are looked at", 0, 0,     \
	  "*")                                                                                     \
	X(lookup, "NAME [TYPE]", "what the cache holds for a name; asks nobody", 1, 2, "*")        \
	X(explain, "NAME [TYPE] | --zone ZONE | --last N [ZONE]",                                  \
	  "why names fail: first cause, servers asked, chain of trust", 1, 3, "*")                 \
	X(flush, "NAME [TYPE] | --zone ZONE | --all", "take entries out of the cache", 1, 2, "")   \
	X(nta, "add NAME [LIFETIME [REASON]] | remove NAME | list",                                \
	  "negative trust anchors: what is not validated for a while", 1, 8, "list")               \
	X(denial, "[ZONE]", "what is kept to deny names by (RFC 8198): records per zone", 0, 1,    \
	  "*")                                                                                     \
	X(requests, "", "questions under way, oldest first", 0, 0, "*")                            \
	X(servers, "[ZONE|ADDRESS]",                                                               \
	  "servers: RTT, state, since when, next probe, failures by cause", 0, 1, "*")             \
	X(posture, "ZONE | --top [N]",                                                             \
	  "how a zone stands: chain, algorithms, signatures, servers; or the hottest", 1, 2, "*")  \
	X(drill,                                                                                   \
	  "plan|start --scope SCOPE --fault FAULT ... | status | stop | report [NUMBER|--all]",    \
	  "rehearse a failure: bounded, ends by itself, gives up when clients notice", 0, 11,      \
	  "plan status report")                                                                    \
	X(log, "error|warning|info|debug [NAME]",                                                  \
	  "change the log level; debug NAME: log the life of questions for a name", 1, 2, "")      \
	X(stop, "", "end the daemon", 0, 0, "")
