extension RuleFunction {
    /// Functions in the place of SQLite's own, which take quadratic time on long texts.
    static let replaced: [RuleFunction] = [
        RuleFunction(signature: "instr(text, part)", meaning: "as SQLite has it", counts: [2]) {
            arguments,
            _ throws(RuleFailure) in
            guard let text = arguments.bytes(0), let part = arguments.bytes(1) else { return .null }
            guard let found = Self.offset(of: part, in: text) else { return .integer(0) }
            // The place is counted in characters, from 1.
            return .integer(text[..<found].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 })
        },
        Self.refusingTrim("trim"), Self.refusingTrim("ltrim"), Self.refusingTrim("rtrim"),
    ]

    private static func refusingTrim(_ name: String) -> RuleFunction {
        RuleFunction(signature: "\(name)(text, characters)", meaning: "refused", counts: [2]) {
            _,
            _ throws(RuleFailure) in
            throw .unsuitable("rules know trim, ltrim and rtrim with one argument only")
        }
    }

    /// The first occurrence by Knuth, Morris and Pratt: in linear time, whatever the texts are.
    private static func offset(of needle: UnsafeBufferPointer<UInt8>, in haystack: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !needle.isEmpty else { return 0 }
        guard needle.count <= haystack.count else { return nil }
        // How much of the needle still fits when the byte behind its first `index + 1` does not.
        var fallback = [Int](repeating: 0, count: needle.count)
        var length = 0
        for index in 1..<max(needle.count, 1) {
            while length > 0, needle[index] != needle[length] { length = fallback[length - 1] }
            if needle[index] == needle[length] { length += 1 }
            fallback[index] = length
        }
        length = 0
        for (index, byte) in haystack.enumerated() {
            while length > 0, byte != needle[length] { length = fallback[length - 1] }
            if byte == needle[length] { length += 1 }
            if length == needle.count { return index + 1 - length }
        }
        return nil
    }
}
