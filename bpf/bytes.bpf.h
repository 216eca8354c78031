/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes that TCP sockets send and receive, counted where tasks hand them over and where they take them. */
#ifndef NETTRACE_BYTES_BPF_H
#define NETTRACE_BYTES_BPF_H

#include "compat.bpf.h"
#include "filter.bpf.h"
#include "sample.bpf.h"

enum direction { TX, RX };

/* A task other than the current one; pid is 0 where none is known. */
struct holder {
	__u64 cgroup_id;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	char comm[16];
};

/*
 * Counts bytes of a TCP or MPTCP socket, unless they are filtered out; for the includer to define. A `holder` of NULL is
 * the current task.
 */
static __always_inline void count_bytes(struct sock *sk, enum direction direction, __u64 bytes,
					const struct holder *holder, const bool typed);

/* False if the task that bytes are counted for is filtered out; other holders than the current task are judged before. */
static __always_inline bool keep_bytes_of(const struct holder *holder)
{
	if (!holder)
		return keep_task();
	return holder->pid || !judges_tasks();
}

#include "received.bpf.h"
#include "sent.bpf.h"
#include "written.bpf.h"

#endif
