// A small file that is replaced whole: either the old one is there or the new one, whenever the
// process or the machine stops.
//
// Thread: any. Every call may wait for the disk.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define STATE_FILE_ERROR_MAX 320

// The whole file, ended by NUL; the caller frees it. NULL and *len 0 when there is none; NULL and a
// sentence in err ("" otherwise) when it cannot be read, is no plain file, or is larger than `max`.
char *state_file_read(const char *path, size_t max, size_t *len, char err[STATE_FILE_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));

// Writes PATH.new, flushes it, and puts it in the place of PATH. Mode 0644. 0, or -errno with a
// sentence in err; the old file is as it was then.
int state_file_write(const char *path, const char *text, size_t len, char err[STATE_FILE_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));

// Makes the directory of a file where it is missing: state_file_prepare() hands it over later. 0,
// or -errno with a sentence in err.
int state_file_make_directory(const char *path, char err[STATE_FILE_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));

// Makes sure that `user` ("" for none) will be able to write it: the directory is made where it is
// missing, and it is handed over if it was made here or is the one that systemd(1) has made for the
// daemon (STATE_DIRECTORY). No other directory's owner is changed. Before rights are given up.
int state_file_prepare(const char *path, const char *user, char err[STATE_FILE_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));

// Whether a plain file stands at PATH, or at PATH.new, that begins otherwise than with `mark`, as
// all that is written there does: it is another's, and not to be replaced. An empty one is
// nobody's, and one that is cut off within the mark is ours. True with a sentence in err.
#define STATE_FILE_MARK_MAX 32 // bytes of a mark
bool state_file_is_anothers(const char *path, const char *mark, char err[STATE_FILE_ERROR_MAX])
	__attribute__((nonnull, warn_unused_result));

// What cannot be used may be wanted by whoever finds out why: PATH becomes PATH.unused, in the
// place of an earlier one, and is not overwritten by the next write. False: it stays where it is,
// as another's file does, or a device, a pipe, a socket or a link.
#define STATE_FILE_KEPT_MAX 340
bool state_file_keep(const char *path, const char *mark, char kept[STATE_FILE_KEPT_MAX])
	__attribute__((nonnull));
