import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Instead of an answer the connection is to be reset, once the journal knows of it: whoever then sees the reset finds
/// it there.
struct ConnectionReset: Error {
    let channel: any Channel

    /// Closes the connection with a reset instead of an end.
    func carryOut() async {
        if let options = self.channel as? any SocketOptionProvider {
            // A socket that has no such option is closed the ordinary way.
            try? await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        self.channel.close(mode: .all, promise: nil)
    }
}
