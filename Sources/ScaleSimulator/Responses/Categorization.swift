/// A made-up choice among categories (contract C3).
struct Categorization {
    private let categories: [JSON]
    private let ids: JSON
    private let allowsMultiple: Bool

    init(params: JSONObject) {
        let given = params["categories"]?.array ?? []
        // Nested choices stand for their leaves.
        let names = ImageAnnotation.names(given)
        self.categories = names.isEmpty ? Array(given.prefix(1000)) : names.map(JSON.string)
        self.ids = params["category_ids"] ?? .null
        self.allowsMultiple = params["allow_multiple"]?.bool == true
    }

    /// The response; the fault, when one is wanted, is a category that was not offered.
    func make(
        isFaulty: Bool,
        using generator: inout SeededGenerator
    ) -> (response: JSON, plantedFault: PlantedFault?) {
        let one = generator.pick(self.categories) ?? .null
        var chosen = self.allowsMultiple ? self.categories.filter { _ in generator.fraction() < 0.4 } : [one]
        if chosen.isEmpty { chosen = [one] }
        if isFaulty { chosen[0] = "not_in_the_list" }
        let ids = chosen.map { category in category.string.flatMap { self.ids[$0] } ?? .null }
        let hasIDs = self.ids.object != nil
        let response: JSON
        if self.allowsMultiple {
            response = ["category": .array(chosen), "category_id": hasIDs ? .array(ids) : .null]
        } else {
            response = ["category": chosen[0], "category_id": ids[0]]
        }
        return (response, isFaulty ? .categoryNotOffered : nil)
    }
}
