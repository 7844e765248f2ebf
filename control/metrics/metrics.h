// Counters over HTTP in the text format of Prometheus (libmicrohttpd, its own thread; the numbers
// are collected on control and copied under a lock, so that a slow reader holds up nobody).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metrics;

// address: "127.0.0.1:9953" or "[::1]:9953". NULL with a sentence in err.
struct metrics *metrics_open(const char *address, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
void metrics_close(struct metrics *metrics);

// Between begin and end one call of metrics_value per counter; the set replaces the former one. The
// name decides between counter and gauge (a list in metrics.c).
void metrics_begin(struct metrics *metrics) __attribute__((nonnull));
void metrics_value(const char *name, const char *words, uint64_t value, void *metrics)
	__attribute__((nonnull));
// The gauge assay_alarm with the labels `name` and `severity`: 1 while it holds. The one named
// METRICS_STANDING also becomes 1 by itself when no new set has come for two seconds: control,
// which would say so, does not run.
#define METRICS_STANDING "control-stalled"
void metrics_alarm(struct metrics *metrics, const char *name, const char *severity, bool holds)
	__attribute__((nonnull));
void metrics_end(struct metrics *metrics) __attribute__((nonnull));
