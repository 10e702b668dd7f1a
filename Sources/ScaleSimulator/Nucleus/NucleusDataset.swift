/// A named collection of pictures (contract B9).
struct NucleusDataset: Sendable {
    /// A picture in a dataset, known by the customer's `reference_id`.
    struct Item: Sendable {
        let id: String
        let referenceID: String
        let imageURL: String
        var metadata: JSON

        /// The item as the API shows it.
        var json: JSON {
            [
                "dataset_item_id": .string(self.id), "reference_id": .string(self.referenceID),
                "original_image_url": .string(self.imageURL), "metadata": self.metadata,
            ]
        }
    }

    let id: String
    let name: String
    let isScene: Bool
    let usesPrivacyMode: Bool

    /// In the order they were appended; a deleted item leaves nil, so that no other item has to move.
    private(set) var slots: [Item?] = []

    /// Places in `slots` by reference id.
    private var places: [String: Int] = [:]

    init(id: String, name: String, isScene: Bool, usesPrivacyMode: Bool) {
        self.id = id
        self.name = name
        self.isScene = isScene
        self.usesPrivacyMode = usesPrivacyMode
    }

    /// How many items there are.
    var count: Int { self.places.count }

    /// All items in the order they were appended.
    var items: [Item] { self.slots.compactMap(\.self) }

    /// The item with this reference.
    ///
    /// Setting replaces it in its place or appends it; setting nil deletes it. The item set must have this reference.
    subscript(reference: String) -> Item? {
        get { self.places[reference].flatMap { self.slots[$0] } }
        set {
            switch (self.places[reference], newValue) {
            case (let place?, let item?): self.slots[place] = item
            case (nil, let item?):
                self.places[reference] = self.slots.count
                self.slots.append(item)
            case (let place?, nil):
                self.slots[place] = nil
                self.places[reference] = nil
                self.closeGaps()
            case (nil, nil): break
            }
        }
    }

    /// A page of items from a place on, and the place where the next page begins; nil after the last item.
    func page(from start: Int, limit: Int) -> (items: [Item], next: Int?) {
        var items: [Item] = []
        var place = start
        while place < self.slots.count, items.count < limit {
            if let item = self.slots[place] { items.append(item) }
            place += 1
        }
        return (items, place < self.slots.count ? place : nil)
    }

    /// Lets the last slot hold an item, and at least half of all slots.
    private mutating func closeGaps() {
        while let last = self.slots.last, last == nil { self.slots.removeLast() }
        guard self.slots.count > 64, self.count * 2 < self.slots.count else { return }
        self.slots.removeAll { $0 == nil }
        for (place, item) in self.slots.enumerated() {
            if let item { self.places[item.referenceID] = place }
        }
    }
}
