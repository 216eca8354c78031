/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes sent where no hook tells of them: the sockets themselves know, so an iterator over all open files looks at them
 * at the end of each interval, and what ends in between is looked at when it does. Bytes are under the first task, by
 * number, that has the socket open.
 */
#ifndef NETTRACE_WRITTEN_BPF_H
#define NETTRACE_WRITTEN_BPF_H

#include "bytes.bpf.h"

LOST(first_write); /* bytes that began a socket's count, as nothing showed how many it had sent before */

struct written {
	__u64 bytes;
	struct holder holder;
};

/* How many bytes had been written to each socket when it was last looked at, and by whom. */
PER_SOCKET(written_before, struct written);

/*
 * What tasks have written to a socket: what was sent, each byte once, and what waits to be. A FIN is in neither as long as
 * this is asked before there is one.
 */
static __always_inline __u64 written_to(struct tcp_sock *tp, const bool typed)
{
	__u64 sent = READ(typed, tp, bytes_sent) - READ(typed, tp, bytes_retrans);

	return sent + (__u32)(READ(typed, tp, write_seq) - READ(typed, tp, snd_nxt));
}

/*
 * Takes what was written since the last look. A look while something is sent may find it twice, and the next one less; and
 * a look while the socket is closed, on another CPU, may take what the close takes, too: 5.10 has no atomic exchange.
 * Nothing is left out: what a look misses the next one finds, or the close, which reads under the socket's lock.
 */
static __always_inline __u64 take_written(struct written *before, __u64 written)
{
	__u64 bytes = written > before->bytes ? written - before->bytes : 0;

	before->bytes += bytes;
	return bytes;
}

static __always_inline void hold(struct holder *holder)
{
	__u64 id = bpf_get_current_pid_tgid();

	holder->cgroup_id = bpf_get_current_cgroup_id();
	holder->pid = id >> 32;
	holder->tid = id;
	holder->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(holder->comm, sizeof(holder->comm));
}

/*
 * Nothing is written any more once a socket is to be closed or was reset, and before the first of these changes there is
 * no FIN. The first two happen in the context of the task that closes it.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(follow_written, struct sock *sk, int oldstate, int newstate)
{
	struct written *before, begun = {};
	struct tcp_sock *tp;
	__u64 key = (__u64)sk, bytes;

	if (!counting_tx || !keep_kind(sk, true))
		return 0;
	if (newstate == TCP_SYN_SENT || (oldstate == TCP_SYN_RECV && newstate == TCP_ESTABLISHED)) {
		if (newstate == TCP_SYN_SENT && keep_task())
			hold(&begun.holder);
		if (map_update(&written_before, &key, &begun, BPF_ANY))
			COUNT_LOST(position_full);
		return 0;
	}
	if (newstate != TCP_FIN_WAIT1 && newstate != TCP_LAST_ACK && newstate != TCP_CLOSE)
		return 0;
	before = bpf_map_lookup_elem(&written_before, &key);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!before || !tp)
		return 0;
	bytes = take_written(before, written_to(tp, true));
	if (bytes && (before->holder.pid || newstate == TCP_CLOSE))
		count_bytes(sk, TX, bytes, &before->holder, true);
	else if (bytes)
		count_bytes(sk, TX, bytes, NULL, true);
	bpf_map_delete_elem(&written_before, &key);
	return 0;
}

/* A socket that never was connected, or that was before tracing began and had nothing to say, has not come by above. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(forget_written, struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&written_before, &key);
	return 0;
}

/* True as long as no FIN is among what is written. */
static __always_inline bool is_written_to(struct sock *sk)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

/* A pass over all open files. The first, before the first interval, seeds what all plans need and finds where sockets are. */
SEC("iter/task_file")
int read_written(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct written *before, begun = {};
	struct holder *holder = &begun.holder;
	__u64 key, bytes, written;
	struct sock *sk;

	begin_seeding();
	if (!task || !ctx->file) {
		seeded = 1;
		return 0;
	}
	sk = tcp_sock_of(ctx->file);
	if (!sk)
		return 0;
	if (counting_rx && !seeded)
		seed_taken(sk);
	if (!counting_tx)
		return 0;
	written = written_to((void *)sk, false);
	if (!is_written_to(sk))
		return 0;
	holder->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	holder->tid = task->pid;
	holder->uid = BPF_CORE_READ(task, cred, uid.val);
	read_comm(holder->comm, task);
	if (keep_holder(task, task->tgid, holder->uid, holder->comm, holder->cgroup_id))
		holder->pid = task->tgid;
	key = (__u64)sk;
	before = bpf_map_lookup_elem(&written_before, &key);
	if (!before) {
		begun.bytes = written;
		if (unkept(map_update(&written_before, &key, &begun, BPF_NOEXIST)))
			COUNT_LOST(position_full);
		else if (seeded && written)
			COUNT_LOST(first_write);
		return 0;
	}
	bytes = take_written(before, written);
	if (bytes || !before->holder.pid)
		before->holder = *holder;
	if (bytes)
		count_bytes(sk, TX, bytes, holder, false);
	note_cgroup(task);
	return 0;
}

#endif
