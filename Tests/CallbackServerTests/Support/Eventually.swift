/// Waits until something holds. Whoever calls has a time limit, which is what fails when it never does.
func eventually(_ holds: () async throws -> Bool) async throws {
    while try await !holds() { try await Task.sleep(for: .milliseconds(10)) }
}
