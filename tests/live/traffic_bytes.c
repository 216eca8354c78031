/* The scenario bytes: an exact number of bytes over one connection, by calls that the options name. */
#include "traffic.h"
#include "traffic_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_SIZES 16

enum step { OPEN, SEND, RECEIVE, TLS, CLOSE, SHARE };

static const char *how, *take;
static uint64_t sizes[MOST_SIZES], before, unread, shared;
static size_t size_count;
static bool from_server, from_socket6, closes, tls;
static int protocol;

/* Of a worker: its end of the connection. */
static int fd = -1;

static void report_unsupported(const struct worker *self, const char *what, int error)
{
	struct report report = { .kind = UNSUPPORTED };

	snprintf(report.sentence, sizeof(report.sentence), "This kernel has no %s: %s.", what, strerror(error));
	send_report(self, report);
	pause();
}

/* A child that has the socket, too, sends its share and ends; its number is the report's value. */
static void send_from_child(const struct worker *self, uint64_t bytes)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_NAME, "child");
		send_by(how, fd, bytes);
		_exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		die("cannot make a process that shares the socket: %m");
	send_report(self, (struct report){ .kind = FINISHED, .value = child });
}

static void work_on(struct worker *self, const struct order *order)
{
	int error;

	switch (order->step) {
	case SEND:
		send_by(how, fd, order->count);
		break;
	case RECEIVE:
		receive_by(take, fd, order->count);
		break;
	case SHARE:
		send_from_child(self, order->count);
		return;
	case TLS:
		error = use_tls(fd);
		if (error)
			report_unsupported(self, "kTLS", error);
		break;
	case CLOSE:
		close(fd);
		break;
	}
	send_report(self, (struct report){ .kind = FINISHED });
}

static void serve_bytes(struct worker *self, const struct order *order)
{
	if (order->step != OPEN) {
		work_on(self, order);
		return;
	}
	fd = accept(order->fd, NULL, NULL);
	if (fd < 0)
		die("cannot accept: %m");
	report_accepted(self, fd, 0);
}

static void ask_for_bytes(struct worker *self, const struct order *order)
{
	if (order->step != OPEN) {
		work_on(self, order);
		return;
	}
	fd = socket(order->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, order->protocol);
	if (fd < 0 || connect(fd, &order->to.any, sizeof(order->to)))
		die("cannot connect: %m");
	send_report(self, both_ends(fd, CONNECTED));
}

static void finish(struct run *run)
{
	if (read_report(run).kind != FINISHED)
		die("a worker did something else than it was told to");
}

static void order_both(struct run *run, enum step step)
{
	give_order(&run->client, (struct order){ .step = step });
	give_order(&run->acceptors[0], (struct order){ .step = step });
	finish(run);
	finish(run);
}

/* Sends `bytes`, and has all but `left` of them received. */
static void move(struct run *run, uint64_t bytes, uint64_t left)
{
	struct worker *sender = from_server ? &run->acceptors[0] : &run->client;
	struct worker *receiver = from_server ? &run->client : &run->acceptors[0];

	give_order(sender, (struct order){ .step = SEND, .count = bytes });
	give_order(receiver, (struct order){ .step = RECEIVE, .count = bytes - left });
	finish(run);
	finish(run);
}

/* Its end must not be taken for a worker's. */
static void command(const char *line)
{
	struct sigaction before, usual = { .sa_handler = SIG_DFL };

	if (sigaction(SIGCHLD, &usual, &before) || system(line) || sigaction(SIGCHLD, &before, NULL))
		die("this failed: %s", line);
}

static void in_namespace(int namespace)
{
	if (setns(namespace, CLONE_NEWNET))
		die("cannot change the network namespace: %m");
}

static int open_namespace(void)
{
	int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (namespace < 0)
		die("cannot open a network namespace: %m");
	return namespace;
}

/* Another network namespace, joined with this one; the ends have .1 here and .2 there, IPv6 alike. Stays there. */
static void enter_joined_network(struct run *run, int here)
{
	int there;
	char line[256];

	enter_new_network();
	there = open_namespace();
	in_namespace(here);
	snprintf(line, sizeof(line),
		 "ip link add tr0 type veth peer name tr1 netns /proc/%d/fd/%d && ip addr add 192.0.2.1/24 dev tr0 && "
		 "ip addr add 2001:db8::1/64 dev tr0 nodad && ip link set tr0 up", getpid(), there);
	command(line);
	in_namespace(there);
	command("ip addr add 192.0.2.2/24 dev tr1 && ip addr add 2001:db8::2/64 dev tr1 nodad && ip link set tr1 up");
	add_fact(run, "server_netns", inode_of("/proc/self/ns/net"));
	run->addr4.v4.sin_addr.s_addr = htonl(0xc0000202);
	memcpy(&run->addr6.v6.sin6_addr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
}

static union address reached(struct run *run, enum reach reach, const struct listener *listener)
{
	union address to = destination(run, reach, listener);
	struct in6_addr *address = &to.v6.sin6_addr;
	uint32_t v4 = run->addr4.v4.sin_addr.s_addr;

	if (reach != MAPPED || !from_socket6)
		return to;
	memset(&to, 0, sizeof(to));
	to.v6.sin6_family = AF_INET6;
	to.v6.sin6_port = listener->address.v6.sin6_port;
	memcpy(address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
	memcpy((char *)address + 12, &v4, 4);
	return to;
}

/*
 * how=, take= (calls), sizes=, from=client|server, family=; before= bytes are sent, and all but unread= of them received,
 * before the ready line; shared= bytes are sent by a child besides; veth=1, close=1, tls=1, mptcp=1, client6=1
 */
void set_up_bytes(struct run *run)
{
	enum reach reach = reach_option();
	int here = open_namespace();
	struct order order = { .step = OPEN };
	struct listener *listener;
	struct report first, second;

	how = option("how", "send");
	take = option("take", "recv");
	size_count = numbers("sizes", "10007", sizes, MOST_SIZES);
	from_server = !strcmp(option("from", "client"), "server");
	before = number("before", 0);
	unread = number("unread", 0);
	shared = number("shared", 0);
	closes = number("close", 0);
	from_socket6 = number("client6", 0);
	tls = number("tls", 0);
	protocol = number("mptcp", 0) ? IPPROTO_MPTCP : IPPROTO_TCP;
	if (number("veth", 0))
		enter_joined_network(run, here);
	listener = listen_on(run, reach, 0, protocol);
	if (!listener)
		print_unsupported("This kernel has no MPTCP.");
	run->job.work = serve_bytes;
	set_up_acceptors(run);
	in_namespace(here);
	close(here);
	start_client(run, ask_for_bytes);
	order.to = reached(run, reach, listener);
	order.protocol = protocol;
	give_order(&run->client, order);
	give_order(&run->acceptors[0], (struct order){ .step = OPEN, .fd = listener->fd });
	first = read_report(run);
	second = read_report(run);
	add_connection(run, first.kind == ACCEPTED ? &first : &second);
	add_connection(run, first.kind == ACCEPTED ? &second : &first);
	if (tls)
		order_both(run, TLS);
	if (before)
		move(run, before, unread);
}

void act_bytes(struct run *run)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < size_count; i++) {
		move(run, sizes[i], 0);
		sum += sizes[i];
	}
	if (unread) {
		give_order(from_server ? &run->client : &run->acceptors[0],
			   (struct order){ .step = RECEIVE, .count = unread });
		finish(run);
	}
	if (shared) {
		struct report child;

		give_order(from_server ? &run->acceptors[0] : &run->client, (struct order){ .step = SHARE, .count = shared });
		give_order(from_server ? &run->client : &run->acceptors[0],
			   (struct order){ .step = RECEIVE, .count = shared });
		child = read_report(run);
		if (child.value)
			finish(run);
		else
			child = read_report(run);
		add_fact(run, "child", child.value);
	}
	if (closes)
		order_both(run, CLOSE);
	add_fact(run, "sent", sum);
	add_fact(run, "received", sum + unread);
}
