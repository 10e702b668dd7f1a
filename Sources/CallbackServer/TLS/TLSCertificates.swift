internal import CallbackQueue
internal import Foundation
internal import Logging
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization

/// Keeps the TLS of the public port up to date: new connections get what the files hold, without a restart.
///
/// The files are looked at now and then, and at once when somebody asks. While they are broken or half written, what was
/// read before stays in force.
final class TLSCertificates: Service, Sendable {
    /// What tells one state of the files from another.
    private struct Stamp: Equatable {
        var modifiedAt: Date?
        var size: Int?
        var number: Int?
    }

    private struct State {
        var credentials: TLSCredentials
        var stamps: [Stamp]
        var warnedAt = Date.distantPast
    }

    private let files: TLSFiles
    private let interval: Duration
    private let now: @Sendable () -> Date
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Parameter interval: How often they are looked at.
    init(
        _ files: TLSFiles,
        interval: Duration,
        logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(TLSProblem) {
        self.files = files
        self.interval = interval
        self.now = now
        self.logger = logger
        // First, so that a change in between is seen.
        let stamps = Self.stamps(of: files)
        self.state = Mutex(State(credentials: try TLSCredentials(files), stamps: stamps))
    }

    /// What the next connection is to use.
    var context: NIOSSLContext { self.state.withLock { $0.credentials.context } }

    /// Looks at the files until the service stops.
    func run() async throws {
        self.logger.info("TLS is on", metadata: self.metadata)
        self.warnOfEnd()
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: self.interval)) != nil {
                self.reload(onlyIfChanged: true)
                self.warnOfEnd()
            }
        }
    }

    /// Reads the files anew.
    ///
    /// - Parameter onlyIfChanged: Not when they look as they did the last time, good or broken.
    func reload(onlyIfChanged: Bool = false) {
        let stamps = Self.stamps(of: self.files)
        let isSame = self.state.withLock { state in
            defer { state.stamps = stamps }
            return state.stamps == stamps
        }
        if isSame, onlyIfChanged { return }
        do {
            let credentials = try TLSCredentials(self.files)
            self.state.withLock { state in
                state.credentials = credentials
                state.warnedAt = .distantPast
            }
            self.logger.info("TLS certificate read anew", metadata: self.metadata)
        } catch {
            self.logger.error(
                "TLS files cannot be used; the certificate that was read before stays in force",
                metadata: ["error": "\(error)"]
            )
        }
    }

    private var metadata: Logger.Metadata {
        let expiresAt = self.state.withLock { $0.credentials.expiresAt }
        return ["certificate": "\(self.files.certificate)", "ends": "\(expiresAt.formatted(.iso8601))"]
    }

    /// Once a day, when the certificate ends soon.
    private func warnOfEnd() {
        let now = self.now()
        let warning = self.state.withLock { state -> String? in
            guard now.timeIntervalSince(state.warnedAt) >= 86_400 else { return nil }
            state.warnedAt = now
            return state.credentials.warning(now: now)
        }
        if let warning {
            self.logger.warning("The TLS certificate has to be renewed", metadata: ["reason": "\(warning)"])
        }
    }

    private static func stamps(of files: TLSFiles) -> [Stamp] {
        [files.certificate, files.key, files.clientCA].compactMap(\.self)
            .map { path in
                // Of what a link leads to, which is what is exchanged where certificates come from a volume.
                let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
                let attributes = try? FileManager.default.attributesOfItem(atPath: target)
                return Stamp(
                    modifiedAt: attributes?[.modificationDate] as? Date,
                    size: attributes?[.size] as? Int,
                    number: attributes?[.systemFileNumber] as? Int
                )
            }
    }
}
