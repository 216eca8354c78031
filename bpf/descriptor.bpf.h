/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a file descriptor of the current task to its socket. */
#ifndef NETTRACE_DESCRIPTOR_BPF_H
#define NETTRACE_DESCRIPTOR_BPF_H

#include "nettrace.bpf.h"

LOST(fd_gone); /* another thread closed the descriptor before its socket could be read */

/* The socket behind a descriptor of the current task, or NULL if it is none, or one that is being closed. */
static __always_inline struct sock *sock_of(unsigned int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return sock_of_file(file);
}

#endif
