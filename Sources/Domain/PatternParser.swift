/// Reads a pattern's text from left to right, straight into states: each part becomes a run of states that is
/// entered at its first and left behind its last, so that parts are joined by putting them side by side.
struct PatternParser {
    private typealias State = Pattern.State

    private let text: [Unicode.Scalar]
    private var index = 0
    private var nesting = 0
    private var foldsCase = false
    /// What the states' set numbers mean.
    private(set) var sets: [UnitSet] = []
    private var setNumbers: [UnitSet: Int] = [:]

    init(_ text: String) throws(PatternError) {
        self.text = Array(text.unicodeScalars.prefix(Pattern.textLengthMax + 1))
        guard self.text.count <= Pattern.textLengthMax else { throw .tooLong(at: self.text.count) }
    }

    mutating func parse() throws(PatternError) -> [Pattern.State] {
        if text.starts(with: "(?i)".unicodeScalars) {
            foldsCase = true
            index = 4
        }
        let states = try alternatives()
        guard index == text.count else { throw .unopenedGroup(at: index + 1) }
        return states + [.accept]
    }

    /// `a|b|c`: each branch but the last is forked into, and jumps to the end when it is through.
    private mutating func alternatives() throws(PatternError) -> [State] {
        let start = index
        var branches = [try sequence()]
        while accept("|") { branches.append(try sequence()) }
        let count = branches.reduce(2 * (branches.count - 1)) { $0 + $1.count }
        try checkSize(count, at: start + 1)
        var states: [State] = []
        states.reserveCapacity(count)
        for (number, branch) in branches.enumerated() {
            let isLast = number == branches.count - 1
            if !isLast { states.append(.fork(offset: branch.count + 2)) }
            states += branch
            if !isLast { states.append(.jump(offset: count - states.count)) }
        }
        return states
    }

    private mutating func sequence() throws(PatternError) -> [State] {
        var states: [State] = []
        while let next = peek, next != "|", next != ")" {
            let start = index + 1
            let part = try atom()
            let operatorAt = index + 1
            if let times = try repetition() {
                if part.count == 1, case .assert = part[0] { throw .nothingToRepeat(at: operatorAt) }
                states += try repeated(part, times, at: start)
            } else {
                states += part
            }
            try checkSize(states.count, at: start)
        }
        return states
    }

    private mutating func atom() throws(PatternError) -> [State] {
        let at = index + 1
        let scalar = text[index]
        // In `{"ok":1}` a brace is a brace: only `{m}`, `{m,}` and `{m,n}` repeat.
        if try plainRepetition() != nil { throw .nothingToRepeat(at: at) }
        index += 1
        switch scalar {
        case "(": return try group(at: at)
        case "[": return [takeAny(try characterClass(at: at))]
        case ".": return [takeAny(UnitSet.newline.complement)]
        case "^": return [.assert(.textStart)]
        case "$": return [.assert(.textEnd)]
        case "\\": return [try escape(at: at)]
        default: return [take(scalar.value)]
        }
    }

    // MARK: Repetition

    private struct Times {
        var least: Int
        /// nil: no end.
        var most: Int?
    }

    /// The operator that stands here, nil when there is none. Lazy forms mean the same: only whether there
    /// is a match counts, not which.
    private mutating func repetition() throws(PatternError) -> Times? {
        guard let times = try plainRepetition() else { return nil }
        _ = accept("?")
        let at = index + 1
        guard try plainRepetition() == nil else { throw .doubledRepetition(at: at) }
        return times
    }

    private mutating func plainRepetition() throws(PatternError) -> Times? {
        if accept("*") { return Times(least: 0) }
        if accept("+") { return Times(least: 1) }
        if accept("?") { return Times(least: 0, most: 1) }
        let start = index
        guard accept("{") else { return nil }
        let least = number()
        var most = least
        if accept(",") { most = number() }
        let hasNumber = least != nil || most != nil
        guard hasNumber, accept("}") else {
            index = start
            return nil
        }
        guard let least else { throw .missingMinimum(at: start + 1) }
        guard max(least, most ?? 0) <= Pattern.repetitionMax else { throw .tooManyRepetitions(at: start + 1) }
        if let most, most < least { throw .reversedRepetition(at: start + 1) }
        return Times(least: least, most: most)
    }

    /// Digits, if any; a number far too large stays so.
    private mutating func number() -> Int? {
        var value: Int?
        while let digit = peek?.value, (0x30...0x39).contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit - 0x30), Pattern.repetitionMax + 1)
            index += 1
        }
        return value
    }

    private func repeated(_ part: [State], _ times: Times, at: Int) throws(PatternError) -> [State] {
        // Nothing, any number of times, is nothing: nested, it could otherwise cost 1,000 × 1,000 × … rounds.
        guard !part.isEmpty else { return [] }
        let optional = times.most.map { $0 - times.least } ?? 0
        try checkSize(times.least * part.count + optional * (part.count + 1), at: at)
        var states: [State] = []
        for _ in 0..<times.least { states += part }
        for done in 0..<optional {
            states.append(.fork(offset: (optional - done) * (part.count + 1)))
            states += part
        }
        if times.most == nil {
            if times.least == 0 {
                states = [.fork(offset: part.count + 2)] + part + [.jump(offset: -part.count - 1)]
            } else {
                states.append(.fork(offset: -part.count))
            }
        }
        return states
    }

    /// The accepting state takes one of the places.
    private func checkSize(_ count: Int, at: Int) throws(PatternError) {
        guard count < Pattern.statesMax else { throw .tooManyStates(at: at) }
    }

    // MARK: Groups

    private mutating func group(at: Int) throws(PatternError) -> [State] {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Pattern.nestingMax else { throw .tooDeep(at: at) }
        if accept("?"), !accept(":") { throw specialGroup(at: at) }
        let states = try alternatives()
        guard accept(")") else { throw .unclosedGroup(at: at) }
        return states
    }

    /// Why what follows `(?` cannot be had.
    private func specialGroup(at: Int) -> PatternError {
        guard let kind = peek else { return .unclosedGroup(at: at) }
        let next = index + 1 < text.count ? text[index + 1] : " "
        switch kind {
        case "=", "!": return .lookaround(at: at)
        case "<" where next == "=" || next == "!": return .lookaround(at: at)
        case "P" where next == "=": return .backreference(at: at)
        case "i", "m", "s", "x", "u", "U", "-", "^": return .flags(at: at)
        default: return .unknownGroup(at: at)
        }
    }

    // MARK: Classes and escapes

    private enum Member {
        case one(UInt32)
        case many(UnitSet)
    }

    private mutating func characterClass(at: Int) throws(PatternError) -> UnitSet {
        let isNegated = accept("^")
        var ranges: [ClosedRange<UInt32>] = []
        // A `]` that comes first is a member.
        var isFirst = true
        while isFirst || peek != "]" {
            isFirst = false
            let start = index + 1
            let low = try member(ofClassAt: at)
            // A `-` that comes last is a member, too.
            guard peek == "-", index + 1 < text.count, text[index + 1] != "]" else {
                switch low {
                case .one(let unit): ranges.append(unit...unit)
                case .many(let more): ranges += more.ranges
                }
                continue
            }
            index += 1
            guard case .one(let first) = low, case .one(let last) = try member(ofClassAt: at) else {
                throw .classInRange(at: start)
            }
            guard first <= last else { throw .reversedRange(at: start) }
            ranges.append(first...last)
        }
        index += 1
        let set = UnitSet(foldsCase ? UnitSet.foldingCase(ranges) : ranges)
        return isNegated ? set.complement : set
    }

    private mutating func member(ofClassAt at: Int) throws(PatternError) -> Member {
        guard let scalar = peek else { throw .unclosedClass(at: at) }
        let start = index + 1
        index += 1
        if scalar == "\\" { return try escapedMember(at: start) }
        if scalar == "[", peek == ":" {
            let rest = text[(index + 1)...].drop { $0.properties.isAlphabetic || $0 == "^" }
            if rest.starts(with: ":]".unicodeScalars) { throw .namedClass(at: start) }
        }
        return .one(scalar.value)
    }

    private mutating func escape(at: Int) throws(PatternError) -> State {
        if accept("b") { return .assert(.wordEdge) }
        if accept("B") { return .assert(.noWordEdge) }
        if let next = peek, ("1"..."9").contains(next) || next == "k" { throw .backreference(at: at) }
        return switch try escapedMember(at: at) {
        case .one(let unit): take(unit)
        case .many(let set): takeAny(set)
        }
    }

    /// What a backslash makes of the next scalar, in a class and outside.
    private mutating func escapedMember(at: Int) throws(PatternError) -> Member {
        guard let scalar = peek else { throw .loneBackslash(at: at) }
        index += 1
        switch scalar {
        case "d": return .many(.digit)
        case "w": return .many(.word)
        case "s": return .many(.space)
        case "D": return .many(UnitSet.digit.complement)
        case "W": return .many(UnitSet.word.complement)
        case "S": return .many(UnitSet.space.complement)
        case "n": return .one(0x0a)
        case "t": return .one(0x09)
        case "r": return .one(0x0d)
        case "f": return .one(0x0c)
        case "v": return .one(0x0b)
        // Letters and digits are left for meanings to come; everything else in ASCII stands for itself.
        case _ where scalar == "_" || scalar.isASCII && !UnitSet.isWord(scalar.value):
            return .one(scalar.value)
        default: throw .unknownEscape(at: at, scalar)
        }
    }

    // MARK: Reading and making

    private var peek: Unicode.Scalar? {
        index < text.count ? text[index] : nil
    }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        index += 1
        return true
    }

    private mutating func take(_ unit: UInt32) -> State {
        let ranges = UnitSet.foldingCase([unit...unit])
        return foldsCase && ranges.count > 1 ? takeAny(UnitSet(ranges)) : .take(unit)
    }

    private mutating func takeAny(_ set: UnitSet) -> State {
        if let known = setNumbers[set] { return .takeAny(set: known) }
        setNumbers[set] = sets.count
        sets.append(set)
        return .takeAny(set: sets.count - 1)
    }
}
