/* The scenario flood: connections as fast as they go, each one closed at once by a reset. */
#include "traffic.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_PENDING 1024	/* accept queue; far below the backlog, as a full one would drop connections */
#define PROGRESS_EVERY 16384

/* Shared by the two processes. */
struct flood {
	_Atomic uint64_t accepted;
	_Atomic uint64_t goal;	/* how many to make in all */
	uint64_t rate;		/* per second; 0 is as fast as possible */
	uint64_t limit_ns;	/* how long, if there is no goal at first */
};

static struct flood *flood;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void accept_flood(struct worker *self, const struct order *order)
{
	while (atomic_load(&flood->accepted) < atomic_load(&flood->goal)) {
		int fd = accept4(order->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			die("cannot accept: %m");
		close(fd);
		if (atomic_fetch_add(&flood->accepted, 1) % PROGRESS_EVERY == 0)
			send_report(self, (struct report){ .kind = STILL_AT_IT });
	}
	send_report(self, (struct report){ .kind = FINISHED });
}

/* A reset leaves no TIME_WAIT, so that ports do not run out. */
static void connect_and_reset(const union address *to)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) ||
	    connect(fd, &to->any, sizeof(*to)))
		die("cannot connect: %m");
	close(fd);
}

static void keep_pace(uint64_t start_ns, uint64_t made)
{
	uint64_t due_ns = flood->rate ? start_ns + made * 1000000000ULL / flood->rate : 0;
	struct timespec due = { .tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000 };

	if (flood->rate)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	while (made - atomic_load(&flood->accepted) > MOST_PENDING)
		sched_yield();
}

/*
 * At the end of a limited time the goal is set before the last connection is made: so the acceptor, which looks at it
 * after each accept, cannot wait for one more.
 */
static void connect_flood(struct worker *self, const struct order *order)
{
	uint64_t start_ns = now_ns();

	stay_on_this_cpu();
	for (uint64_t made = 0; made < atomic_load(&flood->goal); made++) {
		keep_pace(start_ns, made);
		if (flood->limit_ns && now_ns() - start_ns >= flood->limit_ns)
			atomic_store(&flood->goal, made + 1);
		connect_and_reset(&order->to);
	}
	send_report(self, (struct report){ .kind = FINISHED, .value = now_ns() - start_ns });
}

/* n= connections, or as many as go in seconds=; rate= a second at most */
void set_up_flood(struct run *run)
{
	enum reach reach = reach_option();

	flood = mmap(NULL, sizeof(*flood), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (flood == MAP_FAILED)
		die("cannot share memory: %m");
	flood->limit_ns = number("seconds", 0) * 1000000000ULL;
	flood->rate = number("rate", 0);
	flood->goal = flood->limit_ns ? UINT64_MAX : number("n", 1);
	listen_on(run, reach, number("port", 0), IPPROTO_TCP);
	run->job.work = accept_flood;
	set_up_acceptors(run);
	if (run->acceptor_count > 1)
		die("a flood has one acceptor");
	start_client(run, connect_flood);
	run->client_order.to = destination(run, reach, &run->listeners[0]);
}

void act_flood(struct run *run)
{
	uint64_t elapsed_ns = 0;

	give_order(&run->acceptors[0], (struct order){ .fd = run->listeners[0].fd });
	give_order(&run->client, run->client_order);
	for (int finished = 0; finished < 2;) {
		struct report report = read_report(run);

		finished += report.kind == FINISHED;
		elapsed_ns += report.value;
	}
	add_fact(run, "accepted", flood->accepted);
	add_fact(run, "elapsed_ns", elapsed_ns);
	add_fact(run, "rate", elapsed_ns ? (uint64_t)(flood->accepted * 1e9 / elapsed_ns) : 0);
}
