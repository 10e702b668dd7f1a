import ArgumentParser
import Foundation
import ScaleAPI

/// Where the callback auth key comes from. Never the command line itself, which every user of the machine can list.
struct KeyOptions: ParsableArguments {
    @Option(name: .long, help: "The environment variable that holds the callback auth key.")
    var keyEnv = "SCALE_CALLBACK_AUTH_KEY"

    @Option(name: .long, help: "A file that holds the callback auth key, instead.")
    var keyFile: String?

    /// The key; nil when the default variable is not set.
    ///
    /// - Throws: `ValidationError` when what was asked for is missing.
    func key(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Secret? {
        if let keyFile = self.keyFile {
            guard let handle = FileHandle(forReadingAtPath: keyFile),
                let data = try? handle.read(upToCount: 4096),
                let text = String(validating: data, as: UTF8.self)
            else { throw ValidationError("The key file \(TerminalText.escaped(keyFile)) cannot be read.") }
            return try Self.checked(text.trimmingCharacters(in: .newlines), "The key file")
        }
        guard let value = environment[self.keyEnv], !value.isEmpty else {
            guard self.keyEnv == "SCALE_CALLBACK_AUTH_KEY" else {
                throw ValidationError("The environment variable \(TerminalText.escaped(self.keyEnv)) is not set.")
            }
            return nil
        }
        return try Self.checked(value, "The environment variable \(self.keyEnv)")
    }

    /// A line break would end the header and begin another.
    private static func checked(_ value: String, _ source: String) throws -> Secret {
        guard (1...1024).contains(value.utf8.count), value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ValidationError("\(source) must hold 1 to 1024 visible ASCII characters without spaces.")
        }
        return Secret(value)
    }
}
