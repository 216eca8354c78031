/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting in the kernel, in place of an event each: user space reads the counts once, at the end. */
#ifndef NETTRACE_COUNT_BPF_H
#define NETTRACE_COUNT_BPF_H

#include "nettrace.bpf.h"

const volatile bool counting = false;

LOST(count_full); /* events not counted as there was no room for what they would be counted under */

/*
 * Counts by keys of a type, which has no padding. The unused pointer puts an entry of the map, key and value, into BTF,
 * where the layout generator finds it. The map has one entry, until user space makes room where counts are asked for.
 */
#define COUNTS(key_type)											\
	struct count {												\
		key_type key;											\
		__u64 count;											\
	};													\
	const struct count *unused_count __attribute__((unused)) = 0;						\
	struct {												\
		__uint(type, BPF_MAP_TYPE_HASH);								\
		__uint(max_entries, 1);										\
		__type(key, key_type);										\
		__type(value, __u64);										\
	} counts SEC(".maps");											\
														\
	static __always_inline void count(const key_type *key)							\
	{													\
		__u64 *found = bpf_map_lookup_elem(&counts, key), zero = 0;					\
														\
		if (!found) {											\
			bpf_map_update_elem(&counts, key, &zero, BPF_NOEXIST);					\
			found = bpf_map_lookup_elem(&counts, key);						\
		}												\
		if (found)											\
			__sync_fetch_and_add(found, 1);								\
		else												\
			COUNT_LOST(count_full);									\
	}

#endif
