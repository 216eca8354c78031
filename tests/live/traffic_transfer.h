/* Sending and receiving an exact number of bytes by each of the kernel's calls for it. */
#ifndef TRAFFIC_TRANSFER_H
#define TRAFFIC_TRANSFER_H

#include <stdint.h>

/* Both end the process with a sentence if the name is none; they return when all is sent or received. */
void send_by(const char *call, int fd, uint64_t bytes);
void receive_by(const char *call, int fd, uint64_t bytes);

/* Makes a connected socket one of kTLS, in both directions. Returns 0, or errno if the kernel does not have it. */
int use_tls(int fd);

#endif
