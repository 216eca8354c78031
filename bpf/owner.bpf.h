/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which task a socket belongs to, for events that happen later in whatever context: taken where the kernel runs in the
 * task's own (connect, accept, listen, close), seeded at start from the open files of all tasks, and kept until the
 * socket is destroyed. Where tasks are filtered, only the sockets of those kept are here.
 */
#ifndef NETTRACE_OWNER_BPF_H
#define NETTRACE_OWNER_BPF_H

#include "accept.bpf.h"

enum kind { OPEN_BEFORE = 1, CONNECTED, ACCEPTED, LISTENING, CLOSED_BY };

struct owner {
	__u64 cgroup_id;
	__u64 since_ns; /* when it got the socket; 0 if that was before tracing began */
	__u64 cookie; /* the socket's; 0 if it had none */
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 kind;
	char comm[16];
};

PER_SOCKET(owners, struct owner);

LOST(owner_full); /* sockets whose owner is not known as it could not be kept */

/* NULL if it is not known: what is kept may be of a socket that had the same memory before, and whose end was not seen. */
static __always_inline struct owner *owner_of(struct sock *sk, const bool typed)
{
	__u64 key = (__u64)sk;
	struct owner *owner = bpf_map_lookup_elem(&owners, &key);

	return owner && owner->cookie && owner->cookie != cookie_of(sk, typed) ? NULL : owner;
}

/* True if an event of a socket with this owner (NULL: unknown) is to be shown, as far as tasks are judged. */
static __always_inline bool keep_owner(const struct owner *owner)
{
	return owner || !judges_tasks();
}

/* Makes the current task the owner of a socket; `flags` is BPF_ANY, or BPF_NOEXIST not to take it from another. */
static __always_inline void own(struct sock *sk, __u64 now, enum kind kind, __u64 flags, const bool typed)
{
	__u64 key = (__u64)sk, id = bpf_get_current_pid_tgid();
	struct owner owner = {
		.cgroup_id = bpf_get_current_cgroup_id(),
		.since_ns = now,
		.cookie = cookie_of(sk, typed),
		.pid = id >> 32,
		.tid = id,
		.uid = bpf_get_current_uid_gid(),
		.kind = kind,
	};

	if (!keep_task())
		return;
	bpf_get_current_comm(owner.comm, sizeof(owner.comm));
	note_cgroup((void *)bpf_get_current_task());
	if (unkept(map_update(&owners, &key, &owner, flags)))
		COUNT_LOST(owner_full);
}

/* Called for each socket that the current task has accepted and now owns, if the object that includes this asks for it. */
#ifdef SHOWS_ACCEPTS
static __always_inline void show_accept(struct sock *sk, __u64 time_ns, const bool typed);
#else
static __always_inline void show_accept(struct sock *sk, __u64 time_ns, const bool typed) {}
#endif

static __always_inline void accepted(struct sock *sk, __u64 time_ns, const bool typed)
{
	if (!keep_kind(sk, typed))
		return;
	own(sk, time_ns, ACCEPTED, BPF_ANY, typed);
	show_accept(sk, time_ns, typed);
}

/* True if the current task is one of the kernel's own, which close sockets for others. */
static __always_inline bool in_kernel_thread(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, flags) & PF_KTHREAD;
}

/*
 * True if the current task, or a thread of the kernel for another, ends the socket with this change. An established
 * socket also goes to CLOSE when the peer resets it, in the peer's context on loopback: then sk_err is set. In the accept
 * queue a socket has no file, and nobody owns it.
 */
static __always_inline bool closes(struct sock *sk, int oldstate, int newstate)
{
	return newstate == TCP_FIN_WAIT1 || (oldstate == TCP_CLOSE_WAIT && newstate == TCP_LAST_ACK) ||
	       ((oldstate == TCP_ESTABLISHED || oldstate == TCP_CLOSE_WAIT) && newstate == TCP_CLOSE &&
		sk->sk_shutdown == SHUTDOWN_MASK && !sk->sk_err && sk->sk_socket);
}

/* True if with this change a socket begins, or begins anew: by connect(2), or as the child of a listener. */
static __always_inline bool begins(int oldstate, int newstate)
{
	return (oldstate == TCP_CLOSE && newstate == TCP_SYN_SENT) || (oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV);
}

/* One socket's memory is another's next; where the end of the first was not seen, its owner is still here. */
static __always_inline void forget_former(struct sock *sk)
{
	__u64 key = (__u64)sk;

	if (bpf_map_lookup_elem(&owners, &key))
		map_delete(&owners, &key);
}

/*
 * Learns owners from a change of state, where it happens in the context of the task that causes it. Closing makes an
 * owner only of a socket that has none: who closes it last need not be who opened it.
 */
static __always_inline void learn_owner(struct sock *sk, int oldstate, int newstate, __u64 now)
{
	if (begins(oldstate, newstate)) {
		forget_former(sk);
		give_cookie(sk);
	}
	if (newstate == TCP_SYN_SENT && oldstate == TCP_CLOSE)
		own(sk, now, CONNECTED, BPF_ANY, true);
	else if (newstate == TCP_LISTEN)
		own(sk, now, LISTENING, BPF_ANY, true);
	else if (closes(sk, oldstate, newstate) && !in_kernel_thread())
		own(sk, 0, CLOSED_BY, BPF_NOEXIST, true);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(forget_owner, struct sock *sk)
{
	__u64 key = (__u64)sk;

	map_delete(&owners, &key);
	return 0;
}

/* Run once before the others are attached: the sockets that tasks hold already. The first task that holds one has it. */
SEC("iter/task_file")
int seed_owners(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct owner owner = { .kind = OPEN_BEFORE };
	struct sock *sk;
	__u64 key;

	if (!task || !file)
		return 0;
	sk = sock_of_file(file);
	if (!sk || !keep_kind(sk, false))
		return 0;
	owner.cookie = cookie_of(sk, false);
	owner.cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	owner.pid = task->tgid;
	owner.tid = task->pid;
	owner.uid = BPF_CORE_READ(task, cred, uid.val);
	read_comm(owner.comm, task);
	if (!keep_holder(task, owner.pid, owner.uid, owner.comm, owner.cgroup_id))
		return 0;
	key = (__u64)sk;
	if (unkept(map_update(&owners, &key, &owner, BPF_NOEXIST)))
		COUNT_LOST(owner_full);
	note_cgroup(task);
	return 0;
}

/* Fills every byte of `origin` from an owner; with zeros, which say that it is not known, where there is none. */
static __always_inline void set_owner(struct origin *origin, const struct owner *owner, __u64 time_ns, __u32 netns)
{
	origin->time_ns = time_ns;
	origin->netns = netns;
	if (owner) {
		origin->cgroup_id = owner->cgroup_id;
		origin->pid = owner->pid;
		origin->tid = owner->tid;
		origin->uid = owner->uid;
		__builtin_memcpy(origin->comm, owner->comm, sizeof(origin->comm));
	} else {
		origin->cgroup_id = 0;
		origin->pid = 0;
		origin->tid = 0;
		origin->uid = 0;
		__builtin_memset(origin->comm, 0, sizeof(origin->comm));
	}
}

#endif
