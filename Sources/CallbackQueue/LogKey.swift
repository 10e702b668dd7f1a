/// The keys of log metadata in this module.
enum LogKey {
    static let attempt = "delivery.attempt"
    static let delivery = "delivery.id"
    static let error = "error"
    static let event = "event.id"
    static let handler = "handler"
    static let settlement = "delivery.settlement"
    static let summary = "summary"
}
