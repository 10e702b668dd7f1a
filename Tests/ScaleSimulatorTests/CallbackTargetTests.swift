import Testing

@testable import ScaleSimulator

@Suite struct CallbackTargetTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080/callbacks", "http://127.0.0.1:8080/callbacks", "127.0.0.1:8080"),
        ("http://127.9.8.7/", "http://127.9.8.7/", "127.9.8.7"),
        ("http://[::1]:80/a?b=c", "http://[::1]:80/a?b=c", "[::1]:80"),
        ("HTTP://LocalHost:8080?x=1#part", "http://127.0.0.1:8080/?x=1", "localhost:8080"),
        ("https://hooks.example.com/scale", "https://hooks.example.com/scale", "hooks.example.com"),
    ])
    func `loopback and hosts allowed by name are dialled`(text: String, url: String, host: String) {
        #expect(CallbackTarget(text, allowedHosts: ["hooks.example.com"]) == .dial(url: url, host: host))
    }

    @Test(arguments: [
        nil, "", "labels@example.com", "ftp://127.0.0.1/", "http://", "http:///x", "http://:80/", "http://example.com/",
        "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/", "http://127.1/", "http://127.0.0.01/",
        "http://127.0.0.256/", "http://0.0.0.0/", "http://10.0.0.1/", "http://2130706433/", "http://0x7f.0.0.1/",
        "http://[::ffff:127.0.0.1]/", "http://[::2]/", "http://localhost.example.com/", "http://localhost./",
        "http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:/", "http://127.0.0.1\\@example.com/",
        "http://127.0.0.1%2eexample.com/", "http://127.0.0.1/a b", "http://127.0.0.1/\\", "http://ｌocalhost/",
        "http://127.0.0.1:80:80/",
    ])
    func `everything else is neither dialled nor resolved`(text: String?) {
        guard case .notSent = CallbackTarget(text, allowedHosts: ["hooks.example.com"]) else {
            Issue.record("\(text ?? "nil") would be dialled")
            return
        }
    }
}
