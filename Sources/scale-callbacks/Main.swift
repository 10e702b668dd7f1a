import CallbackService

/// The program without handlers of its own: all it does is in `CallbackService`.
@main
enum Main {
    @MainActor
    static func main() async { await CallbackProgram.run() }
}
