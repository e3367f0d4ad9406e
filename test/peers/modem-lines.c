/*
 * Preloaded into a program, this gives pseudo terminals the modem lines that the kernel refuses them.
 *
 * The carrier is on while the file named by MODEM_DCD exists; DSR and CTS are always on; DTR and RTS are remembered.
 * Only what the kernel answered with ENOTTY is answered here: real serial ports are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef int ioctl_function(int, unsigned long, void *);

static int own_lines = TIOCM_DTR | TIOCM_RTS;

static int carrier(void) {
	const char *file = getenv("MODEM_DCD");
	return file != NULL && access(file, F_OK) == 0 ? TIOCM_CAR : 0;
}

static int answer(unsigned long request, int *lines) {
	switch (request) {
	case TIOCMGET:
		*lines = own_lines | carrier() | TIOCM_DSR | TIOCM_CTS;
		return 0;
	case TIOCMSET:
		own_lines = *lines;
		return 0;
	case TIOCMBIS:
		own_lines |= *lines;
		return 0;
	case TIOCMBIC:
		own_lines &= ~*lines;
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

int ioctl(int fd, unsigned long request, ...) {
	static ioctl_function *kernel;
	va_list rest;
	void *argument;
	int result;

	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (kernel == NULL)
		kernel = (ioctl_function *)dlsym(RTLD_NEXT, "ioctl");
	result = kernel(fd, request, argument);
	if (result == 0 || errno != ENOTTY || !isatty(fd))
		return result;
	return answer(request, argument);
}
