/* The scenario drop: packets that the kernel drops, a known number of each kind. */
#include "traffic.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSED_PORT 9
#define OPEN_PORT 10	/* where the listener is, or would be */

enum mode { REFUSED, ABANDONED, DEAF_LISTENER, DEAF_CONNECTION, CLOSED };
static const char *const modes[] = { "refused", "abandoned", "deaf_listener", "deaf_connection", "closed" };
static enum mode mode;
static uint64_t counts[3];	/* by reach */

/* Drops all that arrives at the socket. */
static void go_deaf(int fd)
{
	struct sock_filter nothing[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
	struct sock_fprog program = { LENGTH(nothing), nothing };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("cannot attach a socket filter: %m");
}

static int try_to_connect(union address to, uint16_t port, int flags, int expected)
{
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, IPPROTO_TCP);

	if (to.any.sa_family == AF_INET)
		to.v4.sin_port = htons(port);
	else
		to.v6.sin6_port = htons(port);
	if (fd < 0 || (connect(fd, &to.any, sizeof(to)) ? errno : 0) != expected)
		die("a connect did not end as it must: %m");
	return fd;
}

/* Closes without a FIN: with an RST, or with nothing if the connection is not established. */
static void abort_connection(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) || close(fd))
		die("cannot close a socket: %m");
}

/* A listener of the family at OPEN_PORT. */
static int new_listener(const union address *to)
{
	union address any = { .any.sa_family = to->any.sa_family };
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int one = 1;

	any.v4.sin_port = htons(OPEN_PORT); /* at the same place in both */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (to->any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) ||
	    bind(fd, &any.any, sizeof(any)) || listen(fd, SOMAXCONN))
		die("cannot listen: %m");
	return fd;
}

/*
 * Waits until the socket has dropped a packet. Until 6.5 packets wait for ksoftirqd where that is to run (ksoftirqd_running
 * in kernel/softirq.c), and what comes after a socket's end would be its listener's to drop.
 */
static void wait_for_drop(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t size;

	do {
		size = sizeof(memory);
		if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size))
			die("cannot read how much a socket has dropped: %m");
	} while (!memory[SK_MEMINFO_DROPS] && poll(NULL, 0, 1) == 0);
}

/* One byte that a socket does not hear; or none, and an orderly end. */
static void lose_a_byte(const union address *to, int listener)
{
	int client = try_to_connect(*to, OPEN_PORT, 0, 0), accepted = accept(listener, NULL, NULL);

	if (accepted < 0)
		die("cannot accept: %m");
	if (mode == CLOSED) {
		close(client);
		close(accepted);
		return;
	}
	go_deaf(accepted);
	if (write(client, "x", 1) != 1)
		die("cannot send: %m");
	wait_for_drop(accepted);
	abort_connection(accepted);
	abort_connection(client);
}

static void lose_as_ordered(struct worker *self, const struct order *order)
{
	int listener = mode == REFUSED || mode == ABANDONED ? -1 : new_listener(&order->to);

	if (mode == DEAF_LISTENER)
		go_deaf(listener);
	for (uint32_t i = 0; i < order->count; i++) {
		if (mode == REFUSED)
			close(try_to_connect(order->to, CLOSED_PORT, 0, ECONNREFUSED));
		else if (mode == ABANDONED || mode == DEAF_LISTENER)
			abort_connection(try_to_connect(order->to, OPEN_PORT, SOCK_NONBLOCK, EINPROGRESS));
		else
			lose_a_byte(&order->to, listener);
	}
	/* When this is refused, all that was sent before has arrived. */
	close(try_to_connect(order->to, CLOSED_PORT, 0, ECONNREFUSED));
	if (listener >= 0)
		close(listener);
	send_report(self, (struct report){ .kind = FINISHED });
}

/*
 * v4=, v6=, mapped=: packets to lose. mode=refused: SYNs to a closed port; abandoned: SYNs that something else drops, such
 * as a firewall; deaf_listener: SYNs that a socket filter drops; deaf_connection: data that one drops; closed: connections
 * that lose nothing. In all modes one more SYN for each kind is refused at the end.
 */
void set_up_drop(struct run *run)
{
	const char *name = option("mode", "refused");

	while (mode < LENGTH(modes) && strcmp(modes[mode], name))
		mode++;
	if (mode == LENGTH(modes))
		die("there is no mode %s", name);
	counts[V4] = number("v4", 0);
	counts[V6] = number("v6", 0);
	counts[MAPPED] = number("mapped", 0);
	if (counts[MAPPED] && mode != REFUSED && mode != ABANDONED)
		die("mapped has no listener");
	run->job.comm = "traffic";
	stay_on_this_cpu();
	start_client(run, lose_as_ordered);
}

static union address mapped(const union address *v4)
{
	union address to = { .v6 = { .sin6_family = AF_INET6 } };

	to.v6.sin6_addr.s6_addr16[5] = 0xffff;
	to.v6.sin6_addr.s6_addr32[3] = v4->v4.sin_addr.s_addr;
	return to;
}

void act_drop(struct run *run)
{
	for (enum reach reach = V4; reach <= MAPPED; reach++) {
		if (!counts[reach])
			continue;
		give_order(&run->client, (struct order){
			.to = reach == V4 ? run->addr4 : reach == V6 ? run->addr6 : mapped(&run->addr4),
			.count = counts[reach],
		});
		if (read_report(run).kind != FINISHED)
			die("the client did not do as it was told");
	}
}
