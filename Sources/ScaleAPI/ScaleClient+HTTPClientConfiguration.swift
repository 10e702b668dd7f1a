public import AsyncHTTPClient
import NIOCore
import NIOSSL

extension ScaleClient.Configuration {
    /// An HTTP proxy, which is asked to connect (`CONNECT`) for `https://` and `http://` alike.
    public struct Proxy: Sendable, Hashable {
        /// The proxy's name or address.
        public var host: String
        /// The proxy's port.
        public var port: Int
        /// Who we are to the proxy; nil when it does not ask.
        public var userName: String?
        /// The password that belongs to `userName`.
        public var password: Secret?

        /// A proxy; credentials are sent to it in clear text, as HTTP proxies expect them.
        public init(host: String, port: Int, userName: String? = nil, password: Secret? = nil) {
            self.host = host
            self.port = port
            self.userName = userName
            self.password = password
        }
    }

    /// A certificate of ours with the key that belongs to it.
    public struct ClientCertificate: Sendable, Hashable {
        /// A PEM file with the certificate, followed by those that lead to its authority.
        public var certificateFile: String
        /// A PEM file with the private key, not encrypted.
        public var privateKeyFile: String

        /// A certificate and its key.
        public init(certificateFile: String, privateKeyFile: String) {
            self.certificateFile = certificateFile
            self.privateKeyFile = privateKeyFile
        }
    }

    /// What to make the `HTTPClient` with: redirects are not followed, connecting takes at most `connectTimeout`,
    /// HTTP/1.1 connections are kept for the next request but not for long, and the proxy and certificates named here
    /// are used.
    ///
    /// Asking reads the certificate files.
    ///
    /// - Throws: `invalidArgument` that names the option and the file, when a file cannot be read or used; also for a
    ///   proxy that has no host or an impossible port.
    public var httpClientConfiguration: HTTPClient.Configuration {
        get throws(ScaleError) {
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = .disallow
            configuration.httpVersion = .http1Only
            configuration.timeout.connect = TimeAmount(self.connectTimeout)
            configuration.connectionPool.idleTimeout = TimeAmount(self.idleTimeout)
            // More calls at once than this wait for one of these, and no longer than connecting may take.
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(1, self.connections)
            configuration.proxy = try self.httpProxy
            configuration.tlsConfiguration = try self.tlsConfiguration
            return configuration
        }
    }

    private var httpProxy: HTTPClient.Configuration.Proxy? {
        get throws(ScaleError) {
            guard let proxy = self.proxy else { return nil }
            guard !proxy.host.isEmpty, (1...65_535).contains(proxy.port) else {
                throw Self.error("proxy: the host must not be empty and the port must be between 1 and 65535")
            }
            guard let userName = proxy.userName else { return .server(host: proxy.host, port: proxy.port) }
            return .server(
                host: proxy.host,
                port: proxy.port,
                authorization: .basic(username: userName, password: proxy.password?.exposed ?? "")
            )
        }
    }

    /// Nil when there is nothing that differs from the HTTP client's own.
    private var tlsConfiguration: TLSConfiguration? {
        get throws(ScaleError) {
            guard self.certificateAuthorityFile != nil || self.clientCertificate != nil else { return nil }
            var tls = TLSConfiguration.makeClientConfiguration()
            if let file = self.certificateAuthorityFile {
                let authorities = try Self.certificates(in: file, option: "certificateAuthorityFile")
                tls.additionalTrustRoots = [.certificates(authorities)]
            }
            if let certificate = self.clientCertificate {
                let chain = try Self.certificates(
                    in: certificate.certificateFile,
                    option: "clientCertificate.certificateFile"
                )
                tls.certificateChain = chain.map { .certificate($0) }
                do {
                    tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.privateKeyFile, format: .pem))
                } catch {
                    throw Self.error(
                        "clientCertificate.privateKeyFile: \(certificate.privateKeyFile) cannot be read or holds no "
                            + "unencrypted private key in PEM"
                    )
                }
            }
            do {
                // The parts may be sound and not belong together; otherwise only the first connection would tell.
                _ = try NIOSSLContext(configuration: tls)
            } catch {
                throw Self.error(
                    "clientCertificate: the key in \(self.clientCertificate?.privateKeyFile ?? "") does not belong to "
                        + "the certificate in \(self.clientCertificate?.certificateFile ?? "")"
                )
            }
            return tls
        }
    }

    private static func certificates(in file: String, option: String) throws(ScaleError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(file)
            if !certificates.isEmpty { return certificates }
        } catch {
            // What the library throws does not name the file.
        }
        throw Self.error("\(option): \(file) cannot be read or holds no certificate in PEM")
    }

    private static func error(_ message: String) -> ScaleError {
        ScaleError(code: .invalidArgument, message: message, operation: "configuration")
    }
}
