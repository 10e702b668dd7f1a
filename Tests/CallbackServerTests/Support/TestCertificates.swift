import CallbackServer
import Foundation
import NIOCore
import NIOSSL

/// Certificates of authorities of our own, made by the `openssl` command in a temporary folder.
struct TestCertificates {
    private let folder: URL

    init(in folder: URL) { self.folder = folder }

    func path(_ name: String) -> String { self.folder.appendingPathComponent(name).path }

    /// The files of a certificate that `make` made.
    func files(_ name: String, clientCA: String? = nil) -> TLSFiles {
        TLSFiles(
            certificate: self.path("\(name).pem"),
            key: self.path("\(name).key"),
            clientCA: clientCA.map { self.path("\($0).pem") }
        )
    }

    /// Makes an authority, `NAME.pem` with `NAME.key`.
    func makeAuthority(_ name: String) async throws {
        try await self.openssl(
            ["req", "-x509", "-days", "30", "-subj", "/CN=\(name)", "-addext", "basicConstraints=critical,CA:TRUE"]
                + Self.newKey + ["-keyout", "\(name).key", "-out", "\(name).pem"]
        )
    }

    /// Makes a certificate, `NAME.pem` with `NAME.key`.
    func make(_ name: String, by authority: String, days: Int = 30) async throws {
        try await self.openssl(
            ["req", "-subj", "/CN=\(name)"] + Self.newKey + ["-keyout", "\(name).key", "-out", "\(name).request"]
        )
        try await self.openssl([
            "x509", "-req", "-days", "\(days)", "-in", "\(name).request", "-CA", "\(authority).pem",
            "-CAkey", "\(authority).key", "-CAcreateserial", "-out", "\(name).pem",
        ])
    }

    /// Puts the files of one name in the place of another's.
    func replace(_ name: String, by other: String) throws {
        for ending in ["key", "pem"] {
            guard rename(self.path("\(other).\(ending)"), self.path("\(name).\(ending)")) == 0 else {
                throw CocoaError(.fileWriteUnknown)
            }
        }
    }

    /// How a client trusts an authority, and says who it is.
    func client(trusting authority: String, as name: String? = nil) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(self.path("\(authority).pem")))
        // The tests' addresses are drawn by chance, so no certificate names them.
        configuration.certificateVerification = .noHostnameVerification
        configuration.shutdownTimeout = .milliseconds(100)
        if let name {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(self.path("\(name).pem"))
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(file: self.path("\(name).key"), format: .pem)
            )
        }
        return configuration
    }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    private struct OpenSSLFailed: Error { let arguments: [String] }

    /// Runs the command in the folder.
    func openssl(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = self.folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw OpenSSLFailed(arguments: arguments) }
    }
}
