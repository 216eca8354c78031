#include "traffic.h"
#include "traffic_ring.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8

static void *map(int fd, size_t size, off_t what)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

	if (memory == MAP_FAILED)
		die("cannot map an io_uring: %m");
	return memory;
}

/* The mappings stay until the end of the process. */
int open_ring(struct ring *ring, bool sq_poll)
{
	struct io_uring_params params = { .flags = sq_poll ? IORING_SETUP_SQPOLL : 0 };
	char *queues;

	ring->sq_poll = sq_poll;
	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring->fd < 0 && (errno == ENOSYS || errno == EPERM))
		return errno;
	if (ring->fd < 0)
		die("cannot make an io_uring: %m");
	if (!(params.features & IORING_FEAT_SINGLE_MMAP))
		die("this io_uring is older than Linux 5.4");
	queues = map(ring->fd, params.cq_off.cqes + params.cq_entries * sizeof(*ring->cqes), IORING_OFF_SQ_RING);
	ring->sqes = map(ring->fd, params.sq_entries * sizeof(*ring->sqes), IORING_OFF_SQES);
	ring->sq_head = (uint32_t *)(queues + params.sq_off.head);
	ring->sq_tail = (uint32_t *)(queues + params.sq_off.tail);
	ring->sq_array = (uint32_t *)(queues + params.sq_off.array);
	ring->cq_head = (uint32_t *)(queues + params.cq_off.head);
	ring->cq_tail = (uint32_t *)(queues + params.cq_off.tail);
	ring->cqes = (struct io_uring_cqe *)(queues + params.cq_off.cqes);
	ring->mask = params.sq_entries - 1;
	ring->cq_mask = params.cq_entries - 1;
	return 0;
}

void close_ring(struct ring *ring)
{
	close(ring->fd);
}

void reserve_fixed_files(const struct ring *ring, uint32_t count)
{
	int *files = malloc(count * sizeof(*files));

	if (!files)
		die("there is not enough memory");
	memset(files, -1, count * sizeof(*files));
	if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, files, count))
		die("cannot reserve %u fixed files: %m", count);
	free(files);
}

static int enter(const struct ring *ring, uint32_t submitted, uint32_t wanted, uint32_t flags)
{
	int result;

	do
		result = syscall(SYS_io_uring_enter, ring->fd, submitted, wanted, flags, NULL, 0);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		die("cannot enter an io_uring: %m");
	return result;
}

void submit(struct ring *ring, const struct io_uring_sqe *request)
{
	uint32_t tail = *ring->sq_tail;

	ring->sqes[tail & ring->mask] = *request;
	ring->sq_array[tail & ring->mask] = tail & ring->mask;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (!ring->sq_poll) {
		if (enter(ring, 1, 0, 0) != 1)
			die("an io_uring did not take a request");
		return;
	}
	/* Its thread moves the head after it has issued what it took (io_submit_sqes: io_commit_sqring at the end). */
	enter(ring, 1, 0, IORING_ENTER_SQ_WAKEUP);
	while (__atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE) != tail + 1)
		sched_yield();
}

bool take_completion(struct ring *ring, struct completion *completion)
{
	uint32_t head = *ring->cq_head;
	const struct io_uring_cqe *cqe;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	cqe = &ring->cqes[head & ring->cq_mask];
	*completion = (struct completion){ .result = cqe->res, .flags = cqe->flags };
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

struct completion await_completion(struct ring *ring)
{
	struct completion completion;

	while (!take_completion(ring, &completion))
		enter(ring, 0, 1, IORING_ENTER_GETEVENTS);
	return completion;
}
