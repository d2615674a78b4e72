package import Domain
package import Effects

/// What a platform answers to the question which services it has of us (`engineyard-v1`).
package enum ServiceListing: Sendable {
    /// `{name, label, url, …}` each.
    case services([JSON])
    /// Why there is no list: a sentence.
    case fault(String)

    package init(_ result: Outcome.Result) {
        guard case .answered(let answer) = result else {
            if case .failed(let failure) = result {
                self = .fault("The marketplace cannot be reached: \(failure.message).")
            } else {
                self = .fault("The marketplace did not answer.")
            }
            return
        }
        switch answer.status {
        case 200: break
        case 204:
            self = .services([])
            return
        case 401, 403:
            self = .fault("The marketplace refused our signature (\(answer.status)).")
            return
        default:
            let said = PartnerFault.messages(in: answer.body).joined(separator: "; ")
            self = .fault("The marketplace answered \(answer.status)\(said.isEmpty ? "" : ": \(said)").")
            return
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        guard let list = (try? JSONReader.value(of: text))?.array else {
            let start = OneLine.of(text).shortened(to: 80)
            self = .fault("The marketplace answered 200 with something that is not a list: \(start)")
            return
        }
        self = .services(list.map(Self.plain))
    }

    /// `{"service": {…}, "url": …}`, or with the URL inside, as one object.
    private static func plain(_ element: JSON) -> JSON {
        guard case .object(let members)? = element["service"] else { return element }
        guard element["service"]?["url"] == nil, let url = element["url"] else { return .object(members) }
        return .object(members + [JSON.Member("url", url)])
    }
}
