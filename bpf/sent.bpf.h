/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes sent: what a call that sends says it took, where the kernel tells that (from 6.3 on, and from 6.5 on of sendfile
 * and splice, too); before, what the functions under these calls return.
 */
#ifndef NETTRACE_SENT_BPF_H
#define NETTRACE_SENT_BPF_H

#include "bytes.bpf.h"

const volatile bool counting_tx = true;

SEC("tp_btf/sock_send_length")
int BPF_PROG(send_length, struct sock *sk, int ret, int flags)
{
	refuse_sendpage();
	if (counting_tx && ret > 0 && keep_kind(sk, true))
		count_bytes(sk, TX, ret, NULL, true);
	return 0;
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(sendmsg_fexit, struct sock *sk, void *msg, __u64 size, int ret)
{
	if (counting_tx && ret > 0 && keep_kind(sk, true))
		count_bytes(sk, TX, ret, NULL, true);
	return 0;
}

SEC("fexit/tcp_sendpage")
int BPF_PROG(sendpage_fexit, struct sock *sk, void *page, int offset, __u64 size, int flags, int ret)
{
	if (counting_tx && ret > 0 && keep_kind(sk, true))
		count_bytes(sk, TX, ret, NULL, true);
	return 0;
}

LOST(return);	     /* sends whose return the kernel did not show */
LOST(sending_full); /* more sends under way at once than `sending` holds */

/* The socket that a thread is sending to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} sending SEC(".maps");

/* A return probe that finds no instance free is left out without a word (rp->nmissed); its thread's next send tells. */
static __always_inline void begin_send(struct sock *sk)
{
	__u64 thread = bpf_get_current_pid_tgid(), socket = (__u64)sk;
	int error;

	if (!counting_tx)
		return;
	error = map_update(&sending, &thread, &socket, BPF_NOEXIST);
	if (!error)
		return;
	if (error != -EEXIST) {
		COUNT_LOST(sending_full);
		return;
	}
	COUNT_LOST(return);
	map_update(&sending, &thread, &socket, BPF_ANY);
}

static __always_inline void end_send(int ret)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u64 *socket = bpf_map_lookup_elem(&sending, &thread);
	struct sock *sk;

	if (!socket)
		return; /* it began before tracing did */
	sk = (struct sock *)*socket;
	bpf_map_delete_elem(&sending, &thread);
	if (ret > 0 && keep_kind(sk, false))
		count_bytes(sk, TX, ret, NULL, false);
}

SEC("kprobe/tcp_sendmsg")
int BPF_KPROBE(sendmsg_entry, struct sock *sk)
{
	begin_send(sk);
	return 0;
}

SEC("kretprobe/tcp_sendmsg")
int BPF_KRETPROBE(sendmsg_return, int ret)
{
	end_send(ret);
	return 0;
}

SEC("kprobe/tcp_sendpage")
int BPF_KPROBE(sendpage_entry, struct sock *sk)
{
	begin_send(sk);
	return 0;
}

SEC("kretprobe/tcp_sendpage")
int BPF_KRETPROBE(sendpage_return, int ret)
{
	end_send(ret);
	return 0;
}

#endif
