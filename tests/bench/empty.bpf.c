// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a program costs that does nothing: the kernel's call of it, and the clock readings of bpf_stats.
#include "kernel.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/inet_sock_set_state")
int empty(void *ctx)
{
	return 0;
}
