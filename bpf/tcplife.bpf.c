// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each TCP session that ends, with its owner, its bytes and how long it lasted.
#include "owner.bpf.h"

struct life {
	struct origin origin;
	struct endpoints ends;
	__u64 duration_ns;
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u64 open; /* 1 if it has not ended yet */
};

EVENTS(struct life);
LOST(birth_full); /* sessions whose beginning was not kept as there was no room for it */

PER_SOCKET(births, __u64);

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 now = bpf_ktime_get_ns(), key = (__u64)sk;
	__u64 *birth, birth_ns;
	struct endpoints ends;
	struct tcp_sock *tp;
	struct owner *owner;
	struct life *e;
	__u32 netns;

	if (sk->sk_protocol != IPPROTO_TCP || !keep_kind(sk, true))
		return 0;
	learn_owner(sk, oldstate, newstate, now);
	/* A session is measured from ESTABLISHED, and one that never was from SYN_SENT. */
	if (newstate < TCP_FIN_WAIT1) {
		/* Once for each session: what found no room at its beginning may find some later. */
		if (unkept(map_update(&births, &key, &now, BPF_ANY)) && begins(oldstate, newstate))
			COUNT_LOST(birth_full);
		return 0;
	}
	/* What only listens has no session; that of the socket whose memory it has may have ended unseen. */
	if (newstate == TCP_LISTEN)
		bpf_map_delete_elem(&births, &key);
	if (newstate != TCP_CLOSE)
		return 0;
	birth = bpf_map_lookup_elem(&births, &key);
	if (!birth)
		return 0;
	birth_ns = *birth;
	bpf_map_delete_elem(&births, &key);

	owner = owner_of(sk, true);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !keep_owner(owner))
		return 0;
	netns = netns_of(sk, true);
	set_endpoints(&ends, sk, true);
	if (!keep_ends(&ends, netns))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return 0;
	}
	set_owner(&e->origin, owner, now, netns);
	e->ends = ends;
	e->duration_ns = now - birth_ns;
	e->tx_bytes = tp->bytes_acked;
	e->rx_bytes = tp->bytes_received;
	e->open = 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

/* Run once at the end (--open): the sessions that have begun and not ended. */
SEC("iter/bpf_map_elem")
int report_open(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct endpoints ends;
	struct owner *owner;
	struct tcp_sock *tp;
	struct sock *sk;
	__u64 *key = ctx->key, *birth = ctx->value;
	struct life *e;
	__u32 netns;
	__u8 state;

	if (!key || !birth)
		return 0;
	sk = (struct sock *)*key;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == TCP_CLOSE || state == TCP_LISTEN)
		return 0; /* its end was not seen */
	owner = owner_of(sk, false);
	if (!keep_owner(owner) || !keep_kind(sk, false))
		return 0;
	netns = netns_of(sk, false);
	set_endpoints(&ends, sk, false);
	if (!keep_ends(&ends, netns))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return 0;
	}
	tp = (struct tcp_sock *)sk;
	set_owner(&e->origin, owner, now, netns);
	e->ends = ends;
	e->duration_ns = now - *birth;
	e->tx_bytes = BPF_CORE_READ(tp, bytes_acked);
	e->rx_bytes = BPF_CORE_READ(tp, bytes_received);
	e->open = 1;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
