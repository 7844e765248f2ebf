// A reply in words, a record a line, for people.
#pragma once

#include "dataplane/dns/message.h"

void reply_text(const struct message *reply, char *out, size_t cap);
