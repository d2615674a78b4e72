import Domain
import Testing

struct PatternTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var pattern: String
        var text: [UInt8]
        var matches: Bool

        init(_ pattern: String, _ text: String, _ matches: Bool) {
            self.init(pattern, bytes: Array(text.utf8), matches)
        }

        init(_ pattern: String, bytes: [UInt8], _ matches: Bool) {
            self.pattern = pattern
            self.text = bytes
            self.matches = matches
        }

        var testDescription: String {
            let subject = String(decoding: text, as: UTF8.self).debugDescription
            return "/\(pattern)/ \(matches ? "in" : "not in") \(subject)"
        }
    }

    static let literals = [
        Row("", "", true), Row("", "anything", true), Row("ok", "it is ok.", true), Row("ok", "o k", false),
        Row("ok", "o", false), Row("aab", "aaab", true), Row("é", "café", true),
        Row("é", "cafe\u{301}", false),
        Row("日本", "在日本国", true), Row("日本", "日 本", false), Row("\u{1f600}", "a\u{1f600}b", true),
        Row("a]b}c", "a]b}c", true), Row(#"{"status":"ok"}"#, #"{"status":"ok"}"#, true),
        Row("a{", "a{", true), Row("a{x}", "a{x}", true), Row("a{1", "a{1", true), Row("a{}", "a{}", true),
        Row("a{,}", "a{,}", true),
    ]

    static let anchors = [
        Row("^ok", "ok then", true), Row("^ok", "not ok", false), Row("ok$", "all ok", true),
        Row("ok$", "ok then", false), Row("^ok$", "ok", true), Row("^ok$", "ok\n", false),
        Row("^$", "", true),
        Row("^$", "x", false), Row("^", "x", true), Row("$", "x", true), Row("b^", "b", false),
        Row("$a", "a", false),
        Row("a|^b", "cb", false), Row("a|^b", "b", true), Row("^a|b", "cb", true),
        Row("(^a|b)c", "xbc", true),
        Row("(^a|b)c", "xac", false), Row("(^)ok", "ok", true), Row("^^a$$", "a", true),
        Row("^a", "b\na", false),
        Row(#"\bok\b"#, "is ok.", true), Row(#"\bok\b"#, "ok", true), Row(#"\bok\b"#, "book", false),
        Row(#"\bok\b"#, "oke", false), Row(#"\Bok"#, "book", true), Row(#"\Bok"#, "ok", false),
    ]

    static let classes = [
        Row("^.$", "x", true), Row("^.$", "\n", false), Row("^.$", "\r", true), Row("^.$", "é", true),
        Row("^.$", "\u{1f600}", true), Row("^..$", "é", false), Row("^.{3}$", "日本国", true),
        Row("^[a-z]+$", "abc", true), Row("^[a-z]+$", "aBc", false), Row("[^a-z]", "abc", false),
        Row("[^a-z]", "ab1", true), Row("[^a]", "\n", true), Row("^[^a]$", "é", true),
        Row("[à-ü]", "é", true),
        Row("[à-ü]", "e", false), Row("^[é日]+$", "日é日", true), Row("[]]", "]", true), Row("[]a]", "a", true),
        Row("[^]]", "]", false), Row("[a-]", "-", true), Row("[-a]", "-", true), Row("[a-c-e]", "-", true),
        Row("[a-c-e]", "d", false), Row("[.*+?(){}|^$]", "*", true), Row("[.]", "a", false),
        Row(#"[\]]"#, "]", true),
        Row(#"[\^a]"#, "^", true), Row(#"[a\-z]"#, "m", false), Row(#"[a\-z]"#, "-", true),
        Row("[[:]", ":", true),
        Row(#"[\d.]+$"#, "1.5", true), Row(#"^[^\d]$"#, "5", false), Row(#"^[\D]$"#, "x", true),
        Row(#"[\n\t]"#, "\t", true), Row("[+--]", ",", true), Row("[z-z]", "z", true),
    ]

    static let escapes = [
        Row(#"^\d$"#, "7", true), Row(#"^\d$"#, "x", false), Row(#"^\d$"#, "٣", false),
        Row(#"^\w+$"#, "aZ_09", true),
        Row(#"^\w$"#, "-", false), Row(#"^\w$"#, "é", false), Row(#"^\s{6}$"#, " \t\n\r\u{b}\u{c}", true),
        Row(#"\s"#, "\u{a0}", false), Row(#"^\D\W\S$"#, "x-x", true), Row(#"\D"#, "12", false),
        Row(#"\W"#, "ab", false), Row(#"\S"#, " \n", false), Row(#"^\D$"#, "é", true),
        Row(#"a\nb"#, "a\nb", true),
        Row(#"a\tb"#, "a\tb", true), Row(#"\r\f\v"#, "\r\u{c}\u{b}", true), Row(#"1\.5"#, "1.5", true),
        Row(#"1\.5"#, "1x5", false), Row(#"\\"#, "\\", true),
        Row(#"\(\)\[\]\{\}\*\+\?\|\^\$\/"#, "()[]{}*+?|^$/", true),
        Row(#"a\{2}"#, "a{2}", true), Row(#"a\_\ b"#, "a_ b", true),
    ]

    static let repetitions = [
        Row("^ab*c$", "ac", true), Row("^ab*c$", "abbbc", true), Row("^ab+c$", "ac", false),
        Row("^ab+c$", "abbc", true), Row("^ab?c$", "abc", true), Row("^ab?c$", "abbc", false),
        Row("^a{3}$", "aaa", true), Row("^a{3}$", "aa", false), Row("^a{3}$", "aaaa", false),
        Row("^a{2,}$", "a", false), Row("^a{2,}$", "aaaaa", true), Row("^a{0,}$", "", true),
        Row("^a{1,3}$", "", false), Row("^a{1,3}$", "aaa", true), Row("^a{1,3}$", "aaaa", false),
        Row("^a{0}b$", "b", true), Row("^a{0}b$", "ab", false), Row("^a{0,1}b$", "ab", true),
        Row("^a{02}$", "aa", true), Row("^é{2}$", "éé", true), Row("^(ab){2}$", "abab", true),
        Row("^(?:ab|c){2,3}$", "abcab", true), Row("^(?:ab|c){2,3}$", "ab", false),
        Row("^a*?b+?c??$", "aabbc", true),
        Row("^a{1,2}?$", "aa", true), Row("^(a*)*$", "aaa", true), Row("^(a*)+b$", "b", true),
        Row("^(a?){3}$", "aa", true), Row("^(){5}x$", "x", true), Row("^(a|b*)*c$", "abbac", true),
        Row("^((a{2}){2}){2}$", "aaaaaaaa", true), Row("^((a{2}){2}){2}$", "aaaaaaa", false),
        Row("^(^a)*$", "a", true),
        Row("^(^a)*$", "aa", false), Row("^.*x.*y$", "axbxcy", true),
        Row("^a{1000}$", String(repeating: "a", count: 1000), true),
        Row("^a{1000}$", String(repeating: "a", count: 999), false),
    ]

    static let alternatives = [
        Row("ok|done", "done", true), Row("ok|done", "okay", true), Row("ok|done", "don", false),
        Row("^(ok|done|)$", "", true), Row("^(?:|ok)$", "ok", true), Row("|x", "y", true),
        Row("^(a|b|c|d)+$", "dcba", true),
        Row("^(a|b|c|d)+$", "dceba", false), Row("^(a(b(c|d)|e)f)$", "abdf", true),
        Row("^(a(b(c|d)|e)f)$", "aef", true),
        Row("^(a(b(c|d)|e)f)$", "abef", false), Row("^a(|b)c$", "ac", true), Row("^()$", "", true),
    ]

    static let caseless = [
        Row("(?i)ok", "OK", true), Row("(?i)OK", "oK", true), Row("ok", "OK", false),
        Row("(?i)[a-c]x", "BX", true),
        Row("(?i)[^a]", "A", false), Row("(?i)^[X-c]$", "z", true), Row("(?i)^[X-c]$", "B", true),
        Row("(?i)é", "É", false), Row("(?i)[@-\\[]", "q", true), Row("(?i)", "x", true),
        Row("(?i)a1", "A1", true),
        // The Kelvin sign is a k elsewhere; here only ASCII folds.
        Row("(?i)k", "\u{212a}", false),
    ]

    static let brokenText = [
        Row("^.$", bytes: [0xe9], true), Row("^caf.$", bytes: Array("caf".utf8) + [0xe9], true),
        Row("^..$", bytes: [0xe6, 0x97], true), Row("^.$", bytes: [0xe6, 0x97], false),
        Row("é", bytes: [0xe9], false),
        Row("^[^a]$", bytes: [0xff], true), Row(#"^\W$"#, bytes: [0x80], true),
        Row("^.{2}$", bytes: [0xc0, 0x80], true),
        Row("^.{3}$", bytes: [0xed, 0xa0, 0x80], true), Row("^.{4}$", bytes: [0xf4, 0x90, 0x80, 0x80], true),
        Row("^.$", bytes: [0xf4, 0x8f, 0xbf, 0xbf], true), Row("^.{3}$", bytes: [0xe0, 0x80, 0xaf], true),
        Row("ok$", bytes: [0xc3, 0x6f, 0x6b], true), Row("a.b", bytes: [0x61, 0x00, 0x62], true),
    ]

    @Test(arguments: literals + anchors + classes + escapes)
    func `a pattern matches where it says`(row: Row) throws {
        #expect(try Pattern(row.pattern).matches(row.text) == row.matches)
    }

    @Test(arguments: repetitions + alternatives + caseless + brokenText)
    func `a composed pattern matches where it says`(row: Row) throws {
        #expect(try Pattern(row.pattern).matches(row.text) == row.matches)
    }

    @Test
    func `patterns are equal when they are written the same`() throws {
        #expect(try Pattern("a+") == Pattern("a+"))
        #expect(try Pattern("a+") != Pattern("a*"))
        // Swift's strings are equal here, and the patterns match different bytes.
        #expect(try Pattern("é") != Pattern("e\u{301}"))
    }
}

/// The library's own engine backtracks, and is the judge for small texts.
struct PatternCrossCheckTests {
    /// Change it to look for more; a failure prints it.
    private static let seed: UInt64 = 20_261_121
    private static let patterns = 200

    @Test
    func `random patterns match what the standard library's engine matches`() throws {
        var state = Self.seed
        for _ in 0..<Self.patterns {
            let text = Self.pattern(depth: 3, &state)
            let pattern = try Pattern(text)
            let judge = try Regex(text).wordBoundaryKind(.simple).matchingSemantics(.unicodeScalar)
            for _ in 0..<12 {
                let length = Self.draw(8, &state)
                let subject = String((0..<length).map { _ in Self.draw(2, &state) == 0 ? "a" : "b" })
                let expected = subject.firstMatch(of: judge) != nil
                #expect(
                    pattern.matches(Array(subject.utf8)) == expected,
                    "/\(text)/ on \(subject), seed \(Self.seed)"
                )
            }
        }
    }

    private static func pattern(depth: Int, _ state: inout UInt64) -> String {
        let pieces = (0...draw(3, &state)).map { _ in piece(depth: depth, &state) }
        return pieces.joined(separator: draw(3, &state) == 0 ? "|" : "")
    }

    private static func piece(depth: Int, _ state: inout UInt64) -> String {
        let ends = ["^", "$", #"\b"#, #"\B"#]
        if draw(6, &state) == 0 { return ends[draw(ends.count, &state)] }
        let atoms = ["a", "b", ".", "[ab]", "[^a]"]
        let isGroup = depth > 0 && draw(3, &state) == 0
        let atom = isGroup ? "(\(pattern(depth: depth - 1, &state)))" : atoms[draw(atoms.count, &state)]
        let times = ["", "", "", "*", "+", "?", "*?", "{2}", "{1,2}", "{0,2}", "{2,}", "{0}"]
        let repetition = times[draw(times.count, &state)]
        // A group of nothing but an end cannot be repeated.
        return isGroup && !repetition.isEmpty ? "(?:\(atom)|a)\(repetition)" : atom + repetition
    }

    private static func draw(_ bound: Int, _ state: inout UInt64) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}

/// What strangers' texts and users' patterns can cost.
struct PatternCostTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var pattern: String
        var unit: String = "a"
        var end: String = "!"
        var testDescription: String { "/\(pattern)/ on \(unit)…\(end)" }
    }

    static let rows = [
        Row(pattern: "(a+)+$"), Row(pattern: "^(a+)+$"), Row(pattern: "^(a*)*$"), Row(pattern: "^(a|a)*$"),
        Row(pattern: "(a|aa)+$"), Row(pattern: "(.*)*(.*)*x$"), Row(pattern: "(?:a?){20}a{20}x"),
        Row(pattern: "(x+x+)+y", unit: "x"), Row(pattern: "^(([a-z])+.)+[A-Z]([a-z])+$"),
        Row(pattern: #"(\w+\s?)+$"#),
    ]

    @Test(arguments: rows)
    func `100 kB that never match cost at most a constant times states times bytes`(row: Row) throws {
        let pattern = try Pattern(row.pattern)
        let text = Array(String(repeating: row.unit, count: 100_000).utf8) + Array(row.end.utf8)
        let search = pattern.search(text)
        #expect(!search.isFound)
        #expect(search.steps <= (2 * pattern.stateCount + 1) * (text.count + 1))
    }

    @Test
    func `twice the text costs twice the steps`() throws {
        let pattern = try Pattern("(a+)+$")
        let steps = [10_000, 20_000, 40_000].map { count in
            pattern.search([UInt8](repeating: 0x61, count: count) + [0x21]).steps
        }
        // Every byte costs the same; only the ends differ.
        #expect(steps[2] - steps[1] == 2 * (steps[1] - steps[0]))
    }

    @Test
    func `a search stops at the first match, and one tied to the start at the first failure`() throws {
        let text = [UInt8](repeating: 0x61, count: 100_000)
        #expect(try Pattern("a").search(text).steps < 10)
        #expect(try Pattern("^b").search(text).steps < 10)
        #expect(try Pattern("^b.*$").search(text).steps < 10)
    }

    @Test
    func `the number of states is what the pattern spells out`() throws {
        #expect(try Pattern("").stateCount == 1)
        #expect(try Pattern("abc").stateCount == 4)
        #expect(try Pattern("a{1000}").stateCount == 1001)
        #expect(try Pattern("a{0}").stateCount == 1)
        #expect(try Pattern("(){1000}").stateCount == 1)
    }

    @Test
    func `limits hold exactly`() throws {
        #expect(try Pattern(String(repeating: "a", count: 9_999)).stateCount == Pattern.statesMax)
        #expect(throws: PatternError.tooManyStates(at: 10_000)) {
            try Pattern(String(repeating: "a", count: 10_000))
        }
        #expect(throws: PatternError.tooLong(at: 10_001)) {
            try Pattern(String(repeating: "a", count: 10_001))
        }
        #expect(try Pattern("(?:a{999}){10}").stateCount == 9_991)
        #expect(throws: PatternError.tooManyStates(at: 1)) { try Pattern("(?:a{1000}){10}") }
        #expect(throws: PatternError.tooManyStates(at: 15)) { try Pattern("b(?:a{9}){500}(?:a{9}){800}") }
        #expect(throws: PatternError.tooManyStates(at: 1)) { try Pattern("(?:a{999}){5}|(?:a{999}){6}") }
        #expect(throws: PatternError.tooManyRepetitions(at: 2)) { try Pattern("a{1001}") }
        #expect(throws: PatternError.tooManyRepetitions(at: 2)) {
            try Pattern("a{1,99999999999999999999999}")
        }
        let nested = { (depth: Int) in
            String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth)
        }
        #expect(try Pattern(nested(100)).matches([0x61]))
        #expect(throws: PatternError.tooDeep(at: 101)) { try Pattern(nested(101)) }
        // Ten rounds of a thousand, of nothing: answered at once.
        let nothing = String(repeating: "(?:", count: 10) + String(repeating: "){1000}", count: 10)
        #expect(try Pattern(nothing).stateCount == 1)
    }
}

struct PatternErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var pattern: String
        var error: PatternError

        init(_ pattern: String, _ error: PatternError) {
            self.pattern = pattern
            self.error = error
        }

        var testDescription: String { "/\(pattern)/" }
    }

    static let rows = [
        Row("*", .nothingToRepeat(at: 1)), Row("**", .nothingToRepeat(at: 1)),
        Row("a|+", .nothingToRepeat(at: 3)),
        Row("(?:?)", .nothingToRepeat(at: 4)), Row("{2}", .nothingToRepeat(at: 1)),
        Row("(*a)", .nothingToRepeat(at: 2)),
        Row("^*", .nothingToRepeat(at: 2)), Row(#"\b+"#, .nothingToRepeat(at: 3)),
        Row("a**", .doubledRepetition(at: 3)),
        Row("a*+", .doubledRepetition(at: 3)), Row("a{2}{3}", .doubledRepetition(at: 5)),
        Row("a+??", .doubledRepetition(at: 4)), Row("é{3,2}", .reversedRepetition(at: 2)),
        Row("a{,3}", .missingMinimum(at: 2)), Row("(", .unclosedGroup(at: 1)),
        Row("a(b(c)", .unclosedGroup(at: 2)),
        Row("(?", .unclosedGroup(at: 1)), Row(")", .unopenedGroup(at: 1)),
        Row("日(a))b", .unopenedGroup(at: 5)),
        Row("[", .unclosedClass(at: 1)), Row("a[]", .unclosedClass(at: 2)), Row("[a-", .unclosedClass(at: 1)),
        Row("[^", .unclosedClass(at: 1)), Row("[z-a]", .reversedRange(at: 2)),
        Row(#"[\d-z]"#, .classInRange(at: 2)),
        Row(#"[a-\w]"#, .classInRange(at: 2)), Row("[[:alpha:]]", .namedClass(at: 2)),
        Row("[a[:^digit:]]", .namedClass(at: 3)), Row("a\\", .loneBackslash(at: 2)),
        Row("[\\", .loneBackslash(at: 2)),
        Row(#"\q"#, .unknownEscape(at: 1, "q")), Row(#"[\b]"#, .unknownEscape(at: 2, "b")),
        Row(#"\0"#, .unknownEscape(at: 1, "0")), Row(#"\é"#, .unknownEscape(at: 1, "é")),
        Row(#"(a)\1"#, .backreference(at: 4)), Row(#"\k<x>"#, .backreference(at: 1)),
        Row("(?P=x)", .backreference(at: 1)),
        Row("a(?=b)", .lookaround(at: 2)), Row("(?!b)", .lookaround(at: 1)),
        Row("(?<=b)", .lookaround(at: 1)),
        Row("(?<!b)", .lookaround(at: 1)), Row("a(?i)b", .flags(at: 2)), Row("(?s).", .flags(at: 1)),
        Row("(?i:a)", .flags(at: 1)), Row("(?i)(?i)a", .flags(at: 5)), Row("(?<x>a)", .unknownGroup(at: 1)),
        Row("(?P<x>a)", .unknownGroup(at: 1)), Row("(?>a)", .unknownGroup(at: 1)),
        Row("(?#a)", .unknownGroup(at: 1)),
    ]

    @Test(arguments: rows)
    func `a text that is no pattern is refused with place and reason`(row: Row) {
        #expect(throws: row.error) { try Pattern(row.pattern) }
        #expect(row.error.description.hasPrefix("at character \(row.error.position) of the pattern, "))
    }

    @Test
    func `what is not supported is refused with the reason`() {
        #expect(
            PatternError.backreference(at: 4).description == """
                at character 4 of the pattern, a reference back to a group is not supported, because \
                matching one can take time exponential in the answer's length; write out what it should match
                """
        )
        #expect(
            PatternError.lookaround(at: 2).description == """
                at character 2 of the pattern, looking ahead or behind is not supported, because the answer \
                is read once, from left to right, so that matching takes linear time; \
                match the surrounding text itself
                """
        )
        #expect(PatternError.unknownEscape(at: 1, "q").description.contains(#"\q has no meaning"#))
    }
}
