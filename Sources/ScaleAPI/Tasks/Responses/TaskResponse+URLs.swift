/// Results that are in files of their own (contract C3).
///
/// Give the API key only to URLs on the API's host.
extension TaskResponse {
    /// The annotations of a video, of lidar frames or of linked images.
    public var annotationsURL: String? { self.json["annotations"]?["url"]?.string }

    /// What happens in a video.
    public var eventsURL: String? { self.json["events"]?["url"]?.string }

    /// The label of each point of a lidar segmentation.
    public var pointSegmentationsURL: String? { self.json["point_segmentations"]?["url"]?.string }

    /// The URLs of all files that belong to this response.
    public var resultURLs: [String] {
        [self.annotationsURL, self.eventsURL, self.pointSegmentationsURL].compactMap(\.self)
            + (self.segmentation?.urls ?? [])
    }
}
