internal import Callbacks
internal import NIOHTTP1

/// What the fields of a head say that a request is judged by, gathered in one pass over them.
struct HeadFields {
    /// How many hosts are named, in one field or several; a name that is empty is one too.
    private(set) var hostCount = 0
    /// The values of the header that carries the key.
    private(set) var keys: [String] = []
    /// The first length.
    private(set) var contentLength: String?
    /// Whether there is any field of these names, which most requests do without.
    private(set) var hasContentEncoding = false
    private(set) var hasTransferEncoding = false
    private(set) var hasExpectation = false
    private(set) var hasUpgrade = false

    init(_ headers: HTTPHeaders) {
        // No two of the names are of one length, so that no field is compared with more than one of them.
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where Self.isEqual(name, "host"): self.hostCount += Self.count(value)
            case 6 where Self.isEqual(name, "expect"): self.hasExpectation = true
            case 7 where Self.isEqual(name, "upgrade"): self.hasUpgrade = true
            case 14 where Self.isEqual(name, "content-length"): self.contentLength = self.contentLength ?? value
            case 16 where Self.isEqual(name, "content-encoding"): self.hasContentEncoding = true
            case 17 where Self.isEqual(name, "transfer-encoding"): self.hasTransferEncoding = true
            case CallbackVerifier.headerName.utf8.count where Self.isEqual(name, CallbackVerifier.headerName):
                self.keys.append(value)
            default: break
            }
        }
    }

    /// Whether a name is another, which is in lower case, as HTTP compares names.
    private static func isEqual(_ name: String, _ lowercase: String) -> Bool {
        name.utf8.elementsEqual(lowercase.utf8) { byte, expected in
            byte == expected || (byte | 0x20 == expected && UInt8(ascii: "a")...UInt8(ascii: "z") ~= expected)
        }
    }

    /// How many values there are between the commas. Empty ones count: who reads the first field and who reads the last must not
    /// see two hosts.
    private static func count(_ list: String) -> Int {
        list.utf8.reduce(1) { $1 == UInt8(ascii: ",") ? $0 + 1 : $0 }
    }
}
