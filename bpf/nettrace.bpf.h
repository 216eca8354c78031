/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every program shares: who did it, between which endpoints, and what was lost. */
#ifndef NETTRACE_BPF_H
#define NETTRACE_BPF_H

#include "cgroup.bpf.h"
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

/* When it happened, who did it and where: time of CLOCK_MONOTONIC, the current task, the socket's network namespace. */
struct origin {
	__u64 time_ns;
	__u64 cgroup_id;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 netns;
	char comm[16];
};

/* Both ends of a socket: addresses of 16 bytes (IPv4 as ::ffff:a.b.c.d), ports in host order. */
struct endpoints {
	__u8 laddr[16];
	__u8 raddr[16];
	__u16 lport;
	__u16 rport;
	__u16 family;
	__u16 protocol;
};

/* One way to lose an event; user space finds every variable named lost_* and reports those that are not zero. */
#define LOST(cause) __u64 lost_##cause = 0
#define COUNT_LOST(cause) __sync_fetch_and_add(&lost_##cause, 1)

/*
 * What is kept of each open socket, by its address. User space sets how many there may be. Entries are allocated as sockets
 * come, so room for many costs nothing; for kernels that do not let all programs allocate, user space takes the flag away.
 */
#define PER_SOCKET(name, value_type)										\
	struct {												\
		__uint(type, BPF_MAP_TYPE_HASH);								\
		__uint(max_entries, 1);										\
		__uint(map_flags, BPF_F_NO_PREALLOC);								\
		__type(key, __u64);										\
		__type(value, value_type);									\
	} name SEC(".maps")

/*
 * A ring of `record`s for the object. The size is a default: user space sets it before load. The unused pointer puts
 * the type into BTF, where the layout generator finds it.
 */
#define EVENTS(record)												\
	LOST(ring_full);											\
	const record *unused_record __attribute__((unused)) = 0;						\
	struct {												\
		__uint(type, BPF_MAP_TYPE_RINGBUF);								\
		__uint(max_entries, 1 << 21);									\
	} events SEC(".maps")


/*
 * READ() loads a member of a kernel struct: straight where the verifier knows the pointer's type (`typed`; this also
 * loads under lockdown=confidentiality, where probe reads are refused), through a probe read elsewhere. `typed` is a
 * compile-time constant, so one of the two is dead code.
 */
#define READ(typed, p, member)											\
	({													\
		typeof((p)->member) __value;									\
		if (typed)											\
			__value = (p)->member;									\
		else												\
			bpf_core_read(&__value, sizeof(__value), &(p)->member);					\
		__value;											\
	})

/*
 * The local port in host order. A socket that was reset has given skc_num back already (inet_put_port), but keeps
 * inet_sport; skc_num is right for all others, MPTCP's and request sockets among them.
 */
static __always_inline __u16 local_port(struct sock *sk, const bool typed)
{
	__u16 port = READ(typed, sk, __sk_common.skc_num);

	if (port)
		return port;
	if (typed) {
		struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

		return tp ? __builtin_bswap16(tp->inet_conn.icsk_inet.inet_sport) : 0;
	}
	return __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

static __always_inline void set_mapped(__u8 addr[16], __be32 ipv4)
{
	__u32 *words = (__u32 *)addr;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ipv4;
}

static __always_inline void set_ipv6(__u8 addr[16], struct in6_addr *from, const bool typed)
{
	__u32 *words = (__u32 *)addr;

	if (!typed) {
		bpf_core_read(addr, 16, from);
		return;
	}
	words[0] = from->in6_u.u6_addr32[0];
	words[1] = from->in6_u.u6_addr32[1];
	words[2] = from->in6_u.u6_addr32[2];
	words[3] = from->in6_u.u6_addr32[3];
}

/* Fills every byte of `ends` from a TCP socket. */
static __always_inline void set_endpoints(struct endpoints *ends, struct sock *sk, const bool typed)
{
	ends->lport = local_port(sk, typed);
	ends->rport = __builtin_bswap16(READ(typed, sk, __sk_common.skc_dport));
	ends->family = READ(typed, sk, __sk_common.skc_family);
	ends->protocol = READ(typed, sk, sk_protocol);
	if (ends->family == AF_INET) {
		set_mapped(ends->laddr, READ(typed, sk, __sk_common.skc_rcv_saddr));
		set_mapped(ends->raddr, READ(typed, sk, __sk_common.skc_daddr));
	} else {
		set_ipv6(ends->laddr, &sk->__sk_common.skc_v6_rcv_saddr, typed);
		set_ipv6(ends->raddr, &sk->__sk_common.skc_v6_daddr, typed);
	}
}

/* The socket behind an open file, or NULL if it is none, or one that is being closed. */
static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

static __always_inline __u32 netns_of(struct sock *sk, const bool typed)
{
	struct net *net = READ(typed, sk, __sk_common.skc_net.net);

	return READ(typed, net, ns.inum);
}

/* Fills every byte of `origin`: the current task at `time_ns`. */
static __always_inline void set_origin(struct origin *origin, __u64 time_ns, __u32 netns)
{
	__u64 id = bpf_get_current_pid_tgid();

	origin->time_ns = time_ns;
	origin->cgroup_id = bpf_get_current_cgroup_id();
	origin->pid = id >> 32;
	origin->tid = id;
	origin->uid = bpf_get_current_uid_gid();
	origin->netns = netns;
	bpf_get_current_comm(origin->comm, sizeof(origin->comm));
	note_cgroup((void *)bpf_get_current_task());
}

#endif
