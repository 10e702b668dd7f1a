extension World {
    /// The contents of a large result of a task of either mode, made outside the lock.
    ///
    /// - Throws: 404 for a task or file that does not exist.
    func resultFile(_ uuid: String, of id: String) throws(APIError) -> ResultFile.Body {
        let found = self.read { state -> (ResponseMaker, SimulatedTask)? in
            for mode in Mode.allCases {
                let realm = state.realm(mode)
                if let number = realm.taskNumbers[id] { return (realm.responses, realm.tasks[number]) }
            }
            return nil
        }
        guard let (responses, task) = found else { throw .taskNotFound }
        guard let file = responses.files(of: task).first(where: { $0.uuid == uuid }) else {
            throw APIError(status: 404, message: "Result with that ID not found.")
        }
        return file.make()
    }
}
