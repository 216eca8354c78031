/* The scenario fdrace: a thread takes a new descriptor away from the one that accepts, while the accept returns. */
#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTOR, RACER };	/* indexes of the two threads */

struct race_settings {
	bool replace;		/* by the decoy, else close */
	int decoy;
};

static struct race_settings settings;
static uint32_t rounds;

/* The kernel reserves the lowest free descriptor when accept begins, so it is known before (net/socket.c). */
static int next_descriptor(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	close(fd);
	return fd;
}

/* A reserved descriptor is EBADF for close and EBUSY for dup2, until it holds the accepted socket. */
static void take_away(const struct race_settings *how, int fd)
{
	int result;

	do
		result = how->replace ? dup2(how->decoy, fd) : close(fd);
	while (result < 0 && (errno == EBADF || errno == EBUSY));
	if (result < 0)
		die("cannot take a descriptor away: %m");
}

/* Whether the descriptor is gone, or is the decoy, when accept returns: the racer was faster. */
static bool is_gone(const struct race_settings *how, int fd)
{
	union address local, decoy;
	socklen_t size = sizeof(local), decoy_size = sizeof(decoy);

	if (!how->replace)
		return fcntl(fd, F_GETFD) < 0;
	if (getsockname(fd, &local.any, &size) || getsockname(how->decoy, &decoy.any, &decoy_size))
		die("cannot read an address: %m");
	return port_of(&local) == port_of(&decoy);
}

/* Each to a processor of its own, if there are two: on the same one the racer would seldom run in between. */
static void part(struct worker *self)
{
	cpu_set_t all, one;
	int skip = self->index;

	if (sched_getaffinity(0, sizeof(all), &all))
		die("cannot read which processors there are: %m");
	if (CPU_COUNT(&all) < 2)
		return;
	CPU_ZERO(&one);
	for (int cpu = 0; !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET(cpu, &all) && skip-- == 0)
			CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("cannot choose a processor: %m");
}

static void race(struct worker *self, const struct order *order)
{
	const struct race_settings *how = self->job->settings;
	int fd;

	if (self->index == RACER) {
		send_report(self, (struct report){ .kind = ARMED });
		take_away(how, order->fd);
		send_report(self, (struct report){ .kind = FINISHED });
		return;
	}
	fd = next_descriptor();
	send_report(self, (struct report){ .kind = ARMED, .value = fd });
	if (accept4(order->fd, NULL, NULL, SOCK_CLOEXEC) != fd)
		die("accept returned another descriptor than expected: %m");
	send_report(self, (struct report){ .kind = ACCEPTED, .value = is_gone(how, fd) });
}

/* A connected socket that nobody accepted: what is seen of it was seen by mistake. */
static int connect_decoy(struct run *run)
{
	struct listener *listener = listen_on(run, V4, 0, IPPROTO_TCP);
	union address to = destination(run, V4, listener);
	socklen_t size = sizeof(run->decoy[0]), remote_size = size;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, &to.any, sizeof(to)) || getsockname(fd, &run->decoy[0].any, &size) ||
	    getpeername(fd, &run->decoy[1].any, &remote_size))
		die("cannot connect the decoy: %m");
	return fd;
}

/* n=, by=close|dup2 */
void set_up_fdrace(struct run *run)
{
	const char *by = option("by", "close");
	struct listener *listener = listen_on(run, V4, number("port", 0), IPPROTO_TCP);

	rounds = number("n", 1);
	settings.replace = !strcmp(by, "dup2");
	if (!settings.replace && strcmp(by, "close"))
		die("by must be close or dup2, not %s", by);
	settings.decoy = connect_decoy(run);
	run->job.prepare = part;
	run->job.work = race;
	run->job.settings = &settings;
	run->job.threads = 2;
	run->job.comm = comm_option();
	start_acceptors(run, 1);
	start_client(run, connect_as_ordered);
	run->client_order.to = destination(run, V4, listener);
	run->client_order.count = 1;
}

static struct report await(struct run *run, enum report_kind kind)
{
	struct report report = read_report(run);

	if (report.kind != kind)
		die("a step of the race came out of order");
	return report;
}

static void run_round(struct run *run, uint64_t *gone)
{
	struct report accepted = { 0 }, connected = { 0 };
	int fd;

	give_order(&run->acceptors[ACCEPTOR], (struct order){ .fd = run->listeners[0].fd });
	fd = await(run, ARMED).value;
	wait_until_in_accept(&run->acceptors[ACCEPTOR]);
	give_order(&run->acceptors[RACER], (struct order){ .fd = fd });
	await(run, ARMED);
	give_order(&run->client, run->client_order);
	for (int i = 0; i < 3; i++) {
		struct report report = read_report(run);

		if (report.kind == ACCEPTED)
			accepted = report;
		if (report.kind == CONNECTED)
			connected = report;
	}
	*gone += accepted.value;
	accepted.local = connected.remote;
	accepted.remote = connected.local;
	add_connection(run, &accepted);
}

void act_fdrace(struct run *run)
{
	uint64_t gone = 0;

	for (uint32_t i = 0; i < rounds; i++)
		run_round(run, &gone);
	add_fact(run, "gone", gone);
}
