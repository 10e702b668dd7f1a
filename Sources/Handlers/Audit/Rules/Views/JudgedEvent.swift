import Callbacks
import ScaleAPI

/// An event as the views read it. Each part is decoded when some view needs it, and then once.
final class JudgedEvent {
    /// Nil for the empty task that rules are tried on.
    let callback: Callback?
    /// What is known of the task beside its callback, oldest first.
    let log: [HistoryEntry]
    /// The file that the annotations are in, when they are.
    let annotationsFile: AnnotationsFile

    init(_ callback: Callback?, log: [HistoryEntry] = [], annotationsFile: AnnotationsFile = .unread) {
        self.callback = callback
        self.log = log
        self.annotationsFile = annotationsFile
    }

    /// The members of the body and of its task. They are kept, because each search for one steps over the whole text.
    private lazy var body = self.callback?.document.root.members ?? []
    private lazy var members = self.body.last { $0.key == "task" }?.value.members ?? []

    /// The text of the response, found as `Callback.response` finds it; nil when there is none.
    lazy var responseNode: JSONDocument.Node? =
        (self.body.last { $0.key == "response" } ?? self.members.last { $0.key == "response" })
        .flatMap { $0.value.kind == .null ? nil : $0.value }

    /// The response; nil when there is none.
    lazy var response: JSON? = self.responseNode.map { JSON($0) }

    /// Where the annotations are when they are in a file; nil when they are not.
    var annotationsURL: String? { self.response?["annotations"]?["url"]?.string }

    /// The annotations, wherever they are, or why they cannot be read.
    lazy var annotationRows: Result<[AnnotationRow], RuleFailure> = {
        do throws(RuleFailure) { return .success(try AnnotationRow.all(of: self)) } catch { return .failure(error) }
    }()

    /// The task's params; nil when there are none.
    lazy var params: JSON? = self["params"].map { JSON($0) }

    /// What the task asks for; nothing when its params do not show it.
    lazy var asked = AskedFor(params: self.params, taskType: self.callback?.taskType)

    /// The image's size where the task, its params, its metadata or the response say it.
    lazy var imageSize: (width: Double?, height: Double?) = {
        let documents: [JSON?] = [
            self.params, self["metadata"].map { JSON($0) }, self.response,
            self["processed_attachments"]?.elements.first.map { JSON($0) },
        ]
        func first(_ keys: [String]) -> Double? {
            for case let document? in documents {
                for key in keys {
                    if let number = document[key]?.double, number > 0 { return number }
                }
            }
            return nil
        }
        return (first(["width", "image_width", "imageWidth"]), first(["height", "image_height", "imageHeight"]))
    }()

    /// A member of the task; nil when it is missing or null.
    subscript(key: String) -> JSONDocument.Node? {
        self.members.last { $0.key == key }.flatMap { $0.value.kind == .null ? nil : $0.value }
    }

    /// What the task asks for.
    ///
    /// - Throws: `RuleFailure.unavailable` when the callback does not show it, or not all of it was read.
    func askedFor() throws(RuleFailure) -> AskedFor {
        guard self.callback == nil || self.params?.object != nil else {
            throw .unavailable("the callback does not show what the task asks for")
        }
        guard !self.asked.isCut else {
            throw .unavailable("the task asks for more than \(RuleDatabase.maximumAsked) labels or attributes")
        }
        return self.asked
    }
}
