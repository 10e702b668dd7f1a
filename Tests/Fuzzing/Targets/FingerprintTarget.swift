import Callbacks
import ScaleAPI

/// The fingerprint of any JSON: the same for every spelling of the same callback, and for nothing else.
struct FingerprintTarget: FuzzTarget {
    /// What has been seen, to find two callbacks of one fingerprint however far they are apart.
    private var seen: [[UInt8]: (meaning: Int, text: [UInt8])] = [:]

    mutating func tryOut(_ input: [UInt8]) -> Bool {
        guard let callback = try? Callback(body: input), let json = try? JSON(parsing: input) else { return false }
        require((try? Callback(body: input))?.fingerprint == callback.fingerprint, "a second look gives another")
        guard let meaning = CallbackMeaning(json) else { return true }
        self.remember(callback.fingerprint, of: meaning, json)

        // The same input always has the same changes, so that a finding can be repeated.
        var seed: UInt64 = input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let respelled = JSONRerenderer.render(json, seed: seed)
        guard let again = try? Callback(body: respelled) else { found("the renderer wrote no JSON") }
        require(again.fingerprint == callback.fingerprint, "respelled: \(String(decoding: respelled, as: UTF8.self))")
        require(again.kind == callback.kind && again.subject == callback.subject, "respelled, it is of another kind")
        for _ in 0..<2 {
            seed &+= 1
            self.compare(JSONMutator.mutated(json, seed: seed), with: callback, meaning)
        }
        return true
    }

    private mutating func compare(_ changed: JSON, with callback: Callback, _ meaning: CallbackMeaning) {
        guard let other = CallbackMeaning(changed), let read = try? Callback(body: changed.encoded) else { return }
        require(
            (read.fingerprint == callback.fingerprint) == (other == meaning),
            "\(other == meaning ? "the same" : "another") callback: \(changed.encodedString)"
        )
        self.remember(read.fingerprint, of: other, changed)
    }

    private mutating func remember(_ fingerprint: [UInt8], of meaning: CallbackMeaning, _ json: JSON) {
        if self.seen.count > 5000 { self.seen = [:] }
        let text = json.encoded
        if let known = self.seen.updateValue((meaning.hashValue, text), forKey: fingerprint) {
            require(
                known.meaning == meaning.hashValue,
                """
                two callbacks have one fingerprint:
                \(String(decoding: known.text, as: UTF8.self))
                \(String(decoding: text, as: UTF8.self))
                """
            )
        }
    }
}
