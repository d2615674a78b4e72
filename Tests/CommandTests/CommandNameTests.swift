import Testing

@testable import chronatog

/// A mistyped command, however deep, is answered with the one that was meant.
struct CommandNameTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let words: String
        /// What the answer says; nil where there is nothing wrong.
        let said: String?
        var testDescription: String { words }
    }

    static let rows = [
        Row(words: "chek", said: #"there is no command "chek"; did you mean check?"#),
        Row(words: "check lst", said: #"there is no command "check lst"; did you mean list?"#),
        Row(words: "alert chanel list", said: #"there is no command "alert chanel"; did you mean channel?"#),
        Row(words: "journal chek now", said: "; did you mean check?"),
        Row(words: "blackout zzz", said: #"there is no command "blackout zzz""#),
        Row(words: "check show lst", said: nil), Row(words: "alert channel list", said: nil),
        Row(words: "check --help", said: nil), Row(words: "help check", said: nil),
        Row(words: "bench pinged 3", said: nil), Row(words: "--version", said: nil),
        Row(words: "jobs", said: nil), Row(words: "add * https://example.com/", said: nil),
    ]

    @Test(arguments: rows) func `a word that is no command names the nearest`(row: Row) {
        let words = row.words.split(separator: " ").map(String.init)
        do throws(CommandFailure) {
            try Chronatog.refuseUnknownCommand(words)
            #expect(row.said == nil)
        } catch {
            #expect(row.said.map { error.text.contains($0) } == true, "\(error.text)")
        }
    }
}
