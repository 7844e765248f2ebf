// What is wrong with ports, tap, rules and cores at present: found by looking at the kernel and at
// counters, twice a second, on a thread that may wait for the kernel. What can be mended without
// harm (rules of ours that are gone, the tap's addresses, routes and settings) is, as repair.h
// says.
//
// Threads: faults_look() one at a time, any; faults_each() control.
#pragma once

#include "dataplane/host/host.h"
#include "dataplane/port/port.h"
#include "dataplane/silence.h"
#include "dataplane/worker.h"

#include <stddef.h>

#define FAULTS_MAX 64

// Borrowed, and constant while it is looked at.
struct faults_of {
	const struct port *ports;
	size_t port_count;
	struct lcore *const *lcores;
	size_t lcore_count;
	const unsigned *cpus;             // of the lcores
	const struct host_counters *host; // NULL: no tap
	struct host *exception;           // whose those are
	const struct store *store;        // which knows who may ask
	struct tap_config tap;
	const struct silence_scope *silence; // NULL: no rules of that kind
	bool silent, claimed;                // those rules, and those of claim.h, are there
};

struct faults;
struct faults *faults_new(const struct faults_of *of) __attribute__((nonnull));
void faults_free(struct faults *faults);
void faults_look(struct faults *faults) __attribute__((nonnull));
void faults_each(struct faults *faults, dataplane_fault_visit visit, void *arg)
	__attribute__((nonnull(1, 2)));
// How many things have been mended.
uint64_t faults_repairs(const struct faults *faults) __attribute__((nonnull));
