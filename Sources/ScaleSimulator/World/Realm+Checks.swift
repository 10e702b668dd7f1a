/// What many kinds of bodies have in common.
extension Realm {
    /// The most bytes of a name, an id, or any other string that is kept outside of `params` and `metadata`.
    static let maximumStringBytes = 4096

    /// A string that must be there and not be empty.
    static func requiredString(_ name: String, in body: JSONObject) throws(APIError) -> String {
        guard let value = body[name], !value.isNull else { throw .missing(name) }
        guard let text = value.string, !text.isEmpty else { throw .invalid("\"\(name)\" must be a string") }
        return try self.short(text, name)
    }

    /// A string that may be absent, null or empty: nil then.
    static func optionalString(_ name: String, in body: JSONObject) throws(APIError) -> String? {
        guard let value = body[name], !value.isNull else { return nil }
        guard let text = value.string else { throw .invalid("\"\(name)\" must be a string") }
        return text.isEmpty ? nil : try self.short(text, name)
    }

    private static func short(_ text: String, _ name: String) throws(APIError) -> String {
        guard text.utf8.count <= self.maximumStringBytes else {
            throw .invalid("\"\(name)\" must not exceed \(self.maximumStringBytes) bytes")
        }
        return text
    }

    /// A boolean that may be absent or null: false then.
    static func optionalBool(_ name: String, in body: JSONObject) throws(APIError) -> Bool {
        guard let value = body[name], !value.isNull else { return false }
        guard let bool = value.bool else { throw .invalid("\"\(name)\" must be a boolean") }
        return bool
    }

    /// A list of strings, none of them empty, repeats dropped.
    ///
    /// - Throws: 400 when it is no such list or longer than 1000; when it is absent or null, only if it is `required`.
    static func strings(
        _ name: String,
        in body: JSONObject,
        required: Bool = true
    ) throws(APIError) -> [String] {
        guard let value = body[name], !value.isNull else {
            if required { throw .missing(name) }
            return []
        }
        guard let array = value.array, array.count <= 1000 else {
            throw .invalid("\"\(name)\" must be an array of at most 1000 strings")
        }
        var seen: Set<String> = []
        var strings: [String] = []
        for element in array {
            guard let text = element.string, !text.isEmpty else {
                throw .invalid("\"\(name)\" must be an array of strings")
            }
            if seen.insert(text).inserted { strings.append(try self.short(text, name)) }
        }
        return strings
    }

    /// A list of email addresses.
    static func emails(_ name: String, in body: JSONObject, required: Bool = true) throws(APIError) -> [String] {
        let emails = try self.strings(name, in: body, required: required)
        for email in emails {
            let parts = email.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), email.utf8.count <= 320 else {
                throw .invalid("\"\(name)\" must hold email addresses")
            }
        }
        return emails
    }

    /// Refuses one more of something the simulator holds in memory when there are too many.
    static func checkRoom(_ count: Int, _ maximum: Int, _ what: String) throws(APIError) {
        guard count < maximum else {
            throw .badRequest("The simulator keeps at most \(maximum) \(what); start it anew.")
        }
    }
}
