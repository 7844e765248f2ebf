// What net_af_xdp leaves to be done around it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Before a port is probed: libxdp shall attach its one program alone rather than through a
// dispatcher pinned in a file system, so that nothing but the program can outlive a killed
// process, and shall not write to standard error.
void xdp_prepare(void);

// A descriptor of the program, so that it can be attached again; negative: the rights are missing
// (CAP_SYS_ADMIN). To be closed.
int xdp_program_hold(uint32_t id) __attribute__((warn_unused_result));

// Whether the interface's driver has no XDP of its own, which net_af_xdp (DPDK 22.11) insists on.
// Tried with a program that lets everything pass, so only where none is attached. False, too, where
// that cannot be found out.
bool xdp_is_missing(unsigned ifindex);

// Takes away the program that a killed process of net_af_xdp left on the interface; any other
// program stays. For ports of other drivers: net_af_xdp itself takes its old program over.
// 0 or -errno.
int xdp_leftover_remove(unsigned ifindex) __attribute__((warn_unused_result));
