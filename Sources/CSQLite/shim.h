#include <sqlite3.h>

// Swift cannot call a function with a variable number of arguments.
static inline int scale_keep_log_on_close(sqlite3 *database, int keeps) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps, (int *)0);
}

// Before SQLite is first used: it takes memory by these functions and keeps no counts of its own.
static inline int scale_take_memory_by(sqlite3_mem_methods *methods) {
    int result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return result == SQLITE_OK ? sqlite3_config(SQLITE_CONFIG_MALLOC, methods) : result;
}

// The toolchain's module of the C library leaves <malloc.h> out.
unsigned long malloc_usable_size(void *block);
