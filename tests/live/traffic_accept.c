#include "traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

struct accept_settings {
	bool accept4;
	bool nonblock;
};

static struct accept_settings settings;

/* The options of all acceptors; the scenario says what they do. */
void set_up_acceptors(struct run *run)
{
	run->job.comm = comm_option();
	run->job.threads = (int)number("threads", 1);
	run->job.cgroup = option("cgroup", NULL);
	run->job.own_mntns = number("mntns", 0);
	run->job.uid = (long)number("uid", 0);
	start_acceptors(run, (int)number("children", 1));
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

static bool data_came_with_syn(int fd)
{
	struct { uint8_t state, ca_state, retransmits, probes, backoff, options; } info;
	socklen_t size = sizeof(info);

	return !getsockopt(fd, IPPROTO_TCP, 11 /* TCP_INFO */, &info, &size) && info.options & 32 /* SYN_DATA */;
}

/* An acceptor's work. The value is 1 for a connection that was MPTCP or began with TCP Fast Open. */
void accept_as_ordered(struct worker *self, const struct order *order)
{
	for (uint32_t i = 0; i < order->count; i++) {
		int fd = accept_once(self->job->settings, order->fd);
		int protocol;
		socklen_t size = sizeof(protocol);

		if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size))
			die("cannot accept: %m");
		report_accepted(self, fd, protocol == IPPROTO_MPTCP || data_came_with_syn(fd));
	}
}

static void choose_call(void)
{
	const char *call = option("call", "accept4");

	settings.accept4 = !strcmp(call, "accept4");
	if (!settings.accept4 && strcmp(call, "accept"))
		die("call must be accept or accept4, not %s", call);
}

static void start_plain(struct run *run)
{
	run->job.work = accept_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_as_ordered, NULL);
}

struct batch {
	const struct listener *listener;
	enum reach reach;
	uint64_t count;
};
static struct batch batches[MOST_PORTS];
static size_t batch_count;
static bool parallel;

static void add_batch(const struct listener *listener, enum reach reach, uint64_t count)
{
	batches[batch_count++] = (struct batch){ listener, reach, count };
}

static void start_batches(struct run *run)
{
	choose_call();
	settings.nonblock = number("nonblock", 0);
	parallel = number("parallel", 0);
	for (size_t i = 0; settings.nonblock && i < run->listener_count; i++)
		if (fcntl(run->listeners[i].fd, F_SETFL, O_NONBLOCK))
			die("cannot make a listener nonblocking: %m");
	start_plain(run);
}

static struct order to_client(const struct run *run, const struct batch *batch)
{
	return (struct order){
		.to = destination(run, batch->reach, batch->listener),
		.protocol = batch->listener->protocol,
		.count = batch->count,
	};
}

/* All orders at once: the client does not wait for the acceptors, nor these for each other. */
static void act_in_parallel(struct run *run)
{
	uint64_t left = 0;

	for (size_t i = 0; i < batch_count; i++) {
		const struct batch *batch = &batches[i];

		for (int k = 0; k < run->acceptor_count; k++)
			give_order(&run->acceptors[k], (struct order){
				.fd = batch->listener->fd,
				.count = (batch->count + k) / run->acceptor_count,
			});
		give_order(&run->client, to_client(run, batch));
		left += 2 * batch->count;
	}
	for (; left; left--) {
		struct report report = read_report(run);

		if (report.kind == ACCEPTED)
			add_connection(run, &report);
	}
}

static void act_in_turn(struct run *run)
{
	for (size_t i = 0; i < batch_count; i++)
		for (uint64_t k = 0; k < batches[i].count; k++)
			establish(run, next_acceptor(run), batches[i].listener, to_client(run, &batches[i]));
}

/* v4=, v6=, mapped=: how many of each; port= of the IPv4 listener, port6= of the dual-stack one. */
void set_up_accept(struct run *run)
{
	struct listener *v4 = listen_on(run, V4, number("port", 0), IPPROTO_TCP);
	struct listener *dual = listen_on(run, V6, number("port6", 0), IPPROTO_TCP);

	add_batch(v4, V4, number("v4", 0));
	add_batch(dual, V6, number("v6", 0));
	add_batch(dual, MAPPED, number("mapped", 0));
	start_batches(run);
}

void act_accept(struct run *run)
{
	if (parallel)
		act_in_parallel(run);
	else
		act_in_turn(run);
}

/* ports=80,81,...: a listener each; n= connections to each, or one number for all of them. */
void set_up_ports(struct run *run)
{
	enum reach reach = reach_option();
	uint64_t ports[MOST_PORTS], counts[MOST_PORTS];
	size_t port_count = numbers("ports", "80,81,82", ports, MOST_PORTS);
	size_t given = numbers("n", "1", counts, MOST_PORTS);

	if (given != 1 && given != port_count)
		die("n must be one number or as many as there are ports");
	for (size_t i = 0; i < port_count; i++)
		add_batch(listen_on(run, reach, ports[i], IPPROTO_TCP), reach, counts[given == 1 ? 0 : i]);
	start_batches(run);
}

void act_ports(struct run *run)
{
	act_accept(run);
}

/* threads= and children=: all of them wait in accept before the ready line. */
void set_up_preblocked(struct run *run)
{
	enum reach reach = reach_option();
	struct listener *listener = listen_on(run, reach, number("port", 0), IPPROTO_TCP);

	add_batch(listener, reach, 0);
	choose_call();
	start_plain(run);
	for (int i = 0; i < run->acceptor_count; i++)
		give_order(&run->acceptors[i], (struct order){ .fd = listener->fd, .count = 1 });
	for (int i = 0; i < run->acceptor_count; i++)
		wait_until_in_accept(&run->acceptors[i]);
}

/* Nobody accepts twice in the first round, as who has accepted then waits for an order. */
void act_preblocked(struct run *run)
{
	for (int i = 0; i < run->acceptor_count; i++)
		establish(run, NULL, NULL, to_client(run, &batches[0]));
	for (int i = 0; i < run->acceptor_count; i++)
		establish(run, &run->acceptors[i], batches[0].listener, to_client(run, &batches[0]));
}

static void expect_failure(const struct accept_settings *how, int fd, int expected)
{
	int accepted = how->accept4 ? syscall(SYS_accept4, fd, NULL, NULL, SOCK_NONBLOCK) :
				      syscall(SYS_accept, fd, NULL, NULL);

	if (accepted >= 0 || errno != expected)
		die("an accept that had to fail did not fail as expected: %m");
}

/* An order of more than the one real connection after them is for failures: as many of each sort. */
static void fail_as_ordered(struct worker *self, const struct order *order)
{
	int idle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (order->to.any.sa_family == AF_UNSPEC) {
		close(idle);
		accept_as_ordered(self, order);
		return;
	}
	for (uint32_t i = 0; i < order->count; i++) {
		expect_failure(self->job->settings, order->fd, EAGAIN);
		expect_failure(self->job->settings, idle, EINVAL);
		expect_failure(self->job->settings, -1, EBADF);
	}
	close(idle);
	send_report(self, (struct report){ .kind = FINISHED });
}

static uint64_t failures;

/* n= accepts that fail with EAGAIN, EINVAL and EBADF each; then v4= that do not, for a tracer to wait for. */
void set_up_failed(struct run *run)
{
	struct listener *listener = listen_on(run, V4, number("port", 0), IPPROTO_TCP);

	failures = number("n", 1);
	add_batch(listener, V4, number("v4", 0));
	choose_call();
	if (fcntl(listener->fd, F_SETFL, O_NONBLOCK))
		die("cannot make a listener nonblocking: %m");
	settings.nonblock = true;
	run->job.work = fail_as_ordered;
	run->job.settings = &settings;
	set_up_acceptors(run);
	start_client(run, connect_as_ordered, NULL);
}

void act_failed(struct run *run)
{
	for (int i = 0; i < run->acceptor_count; i++) {
		struct order order = { .fd = batches[0].listener->fd, .count = failures };

		order.to.any.sa_family = AF_INET;
		give_order(&run->acceptors[i], order);
	}
	for (int i = 0; i < run->acceptor_count; i++)
		if (read_report(run).kind != FINISHED)
			die("a worker did not finish its failures");
	add_fact(run, "failures", 3 * failures * run->acceptor_count);
	act_in_turn(run);
}
