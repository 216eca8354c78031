// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// tcpaccept with two more programs, which make its records without connections: as many and as fast as a bench wants.
#include "tcpaccept.bpf.c"

#define BPF_RB_NO_WAKEUP 1

static const char made_up_comms[8][16] = { "nginx", "postgres", "sshd", "redis-server", "java", "haproxy", "kube-apiserver", "node" };

/* The record number `i`; every fourth is of IPv6. What is not said here is zero. */
static __always_inline void make_up(struct accept *e, __u32 i)
{
	__u32 client = i * 2654435761;
	__u32 *laddr = (__u32 *)e->ends.laddr, *raddr = (__u32 *)e->ends.raddr;

	__builtin_memset(e, 0, sizeof(*e));
	e->origin.cgroup_id = 4242;
	e->origin.pid = 1000 + (client >> 12) % 60000;
	e->origin.tid = e->origin.pid;
	e->origin.uid = 33;
	e->origin.netns = 4026531840;
	__builtin_memcpy(e->origin.comm, made_up_comms[client >> 8 & 7], 16);
	e->ends.lport = 443;
	e->ends.rport = 32768 + client % 28000;
	e->ends.family = i & 3 ? AF_INET : AF_INET6;
	e->ends.protocol = IPPROTO_TCP;
	if (i & 3) {
		set_mapped(e->ends.laddr, bpf_htonl(0x0a000005));
		set_mapped(e->ends.raddr, client);
	} else {
		laddr[0] = raddr[0] = bpf_htonl(0x20010db8);
		laddr[3] = bpf_htonl(5);
		raddr[1] = client;
		raddr[3] = client >> 7;
	}
}

static long put(__u32 i, __u32 *put_records)
{
	struct accept *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 1;
	make_up(e, i);
	e->origin.time_ns = 1000000000000 + i * 1009ULL;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	++*put_records;
	return 0;
}

struct wanted {
	__u32 records;
};

/* Puts as many records into the ring as wanted, or as fit, and returns how many. */
SEC("syscall")
int fill(struct wanted *ctx)
{
	__u32 put_records = 0;

	bpf_loop(ctx->records, put, &put_records, 0);
	return put_records;
}

#if defined(__TARGET_ARCH_x86)
#define GETPPID 110
#elif defined(__TARGET_ARCH_arm64)
#define GETPPID 173
#endif

static __always_inline bool is_producer(void)
{
	__u64 comm[2], wanted[2];

	bpf_get_current_comm(comm, sizeof(comm));
	__builtin_memcpy(wanted, "bench-producer\0", sizeof(wanted));
	return comm[0] == wanted[0] && comm[1] == wanted[1];
}

/* A record for each getppid of bench-producer, with the wake-up that tcpaccept's have. */
SEC("raw_tp/sys_enter")
int produce(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct accept *e;

	if (ctx->args[1] != GETPPID || !is_producer())
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		COUNT_LOST(ring_full);
		return 0;
	}
	make_up(e, now >> 4);
	e->origin.time_ns = now;
	bpf_ringbuf_submit(e, 0);
	return 0;
}
