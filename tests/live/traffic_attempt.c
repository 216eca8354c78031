/* The scenario connect: connects that end in all ways that a connect can. The workers that are told to are its clients. */
#include "traffic.h"
#include "traffic_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum way { OK, NONBLOCKING, REFUSED, UNANSWERED, ABORTED, TIMED_OUT, WITHOUT_PORT, FAST_OPEN, DEFERRED, URING };

static const char *const ways[] = {
	[OK] = "ok",
	[NONBLOCKING] = "nonblocking",
	[REFUSED] = "refused",
	[UNANSWERED] = "unanswered",	/* its SYN is dropped, and it goes on trying */
	[ABORTED] = "aborted",		/* its SYN is dropped, and it is closed */
	[TIMED_OUT] = "timed_out",	/* its SYN is dropped until it gives up, after a second */
	[WITHOUT_PORT] = "without_port",	/* all but the first find no source port */
	[FAST_OPEN] = "fast_open",
	[DEFERRED] = "deferred",	/* fast open by connect, which sends nothing, and send */
	[URING] = "uring",
};

struct batch {
	union address to;
	uint64_t count;
};
static struct batch batches[3];
static enum way way;
static bool spread;
static const char *name; /* that `answers` answers of a DNS server, over IP of the other family, give the first address */
static uint64_t answers;

static enum way way_option(void)
{
	const char *name = option("way", "ok");

	for (size_t i = 0; i < LENGTH(ways); i++)
		if (!strcmp(ways[i], name))
			return i;
	die("there is no way %s to connect", name);
}

static void set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		die("cannot set an option of a socket: %m");
}

/* The local address and port, taken before, as a socket whose connect failed forgets what the kernel chose for it. */
static void take_address(int fd, const union address *to)
{
	union address from = *to;

	if (from.any.sa_family == AF_INET)
		from.v4.sin_port = 0;
	else
		from.v6.sin6_port = 0;
	if (bind(fd, &from.any, sizeof(from)))
		die("cannot take a local address: %m");
}

static int error_of_way(void)
{
	static bool port_taken;

	switch (way) {
	case NONBLOCKING:
	case UNANSWERED:
	case ABORTED:
		return EINPROGRESS;
	case REFUSED:
		return ECONNREFUSED;
	case TIMED_OUT:
		return ETIMEDOUT;
	case WITHOUT_PORT:
		if (port_taken)
			return EADDRNOTAVAIL;
		port_taken = true;
		return 0;
	default:
		return 0;
	}
}

static bool connect_by_uring(int fd, const union address *to)
{
	struct io_uring_sqe request = { .opcode = IORING_OP_CONNECT, .fd = fd, .off = sizeof(*to) };
	static struct ring ring;

	if (!ring.fd)
		errno = open_ring(&ring, false);
	if (errno)
		return false;
	request.addr = (uint64_t)(uintptr_t)to;
	submit(&ring, &request);
	errno = -await_completion(&ring).result;
	return !errno;
}

/* False if the connect failed before anything was sent. */
static bool attempt(int fd, const union address *to)
{
	int error = error_of_way();
	bool succeeded;

	errno = 0;
	if (error == EINPROGRESS && fcntl(fd, F_SETFL, O_NONBLOCK))
		die("cannot make a client's socket nonblocking: %m");
	if (way == TIMED_OUT)
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1);
	if (way == DEFERRED)
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	if (way == FAST_OPEN)
		succeeded = sendto(fd, "x", 1, MSG_FASTOPEN, &to->any, sizeof(*to)) == 1;
	else if (way == URING)
		succeeded = connect_by_uring(fd, to);
	else
		succeeded = !connect(fd, &to->any, sizeof(*to));
	if (error ? succeeded || errno != error : !succeeded)
		die("a connect did not end as it must: %m");
	if (way == DEFERRED && send(fd, "x", 1, 0) != 1)
		die("cannot send on a deferred connection: %m");
	return error != EADDRNOTAVAIL;
}

static int new_socket(const union address *to)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("cannot make a client's socket: %m");
	return fd;
}

/* Sockets stay open, so that no port is used twice. */
static void attempt_as_ordered(struct worker *self, const struct order *order)
{
	struct report report = { .kind = FINISHED, .remote = order->to };
	socklen_t size = sizeof(report.local);
	int fd = new_socket(&order->to);

	if (way == REFUSED || way == TIMED_OUT)
		take_address(fd, &order->to);
	if (!attempt(fd, &order->to)) {
		close(fd);
		send_report(self, report);
		return;
	}
	if (getsockname(fd, &report.local.any, &size))
		die("cannot read the address of a client: %m");
	report.kind = CONNECTED;
	if (way == ABORTED)
		close(fd);
	send_report(self, report);
}

/* Turns a socket that listens into one that holds its port and refuses. */
static void stop_listening(struct listener *listener)
{
	close(listener->fd);
	listener->fd = new_socket(&listener->address);
	if (bind(listener->fd, &listener->address.any, sizeof(listener->address)))
		die("cannot hold a port: %m");
}

static void drop_all(const struct listener *listener)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	if (setsockopt(listener->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("cannot drop what comes to a listener: %m");
}

static void prepare(struct listener *listener)
{
	if (way == REFUSED)
		stop_listening(listener);
	if (way == UNANSWERED || way == ABORTED || way == TIMED_OUT)
		drop_all(listener);
	if (way == FAST_OPEN || way == DEFERRED)
		set(listener->fd, IPPROTO_TCP, TCP_FASTOPEN, 128);
}

static union address mapped(const struct sockaddr_in *v4)
{
	union address to = { .v6 = { .sin6_family = AF_INET6, .sin6_port = v4->sin_port } };

	to.v6.sin6_addr.s6_addr[10] = to.v6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&to.v6.sin6_addr.s6_addr[12], &v4->sin_addr, sizeof(v4->sin_addr));
	return to;
}

/*
 * way=, and v4=, v6=, mapped=: how many of each (without_port: v4 only). spread=1: each over IPv4 to an address of its
 * own. name=: what DNS says of the first address; the answer is sent before, answers= times. All that is in `connections`
 * is as the client sees it.
 */
void set_up_connect(struct run *run)
{
	static const enum reach reaches[] = { V4, V6, MAPPED };
	static const char *const counts[] = { "v4", "v6", "mapped" };

	way = way_option();
	spread = number("spread", 0);
	name = option("name", NULL);
	answers = number("answers", 1);
	if (way == FAST_OPEN || way == DEFERRED)
		set_sysctl("/proc/sys/net/ipv4/tcp_fastopen", "519");
	listen_on(run, V4, number("port", 0), IPPROTO_TCP);
	listen_on(run, V6, number("port6", 0), IPPROTO_TCP);
	for (size_t i = 0; i < LENGTH(reaches); i++) {
		batches[i].to = destination(run, reaches[i], &run->listeners[reaches[i] != V4]);
		if (reaches[i] == MAPPED)
			batches[i].to = mapped(&batches[i].to.v4);
		batches[i].count = number(counts[i], 0);
	}
	for (size_t i = 0; i < run->listener_count; i++)
		prepare(&run->listeners[i]);
	if (way == WITHOUT_PORT)
		set_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "40000 40000");
	run->job.work = attempt_as_ordered;
	set_up_acceptors(run);
}

void act_connect(struct run *run)
{
	for (size_t i = 0; i < LENGTH(batches); i++) {
		for (uint64_t k = 0; name && batches[i].count && k < answers; k++)
			answer(name, &batches[i].to, batches[i].to.any.sa_family == AF_INET ? AF_INET6 : AF_INET);
		for (uint64_t k = 0; k < batches[i].count; k++) {
			union address to = batches[i].to;
			struct report report;

			if (spread && to.any.sa_family == AF_INET)
				to.v4.sin_addr.s_addr = htonl(ntohl(to.v4.sin_addr.s_addr) + (uint32_t)k);
			give_order(next_acceptor(run), (struct order){ .to = to, .count = 1 });
			report = read_report(run);
			if (report.kind == CONNECTED)
				add_connection(run, &report);
		}
	}
}
