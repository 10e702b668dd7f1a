import NIOHTTP1

/// Sending callbacks again (contract A7).
extension ScaleClient {
    /// Asks Scale to send the callback of a completed or errored task again.
    ///
    /// The call is in no official documentation; how it is spelled is `Configuration.resendCallbackPath`. It is repeated
    /// only when Scale cannot have acted on it, because every acceptance may mean one more callback.
    ///
    /// - Parameter id: The task.
    /// - Throws: `notFound` when there is no such task, or when Scale knows the call by none of the spellings: a 404
    ///   does not tell which. `badRequest` probably when the task is not finished.
    public func resendCallback(ofTask id: String) async throws(ScaleError) {
        var notFound: ScaleError?
        for segment in self.configuration.resendCallbackPath.segments {
            var request = ScaleRequest(method: .POST, pattern: "/task/{id}/\(segment)", values: [id])
            request.repeatability = .unlessTaken
            request.ignoresAnswer = true
            do throws(ScaleError) {
                _ = try await self.send(request)
                return
            } catch {
                guard error.code == .notFound else { throw error }
                notFound = error
            }
        }
        throw ScaleError(
            code: .notFound,
            status: notFound?.status,
            message: "there is no such task, or this call has another path at Scale: " + (notFound?.message ?? ""),
            operation: notFound?.operation ?? "POST /task/{id}/send_callback",
            requestID: notFound?.requestID,
            isOutcomeUnknown: notFound?.isOutcomeUnknown ?? false
        )
    }
}
