#include <sys/types.h>

// The C library declares it for _GNU_SOURCE only, which the modules of the toolchain do not define.
int fallocate(int descriptor, int mode, off_t offset, off_t length);

// The toolchain's module of the C library leaves <malloc.h> out.
int mallopt(int parameter, int value);
enum { SCALE_M_MMAP_THRESHOLD = -3 };
