import Cron

/// The flags of a program, as far as they are known here, and how its arguments are cut.
struct CommandFlags<Act: Sendable>: Sendable {
    struct Flag: Sendable {
        /// `-d`, `--data`.
        var names: [String]
        var takesValue: Bool
        var effect: Effect
    }

    enum Effect: Sendable {
        /// Says something about the program's own output, or asks for what is always done.
        case nothing
        /// The call is the same without it, but somebody may miss it.
        case missed(String)
        /// The call would be another one.
        case refused(String)
        case act(Act)
    }

    /// Arguments, understood.
    struct Reading {
        var acts: [(act: Act, value: String)] = []
        var operands: [String] = []
        var notes: [String] = []
        var reasons: [String] = []
        /// Operands may be values of flags that are not known.
        var hasUnknown = false
    }

    var flags: [Flag]
    /// `--name=value` is a way to give a value (wget), or part of an unknown name (curl).
    var joinsWithEquals: Bool

    func read(_ words: [String]) -> Reading {
        var reading = Reading()
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                reading.operands += rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                reading.operands.append(word)
                continue
            }
            if word.hasPrefix("--") || flag(word) != nil {
                readLong(word, &rest, &reading)
            } else {
                readCluster(word, &rest, &reading)
            }
        }
        return reading
    }

    private func flag(_ name: String) -> Flag? { flags.first { $0.names.contains(name) } }

    private func readLong(_ word: String, _ rest: inout ArraySlice<String>, _ reading: inout Reading) {
        var (name, attached) = (word, String?.none)
        if joinsWithEquals, let equals = word.firstIndex(of: "=") {
            name = String(word[..<equals])
            attached = String(word[word.index(after: equals)...])
        }
        guard let flag = flag(name) else {
            let hint = NearestWord.hint(for: name, in: flags.flatMap(\.names))
            reading.reasons.append("\(name) is not known here\(hint)")
            reading.hasUnknown = true
            return
        }
        take(flag, name, attached, &rest, &reading)
    }

    /// `-fsSXPOST`: flags run together, the last with its value.
    private func readCluster(_ word: String, _ rest: inout ArraySlice<String>, _ reading: inout Reading) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let flag = flag("-\(letter)") else {
                reading.reasons.append("-\(letter) is not known here")
                reading.hasUnknown = true
                return
            }
            let attached = flag.takesValue && !letters.isEmpty ? String(letters) : nil
            if attached != nil { letters = "" }
            take(flag, "-\(letter)", attached, &rest, &reading)
        }
    }

    private func take(
        _ flag: Flag,
        _ name: String,
        _ attached: String?,
        _ rest: inout ArraySlice<String>,
        _ reading: inout Reading
    ) {
        var value = attached ?? ""
        if flag.takesValue, attached == nil {
            guard let next = rest.popFirst() else {
                reading.reasons.append("\(name) lacks its value")
                return
            }
            value = next
        }
        switch flag.effect {
        case .nothing: break
        case .missed(let what): reading.notes.append("\(name): \(what)")
        case .refused(let why): reading.reasons.append("\(name): \(why)")
        case .act(let act): reading.acts.append((act, value))
        }
    }
}
