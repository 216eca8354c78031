/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs of all plans that see accepts. Each calls accepted() for a socket that the current task has accepted; the
 * object that includes this defines it. Tasks that are filtered out are left out here.
 */
#ifndef NETTRACE_ACCEPT_BPF_H
#define NETTRACE_ACCEPT_BPF_H

#include "compat.bpf.h"
#include "descriptor.bpf.h"
#include "filter.bpf.h"

static __always_inline void accepted(struct sock *sk, __u64 time_ns, const bool typed);

LOST(direct);		/* io_uring accepted into a fixed file, which has no descriptor to look up */
LOST(armed_before);	/* a completion that may be of a multishot accept submitted before tracing began */
LOST(map_full);		/* more io_uring accepts pending at once than `pending` holds */

/*
 * security_sock_graft(sk, socket) gives an accepted socket to its new file, in the accepting task and after any wait.
 * So, unlike a return probe on inet_csk_accept, it also sees the accepts of threads that slept there before tracing
 * began; and it sees an MPTCP connection once, as itself (inet_accept and __inet_accept, net/ipv4/af_inet.c).
 */
SEC("fexit/security_sock_graft")
int BPF_PROG(graft_fexit, struct sock *sk, struct socket *parent)
{
	__u64 now = bpf_ktime_get_ns();

	if (keep_task())
		accepted(sk, now, true);
	return 0;
}

SEC("kprobe/security_sock_graft")
int BPF_KPROBE(graft_kprobe, struct sock *sk)
{
	__u64 now = bpf_ktime_get_ns();

	if (keep_task())
		accepted(sk, now, false);
	return 0;
}

/* Not inlined: four programs have it. */
static __noinline void emit_fd(long fd)
{
	__u64 now = bpf_ktime_get_ns();
	struct sock *sk;

	if (fd < 0 || !keep_task())
		return;
	sk = sock_of(fd);
	if (sk)
		accepted(sk, now, false);
	else
		COUNT_LOST(fd_gone);
}

/* The four bytes after nr are not always zero, so it is an int (include/trace/events/syscalls.h: syscall_trace_exit). */
struct syscall_exit {
	__u64 common;
	int nr;
	long ret;
};

SEC("tracepoint/syscalls/sys_exit_accept")
int exit_accept(struct syscall_exit *ctx)
{
	emit_fd(ctx->ret);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_accept4")
int exit_accept4(struct syscall_exit *ctx)
{
	emit_fd(ctx->ret);
	return 0;
}

/* The same without tracefs, which the two above need; dearer, as it runs at the end of every system call. */
SEC("tp_btf/sys_exit")
int BPF_PROG(exit_any, struct pt_regs *regs, long ret)
{
	if (is_accept(regs))
		emit_fd(ret);
	return 0;
}

/* io_uring accepts not yet complete, by what a completion tells of its request. */
struct request {
	__u64 ring;
	__u64 user_data;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct request);
	__type(value, __u8);
} pending SEC(".maps");

enum { TO_DESCRIPTOR = 1, TO_FIXED_FILE };

static __always_inline int remember(struct io_kiocb *req)
{
	struct request key = { (__u64)BPF_CORE_READ(req, ctx), user_data_of(req) };
	__u8 target = BPF_CORE_READ((struct io_accept *)req, file_slot) ? TO_FIXED_FILE : TO_DESCRIPTOR;

	if (BPF_CORE_READ(req, opcode) == IORING_OP_ACCEPT && bpf_map_update_elem(&pending, &key, &target, BPF_ANY))
		COUNT_LOST(map_full);
	return 0;
}

SEC("raw_tp/io_uring_submit_sqe")
int submit_sqe(struct bpf_raw_tracepoint_args *ctx)
{
	return remember(submitted_request(ctx));
}

SEC("raw_tp/io_uring_submit_req")
int submit_req(struct bpf_raw_tracepoint_args *ctx)
{
	return remember((struct io_kiocb *)ctx->args[0]);
}

SEC("raw_tp/io_uring_complete")
int complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct completion done = completion_of(ctx);
	struct request key = { done.ring, done.user_data };
	struct io_kiocb *req = done.req;
	__u8 *target = bpf_map_lookup_elem(&pending, &key);
	bool more = done.flags & IORING_CQE_F_MORE;

	if (target) {
		__u8 kind = *target;

		if (!more)
			bpf_map_delete_elem(&pending, &key);
		if (kind == TO_DESCRIPTOR)
			emit_fd(done.res);
		else if (done.res >= 0 && keep_task())
			COUNT_LOST(direct);
	} else if (req) {
		if (BPF_CORE_READ(req, opcode) == IORING_OP_ACCEPT)
			emit_fd(done.res);
	} else if (more && !(done.flags & IORING_CQE_F_BUFFER) && done.res > 0 && keep_task()) {
		struct sock *sk = sock_of(done.res);

		if (sk && keep_kind(sk, false))
			COUNT_LOST(armed_before);
	}
	return 0;
}

#endif
