internal import NIOCore

/// Stands before the parser, so that it does not work for nothing.
///
/// What comes behind a last answer is thrown away unread. What a stranger sends is handed on in pieces, because the
/// parser takes all that it is given: thousands of pipelined requests, of which only the first few will be answered.
final class IntakeGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let pieceSize = 512

    private let handler: IntakeHandler

    /// - Parameter handler: The one behind the parser of the same channel.
    init(before handler: IntakeHandler) { self.handler = handler }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !self.handler.isStranger, !self.handler.isClosing {
            context.fireChannelRead(data)
            return
        }
        var bytes = self.unwrapInboundIn(data)
        while bytes.readableBytes > 0, !self.handler.isClosing {
            let size = self.handler.isStranger ? min(bytes.readableBytes, Self.pieceSize) : bytes.readableBytes
            guard let piece = bytes.readSlice(length: size) else { return }
            context.fireChannelRead(self.wrapInboundOut(piece))
        }
    }
}
