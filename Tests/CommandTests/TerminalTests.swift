import Domain
import Logging
import Synchronization
import Testing

@testable import chronatog

struct TerminalTests {
    @Test func `columns are aligned and control characters stay out`() {
        var table = TextTable(["ID", "NAME", "LAST"])
        table.add(["1", "a", "x"])
        table.add(["100", "longer\u{1b}[31m", ""])
        #expect(table.text() == "ID   NAME         LAST\n1    a            x\n100  longer [31m\n")
    }

    @Test func `a cell that is too long is cut`() {
        var table = TextTable(["A"], cellMax: 5)
        table.add(["123456789"])
        #expect(table.text() == "A\n1234…\n")
        var piped = TextTable(["A"])
        piped.add([String(repeating: "1", count: 100)])
        #expect(piped.text().contains("…") == StandardStream.output.isTerminal)
    }

    @Test func `a log line is one line, as text and as JSON`() throws {
        let text = line(.text)
        #expect(text.hasSuffix("warning  it happened job=7 why=\"two words\"\n"))
        let json = try JSONReader.value(of: String(line(.json).dropLast()))
        #expect(json.plain("level") == "warning")
        #expect(json.plain("why") == "two\nwords")
    }

    @Test func `an object for people: fields first, lists below, nothing empty`() {
        let run = JSON.object([
            .init("id", .string("9")), .init("failure", .null),
            .init("attempts", .array([.object([.init("n", .number(1)), .init("status", .number(503))])])),
            .init("result", .string("failed")),
        ])
        #expect(Fields.text(run) == "id      9\nresult  failed\n\nattempts\nN  STATUS\n1  503\n")
    }

    @Test func `figures`() {
        #expect(Figure.whole(1_234_567) == "1,234,567")
        #expect(Figure.whole(999) == "999")
        #expect(Figure.hundredths(1.005) == "1.00" || Figure.hundredths(1.005) == "1.01")
        #expect(Figure.hundredths(0.05) == "0.05")
    }

    private func line(_ format: LogFormat) -> String {
        let written = WrittenText()
        var logger = Logger(label: "test") { _ in
            LogOutput(level: .info, format: format, write: { written.append($0) })
        }
        logger[metadataKey: "job"] = "7"
        logger.debug("not this")
        logger.warning("it happened", metadata: ["why": "two\nwords"])
        return written.text
    }
}

private final class WrittenText: Sendable {
    private let state = Mutex("")
    var text: String { state.withLock { $0 } }
    func append(_ more: String) { state.withLock { $0 += more } }
}
