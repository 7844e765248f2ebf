// systemd's notification protocol (sd_notify(3)): one datagram to the socket named by
// NOTIFY_SOCKET.
#pragma once

// "READY=1", "STOPPING=1", "WATCHDOG=1". Does nothing without a socket; never blocks.
void notify(const char *state) __attribute__((nonnull));
