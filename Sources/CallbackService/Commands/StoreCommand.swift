import ArgumentParser
import CallbackQueue
import Foundation
import ScaleAPI

/// Looks after the store's file.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Measure, check, back up and prune the store.",
        discussion: """
            All of it works while the service runs, and while it does not.

            Examples:
              scale-callbacks store size
              scale-callbacks store check
              scale-callbacks store backup /backup/callbacks-monday.db
              scale-callbacks store prune          # counts
              scale-callbacks store prune --yes    # acts
            """,
        subcommands: [Size.self, Check.self, Backup.self, Prune.self],
        defaultSubcommand: Size.self
    )

    /// Says how large the store is.
    struct Size: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "size",
            abstract: "Say how large the store is, and what of.",
            discussion: """
                Reads the whole file once. Sizes are in bytes; those of parts count their pages. What is left in the \
                write-ahead log are pages that a checkpoint still has to copy; many of them mean that somebody has been \
                reading the store for long.
                """
        )

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let size = try await self.store.reader().size()
            var listing = Listing(of: SizeItem.self, format: self.format.output, to: DescriptorSink.standardOutput)
            for item in SizeItem.items(of: size) { try listing.add(item) }
            try listing.finish()
        }
    }

    /// Proves that the store is whole.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check the file's structure, its references, and every body against its digest.",
            discussion: "Exits with 1 when something is wrong; then restore a backup. Nothing is changed."
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let reader = try self.store.reader()
            var problems = try await reader.structureProblems()
            let bar = ProgressBar("check")
            let total = try await reader.bodyCount()
            var compared = 0
            var cursor: Int64?
            repeat {
                let stretch = try await reader.checkBodies(from: cursor)
                compared += stretch.count
                problems += stretch.damaged.map { "the body of event \($0) is not what arrived" }
                cursor = stretch.next
                bar.show(Double(compared) / Double(max(1, total)))
            } while cursor != nil
            bar.end()
            for problem in problems { try DescriptorSink.standardOutput.writeLine(TerminalText.escaped(problem)) }
            guard problems.isEmpty else {
                throw CommandError("\(problems.count) problems found; restore a backup.", exitCode: .failed)
            }
            try DescriptorSink.standardOutput.writeLine(
                "The store is whole: structure, references, \(compared) bodies."
            )
        }
    }

    /// Copies the store into a new file.
    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup",
            abstract: "Copy the store, as it is at this moment, into a new file.",
            discussion: """
                The service may go on taking callbacks meanwhile. To restore, stop the service, put the copy in the \
                place of the store, remove the files STORE-wal and STORE-shm, and start it.
                """
        )

        @OptionGroup var store: StoreOptions

        @Argument(help: "The new file.")
        var file: String

        func run() async throws {
            // As secret as the store.
            umask(0o077)
            let reader = try self.store.reader()
            let bar = ProgressBar("backup")
            defer { bar.end() }
            try await reader.backUp(to: self.file) { bar.show($0) }
            bar.end()
            try DescriptorSink.standardOutput.writeLine("Copied to \(TerminalText.escaped(self.file)).")
        }
    }

    /// Removes what is past its time now.
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Remove what the configured retention no longer keeps; the service does so by itself.",
            discussion: """
                Without --yes it only counts. Events with pending deliveries keep everything. Space is given back to \
                the file system, but for what the next events will need.
                """
        )

        @OptionGroup var store: StoreOptions

        @Flag(name: .long, help: "Only count.")
        var dryRun = false

        @Flag(name: .long, help: "Act.")
        var yes = false

        func run() async throws {
            let configuration = try self.store.configuration.read()
            let pass = PrunePass(configuration.retention, now: Now.milliseconds)
            let path = try self.store.path()
            let counts = try await StoreReader(path: path).prunable(pass)
            let what = "\(counts.events) events, \(counts.bodies) bodies and \(counts.refusals) refusals"
            guard self.yes, !self.dryRun else {
                let hint = self.dryRun || counts.isEmpty ? "" : " Say --yes to do it."
                return try DescriptorSink.standardOutput.writeLine("\(what) would be removed.\(hint)")
            }
            let bar = ProgressBar("prune")
            defer { bar.end() }
            let total = Double(max(1, counts.events + counts.bodies))
            let done = try await StoreControl(storePath: path)
                .prune(pass) { bar.show(Double($0.counts.events + $0.counts.bodies) / total) }
            bar.end()
            try DescriptorSink.standardOutput.writeLine(
                "\(done.counts.events) events, \(done.counts.bodies) bodies and \(done.counts.refusals) refusals "
                    + "removed, \(done.counts.freedBytes) bytes given back."
            )
        }
    }
}

/// One figure of a store's size as a row.
private struct SizeItem: Row {
    static let columns: [Column] = [.text("WHAT"), .number("VALUE"), .text("UNIT")]

    let what: String
    let value: String
    let unit: String

    var cells: [String] { [self.what, self.value, self.unit] }

    var json: JSON {
        [
            "what": .string(self.what),
            "value": self.unit == "time" ? .string(self.value) : .number(.init(Int(self.value) ?? 0)),
            "unit": .string(self.unit),
        ]
    }

    static func items(of size: StoreSize) -> [SizeItem] {
        func bytes(_ what: String, _ value: Int) -> SizeItem { SizeItem(what: what, value: "\(value)", unit: "bytes") }
        func count(_ what: String, _ value: Int) -> SizeItem { SizeItem(what: what, value: "\(value)", unit: "rows") }
        var items = [
            bytes("file", size.fileBytes), bytes("free", size.freeBytes), bytes("write_ahead_log", size.logBytes),
            SizeItem(what: "write_ahead_log_left", value: "\(size.logPagesLeft)", unit: "pages"),
            bytes("ballast", size.ballastBytes), count("events", size.events), count("bodies", size.bodies),
        ]
        if let oldest = size.oldestAt {
            items.append(SizeItem(what: "oldest_event", value: Times.text(oldest), unit: "time"))
        }
        if size.events > 0 { items.append(bytes("file_per_event", size.fileBytes / size.events)) }
        return items + size.parts.map { bytes("part:\($0.name)", $0.bytes) }
    }
}
