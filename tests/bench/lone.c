/*
 * lone EVENTS APART_MS COMMAND...: runs a tcpaccept that prints a table, and has one connection accepted at a time, so
 * long after the one before that the tracer waits for it. Prints for each how long it took from before the call of
 * accept until the row of this process was read, in ns. Ends the command by SIGINT.
 */
#define _GNU_SOURCE
#include "c.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 5000

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static pid_t start(char **command, int *out)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) || (child = fork()) < 0)
		die("lone: cannot start a process: %m");
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		execvp(*command, command);
		die("lone: cannot run %s: %m", *command);
	}
	close(ends[1]);
	*out = ends[0];
	return child;
}

/* Reads on until a line begins with `start`: the heading, or this process's row; other processes accept, too. */
static void await_line(int out, const char *start)
{
	static char text[1 << 16];
	static size_t size;

	for (;;) {
		struct pollfd ready = { .fd = out, .events = POLLIN };
		char *end;
		ssize_t count;

		while ((end = memchr(text, '\n', size))) {
			bool found = size >= strlen(start) && !memcmp(text, start, strlen(start));

			size -= end + 1 - text;
			memmove(text, end + 1, size);
			if (found)
				return;
		}
		if (poll(&ready, 1, PATIENCE_MS) != 1 || (count = read(out, text + size, sizeof(text) - size)) <= 0)
			die("lone: there is no row that begins with %s", start);
		size += count;
	}
}

static int listen_on(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)address, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)address, &size))
		die("lone: cannot listen: %m");
	return listener;
}

int main(int count, char **args)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = listen_on(&address), out;
	char row[16];
	pid_t child;

	if (count < 4)
		die("usage: lone EVENTS APART_MS COMMAND...");
	snprintf(row, sizeof(row), "%d ", getpid());
	child = start(args + 3, &out);
	await_line(out, "PID ");
	for (int left = atoi(args[1]); left > 0; left--) {
		int client, accepted;
		uint64_t start_ns;

		usleep(1000 * atoi(args[2]));
		client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof(address)))
			die("lone: cannot connect: %m");
		start_ns = now_ns();
		accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (accepted < 0)
			die("lone: cannot accept: %m");
		await_line(out, row);
		printf("%llu\n", (unsigned long long)(now_ns() - start_ns));
		close(client);
		close(accepted);
	}
	kill(child, SIGINT);
	waitpid(child, NULL, 0);
	return 0;
}
