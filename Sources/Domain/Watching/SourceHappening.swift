/// What a watched stream did or said: the one thing a stream trigger can start a run for.
package struct SourceHappening: Sendable, Hashable {
    /// The four handlers of a stream client, by their trigger names.
    package enum Kind: String, Sendable, CaseIterable {
        /// The stream is connected and has accepted our credentials.
        case open
        /// It sent an event.
        case message
        /// It was open and is no longer.
        case close
        /// It could not be reached, refused us, or sent what is not an event.
        case error
    }

    /// The name of the source.
    package var source: String
    package var kind: Kind
    package var at: Timestamp
    /// The event as it came, JSON in UTF-8; empty unless `kind` is `message`.
    package var message: [UInt8]
    /// For people: why it closed or what went wrong; empty for messages.
    package var detail: String
    /// Counts the losses of this source since it was added: a close and the open that ends it carry the same
    /// number, so that one trigger and one resolve belong together.
    package var outage: UInt64

    package init(
        source: String,
        kind: Kind,
        at: Timestamp,
        message: [UInt8] = [],
        detail: String = "",
        outage: UInt64
    ) {
        self.source = source
        self.kind = kind
        self.at = at
        self.message = message
        self.detail = detail
        self.outage = outage
    }
}
