// What the files share that read a configuration. Private to this folder.
#pragma once

#include "control/config/config.h"
#include "control/config/document.h"
#include "control/config/schema.h"

#include <stdbool.h>
#include <stdint.h>

#define LOADER_PATH_MAX 96

struct loader {
	const struct document *document;
	const struct schema *schema;
	struct config *config;
	struct config_errors *errors; // any: the configuration is not used, but judged to its end
};

// One fault of a path is told, and none of what its value would have been needed for.
void loader_fail(struct loader *loader, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4), nonnull(1, 2, 3)));
// Taken, but hardly meant: that alarm for as long as it runs.
void loader_warn(struct loader *loader, enum alarm_name alarm, const char *path, const char *format,
		 ...) __attribute__((format(printf, 4, 5), nonnull));
// Whether nothing is known against the path, or what is below it: what is judged by its value may
// be.
bool loader_good(const struct loader *loader, const char *path) __attribute__((nonnull));
// The default of the option when nothing is given.
int64_t loader_number(const char *option, const int64_t *given) __attribute__((nonnull(1)));
bool loader_flag(const char *option, const bool *given) __attribute__((nonnull(1)));
// The text, "" where the option has none by default.
void loader_text(struct loader *loader, const char *path, const char *given, char *out, size_t size)
	__attribute__((nonnull(1, 2, 4)));
// PATH[INDEX], or PATH.KEY.
char *loader_item(char out[LOADER_PATH_MAX], const char *path, size_t index)
	__attribute__((nonnull));
char *loader_key(char out[LOADER_PATH_MAX], const char *path, const char *key)
	__attribute__((nonnull));

// ports.c
void load_ports(struct loader *loader) __attribute__((nonnull));
#define INTERFACE_MAX 64
// The interface that a device's options name (iface=eth1); its length, 0: none.
size_t device_interface(const char *device, char out[INTERFACE_MAX]) __attribute__((nonnull));

// hardware.c
void load_service(struct loader *loader) __attribute__((nonnull));
void load_cores(struct loader *loader) __attribute__((nonnull));
void load_memory(struct loader *loader) __attribute__((nonnull));
void check_interface(struct loader *loader, const char *path, const char *name)
	__attribute__((nonnull));

void load_access(struct loader *loader) __attribute__((nonnull)); // access.c
// canary.c
void load_canary(struct loader *loader) __attribute__((nonnull)); // after access
// After zones, and without a fault: names that are always answered, and no names.
void check_canary(struct loader *loader) __attribute__((nonnull));

void load_domains(struct loader *loader) __attribute__((nonnull)); // domains.c

void check_paths(struct loader *loader) __attribute__((nonnull)); // paths.c, after all of them

// zones.c: pools, stub and forward zones
void load_pools(struct loader *loader) __attribute__((nonnull));
void load_zones(struct loader *loader) __attribute__((nonnull)); // after trust and pools

// reach.c: which servers are asked, and whether one failure takes them all. After service and
// upstream.
void check_server(struct loader *loader, const char *path, const struct address *server)
	__attribute__((nonnull));
void check_hints(struct loader *loader) __attribute__((nonnull));
void check_route(struct loader *loader, const char *path, const struct route *route)
	__attribute__((nonnull));
// After all of them: pools that no zone uses.
void check_pools(struct loader *loader) __attribute__((nonnull));
