/// A successful answer with its whole body.
struct ScaleAnswer: Sendable {
    let operation: String
    let status: Int
    let body: [UInt8]
    let requestID: String?
    /// Whether the call was one that changes something, so that a body we cannot read leaves its outcome open.
    let isChange: Bool

    /// The body as JSON.
    func json() throws(ScaleError) -> JSON {
        do throws(JSONSyntaxError) {
            return try JSON(parsing: self.body)
        } catch {
            throw self.malformed("the answer is not JSON: \(error)")
        }
    }

    /// The error for a body that is not what it should be.
    func malformed(_ message: String) -> ScaleError {
        ScaleError(
            code: .malformedResponse,
            status: self.status,
            message: message,
            operation: self.operation,
            requestID: self.requestID,
            isOutcomeUnknown: self.isChange
        )
    }
}
