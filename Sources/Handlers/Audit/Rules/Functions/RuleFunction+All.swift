import ScaleAPI

extension RuleFunction {
    /// The functions that rules have beside SQLite's own, in alphabetical order.
    ///
    /// A shape is JSON: the columns `shape` and `vertices` of `annotations`, a list of points (a polygon), `{"line":
    /// […]}`,
    /// or an annotation, box or point as Scale sends it.
    package static let all: [RuleFunction] = [
        RuleFunction(
            signature: "changes(response, response)",
            meaning: "how many annotations or answers differ; `uuid`, `id` and the order do not matter",
            counts: [2]
        ) { arguments, functions throws(RuleFailure) in
            guard let before = try functions.json(arguments, 0), let after = try functions.json(arguments, 1),
                // Where files are says nothing of what is in them.
                ![before, after].contains(where: { $0["annotations"]?["url"]?.string != nil })
            else { return .null }
            return .integer(Int64(ResponseChanges.count(from: before, to: after)))
        },
        RuleFunction(
            signature: "crosses_itself(shape)",
            meaning: "1 when two edges cross each other, else 0",
            counts: [1]
        ) { arguments, functions throws(RuleFailure) in
            guard let figure = try functions.figure(arguments, 0) else { return .null }
            try functions.budget.spend(figure.points.count * figure.points.count)
            return .integer(figure.crossesItself ? 1 : 0)
        },
        RuleFunction(
            signature: "distance(shape, shape)",
            meaning: "how many pixels lie between them; 0 when they touch or overlap",
            counts: [2, 8]
        ) { arguments, functions throws(RuleFailure) in
            guard let (first, second) = try functions.figures(arguments) else { return .null }
            return RuleValue(first.distance(to: second))
        },
        RuleFunction(
            signature: "inside(shape, shape)",
            meaning: "1 when the first lies in the second, but for a thousandth of its area, else 0",
            counts: [2, 8]
        ) { arguments, functions throws(RuleFailure) in
            guard let (first, second) = try functions.figures(arguments) else { return .null }
            return .integer(first.share(in: second) >= 0.999 ? 1 : 0)
        },
        RuleFunction(
            signature: "iou(shape, shape)",
            meaning: "what they have in common by what they cover together, 0 to 1",
            counts: [2, 8]
        ) { arguments, functions throws(RuleFailure) in
            if arguments.indices.count == 8 { return Self.boxOverlap(arguments) }
            guard let (first, second) = try functions.figures(arguments) else { return .null }
            return RuleValue(first.intersectionOverUnion(with: second))
        },
        RuleFunction(
            signature: "overlap(shape, shape)",
            meaning: "how much of the first lies in the second, 0 to 1: of its area, or of its points when it has none",
            counts: [2, 8]
        ) { arguments, functions throws(RuleFailure) in
            guard let (first, second) = try functions.figures(arguments) else { return .null }
            return RuleValue(first.share(in: second))
        },
        RuleFunction(
            signature: "polygon_area(shape)",
            meaning: "the area inside, in square pixels; 0 for lines and points",
            counts: [1]
        ) { arguments, functions throws(RuleFailure) in
            RuleValue(try functions.figure(arguments, 0)?.area)
        },
        RuleFunction(
            signature: "regexp(pattern, text)",
            meaning: "1 when the pattern is found in the text, else 0; the same as `text REGEXP pattern`",
            counts: [2]
        ) { arguments, functions throws(RuleFailure) in
            guard let written = arguments.text(0) else { return .null }
            // Read before the text is looked at, so that a wrong pattern shows itself on an empty task.
            let pattern = try functions.pattern(written)
            guard let text = arguments.text(1) else { return .null }
            let budget = functions.budget
            let isFound = try pattern.isFound(in: text) { work throws(RuleFailure) in try budget.spend(work) }
            return .integer(isFound ? 1 : 0)
        },
    ]

    /// `iou(l1, t1, w1, h1, l2, t2, w2, h2)`: NULL when one is not a number; 0 when the boxes have no area.
    private static func boxOverlap(_ arguments: Arguments) -> RuleValue {
        let value = arguments.indices.compactMap { arguments.number($0) }
        guard value.count == 8 else { return .null }
        let width = min(value[0] + value[2], value[4] + value[6]) - max(value[0], value[4])
        let height = min(value[1] + value[3], value[5] + value[7]) - max(value[1], value[5])
        let common = max(width, 0) * max(height, 0)
        let union = max(value[2], 0) * max(value[3], 0) + max(value[6], 0) * max(value[7], 0) - common
        // Endless boxes have no share of each other.
        guard union.isFinite else { return .null }
        return .real(union > 0 ? common / union : 0)
    }
}

extension RuleFunctions {
    /// The argument as JSON; nil when it is none.
    fileprivate func json(_ arguments: RuleFunction.Arguments, _ index: Int) throws(RuleFailure) -> JSON? {
        guard let bytes = arguments.bytes(index) else { return nil }
        try self.budget.spend(bytes.count)
        return try? JSON(parsing: Array(bytes))
    }

    fileprivate func figure(_ arguments: RuleFunction.Arguments, _ index: Int) throws(RuleFailure) -> Figure? {
        try self.json(arguments, index).flatMap { Figure(json: $0) }
    }

    /// Two shapes, or two boxes as `left, top, width, height` each; nil when one of them cannot be read.
    fileprivate func figures(_ arguments: RuleFunction.Arguments) throws(RuleFailure) -> (Figure, Figure)? {
        let first: Figure?
        let second: Figure?
        if arguments.indices.count == 8 {
            let value = arguments.indices.compactMap { arguments.number($0) }
            guard value.count == 8 else { return nil }
            first = Figure(left: value[0], top: value[1], width: value[2], height: value[3])
            second = Figure(left: value[4], top: value[5], width: value[6], height: value[7])
        } else {
            first = try self.figure(arguments, 0)
            second = try self.figure(arguments, 1)
        }
        guard let first, let second else { return nil }
        // What is measured takes the time of the product of their points, with a few operations each.
        try self.budget.spend(first.points.count * second.points.count * 10)
        return (first, second)
    }
}
