import Testing

@testable import ScaleSimulator

@Suite struct RoutedCallTests {
    @Test(arguments: [
        ("POST", "/v1/task/abc/audit", "/v1/task/{task}/audit", "POST /task/{task}/audit", "abc", nil),
        ("GET", "/task/a%2Fb", "/task/{task}", "GET /task/{task}", "a/b", nil),
        ("POST", "/task/chat", "/task/{task}", "POST /task/{task}", nil, nil),
        ("GET", "/v1/tasks", "/v1/tasks", "GET /tasks", nil, nil),
        ("GET", "/v1/batches/b%201/status", "/v1/batches/{name}/status", "GET /batches/{name}/status", nil, "b 1"),
        ("GET", "/v1/task", nil, nil, nil, nil),
        ("GET", "/v1/task/%FF/audit", "/v1/task/{task}/audit", "GET /task/{task}/audit", nil, nil),
    ])
    func `the route says what a request is about`(
        method: String,
        path: String,
        pattern: String?,
        operation: String?,
        taskID: String?,
        batch: String?
    ) {
        let call = RoutedCall(method: method, path: path, pattern: pattern)
        #expect(call.operation == operation)
        #expect(call.taskID == taskID)
        #expect(call.batch == batch)
    }
}
