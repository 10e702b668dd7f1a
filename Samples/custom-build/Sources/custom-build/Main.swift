import CallbackService
import Callbacks
import ScaleAPI

/// Tells how often each label was given.
struct CountLabels: CallbackHandler {
    func handle(_ event: Event, in context: HandlerContext) async throws -> Outcome {
        if let newer = context.newerEvent { return .stale("event \(newer) is newer") }
        guard let response = event.callback.response else { return .completed("nothing to count") }
        var counts: [String: Int] = [:]
        for annotation in JSON(response)["annotations"]?.array ?? [] {
            counts[annotation["label"]?.string ?? "(none)", default: 0] += 1
        }
        let lines = counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return .completed(lines.isEmpty ? "nothing to count" : lines.joined(separator: ", "))
    }
}

@main
enum Main {
    @MainActor
    static func main() async {
        await CallbackProgram.run(handlers: [
            HandlerRegistration(
                name: "count-labels",
                type: "count",
                match: EventMatch(kinds: [.completed]),
                handler: CountLabels()
            )
        ])
    }
}
