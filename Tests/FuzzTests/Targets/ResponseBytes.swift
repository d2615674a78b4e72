import Wire

/// The parser of answers: whatever a target sends, in whatever pieces it arrives.
///
/// The first bytes choose how much of the body is kept, whether the request was HEAD, and where it is cut.
enum ResponseBytes {
    private static let limits = ResponseParser.Limits(
        statusLineBytesMax: 64,
        headerBytesMax: 512,
        chunkLineBytesMax: 32
    )

    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let choice = Int(choices.byte())
        let keepBodyBytesMax = choice >> 1
        let cut = Int(choices.byte()) + 1
        let answer = Array(choices.rest)
        let whole = try run(answer, choice, by: max(1, answer.count))
        let pieces = try run(answer, choice, by: cut)
        for result in [whole, pieces] {
            try BrokenProperty.check(
                result.parser.body.count <= keepBodyBytesMax,
                "\(result.parser.body.count) bytes of a body are kept, \(keepBodyBytesMax) were asked for"
            )
            try BrokenProperty.check(
                // What is no UTF-8 takes three bytes where it was one, and a comma joins what a line end did.
                (result.parser.location?.utf8.count ?? 0) <= 3 * limits.headerBytesMax
                    && (result.parser.keptHeader?.utf8.count ?? 0) <= 3 * limits.headerBytesMax,
                "a header value is longer than all headers may be"
            )
        }
        let isSame =
            whole.ending == pieces.ending && whole.parser.body == pieces.parser.body
            && whole.parser.status == pieces.parser.status
            && whole.parser.isTruncated == pieces.parser.isTruncated
            && whole.parser.keptHeader == pieces.parser.keptHeader
            && whole.parser.keepsConnection == pieces.parser.keepsConnection
        try BrokenProperty.check(isSame, "\(whole.ending) in one piece, \(pieces.ending) in pieces of \(cut)")
    }

    /// How it ended, and how many bytes belonged to the answer.
    private enum Ending: Equatable {
        case finished(consumed: Int)
        case finishedByClose
        case broken(ResponseParser.Fault)
    }

    private static func run(
        _ answer: [UInt8],
        _ choice: Int,
        by size: Int
    ) throws(BrokenProperty) -> (parser: ResponseParser, ending: Ending) {
        var parser = ResponseParser(limits: limits)
        parser.begin(answersHEAD: choice & 1 == 1, keepBodyBytesMax: choice >> 1, keepHeader: "x-id")
        for start in stride(from: 0, to: answer.count, by: size) {
            let piece = Array(answer[start..<min(start + size, answer.count)])
            switch parser.consume(piece.span) {
            case .wantsMore: continue
            case .broken(let fault): return (parser, .broken(fault))
            case .finished(let consumed):
                try BrokenProperty.check((0...piece.count).contains(consumed), "\(consumed) bytes consumed")
                return (parser, .finished(consumed: start + consumed))
            }
        }
        switch parser.consumeEnd() {
        case .finished: return (parser, .finishedByClose)
        case .broken(let fault): return (parser, .broken(fault))
        case .wantsMore: throw BrokenProperty(description: "an answer wants more after its end")
        }
    }
}
