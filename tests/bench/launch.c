/*
 * launch RUNS COMMAND... -- COMMAND...: runs the two commands in turn, and prints for each run how long it took from
 * before its exec until it wrote something to stdout, and what CPU time it had used by then. Leading NAME=VALUE words of
 * a command are its environment. Each run is then ended by SIGINT.
 */
#define _GNU_SOURCE
#include "c.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void become(char **command, int out)
{
	for (; strchr(*command, '='); command++)
		putenv(*command);
	dup2(out, STDOUT_FILENO);
	execv(*command, command);
	die("launch: cannot run %s: %m", *command);
}

static void run(int side, char **command)
{
	int ends[2];
	char first;
	uint64_t start_ns, wall_ns, cpu_ns;
	clockid_t cpu;
	pid_t child;

	if (pipe(ends))
		die("launch: cannot make a pipe: %m");
	start_ns = read_ns(CLOCK_MONOTONIC);
	child = fork();
	if (!child)
		become(command, ends[1]);
	close(ends[1]);
	if (read(ends[0], &first, 1) != 1)
		die("launch: %s ended too early", *command);
	wall_ns = read_ns(CLOCK_MONOTONIC) - start_ns;
	clock_getcpuclockid(child, &cpu);
	cpu_ns = read_ns(cpu);
	kill(child, SIGINT);
	waitpid(child, NULL, 0);
	close(ends[0]);
	printf("{\"side\":%d,\"wall_ns\":%llu,\"cpu_ns\":%llu}\n", side, (unsigned long long)wall_ns, (unsigned long long)cpu_ns);
}

int main(int count, char **args)
{
	char **second = NULL;

	for (int i = 2; i < count; i++) {
		if (!strcmp(args[i], "--")) {
			args[i] = NULL;
			second = args + i + 1;
		}
	}
	if (!second)
		die("usage: launch RUNS COMMAND... -- COMMAND...");
	for (int runs = atoi(args[1]); runs > 0; runs--) {
		run(0, args + 2);
		run(1, second);
	}
	return 0;
}
