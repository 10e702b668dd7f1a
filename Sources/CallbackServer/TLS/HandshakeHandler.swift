internal import CallbackQueue
internal import NIOCore
internal import NIOSSL

/// Behind TLS on one channel: notes handshakes that failed, and lets requests end in peace.
final class HandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// The word in the list of refusals. There is no answer that it could have a status of.
    static let refusalReason = "tls-handshake"

    private let intake: Intake

    init(intake: Intake) { self.intake = intake }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOSSLError.handshakeFailed(let reason):
            // Who only goes away is not worth a note, as without TLS.
            if !Self.isEnd(reason) {
                let remote = context.remoteAddress?.ipAddress ?? "unknown"
                self.intake.record(
                    Refusal(at: Now.milliseconds, reason: Self.refusalReason, remote: remote, request: "TLS handshake")
                )
            }
        case NIOSSLError.uncleanShutdown:
            // The end of the stream without a good-bye, which is told on its own. HTTP's own framing knows what is cut.
            return
        default: break
        }
        context.fireErrorCaught(error)
    }

    private static func isEnd(_ reason: BoringSSLError) -> Bool {
        guard case .sslError(let stack) = reason else { return false }
        return stack.contains(.eofDuringHandshake)
    }
}
