/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes received: how far the reader of a socket has come. tcp_rcv_space_adjust() is called whenever one has taken data
 * (recvmsg and its kin, splice, io_uring, zero-copy), and not by who only peeks; until 6.3 there is no other place.
 */
#ifndef NETTRACE_RECEIVED_BPF_H
#define NETTRACE_RECEIVED_BPF_H

#include "bytes.bpf.h"

const volatile bool counting_rx = true;

LOST(first_read);    /* bytes of a read that began a socket's count, as nothing showed how far it had come before */
LOST(position_full); /* reads or writes that could not be told from earlier ones, as there was no room to note those */

struct taken {
	__u64 bytes;
	__u64 cookie; /* the socket's; 0 if it had none */
};

/* How many bytes have been taken out of each socket since it was connected. */
PER_SOCKET(taken_before, struct taken);

/* The first pass of the iterator, over sockets that are open already, sets the one when it begins, the other at its end. */
volatile __u64 seeding_since_us = 0;
volatile __u32 seeded = 0;

/*
 * What has been taken out of a socket: what came in order, but for what waits. A FIN counts as a byte of both, and
 * tcp_read_sock() steps over it before it calls the hook.
 */
static __always_inline __u64 taken_from(struct tcp_sock *tp, struct sock *sk, const bool typed)
{
	__u32 copied_seq = READ(typed, tp, copied_seq), rcv_nxt = READ(typed, tp, rcv_nxt);
	__u64 taken = READ(typed, tp, bytes_received) - (__u32)(rcv_nxt - copied_seq);
	unsigned long flags = READ(typed, sk, __sk_common.skc_flags);

	if (copied_seq == rcv_nxt && flags & 1UL << bpf_core_enum_value(enum sock_flags, SOCK_DONE))
		taken--;
	return taken;
}

/* The current task uses the socket if somebody has locked it; what else runs here is a softirq that found it free. */
static __always_inline bool used_by_task(struct sock *sk)
{
	return sk->sk_lock.owned;
}

/*
 * True if a socket that nobody was seen to read was connected while tracing: this time is that of its establishment
 * (tcp_init_buffer_space) until it is first read, and later that of a read.
 */
static __always_inline bool is_new(const struct tcp_sock *tp)
{
	return seeding_since_us && tp->rcvq_space.time >= seeding_since_us;
}

/* Of this socket, not of one that had the same memory before and whose end was not seen; NULL if nothing is noted. */
static __always_inline struct taken *taken_before_of(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct taken *before = bpf_map_lookup_elem(&taken_before, &key);

	return before && before->cookie && before->cookie != cookie_of(sk, true) ? NULL : before;
}

/* With a ULP (kTLS, MPTCP's subflows) this runs wherever records are put together; see receive_length. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(space_adjust, struct sock *sk)
{
	const struct holder nobody = {};
	__u64 key = (__u64)sk, bytes = 0;
	struct taken *before, now = {};
	struct tcp_sock *tp;

	if (!counting_rx)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || tp->inet_conn.icsk_ulp_ops)
		return 0;
	now.bytes = taken_from(tp, sk, true);
	before = taken_before_of(sk);
	if (!before || !before->cookie)
		give_cookie(sk);
	now.cookie = cookie_of(sk, true);
	if (before) {
		if (now.bytes > before->bytes)
			bytes = now.bytes - before->bytes;
		*before = now;
	} else {
		if (map_update(&taken_before, &key, &now, BPF_ANY))
			COUNT_LOST(position_full);
		else if (is_new(tp))
			bytes = now.bytes;
		else if (seeded)
			COUNT_LOST(first_read);
	}
	if (!bytes)
		return 0;
	if (used_by_task(sk))
		count_bytes(sk, RX, bytes, NULL, true);
	else
		count_bytes(sk, RX, bytes, &nobody, true);
	return 0;
}

/* What tasks take out of MPTCP and kTLS sockets, as they see it. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(receive_length, struct sock *sk, int ret, int flags)
{
	struct tcp_sock *tp;

	if (!counting_rx || ret <= 0 || flags & MSG_PEEK || !keep_kind(sk, true))
		return 0;
	if (sk->sk_protocol == IPPROTO_TCP) {
		tp = bpf_skc_to_tcp_sock(sk);
		if (!tp || !tp->inet_conn.icsk_ulp_ops)
			return 0;
	}
	count_bytes(sk, RX, ret, NULL, true);
	return 0;
}

/* A socket's memory is another's next. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(forget_taken, struct sock *sk)
{
	__u64 key = (__u64)sk;

	if (counting_rx)
		bpf_map_delete_elem(&taken_before, &key);
	return 0;
}

/* A socket that was disconnected begins anew with its next connection. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(begin_anew, struct sock *sk, int oldstate, int newstate)
{
	__u64 key = (__u64)sk;

	if (counting_rx && newstate == TCP_SYN_SENT)
		bpf_map_delete_elem(&taken_before, &key);
	return 0;
}

/* Notes how far an open socket was read before tracing began. Its fields change meanwhile, so it is read until they don't. */
static __always_inline void seed_taken(struct sock *sk)
{
	struct tcp_sock *tp = (void *)sk;
	struct taken taken = { .bytes = taken_from(tp, sk, false), .cookie = cookie_of(sk, false) };
	__u64 key = (__u64)sk, again;

	for (int tries = 0; tries < 3; tries++) {
		again = taken_from(tp, sk, false);
		if (again == taken.bytes)
			break;
		taken.bytes = again;
	}
	if (unkept(map_update(&taken_before, &key, &taken, BPF_NOEXIST)))
		COUNT_LOST(position_full);
}

/* The TCP socket behind a file, or NULL; with no file the pass is at its end. */
static __always_inline struct sock *tcp_sock_of(struct file *file)
{
	struct sock *sk = sock_of_file(file);

	return sk && keep_kind(sk, false) && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP ? sk : NULL;
}

static __always_inline void begin_seeding(void)
{
	if (!seeding_since_us)
		seeding_since_us = bpf_ktime_get_ns() / 1000;
}

/* Run once, after all is attached. */
SEC("iter/task_file")
int seed_received(struct bpf_iter__task_file *ctx)
{
	struct sock *sk;

	begin_seeding();
	if (!ctx->file) {
		seeded = 1;
		return 0;
	}
	sk = counting_rx ? tcp_sock_of(ctx->file) : NULL;
	if (sk)
		seed_taken(sk);
	return 0;
}

#endif
