/// The members of the object that is a document, and of one object that is a member of it, found in one pass.
package struct JSONOutline {
    package let document: JSONDocument
    package let outer: JSONMembers
    package let inner: JSONMembers

    /// Checks `bytes` as `JSONDocument` does and finds the members on the way.
    ///
    /// - Parameter innerKey: Of which member of the outermost object the members are wanted too; ASCII.
    package init(_ bytes: [UInt8], inner innerKey: StaticString) throws(JSONSyntaxError) {
        var collector = JSONMemberCollector(inner: innerKey)
        let document = try JSONDocument(bytes, observer: &collector)
        self.init(document, collector)
    }

    /// Finds the members in a document.
    package init(_ document: JSONDocument, inner innerKey: StaticString) {
        var collector = JSONMemberCollector(inner: innerKey)
        document.bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            // It has been checked before.
            try? scanner.scanText(&collector)
        }
        self.init(document, collector)
    }

    private init(_ document: JSONDocument, _ collector: JSONMemberCollector) {
        self.document = document
        self.outer = JSONMembers(collector.outer, of: document)
        self.inner = JSONMembers(collector.inner, of: document)
    }
}

/// Keeps the places of the members of a text's outermost object, and of one object that is a member of it.
struct JSONMemberCollector: JSONKeyObserver {
    private(set) var outer: [JSONMembers.Member] = []
    private(set) var inner: [JSONMembers.Member] = []
    private let innerKey: StaticString?
    /// Whether the inner object is the value that is being read.
    private var isInside = false

    /// - Parameter innerKey: Of which member of the outermost object the members are wanted too.
    init(inner innerKey: StaticString? = nil) {
        self.innerKey = innerKey
        self.outer.reserveCapacity(8)
        if innerKey != nil { self.inner.reserveCapacity(24) }
    }

    @inline(__always)
    mutating func note(_ key: JSONKey, valueAt start: Int, depth: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        switch depth {
        case 1:
            self.outer.append(JSONMembers.Member(key: key, value: start, in: bytes))
            self.isInside = self.innerKey.map { key.isEqual(to: $0, in: bytes) } ?? false
            // Of repeated keys the last one counts.
            if self.isInside { self.inner.removeAll(keepingCapacity: true) }
        case 2 where self.isInside:
            self.inner.append(JSONMembers.Member(key: key, value: start, in: bytes))
        default: break
        }
    }
}
