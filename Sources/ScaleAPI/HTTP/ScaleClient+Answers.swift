/// Calls by what they answer with: an object, a list, a page of a list, a count.
extension ScaleClient {
    /// Sends a call and reads the object it answers with.
    func object<Object: ScaleObject>(
        from request: ScaleRequest,
        as type: Object.Type = Object.self
    ) async throws(ScaleError) -> Object {
        let answer = try await self.send(request)
        guard let object = Object(json: try answer.json()) else {
            throw answer.malformed("the answer is not a \(Object.self)")
        }
        return object
    }

    /// Sends a call and reads the list it answers with; an element that is not what it should be fails the call.
    func objects<Object: ScaleObject>(
        from request: ScaleRequest,
        as type: Object.Type = Object.self
    ) async throws(ScaleError) -> [Object] {
        let answer = try await self.send(request)
        guard let elements = try answer.json().array else { throw answer.malformed("the answer is not a list") }
        var objects: [Object] = []
        for element in elements {
            guard let object = Object(json: element) else {
                throw answer.malformed("the answer holds something that is not a \(Object.self)")
            }
            objects.append(object)
        }
        return objects
    }

    /// One page of a list as Scale sent it.
    struct ListPage {
        let docs: [JSON]
        let json: JSON
        let answer: ScaleAnswer

        /// How many there are on all pages; sources name it differently (contract B2).
        var total: Int? { self.json.object?.first(of: "total", "totalDocs")?.int }
    }

    /// Sends a call and reads the page it answers with.
    func listPage(from request: ScaleRequest) async throws(ScaleError) -> ListPage {
        let answer = try await self.send(request)
        let json = try answer.json()
        guard let docs = json["docs"]?.array else { throw answer.malformed("the list has no docs") }
        return ListPage(docs: docs, json: json, answer: answer)
    }

    /// How many elements a list has; asks for one of them.
    func count(by request: ScaleRequest) async throws(ScaleError) -> Int {
        var request = request
        request.query.add("limit", 1)
        let page = try await self.listPage(from: request)
        guard let total = page.total, total >= 0 else { throw page.answer.malformed("the list has no total") }
        return total
    }
}
