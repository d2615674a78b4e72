/// A function with a body, found by its indentation: swift-format puts the closing brace under the
/// declaration.
struct Function {
    var name: String
    /// Counts from 1.
    var line: Int
    var lineCount: Int

    static func all(in lines: [String]) -> [Function] {
        lines.indices.compactMap { index in
            guard let name = name(declaredBy: lines[index]), let end = end(of: index, lines) else {
                return nil
            }
            return Function(name: name, line: index + 1, lineCount: end - index + 1)
        }
    }

    static func indentation(_ line: String) -> Int { line.prefix { $0 == " " }.count }

    private static func name(declaredBy line: String) -> String? {
        let text = line.drop { $0 == " " }
        guard !text.hasPrefix("//") else { return nil }
        for word in ["func ", "init(", "init?(", "init<"] {
            guard let place = text.firstRange(of: word) else { continue }
            // Only modifiers and attributes stand before it.
            let before = text[..<place.lowerBound].split(separator: " ")
            let areModifiers = before.allSatisfy { $0.first?.isLetter == true || $0.hasPrefix("@") }
            guard areModifiers, !before.contains(where: { $0.contains(".") || $0 == "return" || $0 == "try" })
            else { continue }
            return String(text[place.lowerBound...].prefix(60))
        }
        return nil
    }

    /// The line of the closing brace; nil for a requirement without a body, or one that ends on its own line.
    private static func end(of start: Int, _ lines: [String]) -> Int? {
        let depth = indentation(lines[start])
        guard !lines[start].hasSuffix("}") else { return nil }
        var hasBody = lines[start].hasSuffix("{")
        for index in lines.indices.dropFirst(start + 1) {
            let line = lines[index]
            guard !line.isEmpty, indentation(line) <= depth else { continue }
            let text = line.drop { $0 == " " }
            if hasBody { return text.hasPrefix("}") ? index : nil }
            // Still in the signature.
            guard text.hasPrefix(")") || text.hasPrefix("where") || text.hasPrefix("{") else { return nil }
            if text.hasSuffix("}") { return nil }
            hasBody = text.hasSuffix("{")
        }
        return nil
    }
}

/// Words that switch a check of the compiler off.
enum EscapeHatch {
    private static let strict = ["@unchecked", "nonisolated(unsafe)", "try!"]
    /// A comment may speak for the few lines after it.
    private static let reachStrict = 4
    private static let reach = 25

    /// Line numbers, from 1, without the word "because" near enough.
    static func unexplained(in lines: [String]) -> [Int] {
        lines.indices.compactMap { index in
            let code = lines[index].prefix(
                upTo: lines[index].firstRange(of: "//")?.lowerBound ?? lines[index].endIndex
            )
            let isStrict = strict.contains { code.contains($0) }
            let isUnsafe = code.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "(") }.contains(
                "unsafe"
            )
            guard isStrict || isUnsafe else { return nil }
            let first = max(0, index - (isStrict ? reachStrict : reach))
            return lines[first...index].contains { $0.contains("because") } ? nil : index + 1
        }
    }
}

/// A function in a suite that the runner would pass over in silence.
enum SuiteFunction {
    /// Line numbers, from 1.
    static func silent(in lines: [String]) -> [Int] {
        var isInSuite = false
        return lines.indices.compactMap { index in
            let line = lines[index]
            if Function.indentation(line) == 0, let name = typeName(line) {
                isInSuite = name.hasSuffix("Tests")
            }
            guard isInSuite, Function.indentation(line) == 4, line.contains("func ") else { return nil }
            let words = line.split(separator: " ")
            let before = words.prefix { $0 != "func" }
            guard before.count < words.count, !line.drop(while: { $0 == " " }).hasPrefix("//") else {
                return nil
            }
            if before.contains("private") || before.contains("fileprivate") || before.contains("static") {
                return nil
            }
            if line.contains("@Test") { return nil }
            // The attribute may stand above, over several lines.
            let above = lines[..<index].reversed().prefix { !$0.isEmpty && $0 != "    }" }
            return above.contains { $0.contains("@Test") } ? nil : index + 1
        }
    }

    private static func typeName(_ line: String) -> Substring? {
        let words = line.split { $0 == " " || $0 == ":" || $0 == "<" }
        guard
            let place = words.firstIndex(where: {
                ["struct", "class", "enum", "actor", "extension"].contains($0)
            }),
            place + 1 < words.count
        else { return nil }
        return words[place + 1]
    }
}
