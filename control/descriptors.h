// File descriptors: who may take how many of them. The kernel gives out the lowest number that is
// free, so that the number of a new one says how many are taken. TCP clients stop first, questions
// to servers next; what is left is for the control socket, the metrics page, and for looking at
// the host.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum descriptors_for {
	DESCRIPTORS_CLIENTS, // TCP
	DESCRIPTORS_SERVERS, // sockets of questions to servers
};

// Of this process at the moment (prlimit(1) may change it).
unsigned descriptors_limit(void);
// The number from which on they are not for that use. Thread: any.
unsigned descriptors_bound(enum descriptors_for use);

// Holds one back for descriptors_turn_away(), unless there is one: its number, or -1 where none is
// left. Early, so that it is low, and in every turn. Whoever has just taken a connection and finds
// none has taken the last. Thread: control.
int descriptors_hold(void);
// Without a descriptor a connection that waits cannot be taken, and libuv tries that for ever:
// takes all that wait with the one held back, and closes them. It stays free until
// descriptors_hold(). If the metrics page's thread gets it meanwhile it gives that connection up
// (descriptors_are_out()), and control waits for no longer. Thread: control.
void descriptors_turn_away(int listening_fd);
// Whether not one is left. Thread: any.
bool descriptors_are_out(void);

#define DESCRIPTORS_FEW 4096
// Whether the limit is below that, so that TCP clients and questions to servers find fewer places
// than they have, with a sentence. Thread: any.
bool descriptors_are_few(char *text, size_t size) __attribute__((nonnull));
