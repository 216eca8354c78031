/* The scenario listen: sockets that begin to listen, that listen again, and that cannot. */
#include "traffic.h"
#include "traffic_ring.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IORING_OP_LISTEN 57	/* since 6.11 */

enum mode { PLAIN, IN_USE, CONNECTED_ALREADY, URING };
static const char *const modes[] = { "plain", "in_use", "connected", "uring" };
static enum mode mode;
static int backlog;
static uint64_t again;
static uint64_t counts[2];
static uint64_t mptcp;

static int bound_socket(struct worker *self, const struct order *order, const union address *address)
{
	int one = 1, fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, order->protocol);

	if (fd < 0 && errno == EPROTONOSUPPORT) {
		send_report(self, (struct report){ .kind = UNSUPPORTED, .sentence = "This kernel has no MPTCP." });
		pause(); /* until that ends the program */
	}
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, &address->any, sizeof(*address)))
		die("cannot make a socket and bind it: %m");
	return fd;
}

static union address address_of(int fd)
{
	union address address = { 0 };
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size))
		die("cannot read the address of a socket: %m");
	return address;
}

static void listen_by_uring(struct worker *self, int fd)
{
	struct io_uring_sqe request = { .opcode = IORING_OP_LISTEN, .fd = fd, .len = backlog };
	struct completion completion = { .result = -EINVAL };
	struct report report = { .kind = UNSUPPORTED, .sentence = "This kernel's io_uring cannot listen." };
	static struct ring ring;

	if (ring.fd || !open_ring(&ring, false)) {
		submit(&ring, &request);
		completion = await_completion(&ring);
	}
	if (completion.result == -EINVAL)
		send_report(self, report);
	else if (completion.result)
		die("io_uring cannot listen: %s", strerror(-completion.result));
}

static void listen_or_die(int fd, int most)
{
	if (listen(fd, most))
		die("cannot listen: %m");
}

static void expect_failure(int fd, int expected)
{
	if (!listen(fd, backlog) || errno != expected)
		die("a listen did not fail as it must: %m");
}

/* One socket; the report has the address that it listens on, or cannot. */
static void listen_as_ordered(struct worker *self, const struct order *order)
{
	struct report report = { .kind = ACCEPTED };
	union address to = { .v4 = { .sin_family = AF_INET, .sin_port = (in_port_t)order->fd } };
	int fd = bound_socket(self, order, &order->to);

	report.local = address_of(fd);
	switch (mode) {
	case URING:
		listen_by_uring(self, fd);
		break;
	case IN_USE:
		listen_or_die(bound_socket(self, order, &report.local), backlog);
		expect_failure(fd, EADDRINUSE);
		break;
	case CONNECTED_ALREADY:
		to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (connect(fd, &to.any, sizeof(to)))
			die("cannot connect: %m");
		expect_failure(fd, EINVAL);
		break;
	case PLAIN:
		listen_or_die(fd, backlog);
	}
	for (uint64_t i = 1; i <= again; i++)
		listen_or_die(fd, backlog + (int)i);
	send_report(self, report);
}

/*
 * v4=, v6=, mptcp=: sockets, the last ones of IPv4; backlog= of each; again= listens more, each with one more.
 * mode=in_use: each fails as another socket listens there, which succeeds; connected: each fails as it is connected;
 * uring: io_uring makes it listen.
 */
void set_up_listen(struct run *run)
{
	const char *name = option("mode", "plain");

	while (mode < LENGTH(modes) && strcmp(modes[mode], name))
		mode++;
	if (mode == LENGTH(modes))
		die("there is no mode %s", name);
	counts[V4] = number("v4", 0);
	counts[V6] = number("v6", 0);
	mptcp = number("mptcp", 0);
	again = number("again", 0);
	backlog = (int)number("backlog", 7);
	listen_on(run, V4, 0, IPPROTO_TCP);
	run->job.work = listen_as_ordered;
	set_up_acceptors(run);
}

static void order_one(struct run *run, union address address, int protocol)
{
	struct order order = { .to = address, .protocol = protocol };
	struct report report;

	order.fd = run->listeners[0].address.v4.sin_port;
	give_order(next_acceptor(run), order);
	report = read_report(run);
	add_connection(run, &report);
}

void act_listen(struct run *run)
{
	for (uint64_t i = 0; i < counts[V4]; i++)
		order_one(run, run->addr4, IPPROTO_TCP);
	for (uint64_t i = 0; i < counts[V6]; i++)
		order_one(run, run->addr6, IPPROTO_TCP);
	for (uint64_t i = 0; i < mptcp; i++)
		order_one(run, run->addr4, IPPROTO_MPTCP);
}
