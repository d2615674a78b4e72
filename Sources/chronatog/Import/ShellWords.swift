/// One command line, cut into words as the shell does it (POSIX, Shell Command Language 2.2 and 2.3), as far
/// as that can be told without running anything.
struct ShellWords: Equatable {
    var words: [String] = []
    /// Files that output would have been written to; `/dev/null` is none.
    var files: [String] = []

    /// - Parameter settings: lines on which variables are set, to be named in a reason.
    /// - Throws: what would have needed a shell: expansions, pipes, more than one command.
    init(_ text: String, settings: [String: Int] = [:]) throws(Untranslatable) {
        var reader = Reader(text, settings)
        try reader.read()
        words = reader.words
        files = reader.files
    }

    private struct Reader {
        private let characters: [Character]
        private let settings: [String: Int]
        private var index = 0
        private var word: String?
        /// Nothing of the word was quoted, so it may be an operator's number.
        private var isBare = true
        private var pattern: Character?
        var words: [String] = []
        var files: [String] = []

        init(_ text: String, _ settings: [String: Int]) {
            characters = Array(text)
            self.settings = settings
        }

        private var next: Character? { index < characters.count ? characters[index] : nil }
        private func peek(_ distance: Int = 1) -> Character? {
            index + distance < characters.count ? characters[index + distance] : nil
        }

        mutating func read() throws(Untranslatable) {
            while let character = next {
                switch character {
                case " ", "\t":
                    try endWord()
                    index += 1
                case "#" where word == nil: return skipRemark()
                case "\n", "\r\n", ";", "&", "|", "(", ")":
                    if try readOperator(character) { return }
                case "<", ">": try readRedirection()
                default: try readPart(character)
                }
            }
            try endWord()
        }

        private mutating func skipRemark() { index = characters.count }

        private mutating func endWord() throws(Untranslatable) {
            defer { (word, isBare, pattern) = (nil, true, nil) }
            guard let word else { return }
            // No file is named like a URL, so the shell leaves that as it is.
            if let pattern, !word.contains("://") {
                throw Untranslatable("\"\(word)\" is a pattern of file names (\(pattern)): put it in quotes")
            }
            words.append(word)
        }

        // MARK: Words

        /// One character or one quoted stretch of a word.
        private mutating func readPart(_ character: Character) throws(Untranslatable) {
            switch character {
            case "\\":
                index += 1
                // A backslash before the line's end joins lines, also those of pasted text.
                if let escaped = next, escaped == "\n" || escaped == "\r\n" {
                    index += 1
                    return
                }
                add(String(next ?? "\\"))
                isBare = false
                index += 1
            case "'": try readSingle()
            case "\"": try readDouble()
            case "`": throw Untranslatable("`…` runs another command, and its output is not known here")
            case "$": try readDollar()
            case "*", "[":
                pattern = pattern ?? character
                add(String(character))
                index += 1
            default:
                add(String(character))
                index += 1
            }
        }

        private mutating func add(_ text: String) { word = (word ?? "") + text }

        private mutating func readSingle() throws(Untranslatable) {
            index += 1
            isBare = false
            var text = ""
            while let character = next, character != "'" {
                text.append(character)
                index += 1
            }
            guard next != nil else { throw Untranslatable("a ' is not closed") }
            index += 1
            add(text)
        }

        private mutating func readDouble() throws(Untranslatable) {
            index += 1
            isBare = false
            add("")
            while let character = next, character != "\"" {
                switch character {
                case "`":
                    throw Untranslatable("`…` runs another command, and its output is not known here")
                case "$": try refuseExpansion()
                case "\\":
                    if let escaped = peek(), "$`\"\\".contains(escaped) {
                        add(String(escaped))
                        index += 2
                        continue
                    }
                    if let escaped = peek(), escaped == "\n" || escaped == "\r\n" {
                        index += 2
                        continue
                    }
                default: break
                }
                add(String(character))
                index += 1
            }
            guard next != nil else { throw Untranslatable("a \" is not closed") }
            index += 1
        }

        private mutating func readDollar() throws(Untranslatable) {
            if peek() == "'" {
                index += 2
                isBare = false
                let (text, end) = try QuotedEscapes.read(characters, from: index)
                add(text)
                index = end
                return
            }
            try refuseExpansion()
            add("$")
            index += 1
        }

        /// At a `$`: returns when the shell would leave it alone.
        private func refuseExpansion() throws(Untranslatable) {
            guard let after = peek() else { return }
            if after == "(" {
                throw Untranslatable("$(…) runs another command, and its output is not known here")
            }
            if after == "{" || "@*#?-$!".contains(after) || after.isASCIIDigit {
                throw Untranslatable("${…} is known only to the shell that runs the line")
            }
            guard after == "_" || after.isASCII && after.isLetter else { return }
            let name = characters[(index + 1)...].prefix {
                $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber)
            }
            if let line = settings[String(name)] {
                throw Untranslatable(
                    "$\(String(name)) is set on line \(line): write its value into the command"
                )
            }
            throw Untranslatable("$\(String(name)) is known only to the shell that runs the line")
        }

        // MARK: Operators

        /// - Returns: true at the end of what matters.
        private mutating func readOperator(_ character: Character) throws(Untranslatable) -> Bool {
            // `&>file`: both outputs.
            if character == "&", peek() == ">" {
                try endWord()
                index += 1
                try readRedirection()
                return false
            }
            try endWord()
            let rest = String(characters[index...])
            if Self.endsNothing(rest) { return true }
            throw Untranslatable(Self.reason(rest))
        }

        /// What may follow a command without changing what it does: `;`, `&` (later, not otherwise),
        /// `|| true`.
        private static func endsNothing(_ text: String) -> Bool {
            let words = text.split { $0 == " " || $0 == "\t" || $0.isNewline }.joined(separator: " ")
            return [
                "", ";", "&", "|| true", "||true", "|| :", "||:", "|| exit 0", "; true", ";true", "; exit 0",
            ]
            .contains(words)
        }

        private static func reason(_ text: String) -> String {
            let after = text.drop { "&|; \t".contains($0) || $0.isNewline }.prefix { $0 != " " && $0 != "\t" }
            let command = after.isEmpty ? "another command" : "\"\(after)\""
            if text.hasPrefix("&&") { return "&& goes on to \(command): a job makes one call" }
            if text.hasPrefix("||") {
                return "|| goes on to \(command) when the call fails: a job makes one call"
            }
            if text.hasPrefix("|") { return "| pipes the answer into \(command): Chronatog keeps it instead" }
            if text.hasPrefix("&") {
                return "a & outside quotes ends the command for the shell: put the URL in quotes"
            }
            if text.hasPrefix("(") || text.hasPrefix(")") { return "( ) starts another shell" }
            return "\(command) is a second command: a job makes one call"
        }

        // MARK: Redirections

        private mutating func readRedirection() throws(Untranslatable) {
            // `2>`: the number belongs to the operator.
            if isBare, let digits = word, !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit) { word = nil }
            try endWord()
            let isInput = next == "<"
            var sign = ""
            while let character = next, "<>|&".contains(character), sign.count < 3 {
                sign.append(character)
                index += 1
            }
            while next == " " || next == "\t" { index += 1 }
            let before = words.count
            while let character = next, !" \t\n;&|()<>".contains(character), character != "\r\n" {
                try readPart(character)
            }
            try endWord()
            guard words.count > before else { throw Untranslatable("\(sign) names no file") }
            let file = words.removeLast()
            if isInput {
                guard sign == "<", file == "/dev/null" else {
                    throw Untranslatable("\(sign) reads \(file), which is not part of the line")
                }
            } else if !sign.hasSuffix("&") || !file.allSatisfy({ $0.isASCIIDigit || $0 == "-" }) {
                if file != "/dev/null", !files.contains(file) { files.append(file) }
            }
        }
    }
}

/// `$'…'`, which browsers write when they copy a request as curl.
private enum QuotedEscapes {
    static func read(_ characters: [Character], from start: Int) throws(Untranslatable) -> (String, end: Int)
    {
        var text = ""
        var index = start
        while index < characters.count, characters[index] != "'" {
            guard characters[index] == "\\", index + 1 < characters.count else {
                text.append(characters[index])
                index += 1
                continue
            }
            let letter = characters[index + 1]
            index += 2
            if let plain = plain[letter] {
                text.append(plain)
                continue
            }
            guard let digits = digits[letter] else {
                throw Untranslatable("\\\(letter) in $'…' is not known")
            }
            let run = characters[index...].prefix(digits).prefix(while: \.isHexDigit)
            guard let number = UInt32(String(run), radix: 16), let scalar = Unicode.Scalar(number), number > 0
            else { throw Untranslatable("\\\(letter)\(String(run)) in $'…' is not a character") }
            text.unicodeScalars.append(scalar)
            index += run.count
        }
        guard index < characters.count else { throw Untranslatable("a $' is not closed") }
        return (text, index + 1)
    }

    private static let plain: [Character: Character] = [
        "n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "\"": "\"", "?": "?",
    ]
    private static let digits: [Character: Int] = ["x": 2, "u": 4, "U": 8]
}
