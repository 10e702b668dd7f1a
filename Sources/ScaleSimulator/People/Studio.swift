/// What Studio keeps of one mode: who works on what (contract B7).
struct Studio: Sendable {
    /// A group of labelers of one project.
    struct Group: Sendable {
        let id: String
        let name: String

        /// The labelers in the order they were added.
        var workers: [Worker] = []

        /// The group as the API shows it.
        var json: JSON {
            [
                "id": .string(self.id), "name": .string(self.name), "numWorkers": JSON(self.workers.count),
                "isSingleton": .bool(self.workers.count == 1),
                "workers": .array(self.workers.map { ["id": .string($0.id), "email": .string($0.email)] }),
            ]
        }
    }

    /// A labeler within groups; one person has one id.
    struct Worker: Sendable {
        let id: String
        let email: String
    }

    /// People and groups, each, at most.
    static let maximum = 10_000

    /// The projects each person is assigned to, in the order people first were.
    var assignments: [(email: String, projects: [String])] = []

    /// The groups per project name.
    var groups: [String: [Group]] = [:]

    /// Ids of people who were in any group.
    var workerIDs: [String: String] = [:]

    /// Each person with the projects he is assigned to; also people whose last project was taken away.
    var assignmentsJSON: JSON {
        .object(
            JSONObject(
                self.assignments.map { .init(key: $0.email, value: .array($0.projects.map(JSON.string))) }
            )
        )
    }
}
