internal import Engine
private import Synchronization

/// Answers to commands, as clients get them.
final class AnswerBox: Sendable {
    struct Content: Sendable {
        var acknowledged: [Acknowledgement] = []
        var refused = 0
    }

    private let content = Mutex(Content())

    func add(_ answer: Result<Acknowledgement?, CommandError>) {
        content.withLock { content in
            switch answer {
            case .success(let acknowledgement?): content.acknowledged.append(acknowledgement)
            case .success(nil): break
            case .failure: content.refused += 1
            }
        }
    }

    func takeAll() -> Content {
        content.withLock { content in
            defer { content = Content() }
            return content
        }
    }
}
