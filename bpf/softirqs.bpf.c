// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long the kernel's soft interrupts run, by vector, and how often. */
#include "sample.bpf.h"

#define NR_SOFTIRQS 10 /* include/linux/interrupt.h */
#define SLOTS 36       /* by powers of two: the last is for 2^35 and more, half a minute in ns */
#define ALL_CPUS -1

struct duration {
	__u64 count;
	__u64 total_ns;
	__u64 slots[SLOTS]; /* the first is for 0 and 1 */
};

struct sample {
	__u32 vector;
	__u32 cpu;
	struct duration duration;
};

SAMPLES(BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct duration, NR_SOFTIRQS);

/* Softirqs of one CPU do not nest, so a start each is enough. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} started_ns SEC(".maps");

const volatile bool counting = false; /* without times */
const volatile int only_cpu = ALL_CPUS;
const volatile __u32 slot_unit_ns = 1000;

char _license[] SEC("license") = "Dual BSD/GPL";

static __always_inline bool elsewhere(void)
{
	return only_cpu != ALL_CPUS && only_cpu != (int)bpf_get_smp_processor_id();
}

static __always_inline __u32 log2_of(__u64 n)
{
	__u32 log = 0;

	for (int bits = 32; bits; bits >>= 1) {
		if (n >> bits) {
			n >>= bits;
			log += bits;
		}
	}
	return log;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(entered, unsigned int vector)
{
	__u32 first = 0;
	__u64 *start_ns;

	if (elsewhere())
		return 0;
	if (counting) {
		struct duration *counted = sample_of(&vector, 0);

		if (counted)
			counted->count++;
		return 0;
	}
	start_ns = bpf_map_lookup_elem(&started_ns, &first);
	if (start_ns)
		*start_ns = bpf_ktime_get_ns();
	return 0;
}

/* One that began before this was attached has no start, and does not count; one that spans an interval's end counts here. */
SEC("tp_btf/softirq_exit")
int BPF_PROG(left, unsigned int vector)
{
	__u32 first = 0, slot;
	__u64 *start_ns, spent_ns;
	struct duration *total;

	if (counting || elsewhere())
		return 0;
	start_ns = bpf_map_lookup_elem(&started_ns, &first);
	if (!start_ns || !*start_ns)
		return 0;
	spent_ns = bpf_ktime_get_ns() - *start_ns;
	*start_ns = 0;
	total = sample_of(&vector, 0);
	if (!total)
		return 0;
	total->count++;
	total->total_ns += spent_ns;
	slot = log2_of(spent_ns / slot_unit_ns);
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	total->slots[slot]++;
	return 0;
}
