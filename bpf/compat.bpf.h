/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One function per difference between kernels, decided by what the running kernel's BTF holds, never by a version. A
 * type's suffix names the version that made the difference. A tracepoint's arguments are told by its prototype in BTF
 * (typedef btf_trace_NAME): two prototypes match if they have as many arguments of the same kinds, so any struct stands
 * for any other (libbpf's bpf_core_types_are_compat).
 */
#ifndef NETTRACE_COMPAT_BPF_H
#define NETTRACE_COMPAT_BPF_H

#include "nettrace.bpf.h"

#define IORING_OP_ACCEPT 13
#define IORING_CQE_F_BUFFER (1U << 0)
#define IORING_CQE_F_MORE (1U << 1)

/* The argument is loaded here and not through a computed offset, which verifiers before 7.0 refuse on a context. */
#define ARG(ctx, n)												\
	({													\
		__u64 __arg = (ctx)->args[n];									\
		barrier_var(__arg);										\
		__arg;												\
	})

/*
 * A map's update as an error number. Up to 6.3 the verifier calls the map's function itself, which returns an int: as a
 * long, which is what the helper declares, its errors are positive (fixed by d7ba4cc900bf, 6.4).
 */
static __always_inline int map_update(void *map, const void *key, const void *value, __u64 flags)
{
	return bpf_map_update_elem(map, key, value, flags);
}

/* True if map_update could not keep an entry: for lack of room or memory, or as its bucket was locked by what was interrupted. */
static __always_inline bool unkept(int error)
{
	return error && error != -EEXIST;
}

/*
 * Takes an entry out of a map; -ENOENT if there is none. Tries again where another CPU has its bucket for too long, as one
 * does that a hypervisor has stopped (-EBUSY; since 6.15 -ETIMEDOUT and -EDEADLK: kernel/bpf/rqspinlock.c).
 */
static __always_inline int map_delete(void *map, const void *key)
{
	int error = 0;

#pragma unroll
	for (int tries = 0; tries < 4; tries++) {
		error = bpf_map_delete_elem(map, key);
		if (!error || error == -ENOENT)
			break;
	}
	return error;
}

enum bpf_func_id___5_12 { BPF_FUNC_check_mtu___5_12 = 163 };

/*
 * Gives a socket its cookie, which no other ever has, so that it can be told from those that have its memory before and
 * after: a program that the kernel leaves out, as it does not run one inside itself, may be the one that would have seen a
 * socket end. Tracing programs can do so since 5.12 (commit c5dbb89fc2ac); what tells is a function that came with it. Earlier
 * kernels do run programs inside themselves.
 */
static __always_inline void give_cookie(struct sock *sk)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___5_12, BPF_FUNC_check_mtu___5_12))
		bpf_get_socket_cookie(sk);
}

/* A socket's cookie; 0 if it has none yet. */
static __always_inline __u64 cookie_of(struct sock *sk, const bool typed)
{
	return READ(typed, sk, __sk_common.skc_cookie.counter);
}

typedef void (*btf_trace_io_uring_submit_sqe___6_0)(void *, struct io_kiocb *, bool);

/* io_uring_submit_sqe led with the ring until 6.0 (commit 48863ffd3e81) and became io_uring_submit_req in 6.4. */
static __always_inline struct io_kiocb *submitted_request(struct bpf_raw_tracepoint_args *ctx)
{
	if (bpf_core_type_exists(btf_trace_io_uring_submit_sqe___6_0))
		return (struct io_kiocb *)ARG(ctx, 0);
	return (struct io_kiocb *)ARG(ctx, 1);
}

struct io_kiocb___5_17 {
	__u64 user_data;
} __attribute__((preserve_access_index));

/* io_kiocb.user_data moved into io_kiocb.cqe in 5.19 (commit cef216fc32d7). */
static __always_inline __u64 user_data_of(struct io_kiocb *req)
{
	struct io_kiocb___5_17 *old = (void *)req;

	if (bpf_core_field_exists(old->user_data))
		return BPF_CORE_READ(old, user_data);
	return BPF_CORE_READ(req, cqe.user_data);
}

/* What an io_uring completion says; `req` is NULL where the kernel does not name the request. */
struct completion {
	__u64 ring;
	__u64 user_data;
	struct io_kiocb *req;
	__s32 res;
	__u32 flags;
};

typedef void (*btf_trace_io_uring_complete___5_10)(void *, void *, __u64, int, unsigned int);
typedef void (*btf_trace_io_uring_complete___6_16)(void *, struct io_kiocb *, void *, struct io_uring_cqe *);

/*
 * io_uring_complete: (ring, user_data, res, flags) until 5.17; (ring, req, user_data, res, flags, ...) from 5.18 on
 * (commit 502c87d65564); (ring, req, cqe) from 6.16 on.
 */
static __always_inline struct completion completion_of(struct bpf_raw_tracepoint_args *ctx)
{
	struct completion done = { .ring = ARG(ctx, 0) };

	if (bpf_core_type_exists(btf_trace_io_uring_complete___6_16)) {
		struct io_uring_cqe *cqe = (void *)ARG(ctx, 2);

		done.req = (void *)ARG(ctx, 1);
		done.user_data = BPF_CORE_READ(cqe, user_data);
		done.res = BPF_CORE_READ(cqe, res);
		done.flags = BPF_CORE_READ(cqe, flags);
	} else if (bpf_core_type_exists(btf_trace_io_uring_complete___5_10)) {
		done.user_data = ARG(ctx, 1);
		done.res = ARG(ctx, 2);
		done.flags = ARG(ctx, 3);
	} else {
		done.req = (void *)ARG(ctx, 1);
		done.user_data = ARG(ctx, 2);
		done.res = ARG(ctx, 3);
		done.flags = ARG(ctx, 4);
	}
	return done;
}

/*
 * True if the 64-bit system call of these registers is listen. The numbers of 32-bit callers mean other calls (TS_COMPAT,
 * arch/x86/include/asm/thread_info.h; TIF_32BIT, arch/arm64/include/asm/thread_info.h).
 */
static __always_inline bool is_listen(const struct pt_regs *regs)
{
	struct task_struct *task = (void *)bpf_get_current_task();
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax == 50 && !(BPF_CORE_READ(task, thread_info.status) & 2);
#elif defined(__TARGET_ARCH_arm64)
	return regs->syscallno == 201 && !(BPF_CORE_READ(task, thread_info.flags) & 1UL << 22);
#endif
}

/* The same of accept and accept4. */
static __always_inline bool is_accept(const struct pt_regs *regs)
{
	struct task_struct *task = (void *)bpf_get_current_task();
#if defined(__TARGET_ARCH_x86)
	long nr = regs->orig_ax;

	if (nr != 43 && nr != 288)
		return false;
	return !(BPF_CORE_READ(task, thread_info.status) & 2);
#elif defined(__TARGET_ARCH_arm64)
	int nr = regs->syscallno;

	if (nr != 202 && nr != 242)
		return false;
	return !(BPF_CORE_READ(task, thread_info.flags) & 1UL << 22);
#endif
}

typedef void (*btf_trace_tcp_retransmit_skb___6_18)(void *, const struct sock *, const struct sk_buff *, int);

/* What became of a retransmit; until 6.18 tcp_retransmit_skb told only those that succeeded. */
static __always_inline int retransmit_error(const __u64 *ctx)
{
	if (bpf_core_type_exists(btf_trace_tcp_retransmit_skb___6_18)) {
		__u64 err = ctx[2];

		barrier_var(err);
		return (int)err;
	}
	return 0;
}

struct sock___6_19 {
	struct timer_list tcp_retransmit_timer;
} __attribute__((preserve_access_index));

/* The socket that a timer of tcp_write_timer() belongs to; the timer moved into struct sock in 6.19. */
static __always_inline struct sock *sock_of_timer(const struct timer_list *timer)
{
	if (bpf_core_field_exists(struct sock___6_19, tcp_retransmit_timer))
		return (void *)timer - bpf_core_field_offset(struct sock___6_19, tcp_retransmit_timer);
	return (void *)timer - bpf_core_field_offset(struct inet_connection_sock, icsk_retransmit_timer);
}

enum skb_drop_reason___5_17 { SKB_NOT_DROPPED_YET___5_17 };
typedef void (*btf_trace_kfree_skb___5_17)(void *, struct sk_buff *, void *, enum skb_drop_reason___5_17);
typedef void (*btf_trace_kfree_skb___6_11)(void *, struct sk_buff *, void *, enum skb_drop_reason___5_17,
					   struct sock *);

/* True if kfree_skb has a reason (from 5.17 on, commit c504e5c2f964), and not only tells of a packet that is freed. */
static __always_inline bool has_drop_reasons(void)
{
	return bpf_core_type_exists(btf_trace_kfree_skb___5_17) || bpf_core_type_exists(btf_trace_kfree_skb___6_11);
}

/* The reason in kfree_skb's arguments; 0 where there are none. Each load of the context is kept from being merged. */
static __always_inline __u32 drop_reason(const __u64 *ctx)
{
	if (has_drop_reasons()) {
		__u64 reason = ctx[2];

		barrier_var(reason);
		return reason;
	}
	return 0;
}

/* The socket that a received packet was for, as far as it had been found; kfree_skb has it from 6.11 on. */
static __always_inline struct sock *drop_receiver(const __u64 *ctx)
{
	if (bpf_core_type_exists(btf_trace_kfree_skb___6_11)) {
		struct sock *sk = (void *)ctx[3];

		barrier_var(sk);
		return sk;
	}
	return NULL;
}

struct proto_ops___6_4 {
	void *sendpage;
} __attribute__((preserve_access_index));

/* A type of no kernel: the verifier refuses what is read of it, unless that is dead code. */
struct nothing {
	int member;
} __attribute__((preserve_access_index));

/*
 * Keeps a program from being loaded where sendfile and splice send by sendpage, without the tracepoint sock_send_length:
 * it came in 6.3 (commit 6e6eda44b939), and sendpage went in 6.5 (commit dc97391e6610).
 */
static __always_inline void refuse_sendpage(void)
{
	if (bpf_core_field_exists(struct proto_ops___6_4, sendpage)) {
		struct nothing *none = NULL;
		int member = BPF_CORE_READ(none, member);

		barrier_var(member);
	}
}

#endif
