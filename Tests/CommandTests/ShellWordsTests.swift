import Testing

@testable import chronatog

struct ShellWordsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var words: [String]
        var files: [String] = []
        var testDescription: String { text }
    }

    static let cut = [
        Row(text: "curl  -s\thttp://h/", words: ["curl", "-s", "http://h/"]),
        Row(text: #"a 'b "c' "d'e""#, words: ["a", "b \"c", "d'e"]),
        Row(text: #"a "x\"y\\z\n" b\ c"#, words: ["a", #"x"y\z\n"#, "b c"]),
        Row(text: #"a '' "" b''c"#, words: ["a", "", "", "bc"]),
        Row(text: #"a $'x\'\n\t\x41\u00e9'"#, words: ["a", "x'\n\tAé"]),
        Row(text: "curl \\\n  http://h/", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/ >/dev/null 2>&1", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/ > /dev/null 2> /dev/null", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/ &>/dev/null", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/ >>/var/log/x 2>&1", words: ["curl", "http://h/"], files: ["/var/log/x"]),
        Row(text: "curl 2 http://h/ </dev/null", words: ["curl", "2", "http://h/"]),
        Row(text: "curl http://h/ || true", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/ ;", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/ &", words: ["curl", "http://h/"]),
        Row(text: "curl http://h/#part # remark", words: ["curl", "http://h/#part"]),
        Row(text: "curl http://h/?a=1*", words: ["curl", "http://h/?a=1*"]),
        Row(text: "a 5$ $", words: ["a", "5$", "$"]),
    ]

    @Test(arguments: cut) func `words are cut as the shell cuts them`(_ row: Row) throws {
        let shell = try ShellWords(row.text)
        #expect(shell.words == row.words)
        #expect(shell.files == row.files)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var text: String
        var reason: String
        var testDescription: String { text }
    }

    static let refusals = [
        Refusal(text: "cd /x && curl http://h/", reason: "&& goes on to \"curl\""),
        Refusal(text: "curl http://h/ | mail -s x y", reason: "| pipes the answer into \"mail\""),
        Refusal(text: "curl http://h/ || logger down", reason: "|| goes on to \"logger\""),
        Refusal(text: "sleep 5; curl http://h/", reason: "\"curl\" is a second command"),
        Refusal(text: "curl http://h/?a=1&b=2", reason: "put the URL in quotes"),
        Refusal(text: "curl -H \"X: $TOKEN\" http://h/", reason: "$TOKEN is known only to the shell"),
        Refusal(text: "curl http://h/${X}", reason: "${…} is known only"),
        Refusal(text: "curl http://h/$(date)", reason: "$(…) runs another command"),
        Refusal(text: "curl \"http://h/`date`\"", reason: "`…` runs another command"),
        Refusal(text: "curl 'http://h/", reason: "a ' is not closed"),
        Refusal(text: "curl \"http://h/", reason: "a \" is not closed"),
        Refusal(text: "curl -d @- http://h/ < body.json", reason: "< reads body.json"),
        Refusal(text: "(curl http://h/)", reason: "( ) starts another shell"),
        Refusal(text: "curl http://h/ >", reason: "> names no file"),
        Refusal(text: "curl -T *.txt http://h/", reason: "is a pattern of file names"),
    ]

    @Test(arguments: refusals) func `what needs a shell is refused with its reason`(_ row: Refusal) {
        let error = #expect(throws: Untranslatable.self) { try ShellWords(row.text) }
        #expect(error?.reasons.first?.contains(row.reason) ?? false, "\(error?.reasons ?? [])")
    }
}
