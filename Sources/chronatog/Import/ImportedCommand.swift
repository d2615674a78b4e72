import Domain

/// One command as a person or a crontab has it, and the call that it comes to.
enum ImportedCommand {
    /// - Parameters:
    ///   - input: its standard input; nil when there is none.
    ///   - settings: lines on which variables are set.
    static func call(
        _ text: String,
        input: String? = nil,
        settings: [String: Int] = [:]
    ) throws(Untranslatable) -> ImportedCall {
        let shell = try ShellWords(text, settings: settings)
        var words = shell.words[...]
        let wrapping = try Wrapping(&words)
        guard let program = words.popFirst() else { throw Untranslatable("there is no command") }
        let name = program.split(separator: "/").last.map { String($0) } ?? program
        var call: ImportedCall
        switch name {
        case "curl": call = try CurlCommand.call(Array(words), input: input)
        case "wget": call = try WgetCommand.call(Array(words))
        default:
            throw Untranslatable("\"\(name)\" is neither curl nor wget, and a job is a web call")
        }
        if let limit = wrapping.limit {
            call.total = min(limit, call.total ?? limit)
            call.firstByte = min(limit, call.firstByte ?? limit)
        }
        for file in shell.files { call.notes.append("output is not written to \(file)") }
        call.notes += wrapping.notes
        return call
    }

    /// Programs that start another one: `nice`, `timeout 30`, `flock -n FILE`.
    private struct Wrapping {
        var limit: Span?
        var notes: [String] = []

        init(_ words: inout ArraySlice<String>) throws(Untranslatable) {
            while let first = words.first {
                let name = first.split(separator: "/").last.map { String($0) } ?? first
                switch name {
                case "exec", "nohup", "chronic", "setsid": words.removeFirst()
                case "nice", "ionice": Self.skipNice(&words)
                case "timeout": try readTimeout(&words)
                case "flock": try readLock(&words)
                default:
                    try Self.refuseSetting(first)
                    return
                }
            }
        }

        private static func refuseSetting(_ word: String) throws(Untranslatable) {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex,
                word[..<equals].allSatisfy({ $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) })
            else { return }
            throw Untranslatable(
                "\(word[..<equals]) is set for the command alone, and a job has no environment"
            )
        }

        private static func skipNice(_ words: inout ArraySlice<String>) {
            words.removeFirst()
            while let word = words.first, word.hasPrefix("-") {
                words.removeFirst()
                // `-n 19`, `-c 3`: a letter alone has its number in the next word.
                if word.count == 2, word.last?.isLetter == true { words = words.dropFirst() }
            }
        }

        private mutating func readTimeout(_ words: inout ArraySlice<String>) throws(Untranslatable) {
            words.removeFirst()
            while let word = words.first, word.hasPrefix("-") {
                words.removeFirst()
                if word == "-k" || word == "-s" { words = words.dropFirst() }
            }
            guard let text = words.popFirst(), let span = ImportedNumber.span(text) else {
                throw Untranslatable("timeout names no time")
            }
            if span > .zero { limit = span }
        }

        /// A lock that is not waited for is `overlap` `skip`, what every job does.
        private mutating func readLock(_ words: inout ArraySlice<String>) throws(Untranslatable) {
            words.removeFirst()
            var waits = true
            while let word = words.first, word.hasPrefix("-") {
                words.removeFirst()
                switch word {
                case "-n", "--nb", "--nonblock", "-xn", "-nx", "-en": waits = false
                case "-x", "-e", "-o", "-F", "--exclusive", "--close": break
                default: throw Untranslatable("flock \(word) is not known here")
                }
            }
            guard !waits else {
                throw Untranslatable(
                    "flock without -n waits for its turn; overlap=queue-one does that in a job"
                )
            }
            guard let file = words.popFirst() else { throw Untranslatable("flock names no file") }
            notes.append("the lock \(file) is not taken: a slot is skipped while the job's own call is open")
        }
    }
}
