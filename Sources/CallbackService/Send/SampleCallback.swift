import Foundation
import ScaleAPI

/// Callbacks of the shapes that Scale sends (contract A3 to A5), with invented contents.
enum SampleCallback: String, CaseIterable {
    /// A completed task with two boxes.
    case imageannotation
    /// A task whose attachment could not be read.
    case error
    /// A completed task that a customer has accepted.
    case audit
    /// A finished batch.
    case batch

    /// The body.
    ///
    /// - Parameter taskID: The id of the task; of a batch it becomes part of the name.
    func body(taskID: String, now: Date) -> JSON {
        let formatter = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let time = JSON.string(now.formatted(formatter))
        let created = JSON.string(now.addingTimeInterval(-3600).formatted(formatter))
        if self == .batch {
            return [
                "batch": .string("sample_\(taskID)"), "status": "completed",
                "stats": ["completed": 118, "canceled": 3, "error": 2],
            ]
        }
        let status: JSON = self == .error ? "error" : "completed"
        let response = self == .error ? Self.failure : Self.boxes
        var task: JSON.Object = [
            "task_id": .string(taskID), "created_at": created, "updated_at": time,
            "callback_url": "https://callbacks.example.com/callbacks", "type": "imageannotation", "status": status,
            "instruction": "Label every vehicle and person visible on the quay.",
            "params": [
                "attachment_type": "image", "attachment": "https://assets.example.com/quay/000481.jpg",
                "geometries": ["box": ["objects_to_annotate": ["truck", "person"], "min_width": 8, "min_height": 8]],
            ],
            "is_test": true, "urgency": "standard", "metadata": ["sample": true], "project": "sample_project",
            "response": response,
        ]
        if self != .error { task["completed_at"] = time }
        if self == .audit {
            task["customer_review_status"] = "accepted"
            task["customer_review_comments"] = []
            task["customer_reviewed_by"] = "reviewer@example.com"
            task["customer_audited_at"] = time
            task["audits"] = [
                [
                    "audited_by": "reviewer@example.com", "audited_at": time, "audit_time_secs": 41.2,
                    "audit_result": "accepted", "audit_source": "customer",
                ]
            ]
            task["prior_responses"] = []
        }
        return ["task": .object(task), "response": response, "task_id": .string(taskID), "status": status]
    }

    private static let boxes: JSON = [
        "annotations": [
            [
                "type": "box", "label": "truck", "attributes": ["occlusion": "25%"], "left": 412, "top": 288.5,
                "width": 266, "height": 171.25, "uuid": "b95620ee-0807-4229-a40e-304f0314de7d",
            ],
            [
                "type": "box", "label": "person", "attributes": ["occlusion": "0%"], "left": 97, "top": 305,
                "width": 38, "height": 102, "uuid": "9c48190c-c33f-4356-a06f-0222079369e6",
            ],
        ],
        "global_attributes": [:],
    ]

    private static let failure: JSON = [
        "error": "One or more attachments could not be downloaded.",
        "attachments": [["statusCode": 403, "url": "https://assets.example.com/quay/000481.jpg"]],
    ]
}

/// Task ids of the form that Scale gives out: 24 hexadecimal digits.
enum SampleTaskID {
    /// A new id.
    static func make(using generator: inout some RandomNumberGenerator) -> String {
        let digits = Array("0123456789abcdef")
        return String((0..<24).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
}
