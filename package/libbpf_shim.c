// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What lets libbpf.so be linked from Debian's static libelf and load with any glibc since 2.28.
// Compiled without _GNU_SOURCE, since with it newer headers turn strtol and its like into __isoc23_*.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>

long syscall(long number, ...);

// libelf.a(elf_error.o) addresses its thread-local variable as an executable would, which no shared object may do.
static _Thread_local int last_error;

void __libelf_seterrno(int value)
{
	last_error = value;
}

int elf_errno(void)
{
	int error = last_error;

	last_error = 0;
	return error;
}

const char *elf_errmsg(int error)
{
	static _Thread_local char text[32];

	if (error == 0 && last_error == 0)
		return NULL;
	snprintf(text, sizeof(text), "libelf error %d", error > 0 ? error : last_error);
	return text;
}

// libelf.a asks for fstat@GLIBC_2.33. On both architectures glibc's struct stat is the kernel's.
struct stat;
int fstat(int fd, struct stat *into)
{
	return syscall(SYS_fstat, fd, into);
}

// Headers of glibc 2.38 and later send libbpf's number parsing to these, which differ only in reading "0b1".
long __isoc23_strtol(const char *text, char **end, int base)
{
	return strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base)
{
	return strtoul(text, end, base);
}

unsigned long long __isoc23_strtoull(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}

int __isoc23_sscanf(const char *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int read = vsscanf(text, format, args);
	va_end(args);
	return read;
}

int __isoc23_fscanf(FILE *file, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int read = vfscanf(file, format, args);
	va_end(args);
	return read;
}
