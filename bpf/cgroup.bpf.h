/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of cgroups for --show, noted when a cgroup is first seen: it may be gone when user space asks where an event
 * came from, as those of short-lived containers are.
 */
#ifndef NETTRACE_CGROUP_BPF_H
#define NETTRACE_CGROUP_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define CGROUP_LEVELS 10
#define CGROUP_NAME_BYTES 128

/* From the cgroup itself towards the root; empty ones after the last. */
struct cgroup_names {
	__u64 whole; /* 0 until all are there, none of them cut */
	char names[CGROUP_LEVELS][CGROUP_NAME_BYTES];
};

const volatile bool noting_cgroups = false;

/* One entry, until user space makes room where names are asked for; what finds none is looked up by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct cgroup_names);
} cgroup_names SEC(".maps");

/* Zeros to make an entry of, which are too many for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgroup_names);
} no_names SEC(".maps");

/* Notes the names of a task's cgroup, in the entry itself: whoever made that is the only one to write to it. */
static __always_inline void note_cgroup(struct task_struct *task)
{
	struct cgroup_names *noted;
	struct cgroup *cgroup;
	bool cut = false;
	__u32 first = 0;
	__u64 id;

	if (!noting_cgroups)
		return;
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	id = BPF_CORE_READ(cgroup, kn, id);
	if (bpf_map_lookup_elem(&cgroup_names, &id))
		return;
	noted = bpf_map_lookup_elem(&no_names, &first);
	if (!noted || bpf_map_update_elem(&cgroup_names, &id, noted, BPF_NOEXIST))
		return;
	noted = bpf_map_lookup_elem(&cgroup_names, &id);
	if (!noted)
		return;
#pragma unroll
	for (int level = 0; level < CGROUP_LEVELS; level++) {
		if (cgroup) {
			long bytes = bpf_probe_read_kernel_str(noted->names[level], CGROUP_NAME_BYTES,
							       BPF_CORE_READ(cgroup, kn, name));

			cut |= bytes < 0 || bytes == CGROUP_NAME_BYTES; /* which a name that just fits has, too */
		}
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	noted->whole = !cgroup && !cut;
}

#endif
