/// Finding what was made behind a failure: Scale may make a change and answer 500 all the same (contract B0).
extension ScaleClient {
    /// Sends a change that can be made once, and that is refused with `refusal` when it has been made.
    ///
    /// When an attempt made the change although its answer was unclear, the repeat is refused because of it, and that
    /// is a success: `existing` looks what is there. A refusal without an unclear answer before it remains one.
    ///
    /// - Parameter existing: What an earlier attempt must have made; nil when what is there is something else.
    func object<Object: ScaleObject>(
        from request: ScaleRequest,
        refusedOnceMade refusal: ScaleError.Code,
        existing: () async throws(ScaleError) -> Object?
    ) async throws(ScaleError) -> Object {
        do throws(ScaleError) {
            return try await self.object(from: request)
        } catch {
            guard error.code == refusal, error.isOutcomeUnknown else { throw error }
            let found: Object?
            do throws(ScaleError) {
                found = try await existing()
            } catch let lookUpError {
                throw lookUpError.withUnknownOutcome()
            }
            guard let found else { throw error }
            return found
        }
    }
}
