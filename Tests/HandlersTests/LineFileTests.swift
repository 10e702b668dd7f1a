import Foundation
import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct LineFileTests {
    static let formats: [LineFile.Options] = [
        .init(), .init(isCompressed: true), .init(rotateAt: 300), .init(rotateAt: 200, isCompressed: true),
    ]

    private static func name(_ options: LineFile.Options) -> String { options.isCompressed ? "x.jsonl.gz" : "x.jsonl" }

    private static func line(_ number: Int) -> [UInt8] {
        Array(#"{"number": \#(number), "text": "\#(String(repeating: "ab\(number)", count: number % 7 + 1))"}"#.utf8)
    }

    /// A writer that knows nothing of earlier ones, as after a crash.
    private static func file(_ folder: String, _ options: LineFile.Options) throws -> LineFile {
        LineFile(folder: try Descriptor.folder(folder, []), name: Self.name(options), options: options)
    }

    private static func append(_ numbers: some Sequence<Int>, to file: LineFile, isRepeat: Bool = false) throws {
        _ = try file.append(numbers.map { LineFile.Line(bytes: Self.line($0), isRepeat: isRepeat) })
    }

    /// The files in the order they were written, as the system's own gzip reads them.
    private static func text(in folder: String, _ options: LineFile.Options) throws -> [String] {
        let names = filePaths(in: folder).sorted { $0.count == $1.count ? $0 < $1 : $0.count < $1.count }
        return try names.map { name in
            guard options.isCompressed else {
                return String(decoding: content(of: "\(folder)/\(name)") ?? [], as: UTF8.self)
            }
            let process = Process()
            process.executableURL = URL(filePath: "/bin/gzip")
            process.arguments = ["-dc", "\(folder)/\(name)"]
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "gzip finds \(name) whole")
            return String(decoding: data, as: UTF8.self)
        }
    }

    /// The numbers in all files; every line must be whole.
    private static func numbers(in folder: String, _ options: LineFile.Options) throws -> [Int] {
        var numbers: [Int] = []
        for text in try Self.text(in: folder, options) {
            #expect(text.isEmpty || text.hasSuffix("\n"))
            for line in text.split(separator: "\n") {
                let number = try #require(Int(line.dropFirst(#"{"number": "#.count).prefix { $0.isNumber }))
                #expect(Array(line.utf8) == Self.line(number))
                numbers.append(number)
            }
        }
        return numbers
    }

    @Test(arguments: Self.formats) func `lines stand in their order, also across restarts`(options: LineFile.Options)
        async throws
    {
        try await withTemporaryFolder { folder in
            for start in stride(from: 0, to: 40, by: 10) {
                let file = try Self.file(folder, options)
                try Self.append(start..<start + 4, to: file)
                for number in start + 4..<start + 10 { try Self.append([number], to: file) }
            }
            #expect(try Self.numbers(in: folder, options) == Array(0..<40))
            let sizes = filePaths(in: folder).map { content(of: "\(folder)/\($0)")?.count ?? 0 }
            if let limit = options.rotateAt {
                #expect(sizes.count > 3)
                #expect(sizes.allSatisfy { $0 <= limit })
            } else {
                #expect(sizes.count == 1)
            }
            let mode =
                try FileManager.default.attributesOfItem(atPath: "\(folder)/\(Self.name(options))")[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    /// After a crash the last write may be there up to any byte. Whatever is left: once the events of that write come
    /// again every line is whole and each event is there, those that were promised exactly once.
    @Test(arguments: Self.formats) func `however the last write was torn, a retry makes it good`(
        options: LineFile.Options
    ) async throws {
        try await withTemporaryFolder { folder in
            let file = try Self.file(folder, options)
            try Self.append(0..<5, to: file)
            let last = try #require(filePaths(in: folder).max { $0.count == $1.count ? $0 < $1 : $0.count < $1.count })
            let path = "\(folder)/\(last)"
            let promised = try #require(content(of: path))
            // A rotation is its own test; here the write goes into the same file.
            var whole = promised
            let same = LineFile.Options(isCompressed: options.isCompressed)
            let scratch = folder + "/scratch"
            let other = try Self.file(scratch, same)
            try Self.append(5..<8, to: other)
            whole += try #require(content(of: "\(scratch)/\(Self.name(options))"))
            try FileManager.default.removeItem(atPath: scratch)
            for length in promised.count...whole.count {
                for name in filePaths(in: folder) where "\(folder)/\(name)" != path && name.count > last.count {
                    try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
                }
                try Data(whole[..<length]).write(to: URL(filePath: path))
                let after = try Self.file(folder, options)
                try Self.append(5..<8, to: after, isRepeat: true)
                try Self.append(3..<5, to: after, isRepeat: true)
                guard length == whole.count || length == promised.count || length % 11 == 0 || !options.isCompressed
                else {
                    continue
                }
                #expect(try Self.numbers(in: folder, options).sorted() == Array(0..<8), "torn at \(length)")
            }
        }
    }

    @Test(arguments: Self.formats) func `blocks that did not get to the disk are cut, with what follows them`(
        options: LineFile.Options
    ) async throws {
        try await withTemporaryFolder { folder in
            try Self.append(0..<3, to: try Self.file(folder, options))
            let path = "\(folder)/\(Self.name(options))"
            let promised = try #require(content(of: path))
            for tail in [
                [UInt8](repeating: 0, count: 700), Array(repeating: 0, count: 40) + Array("{\"number\": 9}\n".utf8),
            ] {
                for name in filePaths(in: folder) { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
                try Data(promised + tail).write(to: URL(filePath: path))
                try Self.append(7..<9, to: try Self.file(folder, options))
                #expect(try Self.numbers(in: folder, options) == [0, 1, 2, 7, 8])
            }
        }
    }

    @Test(arguments: Self.formats)
    func `a repeat is recognised after a restart and after a rotation, a new event never`(
        options: LineFile.Options
    ) async throws {
        try await withTemporaryFolder { folder in
            let file = try Self.file(folder, options)
            try Self.append(0..<6, to: file)
            try Self.append(2..<6, to: file, isRepeat: true)
            try Self.append([5, 9], to: try Self.file(folder, options), isRepeat: true)
            #expect(try Self.numbers(in: folder, options) == [0, 1, 2, 3, 4, 5, 9])
            // Also after several rotations and another restart.
            try Self.append(10..<40, to: try Self.file(folder, options))
            try Self.append(1..<9, to: try Self.file(folder, options), isRepeat: true)
            #expect(try Self.numbers(in: folder, options) == [0, 1, 2, 3, 4, 5, 9] + Array(10..<40) + [6, 7, 8])
            try Self.append([5], to: file)
            #expect(try Self.numbers(in: folder, options).filter { $0 == 5 }.count == 2, "not said to be a repeat")
        }
    }

    @Test func `a line longer than the window is found whole`() async throws {
        try await withTemporaryFolder { folder in
            let long = Array("[\"\(String(repeating: "x", count: LineFile.window * 2))\"]".utf8)
            let first = try Self.file(folder, .init())
            _ = try first.append([
                LineFile.Line(bytes: Self.line(1), isRepeat: false), .init(bytes: long, isRepeat: false),
            ])
            let size = content(of: "\(folder)/x.jsonl")?.count
            _ = try Self.file(folder, .init()).append([.init(bytes: long, isRepeat: true)])
            #expect(content(of: "\(folder)/x.jsonl")?.count == size)
        }
    }

    @Test func `a file that was moved or removed is begun anew, and two writers do not disturb each other`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/x.jsonl"
            let file = try Self.file(folder, .init())
            try Self.append([1], to: file)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
            try Self.append([2], to: file)
            #expect(content(of: path) == Self.line(2) + [0x0A])
            try FileManager.default.removeItem(atPath: path)
            try Self.append([3], to: file)
            let other = try Self.file(folder, .init())
            for number in 4..<20 { try Self.append([number], to: number % 2 == 0 ? other : file) }
            try FileManager.default.removeItem(atPath: path + ".old")
            #expect(try Self.numbers(in: folder, .init()) == Array(3..<20))
        }
    }

    @Test func `what is no file of ours is left as it is`() async throws {
        try await withTemporaryFolder { folder in
            let outside = "\(folder)/outside"
            try Data("theirs".utf8).write(to: URL(filePath: outside))
            let inside = "\(folder)/in"
            try FileManager.default.createDirectory(atPath: inside, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: "\(inside)/x.jsonl", withDestinationPath: outside)
            try Data(repeating: 0x41, count: 5_000_000).write(to: URL(filePath: "\(inside)/x.jsonl.gz"))
            for options in [LineFile.Options(), .init(isCompressed: true)] {
                let error = #expect(throws: FileError.self) { try Self.append([1], to: try Self.file(inside, options)) }
                #expect(error?.isObstacle == true)
            }
            #expect(content(of: outside) == Array("theirs".utf8))
            #expect(content(of: "\(inside)/x.jsonl.gz")?.count == 5_000_000)
            try FileManager.default.removeItem(atPath: "\(inside)/x.jsonl")
            #expect(mkfifo("\(inside)/x.jsonl", 0o600) == 0)
            #expect(throws: FileError.self) { try Self.append([1], to: try Self.file(inside, .init())) }
        }
    }

    @Test(arguments: [
        ("x.jsonl", 0, "x.jsonl"), ("x.jsonl", 2, "x~2.jsonl"), ("x.jsonl.gz", 1, "x~1.jsonl.gz"), ("x", 1, "x~1"),
        (".x", 1, ".x~1"), ("a.b.c", 3, "a.b~3.c"), ("x.gz", 1, "x~1.gz"),
    ]) func `parts are numbered before the ending`(name: String, part: Int, expected: String) {
        #expect(PartName(name).of(part: part) == expected)
    }

    @Test func `the last part is found among other names`() {
        let names = [
            "x.jsonl", "x~2.jsonl", "x~10.jsonl", "x~.jsonl", "x~99999999999.jsonl", "y~70.jsonl", "x~1a.jsonl",
            "x~50.json", "x~50.jsonl.old",
        ]
        #expect(PartName("x.jsonl").highestPart(among: names) == 10)
        #expect(PartName("z.jsonl").highestPart(among: names) == 0)
        #expect(PartName("x").highestPart(among: ["x~7", "x~8.jsonl", "xx~9"]) == 7)
    }
}
