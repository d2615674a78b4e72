internal import DequeModule
package import Domain

/// Which message may leave next: a line for each channel and key, so that what is told of one alert arrives
/// in the order in which it happened, and few calls at a time to each channel.
///
/// Derived from the ledger at a start and kept beside it; it decides nothing that a record would have to
/// tell.
package struct Outbox: Sendable {
    /// Calls to one channel at a time, unless it takes more.
    package static let parallelUsual = 4
    /// By channel.
    package var parallelMax: [String: Int] = [:]

    private struct Line: Hashable, Sendable {
        var channel: String
        var key: String
    }

    /// In ascending order; the first may leave, the others wait for it.
    private var lines: [Line: [MessageID]] = [:]
    private var lineOf: [MessageID: Line] = [:]
    /// Heads of lines whose time has come, by channel.
    private var ready: [String: Deque<MessageID>] = [:]
    private var isReady: Set<MessageID> = []
    /// Others go for these.
    private var held: Set<MessageID> = []
    private var out: [String: Set<MessageID>] = [:]
    /// Messages that their destination may have taken, whatever became of the attempt.
    private var mayBeTaken: Set<MessageID> = []

    package init() {}

    /// Messages that are not done with.
    package var count: Int { lineOf.count }

    /// Whether nothing waits or is under way in that line.
    package func isEmpty(channel: String, key: String) -> Bool {
        lines[Line(channel: channel, key: key)] == nil
    }

    /// Puts a message into its line, by its number.
    /// - Parameter mayHaveLeft: an earlier process may have sent it.
    /// - Returns: true when it is the first and nothing is under way before it.
    package mutating func add(
        _ id: MessageID,
        channel: String,
        key: String,
        mayHaveLeft: Bool = false
    ) -> Bool {
        let line = Line(channel: channel, key: key)
        if mayHaveLeft { mayBeTaken.insert(id) }
        var ids = lines[line] ?? []
        if let head = ids.first, head > id { makeUnready(head) }
        ids.insert(id, at: ids.firstIndex { $0 > id } ?? ids.count)
        lines[line] = ids
        lineOf[id] = line
        return ids.first == id
    }

    /// Whether a message may still go before those of its line that come after it: none of them has left
    /// yet.
    package func hasRoom(for id: MessageID, channel: String, key: String) -> Bool {
        let line = lines[Line(channel: channel, key: key)] ?? []
        return !line.contains { $0 > id && mayBeTaken.contains($0) }
    }

    /// The time of the first in a line has come. Others, and those under way, are passed over.
    package mutating func makeReady(_ id: MessageID) {
        guard let line = lineOf[id], lines[line]?.first == id, out[line.channel]?.contains(id) != true,
            !held.contains(id), isReady.insert(id).inserted
        else { return }
        ready[line.channel, default: []].append(id)
    }

    /// It is kept after all, until it is made ready again.
    package mutating func makeUnready(_ id: MessageID) {
        guard isReady.remove(id) != nil, let channel = lineOf[id]?.channel else { return }
        // Most often it is the next to leave.
        if ready[channel]?.first == id {
            ready[channel]?.removeFirst()
        } else {
            ready[channel]?.removeAll { $0 == id }
        }
    }

    /// The first of the line that a message stands in.
    package func head(of id: MessageID) -> MessageID? { lineOf[id].flatMap { lines[$0]?.first } }

    /// Channels that a message could leave by, in order of name.
    package var channelsToServe: [String] { ready.keys.filter { first($0) != nil }.sorted() }

    /// The message that would leave next by this channel.
    package func first(_ channel: String) -> MessageID? {
        let room = parallelMax[channel] ?? Self.parallelUsual
        guard out[channel, default: []].count < room else { return nil }
        return ready[channel]?.first
    }

    /// Lets it leave.
    package mutating func send(_ channel: String) -> MessageID? {
        guard let id = first(channel) else { return nil }
        ready[channel]?.removeFirst()
        isReady.remove(id)
        out[channel, default: []].insert(id)
        mayBeTaken.insert(id)
        return id
    }

    /// The first of each line of a channel that is neither under way nor held, in ascending order.
    package func waiting(_ channel: String) -> [MessageID] {
        lines.compactMap { line, ids in
            guard line.channel == channel, let head = ids.first, !held.contains(head),
                out[channel]?.contains(head) != true
            else { return nil }
            return head
        }.sorted()
    }

    /// Keeps messages in their places while another goes for them.
    package mutating func hold(_ ids: [MessageID]) {
        for id in ids {
            held.insert(id)
            mayBeTaken.insert(id)
            makeUnready(id)
        }
    }

    /// The attempt is over, the message stays.
    package mutating func ended(_ id: MessageID) {
        guard let line = lineOf[id] else { return }
        out[line.channel]?.remove(id)
    }

    /// The message is done with.
    /// - Returns: who comes next in its line.
    package mutating func remove(_ id: MessageID) -> MessageID? {
        ended(id)
        mayBeTaken.remove(id)
        held.remove(id)
        guard let line = lineOf.removeValue(forKey: id) else { return nil }
        lines[line]?.removeAll { $0 == id }
        if lines[line]?.isEmpty == true { lines[line] = nil }
        return lines[line]?.first
    }
}
