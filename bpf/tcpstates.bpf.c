// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each change of a TCP socket's state, with the time that it spent in the state before.
#include "owner.bpf.h"

struct change {
	struct origin origin;
	struct endpoints ends;
	__u64 skaddr;
	__u64 duration_ns; /* 0 if the change before was not seen */
	__u32 oldstate;
	__u32 newstate;
};

EVENTS(struct change);
LOST(since_full); /* changes after which no time was kept as there was no room for it */

/* When each socket changed its state last, and to which. */
struct lap {
	__u64 begin_ns;
	__u64 state;
};

PER_SOCKET(since, struct lap);

static __always_inline void forget_time(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&since, &key);
}

/*
 * The time since the last change of this socket, which this one becomes. The kernel runs no program inside itself: where
 * the last change led to another state, there was one in between, or it was that of another socket in the same memory.
 */
static __always_inline __u64 next_lap(struct sock *sk, int oldstate, int newstate, __u64 now)
{
	struct lap *last, next = { .begin_ns = now, .state = newstate };
	__u64 key = (__u64)sk, duration_ns = 0;

	last = bpf_map_lookup_elem(&since, &key);
	if (last && last->state == (__u64)oldstate)
		duration_ns = now - last->begin_ns;
	if (newstate == TCP_CLOSE)
		bpf_map_delete_elem(&since, &key);
	else if (last)
		*last = next;
	else if (bpf_map_update_elem(&since, &key, &next, BPF_ANY))
		COUNT_LOST(since_full);
	return duration_ns;
}

/* True if the current task makes this change: a system call of its own, and no packet or timer, is the cause. */
static __always_inline bool made_by_current(struct sock *sk, int oldstate, int newstate)
{
	if (oldstate == TCP_CLOSE && newstate == TCP_SYN_SENT)
		return true;
	if (in_kernel_thread())
		return false;
	/* Closing a socket that was shut down before tells of the state that it is in already. */
	return oldstate == newstate || newstate == TCP_LISTEN || (oldstate == TCP_LISTEN && newstate == TCP_CLOSE) ||
	       closes(sk, oldstate, newstate);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 now = bpf_ktime_get_ns(), duration_ns;
	struct owner *owner = NULL;
	struct endpoints ends;
	struct change *e;
	__u32 netns;
	bool current;

	if (sk->sk_protocol != IPPROTO_TCP || !keep_kind(sk, true))
		return 0;
	learn_owner(sk, oldstate, newstate, now);
	netns = netns_of(sk, true);
	set_endpoints(&ends, sk, true);
	if (!keep_ends(&ends, netns)) {
		forget_time(sk);
		return 0;
	}
	duration_ns = next_lap(sk, oldstate, newstate, now);
	current = made_by_current(sk, oldstate, newstate);
	if (!current)
		owner = owner_of(sk, true);
	if (current ? !keep_task() : !keep_owner(owner))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return 0;
	}
	if (current)
		set_origin(&e->origin, now, netns);
	else
		set_owner(&e->origin, owner, now, netns);
	e->ends = ends;
	e->skaddr = (__u64)sk;
	e->duration_ns = duration_ns;
	e->oldstate = oldstate;
	e->newstate = newstate;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
