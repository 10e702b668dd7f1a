/// The members of one object, found in one pass over its text, of which a few are picked by key.
///
/// Only the places of keys and values are kept, so that an object of a hundred members costs one allocation.
package struct JSONMembers {
    private struct Member {
        let key: Range<Int>
        /// Whether the key is ASCII without escapes: equal to another such key when the bytes are.
        let isPlain: Bool
        let value: Int
    }

    /// Up to so many keys are compared each with each; for more, a set is made.
    private static let fewMembers = 48

    private let document: JSONDocument
    private var members: [Member] = []
    /// Whether two members have the same key.
    package private(set) var hasRepeatedKey = false

    /// The members of an object; none of any other value, or of none.
    package init(_ node: JSONDocument.Node?) {
        self.document = node?.document ?? .empty
        guard let node, node.kind == .object else { return }
        self.members.reserveCapacity(Self.fewMembers)
        self.document.bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer, at: node.start)
            scanner.enterContainer()
            while scanner.peek() == UInt8(ascii: "\"") {
                let start = scanner.position
                let hasEscape = scanner.skipString()
                let key = start + 1..<scanner.position - 1
                let isPlain = !hasEscape && buffer[key].allSatisfy { $0 < 0x80 }
                scanner.skipPunctuation()
                self.members.append(Member(key: key, isPlain: isPlain, value: scanner.position))
                scanner.skipValue()
                scanner.skipPunctuation()
            }
            self.hasRepeatedKey = self.findRepeatedKey(in: buffer)
        }
    }

    /// The value of the last member with this key, which is ASCII; nil when there is none.
    package subscript(key: StaticString) -> JSONDocument.Node? {
        self.document.bytes.withUnsafeBufferPointer { buffer in
            let wanted = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
            let member = self.members.last { member in
                member.isPlain
                    ? member.key.count == wanted.count && buffer[member.key].elementsEqual(wanted)
                    : Self.name(of: member, in: buffer) == String(decoding: wanted, as: UTF8.self)
            }
            return member.map { JSONDocument.Node(document: self.document, start: $0.value) }
        }
    }

    /// The value of the last member with this key when it is a string.
    package func string(_ key: StaticString) -> String? { self[key]?.string }

    private func findRepeatedKey(in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        guard self.members.count <= Self.fewMembers, self.members.allSatisfy(\.isPlain) else {
            return Set(self.members.map { Self.name(of: $0, in: buffer) }).count < self.members.count
        }
        for (index, member) in self.members.enumerated() {
            for earlier in self.members[..<index]
            where earlier.key.count == member.key.count && buffer[earlier.key].elementsEqual(buffer[member.key]) {
                return true
            }
        }
        return false
    }

    private static func name(of member: Member, in buffer: UnsafeBufferPointer<UInt8>) -> String {
        let text = buffer[member.key.lowerBound - 1..<member.key.upperBound + 1]
        return JSONText.string(text, hasEscape: !member.isPlain)
    }
}
