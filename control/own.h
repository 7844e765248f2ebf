// What of a configuration is to be locked (control/lock.h) before any of it is touched.
#pragma once

#include "control/config/config.h"
#include "control/lock.h"

// 0; -EBUSY with a sentence that says what is in use and by whom; other errors with one, too.
int own_take(struct locks *locks, const struct config *config, char *err, size_t err_len)
	__attribute__((nonnull, warn_unused_result));
