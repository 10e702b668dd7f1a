import CZlib

/// One member of a gzip file, which says in its header how long it is.
///
/// Several members after each other are one gzip file to every program that reads them. The length is in an extra field
/// (RFC 1952, 2.3.1.1) named `SC`, so that the members of a file can be found without unpacking them, and a torn one
/// at the end is seen.
enum GzipMember {
    /// The length of the header, in bytes.
    static let headerLength = 20
    private static let trailerLength = 8
    /// Magic numbers, method, flags (an extra field), no time, no hint, an unknown system, and the extra field's head.
    private static let headerStart: [UInt8] = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x53, 0x43, 4, 0]

    /// Packs some bytes; nil when there is no memory for it.
    static func packed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // Negative: without a header, which is ours.
        let status = deflateInit2_(
            &stream,
            Z_DEFAULT_COMPRESSION,
            Z_DEFLATED,
            -MAX_WBITS,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard status == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var isWhole = false
        var member = [UInt8](unsafeUninitializedCapacity: bound + Self.headerLength + Self.trailerLength) {
            out,
            count in
            bytes.withUnsafeBufferPointer { input in
                // It only reads there.
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(clamping: input.count)
                stream.next_out = out.baseAddress.map { $0 + Self.headerLength }
                stream.avail_out = UInt32(clamping: bound)
                isWhole = input.count <= Int(UInt32.max) && deflate(&stream, Z_FINISH) == Z_STREAM_END
            }
            count = Self.headerLength + bound - Int(stream.avail_out)
            out[..<Self.headerLength].update(repeating: 0)
        }
        guard isWhole, let length = UInt32(exactly: member.count + Self.trailerLength) else { return nil }
        member.replaceSubrange(..<Self.headerLength, with: Self.headerStart + Self.littleEndian(length))
        member += Self.littleEndian(Self.checksum(bytes)) + Self.littleEndian(UInt32(truncatingIfNeeded: bytes.count))
        return member
    }

    /// The length of the member that begins with these bytes; nil when no member of ours does.
    static func length(of header: [UInt8]) -> Int? {
        guard header.count >= Self.headerLength, header.starts(with: Self.headerStart) else { return nil }
        let length = Int(Self.number(header[Self.headerStart.count...]))
        return length > Self.headerLength + Self.trailerLength ? length : nil
    }

    /// What was packed; nil for a member that is torn or damaged.
    static func unpacked(_ member: [UInt8]) -> [UInt8]? {
        guard Self.length(of: member) == member.count else { return nil }
        let trailer = member.count - Self.trailerLength
        let size = Int(Self.number(member[(trailer + 4)...]))
        // A byte unpacks to at most 1,032, so that a damaged size makes nobody ask for all memory.
        guard size <= member.count * 1032 else { return nil }
        var stream = z_stream()
        let status = inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var isWhole = false
        // One byte more, for there must be an address also when nothing comes out.
        let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { out, count in
            member.withUnsafeBufferPointer { input in
                stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + Self.headerLength) }
                stream.avail_in = UInt32(clamping: trailer - Self.headerLength)
                stream.next_out = out.baseAddress
                stream.avail_out = UInt32(clamping: size + 1)
                isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0
            }
            count = size + 1 - Int(stream.avail_out)
        }
        guard isWhole, bytes.count == size, Self.checksum(bytes) == Self.number(member[trailer...]) else { return nil }
        return bytes
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: bytes.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) })
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
