// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes that are sent to and received from each of some subnets over TCP. */
#include "bytes.bpf.h"

struct bytes {
	__u64 rx_bytes;
	__u64 tx_bytes;
};

struct sample {
	__u32 subnet;
	__u32 cpu;
	struct bytes bytes;
};

/* User space makes room for all subnets. */
SAMPLES(BPF_MAP_TYPE_PERCPU_HASH, __u32, struct bytes, 1);

/* What each prefix counts as, by user space's choice of the first or the longest subnet with an address. */
#define NO_SUBNET 0xffffffff
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} subnets SEC(".maps");

char _license[] SEC("license") = "Dual BSD/GPL";

static __always_inline void count_bytes(struct sock *sk, enum direction direction, __u64 bytes,
					const struct holder *holder, const bool typed)
{
	const struct bytes none = {};
	struct prefix address = { .bits = 128 };
	struct endpoints ends;
	struct bytes *counted;
	__u32 *subnet;

	set_endpoints(&ends, sk, typed);
	if (!keep_ends(&ends, netns_of(sk, typed)) || !keep_bytes_of(holder))
		return;
	__builtin_memcpy(address.bytes, ends.raddr, sizeof(address.bytes));
	subnet = bpf_map_lookup_elem(&subnets, &address);
	if (!subnet || *subnet == NO_SUBNET)
		return;
	counted = sample_of(subnet, &none);
	/* Atomic, as another task may preempt this one here. */
	if (counted)
		__sync_fetch_and_add(direction == RX ? &counted->rx_bytes : &counted->tx_bytes, bytes);
}
