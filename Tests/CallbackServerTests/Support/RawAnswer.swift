import Foundation

/// One HTTP answer as it came over the wire, taken apart by hand so that no client library hides anything.
struct RawAnswer: Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: self.body, as: UTF8.self) }

    var closes: Bool { self["connection"]?.lowercased() == "close" }

    subscript(name: String) -> String? { self.headers.first { $0.name == name }?.value }

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.body == right.body && left.headers.elementsEqual(right.headers, by: ==)
    }

    /// Takes whole answers off the front of some bytes.
    ///
    /// - Parameter isHead: The answers have no bodies, whatever their heads say.
    static func takeAll(from bytes: inout [UInt8], isHead: Bool = false) -> [RawAnswer] {
        var answers: [RawAnswer] = []
        while let answer = Self.take(from: &bytes, isHead: isHead) { answers.append(answer) }
        return answers
    }

    private static func take(from bytes: inout [UInt8], isHead: Bool) -> RawAnswer? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { return nil }
        let headers = lines.dropFirst()
            .map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (
                    name: parts[0].lowercased(),
                    value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                )
            }
        var length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        if isHead || status < 200 { length = 0 }
        guard bytes.count - end.upperBound >= length else { return nil }
        let answer = RawAnswer(
            status: status,
            headers: headers,
            body: Array(bytes[end.upperBound..<end.upperBound + length])
        )
        bytes.removeFirst(end.upperBound + length)
        return answer
    }
}
