"""What a task of each type is created with, in the words of Scale's documentation."""

from scaleapi.tasks import TaskType

PICTURE = "https://assets.example.com/dock.jpg"
BOXES = {"box": {"objects_to_annotate": ["truck", "person"], "min_width": 8, "min_height": 8}}
OCCLUSION = {"occlusion": {"type": "category", "description": "Hidden?", "choices": ["0%", "50%", "100%"]}}
FRAMES = ["https://assets.example.com/frame-0.json", "https://assets.example.com/frame-1.json"]
PICTURES = ["https://assets.example.com/frame-0.jpg", "https://assets.example.com/frame-1.jpg"]
LEGACY = {"attachment": PICTURE, "attachment_type": "image", "objects_to_annotate": ["truck"], "with_labels": True}
LIDAR = {"attachments": FRAMES, "attachment_type": "json", "labels": ["car", "pedestrian"], "max_distance_meters": 60}
VIDEO = {"attachments": PICTURES, "attachment_type": "image", "geometries": BOXES, "frame_rate": 1}
CHAT = {"attachments": [{"type": "text", "content": "Explain tides."}], "fields": [{"type": "text", "field_id": "reply"}]}
FIELDS = [
    {
        "type": "category",
        "field_id": "answer_reasonable",
        "title": "Is the answer reasonable?",
        "choices": [{"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}],
        "required": True,
    },
    {"type": "text", "field_id": "why", "title": "Why?", "max_characters": 200},
]
PAYLOADS = {
    TaskType.Annotation: LEGACY,
    TaskType.Categorization: {
        "attachment": PICTURE, "attachment_type": "image", "categories": ["public", "private"], "allow_multiple": False,
    },
    TaskType.Comparison: {
        "attachments": PICTURES, "attachment_type": "image", "choices": ["same", "different"],
    },
    TaskType.CuboidAnnotation: {**LEGACY, "min_width": 5, "min_height": 5},
    TaskType.DataCollection: {
        "attachment": "https://www.example.com/", "attachment_type": "website", "fields": {"hiring_page": "Hiring page URL"},
    },
    TaskType.DocumentModel: {"attachment": "https://assets.example.com/invoice.pdf"},
    TaskType.DocumentTranscription: {
        "attachment": "https://assets.example.com/receipt.jpg", "features": [{"type": "block", "label": "barcode"}],
    },
    TaskType.ImageAnnotation: {
        "attachment": PICTURE, "attachment_type": "image", "geometries": BOXES, "annotation_attributes": OCCLUSION,
    },
    TaskType.LaneAnnotation: {"attachment": PICTURE, "attachment_type": "image"},
    TaskType.LidarAnnotation: LIDAR,
    TaskType.LidarLinking: {"lidar_task": "5f0f5f0f5f0f5f0f5f0f5f0f", "annotation_type": "annotation"},
    TaskType.LidarSegmentation: LIDAR,
    TaskType.LidarTopdown: LIDAR,
    TaskType.LineAnnotation: LEGACY,
    TaskType.NamedEntityRecognition: {
        "text": "Grace Hopper wrote a compiler in Arlington.",
        "labels": [{"name": "person", "description": "a human"}, {"name": "place", "description": "a location"}],
        "merge_newlines": True,
    },
    TaskType.PointAnnotation: LEGACY,
    TaskType.PolygonAnnotation: LEGACY,
    TaskType.SegmentAnnotation: {
        "attachment": PICTURE, "attachment_type": "image", "labels": ["road", "sky"], "instance_labels": ["car"],
        "allow_unlabeled": False,
    },
    TaskType.Transcription: {
        "attachment": "https://www.example.com/", "attachment_type": "website", "fields": {"title": "Title of the page"},
        "repeatable_fields": {"username": "Who submitted"},
    },
    TaskType.TextCollection: {
        "attachments": [{"type": "text", "content": "The moon pulls the sea."}], "fields": FIELDS, "title": "Judge it",
    },
    TaskType.VideoAnnotation: VIDEO,
    TaskType.VideoBoxAnnotation: VIDEO,
    TaskType.VideoPlaybackAnnotation: {**VIDEO, "padding": 10},
    TaskType.VideoCuboidAnnotation: VIDEO,
    TaskType.SensorFusion: {"attachments": FRAMES, "attachment_type": "json", "labels": ["car"]},
    TaskType.Chat: CHAT,
    TaskType.ChatExperimental: CHAT,
    TaskType.ChatLite: CHAT,
    TaskType.MultiChat: CHAT,
    TaskType.MultiStage: {"attachments": PICTURES, "attachment_type": "image"},
    TaskType.Federal2dVideoAnnotation: VIDEO,
}

# The type, and the parameter without which Scale refuses it.
REQUIRED = [
    (TaskType.ImageAnnotation, "geometries"),
    (TaskType.ImageAnnotation, "attachment"),
    (TaskType.Annotation, "attachment"),
    (TaskType.Annotation, "objects_to_annotate"),
    (TaskType.PolygonAnnotation, "objects_to_annotate"),
    (TaskType.LineAnnotation, "objects_to_annotate"),
    (TaskType.PointAnnotation, "objects_to_annotate"),
    (TaskType.CuboidAnnotation, "objects_to_annotate"),
    (TaskType.SegmentAnnotation, "attachment"),
    (TaskType.VideoAnnotation, "attachments"),
    (TaskType.VideoAnnotation, "geometries"),
    (TaskType.VideoPlaybackAnnotation, "geometries"),
    (TaskType.LidarAnnotation, "attachments"),
    (TaskType.LidarAnnotation, "labels"),
    (TaskType.LidarSegmentation, "labels"),
    (TaskType.LidarTopdown, "labels"),
    (TaskType.LidarLinking, "lidar_task"),
    (TaskType.Categorization, "attachment"),
    (TaskType.Categorization, "categories"),
    (TaskType.TextCollection, "fields"),
    (TaskType.NamedEntityRecognition, "text"),
    (TaskType.NamedEntityRecognition, "labels"),
    (TaskType.DocumentTranscription, "attachment"),
    (TaskType.DataCollection, "fields"),
    (TaskType.Transcription, "fields"),
]
