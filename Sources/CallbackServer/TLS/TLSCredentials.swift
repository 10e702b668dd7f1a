package import Foundation
internal import NIOCore
internal import NIOSSL

/// What was read from `TLSFiles`: how the public port does TLS, and until when its certificate is valid.
package struct TLSCredentials: Sendable {
    /// Certificates that end earlier than this are warned of.
    private static let warningTime: TimeInterval = 14 * 86_400
    private static let maximumFileSize = 1 << 20

    let context: NIOSSLContext
    /// When the server's certificate ends.
    package let expiresAt: Date

    /// Reads the files, and proves that they belong together.
    package init(_ files: TLSFiles) throws(TLSProblem) {
        let chain = try Self.certificates(in: files.certificate, .certificate)
        let key = try Self.privateKey(in: files.key)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        // For 1.2 those with forward secrecy and authenticated encryption only; 1.3 has no others.
        configuration.cipherSuiteValues = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        configuration.applicationProtocols = ["http/1.1"]
        // A client that does not answer the good-bye is not waited for.
        configuration.shutdownTimeout = .seconds(1)
        if let clientCA = files.clientCA {
            configuration.trustRoots = .certificates(try Self.certificates(in: clientCA, .clientCA))
            configuration.certificateVerification = .noHostnameVerification
            configuration.sendCANameList = true
        }
        do {
            self.context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSProblem(
                file: .key,
                message: """
                    the key in "\(files.key)" does not belong to the first certificate in "\(files.certificate)"; the \
                    server's own certificate comes first, behind it those of its authorities
                    """
            )
        }
        // The chain has at least one.
        self.expiresAt = Date(timeIntervalSince1970: TimeInterval(chain.first?.notValidAfter ?? 0))
    }

    /// What to tell people when the certificate ends soon or has ended; nil when there is time.
    package func warning(now: Date) -> String? {
        let left = self.expiresAt.timeIntervalSince(now)
        guard left < Self.warningTime else { return nil }
        let day = self.expiresAt.formatted(.iso8601)
        guard left > 0 else { return "the TLS certificate has ended on \(day), clients will not connect; renew it" }
        return "the TLS certificate ends on \(day), in \(Int(left / 86_400)) days; renew it"
    }

    private static func certificates(
        in path: String,
        _ file: TLSProblem.File
    ) throws(TLSProblem) -> [NIOSSLCertificate] {
        let bytes = try Self.read(path, file)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw TLSProblem(file: file, message: "\"\(path)\" holds no certificate in PEM form")
        }
        return certificates
    }

    private static func privateKey(in path: String) throws(TLSProblem) -> NIOSSLPrivateKey {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        )
        if let mode = attributes?[.posixPermissions] as? Int, mode & 0o007 != 0 {
            throw TLSProblem(
                file: .key,
                message: "the key file \"\(path)\" is open to everyone (mode 0\(String(mode, radix: 8))); "
                    + "chmod it to 0640 or less, and make a new key if others could read this one"
            )
        }
        let bytes = try Self.read(path, .key)
        if String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED") {
            throw TLSProblem(
                file: .key,
                message: """
                    the key in "\(path)" has a password, which nobody could type at a restart; take it off: \
                    openssl pkey -in "\(path)" -out NEW
                    """
            )
        }
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw TLSProblem(file: .key, message: "\"\(path)\" holds no private key in PEM form")
        }
        return key
    }

    private static func read(_ path: String, _ file: TLSProblem.File) throws(TLSProblem) -> [UInt8] {
        // Bounded, because the path may lead to a device.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Self.maximumFileSize + 1) ?? Data(),
            data.count <= Self.maximumFileSize
        else {
            throw TLSProblem(
                file: file,
                message: "\"\(path)\" cannot be read as a file of at most 1 MB; check its path and mode"
            )
        }
        return Array(data)
    }
}
