package import Domain
internal import Effects
internal import Integrations

/// The streams that this process watches, beyond what the ledger knows of them.
struct StreamWatching: Sendable {
    /// Names by the number that alarms and connections carry; a number is never used again.
    private var names: [String] = []
    private var watches: [String: Watch] = [:]
    /// Streams whose settings do not open, and why.
    var unreadable: [String: String] = [:]
    /// Events that were left out and are not recorded yet.
    var left: [String: UInt64] = [:]

    struct Watch: Sendable {
        let number: UInt32
        let source: TutumSource
        var machine: SourceMachine
        /// Which connection of this watch is the present one.
        var attempt: UInt32 = 0
        /// When the alarm that was set last rings.
        var alarmAt = Timestamp.distantFuture
        var events: UInt64 = 0
        var lastEventAt: Timestamp?

        var connection: UInt64 { UInt64(number) << 32 | UInt64(attempt) }
    }

    subscript(_ name: String) -> Watch? {
        get { watches[name] }
        set { watches[name] = newValue }
    }

    /// Alarms and connections of an earlier watch of that name are nobody's from now on.
    mutating func begin(_ name: String, _ source: TutumSource, _ machine: SourceMachine) {
        names.append(name)
        watches[name] = Watch(number: UInt32(names.count - 1), source: source, machine: machine)
    }

    /// Whose number it is; nil when that was overtaken by a change.
    func name(of number: UInt32) -> String? {
        guard Int(number) < names.count else { return nil }
        let name = names[Int(number)]
        return watches[name]?.number == number ? name : nil
    }

    /// Whose present connection it is.
    func name(ofConnection id: UInt64) -> String? {
        guard let name = name(of: UInt32(truncatingIfNeeded: id >> 32)) else { return nil }
        return watches[name]?.connection == id ? name : nil
    }

    mutating func count(_ happening: SourceHappening) {
        guard happening.kind == .message else { return }
        watches[happening.source]?.events += 1
        watches[happening.source]?.lastEventAt = happening.at
    }
}

/// What the shell does for a watched stream once the records before it are durable.
enum StreamStep: Sendable {
    case open(StreamOpening)
    case close(UInt64)
    case tell(String, StreamNote)
}

/// What the log says of a stream.
enum StreamNote: Sendable {
    case connected
    case authenticated
    case lost(String)
    case unauthorized(String)
    case overflowed(UInt64)
}

/// News of streams on their way to the engine. What does not fit is counted and left out, so that a stream
/// that talks faster than it is listened to costs no more than this.
struct StreamMail: Sendable {
    private(set) var news: [StreamNews] = []
    /// Events left out, by connection.
    private(set) var dropped: [UInt64: UInt64] = [:]
    private var bytes = 0

    static let newsMax = 10_000
    static let bytesMax = 16 << 20

    var isEmpty: Bool { news.isEmpty && dropped.isEmpty }

    mutating func add(_ new: StreamNews) {
        if case .text(let text) = new.signal {
            guard news.count < Self.newsMax, bytes + text.count <= Self.bytesMax else {
                dropped[new.id, default: 0] += 1
                return
            }
            bytes += text.count
        }
        news.append(new)
    }
}

/// A stream as somebody wants it watched; what is nil stays as it is, or is the default.
package struct SourceWish: Sendable, Hashable {
    /// `TutumSource.fields`.
    package var settings: JSON
    /// nil: no alert.
    package var alertAfter: Span?
    /// nil: it may be silent.
    package var silentAfter: Span?
    package var takesNotifications: Bool
    package var isPaused: Bool

    package init(
        settings: JSON,
        alertAfter: Span? = SourceSet.usualAlertAfter,
        silentAfter: Span? = nil,
        takesNotifications: Bool = false,
        isPaused: Bool = false
    ) {
        self.settings = settings
        self.alertAfter = alertAfter
        self.silentAfter = silentAfter
        self.takesNotifications = takesNotifications
        self.isPaused = isPaused
    }
}

/// A watched stream as the operator sees it.
package struct SourceView: Sendable {
    package var source: WatchedSource
    /// As whom, masked.
    package var login: String
    /// connecting, open, authenticated, waiting, unauthorized, paused, or unwatched where it is not watched
    /// at all.
    package var state: String
    /// Why it is not open; nil when there is nothing to say.
    package var reason: String?
    package var retryAt: Timestamp?
    /// Since this process began to watch it.
    package var events: UInt64
    package var lastEventAt: Timestamp?
}
