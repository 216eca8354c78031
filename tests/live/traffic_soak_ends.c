/* The two ends of the scenario soak. Each socket has an end that no other ever has, which tells its number. */
#include "traffic_soak.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_PORT 2048
#define POLL_MS 5	/* the interval of a bounded poll */

static char padding[65536];

/* The n-th end of a client: 127.1.0.0 and on, or fd00::1 and on, with each port from FIRST_PORT on. */
union address soak_address(enum reach reach, uint32_t n)
{
	union address address = { .any.sa_family = reach == V4 ? AF_INET : AF_INET6 };
	uint32_t which = n / SOAK_PORTS, v4 = htonl(0x7f010000 + which);

	if (which >= SOAK_ADDRESSES)
		die("there are no more addresses");
	address.v4.sin_port = htons(FIRST_PORT + n % SOAK_PORTS); /* at the same place in both */
	if (reach == V4) {
		address.v4.sin_addr.s_addr = v4;
	} else if (reach == MAPPED) {
		address.v6.sin6_addr.s6_addr16[5] = 0xffff;
		address.v6.sin6_addr.s6_addr32[3] = v4;
	} else {
		address.v6.sin6_addr.s6_addr[0] = 0xfd;
		address.v6.sin6_addr.s6_addr[15] = which + 1;
	}
	return address;
}

static int bound_socket(const struct soak_batch *batch, uint32_t n)
{
	union address own = soak_address(batch->reach, n);
	int fd = socket(own.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) || bind(fd, &own.any, sizeof(own)))
		die("cannot bind socket %u: %m", n);
	return fd;
}

static void send_bytes(int fd, size_t size)
{
	if (size && send(fd, padding, size, MSG_NOSIGNAL) != (ssize_t)size)
		die("cannot send %zu bytes: %m", size);
}

static void receive_bytes(int fd, size_t size)
{
	while (size) {
		ssize_t got = recv(fd, padding, size < sizeof(padding) ? size : sizeof(padding), 0);

		if (got <= 0)
			die("%zu bytes did not arrive: %m", size);
		size -= got;
	}
}

/* Waits for the end, or the error, of the other side. */
static void await_end(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, 0) > 0)
		die("there were more bytes than were told");
}

static void reset(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)))
		die("cannot have a connection reset: %m");
}

/* What a deaf end tells once it hears. */
struct deafness {
	uint32_t drops, retransmits;
};

static uint32_t drops_of(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t size = sizeof(memory);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size))
		die("cannot read how much a socket has dropped: %m");
	return memory[SK_MEMINFO_DROPS];
}

static uint32_t retransmits_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		die("cannot read what became of a connection: %m");
	return info.tcpi_total_retrans;
}

/* One write, so that lines of several processes do not mix. */
static void tell_deafness(int fd, uint32_t n, struct deafness server)
{
	dprintf(STDOUT_FILENO,
		"{\"deaf\":%u,\"client\":{\"drops\":%u,\"retransmits\":%u},\"server\":{\"drops\":%u,\"retransmits\":%u}}\n",
		n, drops_of(fd), retransmits_of(fd), server.drops, server.retransmits);
}

/*
 * What an end that was never deaf has dropped or sent again after all, if anything: the kernel probes for a lost tail when an
 * acknowledgement is some milliseconds late, as when softirqs have to wait. A FIN that is sent again once the socket is closed
 * cannot be asked for; the kernel's count of all has it.
 */
static void tell_mishaps(int fd, uint32_t n, const char *side)
{
	uint32_t drops = drops_of(fd), retransmits = retransmits_of(fd);

	if (drops || retransmits)
		dprintf(STDOUT_FILENO, "{\"mishap\":%u,\"side\":\"%s\",\"drops\":%u,\"retransmits\":%u}\n", n, side,
			drops, retransmits);
}

/* Segments go at once, and so do their acknowledgements: in the course of a system call, and by no timer. */
static void hurry(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one)))
		die("cannot have a socket hurry: %m");
}

static void converse(const struct soak_batch *batch, int fd, uint32_t n)
{
	struct soak_request request = { batch->kind, batch->sent, batch->received, n };
	struct deafness server;

	hurry(fd);
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		die("cannot send a request: %m");
	if (batch->kind != DEAF) {
		send_bytes(fd, batch->sent - sizeof(request));
		receive_bytes(fd, batch->received);
		return;
	}
	receive_bytes(fd, 1); /* it has gone deaf */
	send_bytes(fd, SOAK_LOST);
	receive_bytes(fd, 1); /* it hears again */
	for (int i = 0; i < SOAK_AFTER; i++)
		send_bytes(fd, 1);
	if (recv(fd, &server, sizeof(server), MSG_WAITALL) != sizeof(server))
		die("a deaf socket did not answer: %m");
	tell_deafness(fd, n, server);
}

static void connect_one(const struct soak_batch *batch, uint32_t n)
{
	int fd = bound_socket(batch, n), expected = batch->kind == REFUSED ? ECONNREFUSED : 0;

	if ((connect(fd, &batch->to.any, sizeof(batch->to)) ? errno : 0) != expected)
		die("connect %u did not end as it must: %m", n);
	if (batch->kind != REFUSED)
		converse(batch, fd, n);
	if (batch->kind == PASSIVE)
		await_end(fd);
	if (batch->kind != REFUSED && batch->kind != DEAF)
		tell_mishaps(fd, n, "client");
	if (batch->kind == RESET)
		reset(fd);
	close(fd);
}

/* Does a batch, to its end. */
void soak_client(const struct soak_batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		int fd;

		if (batch->kind != LISTEN) {
			connect_one(batch, batch->first + i);
			continue;
		}
		fd = bound_socket(batch, batch->first + i);
		if (listen(fd, 1))
			die("cannot listen: %m");
		close(fd);
	}
}

/* To large segments, so that acknowledgements are heard. */
static void be_deaf_for_a_while(int fd)
{
	struct sock_filter large[] = {
		{ BPF_LD | BPF_W | BPF_LEN, 0, 0, 0 },
		{ BPF_JMP | BPF_JGT | BPF_K, 0, 1, SOAK_LOST / 2 },
		{ BPF_RET | BPF_K, 0, 0, 0 },
		{ BPF_RET | BPF_K, 0, 0, UINT32_MAX },
	};
	struct sock_fprog program = { LENGTH(large), large };
	struct deafness told;
	int none = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("cannot attach a socket filter: %m");
	send_bytes(fd, 1);
	while (!drops_of(fd))
		poll(NULL, 0, POLL_MS);
	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none)))
		die("cannot detach a socket filter: %m");
	send_bytes(fd, 1);
	receive_bytes(fd, SOAK_LOST + SOAK_AFTER);
	told = (struct deafness){ drops_of(fd), retransmits_of(fd) };
	if (send(fd, &told, sizeof(told), MSG_NOSIGNAL) != sizeof(told))
		die("cannot tell what was dropped: %m");
}

static void serve_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct soak_request request;

	if (fd < 0 || recv(fd, &request, sizeof(request), MSG_WAITALL) != sizeof(request))
		die("cannot read a request: %m");
	hurry(fd);
	if (request.kind == DEAF) {
		be_deaf_for_a_while(fd);
	} else {
		receive_bytes(fd, request.sent - sizeof(request));
		send_bytes(fd, request.received);
	}
	if (request.kind != PASSIVE)
		await_end(fd);
	if (request.kind != DEAF)
		tell_mishaps(fd, request.n, "server");
	close(fd);
}

/* Serves an IPv4 and a dual-stack listener, one connection at a time, and counts them. */
void soak_server(const struct listener *listeners, volatile uint64_t *served)
{
	struct pollfd ready[] = { { .fd = listeners[0].fd, .events = POLLIN }, { .fd = listeners[1].fd, .events = POLLIN } };

	for (;;) {
		poll(ready, LENGTH(ready), -1);
		for (size_t i = 0; i < LENGTH(ready); i++) {
			if (!(ready[i].revents & POLLIN))
				continue;
			serve_one(ready[i].fd);
			++*served;
		}
	}
}
