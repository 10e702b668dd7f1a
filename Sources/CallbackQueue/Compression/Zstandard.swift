internal import CZstd
internal import Foundation
internal import Synchronization

/// The system's libzstd: small texts made smaller with the help of a dictionary, and again what they were.
enum Zstandard {
    /// The quickest of its ordinary levels: what is saved on the way to the disk must not be lost on the processor.
    private static let level: Int32 = 1

    /// Makes texts smaller, for as many callers at a time as there are processors.
    final class Encoder: Sendable {
        private struct Context: ~Copyable {
            let context: OpaquePointer

            deinit { ZSTD_freeCCtx(self.context) }
        }

        private struct Dictionary: ~Copyable, Sendable {
            /// The address of a `ZSTD_CDict`, which all threads may read.
            let address: UInt

            deinit { ZSTD_freeCDict(OpaquePointer(bitPattern: self.address)) }
        }

        private final class Slot: Sendable {
            let context: Mutex<Context>

            init?() {
                guard let context = ZSTD_createCCtx() else { return nil }
                self.context = Mutex(Context(context: context))
            }
        }

        private let slots: [Slot]
        private let dictionary: Dictionary

        /// Nil when there is no memory for it.
        ///
        /// - Parameter dictionary: What texts have in common; empty for nothing.
        init?(dictionary: Data) {
            let digested = dictionary.withUnsafeBytes { ZSTD_createCDict($0.baseAddress, $0.count, Zstandard.level) }
            self.dictionary = Dictionary(address: UInt(bitPattern: digested))
            self.slots = (0..<max(1, ProcessInfo.processInfo.activeProcessorCount)).compactMap { _ in Slot() }
            guard digested != nil, !self.slots.isEmpty else { return nil }
        }

        /// The smaller text; nil when it would not be smaller.
        func encode(_ bytes: [UInt8]) -> Data? {
            for slot in self.slots {
                if let encoded = slot.context.withLockIfAvailable({ self.encode(bytes, in: $0.context) }) {
                    return encoded
                }
            }
            return self.slots[0].context.withLock { self.encode(bytes, in: $0.context) }
        }

        private func encode(_ bytes: [UInt8], in context: OpaquePointer) -> Data? {
            withUnsafeTemporaryAllocation(byteCount: max(1, bytes.count - 1), alignment: 1) { output in
                let count = bytes.withUnsafeBytes { input in
                    ZSTD_compress_usingCDict(
                        context,
                        output.baseAddress,
                        max(0, bytes.count - 1),
                        input.baseAddress,
                        input.count,
                        OpaquePointer(bitPattern: self.dictionary.address)
                    )
                }
                guard ZSTD_isError(count) == 0, let address = output.baseAddress else { return nil }
                return Data(bytes: address, count: count)
            }
        }
    }

    /// Makes texts again what they were. Callers that come together wait for each other.
    final class Decoder: Sendable {
        private struct Context: ~Copyable {
            let context: OpaquePointer
            let dictionary: OpaquePointer

            deinit {
                ZSTD_freeDCtx(self.context)
                ZSTD_freeDDict(self.dictionary)
            }
        }

        private let context: Mutex<Context>

        /// Nil when there is no memory for it.
        init?(dictionary: Data) {
            guard let context = ZSTD_createDCtx() else { return nil }
            guard let digested = dictionary.withUnsafeBytes({ ZSTD_createDDict($0.baseAddress, $0.count) }) else {
                ZSTD_freeDCtx(context)
                return nil
            }
            self.context = Mutex(Context(context: context, dictionary: digested))
        }

        /// The text of `size` bytes; nil when these bytes are not one.
        func decode(_ bytes: Data, size: Int) -> [UInt8]? {
            var output = [UInt8](repeating: 0, count: size)
            let count = self.context.withLock { context in
                output.withUnsafeMutableBytes { output in
                    bytes.withUnsafeBytes { input in
                        ZSTD_decompress_usingDDict(
                            context.context,
                            output.baseAddress,
                            output.count,
                            input.baseAddress,
                            input.count,
                            context.dictionary
                        )
                    }
                }
            }
            return ZSTD_isError(count) == 0 && count == size ? output : nil
        }
    }

    /// A dictionary of what samples have in common; nil when they are too few or too different.
    static func train(_ samples: [[UInt8]], size: Int) -> Data? {
        let sizes = samples.map(\.count)
        let joined = samples.flatMap { $0 }
        var dictionary = [UInt8](repeating: 0, count: size)
        let count = ZDICT_trainFromBuffer(&dictionary, size, joined, sizes, UInt32(sizes.count))
        return ZDICT_isError(count) == 0 ? Data(dictionary[..<count]) : nil
    }
}
