/// Guesses media types by the ends of names.
enum MimeType {
    private static let byEnding = [
        "bmp": "image/bmp", "csv": "text/csv", "gif": "image/gif", "htm": "text/html", "html": "text/html",
        "jpeg": "image/jpeg", "jpg": "image/jpeg", "json": "application/json", "mov": "video/quicktime",
        "mp3": "audio/mpeg", "mp4": "video/mp4", "ogg": "video/ogg", "pdf": "application/pdf", "png": "image/png",
        "svg": "image/svg+xml", "tif": "image/tiff", "tiff": "image/tiff", "txt": "text/plain", "wav": "audio/wav",
        "webm": "video/webm", "webp": "image/webp", "zip": "application/zip",
    ]

    /// The media type of a file name or of the path of a URL; without a known end `application/octet-stream`.
    static func of(path: String) -> String {
        let path = path.prefix { $0 != "?" && $0 != "#" }
        let ending = path.split(separator: "/").last?.split(separator: ".").last.map { $0.lowercased() } ?? ""
        return self.byEnding[ending] ?? "application/octet-stream"
    }
}
