#include <sqlite3.h>

// Swift cannot call a function with a variable number of arguments.
static inline int scale_keep_log_on_close(sqlite3 *database, int keeps) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps, (int *)0);
}
