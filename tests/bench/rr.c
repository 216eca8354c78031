/*
 * rr SECONDS IDLE: a byte to and fro over a loopback connection, as fast as it goes, beside IDLE open connections, in a
 * network namespace of its own. Says its process id once all are open; then for each line how many times a second. Both
 * ends run on one CPU: on two, most of the time goes to waking the other one, the more so in a virtual machine, and that
 * takes twice as long or half as long as the rest of the machine is idle or busy.
 */
#define _GNU_SOURCE
#include "c.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <time.h>

#define PER_ADDRESS 20000 /* connections to one address, of which each takes a port of its own */
#define RESERVED 64       /* descriptors for other things */

static struct sockaddr_in address = { .sin_family = AF_INET };

static void enter_new_network(void)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET))
		die("cannot make a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &up))
		die("cannot bring up lo");
	close(fd);
}

static int listen_anywhere(void)
{
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (void *)&address, size) || listen(fd, 64) || getsockname(fd, (void *)&address, &size))
		die("cannot listen");
	return fd;
}

/* Opens the n-th connection; both ends stay open. Returns the end that connected, and `accepted`. */
static int connection(int listener, uint32_t n, int *accepted)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + n / PER_ADDRESS);
	if (fd < 0 || connect(fd, (void *)&address, sizeof(address)))
		die("cannot connect");
	*accepted = accept(listener, NULL, NULL);
	if (*accepted < 0)
		die("cannot accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(*accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Processes that hold so many connections open, as many each as its limit of open files allows, until this one ends. */
static void hold(uint32_t idle)
{
	struct rlimit limit;
	uint32_t each;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		die("cannot read the limit of open files");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("cannot raise the limit of open files");
	each = (least(limit.rlim_max, 2 * PER_ADDRESS) - RESERVED) / 2;
	for (uint32_t done = 0, n; done < idle; done += n) {
		int ready[2], accepted;
		char byte = 0;

		n = least(idle - done, each);
		if (pipe(ready))
			die("cannot make a pipe");
		if (!fork()) {
			int listener = listen_anywhere();

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (uint32_t i = 0; i < n; i++)
				connection(listener, done + i, &accepted);
			if (write(ready[1], &byte, 1) != 1)
				die("nobody waits for idle connections");
			pause();
			_exit(0);
		}
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			die("idle connections cannot be opened");
		close(ready[0]);
	}
}

static void stay_on_this_cpu(void)
{
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		die("cannot stay on one CPU");
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? atof(argv[1]) : 0;
	uint32_t idle = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int server, client;
	char byte = 0, line[16];
	pid_t echo;

	if (argc != 3 || seconds <= 0)
		die("type: rr SECONDS IDLE");
	enter_new_network();
	hold(idle);
	stay_on_this_cpu();
	client = connection(listen_anywhere(), idle, &server);
	echo = fork();
	if (!echo) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(server, &byte, 1) == 1 && write(server, &byte, 1) == 1)
			;
		_exit(0);
	}
	printf("%d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		double began_s = now_s(), spent_s = 0;
		uint64_t count = 0;

		while (spent_s < seconds) {
			for (int i = 0; i < 64; i++, count++)
				if (write(client, &byte, 1) != 1 || read(client, &byte, 1) != 1)
					die("the connection broke");
			spent_s = now_s() - began_s;
		}
		printf("%.1f\n", count / spent_s);
		fflush(stdout);
	}
	kill(echo, SIGKILL);
	waitpid(echo, NULL, 0);
	return 0;
}
