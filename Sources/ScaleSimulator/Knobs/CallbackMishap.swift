/// What can happen to a callback on its way, by share or by order.
package enum CallbackMishap: String, Sendable, CaseIterable {
    /// It is sent twice.
    case duplicate

    /// It is never sent although the task says that its callback succeeded.
    case drop

    /// It waits for `callback_delay`.
    case delay

    /// It waits until a try of another callback has ended, at most for `callback_delay`.
    case reorder

    /// One try carries a key that no account has.
    case wrongAuth = "wrong_auth"

    /// One try carries no key.
    case missingAuth = "missing_auth"

    /// One try is padded to `oversized_bytes`.
    case oversized

    /// Decided when the callback is ordered; the others for every try anew.
    var isDecidedOnce: Bool {
        switch self {
        case .duplicate, .drop, .delay, .reorder: true
        case .wrongAuth, .missingAuth, .oversized: false
        }
    }

    var help: String {
        switch self {
        case .duplicate: "share of callbacks sent twice"
        case .drop: "share of callbacks never sent although the task says so"
        case .delay: "share of callbacks that wait for the callback delay"
        case .reorder: "share of callbacks that let another one go first"
        case .wrongAuth: "share of tries with a wrong key"
        case .missingAuth: "share of tries without a key"
        case .oversized: "share of tries with a huge body"
        }
    }
}

extension Knobs {
    /// Draws the mishaps of one callback, or of one try of it.
    ///
    /// Every kind is drawn, so that turning one share leaves the luck of the others alone.
    func callbackMishaps(decidedOnce: Bool, using generator: inout SeededGenerator) -> Set<CallbackMishap> {
        var mishaps: Set<CallbackMishap> = []
        for mishap in CallbackMishap.allCases where mishap.isDecidedOnce == decidedOnce {
            let luck = generator.fraction()
            if luck < self.callbackShares[mishap] ?? 0 { mishaps.insert(mishap) }
        }
        return mishaps
    }
}
