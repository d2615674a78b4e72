package import Domain
internal import Effects

/// What an answer means for the message and its destination.
package struct ChannelVerdict: Sendable, Hashable {
    package enum Ending: Sendable, Hashable {
        case delivered
        /// There is nothing to send: the counterpart has no word for it, or never heard of the alert.
        case needless
        /// May work later, with the same idempotency key; not before `atLeast` has passed.
        case retry(atLeast: Span, reason: String)
        /// This message will never be taken.
        case dead(reason: String)
        /// Nothing will be taken until somebody corrects the channel.
        case broken(reason: String)
    }

    package var ending: Ending
    /// To be merged into the facts of this alert at this destination, whatever the ending.
    package var remember: [String: String]
    /// Parts of the destination (the empty name is all of it) that take nothing more until then.
    package var limits: [String: Timestamp]

    package init(
        _ ending: Ending,
        remember: [String: String] = [:],
        limits: [String: Timestamp] = [:]
    ) {
        self.ending = ending
        self.remember = remember
        self.limits = limits
    }

    /// The sentence that tells why it was not delivered; nil when it was.
    package var reason: String? {
        switch ending {
        case .delivered, .needless: nil
        case .retry(_, let reason), .dead(let reason), .broken(let reason): reason
        }
    }

    /// Until when the whole destination rests.
    package var pausedUntil: Timestamp? { limits[""] }
}

/// Turns an answer that is not the hoped-for one into a verdict, by the rules that all counterparts share
/// (`reference/streams-hooks-status.md` §13). Channels look at their own cases first.
struct AnswerJudge {
    /// The counterpart's name in sentences.
    var counterpart: String
    /// Blanked out of whatever is quoted.
    var secrets: [String]
    var now: Timestamp
    /// How long a 429 without `Retry-After` rests the destination.
    var restAfter429 = Span.seconds(60)

    /// A counterpart may ask for at most this much patience.
    private static let patienceMax = Span.days(1)
    private static let quotedScalarsMax = 300

    /// Calls that never got an answer.
    func failed(_ failure: Failure) -> ChannelVerdict {
        let reason = hide(failure.message)
        switch failure.kind {
        case .egress, .template, .body: return ChannelVerdict(.dead(reason: reason))
        default: return ChannelVerdict(.retry(atLeast: .zero, reason: reason))
        }
    }

    /// Any status that the channel has no rule of its own for.
    func other(_ answer: Answer) -> ChannelVerdict {
        let said = quote(answer)
        switch answer.status {
        case 429: return limited(answer)
        case 408, 425, 500...599:
            let asked = wait(answer) ?? .zero
            let reason = "\(counterpart) answered \(answer.status)\(said)"
            return ChannelVerdict(
                .retry(atLeast: asked, reason: reason),
                limits: asked > .zero ? ["": now + asked] : [:]
            )
        case 300...399:
            let reason =
                "\(counterpart) answered \(answer.status), a redirect, which is not followed: the "
                + "channel's URL has to be the final one"
            return ChannelVerdict(.dead(reason: reason))
        default:
            return ChannelVerdict(.dead(reason: "\(counterpart) answered \(answer.status)\(said)"))
        }
    }

    /// Too many requests: the destination rests as long as it asks for.
    func limited(_ answer: Answer) -> ChannelVerdict {
        let asked = wait(answer) ?? restAfter429
        let reason = "\(counterpart) answered \(answer.status): too many messages, again in \(asked.text)"
        return ChannelVerdict(.retry(atLeast: asked, reason: reason), limits: ["": now + asked])
    }

    /// The destination does not take messages any more.
    func broken(_ answer: Answer, _ remedy: String) -> ChannelVerdict {
        ChannelVerdict(.broken(reason: "\(counterpart) answered \(answer.status)\(quote(answer)): \(remedy)"))
    }

    func dead(_ answer: Answer, _ said: String? = nil) -> ChannelVerdict {
        let words = said.map { ": " + hide($0).shortened(to: Self.quotedScalarsMax) } ?? quote(answer)
        return ChannelVerdict(.dead(reason: "\(counterpart) answered \(answer.status)\(words)"))
    }

    private func wait(_ answer: Answer) -> Span? {
        answer.retryAfter.flatMap { RetryAfter.parse($0, now: now) }.map {
            min(max($0, .zero), Self.patienceMax)
        }
    }

    /// The beginning of the body, when it is text.
    private func quote(_ answer: Answer) -> String {
        guard let text = String(validating: answer.body.prefix(2048), as: UTF8.self) else { return "" }
        let line = OneLine.of(text).split(separator: " ").joined(separator: " ")
        // A whole page is for eyes: its first words are its style.
        if line.hasPrefix("<"), line.utf8.count > 200 { return " with a web page" }
        return line.isEmpty ? "" : ": \"\(hide(line).shortened(to: Self.quotedScalarsMax))\""
    }

    func hide(_ text: String) -> String { Secrets.hide(secrets, in: text) }
}
