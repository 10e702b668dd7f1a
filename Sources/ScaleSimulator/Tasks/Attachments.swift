/// The attachments of a task, and which of them cannot be loaded (contract A3.1).
enum Attachments {
    /// Types whose attachments are the frames of one sequence.
    private static let frameTypes: Set<String> = [
        "lidarannotation", "lidarsegmentation", "lidartopdown", "videoannotation", "videoplaybackannotation",
        "videoboxannotation", "videocuboidannotation", "sensorfusion",
    ]

    /// All attachments in order; text types carry `{type, content}`, context attachments `{attachment}`.
    static func urls(_ params: JSONObject) -> [String] {
        let context = params["context_attachments"]?.array ?? []
        let all = [params["attachment"]].compactMap(\.self) + (params["attachments"]?.array ?? []) + context
        return all.compactMap { $0.string ?? $0["content"]?.string ?? $0["attachment"]?.string }
    }

    /// A host under the reserved name `.invalid` can never be reached.
    static func isUnreachable(_ url: String) -> Bool {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 2, parts[0].hasSuffix(":"), parts[1].isEmpty else { return false }
        return parts[2].split(separator: ":").first?.hasSuffix(".invalid") ?? false
    }

    /// The response of a task that ends in `error`; nil when everything can be loaded.
    ///
    /// - Parameters:
    ///   - type: The task's type.
    ///   - params: The task's parameters.
    ///   - shelf: The files that `scaledata://` URLs may stand for.
    static func error(type: String, _ params: JSONObject, _ shelf: FileShelf) -> JSON? {
        func status(_ url: String) -> Int? {
            if Self.isUnreachable(url) { return 404 }
            return url.hasPrefix("scaledata://") && !shelf.holds(url) ? 403 : nil
        }
        let urls = self.urls(params)
        guard urls.contains(where: { status($0) != nil }) else { return nil }
        if self.frameTypes.contains(type), params["attachments"]?.array?.isEmpty == false {
            let frames = urls.enumerated()
                .compactMap { index, url -> JSON? in
                    status(url)
                        .map { code in
                            [
                                "frame": JSON(index), "message": "The frame could not be downloaded.",
                                "attachment": ["statusCode": JSON(code), "url": .string(url)],
                            ]
                        }
                }
            return ["error": "One or more frames could not be processed.", "frames": .array(frames)]
        }
        let failed = urls.compactMap { url -> JSON? in
            status(url).map { ["statusCode": JSON($0), "url": .string(url)] }
        }
        return ["error": "One or more attachments could not be downloaded.", "attachments": .array(failed)]
    }
}
