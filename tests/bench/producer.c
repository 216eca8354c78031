/*
 * producer RATE SECONDS: for each line of input, calls getppid RATE times a second, evenly spaced, and prints how often
 * it did and how long all calls took, which is what tracing makes longer.
 */
#define _GNU_SOURCE
#include "c.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Spins between calls: a sleep would come late by more than a call takes. */
static void produce(uint64_t rate, uint64_t calls)
{
	uint64_t start_ns = now_ns(), spent_ns = 0, before_ns = start_ns;

	for (uint64_t i = 0; i < calls; i++) {
		uint64_t due_ns = start_ns + i * 1000000000 / rate;

		do
			before_ns = now_ns();
		while (before_ns < due_ns);
		syscall(SYS_getppid);
		spent_ns += now_ns() - before_ns;
	}
	printf("{\"calls\":%llu,\"spent_ns\":%llu,\"elapsed_ns\":%llu}\n", (unsigned long long)calls,
	       (unsigned long long)spent_ns, (unsigned long long)(now_ns() - start_ns));
	fflush(stdout);
}

int main(int count, char **args)
{
	uint64_t rate = count == 3 ? atoi(args[1]) : 0;
	cpu_set_t first;
	char line[32];

	if (!rate)
		die("usage: producer RATE SECONDS");
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	while (fgets(line, sizeof(line), stdin))
		produce(rate, rate * atof(args[2]));
	return 0;
}
