internal import Domain
internal import Engine

/// `/badge/{key}/{word}.svg|.json|.shields`: how a check, all checks of a tag, or all of them (`*`) stand,
/// for pages that anybody may see. The key tells nothing but this.
enum BadgeRoutes {
    static let all = [
        Route(
            "GET",
            "/badge/{key}/{file}",
            .anyone,
            "A slug's or tag's badge: .svg, .json or .shields",
            answer: answer
        )
        .with {
            $0.takesAnyQuery = true
            $0.answerType = "image/svg+xml"
            $0.problems = [.notFound]
        }
    ]

    @Sendable private static func answer(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let file = request.parameters["file"] ?? ""
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex,
            let count = try await site.engine.badge(
                key: request.parameters["key"] ?? "",
                word: String(file[..<dot])
            )
        else { throw Problem.notFound("badge") }
        let label = file[..<dot] == "*" ? "checks" : String(file[..<dot])
        switch file[file.index(after: dot)...] {
        case "svg": return fresh(.text(svg(label, count.word), type: "image/svg+xml"))
        case "json":
            return fresh(
                .json(
                    .object([
                        JSON.Member("status", .string(count.word)),
                        JSON.Member("total", .number(Int64(count.total))),
                        JSON.Member("grace", .number(Int64(count.late))),
                        JSON.Member("down", .number(Int64(count.down))),
                    ])
                )
            )
        case "shields": return fresh(.json(shields(label, count.word)))
        default: throw Problem.notFound("badge of that kind; .svg, .json and .shields are there")
        }
    }

    /// Pages that show badges keep them for as long as they may.
    private static func fresh(_ reply: Reply) -> Reply {
        var reply = reply
        reply.headers += [("Cache-Control", "no-cache, max-age=0"), ("Access-Control-Allow-Origin", "*")]
        return reply
    }

    /// https://shields.io/badges/endpoint-badge
    private static func shields(_ label: String, _ word: String) -> JSON {
        let colours = ["up": "success", "late": "important", "down": "critical"]
        return .object([
            JSON.Member("schemaVersion", .number(1)), JSON.Member("label", .string(label)),
            JSON.Member("message", .string(word)), JSON.Member("color", .string(colours[word] ?? "inactive")),
        ])
    }

    /// Two fields side by side, as wide as their words.
    private static func svg(_ label: String, _ word: String) -> String {
        let colours = ["up": "#2e7d32", "late": "#b26a00", "down": "#c62828"]
        let (left, right) = (width(of: label), width(of: word))
        let text = label.escapedForMarkup
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(left + right)" height="20" role="img" \
            aria-label="\(text): \(word)">
            <rect width="\(left)" height="20" fill="#444"/>
            <rect x="\(left)" width="\(right)" height="20" fill="\(colours[word] ?? "#777")"/>
            <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
            <text x="\(left / 2)" y="14">\(text)</text><text x="\(left + right / 2)" y="14">\(word)</text>
            </g>
            </svg>

            """
    }

    /// About seven pixels a letter at this size, and some room at both ends.
    private static func width(of text: String) -> Int { text.count * 7 + 12 }
}

extension String {
    fileprivate var escapedForMarkup: String {
        var out = ""
        for character in self {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}
