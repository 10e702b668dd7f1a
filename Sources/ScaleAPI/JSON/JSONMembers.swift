/// The members of one object of a document, of which a few are picked by key.
///
/// Only the places of keys and values are kept, so that an object of a hundred members costs few allocations.
package struct JSONMembers {
    struct Member {
        let key: JSONKey
        let signature: UInt32
        let value: Int

        init(key: JSONKey, value: Int, in bytes: UnsafeBufferPointer<UInt8>) {
            self.key = key
            self.signature = JSONKey.signature(of: key.text(in: bytes))
            self.value = value
        }
    }

    /// Up to so many keys are compared each with each; for more, a set is made.
    private static let fewMembers = 48

    private let document: JSONDocument
    private let members: [Member]

    init(_ members: [Member], of document: JSONDocument) {
        self.document = document
        self.members = members
    }

    /// The members of an object; none of any other value, or of none.
    package init(_ node: JSONDocument.Node?) {
        guard let node, node.kind == .object else {
            self.init([], of: .empty)
            return
        }
        var collector = JSONMemberCollector()
        node.document.bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer, at: node.start)
            // It has been checked before.
            try? scanner.scanValue(&collector)
        }
        self.init(collector.outer, of: node.document)
    }

    /// The value of the last member with this key, which is ASCII; nil when there is none.
    package subscript(key: StaticString) -> JSONDocument.Node? {
        self.value(key).map { JSONDocument.Node(document: self.document, start: $0) }
    }

    /// The value of the last member with this key when it is a string.
    package func string(_ key: StaticString) -> String? {
        guard let start = self.value(key) else { return nil }
        return self.document.string(at: start)
    }

    /// As above, but `known` itself, which spares a copy, when the bytes are the same.
    package func string(_ key: StaticString, unlike known: String?) -> String? {
        guard let start = self.value(key) else { return nil }
        guard var known else { return self.document.string(at: start) }
        let isKnown = self.document.withString(at: start) { text in
            known.withUTF8 { known in text.map { $0.count == known.count && $0.elementsEqual(known) } ?? false }
        }
        return isKnown ? known : self.document.string(at: start)
    }

    /// When a string member is a timestamp, its moment in milliseconds since 1970, as `ScaleDate` reads it.
    package func milliseconds(_ key: StaticString) -> Int64? {
        guard let start = self.value(key) else { return nil }
        return self.document.withString(at: start) { $0.flatMap(ScaleDate.parse) }
    }

    /// Calls `body` with the UTF-8 of a string member, as long as it runs; with nil when there is none.
    package func withString(_ key: StaticString, _ body: (UnsafeBufferPointer<UInt8>?) -> Void) {
        guard let start = self.value(key) else { return body(nil) }
        return self.document.withString(at: start, body)
    }

    private func value(_ key: StaticString) -> Int? {
        let wanted = JSONKey.signature(of: key.text)
        return self.document.bytes.withUnsafeBufferPointer { buffer in
            self.members.withUnsafeBufferPointer { members in
                var index = members.count
                while index > 0 {
                    index -= 1
                    let member = members[index]
                    guard member.signature == wanted || !member.key.isPlain else { continue }
                    if member.key.isEqual(to: key, in: buffer) { return member.value }
                }
                return nil
            }
        }
    }

    /// Whether two members have the same key.
    package var hasRepeatedKey: Bool {
        self.document.bytes.withUnsafeBufferPointer { buffer in
            guard self.members.count <= Self.fewMembers, self.members.allSatisfy(\.key.isPlain) else {
                return Set(self.members.map { $0.key.name(in: buffer) }).count < self.members.count
            }
            return self.members.withUnsafeBufferPointer { members in
                // A bit for each signature that was seen; some share one.
                var seen: UInt64 = 0
                for (index, member) in members.enumerated() {
                    let bit: UInt64 = 1 << UInt64((member.signature &* 0x9E37_79B1) >> 26)
                    let text = member.key.text(in: buffer)
                    if seen & bit != 0,
                        members[..<index].contains(where: { JSONKey.areEqual($0.key.text(in: buffer), text) })
                    {
                        return true
                    }
                    seen |= bit
                }
                return false
            }
        }
    }
}
