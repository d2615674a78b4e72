/// Why a text is not a pattern. Positions count Unicode scalars from 1.
package enum PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// More than `Pattern.textLengthMax`.
    case tooLong(at: Int)
    /// More states than `Pattern.statesMax`, once bounded repetitions are written out.
    case tooManyStates(at: Int)
    /// More groups inside groups than `Pattern.nestingMax`.
    case tooDeep(at: Int)
    /// A number in braces above `Pattern.repetitionMax`.
    case tooManyRepetitions(at: Int)
    /// `{3,2}`.
    case reversedRepetition(at: Int)
    /// `{,3}`.
    case missingMinimum(at: Int)
    /// A repetition at the start of a part, or of a place such as `^`.
    case nothingToRepeat(at: Int)
    /// `a**`, or the possessive `a*+`.
    case doubledRepetition(at: Int)
    /// `(` without `)`.
    case unclosedGroup(at: Int)
    /// `)` without `(`.
    case unopenedGroup(at: Int)
    /// `[` without `]`.
    case unclosedClass(at: Int)
    /// `[z-a]`.
    case reversedRange(at: Int)
    /// `[\d-z]`.
    case classInRange(at: Int)
    /// `[[:alpha:]]`.
    case namedClass(at: Int)
    /// A backslash at the end.
    case loneBackslash(at: Int)
    /// A backslash before a letter or digit that it gives no meaning.
    case unknownEscape(at: Int, Unicode.Scalar)
    /// `\1`, `\k<name>`.
    case backreference(at: Int)
    /// `(?=`, `(?!`, `(?<=`, `(?<!`.
    case lookaround(at: Int)
    /// `(?i)` elsewhere than at the start, or another flag.
    case flags(at: Int)
    /// `(?<name>`, `(?>`, and whatever else follows `(?`.
    case unknownGroup(at: Int)

    /// Where, in Unicode scalars from 1.
    package var position: Int {
        switch self {
        case .tooLong(let at), .tooManyStates(let at), .tooDeep(let at), .tooManyRepetitions(let at),
            .reversedRepetition(let at), .missingMinimum(let at), .nothingToRepeat(let at),
            .doubledRepetition(let at), .unclosedGroup(let at), .unopenedGroup(let at),
            .unclosedClass(let at),
            .reversedRange(let at), .classInRange(let at), .namedClass(let at), .loneBackslash(let at),
            .unknownEscape(let at, _), .backreference(let at), .lookaround(let at), .flags(let at),
            .unknownGroup(let at):
            at
        }
    }

    /// `at character 4 of the pattern, …`: what is wrong there, and what may be written instead.
    package var description: String {
        "at character \(position) of the pattern, \(problem)"
    }

    private var problem: String {
        switch self {
        case .tooLong: "its length passes the limit of \(Pattern.textLengthMax) characters; shorten it"
        case .tooManyStates:
            "it grows past \(Pattern.statesMax) states with repetitions written out; use smaller numbers"
        case .tooDeep: "groups are nested more than \(Pattern.nestingMax) deep; take out some parentheses"
        case .tooManyRepetitions:
            "a repetition counts past \(Pattern.repetitionMax); use a smaller number, or * or + for no limit"
        case .reversedRepetition: "the repetition's first number is larger than its second; swap them"
        case .missingMinimum: "the repetition lacks its first number; write {0,n}, or \\{ for a plain brace"
        case .nothingToRepeat:
            "a repetition has nothing to repeat; put a backslash before it to mean the plain character"
        case .doubledRepetition:
            "a repetition follows another (nor are there possessive forms); keep one, or group: (?:a+)*"
        case .unclosedGroup: "a group is opened and never closed; add ), or write \\( for a plain parenthesis"
        case .unopenedGroup:
            "a group is closed that was never opened; take ) out, or write \\) for a plain one"
        case .unclosedClass: "a class is opened and never closed; add ], or write \\[ for a plain bracket"
        case .reversedRange: "a range runs backwards; write its lower end first, or \\- for a plain hyphen"
        case .classInRange: "a range has a class such as \\d for an end; write \\- for a plain hyphen"
        case .namedClass:
            "named classes such as [:alpha:] are not supported; write the ranges, as in [A-Za-z]"
        case .loneBackslash: "a backslash ends the pattern; write \\\\ for a plain one"
        case .unknownEscape(_, let scalar):
            "\\\(scalar) has no meaning; \\d \\w \\s \\D \\W \\S \\b \\B \\n \\t \\r \\f \\v and a "
                + "backslash before punctuation have"
        case .backreference:
            "a reference back to a group is not supported, because matching one can take time exponential "
                + "in the answer's length; write out what it should match"
        case .lookaround:
            "looking ahead or behind is not supported, because the answer is read once, from left to right, "
                + "so that matching takes linear time; match the surrounding text itself"
        case .flags: "only the flag (?i), at the very start, is supported; write other cases out in classes"
        case .unknownGroup:
            "a group of this kind is not supported; nothing is captured, so write ( ) or (?: )"
        }
    }
}
