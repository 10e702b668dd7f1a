extension SimulatedTask {
    /// The task with the presigned URLs of its attachments, as `include_attachment_url=true` wants it (contract T3).
    ///
    /// Scale documents no shape; this is the one that programs read. The simulator keeps no attachments, so the URLs
    /// lead to a reserved name that nobody can resolve.
    func jsonWithAttachmentURLs(_ knobs: Knobs) -> JSON {
        guard case .object(var object) = self.json(knobs) else { return self.json(knobs) }
        let downloads = Attachments.urls(self.params).filter { $0.contains("://") }.enumerated()
            .map { place, url -> JSON in
                let presigned = "https://scaleapi-attachments.example.com/\(self.id)/\(place)?X-Amz-Expires=604800"
                return ["attachmentURL": .string(url), "s3URL": .string(presigned), "isConvertedImage": false]
            }
        object["attachmentS3Downloads"] = .array(downloads)
        return .object(object)
    }
}
