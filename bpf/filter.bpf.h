/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filters that every tool shares. Each is off unless user space sets its constant before load, and is dead code to
 * the verifier then. A filter's map tells what to do with what it lists; the constant, what to do with the rest.
 */
#ifndef NETTRACE_FILTER_BPF_H
#define NETTRACE_FILTER_BPF_H

#include "nettrace.bpf.h"

enum filter { OFF, LEAVE_OUT_OTHERS, KEEP_OTHERS };

/* Of a value in a filter's map: set if what is listed is to be kept. */
#define KEEP 1

#define FILTER_SET(name)											\
	const volatile __u8 filter_##name = OFF;								\
	struct {												\
		__uint(type, BPF_MAP_TYPE_HASH);								\
		__uint(max_entries, 1);										\
		__type(key, __u64);										\
		__type(value, __u8);										\
	} name SEC(".maps")

/* The first `bits` of `bytes`; the longest match decides. */
struct prefix {
	__u32 bits;
	__u8 bytes[16];
};

#define FILTER_PREFIXES(name)											\
	const volatile __u8 filter_##name = OFF;								\
	struct {												\
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);								\
		__uint(max_entries, 1);										\
		__uint(map_flags, BPF_F_NO_PREALLOC);								\
		__type(key, struct prefix);									\
		__type(value, __u8);										\
	} name SEC(".maps")

FILTER_SET(pids);
FILTER_SET(uids);
FILTER_SET(netnses);
FILTER_SET(cgroups);
FILTER_PREFIXES(comms);
FILTER_PREFIXES(laddrs);
FILTER_PREFIXES(raddrs);

const volatile __u16 filter_family = 0;
const volatile bool filter_lports = false;
const volatile __u8 lports[65536 / 8] = {}; /* a bit a port */
const volatile bool filter_rports = false;
const volatile __u8 rports[65536 / 8] = {};

/* Stand-ins for maps that the user pinned (bcc's docs/special_filtering.md: u64 keys, any value). */
const volatile bool filter_cgroupmap = false;
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} cgroupmap SEC(".maps");

const volatile bool filter_mntnsmap = false;
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u32);
} mntnsmap SEC(".maps");

static __always_inline bool verdict(const __u8 *listed, __u8 filter)
{
	return listed ? *listed & KEEP : filter == KEEP_OTHERS;
}

static __always_inline bool keep_in(void *set, __u64 key, __u8 filter)
{
	return verdict(bpf_map_lookup_elem(set, &key), filter);
}

static __always_inline bool keep_prefix(void *trie, const void *bytes, __u8 filter)
{
	struct prefix key = { .bits = 128 };

	__builtin_memcpy(key.bytes, bytes, sizeof(key.bytes));
	return verdict(bpf_map_lookup_elem(trie, &key), filter);
}

#define DEEPEST_CGROUP 16

/*
 * The set holds cgroups as they were at start; those made below them since are found by their ancestors, which are
 * walked here because tracing programs got bpf_get_current_ancestor_cgroup_id only after 5.10.
 */
static __always_inline bool keep_cgroup(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u8 *listed = NULL;

	for (int depth = 0; cgroup && !listed && depth < DEEPEST_CGROUP; depth++) {
		__u64 id = BPF_CORE_READ(cgroup, kn, id);

		listed = bpf_map_lookup_elem(&cgroups, &id);
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	return verdict(listed, filter_cgroups);
}

/* True if tasks are judged at all: then what belongs to an unknown task is left out. */
static __always_inline bool judges_tasks(void)
{
	return filter_pids || filter_uids || filter_comms || filter_cgroups || filter_cgroupmap || filter_mntnsmap;
}

/* False if the current task is filtered out. */
static __always_inline bool keep_task(void)
{
	if (filter_pids && !keep_in(&pids, bpf_get_current_pid_tgid() >> 32, filter_pids))
		return false;
	if (filter_uids && !keep_in(&uids, (__u32)bpf_get_current_uid_gid(), filter_uids))
		return false;
	if (filter_comms) {
		char comm[16] = {}; /* 6.1 leaves what is behind the name (strscpy in kernel/bpf/helpers.c) */

		bpf_get_current_comm(comm, sizeof(comm));
		if (!keep_prefix(&comms, comm, filter_comms))
			return false;
	}
	if (filter_cgroups && !keep_cgroup())
		return false;
	if (filter_cgroupmap) {
		__u64 id = bpf_get_current_cgroup_id();

		if (!bpf_map_lookup_elem(&cgroupmap, &id))
			return false;
	}
	if (filter_mntnsmap) {
		struct task_struct *task = (void *)bpf_get_current_task();
		__u64 inum = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);

		if (!bpf_map_lookup_elem(&mntnsmap, &inum))
			return false;
	}
	return true;
}

/*
 * `comm` must be zero: a filter compares all of it, and before 5.17 a task's name has what is left of a longer one behind
 * its end (strlcpy in __set_task_comm, fs/exec.c).
 */
static __always_inline void read_comm(char comm[16], const struct task_struct *task)
{
	bpf_core_read_str(comm, 16, &task->comm);
}

/* False if another task than the current one is filtered out, as an iterator comes by it. */
static __always_inline bool keep_holder(struct task_struct *task, __u32 pid, __u32 uid, const char comm[16],
					__u64 cgroup_id)
{
	if (filter_pids && !keep_in(&pids, pid, filter_pids))
		return false;
	if (filter_uids && !keep_in(&uids, uid, filter_uids))
		return false;
	if (filter_comms && !keep_prefix(&comms, comm, filter_comms))
		return false;
	if (filter_cgroups && !keep_in(&cgroups, cgroup_id, filter_cgroups))
		return false;
	if (filter_cgroupmap && !bpf_map_lookup_elem(&cgroupmap, &cgroup_id))
		return false;
	if (filter_mntnsmap) {
		__u64 inum = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);

		if (!bpf_map_lookup_elem(&mntnsmap, &inum))
			return false;
	}
	return true;
}

/* False if a socket of this kind is filtered out: not TCP over IP, or not of the family asked for. */
static __always_inline bool keep_kind(struct sock *sk, const bool typed)
{
	__u16 family = READ(typed, sk, __sk_common.skc_family);
	__u16 protocol = READ(typed, sk, sk_protocol);

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP)
		return false;
	return !filter_family || family == filter_family;
}

/* `port` passes through a barrier, or clang drops the mask without which 5.10's verifier sees no bound on it. */
#define HAS_PORT(bits, port)											\
	({													\
		__u32 __port = port;										\
		barrier_var(__port);										\
		__port &= 0xffff;										\
		(bits)[__port >> 3] & 1 << (__port & 7);							\
	})

/* False if both ends, or the network namespace, are filtered out. */
static __always_inline bool keep_ends(const struct endpoints *ends, __u32 netns)
{
	if (filter_lports && !HAS_PORT(lports, ends->lport))
		return false;
	if (filter_rports && !HAS_PORT(rports, ends->rport))
		return false;
	if (filter_laddrs && !keep_prefix(&laddrs, ends->laddr, filter_laddrs))
		return false;
	if (filter_raddrs && !keep_prefix(&raddrs, ends->raddr, filter_raddrs))
		return false;
	return !filter_netnses || keep_in(&netnses, netns, filter_netnses);
}

/* Set if children are to be kept, or left out, as their parent is (--children). */
const volatile bool filter_children = false;
LOST(children); /* processes not followed as there was no room for them */

/*
 * A process is freed (delayed_put_task_struct in kernel/exit.c) a grace period after its number can be another's. So above
 * KEEP an entry counts the processes of its number, besides the one, that are not freed yet; and a process that is not to
 * be followed takes away what one before it has left.
 */
#define UNFREED (KEEP << 1)

SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	__u64 from = parent->tgid, to = child->tgid;
	__u8 *parents, *before, own;

	if (!filter_children || from == to)
		return 0;
	parents = bpf_map_lookup_elem(&pids, &from);
	if (!parents) {
		bpf_map_delete_elem(&pids, &to);
		return 0;
	}
	own = *parents & KEEP;
	before = bpf_map_lookup_elem(&pids, &to);
	if (before)
		own |= (*before & ~KEEP) + UNFREED;
	if (bpf_map_update_elem(&pids, &to, &own, BPF_ANY))
		COUNT_LOST(children);
	return 0;
}

/* Not at its exit, which comes before its sockets are closed. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(forget_process, struct task_struct *task)
{
	__u64 pid = task->tgid;
	__u8 *entry;

	if (!filter_children || task->pid != task->tgid)
		return 0;
	entry = bpf_map_lookup_elem(&pids, &pid);
	if (entry && *entry >= UNFREED)
		*entry -= UNFREED;
	else
		bpf_map_delete_elem(&pids, &pid);
	return 0;
}

#endif
