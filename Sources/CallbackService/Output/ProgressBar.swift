/// Shows on standard error how far long work is, when a person looks at it; otherwise it shows nothing.
struct ProgressBar: Sendable {
    private static let width = 30

    private let title: String
    private let sink: DescriptorSink
    private let isVisible: Bool

    /// A bar that shows nothing yet.
    init(_ title: String, sink: DescriptorSink = .standardError) {
        self.title = title
        self.sink = sink
        self.isVisible = sink.isTerminal
    }

    /// Draws the bar anew.
    ///
    /// - Parameter share: What is done, 0 to 1.
    func show(_ share: Double) {
        guard self.isVisible else { return }
        // Nobody's work should end because its bar cannot be drawn.
        try? self.sink.write(Array("\r\(Self.text(self.title, share))".utf8))
    }

    /// Takes the bar away.
    func end() {
        guard self.isVisible else { return }
        try? self.sink.write(Array("\r\u{1B}[K".utf8))
    }

    /// For example `backup [###############               ]  50 %`.
    static func text(_ title: String, _ share: Double) -> String {
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        let filled = Int(share * Double(Self.width))
        let percent = String(Int(share * 100))
        return "\(title) [" + String(repeating: "#", count: filled)
            + String(repeating: " ", count: Self.width - filled) + "] "
            + String(repeating: " ", count: 3 - percent.count) + "\(percent) %"
    }
}
