#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Starts the acceptors; run->job says what they do, the options who they are. */
void set_up_acceptors(struct run *run)
{
	run->job.comm = comm_option();
	run->job.threads = (int)number("threads", 1);
	run->job.cgroup = option("cgroup", NULL);
	run->job.own_mntns = number("mntns", 0);
	run->job.uid = (long)number("uid", 0);
	start_acceptors(run, (int)number("children", 1));
}

/* call=accept|accept4 */
struct accept_settings call_option(void)
{
	const char *call = option("call", "accept4");
	struct accept_settings settings = { .accept4 = !strcmp(call, "accept4") };

	if (!settings.accept4 && strcmp(call, "accept"))
		die("call must be accept or accept4, not %s", call);
	return settings;
}

void set_nonblocking(const struct listener *listener)
{
	if (fcntl(listener->fd, F_SETFL, O_NONBLOCK))
		die("cannot make a listener nonblocking: %m");
}

static int accept_once(const struct accept_settings *how, int listener)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	int fd;

	if (!how->nonblock)
		return how->accept4 ? syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC) :
				      syscall(SYS_accept, listener, NULL, NULL);
	do {
		poll(&ready, 1, -1);
		fd = syscall(SYS_accept4, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (fd < 0 && errno == EAGAIN);
	return fd;
}

static bool is_special(int fd)
{
	struct tcp_info info = { 0 };
	int protocol;
	socklen_t size = sizeof(protocol), info_size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size))
		die("cannot read the protocol of a connection: %m");
	if (protocol != IPPROTO_TCP)
		return true;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size))
		die("cannot read how a connection began: %m");
	return info.tcpi_options & TCPI_OPT_SYN_DATA;
}

/* An acceptor's work. The value reported is 1 for a connection that is MPTCP, or that began with data in its SYN. */
void accept_as_ordered(struct worker *self, const struct order *order)
{
	for (uint32_t i = 0; i < order->count; i++) {
		int fd = accept_once(self->job->settings, order->fd);

		if (fd < 0)
			die("cannot accept: %m");
		report_accepted(self, fd, is_special(fd));
	}
}
