#include <sys/types.h>

// The C library declares it for _GNU_SOURCE only, which the modules of the toolchain do not define.
int fallocate(int descriptor, int mode, off_t offset, off_t length);
