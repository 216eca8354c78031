// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One event for each TCP connection that a task takes from a listening socket.
#include "accept.bpf.h"

struct accept {
	struct origin origin;
	struct endpoints ends;
};

EVENTS(struct accept);

static __always_inline void accepted(struct sock *sk, __u64 time_ns, const bool typed)
{
	struct endpoints ends;
	struct accept *e;

	if (!keep_kind(sk, typed))
		return;
	set_endpoints(&ends, sk, typed);
	if (!keep_ends(&ends, netns_of(sk, typed)))
		return;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return;
	}
	set_origin(&e->origin, time_ns, netns_of(sk, typed));
	e->ends = ends;
	bpf_ringbuf_submit(e, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
