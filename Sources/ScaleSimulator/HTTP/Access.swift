import Foundation
import Hummingbird

/// Finds the mode that a request's key belongs to (contract B0: HTTP Basic, the key is the user name).
struct Access: Sendable {
    let apiKeys: Set<String>
    let testAPIKeys: Set<String>

    /// Nil when there is no key, or none that is known.
    ///
    /// The password does not matter.
    func mode(_ headers: HTTPFields) -> Mode? {
        guard let header = headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic", let data = Data(base64Encoded: String(parts[1])),
            let text = String(validating: data, as: UTF8.self)
        else { return nil }
        let key = String(text.prefix { $0 != ":" })
        if self.apiKeys.contains(key) { return .live }
        return self.testAPIKeys.contains(key) ? .test : nil
    }
}
