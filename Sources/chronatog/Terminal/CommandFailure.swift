import Cron

/// Why a command did not do what it was asked, and with which exit status it ends.
enum CommandFailure: Error, Equatable {
    /// It failed: status 1. Every line is printed after `error: `, then the hint.
    case failed([String], hint: String?)
    /// It was asked wrongly: status 2.
    case asked([String], hint: String?)
    /// The answer is no, and everything there is to say has been printed: status 1.
    case negative

    static func failed(_ sentence: String, hint: String? = nil) -> CommandFailure {
        .failed([sentence], hint: hint)
    }
    static func asked(_ sentence: String, hint: String? = nil) -> CommandFailure {
        .asked([sentence], hint: hint)
    }

    var status: Int32 {
        switch self {
        case .failed, .negative: 1
        case .asked: 2
        }
    }

    /// What goes to standard error, lines ended.
    var text: String {
        switch self {
        case .failed(let sentences, let hint), .asked(let sentences, let hint):
            sentences.map { "error: \($0)\n" }.joined() + (hint.map { "hint: \($0)\n" } ?? "")
        case .negative: ""
        }
    }
}

extension NearestWord {
    /// The end of a sentence: `; did you mean --listen?`, or nothing when no candidate is close.
    static func hint(for word: String, in candidates: [String], prefix: String = "") -> String {
        question(word, in: candidates, prefix: prefix).map { "; \($0)" } ?? ""
    }
}
