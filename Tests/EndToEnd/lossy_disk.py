"""A file system in memory that forgets what was not synced, as a disk does when the power is cut.

    python lossy_disk.py MOUNT SOCKET

Every file has what processes see (the page cache) and what is on the disk. A sync copies the dirty blocks from the one
to the other; a cut throws the page cache away. On the unix socket it takes one JSON object a line:

    {"do": "cut", "seed": 1, "torn": false}   forget; some dirty blocks reached the disk before, by chance
    {"do": "fail", "call": "sync", "after": 3, "error": "EIO", "kill": false}
                                              let the third sync (write, open) from now fail, once; a failed sync marks
                                              its blocks clean; killed, the process that asked does not live to see it
    {"do": "capacity", "bytes": 1000000}      be full from there on; null for no limit
    {"do": "count"}                           how much was called, and what is dirty

Clean blocks after a failed sync are what Linux does: after a failed fsync the pages count as clean and are never written again, so the next
fsync succeeds although they never reached the disk.
"""

import errno
import json
import os
import random
import signal
import socketserver
import stat
import sys
import threading
import time

from fuse import FUSE, FuseOSError, Operations, fuse_get_context

BLOCK = 4096
SECTOR = 512


class Inode:
    def __init__(self, mode):
        self.mode = mode
        self.cache = bytearray()
        self.disk = bytearray()
        self.dirty = set()
        self.time = time.time()

    def touch(self, start, end):
        self.dirty.update(range(start // BLOCK, (end + BLOCK - 1) // BLOCK))
        self.time = time.time()

    def write_back(self, block, torn=None):
        """Brings one block to the disk: all of it, or by chance only some of its sectors."""
        step = SECTOR if torn else BLOCK
        for place in range(block * BLOCK, min((block + 1) * BLOCK, len(self.cache)), step):
            if torn and torn.random() < 0.5:
                continue
            piece = self.cache[place : place + step]
            if len(self.disk) < place + len(piece):
                self.disk.extend(bytes(place + len(piece) - len(self.disk)))
            self.disk[place : place + len(piece)] = piece

    def sync(self):
        for block in self.dirty:
            self.write_back(block)
        self.dirty.clear()
        del self.disk[len(self.cache) :]

    def forget(self, chance, torn):
        for block in sorted(self.dirty):
            if chance.random() < 0.5:
                self.write_back(block, chance if torn and chance.random() < 0.5 else None)
        self.dirty.clear()
        self.cache = bytearray(self.disk)


class LossyDisk(Operations):
    """One flat folder."""

    def __init__(self):
        self.guard = threading.Lock()
        self.names = {}
        self.names_on_disk = {}
        self.calls = {"sync": 0, "write": 0, "open": 0}
        self.fault = None
        self.failed = 0
        self.capacity = None

    def cut(self, seed, torn):
        with self.guard:
            chance = random.Random(seed)
            dirty = sum(len(inode.dirty) for inode in self.names.values())
            for name in set(self.names) | set(self.names_on_disk):
                # A change of the folder that was not synced may have reached the disk or not.
                if self.names.get(name) is not self.names_on_disk.get(name) and chance.random() < 0.5:
                    self.set_on_disk(name, self.names.get(name))
            self.names = dict(self.names_on_disk)
            for inode in self.names.values():
                inode.forget(chance, torn)
            return {"dirty_blocks": dirty}

    def set_on_disk(self, name, inode):
        if inode is None:
            self.names_on_disk.pop(name, None)
        else:
            self.names_on_disk[name] = inode

    def count(self, call, before=lambda: None):
        """Counts a call, and fails it when that was ordered."""
        self.calls[call] += 1
        fault = self.fault
        if fault is None or fault["call"] != call:
            return
        fault["after"] -= 1
        if fault["after"] == 0:
            self.fault = None
            self.failed += 1
            before()
            if fault["kill"]:
                os.kill(fuse_get_context()[2], signal.SIGKILL)
            raise FuseOSError(getattr(errno, fault["error"]))

    def make_room(self, more):
        if self.capacity is not None and more > 0:
            if sum(len(inode.cache) for inode in self.names.values()) + more > self.capacity:
                raise FuseOSError(errno.ENOSPC)

    def inode(self, path):
        inode = self.names.get(path[1:])
        if inode is None:
            raise FuseOSError(errno.ENOENT)
        return inode

    # The calls of FUSE, by its names.

    def getattr(self, path, fh=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        with self.guard:
            inode = self.inode(path)
            return {
                "st_mode": inode.mode, "st_nlink": 1, "st_size": len(inode.cache), "st_mtime": inode.time,
                "st_uid": os.getuid(), "st_gid": os.getgid(),
            }

    def readdir(self, path, fh):
        with self.guard:
            return [".", "..", *self.names]

    def mknod(self, path, mode, dev):
        with self.guard:
            self.names[path[1:]] = Inode(mode)

    def create(self, path, mode, fi=None):
        with self.guard:
            self.count("open")
            self.names[path[1:]] = Inode(stat.S_IFREG | mode)
        return 0

    def open(self, path, flags):
        with self.guard:
            self.count("open")
            self.inode(path)
        return 0

    def unlink(self, path):
        with self.guard:
            self.inode(path)
            del self.names[path[1:]]

    def rename(self, old, new):
        with self.guard:
            self.names[new[1:]] = self.inode(old)
            del self.names[old[1:]]

    def chmod(self, path, mode):
        with self.guard:
            inode = self.inode(path)
            inode.mode = stat.S_IFMT(inode.mode) | stat.S_IMODE(mode)

    def chown(self, path, uid, gid):
        pass

    def utimens(self, path, times=None):
        pass

    def truncate(self, path, length, fh=None):
        with self.guard:
            inode = self.inode(path)
            before = len(inode.cache)
            if length < before:
                del inode.cache[length:]
                inode.dirty = {block for block in inode.dirty if block * BLOCK < length}
            else:
                self.make_room(length - before)
                inode.cache.extend(bytes(length - before))
            inode.touch(min(before, length), max(before, length))

    def read(self, path, size, offset, fh):
        with self.guard:
            return bytes(self.inode(path).cache[offset : offset + size])

    def write(self, path, data, offset, fh):
        with self.guard:
            self.count("write")
            inode = self.inode(path)
            end = offset + len(data)
            self.make_room(end - len(inode.cache))
            if len(inode.cache) < offset:
                inode.cache.extend(bytes(offset - len(inode.cache)))
            inode.cache[offset:end] = data
            inode.touch(offset, end)
            return len(data)

    def fsync(self, path, datasync, fh):
        with self.guard:
            inode = self.inode(path)
            self.count("sync", before=inode.dirty.clear)
            inode.sync()

    def fsyncdir(self, path, datasync, fh):
        with self.guard:
            self.names_on_disk = dict(self.names)

    def statfs(self, path):
        with self.guard:
            used = sum(len(inode.cache) for inode in self.names.values())
        free = max(0, (1 << 32 if self.capacity is None else self.capacity) - used) // BLOCK
        return {"f_bsize": BLOCK, "f_frsize": BLOCK, "f_blocks": 1 << 20, "f_bfree": free, "f_bavail": free}


class Control(socketserver.StreamRequestHandler):
    def handle(self):
        disk = self.server.disk
        for line in self.rfile:
            order = json.loads(line)
            if order["do"] == "cut":
                answer = disk.cut(order["seed"], order["torn"])
            elif order["do"] == "fail":
                with disk.guard:
                    disk.fault = order
                    answer = {}
            elif order["do"] == "capacity":
                with disk.guard:
                    disk.capacity = order["bytes"]
                    answer = {}
            else:
                with disk.guard:
                    dirty = sum(len(inode.dirty) for inode in disk.names.values())
                    answer = {**disk.calls, "failed": disk.failed, "dirty_blocks": dirty, "pending": disk.fault is not None}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


def main(mount, path):
    disk = LossyDisk()
    server = socketserver.ThreadingUnixStreamServer(path, Control)
    server.disk = disk
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Nothing is remembered by the kernel from one open to the next, so that a cut is seen at once.
    FUSE(disk, mount, foreground=True, nothreads=True, attr_timeout=0, entry_timeout=0, negative_timeout=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
