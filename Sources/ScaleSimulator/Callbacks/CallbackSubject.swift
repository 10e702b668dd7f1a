/// What a callback is about.
enum CallbackSubject: Sendable, Equatable {
    /// The task with this number.
    case task(Int)

    /// The batch with this name.
    case batch(String)
}
