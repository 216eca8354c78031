#include "traffic.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name may hold any bytes, so each byte is printed as the character of the same number. */
static void print_bytes(const char *bytes, size_t most)
{
	putchar('"');
	for (size_t i = 0; i < most && bytes[i]; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

static void end_line(void)
{
	printf("}\n");
	if (fflush(stdout))
		die("cannot write to stdout: %m");
}

static void print_end(const char *side, const union address *end)
{
	bool v4 = end->any.sa_family == AF_INET;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(end->any.sa_family, v4 ? (const void *)&end->v4.sin_addr : &end->v6.sin6_addr, text, sizeof(text));
	printf("\"%saddr\":\"%s\",\"%sport\":%u", side, text, side, port_of(end));
}

static void print_connection(const struct report *made)
{
	bool v6 = made->local.any.sa_family == AF_INET6;
	bool mapped = v6 && IN6_IS_ADDR_V4MAPPED(&made->local.v6.sin6_addr);

	printf("{\"family\":%d,\"mapped\":%s,", v6 ? 6 : 4, mapped ? "true" : "false");
	print_end("l", &made->local);
	printf(",");
	print_end("r", &made->remote);
	printf(",\"pid\":%d,\"tid\":%d,\"comm\":", made->pid, made->tid);
	print_bytes(made->comm, sizeof(made->comm));
	printf("}");
}

void print_ready(const struct run *run)
{
	const struct worker *acceptors = run->acceptors;

	printf("{\"ready\":true,\"netns\":%lu,\"pid\":%d,\"pids\":[", run->netns, acceptors[0].pid);
	for (int i = 0; i < run->acceptor_count; i += run->job.threads)
		printf("%s%d", i ? "," : "", acceptors[i].pid);
	printf("],\"tids\":[");
	for (int i = 0; i < run->acceptor_count; i++)
		printf("%s%d", i ? "," : "", acceptors[i].tid);
	printf("],\"client\":%d,\"uid\":%u,\"mntns\":%lu,\"comm\":", run->client.pid, run->uid, run->mntns);
	print_bytes(run->job.comm, COMM_SIZE - 1);
	if (run->job.cgroup)
		printf(",\"cgroup_id\":%lu", inode_of(run->job.cgroup));
	printf(",\"ports\":[");
	for (size_t i = 0; i < run->listener_count; i++)
		printf("%s%u", i ? "," : "", port_of(&run->listeners[i].address));
	printf("]");
	end_line();
}

/* Instead of the ready line, if the kernel cannot do what the scenario needs; ends the program. */
void print_unsupported(const char *sentence)
{
	printf("{\"unsupported\":");
	print_bytes(sentence, strlen(sentence));
	end_line();
	exit(0);
}

void print_done(const struct run *run)
{
	printf("{\"done\":true");
	for (size_t i = 0; i < run->fact_count; i++)
		printf(",\"%s\":%lu", run->facts[i].name, run->facts[i].value);
	if (run->decoy[0].any.sa_family) {
		printf(",\"decoy\":{");
		print_end("l", &run->decoy[0]);
		printf(",");
		print_end("r", &run->decoy[1]);
		printf("}");
	}
	printf(",\"connections\":[");
	for (size_t i = 0; i < run->connection_count; i++) {
		printf("%s", i ? "," : "");
		print_connection(&run->connections[i]);
	}
	printf("]");
	end_line();
}
