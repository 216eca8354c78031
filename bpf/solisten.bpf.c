// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each listen() on a TCP socket, as it returns.
#include "compat.bpf.h"
#include "descriptor.bpf.h"
#include "filter.bpf.h"

struct listen {
	struct origin origin;
	struct endpoints ends;
	__s32 backlog; /* as the kernel takes it */
	__s32 asked;
	__s32 ret;
	__u32 error; /* -ret, or 0 */
};

EVENTS(struct listen);
LOST(call_full); /* more calls at once than `calls` holds */

/* listen(fd, backlog), between its begin and its end. */
struct call {
	__u32 fd;
	__s32 backlog;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* bpf_get_current_pid_tgid() */
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline void emit(struct sock *sk, struct listen event, const bool typed)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 netns = netns_of(sk, typed);
	struct listen *e;

	set_endpoints(&event.ends, sk, typed);
	if (!keep_ends(&event.ends, netns))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return;
	}
	set_origin(&e->origin, now, netns);
	e->ends = event.ends;
	e->backlog = event.backlog;
	e->asked = event.asked;
	e->ret = event.ret;
	e->error = event.error;
	bpf_ringbuf_submit(e, 0);
}

static __always_inline void begin(__u32 fd, __s32 backlog)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call call = { fd, backlog };

	if (keep_task() && bpf_map_update_elem(&calls, &id, &call, BPF_ANY))
		COUNT_LOST(call_full);
}

static __noinline void end(__s32 ret)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *found = bpf_map_lookup_elem(&calls, &id), call;
	struct listen event = { .ret = ret };
	struct sock *sk;
	__u32 most;

	if (!found)
		return;
	call = *found;
	bpf_map_delete_elem(&calls, &id);
	if (ret == -EBADF)
		return;
	sk = sock_of(call.fd);
	if (!sk && !ret)
		COUNT_LOST(fd_gone);
	if (!sk || !keep_kind(sk, false))
		return;
	/* __sys_listen() takes a negative backlog for a large one (net/socket.c). */
	most = BPF_CORE_READ(sk, __sk_common.skc_net.net, core.sysctl_somaxconn);
	event.asked = call.backlog;
	event.backlog = (__u32)call.backlog > most ? most : call.backlog;
	event.error = ret < 0 ? -ret : 0;
	emit(sk, event, false);
}

/* Listeners that are made without a system call of their own: by io_uring, or by the kernel for itself. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct listen event = {};

	if (oldstate != TCP_CLOSE || newstate != TCP_LISTEN || sk->sk_protocol != IPPROTO_TCP || !keep_kind(sk, true))
		return 0;
	if (bpf_map_lookup_elem(&calls, &id) || !keep_task())
		return 0;
	event.backlog = event.asked = sk->sk_max_ack_backlog;
	emit(sk, event, true);
	return 0;
}

struct syscall_enter {
	__u64 common;
	__s32 nr;
	__u32 unused;
	__u64 args[6];
};

/* The four bytes after nr are not always zero, so it is an int (include/trace/events/syscalls.h: syscall_trace_exit). */
struct syscall_exit {
	__u64 common;
	__s32 nr;
	__u32 unused;
	__s64 ret;
};

SEC("tracepoint/syscalls/sys_enter_listen")
int enter_listen(struct syscall_enter *ctx)
{
	begin(ctx->args[0], ctx->args[1]);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_listen")
int exit_listen(struct syscall_exit *ctx)
{
	end(ctx->ret);
	return 0;
}

/* The same without tracefs, which the two above need; dearer, as they run for every system call. */
SEC("tp_btf/sys_enter")
int BPF_PROG(enter_any, struct pt_regs *regs)
{
	if (is_listen(regs))
		begin(PT_REGS_PARM1(regs), PT_REGS_PARM2(regs));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_any, struct pt_regs *regs, long ret)
{
	if (is_listen(regs))
		end(ret);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
