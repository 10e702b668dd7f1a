import Foundation
import NIOSSL

/// An authority of our own, with a certificate for this machine and one for a client, made by the `openssl` command.
struct TestCertificates {
    let folder: String

    var authority: String { self.folder + "/authority.pem" }
    var server: String { self.folder + "/server.pem" }
    var client: String { self.folder + "/client.pem" }

    static func key(of certificate: String) -> String { certificate + ".key" }

    /// Makes certificates that are valid for a day, in `folder`.
    init(in folder: String) async throws {
        self.folder = folder
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        let authorityKey = Self.key(of: self.authority)
        try await Self.openssl(
            ["req", "-x509", "-days", "1", "-subj", "/CN=Authority", "-addext", "basicConstraints=critical,CA:TRUE"]
                + newKey + ["-keyout", authorityKey, "-out", self.authority]
        )
        let names = try makeFile(folder + "/names", "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        for certificate in [self.server, self.client] {
            let request = certificate + ".request"
            try await Self.openssl(
                ["req", "-subj", "/CN=\((certificate as NSString).lastPathComponent)"] + newKey
                    + ["-keyout", Self.key(of: certificate), "-out", request]
            )
            try await Self.openssl([
                "x509", "-req", "-days", "1", "-in", request, "-CA", self.authority, "-CAkey", authorityKey,
                "-CAcreateserial", "-extfile", names, "-out", certificate,
            ])
        }
    }

    /// How a server of this machine does TLS.
    func serverContext(asksForCertificate: Bool = false) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(self.server).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: Self.key(of: self.server), format: .pem))
        )
        if asksForCertificate {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(self.authority))
        }
        return try NIOSSLContext(configuration: tls)
    }

    private struct OpenSSLFailed: Error { let arguments: [String] }

    private static func openssl(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        // Not waited for on this thread, which other tests need meanwhile.
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else { throw OpenSSLFailed(arguments: arguments) }
    }
}
