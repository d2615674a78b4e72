/// Rows of text in aligned columns, two spaces apart.
struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []
    /// Longer cells are cut and end in `…`. Only people at a screen have no room: a pipe gets all of it.
    private let cellMax: Int

    init(_ header: [String], cellMax: Int = StandardStream.output.isTerminal ? 60 : .max) {
        self.header = header
        self.cellMax = cellMax
    }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == header.count, "a row has as many cells as the header")
        rows.append(cells.map { Self.shown($0, cellMax) })
    }

    var isEmpty: Bool { rows.isEmpty }

    func text() -> String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// Text from servers may hold anything; control characters do not reach the terminal.
    static func printable(_ text: String) -> String {
        String(text.map { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? $0 : " " })
    }

    private static func shown(_ text: String, _ cellMax: Int) -> String {
        let clean = printable(text)
        return clean.count <= cellMax ? clean : String(clean.prefix(cellMax - 1)) + "…"
    }
}
