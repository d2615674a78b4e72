internal import Domain
internal import Effects

// Links in messages by which a person acknowledges without logging in: who holds one may do that, and nothing
// else.
extension Flow {
    /// Nil without a public URL: nobody could follow it.
    func acknowledgeLink(_ id: AlertID, _ alert: Alert) -> String? {
        settings.publicURL.map { base in
            let word = keys.token(for: Self.linkText(id, alert), storeID: ledger.storeID)
            return "\(base)/a/\(id)-\(hexadecimal(word))"
        }
    }

    /// The alert that the last part of a link names. What is wrong with it is not told.
    func alert(link text: String) throws(CommandError) -> AlertID {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = UInt64(parts[0]), let word = Self.bytes(parts[1]) else {
            throw .noSuchAlert(.zero)
        }
        let id = AlertID(number)
        // A word is judged for an alert that is not there, too: it takes as long.
        let wanted = ledger.alerts.alerts[id].map { Self.linkText(id, $0) } ?? ""
        guard keys.isToken(word, for: wanted, storeID: ledger.storeID), !wanted.isEmpty else {
            throw .noSuchAlert(id)
        }
        return id
    }

    func known(_ id: AlertID) throws(CommandError) -> Alert {
        guard let alert = ledger.alerts.alerts[id] else { throw .noSuchAlert(id) }
        return alert
    }

    /// With the time, because a restore gives numbers out again.
    private static func linkText(_ id: AlertID, _ alert: Alert) -> String {
        "acknowledge \(id) \(alert.openedAt.microseconds)"
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
