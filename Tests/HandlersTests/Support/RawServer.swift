import Foundation
import Synchronization

/// A server of raw bytes: it answers the head of each request with whatever it is told to, and closes.
final class RawServer: Sendable {
    let port: Int
    private let socket: Int32
    private let seen = Mutex<[String]>([])

    /// The heads that came.
    var requests: [String] { self.seen.withLock { $0 } }

    /// Runs a body with a server.
    ///
    /// - Parameter answer: Given the head, the pieces of the answer; an empty piece is a pause.
    static func run<Result>(
        _ answer: @escaping @Sendable (_ head: String) -> [[UInt8]],
        _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let server = try RawServer()
        Thread.detachNewThread { server.serve(answer) }
        // Ends the thread: its next accept fails.
        defer { shutdown(server.socket, Int32(SHUT_RDWR)) }
        return try await body(server)
    }

    private init() throws {
        self.socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = self.socket
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isBound else { throw MissingFixture() }
        self.port = Int(UInt16(bigEndian: address.sin_port))
    }

    private func serve(_ answer: @Sendable (String) -> [[UInt8]]) {
        while true {
            let connection = accept(self.socket, nil, nil)
            guard connection >= 0 else { break }
            var head: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while !String(decoding: head, as: UTF8.self).contains("\r\n\r\n") {
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                head += buffer[..<count]
            }
            let text = String(decoding: head, as: UTF8.self)
            self.seen.withLock { $0.append(text) }
            for piece in answer(text) {
                if piece.isEmpty { usleep(2_000_000) }
                var rest = piece[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
            }
            close(connection)
        }
        close(self.socket)
    }

    /// An answer with its length.
    static func answer(_ body: [UInt8], type: String? = nil, status: String = "200 OK", headers: String = "")
        -> [[UInt8]]
    {
        let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
        return [
            Array(
                "HTTP/1.1 \(status)\r\n\(type)\(headers)Content-Length: \(body.count)\r\nConnection: close\r\n\r\n".utf8
            ) + body
        ]
    }
}
