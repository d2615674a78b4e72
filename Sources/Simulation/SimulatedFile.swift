/// One file: what a reader sees, what is on the medium, and what lies between the two.
struct SimulatedFile: Sendable {
    /// The page cache.
    private(set) var cached: [UInt8] = []
    /// What a power cut leaves, if it leaves nothing else.
    private(set) var medium: [UInt8] = []
    /// Changes that the medium may not have, in order.
    private(set) var unsynced: [Change] = []

    enum Change: Sendable {
        case write(at: Int, [UInt8])
        /// Allocated or truncated to this length; new bytes are zeros.
        case resize(Int)
    }

    /// What becomes of a change that nobody has synced.
    enum Fate: Sendable {
        case kept
        case lost
        /// The first so many bytes.
        case prefix(Int)
        /// The sectors whose bit is set, in no order.
        case sectors(UInt64)
    }

    static let sectorBytes = 512

    mutating func resize(_ size: Int) {
        Self.apply(.resize(size), to: &cached)
        unsynced.append(.resize(size))
    }

    mutating func write(_ bytes: [UInt8], at offset: Int) {
        Self.apply(.write(at: offset, bytes), to: &cached)
        unsynced.append(.write(at: offset, bytes))
    }

    /// Brings everything that is still marked as changed to the medium, as the cache has it now.
    mutating func sync() {
        for change in unsynced { bring(change) }
        unsynced.removeAll(keepingCapacity: true)
    }

    /// A sync that fails: of each change, the medium may have got it, it may still be marked as changed, or
    /// the mark is gone and it is not on the medium (fsyncgate: a later sync succeeds and brings nothing).
    mutating func failSync(_ dice: inout Dice) {
        var rest: [Change] = []
        for change in unsynced {
            switch dice.below(3) {
            case 0: bring(change)
            case 1: rest.append(change)
            default:
                // A length is not in the page cache, so its mark does not get lost.
                if case .resize = change { rest.append(change) }
            }
        }
        unsynced = rest
    }

    /// The machine goes down: what was not synced is kept, lost or torn.
    mutating func crash(_ dice: inout Dice, _ mood: CrashMood) {
        for change in unsynced { apply(change, Self.fate(of: change, &dice, mood)) }
        unsynced = []
        cached = medium
    }

    /// The system drops clean pages: what was marked clean and never written is read as it is on the medium.
    mutating func evict() {
        guard unsynced.isEmpty else { return }
        cached = medium
    }

    /// Turns one bit over, on the medium and in memory.
    mutating func flip(byte: Int, bit: Int) {
        let mask = UInt8(1) << UInt8(bit)
        if byte < cached.count { cached[byte] ^= mask }
        if byte < medium.count { medium[byte] ^= mask }
    }

    private static func fate(of change: Change, _ dice: inout Dice, _ mood: CrashMood) -> Fate {
        switch mood {
        case .losesAll: return .lost
        case .keepsAll: return .kept
        case .mixed: break
        }
        guard case .write(_, let bytes) = change, bytes.count > 1 else {
            return dice.chance(1, in: 2) ? .kept : .lost
        }
        switch dice.below(4) {
        case 0: return .kept
        case 1: return .lost
        case 2: return .prefix(dice.below(bytes.count))
        default: return .sectors(dice.next())
        }
    }

    private mutating func apply(_ change: Change, _ fate: Fate) {
        switch (change, fate) {
        case (_, .lost): break
        case (_, .kept), (.resize, _): Self.apply(change, to: &medium)
        case (.write(let offset, let bytes), .prefix(let count)):
            Self.apply(.write(at: offset, Array(bytes.prefix(count))), to: &medium)
        case (.write(let offset, let bytes), .sectors(let chosen)):
            var start = 0
            var index: UInt64 = 0
            while start < bytes.count {
                // Sectors are counted on the medium: the first piece ends where the first sector does.
                let end = min(bytes.count, start + Self.sectorBytes - (offset + start) % Self.sectorBytes)
                if chosen >> (index % 64) & 1 == 1 {
                    Self.apply(.write(at: offset + start, Array(bytes[start..<end])), to: &medium)
                }
                (start, index) = (end, index + 1)
            }
        }
    }

    private mutating func bring(_ change: Change) {
        switch change {
        case .resize: Self.apply(change, to: &medium)
        case .write(let offset, let bytes):
            let end = min(offset + bytes.count, cached.count)
            if offset < end { Self.apply(.write(at: offset, Array(cached[offset..<end])), to: &medium) }
        }
    }

    private static func apply(_ change: Change, to content: inout [UInt8]) {
        switch change {
        case .resize(let size):
            if size < content.count {
                content.removeLast(content.count - size)
            } else {
                content.append(contentsOf: repeatElement(0, count: size - content.count))
            }
        case .write(let offset, let bytes):
            let end = offset + bytes.count
            if end > content.count {
                content.append(contentsOf: repeatElement(0, count: end - content.count))
            }
            content.replaceSubrange(offset..<end, with: bytes)
        }
    }
}

/// How hard a power cut is.
package enum CrashMood: Sendable, CaseIterable {
    /// Nothing that was not synced survives.
    case losesAll
    /// Everything survives, as if the power had gone a moment later.
    case keepsAll
    /// Each change by itself: kept, lost or torn.
    case mixed
}
