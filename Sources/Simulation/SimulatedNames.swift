/// The folder itself: which name leads to which file, in memory and on the medium.
struct SimulatedNames: Sendable {
    private(set) var cached: [String: Int] = [:]
    private(set) var medium: [String: Int] = [:]
    private var unsynced: [Change] = []

    private enum Change: Sendable {
        case bind(String, file: Int)
        case unbind(String)
        case move(String, to: String, file: Int)
    }

    mutating func bind(_ name: String, to file: Int) { change(.bind(name, file: file)) }

    mutating func unbind(_ name: String) { change(.unbind(name)) }

    mutating func move(_ name: String, to newName: String) {
        guard let file = cached[name] else { return }
        change(.move(name, to: newName, file: file))
    }

    mutating func sync() {
        medium = cached
        unsynced.removeAll(keepingCapacity: true)
    }

    /// Some file systems keep the order of such changes, others do not.
    mutating func crash(_ dice: inout Dice, _ mood: CrashMood) {
        let keepsOrder = dice.chance(1, in: 2)
        for change in unsynced {
            let isKept =
                switch mood {
                case .losesAll: false
                case .keepsAll: true
                case .mixed: dice.chance(1, in: 2)
                }
            if isKept {
                Self.apply(change, to: &medium)
            } else if keepsOrder {
                break
            }
        }
        unsynced = []
        cached = medium
    }

    private mutating func change(_ change: Change) {
        Self.apply(change, to: &cached)
        unsynced.append(change)
    }

    private static func apply(_ change: Change, to names: inout [String: Int]) {
        switch change {
        case .bind(let name, let file): names[name] = file
        case .unbind(let name): names[name] = nil
        case .move(let name, let newName, let file):
            names[name] = nil
            names[newName] = file
        }
    }
}
