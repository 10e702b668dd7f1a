internal import CLinux

/// What becomes of the memory of large bodies.
enum LargeAllocations {
    /// Has memory of 1 MB and more given back to the system as soon as it is free.
    ///
    /// glibc learns to keep pieces of up to 32 MB for the next time. Bodies that grow while they arrive leave many such
    /// behind: half as much again as the bodies themselves.
    static func giveBack() { _ = mallopt(Int32(SCALE_M_MMAP_THRESHOLD), 1 << 20) }
}
