/* io_uring by its system calls alone, as a static program for old kernels can do without a library. */
#ifndef TRAFFIC_RING_H
#define TRAFFIC_RING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>

struct ring {
	int fd;
	bool sq_poll;
	uint32_t *sq_head, *sq_tail, *sq_array;
	uint32_t *cq_head, *cq_tail;
	uint32_t mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

struct completion {
	int32_t result;
	uint32_t flags;
};

/* Returns 0, or errno if the kernel has no io_uring or does not allow it. Ends the process if anything else fails. */
int open_ring(struct ring *ring, bool sq_poll);
void close_ring(struct ring *ring);

/* A table of so many fixed files, all of them free. */
void reserve_fixed_files(const struct ring *ring, uint32_t count);

/* Returns when the kernel has tried the request once, so that one that cannot complete yet is armed. */
void submit(struct ring *ring, const struct io_uring_sqe *request);

/* False if there is no completion. */
bool take_completion(struct ring *ring, struct completion *completion);
struct completion await_completion(struct ring *ring);

#endif
