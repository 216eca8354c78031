// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes that each thread sends to and receives from each TCP connection. */
#include "bytes.bpf.h"

/*
 * A connection of a thread. The memory of a socket may be another's within an interval, but hardly with the same ports and
 * hash of both ends, so these are part of the key, and all else is looked up once an interval.
 */
struct key {
	__u64 sk;
	__u32 hash;
	__u32 ports;
	__u32 pid;
	__u32 tid;
};

struct bytes {
	__u64 rx_bytes;
	__u64 tx_bytes;
	__u64 cgroup_id;
	struct endpoints ends;
	__u32 uid;
	__u32 netns;
	char comm[16];
};

struct sample {
	struct key key;
	struct bytes bytes;
};

SAMPLES(BPF_MAP_TYPE_HASH, struct key, struct bytes, 16384);

char _license[] SEC("license") = "Dual BSD/GPL";

static __always_inline struct bytes *first_bytes(const struct key *key, struct sock *sk, const struct holder *holder,
						 const bool typed)
{
	struct bytes first = {};

	set_endpoints(&first.ends, sk, typed);
	first.netns = netns_of(sk, typed);
	if (!keep_ends(&first.ends, first.netns) || !keep_bytes_of(holder))
		return NULL;
	if (holder) {
		first.cgroup_id = holder->cgroup_id;
		first.uid = holder->uid;
		__builtin_memcpy(first.comm, holder->comm, sizeof(first.comm));
	} else {
		first.cgroup_id = bpf_get_current_cgroup_id();
		first.uid = bpf_get_current_uid_gid();
		bpf_get_current_comm(first.comm, sizeof(first.comm));
		note_cgroup((void *)bpf_get_current_task());
	}
	return sample_of(key, &first);
}

static __always_inline void count_bytes(struct sock *sk, enum direction direction, __u64 bytes,
					const struct holder *holder, const bool typed)
{
	struct key key = {
		.sk = (__u64)sk,
		.hash = READ(typed, sk, __sk_common.skc_hash),
		.ports = READ(typed, sk, __sk_common.skc_dport) << 16 | READ(typed, sk, __sk_common.skc_num),
	};
	struct bytes *counted;

	if (holder) {
		key.pid = holder->pid;
		key.tid = holder->tid;
	} else {
		__u64 id = bpf_get_current_pid_tgid();

		key.pid = id >> 32;
		key.tid = id;
	}
	counted = sampled(&key);
	if (!counted)
		counted = first_bytes(&key, sk, holder, typed);
	if (counted)
		__sync_fetch_and_add(direction == RX ? &counted->rx_bytes : &counted->tx_bytes, bytes);
}
