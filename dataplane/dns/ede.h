// What Extended DNS Errors (RFC 8914) mean for those who decide by them.
#pragma once

#include <stdbool.h>

// Data was there, and a validator's verdict stands in its way, as against what the network or we
// ourselves could not do. For these alone a client with CD=1 gets the data (RFC 4035 §3.2.2), and what
// is not secure does not serve as stale.
bool ede_is_of_validation(int ede) __attribute__((const));
