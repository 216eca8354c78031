/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting by endpoints in the kernel, in place of an event each: user space reads the counts once, at the end. */
#ifndef NETTRACE_COUNT_BPF_H
#define NETTRACE_COUNT_BPF_H

#include "nettrace.bpf.h"

/* An entry of `counts`, key and value. The unused pointer puts it into BTF, where the layout generator finds it. */
struct count {
	struct endpoints ends;
	__u64 count;
};
const struct count *unused_count __attribute__((unused)) = 0;

const volatile bool counting = false;

/* One entry, until user space makes room where counts are asked for. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct endpoints);
	__type(value, __u64);
} counts SEC(".maps");

LOST(count_full); /* events not counted as there was no room for what they would be counted under */

/* Counts one event of these ends, of which the caller has zeroed what is not counted by. */
static __always_inline void count(const struct endpoints *ends)
{
	__u64 *found = bpf_map_lookup_elem(&counts, ends), zero = 0;

	if (!found) {
		bpf_map_update_elem(&counts, ends, &zero, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&counts, ends);
	}
	if (found)
		__sync_fetch_and_add(found, 1);
	else
		COUNT_LOST(count_full);
}

#endif
