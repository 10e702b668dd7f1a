/// The names of a file and of those that follow it when it is full: `x.jsonl`, `x~1.jsonl`, `x~2.jsonl`.
///
/// No other path of the handler can have such a name, because `~` cannot stand in a value.
struct PartName: Sendable, Hashable {
    private let stem: String
    private let ending: String

    /// Divides a name before its ending, which `.gz` is only a part of.
    init(_ name: String) {
        let isPacked = name.hasSuffix(".gz")
        let plain = isPacked ? name.dropLast(3) : name[...]
        let dot = plain.dropFirst().lastIndex(of: ".") ?? plain.endIndex
        self.stem = String(plain[..<dot])
        self.ending = plain[dot...] + (isPacked ? ".gz" : "")
    }

    /// The name of a part, counted from 0.
    func of(part: Int) -> String { part == 0 ? self.stem + self.ending : "\(self.stem)~\(part)\(self.ending)" }

    /// The last part that there is; 0 when there is none.
    func highestPart(among names: [String]) -> Int {
        let start = self.stem + "~"
        let parts = names.compactMap { name -> Int? in
            guard name.hasPrefix(start), name.hasSuffix(self.ending),
                name.utf8.count > start.utf8.count + self.ending.utf8.count
            else { return nil }
            let number = name.dropFirst(start.count).dropLast(self.ending.count)
            guard number.utf8.count <= 9, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return Int(number)
        }
        return parts.max() ?? 0
    }
}
