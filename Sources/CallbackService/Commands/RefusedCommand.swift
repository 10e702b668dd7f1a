import ArgumentParser
import CallbackQueue
import Callbacks
import ScaleAPI

/// Lists requests that were refused.
struct RefusedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refused",
        abstract: "List the last refused requests, newest first, with the reason.",
        discussion: """
            The last \(EventStore.refusalRingLength) are kept one by one; --counts tells how many there were an hour.

            Example:
              scale-callbacks refused --counts
            """
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var format: OutputOptions

    @OptionGroup var page: PageOptions

    @Flag(name: .long, help: "How many of each reason in each of the last 48 hours.")
    var counts = false

    func run() async throws {
        let reader = try self.store.reader()
        if self.counts {
            var listing = Listing(
                of: RefusalCountItem.self,
                format: self.format.output,
                to: DescriptorSink.standardOutput
            )
            for record in try await reader.refusalCounts(sinceHour: Now.milliseconds / 3_600_000 - 48) {
                try listing.add(RefusalCountItem(record: record))
            }
            return try listing.finish()
        }
        var listing = Listing(of: RefusalItem.self, format: self.format.output, to: DescriptorSink.standardOutput)
        let page = try await reader.refusals(from: self.page.after, limit: self.page.limit)
        for record in page.rows { try listing.add(RefusalItem(record: record)) }
        try listing.finish(next: page.next.map(String.init))
    }
}

/// A refusal as a row.
private struct RefusalItem: Row {
    static let columns: [Column] = [
        .text("AT"), .text("REASON"), .text("FROM"), .text("REQUEST"), .number("BODY"), .text("BEGINS WITH"),
    ]

    let record: RefusalRecord

    var cells: [String] {
        let refusal = self.record.refusal
        let start = String(decoding: (refusal.firstBytes ?? []).prefix(40), as: UTF8.self)
        return [
            Times.text(refusal.at), refusal.reason, refusal.remote, refusal.request,
            refusal.bodySize.map(String.init) ?? "–", start,
        ]
    }

    var json: JSON {
        let refusal = self.record.refusal
        return [
            "id": .number(.init(Int(self.record.id))),
            "at": .string(Times.text(refusal.at)),
            "reason": .string(refusal.reason),
            "remote": .string(refusal.remote),
            "request": .string(refusal.request),
            "body_size": refusal.bodySize.map { .number(.init($0)) } ?? .null,
            "body_sha256": JSON(refusal.bodySHA256.map { Digest.hexadecimal($0) }),
            "first_bytes": JSON(refusal.firstBytes.map { String(decoding: $0, as: UTF8.self) }),
        ]
    }
}

/// The refusals of one hour as a row.
private struct RefusalCountItem: Row {
    static let columns: [Column] = [.text("HOUR"), .text("REASON"), .number("COUNT")]

    let record: RefusalCountRecord

    var cells: [String] { [self.hour, self.record.reason, String(self.record.count)] }

    var json: JSON {
        [
            "hour": .string(self.hour),
            "reason": .string(self.record.reason),
            "count": .number(.init(self.record.count)),
        ]
    }

    private var hour: String { Times.text(self.record.hour * 3_600_000) }
}
