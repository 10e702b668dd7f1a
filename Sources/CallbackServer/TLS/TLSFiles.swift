/// The files that TLS on the public port is made of, all in PEM.
package struct TLSFiles: Sendable, Hashable {
    /// The server's certificate, and behind it those that lead to its authority.
    package var certificate: String
    /// The certificate's private key.
    package var key: String
    /// The authorities of clients; nil when clients need no certificate.
    package var clientCA: String?

    package init(certificate: String, key: String, clientCA: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientCA = clientCA
    }
}
