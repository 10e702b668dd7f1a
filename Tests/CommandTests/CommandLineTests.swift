import ArgumentParser
import Foundation
import Testing

@testable import CallbackService

@Suite struct CommandLineTests {
    @Test func `every command teaches with an example of itself`() {
        for command in RootCommand.configuration.subcommands {
            let name = command.configuration.commandName ?? ""
            let help = RootCommand.helpMessage(for: command, columns: 200)
            #expect(help.contains("  scale-callbacks \(name) "), "\(name) has no example")
        }
    }

    @Test func `the exit codes in the help are the ones in use`() {
        let help = RootCommand.helpMessage(columns: 200)
        let codes: [ExitCode] = [
            .success, .failed, .nothingFound, .validationFailure, .unavailable, .inputOutput, .configuration,
        ]
        for code in codes {
            #expect(help.contains("\n  \(code.rawValue)  "))
        }
    }

    @Test(arguments: [
        ["bench", "--url", "https://127.0.0.1/"], ["bench", "--connections", "0"], ["bench", "--count", "0"],
        ["bench", "--duration", "soon"], ["bench", "--count", "5", "--reconnect"],
        ["send", "--url", "127.0.0.1"], ["send", "--sample", "video"], ["send", "--file", "x", "--task-id", "y"],
    ])
    func `arguments that make no sense are refused before anything is done`(arguments: [String]) {
        #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(arguments) }
    }

    @Test(arguments: [["bench"], ["bench", "callbacks"]])
    func `to measure is to post callbacks, unless something else is said`(words: [String]) throws {
        let command = try RootCommand.parseAsRoot(words + ["--url", "http://127.0.0.1:1/x", "--connections", "3"])
        let bench = try #require(command as? BenchCallbacksCommand)
        #expect(bench.url == "http://127.0.0.1:1/x")
        #expect(bench.connections == 3)
    }

    @Test func `a reader that has gone is told apart from a failure`() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let sink = DescriptorSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        #expect(throws: OutputClosed.self) { try sink.writeLine("nobody reads this") }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080/callbacks", "127.0.0.1", 8080, "/callbacks", "127.0.0.1:8080"),
        ("http://localhost", "localhost", 80, "/", "localhost"),
        ("http://[::1]:81/a%20b?c=d", "::1", 81, "/a%20b?c=d", "[::1]:81"),
    ])
    func `a target is read from its URL`(url: String, host: String, port: Int, path: String, authority: String) throws {
        let target = try #require(BenchTarget(url))
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(target.path == path)
        #expect(target.authority == authority)
    }

    @Test(arguments: ["https://127.0.0.1/", "127.0.0.1:8080", "http://", "http://a:b@c/", "http://h:0/", "ftp://h/"])
    func `what is no http URL is no target`(url: String) {
        #expect(BenchTarget(url) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", true), ("127.5.0.1:1", true), ("localhost:1", true), ("[::1]:1", true),
        ("0.0.0.0:1", false), ("[::]:1", false), ("127.0.0.1.example.com:1", false), ("10.0.0.1:0", false),
    ])
    func `only this machine can reach a loopback address`(text: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }
}
