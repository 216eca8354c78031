/* The scenario retransmit: TCP sends again what a deaf socket drops. */
#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_SOCKETS 32
#define LARGE 999	/* bytes of the segment that `fast` loses */

enum mode { DATA, REPLY, NEW_DATA, FAST, SYN, SYNACK };
static const char *const modes[] = { "data", "reply", "new_data", "fast", "syn", "synack" };
static enum mode mode;
static uint64_t counts[3];	/* of sockets, by reach */
static uint64_t wanted;		/* retransmits of each socket, at least */

enum step { CONNECT, SEND, HEAR, GO_DEAF };

static int client_sockets[MOST_SOCKETS];
static size_t client_count;

/* Drops what arrives at the socket: all, or only large segments. */
static void go_deaf(int fd, bool to_all)
{
	struct sock_filter all[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
	struct sock_filter large[] = {
		{ BPF_LD | BPF_W | BPF_LEN, 0, 0, 0 },
		{ BPF_JMP | BPF_JGT | BPF_K, 0, 1, LARGE / 2 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
		{ BPF_RET | BPF_K, 0, 0, UINT32_MAX },
	};
	struct sock_fprog program = to_all ? (struct sock_fprog){ LENGTH(all), all } :
					     (struct sock_fprog){ LENGTH(large), large };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("cannot attach a socket filter: %m");
}

static void hear(int fd)
{
	int none = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)))
		die("cannot detach a socket filter: %m");
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		die("cannot read what became of a connection: %m");
	return info;
}

/*
 * Has the timers of sockets interrupt no other task than those of the scenario: it does not leave the CPU that these run
 * on, neither for another one nor to wait, and nobody takes it. There are virtual machines whose kernels hide a task of
 * their supervisor's: beside it no program of BPF runs, and perf counts no event, where ftrace shows both.
 */
static void keep_this_cpu(void)
{
	struct sched_param lowest = { .sched_priority = 1 };

	stay_on_this_cpu();
	if (sched_setscheduler(0, SCHED_FIFO, &lowest))
		die("cannot keep a CPU: %m");
}

static void wait_for_retransmits(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		while (info_of(fds[i]).tcpi_total_retrans < wanted)
			;
}

/* Waits until all has arrived, and returns how many retransmits that took. */
static uint64_t wait_until_heard(const int *fds, size_t count)
{
	uint64_t retransmits = 0;

	for (size_t i = 0; i < count; i++) {
		struct pollfd connected = { .fd = fds[i], .events = POLLOUT };

		while (poll(&connected, 1, 0) == 0)
			;
		while (info_of(fds[i]).tcpi_unacked)
			;
		retransmits += info_of(fds[i]).tcpi_total_retrans;
	}
	return retransmits;
}

/* Nagle's algorithm holds the second byte back, which then is new data for the tail loss probe. */
static void send_on(int fd)
{
	static const char bytes[LARGE];
	int one = 1;

	if (mode == FAST && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("cannot switch Nagle's algorithm off: %m");
	if (write(fd, bytes, mode == FAST ? LARGE : 1) < 0)
		die("cannot send: %m");
	for (int i = 0; i < (mode == FAST ? 10 : mode == NEW_DATA ? 1 : 0); i++)
		if (write(fd, bytes, 1) != 1)
			die("cannot send: %m");
}

static void send_on_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		send_on(fds[i]);
	wait_for_retransmits(fds, count);
}

static void connect_all(const struct order *order)
{
	bool waits = mode != SYN && mode != SYNACK;

	for (uint32_t i = 0; i < order->count; i++) {
		int fd = socket(order->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

		if (fd < 0 || client_count == MOST_SOCKETS)
			die("cannot make a client's socket: %m");
		if (mode == SYNACK)
			go_deaf(fd, true);
		if (!waits && fcntl(fd, F_SETFL, O_NONBLOCK))
			die("cannot make a socket nonblocking: %m");
		if (connect(fd, &order->to.any, sizeof(order->to)) && errno != EINPROGRESS)
			die("cannot connect: %m");
		client_sockets[client_count++] = fd;
	}
}

static void obey(struct worker *self, const struct order *order)
{
	struct report report = { .kind = FINISHED };

	switch (order->step) {
	case CONNECT:
		connect_all(order);
		break;
	case GO_DEAF:
		for (size_t i = 0; i < client_count; i++)
			go_deaf(client_sockets[i], true);
		break;
	case SEND:
		if (mode != SYN && mode != SYNACK)
			for (size_t i = 0; i < client_count; i++)
				send_on(client_sockets[i]);
		wait_for_retransmits(client_sockets, client_count);
		break;
	case HEAR:
		for (size_t i = 0; (mode == SYNACK || mode == REPLY) && i < client_count; i++)
			hear(client_sockets[i]);
		report.value = wait_until_heard(client_sockets, client_count);
		break;
	}
	send_report(self, report);
}

static uint64_t tell(struct run *run, struct order order)
{
	struct report report;

	give_order(&run->client, order);
	report = read_report(run);
	if (report.kind != FINISHED)
		die("the client did not do as it was told");
	return report.value;
}

/*
 * v4=, v6=, mapped=: sockets. mode=data: the client sends and nobody hears; new_data: more than it may send at once;
 * fast: only the first segment is lost; reply: the other end sends; syn, synack: the handshake is not heard. at_least=
 * retransmits of each socket.
 */
void set_up_retransmit(struct run *run)
{
	const char *name = option("mode", "data");

	while (mode < LENGTH(modes) && strcmp(modes[mode], name))
		mode++;
	if (mode == LENGTH(modes))
		die("there is no mode %s", name);
	counts[V4] = number("v4", 0);
	counts[V6] = number("v6", 0);
	counts[MAPPED] = number("mapped", 0);
	wanted = number("at_least", 1);
	listen_on(run, V4, 0, IPPROTO_TCP);
	listen_on(run, V6, 0, IPPROTO_TCP);
	run->job.comm = "traffic";
	keep_this_cpu();
	start_client(run, obey);
}

/*
 * Facts: `server` is this process, which listens and accepts; `retransmits` those that the sending sockets tell, without
 * SYN-ACKs; `all_retransmits` those of the network namespace.
 */
void act_retransmit(struct run *run)
{
	int accepted[MOST_SOCKETS];
	size_t count = 0;
	uint64_t retransmits;

	for (enum reach reach = V4; reach <= MAPPED; reach++) {
		const struct listener *listener = &run->listeners[reach == V4 ? 0 : 1];

		if (mode == SYN)
			go_deaf(listener->fd, true);
		tell(run, (struct order){
			.step = CONNECT, .count = counts[reach], .to = destination(run, reach, listener) });
		for (uint64_t i = 0; mode != SYN && mode != SYNACK && i < counts[reach]; i++) {
			int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

			if (fd < 0)
				die("cannot accept: %m");
			if (mode != REPLY)
				go_deaf(fd, mode != FAST);
			accepted[count++] = fd;
		}
	}
	if (mode == REPLY) {
		tell(run, (struct order){ .step = GO_DEAF });
		send_on_all(accepted, count);
	} else {
		tell(run, (struct order){ .step = SEND });
	}
	for (size_t i = 0; mode != REPLY && i < count; i++)
		hear(accepted[i]);
	for (size_t i = 0; mode == SYN && i < run->listener_count; i++)
		hear(run->listeners[i].fd);
	retransmits = tell(run, (struct order){ .step = HEAR });
	if (mode == REPLY)
		retransmits += wait_until_heard(accepted, count);
	add_fact(run, "server", getpid());
	add_fact(run, "retransmits", retransmits);
	add_fact(run, "all_retransmits", all_retransmits());
}
