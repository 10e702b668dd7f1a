import Callbacks
import Testing

@Suite struct ReceiverKeepsTests {
    @Test(.timeLimit(.minutes(1))) func `every example is answered 200 and kept byte for byte`() async throws {
        let examples = try Requests.examples()
        #expect(examples.count > 5)
        try await withReceiver { receiver in
            for example in examples {
                let (answers, ending) = try await receiver.exchange(Requests.post(example.body))
                #expect(answers.map(\.status) == [200], "\(example.name)")
                #expect(ending == .open)
            }
            #expect(try await receiver.storedDigests() == examples.map { Digest.sha256($0.body) })
        }
    }
}
