#include "dataplane/port/xdp.h"

#include "dataplane/netlink.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// libxdp's name for the program that hands packets to AF_XDP sockets.
#define PROGRAM_NAME "xsk_def_prog"

static int print_nothing(int level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

// The driver is a plug-in that brings these libraries along; without it they are not there.
static void silence(const char *library, const char *setter)
{
	typedef int (*print)(int level, const char *format, va_list args);
	void *handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
	print (*set)(print) = NULL;

	if (handle == NULL)
		return;
	*(void **)&set = dlsym(handle, setter);
	if (set != NULL)
		set(print_nothing);
	dlclose(handle);
}

void xdp_prepare(void)
{
	setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
	silence("libxdp.so.1", "libxdp_set_print");
	silence("libbpf.so.1", "libbpf_set_print");
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof *attr);
}

int xdp_program_hold(uint32_t id)
{
	union bpf_attr attr = {.prog_id = id};
	int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attr);

	return fd < 0 ? -errno : fd;
}

// r0 = XDP_PASS; exit
static int program_that_passes(void)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_XDP,
			       .insns = (uintptr_t)code,
			       .insn_cnt = sizeof code / sizeof code[0],
			       .license = (uintptr_t) "GPL"};

	return (int)bpf(BPF_PROG_LOAD, &attr);
}

bool xdp_is_missing(unsigned ifindex)
{
	int program = program_that_passes();
	int code;

	if (program < 0)
		return false;
	code = netlink_xdp_attach_native(ifindex, program);
	close(program);
	if (code == 0)
		code = netlink_xdp_detach(ifindex);
	return code == -EOPNOTSUPP;
}

// 1 when the program has libxdp's name, else 0, or -errno.
static int program_is_ours(uint32_t id)
{
	union bpf_attr attr = {.prog_id = id};
	struct bpf_prog_info info = {0};
	int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	int code;

	if (fd < 0)
		return -errno;
	attr = (union bpf_attr){.info = {.bpf_fd = (uint32_t)fd,
					 .info_len = sizeof info,
					 .info = (uintptr_t)&info}};
	code = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 ? -errno : 0;
	close(fd);
	if (code < 0)
		return code;
	return strncmp(info.name, PROGRAM_NAME, sizeof info.name) == 0;
}

int xdp_leftover_remove(unsigned ifindex)
{
	uint32_t id = 0;
	int code = netlink_xdp_program(ifindex, &id);

	if (code < 0 || id == 0)
		return code;
	code = program_is_ours(id);
	if (code <= 0)
		return code;
	return netlink_xdp_detach(ifindex);
}
