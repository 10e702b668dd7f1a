internal import CSQLite
internal import Foundation
internal import Synchronization

/// How much memory SQLite has.
///
/// SQLite counts it under one lock for the whole process, taken for every piece. Threads that do nothing but judge spend a
/// tenth of their time waiting for each other there.
package enum RuleMemory {
    private static let isCounted = Atomic(false)
    private static let counted = Atomic<Int>(0)

    /// Bytes that SQLite has in this process.
    static var used: Int64 {
        self.isCounted.load(ordering: .relaxed)
            ? Int64(self.counted.load(ordering: .relaxed)) : sqlite3_memory_used()
    }

    /// Has SQLite take its memory without that lock from now on. For a process that judges on all cores.
    ///
    /// Does nothing when SQLite was used before in this process.
    package static func countWithoutLock() {
        var methods = sqlite3_mem_methods()
        methods.xMalloc = { size in
            let block = malloc(Int(size))
            RuleMemory.counted.add(Int(malloc_usable_size(block)), ordering: .relaxed)
            return block
        }
        methods.xFree = { block in
            RuleMemory.counted.subtract(Int(malloc_usable_size(block)), ordering: .relaxed)
            free(block)
        }
        methods.xRealloc = { block, size in
            let before = Int(malloc_usable_size(block))
            guard let moved = realloc(block, Int(size)) else { return nil }
            RuleMemory.counted.add(Int(malloc_usable_size(moved)) - before, ordering: .relaxed)
            return moved
        }
        methods.xSize = { block in Int32(clamping: malloc_usable_size(block)) }
        // What SQLite's own functions do.
        methods.xRoundup = { size in (size + 7) & ~7 }
        methods.xInit = { _ in SQLITE_OK }
        methods.xShutdown = { _ in }
        self.isCounted.store(scale_take_memory_by(&methods) == SQLITE_OK, ordering: .relaxed)
    }
}
