/// Writes small pictures as PNG (RFC 2083) without compressing them: deflate's stored blocks need no library.
struct PNG: Sendable {
    /// What a pixel holds.
    enum Kind: UInt8, Sendable {
        case gray = 0
        case color = 2

        var bytesPerPixel: Int { self == .gray ? 1 : 3 }
    }

    let width: Int
    let height: Int
    let kind: Kind

    /// All rows are the same: one byte or three for each of `width` pixels.
    ///
    /// That is enough for pictures of upright stripes.
    let row: [UInt8]

    /// The whole file.
    var bytes: [UInt8] {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = Self.big(UInt32(self.width)) + Self.big(UInt32(self.height)) + [8, self.kind.rawValue, 0, 0, 0]
        file += Self.chunk("IHDR", header)
        // A leading zero says that the row is not filtered.
        let line = [0] + self.row
        var pixels: [UInt8] = []
        pixels.reserveCapacity(line.count * self.height)
        for _ in 0..<self.height { pixels += line }
        file += Self.chunk("IDAT", Self.stored(pixels))
        file += Self.chunk("IEND", [])
        return file
    }

    /// A zlib stream (RFC 1950) of stored blocks, each of at most 65,535 bytes.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            stream += [rest.isEmpty ? 1 : 0, UInt8(count & 0xFF), UInt8(count >> 8)]
            stream += [UInt8(~count & 0xFF), UInt8(~count >> 8)]
            stream += block
        } while !rest.isEmpty
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return stream + self.big(high << 16 | low)
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + data
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in named { crc = self.table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        return self.big(UInt32(data.count)) + named + self.big(~crc)
    }

    /// CRC-32 of each byte.
    private static let table: [UInt32] = (0..<256)
        .map { byte in (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 } }

    private static func big(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }
}
