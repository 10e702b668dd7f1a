import Foundation
import InMemoryLogging
import Logging
import NIOSSL
import Testing

@testable import CallbackServer

/// Which files TLS can be made of, and what is said of them.
@Suite struct TLSCredentialsTests {
    @Test(.timeLimit(.minutes(1))) func `files that do not do are named, with the reason`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = TestCertificates(in: folder)
            try await certificates.makeAuthority("authority")
            try await certificates.make("server", by: "authority")
            try await certificates.make("other", by: "authority")
            try await certificates.openssl([
                "pkey", "-in", "server.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key",
            ])
            try await certificates.openssl([
                "ec", "-in", "server.key", "-aes128", "-passout", "pass:secret", "-out", "locked-old.key",
            ])
            try await certificates.openssl(["x509", "-in", "server.pem", "-outform", "DER", "-out", "server.der"])
            try Data().write(to: folder.appendingPathComponent("empty"))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: certificates.path("empty"))
            try FileManager.default.copyItem(
                atPath: certificates.path("server.key"),
                toPath: certificates.path("open.key")
            )
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644],
                ofItemAtPath: certificates.path("open.key")
            )

            func problem(certificate: String = "server.pem", key: String = "server.key", clientCA: String? = nil)
                -> TLSProblem?
            {
                let files = TLSFiles(
                    certificate: certificates.path(certificate),
                    key: certificates.path(key),
                    clientCA: clientCA.map { certificates.path($0) }
                )
                do {
                    _ = try TLSCredentials(files)
                    return nil
                } catch {
                    return error
                }
            }
            #expect(problem() == nil)
            #expect(problem(clientCA: "authority.pem") == nil)
            for (found, file, words) in [
                (problem(certificate: "none"), TLSProblem.File.certificate, "cannot be read"),
                (problem(certificate: "empty"), .certificate, "no certificate"),
                (problem(certificate: "server.key"), .certificate, "no certificate"),
                (problem(certificate: "server.der"), .certificate, "no certificate"),
                (problem(certificate: "other.pem"), .key, "does not belong"),
                (problem(key: "none"), .key, "cannot be read"),
                (problem(key: "empty"), .key, "no private key"),
                (problem(key: "other.key"), .key, "does not belong"),
                (problem(key: "locked.key"), .key, "password"),
                (problem(key: "locked-old.key"), .key, "password"),
                (problem(key: "open.key"), .key, "open to everyone"),
                (problem(key: "../../dev/zero"), .key, "open to everyone"),
                (problem(clientCA: "none"), .clientCA, "cannot be read"),
                (problem(clientCA: "empty"), .clientCA, "no certificate"),
            ] {
                #expect(found?.file == file, "\(words)")
                #expect(found?.message.contains(words) == true, "\(found?.message ?? "nothing") \(words)")
                #expect(found?.message.contains("PRIVATE") != true)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a chain is read whole, and an end within two weeks is warned of`() async throws
    {
        try await withTemporaryFolder { folder in
            let certificates = TestCertificates(in: folder)
            try await certificates.makeAuthority("authority")
            try await certificates.make("server", by: "authority", days: 20)
            let chain = folder.appendingPathComponent("server.pem")
            let authority = try Data(contentsOf: folder.appendingPathComponent("authority.pem"))
            try (Data(contentsOf: chain) + authority).write(to: chain)
            let credentials = try TLSCredentials(certificates.files("server"))
            #expect(credentials.context.configuration.certificateChain.count == 2)
            let day: TimeInterval = 86_400
            #expect(abs(credentials.expiresAt.timeIntervalSinceNow - 20 * day) < day)
            #expect(credentials.warning(now: credentials.expiresAt - 14 * day) == nil)
            let soon = try #require(credentials.warning(now: credentials.expiresAt - 13.5 * day))
            #expect(soon.contains("in 13 days"))
            let over = try #require(credentials.warning(now: credentials.expiresAt + 1))
            #expect(over.contains("has ended"))
        }
    }

    @Test(.timeLimit(.minutes(1))) func `the warning comes once a day`() async throws {
        try await withTemporaryFolder { folder in
            let certificates = TestCertificates(in: folder)
            try await certificates.makeAuthority("authority")
            try await certificates.make("server", by: "authority", days: 10)
            let log = InMemoryLogHandler()
            // Each look at the clock is six hours later.
            let looks = Counter()
            let begin = Date()
            let watched = try TLSCertificates(
                certificates.files("server"),
                interval: .milliseconds(1),
                logger: Logger(label: "test") { _ in log },
                now: { begin + 6 * 3600 * TimeInterval(looks.next()) }
            )
            let running = Task { try await watched.run() }
            try await eventually { looks.current >= 20 }
            running.cancel()
            _ = await running.result
            let warnings = log.entries.filter { $0.level == .warning }.count
            #expect(warnings == (looks.current + 3) / 4)
        }
    }
}
