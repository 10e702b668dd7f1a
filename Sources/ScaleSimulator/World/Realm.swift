/// Everything one mode of the simulated Scale knows: tasks, batches, projects.
///
/// Live and test share nothing.
///
/// A pure value: time comes in as `now`, and what has to happen later leaves through `effects`.
struct Realm: Sendable {
    /// Something a change set going, for the agenda to do.
    enum Effect: Sendable, Equatable {
        /// The task is worked on and completes after the completion delay, unless it was recalled meanwhile.
        case work(task: Int, round: Int)

        /// A callback is to be sent.
        case callback(CallbackSubject)
    }

    /// Idempotency keys remembered; older ones are forgotten first.
    private static let maximumIdempotencyKeys = 100_000

    let mode: Mode
    var responses: ResponseMaker

    /// Ten hexadecimal digits in the middle of every id, other for every start of the simulator.
    let idSalt: String

    /// What is left open by Scale's documentation, as it is turned at this moment.
    var knobs = Knobs() {
        didSet { self.responses.faultShare = self.knobs.faultShare }
    }

    /// How much there may be.
    var limits = Limits()

    var tasks = TaskTable()
    var taskNumbers: [String: Int] = [:]
    var uniqueIDs: [String: Int] = [:]
    var batches: [String: SimulatedBatch] = [:]
    var batchNames: [String] = []
    var projects: [String: SimulatedProject] = [:]
    var projectNames: [String] = []
    var effects: [Effect] = []

    /// Uploaded and imported files.
    var shelf = FileShelf()

    /// The customer's team; it begins with the owner of the account.
    var teammates = [Teammate(email: "owner@example.com", role: .admin)]

    /// Who works on what in Studio projects.
    var studio = Studio()

    /// Evaluation and training tasks, and fixless audits.
    var quality = Quality()

    /// Datasets and jobs.
    var nucleus = Nucleus()

    private var idempotencyKeys: Set<String> = []
    private var idempotencyKeysInOrder: [String] = []
    private var idsMade: UInt64 = 0

    init(mode: Mode, responses: ResponseMaker, idSalt: String) {
        self.mode = mode
        self.responses = responses
        self.idSalt = idSalt
    }

    /// An id as Scale makes them: seconds, a salt, a counter, 24 hexadecimal characters.
    mutating func makeID(_ now: Timestamp) -> String {
        self.idsMade += 1
        let seconds = UInt64(max(0, now.milliseconds / 1000))
        return SeededGenerator.hex(seconds, 8) + self.idSalt + SeededGenerator.hex(self.idsMade, 6)
    }

    /// Runs a creation once per `Idempotency-Key`; a key of an earlier successful creation is a 409 (contract B0).
    mutating func once(
        _ call: ReadCall,
        _ create: (inout Realm, _ body: JSONObject) throws(APIError) -> JSON
    ) throws(APIError) -> JSON {
        let body = try call.object()
        guard let idempotencyKey = call.idempotencyKey else { return try create(&self, body) }
        guard !self.idempotencyKeys.contains(idempotencyKey) else {
            throw .conflict("The idempotency key (\"\(idempotencyKey)\") was already used for a different request.")
        }
        let answer = try create(&self, body)
        self.idempotencyKeys.insert(idempotencyKey)
        self.idempotencyKeysInOrder.append(idempotencyKey)
        if self.idempotencyKeysInOrder.count > 2 * Self.maximumIdempotencyKeys {
            self.idempotencyKeys.subtract(self.idempotencyKeysInOrder.prefix(Self.maximumIdempotencyKeys))
            self.idempotencyKeysInOrder.removeFirst(Self.maximumIdempotencyKeys)
        }
        return answer
    }

    /// The number of the task with this id, or with this `unique_id`.
    func taskNumber(_ id: String) throws(APIError) -> Int {
        guard let number = self.taskNumbers[id] ?? self.uniqueIDs[id] else { throw .taskNotFound }
        return number
    }

    /// The body of a callback as things are now; nil when its subject is gone.
    func callbackBody(_ subject: CallbackSubject) -> JSON? {
        switch subject {
        case .task(let number): self.tasks[number].callbackBody(self.knobs)
        case .batch(let name): self.batches[name]?.callbackBody
        }
    }

    /// Where a callback goes: a URL, an email address, or nil for nowhere.
    func callbackURL(_ subject: CallbackSubject) -> String? {
        switch subject {
        case .task(let number): return self.tasks[number].callbackURL
        case .batch(let name):
            let callback = self.batches[name]?.callback
            return callback?.isEmpty == true ? nil : callback
        }
    }

    /// Counts one more callback of the subject and says which one it is, from 1.
    mutating func nextCallbackOrdinal(_ subject: CallbackSubject) -> Int {
        switch subject {
        case .task(let number):
            self.tasks[number].callbacksOrdered += 1
            return self.tasks[number].callbacksOrdered
        case .batch(let name):
            self.batches[name]?.callbacksOrdered += 1
            return self.batches[name]?.callbacksOrdered ?? 0
        }
    }
}
