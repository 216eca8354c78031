// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each segment that TCP sends again, and for each tail loss probe that sends new data.
#include "count.bpf.h"
#include "owner.bpf.h"

enum retransmit_kind { FAST = 1, RTO, PROBE, SYN, SYNACK, NEW_DATA };

struct retransmit {
	struct origin origin;
	struct endpoints ends;
	__u32 seq;
	__u16 kind;
	__u16 state;
};

EVENTS(struct retransmit);
COUNTS(struct endpoints);

#define ICSK_TIME_LOSS_PROBE 5	/* include/net/inet_connection_sock.h */
#define TCP_CA_Recovery 3	/* include/uapi/linux/tcp.h */
#define TCP_CA_Loss 4

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	if (sk->sk_protocol == IPPROTO_TCP && keep_kind(sk, true))
		learn_owner(sk, oldstate, newstate, bpf_ktime_get_ns());
	return 0;
}

/* The `ends` of `event` are those that are judged and shown; its origin is the owner of `sk`. */
static __always_inline void emit(struct sock *sk, struct retransmit event, __u32 netns, const bool typed)
{
	struct owner *owner = owner_of(sk, typed);
	struct retransmit *e;

	if (!keep_owner(owner) || !keep_ends(&event.ends, netns))
		return;
	if (counting) {
		count(&event.ends);
		return;
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return;
	}
	set_owner(&e->origin, owner, bpf_ktime_get_ns(), netns);
	e->ends = event.ends;
	e->seq = event.seq;
	e->kind = event.kind;
	e->state = event.state;
	bpf_ringbuf_submit(e, 0);
}

/*
 * Why a segment is sent again. tcp_send_loss_probe() clears icsk_pending after it has sent; the retransmission timer does
 * before, and enters Loss first, in which all that follows is of that timeout.
 */
static __always_inline __u16 kind_of(const struct tcp_sock *tp, __u16 state)
{
	__u8 congestion = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);

	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return SYN;
	if (tp->inet_conn.icsk_pending == ICSK_TIME_LOSS_PROBE && congestion < TCP_CA_Recovery)
		return PROBE;
	return congestion == TCP_CA_Loss ? RTO : FAST;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmit_skb, struct sock *sk, struct sk_buff *skb)
{
	struct retransmit event = {};
	struct tcp_sock *tp;

	if (retransmit_error(ctx) || !keep_kind(sk, true))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	set_endpoints(&event.ends, sk, true);
	event.seq = *(__u32 *)skb->cb; /* struct tcp_skb_cb begins with it */
	event.state = sk->__sk_common.skc_state;
	event.kind = kind_of(tp, event.state);
	emit(sk, event, netns_of(sk, true), true);
	return 0;
}

/* `sk` is the listener, and the request not yet a socket. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(retransmit_synack, struct sock *sk, struct request_sock *req)
{
	struct retransmit event = {
		.ends = {
			.lport = req->__req_common.skc_num,
			.rport = __builtin_bswap16(req->__req_common.skc_dport),
			.family = req->__req_common.skc_family,
			.protocol = IPPROTO_TCP,
		},
		.kind = SYNACK,
		.state = TCP_NEW_SYN_RECV,
	};

	if (!keep_kind(sk, true))
		return 0;
	if (event.ends.family == AF_INET) {
		set_mapped(event.ends.laddr, req->__req_common.skc_rcv_saddr);
		set_mapped(event.ends.raddr, req->__req_common.skc_daddr);
	} else {
		set_ipv6(event.ends.laddr, &req->__req_common.skc_v6_rcv_saddr, true);
		set_ipv6(event.ends.raddr, &req->__req_common.skc_v6_daddr, true);
	}
	event.seq = BPF_CORE_READ((struct tcp_request_sock *)req, snt_isn);
	emit(sk, event, netns_of(sk, true), true);
	return 0;
}

/*
 * A tail loss probe sends new data if there is some, which no tracepoint of TCP tells: so it is seen by snd_nxt before
 * and after its timer. Timers of a CPU do not nest.
 */
struct expiry {
	__u64 timer;
	__u64 snd_nxt;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct expiry);
} expiries SEC(".maps");

const volatile __u64 tcp_write_timer = 0; /* the address of that function */

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(begin_timer, struct timer_list *timer)
{
	struct sock *sk;
	struct expiry *expiry;
	__u32 key = 0;

	if ((__u64)timer->function != tcp_write_timer)
		return 0;
	sk = sock_of_timer(timer);
	expiry = bpf_map_lookup_elem(&expiries, &key);
	if (!expiry || BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_pending) != ICSK_TIME_LOSS_PROBE)
		return 0;
	expiry->timer = (__u64)timer;
	expiry->snd_nxt = BPF_CORE_READ((struct tcp_sock *)sk, snd_nxt);
	return 0;
}

SEC("tp_btf/timer_expire_exit")
int BPF_PROG(end_timer, struct timer_list *timer)
{
	struct retransmit event = { .kind = NEW_DATA };
	struct sock *sk = sock_of_timer(timer);
	struct expiry *expiry;
	__u32 key = 0;

	expiry = bpf_map_lookup_elem(&expiries, &key);
	if (!expiry || expiry->timer != (__u64)timer)
		return 0;
	expiry->timer = 0;
	if (BPF_CORE_READ((struct tcp_sock *)sk, snd_nxt) == (__u32)expiry->snd_nxt || !keep_kind(sk, false))
		return 0;
	set_endpoints(&event.ends, sk, false);
	event.seq = expiry->snd_nxt;
	event.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	emit(sk, event, netns_of(sk, false), false);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
