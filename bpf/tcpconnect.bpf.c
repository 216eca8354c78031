// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One event for each TCP connection that a task begins to make, once its SYN was sent.
 *
 * The change to SYN_SENT happens in the task's own context, but before the source port is chosen. No tracepoint comes
 * after that in connect(2) but those that every packet or system call of the machine passes. So an attempt is kept until
 * its socket leaves SYN_SENT, which takes a round trip; those that have no answer yet are found by user space, which
 * runs `sweep` a few times a second.
 */
#include "compat.bpf.h"
#include "count.bpf.h"
#include "filter.bpf.h"

struct connect {
	struct origin origin;
	struct endpoints ends;
	__u64 latency_ns;
	__u32 result; /* 0 for established, else an errno: ECONNABORTED if the task gave up, EINPROGRESS if none yet */
	__u32 awaited; /* whether the last two are known */
};

EVENTS(struct connect);
COUNTS(struct endpoints);
LOST(attempt_full); /* connects not kept as there was no room for them */

/* Set if connects are shown with what became of them, and no sooner. */
const volatile bool await_result = false;

#define EINPROGRESS 115
#define ECONNABORTED 103

/* A connect whose socket is in SYN_SENT. Its local port is not yet known. */
struct attempt {
	struct origin origin;
	struct endpoints ends;
	__u64 segs_out; /* segments that the socket had sent before */
	__u64 cookie; /* the socket's */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct attempt);
} attempts SEC(".maps");

__u64 unanswered = 0; /* how many there are: user space sweeps only if there are any */

/*
 * False if a family is asked for and it is not that of these ends. A connect to an IPv4 address through an IPv6 socket
 * (::ffff:a.b.c.d) is made by tcp_v6_connect and by tcp_v4_connect, which it calls. It is one of IPv4, unless IPv6 is
 * asked for.
 */
static __always_inline bool set_family(struct endpoints *ends)
{
	const __u32 *words = (const __u32 *)ends->raddr;

	if (filter_family != AF_INET6 && !words[0] && !words[1] && words[2] == bpf_htonl(0xffff))
		ends->family = AF_INET;
	return !filter_family || ends->family == filter_family;
}

LOST(attempt_stuck); /* connects whose end was not told as they could not be taken out of the map */

/* Who takes an attempt out of the map shows it: the change of state and `sweep` may run at once. */
static __always_inline bool take(struct sock *sk)
{
	__u64 key = (__u64)sk;
	int error = map_delete(&attempts, &key);

	if (error && error != -ENOENT)
		COUNT_LOST(attempt_stuck);
	if (error)
		return false;
	__sync_fetch_and_add(&unanswered, -1);
	return true;
}

LOST(attempt_gone); /* connects not shown as their socket was gone before its end was told */

/* The kernel runs no program inside itself, so the end of a connect may not be told; its socket's memory is another's then. */
static __always_inline void forget_former(struct sock *sk)
{
	if (take(sk))
		COUNT_LOST(attempt_gone);
}

static __always_inline void begin(struct sock *sk, __u64 now)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct attempt attempt;
	__u64 key = (__u64)sk;

	if (bpf_map_lookup_elem(&attempts, &key))
		forget_former(sk);
	if (!tp || !keep_task())
		return;
	set_origin(&attempt.origin, now, netns_of(sk, true));
	set_endpoints(&attempt.ends, sk, true);
	attempt.segs_out = tp->segs_out;
	give_cookie(sk);
	attempt.cookie = cookie_of(sk, true);
	if (!set_family(&attempt.ends) || (!filter_lports && !keep_ends(&attempt.ends, attempt.origin.netns)))
		return;
	if (bpf_map_update_elem(&attempts, &key, &attempt, BPF_ANY))
		COUNT_LOST(attempt_full);
	else
		__sync_fetch_and_add(&unanswered, 1);
}

static __always_inline void show(struct attempt *attempt, __u16 lport, __u64 now, __u32 result)
{
	struct connect *e;

	attempt->ends.lport = lport;
	if (filter_lports && !keep_ends(&attempt->ends, attempt->origin.netns))
		return;
	if (counting) {
		attempt->ends.lport = 0;
		count(&attempt->ends);
		return;
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return;
	}
	e->origin = attempt->origin;
	e->ends = attempt->ends;
	e->latency_ns = now - attempt->origin.time_ns;
	e->result = result;
	e->awaited = await_result;
	bpf_ringbuf_submit(e, 0);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	__u64 now = bpf_ktime_get_ns(), key = (__u64)sk;
	struct attempt *found, attempt;
	struct tcp_sock *tp;
	__u32 result = 0;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (newstate == TCP_SYN_SENT)
		begin(sk, now);
	if (oldstate != TCP_SYN_SENT)
		return 0;
	found = bpf_map_lookup_elem(&attempts, &key);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!found || !tp)
		return 0;
	attempt = *found;
	if (attempt.cookie != cookie_of(sk, true)) {
		forget_former(sk);
		return 0;
	}
	if (!take(sk))
		return 0;
	if (newstate == TCP_CLOSE) {
		/* It failed on this machine: without a port, a route or memory. */
		if (attempt.segs_out == tp->segs_out)
			return 0;
		result = sk->sk_err ? sk->sk_err : ECONNABORTED;
	}
	show(&attempt, local_port(sk, true), now, result);
	return 0;
}

static __always_inline bool same_address(const __u8 a[16], const __u8 b[16])
{
	const __u32 *x = (const __u32 *)a, *y = (const __u32 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/* True if these are the ends of a socket that has a port, and they were the attempt's. */
static __always_inline bool same_ends(const struct endpoints *ends, const struct endpoints *attempt)
{
	return ends->lport && ends->rport == attempt->rport && same_address(ends->laddr, attempt->laddr) &&
	       same_address(ends->raddr, attempt->raddr);
}

#define SETTLED_NS 1000000000ULL /* by then, a socket whose change to SYN_SENT was told is in that state */

/* Shows an attempt whose SYN was sent; and, if it is the last time, one whose end the kernel did not tell. */
static __always_inline int show_unanswered(struct bpf_iter__bpf_map_elem *ctx, bool last)
{
	struct attempt *found = ctx->value, attempt;
	__u64 now = bpf_ktime_get_ns();
	struct sock **key = ctx->key, *sk;
	struct endpoints ends = {};
	bool sent;

	if (!key || !found)
		return 0;
	sk = *key;
	attempt = *found;
	sent = BPF_CORE_READ((struct tcp_sock *)sk, segs_out) != attempt.segs_out;
	if (last && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_SYN_SENT)
		sent = true;
	/* The port first, and the cookie last: memory that is the same socket's still was so before. */
	set_endpoints(&ends, sk, false);
	if (!same_ends(&ends, &attempt.ends) || cookie_of(sk, false) != attempt.cookie) {
		if (last || now - attempt.origin.time_ns > SETTLED_NS)
			forget_former(sk);
		return 0;
	}
	if (sent && take(sk))
		show(&attempt, ends.lport, now, EINPROGRESS);
	return 0;
}

SEC("iter/bpf_map_elem")
int sweep(struct bpf_iter__bpf_map_elem *ctx)
{
	return await_result ? 0 : show_unanswered(ctx, false);
}

/* Run once, at the end: then results are not awaited any more. */
SEC("iter/bpf_map_elem")
int last_sweep(struct bpf_iter__bpf_map_elem *ctx)
{
	return show_unanswered(ctx, true);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
