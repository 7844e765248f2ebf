// The servers of a scripted network on real sockets.
#pragma once

#include "tests/scenario/network.h"

#include <sys/types.h>

// UDP and TCP, port 53 of each address, in a process of its own that ends with this one. Returns it
// once all sockets are open; ends the program when one cannot be.
pid_t servers_start(const struct network *network);
