/* A disk that forgets what was never synced: preloaded into the processes under test.
 *
 * For files below $WANGGE_DISK_ROOT every write first appends the old bytes to an undo record in
 * $WANGGE_DISK_JOURNAL (on the same file system, outside the root); fsync and fdatasync of a file
 * forget its records, of a folder the records of names made, moved or removed in it. After the
 * processes are killed, tests/prove/disk/layer.py rewinds the files as a power cut would.
 *
 * Writes reach the real files at once, as through a page cache that all processes share; a lock
 * file keeps record and write together between them. The record stands before the write, so a
 * kill between the two harms nothing: undoing a write that never came changes nothing.
 *
 * $WANGGE_DISK_KILL_AT=n kills the process at its n-th step, a step being the moment before or
 * after a tracked call: kills from outside hardly ever meet the gap between a write and its sync.
 *
 * Not seen: stdio's own writes (fwrite) and memory maps. SQLite uses neither for database,
 * journal or WAL; its -shm file is mapped, is not tracked, and is removed after a cut, as by a
 * boot. Everything here uses raw system calls, so the layer never meets itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x57a9d15c1a7e4c01ull /* so odd that a reader finds the next record after a torn one */
#define KNOWN_FDS 4096
#define CHUNK (1 << 16)

struct record { /* followed by old_len bytes */
    uint64_t magic, kind; /* kind 0 write, 1 change of size */
    uint64_t offset, new_len, old_len, old_size;
};

static char root[PATH_MAX], journal[PATH_MAX];
static size_t root_len;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int lock_fd = -1;
static pid_t lock_pid;
static long steps_left = -1;
static struct { dev_t dev; ino_t ino; char verdict; } known[KNOWN_FDS];

/* --- plain system calls ------------------------------------------------------------------- */

static int raw_open(const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}
static int raw_close(int fd) { return (int)syscall(SYS_close, fd); }
static int raw_unlink(const char *path) { return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }

static void die(const char *what) {
    int unused = (int)syscall(SYS_write, 2, "disk layer: ", 12);
    unused = (int)syscall(SYS_write, 2, what, strlen(what));
    unused = (int)syscall(SYS_write, 2, "\n", 1);
    (void)unused;
    abort();
}

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("WANGGE_DISK_ROOT"), *log = getenv("WANGGE_DISK_JOURNAL");
    if (!at || !log) return;
    if (!realpath(at, root) || !realpath(log, journal)) die("root or journal does not exist");
    root_len = strlen(root);
    const char *kill_at = getenv("WANGGE_DISK_KILL_AT");
    if (kill_at) steps_left = strtol(kill_at, NULL, 10);
}

static void step(void) { /* with the lock held */
    if (steps_left > 0 && --steps_left == 0) kill(getpid(), SIGKILL);
}

static void hold(void) {
    pthread_mutex_lock(&mutex);
    if (lock_fd < 0 || lock_pid != getpid()) { /* a forked child must not share our lock */
        char path[PATH_MAX + 8];
        snprintf(path, sizeof path, "%s/lock", journal);
        if (lock_fd >= 0) raw_close(lock_fd);
        lock_fd = raw_open(path, O_RDWR | O_CREAT, 0600);
        lock_pid = getpid();
        if (lock_fd < 0) die("no lock file");
    }
    while (syscall(SYS_flock, lock_fd, LOCK_EX) != 0)
        if (errno != EINTR) die("no lock");
    step();
}

static void release(void) {
    int kept = errno;
    step();
    syscall(SYS_flock, lock_fd, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = kept;
}

/* --- which files are ours ----------------------------------------------------------------- */

static int below_root(const char *path) {
    size_t len = strlen(path);
    if (root_len == 0 || strncmp(path, root, root_len) != 0) return 0;
    if (path[root_len] != '/' && path[root_len] != 0) return 0;
    return !(len > 4 && strcmp(path + len - 4, "-shm") == 0);
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long len = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (len < 0) return 0;
    path[len] = 0;
    return 1;
}

static int tracked(int fd, struct stat *st) {
    char path[PATH_MAX];
    if (root_len == 0 || fd < 0 || fstat(fd, st) != 0) return 0;
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) return 0;
    if (fd < KNOWN_FDS && known[fd].verdict && known[fd].ino == st->st_ino &&
        known[fd].dev == st->st_dev)
        return known[fd].verdict == 1;
    int ours = path_of(fd, path) && below_root(path);
    if (fd < KNOWN_FDS) {
        known[fd].dev = st->st_dev;
        known[fd].ino = st->st_ino;
        known[fd].verdict = ours ? 1 : 2;
    }
    return ours;
}

/* Absolute path with its folder resolved, its last part as it is; 0 when it is not ours. */
static int ours_at(int dirfd, const char *path, char *out) {
    char joined[2 * PATH_MAX], folder[PATH_MAX];
    if (root_len == 0 || !path || strlen(path) >= PATH_MAX) return 0;
    if (path[0] == '/') {
        strcpy(joined, path);
    } else {
        if (dirfd == AT_FDCWD ? !getcwd(folder, sizeof folder) : !path_of(dirfd, folder)) return 0;
        snprintf(joined, sizeof joined, "%s/%s", folder, path);
    }
    char *slash = strrchr(joined, '/');
    char *last = slash + 1;
    *slash = 0;
    if (!realpath(joined[0] ? joined : "/", folder)) return 0;
    if (strlen(folder) + strlen(last) + 2 > PATH_MAX) return 0;
    snprintf(joined, sizeof joined, "%s", last);
    snprintf(out, PATH_MAX, "%.*s/%.*s", (int)strlen(folder), folder, (int)strlen(joined), joined);
    if (strpbrk(out, "\t\n") && below_root(out)) die("a tab or line end in a file name");
    return below_root(out);
}

/* --- records of content ------------------------------------------------------------------- */

static void log_path(ino_t ino, char *path) {
    snprintf(path, PATH_MAX + 32, "%s/%llu.undo", journal, (unsigned long long)ino);
}

static void put(int fd, const void *bytes, size_t len) {
    const char *at = bytes;
    while (len) {
        long done = syscall(SYS_write, fd, at, len);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) die("the journal cannot be written");
        at += done;
        len -= (size_t)done;
    }
}

/* Called with the lock held, before the change. */
static void remember(int fd, uint64_t kind, uint64_t offset, uint64_t new_len) {
    char path[PATH_MAX + 32];
    struct stat st;
    if (fstat(fd, &st) != 0) return;
    uint64_t size = (uint64_t)st.st_size, end = offset + new_len, old_len = 0;
    if (kind == 1) end = size;
    if (end > size) end = size;
    if (end > offset) old_len = end - offset;
    char *bytes = malloc(sizeof(struct record) + old_len);
    if (!bytes) die("no memory");
    struct record head = {MAGIC, kind, offset, new_len, old_len, size};
    memcpy(bytes, &head, sizeof head);
    char again[64];
    int reader = fd;
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
        snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
        reader = raw_open(again, O_RDONLY, 0);
        if (reader < 0) die("an old file cannot be read");
    }
    for (uint64_t done = 0; done < old_len;) {
        long got = syscall(SYS_pread64, reader, bytes + sizeof head + done, old_len - done,
                           (long)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) die("old bytes cannot be read");
        done += (uint64_t)got;
    }
    if (reader != fd) raw_close(reader);
    log_path(st.st_ino, path);
    int log = raw_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0) die("no undo log");
    put(log, bytes, sizeof head + old_len);
    raw_close(log);
    free(bytes);
}

static void forget_content(ino_t ino) {
    char path[PATH_MAX + 32];
    log_path(ino, path);
    raw_unlink(path);
}

/* --- records of names: C ino path · R old new backup · U path backup ---------------------- */

static void names_path(char *path, const char *suffix) {
    snprintf(path, PATH_MAX + 32, "%s/names%s", journal, suffix);
}

static void remember_name(const char *format, ...) {
    char line[4 * PATH_MAX], path[PATH_MAX + 32];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    names_path(path, "");
    int log = raw_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log < 0) die("no log of names");
    put(log, line, (size_t)len);
    raw_close(log);
}

/* Keep what is about to lose its name under another one; "-" when there is nothing. */
static void back_up(const char *path, char *backup) {
    static unsigned long count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(backup, PATH_MAX + 64, "%s/backup-%lld-%ld-%d-%lu", journal, (long long)now.tv_sec,
             now.tv_nsec, getpid(), count++);
    if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, backup, 0) == 0) return;
    if (errno != ENOENT) die("no backup link: are root and journal on one file system?");
    strcpy(backup, "-");
}

static void drop_backup(const char *backup) {
    struct stat st;
    if (strcmp(backup, "-") == 0) return;
    if (lstat(backup, &st) != 0) return;
    ino_t ino = st.st_ino;
    if (st.st_nlink == 1) forget_content(ino);
    raw_unlink(backup);
}

static int in_folder(const char *path, const char *folder) {
    const char *slash = strrchr(path, '/');
    size_t len = (size_t)(slash - path);
    return strlen(folder) == len && strncmp(path, folder, len) == 0;
}

/* Is this record durable now that file `ino` (its creation) or `folder` (all in it) is synced? */
static int settled(char *line, ino_t ino, const char *folder) {
    char *part[4] = {line, 0, 0, 0};
    for (int i = 1; i < 4 && part[i - 1]; i++) {
        part[i] = strchr(part[i - 1], '\t');
        if (part[i]) *part[i]++ = 0;
    }
    switch (part[0][0]) {
    case 'C':
        return folder ? in_folder(part[2], folder) : strtoull(part[1], 0, 10) == ino;
    case 'R':
        if (!folder || !in_folder(part[2], folder)) return 0;
        drop_backup(part[3]);
        return 1;
    default:
        if (!folder || !in_folder(part[1], folder)) return 0;
        drop_backup(part[2]);
        return 1;
    }
}

static void forget_names(ino_t ino, const char *folder) {
    char path[PATH_MAX + 32], fresh[PATH_MAX + 32];
    struct stat st;
    names_path(path, "");
    names_path(fresh, ".new");
    int log = raw_open(path, O_RDONLY, 0);
    if (log < 0) return;
    if (fstat(log, &st) != 0 || st.st_size == 0) {
        raw_close(log);
        return;
    }
    char *text = malloc((size_t)st.st_size + 1), *copy = malloc((size_t)st.st_size + 1);
    if (!text || !copy || syscall(SYS_pread64, log, text, st.st_size, 0L) != st.st_size)
        die("the log of names cannot be read");
    text[st.st_size] = 0;
    raw_close(log);
    int out = raw_open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0) die("no log of names");
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        memcpy(copy, line, (size_t)(end - line));
        copy[end - line] = 0;
        if (!settled(copy, ino, folder)) put(out, line, (size_t)(end - line) + 1);
    }
    raw_close(out);
    syscall(SYS_renameat2, AT_FDCWD, fresh, AT_FDCWD, path, 0);
    free(text);
    free(copy);
}

/* --- what is intercepted: opening --------------------------------------------------------- */

static int open_at(int dirfd, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    struct stat st;
    if (!(flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE ||
        !ours_at(dirfd, path, full))
        return (int)syscall(SYS_openat, dirfd, path, flags, mode);
    hold();
    int existed = stat(full, &st) == 0;
    if (existed && (flags & O_TRUNC) && S_ISREG(st.st_mode) && st.st_size > 0) {
        int old = raw_open(full, O_RDONLY, 0);
        if (old >= 0) {
            remember(old, 1, 0, 0);
            raw_close(old);
        }
    }
    int fd = (int)syscall(SYS_openat, dirfd, path, flags, mode);
    if (fd >= 0 && !existed && fstat(fd, &st) == 0) {
        forget_content(st.st_ino); /* of a file that had this number before */
        remember_name("C\t%llu\t%s\n", (unsigned long long)st.st_ino, full);
    }
    release();
    return fd;
}

#define MODE_ARGUMENT(flags)                                                                       \
    mode_t mode = 0;                                                                               \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) {                               \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode = (mode_t)va_arg(args, int);                                                          \
        va_end(args);                                                                              \
    }

int open(const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int dirfd, const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_at(dirfd, path, flags, mode);
}
int openat64(int dirfd, const char *path, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_at(dirfd, path, flags, mode);
}
int __open_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t mode) {
    return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* --- writing ------------------------------------------------------------------------------ */

/* Offset -1: where the descriptor stands, or the end with O_APPEND. Returns 1 with lock held. */
static int before_write(int fd, int64_t offset, uint64_t len) {
    struct stat st;
    if (!tracked(fd, &st) || !S_ISREG(st.st_mode) || len == 0) return 0;
    hold();
    if (fstat(fd, &st) == 0 && (fcntl(fd, F_GETFL) & O_APPEND)) offset = st.st_size;
    else if (offset < 0) offset = syscall(SYS_lseek, fd, 0L, SEEK_CUR);
    remember(fd, 0, (uint64_t)offset, len);
    return 1;
}

static ssize_t after(int held, long result) {
    if (held) release();
    return result;
}

static uint64_t total(const struct iovec *parts, int count) {
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) sum += parts[i].iov_len;
    return sum;
}

ssize_t write(int fd, const void *bytes, size_t len) {
    int held = before_write(fd, -1, len);
    return after(held, syscall(SYS_write, fd, bytes, len));
}
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset) {
    int held = before_write(fd, offset, len);
    return after(held, syscall(SYS_pwrite64, fd, bytes, len, offset));
}
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset) {
    return pwrite(fd, bytes, len, offset);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    int held = before_write(fd, -1, total(parts, count));
    return after(held, syscall(SYS_writev, fd, parts, count));
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    int held = before_write(fd, offset, total(parts, count));
    return after(held, syscall(SYS_pwritev, fd, parts, count, offset, 0L));
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}
ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
    int held = before_write(fd, offset, total(parts, count));
    return after(held, syscall(SYS_pwritev2, fd, parts, count, offset, 0L, flags));
}
ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t offset, int flags) {
    return pwritev2(fd, parts, count, offset, flags);
}
ssize_t sendfile(int out, int in, off_t *offset, size_t len) {
    int held = before_write(out, -1, len);
    return after(held, syscall(SYS_sendfile, out, in, offset, len));
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t len) {
    return sendfile(out, in, offset, len);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t len, unsigned flags) {
    int held = before_write(out, to ? *to : -1, len);
    return after(held, syscall(SYS_copy_file_range, in, from, out, to, len, flags));
}

int ftruncate(int fd, off_t size) {
    struct stat st;
    int held = tracked(fd, &st);
    if (held) {
        hold();
        remember(fd, 1, (uint64_t)size, 0);
    }
    return (int)after(held, syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
int truncate(const char *path, off_t size) {
    int fd = raw_open(path, O_WRONLY, 0);
    if (fd < 0) return -1;
    int result = ftruncate(fd, size), kept = errno;
    raw_close(fd);
    errno = kept;
    return result;
}
int truncate64(const char *path, off64_t size) { return truncate(path, size); }

/* Room made in advance changes the size only; written zeros are not told apart from holes. */
int fallocate(int fd, int mode, off_t offset, off_t len) {
    struct stat st;
    int held = tracked(fd, &st);
    if (held) {
        hold();
        remember(fd, 1, (uint64_t)(mode ? offset : st.st_size), 0);
    }
    return (int)after(held, syscall(SYS_fallocate, fd, mode, offset, len));
}
int fallocate64(int fd, int mode, off64_t offset, off64_t len) {
    return fallocate(fd, mode, offset, len);
}
int posix_fallocate(int fd, off_t offset, off_t len) {
    return fallocate(fd, 0, offset, len) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off64_t offset, off64_t len) {
    return posix_fallocate(fd, offset, len);
}

/* --- names -------------------------------------------------------------------------------- */

static int rename_at(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX], backup[PATH_MAX + 64];
    int known_old = ours_at(from_dir, from, old), known_new = ours_at(to_dir, to, new);
    struct stat st;
    if ((!known_old && !known_new) || (flags & RENAME_EXCHANGE) ||
        (known_old && lstat(old, &st) == 0 && S_ISDIR(st.st_mode)))
        return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    hold();
    if (!(flags & RENAME_NOREPLACE)) back_up(new, backup);
    else strcpy(backup, "-");
    int result = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags), kept = errno;
    if (result == 0) remember_name("R\t%s\t%s\t%s\n", old, new, backup);
    else if (backup[0] != '-') raw_unlink(backup);
    release();
    errno = kept;
    return result;
}

int rename(const char *from, const char *to) {
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return rename_at(from_dir, from, to_dir, to, 0);
}
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return rename_at(from_dir, from, to_dir, to, flags);
}

int unlinkat(int dirfd, const char *path, int flags) {
    char full[PATH_MAX], backup[PATH_MAX + 64];
    if ((flags & AT_REMOVEDIR) || !ours_at(dirfd, path, full))
        return (int)syscall(SYS_unlinkat, dirfd, path, flags);
    hold();
    back_up(full, backup);
    int result = (int)syscall(SYS_unlinkat, dirfd, path, flags), kept = errno;
    if (result == 0) remember_name("U\t%s\t%s\n", full, backup);
    else if (backup[0] != '-') raw_unlink(backup);
    release();
    errno = kept;
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char full[PATH_MAX];
    struct stat st;
    if (!ours_at(to_dir, to, full))
        return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    hold();
    int result = (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags), kept = errno;
    if (result == 0 && lstat(full, &st) == 0)
        remember_name("C\t%llu\t%s\n", (unsigned long long)st.st_ino, full);
    release();
    errno = kept;
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

/* --- syncing: nothing need reach a real disk, for the page cache outlives a kill ----------- */

int fsync(int fd) {
    struct stat st;
    char path[PATH_MAX];
    if (!tracked(fd, &st)) return (int)syscall(SYS_fsync, fd);
    hold();
    if (S_ISDIR(st.st_mode)) {
        if (path_of(fd, path)) forget_names(0, path);
    } else {
        forget_content(st.st_ino);
        forget_names(st.st_ino, NULL);
    }
    release();
    return 0;
}
int fdatasync(int fd) { return fsync(fd); }
