/// A stream that is watched, and how it stands, as the ledger has it.
package struct WatchedSource: Sendable, Hashable {
    /// Streams at a time.
    package static let countMax = 100
    package static let nameBytesMax = 64

    package var set: SourceSet
    /// Outages since it was made.
    package var outages: UInt64 = 0
    /// When the present outage began; nil while there is none.
    package var lostSince: Timestamp?
    package var isOpen = false
    /// The credentials were refused, and nobody has changed anything since.
    package var isRefused = false
    /// Why it was lost.
    package var reason = ""
    /// When it was set, opened or lost, whatever was last.
    package var since: Timestamp
    /// Events that were left out.
    package var overflowed: UInt64 = 0

    package init(_ set: SourceSet, since: Timestamp) {
        self.set = set
        self.since = since
    }

    /// What the alert about an outage is known by everywhere. The first has the name that Tutum's own
    /// clients gave it.
    package static func alertKey(of name: String) -> String {
        name == "tutum" ? "tutum-stream" : "stream-\(name)"
    }

    /// What the alert about refused credentials is known by.
    package static func refusalKey(of name: String) -> String { "\(alertKey(of: name))/credentials" }

    /// What the alert about a silent stream is known by.
    package static func silenceKey(of name: String) -> String { "\(alertKey(of: name))/silence" }
}

extension [String: WatchedSource] {
    /// Applies a record; one about a stream that is not watched changes nothing.
    mutating func apply(_ record: SourceRecord, at time: Timestamp) {
        switch record {
        case .set(let r):
            var source = self[r.name] ?? WatchedSource(r, since: time)
            source.set = r
            source.since = time
            source.isRefused = false
            if r.isPaused {
                source.isOpen = false
                source.lostSince = nil
            }
            self[r.name] = source
        case .removed(let r): self[r.name] = nil
        case .opened(let r):
            self[r.name]?.outages = r.outage
            self[r.name]?.lostSince = nil
            self[r.name]?.isOpen = true
            self[r.name]?.isRefused = false
            self[r.name]?.reason = ""
            self[r.name]?.since = time
        case .lost(let r):
            if self[r.name]?.lostSince == nil { self[r.name]?.lostSince = time }
            self[r.name]?.outages = r.outage
            self[r.name]?.isOpen = false
            self[r.name]?.isRefused = r.isRefused
            self[r.name]?.reason = r.reason
            self[r.name]?.since = time
        case .overflowed(let r): self[r.name]?.overflowed += r.events
        }
    }
}
