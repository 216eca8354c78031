// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each TCP connect that is answered, or has ended without an answer, with the time since its SYN.
#include "compat.bpf.h"
#include "filter.bpf.h"

struct latency {
	struct origin origin;
	struct endpoints ends;
	__u64 latency_ns;
	__u64 result; /* 0 for established, else an errno; ECONNABORTED if the task gave up, UNSENT if no SYN was sent */
};

EVENTS(struct latency);
LOST(attempt_full); /* connects not measured as there was no room for them */

#define ECONNABORTED 103
#define ECONNREFUSED 111
#define UNSENT 255 /* no errno has this number */

/* The shortest latency to show. */
const volatile __u64 least_ns = 0;
/* Set if connects are shown that nobody answered. */
const volatile bool all_results = false;

/* A connect whose socket is in SYN_SENT: who began it, and when. */
struct attempt {
	struct origin origin;
	__u64 segs_out; /* segments that the socket had sent before */
	__u64 cookie; /* the socket's */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct attempt);
} attempts SEC(".maps");

static __always_inline void begin(struct sock *sk, struct tcp_sock *tp, __u64 now)
{
	struct attempt attempt;
	__u64 key = (__u64)sk;

	/* Where the end of a connect was not told, its socket's memory is another's now. */
	if (bpf_map_lookup_elem(&attempts, &key))
		bpf_map_delete_elem(&attempts, &key);
	if (!keep_task())
		return;
	set_origin(&attempt.origin, now, netns_of(sk, true));
	attempt.segs_out = tp->segs_out;
	give_cookie(sk);
	attempt.cookie = cookie_of(sk, true);
	if (bpf_map_update_elem(&attempts, &key, &attempt, BPF_ANY))
		COUNT_LOST(attempt_full);
}

/*
 * What became of a connect. Errors are in sk_err when the state changes, but for those of the caller's own doing: a
 * close or shutdown, or connect(2) itself when it finds no port, route or memory (tcp_v4_connect).
 */
static __always_inline __u64 result_of(struct sock *sk, struct tcp_sock *tp, __u64 segs_out, int newstate)
{
	if (newstate != TCP_CLOSE)
		return 0;
	if (sk->sk_err)
		return sk->sk_err;
	return tp->segs_out == segs_out ? UNSENT : ECONNABORTED;
}

static __always_inline void show(struct sock *sk, struct attempt *attempt, __u64 now, __u64 result)
{
	__u64 latency_ns = now - attempt->origin.time_ns;
	struct endpoints ends;
	struct latency *e;

	if (latency_ns < least_ns || (!all_results && result && result != ECONNREFUSED))
		return;
	set_endpoints(&ends, sk, true);
	if (!keep_ends(&ends, attempt->origin.netns))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return;
	}
	e->origin = attempt->origin;
	e->origin.time_ns = now;
	e->ends = ends;
	e->latency_ns = latency_ns;
	e->result = result;
	bpf_ringbuf_submit(e, 0);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 now = bpf_ktime_get_ns(), key = (__u64)sk;
	struct attempt *attempt;
	struct tcp_sock *tp;

	if (sk->sk_protocol != IPPROTO_TCP || (oldstate != TCP_SYN_SENT && newstate != TCP_SYN_SENT))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !keep_kind(sk, true))
		return 0;
	if (newstate == TCP_SYN_SENT) {
		begin(sk, tp, now);
		return 0;
	}
	attempt = bpf_map_lookup_elem(&attempts, &key);
	if (!attempt)
		return 0;
	if (attempt->cookie == cookie_of(sk, true)) /* else it is of the socket that had the memory before */
		show(sk, attempt, now, result_of(sk, tp, attempt->segs_out, newstate));
	bpf_map_delete_elem(&attempts, &key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
