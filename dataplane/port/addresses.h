// Addresses of the host on a port's own kernel interface. They half work: what comes in by the port
// reaches the kernel through the tap, also the answers to ARP and ND that it asked for by the
// interface, so that it forgets its neighbours there one after the other.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PORT_ADDRESS_TEXT_MAX 64

// One of them with its prefix length, "192.0.2.9/24"; link-local ones, which every interface makes
// for itself, do not count. False: there is none, or no such interface. Asks the kernel.
bool port_address(const char *interface, char out[PORT_ADDRESS_TEXT_MAX]) __attribute__((nonnull));
