/* The scenario outcome: connects that end in one of many ways, most of them without a connection. */
#include "traffic.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum outcome { OK, REFUSED, TIMED_OUT, ABORTED, UNSENT } outcome;
static const char *const names[] = { "ok", "refused", "timed_out", "aborted", "unsent" };
static uint32_t count;

static enum outcome outcome_option(void)
{
	const char *name = option("outcome", "ok");

	for (size_t i = 0; i < LENGTH(names); i++)
		if (!strcmp(names[i], name))
			return i;
	die("there is no outcome %s", name);
}

/* What comes from another IP version's address, as an IPv6 socket has it. */
static union address mapped(const union address *v4)
{
	union address address = { .v6 = { .sin6_family = AF_INET6, .sin6_port = v4->v4.sin_port } };

	memset(&address.v6.sin6_addr.s6_addr[10], 0xff, 2);
	memcpy(&address.v6.sin6_addr.s6_addr[12], &v4->v4.sin_addr, 4);
	return address;
}

/* A listener that no segment reaches. */
static void make_deaf(const struct listener *listener)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	if (setsockopt(listener->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("cannot filter what a listener gets: %m");
}

/* Bound to the address that it connects to, and any port, so that its own end is known whatever becomes of it. */
static int open_bound(const union address *to, union address *local)
{
	bool waits = outcome == TIMED_OUT || outcome == ABORTED;
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | (waits ? SOCK_NONBLOCK : 0), IPPROTO_TCP);
	socklen_t size = sizeof(*local);
	int retries = 1;

	*local = *to;
	if (to->any.sa_family == AF_INET)
		local->v4.sin_port = 0;
	else
		local->v6.sin6_port = 0;
	if (fd < 0)
		die("cannot make a socket: %m");
	if (outcome == TIMED_OUT && setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries)))
		die("cannot limit the SYNs of a connect: %m");
	if (outcome != UNSENT && (bind(fd, &local->any, size) || getsockname(fd, &local->any, &size)))
		die("cannot bind a socket: %m");
	return fd;
}

static int expected_error(uint32_t i)
{
	static const int errors[] = { 0, ECONNREFUSED, EINPROGRESS, EINPROGRESS, EADDRNOTAVAIL };

	return outcome == UNSENT && i == 0 ? 0 : errors[outcome];
}

static void await_end(int fd)
{
	struct pollfd ended = { .fd = fd };

	poll(&ended, 1, -1);
}

/* The client's work. Of connects that are unsent, the first succeeds and takes the only port. */
static void connect_to_outcome(struct worker *self, const struct order *order)
{
	int *fds = calloc(order->count, sizeof(*fds));

	for (uint32_t i = 0; i < order->count; i++) {
		struct report report = { .kind = CONNECTED, .remote = order->to, .value = i };

		fds[i] = open_bound(&order->to, &report.local);
		errno = 0;
		connect(fds[i], &order->to.any, sizeof(order->to));
		if (errno != expected_error(i))
			die("a connect that must be %s: %m", names[outcome]);
		send_report(self, report);
	}
	for (uint32_t i = 0; i < order->count; i++) {
		if (outcome == TIMED_OUT)
			await_end(fds[i]);
		close(fds[i]);
	}
	free(fds);
	send_report(self, (struct report){ .kind = FINISHED });
}

/* outcome= what becomes of n= connects, family= mapped is from an IPv6 socket to an IPv4 address. */
void set_up_outcome(struct run *run)
{
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_TCP);

	outcome = outcome_option();
	count = number("n", 1);
	run->client_order.to = destination(run, reach, listener);
	if (reach == MAPPED)
		run->client_order.to = mapped(&run->client_order.to);
	if (outcome == REFUSED)
		shutdown(listener->fd, SHUT_RDWR);
	if (outcome == TIMED_OUT || outcome == ABORTED)
		make_deaf(listener);
	if (access("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", F_OK) == 0)
		set_sysctl("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", "0");
	if (outcome == UNSENT)
		set_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000");
	set_up_acceptors(run);
	start_client(run, connect_to_outcome);
}

void act_outcome(struct run *run)
{
	struct report report;

	run->client_order.count = count;
	give_order(&run->client, run->client_order);
	while ((report = read_report(run)).kind != FINISHED)
		add_connection(run, &report);
}
