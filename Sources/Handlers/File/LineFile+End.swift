#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reading the end of a file: where its last whole line ends, and which lines are there.
extension LineFile {
    /// Where the last whole line of a file ends, and the keys of its last lines, the oldest first.
    func readEnd(of file: borrowing Descriptor, size: Int) throws(FileError) -> (end: Int, keys: [LineKey]) {
        try self.options.isCompressed ? self.readMembers(of: file, size: size) : self.readLines(of: file, size: size)
    }

    private func readLines(
        of file: borrowing Descriptor,
        size: Int
    ) throws(FileError) -> (end: Int, keys: [LineKey]) {
        let newline = UInt8(ascii: "\n")
        var length = min(size, Self.window)
        while true {
            var start = size - length
            var bytes = try file.read(start..<size)
            // The first line is whole only where the file begins.
            if start > 0 {
                guard let first = bytes.firstIndex(of: newline), first < bytes.count - 1 else {
                    length = min(size, length * 4)
                    continue
                }
                start += first + 1
                bytes.removeFirst(first + 1)
            }
            if let hole = Self.firstHole(in: bytes) { bytes.removeLast(bytes.count - hole) }
            guard let last = bytes.lastIndex(of: newline) else {
                return (start, [])
            }
            return (start + last + 1, self.keys(of: bytes[..<last]))
        }
    }

    /// The place of the first NUL.
    private static func firstHole(in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress, let hole = memchr(start, 0, buffer.count) else { return nil }
            return start.distance(to: UnsafeRawPointer(hole))
        }
    }

    private func readMembers(
        of file: borrowing Descriptor,
        size: Int
    ) throws(FileError) -> (end: Int, keys: [LineKey]) {
        var members: [Range<Int>] = []
        var end = 0
        while end < size {
            let header = try file.read(end..<min(size, end + GzipMember.headerLength))
            guard let length = GzipMember.length(of: header), length <= size - end else {
                // Much of a file that is not as we write it was hardly torn: others made it.
                let isTorn = GzipMember.length(of: header) != nil || size - end <= Self.maximumBatch * 2
                guard isTorn, end > 0 || header.count < GzipMember.headerLength || header.starts(with: [0x1F, 0x8B])
                else { throw FileError(operation: "reading a gzip file that was not written here", code: EEXIST) }
                break
            }
            members.append(end..<end + length)
            end += length
        }
        // Only the last can be damaged without being short: it was not synced yet.
        while let last = members.last {
            guard let bytes = GzipMember.unpacked(try file.read(last)) else {
                end = last.lowerBound
                members.removeLast()
                continue
            }
            var parts = [bytes]
            var total = bytes.count
            for member in members.dropLast().reversed() where total < Self.window {
                guard let bytes = GzipMember.unpacked(try file.read(member)) else { break }
                parts.append(bytes)
                total += bytes.count
            }
            return (end, parts.reversed().flatMap { self.keys(of: $0.dropLast()) })
        }
        return (end, [])
    }

    private func keys(of lines: ArraySlice<UInt8>) -> [LineKey] {
        lines.split(separator: UInt8(ascii: "\n")).suffix(RecentLines.capacity).map(self.options.key)
    }
}
