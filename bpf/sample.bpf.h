/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counting in the kernel, for user space to look at every now and then. There are two maps, and programs count into one
 * of them; to look, user space puts the other in its place, then reads and empties the first. The kernel ends that
 * exchange only when no program uses the old map any more (maybe_wait_bpf_programs, kernel/bpf/syscall.c, since 4.19),
 * so what is read is final, and each event is counted in exactly one interval.
 */
#ifndef NETTRACE_SAMPLE_BPF_H
#define NETTRACE_SAMPLE_BPF_H

#include "nettrace.bpf.h"

LOST(sample_full); /* events not counted as there was no room for what they would be counted under */

/*
 * Maps for `struct sample`, which the includer declares: the key, then the value. The unused pointer puts it into BTF,
 * where the layout generator finds it.
 */
#define SAMPLES(map_type, key_type, value_type, entries)							\
	const struct sample *unused_sample __attribute__((unused)) = 0;						\
	struct sample_map {											\
		__uint(type, map_type);										\
		__uint(max_entries, entries);									\
		__type(key, key_type);										\
		__type(value, value_type);									\
	} samples_0 SEC(".maps"), samples_1 SEC(".maps");							\
	struct {												\
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);							\
		__uint(max_entries, 1);										\
		__type(key, __u32);										\
		__array(values, struct sample_map);								\
	} samples SEC(".maps") = { .values = { (void *)&samples_0 } };						\
														\
	/* What is counted under this key in this interval; NULL if nothing is yet. */				\
	static __always_inline __attribute__((unused)) value_type *sampled(const key_type *key)			\
	{													\
		__u32 first = 0;										\
		void *now = bpf_map_lookup_elem(&samples, &first);						\
														\
		return now ? bpf_map_lookup_elem(now, key) : 0;							\
	}													\
														\
	/* What is counted under this key, from `initial` on; NULL, and that is counted, if there is no room. */	\
	static __always_inline value_type *sample_of(const key_type *key, const value_type *initial)		\
	{													\
		__u32 first = 0;										\
		void *now = bpf_map_lookup_elem(&samples, &first);						\
		value_type *found = now ? bpf_map_lookup_elem(now, key) : 0;					\
														\
		if (!found && now && initial) {									\
			bpf_map_update_elem(now, key, initial, BPF_NOEXIST);					\
			found = bpf_map_lookup_elem(now, key);							\
		}												\
		if (!found)											\
			COUNT_LOST(sample_full);								\
		return found;											\
	}

#endif
