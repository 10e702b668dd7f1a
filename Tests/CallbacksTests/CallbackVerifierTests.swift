import Callbacks
import ScaleAPI
import Testing

@Suite struct CallbackVerifierTests {
    private static let verifier = CallbackVerifier(accounts: [
        Account(name: "live", callbackAuthKeys: [Secret("live-new-5f3a"), Secret("live-old-77c1")]),
        Account(name: "test", callbackAuthKeys: [Secret("test-öffnen")]),
        Account(name: "closed", callbackAuthKeys: []),
    ])

    @Test(arguments: [("live-new-5f3a", "live", 0), ("live-old-77c1", "live", 1), ("test-öffnen", "test", 0)])
    func `every key of every account is believed and tells whose it is`(key: String, account: String, index: Int) {
        #expect(Self.verifier.verify([key]) == .verified(account: account, keyIndex: index))
    }

    @Test(
        arguments: [
            ([], CallbackVerifier.Refusal.missing), ([""], .wrong), (["wrong"], .wrong), (["live-new-5f3"], .wrong),
            (["live-new-5f3ax"], .wrong), (["live-new-5f3a "], .wrong), ([" live-new-5f3a"], .wrong),
            (["Live-new-5f3a"], .wrong), (["live-new-5f3a\0"], .wrong),
            (["live-new-5f3a", "live-new-5f3a"], .repeated),
            (["live-new-5f3a", "wrong"], .repeated), (["wrong", "live-new-5f3a"], .repeated), (["", ""], .repeated),
            (["live-new-5f3a, live-old-77c1"], .wrong), (["live-new-5f3a,live-new-5f3a"], .wrong),
            ([String(repeating: "live-new-5f3a", count: 800)], .wrong), (["test-o\u{308}ffnen"], .wrong),
            (["test-\u{F6}ffne"], .wrong), (["<redacted>"], .wrong),
        ]
    )
    func `everything else is refused with its reason`(values: [String], reason: CallbackVerifier.Refusal) {
        #expect(Self.verifier.verify(values) == .refused(reason))
    }

    @Test(arguments: [[], [Account(name: "live", callbackAuthKeys: [])]])
    func `without keys nothing is believed`(accounts: [Account]) {
        let verifier = CallbackVerifier(accounts: accounts)
        #expect(verifier.verify([]) == .refused(.missing))
        #expect(verifier.verify([""]) == .refused(.wrong))
        #expect(verifier.verify(["x"]) == .refused(.wrong))
    }

    @Test func `an empty key is no key`() {
        let verifier = CallbackVerifier(accounts: [Account(name: "live", callbackAuthKeys: [Secret("")])])
        #expect(verifier.verify([""]) == .refused(.wrong))
    }

    @Test func `of a key over the longest length no other ending is believed`() {
        let long = String(repeating: "k", count: CallbackVerifier.maximumKeyLength)
        let verifier = CallbackVerifier(accounts: [
            Account(name: "long", callbackAuthKeys: [Secret(long), Secret(long + "a")])
        ])
        #expect(verifier.verify([long]) == .verified(account: "long", keyIndex: 0))
        #expect(verifier.verify([long + "b"]) == .refused(.wrong))
        #expect(verifier.verify([long + "ab"]) == .refused(.wrong))
    }

    @Test func `an account that insecurely accepts all still tells right keys`() {
        let verifier = CallbackVerifier(
            accounts: [Account(name: "live", callbackAuthKeys: [Secret("right")])],
            insecurelyAcceptingAllAs: "open"
        )
        #expect(verifier.verify(["right"]) == .verified(account: "live", keyIndex: 0))
        for values in [[], [""], ["wrong"], ["right", "right"]] {
            #expect(verifier.verify(values) == .verified(account: "open", keyIndex: -1))
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `random keys and mutations of right ones are never believed`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        let right = Set(["live-new-5f3a", "live-old-77c1", "test-öffnen"])
        for _ in 0..<200 {
            var bytes = Array((right.randomElement(using: &generator) ?? "").utf8)
            for _ in 0...Int.random(in: 0..<3, using: &generator) {
                let place = Int.random(in: 0...bytes.count, using: &generator)
                let byte = UInt8.random(in: 0x20...0x7E, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.insert(byte, at: place)
                case 1: if place < bytes.count { bytes.remove(at: place) }
                default: if place < bytes.count { bytes[place] = byte }
                }
            }
            let candidate = String(decoding: bytes, as: UTF8.self)
            guard !right.contains(candidate) else { continue }
            #expect(Self.verifier.verify([candidate]) == .refused(.wrong), "seed \(seed): \(candidate)")
        }
    }
}
