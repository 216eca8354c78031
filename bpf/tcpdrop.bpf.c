// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each TCP packet that the kernel drops, with its reason and the way to the place where it did.
#include "count.bpf.h"
#include "owner.bpf.h"
#include "packet.bpf.h"

#define FRAMES 32

struct drop {
	struct origin origin;
	__u64 location;		/* the return address of who dropped it */
	__u64 stack[FRAMES];	/* from here outwards; zeros after the last */
	__u8 saddr[16];
	__u8 daddr[16];
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u8 state;		/* of the socket; 0 if none is known */
	__u8 flags;
	__u32 reason;
	__u32 reason_known;	/* 0 where the kernel gives no reasons */
};

/* What -c counts by. */
struct cause {
	__u64 location;
	__u32 reason;
	__u32 reason_known;
};

EVENTS(struct drop);
COUNTS(struct cause);
LOST(headless); /* packets of which the header cannot be read */

/* A bit for each of the core's reasons that is not to be shown; user space knows what their numbers mean here. */
#define CORE_REASONS 1024
const volatile __u8 ignored_reasons[CORE_REASONS / 8] = {};

/* Not filter_family, which is of sockets: those of IPv6 send and receive IPv4 too, and their owners must be known. */
const volatile __u16 packet_family = 0;

static __always_inline bool is_ignored(__u32 reason)
{
	__u32 bit = reason & (CORE_REASONS - 1);

	barrier_var(bit);
	bit &= CORE_REASONS - 1;
	return reason < CORE_REASONS && ignored_reasons[bit >> 3] & 1 << (bit & 7);
}

/*
 * The TCP socket that the packet is from or for, or NULL. What is not a full socket has the common part only, and of
 * that which is there, other protocols send TCP too (raw sockets, tunnels).
 */
static __always_inline struct sock *socket_of(struct sk_buff *skb, struct sock *receiver, __u8 *state)
{
	struct sock *sk = receiver;
	__u16 family = sk ? BPF_CORE_READ(sk, __sk_common.skc_family) : 0;
	__u16 protocol;

	/* 6.12's verifier takes the receiver for one that is always there, so only its family tells. */
	if (!family) {
		sk = BPF_CORE_READ(skb, sk);
		family = BPF_CORE_READ(sk, __sk_common.skc_family);
	}
	if (family != AF_INET && family != AF_INET6)
		return NULL;
	*state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (*state == TCP_TIME_WAIT || *state == TCP_NEW_SYN_RECV)
		return sk;
	protocol = BPF_CORE_READ(sk, sk_protocol);
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP ? sk : NULL;
}

/* A packet that is dropped before it has an IP header is one that a socket sends: for want of a route, mostly. */
static __always_inline bool describe_unsent(struct packet *packet, struct sk_buff *skb, struct sock *sk, __u8 state)
{
	__u32 at = (__u64)skb->data - (__u64)skb->head;
	struct endpoints ends;
	struct tcp_head tcp;

	if (!sk || skb->protocol || state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV)
		return false;
	set_endpoints(&ends, sk, false);
	__builtin_memcpy(packet->saddr, ends.laddr, sizeof(ends.laddr));
	__builtin_memcpy(packet->daddr, ends.raddr, sizeof(ends.raddr));
	packet->sport = ends.lport;
	packet->dport = ends.rport;
	packet->family = ends.family;
	packet->flags = 0;
	if (skb->transport_header == at && READ_HEADER(&tcp, skb, at))
		packet->flags = tcp.flags;
	return true;
}

/* The local end is where a received packet goes to, and where another comes from. */
static __always_inline bool keep_packet(const struct packet *packet, bool received, __u32 netns)
{
	struct endpoints ends = {
		.lport = received ? packet->dport : packet->sport,
		.rport = received ? packet->sport : packet->dport,
	};

	__builtin_memcpy(ends.laddr, received ? packet->daddr : packet->saddr, sizeof(ends.laddr));
	__builtin_memcpy(ends.raddr, received ? packet->saddr : packet->daddr, sizeof(ends.raddr));
	return keep_ends(&ends, netns);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(dropped, struct sk_buff *skb, void *location)
{
	__u32 reason = drop_reason(ctx), netns;
	struct packet packet = {};
	struct owner *owner = NULL;
	enum parsed parsed;
	struct sock *sk;
	__u8 state = 0;
	struct drop *e;

	if (has_drop_reasons() && is_ignored(reason))
		return 0;
	parsed = parse_packet(&packet, skb);
	if (parsed == CUT_OFF)
		COUNT_LOST(headless);
	if (parsed == CUT_OFF || (parsed == NOT_TCP && skb->protocol))
		return 0;
	sk = socket_of(skb, drop_receiver(ctx), &state);
	if (!sk)
		state = 0;
	if (parsed != TCP && !describe_unsent(&packet, skb, sk, state))
		return 0;
	if (packet_family && packet.family != packet_family)
		return 0;
	if (sk)
		owner = owner_of(state == TCP_NEW_SYN_RECV ? BPF_CORE_READ(sk, __sk_common.skc_listener) : sk, false);
	if (!keep_owner(owner))
		return 0;
	netns = sk ? netns_of(sk, false) : BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
	if (!keep_packet(&packet, skb->skb_iif || !sk, netns))
		return 0;
	if (counting) {
		struct cause cause = { (__u64)location, reason, has_drop_reasons() };

		count(&cause);
		return 0;
	}
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return 0;
	}
	set_owner(&e->origin, owner, bpf_ktime_get_ns(), netns);
	e->location = (__u64)location;
	bpf_get_stack(ctx, e->stack, sizeof(e->stack), 0); /* fills what it has no frames for, even if it fails */
	__builtin_memcpy(e->saddr, packet.saddr, sizeof(e->saddr));
	__builtin_memcpy(e->daddr, packet.daddr, sizeof(e->daddr));
	e->sport = packet.sport;
	e->dport = packet.dport;
	e->family = packet.family;
	e->state = state;
	e->flags = packet.flags;
	e->reason = reason;
	e->reason_known = has_drop_reasons();
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int oldstate, int newstate)
{
	if (sk->sk_protocol == IPPROTO_TCP && keep_kind(sk, true))
		learn_owner(sk, oldstate, newstate, bpf_ktime_get_ns());
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
