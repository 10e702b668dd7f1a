/// A refusal as Scale words it: a status and a text for people (contract B0).
struct APIError: Error, Equatable {
    /// The HTTP status, 400 to 599.
    var status: Int

    /// The text of the member `error`.
    var message: String

    /// The body that goes with it.
    var body: JSON { ["status_code": JSON(self.status), "error": .string(self.message)] }
}

extension APIError {
    /// 400 in the words the real service uses for a parameter.
    static func invalid(_ reason: String) -> APIError {
        APIError(status: 400, message: "Parameter is invalid, reason: \(reason)")
    }

    /// 400 for a required parameter that is not there.
    static func missing(_ parameter: String) -> APIError { .invalid("\"\(parameter)\" is required") }

    /// 400 for a call that does not fit the state of things.
    static func badRequest(_ message: String) -> APIError { APIError(status: 400, message: message) }

    /// 400 for a body that is missing or no object.
    static let notAnObject = APIError.badRequest("The body must be a JSON object.")

    /// 401 for no key or one that is not known.
    static let unauthorized = APIError(status: 401, message: "Your API key is missing or invalid.")

    /// 404 for a task.
    static let taskNotFound = APIError(status: 404, message: "Task with that ID not found.")

    /// 404 for a batch.
    static let batchNotFound = APIError(status: 404, message: "Batch with that name not found.")

    /// 404 for a project.
    static let projectNotFound = APIError(status: 404, message: "Project with that name not found.")

    /// 409 for a name or key that is taken.
    static func conflict(_ message: String) -> APIError { APIError(status: 409, message: message) }
}
