/// A regular expression that is matched in time linear in the text.
///
/// A pattern comes from a user (`success.body_matches`) and the text from a stranger, so a matcher that
/// tries one way after another is out: `(a+)+$` on a row of a's and a `!` doubles its work with every
/// letter. Here the pattern becomes a list of states (Thompson's construction, `PatternParser`), and
/// `search(_:)` walks the text once with the set of all states that could be reached so far. Each state is
/// looked at no more than once per position, so the work is bounded by states × positions, whatever the
/// pattern and the text are.
///
/// The text is read in *units*: a UTF-8 scalar is one, and so is each byte that is not part of a whole
/// scalar (an answer in Latin-1, or one cut in the middle of a letter). `.` and negated classes take any
/// unit, except that `.` leaves out `\n`; `\d`, `\w`, `\s`, `\b` and `(?i)` know ASCII only; `^` and `$`
/// are the ends of the whole text, and `$` does not stand before a final newline.
package struct Pattern: Sendable, Hashable {
    /// Unicode scalars in a pattern.
    package static let textLengthMax = 10_000
    /// The largest number in `{m,n}`.
    package static let repetitionMax = 1_000
    /// Groups inside groups: the parser recurses once for each.
    package static let nestingMax = 100
    /// States once every bounded repetition is written out.
    package static let statesMax = 10_000

    /// As the user wrote it.
    package let text: String
    private let states: [State]
    private let sets: [UnitSet]

    /// Compiles the text, or says where and why it is not a pattern. The empty pattern matches everything.
    package init(_ text: String) throws(PatternError) {
        var parser = try PatternParser(text)
        self.text = text
        states = try parser.parse()
        sets = parser.sets
    }

    /// Whether the pattern occurs anywhere in the bytes; `^` and `$` tie it to their ends.
    package func matches(_ bytes: [UInt8]) -> Bool {
        search(bytes).isFound
    }

    /// How many states the pattern has: the factor of its cost.
    package var stateCount: Int { states.count }

    /// What a walk through a text found, and what it cost.
    package struct Search: Sendable, Equatable {
        package var isFound: Bool
        /// States taken from the stack: at most `(2 × stateCount + 1) × (bytes + 1)`.
        package var steps: Int
    }

    /// Like `matches(_:)`, with the number of steps it took. Stops at the first match.
    package func search(_ bytes: [UInt8]) -> Search {
        var steps = 0
        // The position at which a state was last looked at: a second visit there could learn nothing new.
        var visited = [Int](repeating: -1, count: states.count)
        var stack: [Int] = []
        var following: [Int] = []
        var position = 0
        var previous: UInt32?
        let isTiedToStart = states.first == .assert(.textStart)
        while true {
            let unit = position < bytes.count ? Self.unit(at: position, in: bytes) : nil
            // A match may begin anywhere.
            stack.append(0)
            while let index = stack.popLast() {
                steps += 1
                if visited[index] == position { continue }
                visited[index] = position
                switch states[index] {
                case .take(let wanted):
                    if unit?.value == wanted { following.append(index + 1) }
                case .takeAny(let set):
                    if let unit, sets[set].contains(unit.value) { following.append(index + 1) }
                case .fork(let offset):
                    stack.append(index + 1)
                    stack.append(index + offset)
                case .jump(let offset):
                    stack.append(index + offset)
                case .assert(let assertion):
                    if assertion.holds(between: previous, and: unit?.value) { stack.append(index + 1) }
                case .accept:
                    return Search(isFound: true, steps: steps)
                }
            }
            guard let unit, !(isTiedToStart && following.isEmpty) else {
                return Search(isFound: false, steps: steps)
            }
            position += unit.width
            previous = unit.value
            swap(&stack, &following)
        }
    }

    /// One step of the machine. Offsets are relative, so a run of states can be copied (`a{3}`) as it is.
    enum State: Sendable, Hashable {
        /// Goes on past this unit.
        case take(UInt32)
        /// Goes on past any unit of the numbered set.
        case takeAny(set: Int)
        /// Goes on both here and at the offset.
        case fork(offset: Int)
        /// Goes on at the offset only.
        case jump(offset: Int)
        /// Goes on if it holds here, without taking anything.
        case assert(Assertion)
        /// The pattern has matched.
        case accept
    }

    /// What must hold between two units.
    enum Assertion: Sendable, Hashable {
        case textStart
        case textEnd
        case wordEdge
        case noWordEdge

        func holds(between previous: UInt32?, and next: UInt32?) -> Bool {
            switch self {
            case .textStart: previous == nil
            case .textEnd: next == nil
            case .wordEdge: UnitSet.isWord(previous) != UnitSet.isWord(next)
            case .noWordEdge: UnitSet.isWord(previous) == UnitSet.isWord(next)
            }
        }
    }

    /// The scalar that starts here, or the lone byte as a unit above all scalars (RFC 3629 §4 decides which).
    private static func unit(at position: Int, in bytes: [UInt8]) -> (value: UInt32, width: Int) {
        let lead = bytes[position]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let stray = (UnitSet.strayByteBase + UInt32(lead), 1)
        let width: Int
        let smallest: UInt32
        switch lead {
        case 0xc2...0xdf: (width, smallest) = (2, 0x80)
        case 0xe0...0xef: (width, smallest) = (3, 0x800)
        case 0xf0...0xf4: (width, smallest) = (4, 0x1_0000)
        default: return stray
        }
        guard bytes.count - position >= width else { return stray }
        var value = UInt32(lead) & (0x7f >> UInt32(width))
        for byte in bytes[(position + 1)..<(position + width)] {
            guard byte & 0xc0 == 0x80 else { return stray }
            value = value << 6 | UInt32(byte & 0x3f)
        }
        guard value >= smallest, Unicode.Scalar(value) != nil else { return stray }
        return (value, width)
    }
}

/// Units, as sorted ranges that do not touch.
struct UnitSet: Sendable, Hashable {
    /// A byte that belongs to no scalar is the unit of this number plus its own.
    static let strayByteBase: UInt32 = 0x11_0000
    private static let last = strayByteBase + 0xff

    static let digit = UnitSet([0x30...0x39])
    static let word = UnitSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
    /// Tab, newline, vertical tab, form feed, carriage return, and the space.
    static let space = UnitSet([0x09...0x0d, 0x20...0x20])
    static let newline = UnitSet([0x0a...0x0a])

    let ranges: [ClosedRange<UInt32>]
    /// One bit for each ASCII unit, 0–63 and 64–127, because nearly every text is mostly that.
    private let asciiLow: UInt64
    private let asciiHigh: UInt64

    /// The set of the given ranges, in any order and overlapping as they may.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let before = merged.last, range.lowerBound <= before.upperBound + 1 {
                merged[merged.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
        var bits: (low: UInt64, high: UInt64) = (0, 0)
        for range in merged where range.lowerBound < 128 {
            for unit in range.lowerBound...min(range.upperBound, 127) {
                if unit < 64 { bits.low |= 1 << unit } else { bits.high |= 1 << (unit & 63) }
            }
        }
        (asciiLow, asciiHigh) = bits
    }

    func contains(_ unit: UInt32) -> Bool {
        if unit < 128 { return (unit < 64 ? asciiLow : asciiHigh) >> (unit & 63) & 1 == 1 }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < unit { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(unit)
    }

    /// Everything else, stray bytes included.
    var complement: UnitSet {
        var gaps: [ClosedRange<UInt32>] = []
        var from: UInt32 = 0
        for range in ranges {
            if range.lowerBound > from { gaps.append(from...(range.lowerBound - 1)) }
            from = range.upperBound + 1
        }
        if from <= Self.last { gaps.append(from...Self.last) }
        return UnitSet(gaps)
    }

    /// The ranges, and for every ASCII letter in them its other case.
    static func foldingCase(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        let upper: ClosedRange<UInt32> = 0x41...0x5a
        let lower: ClosedRange<UInt32> = 0x61...0x7a
        var folded = ranges
        for range in ranges {
            if range.overlaps(upper) {
                let part = range.clamped(to: upper)
                folded.append((part.lowerBound + 32)...(part.upperBound + 32))
            }
            if range.overlaps(lower) {
                let part = range.clamped(to: lower)
                folded.append((part.lowerBound - 32)...(part.upperBound - 32))
            }
        }
        return folded
    }

    /// Whether this is what `\w` takes; an end of the text is not.
    static func isWord(_ unit: UInt32?) -> Bool {
        guard let unit else { return false }
        return word.contains(unit)
    }
}
