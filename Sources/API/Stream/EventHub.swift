internal import Domain
internal import Effects
internal import Engine
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Streaming
internal import Synchronization

/// Gives every durable record to all who watch, once.
///
/// The journal is the only source: the engine says that it has grown, the hub reads on from where it was,
/// writes the new events once for each format in use, and hands that one batch to each event loop. The next
/// batch is read when all loops are done with this one, so that a crowd makes batches larger and not a queue.
/// A subscriber joins when what it has read itself reaches the hub's position; from then on nothing can be
/// missed or told twice. While nobody watches, nothing is read.
final class EventHub: Sendable {
    private struct State {
        /// Everything up to here was handed out.
        var position = Sequence.zero
        var loops: [ObjectIdentifier: LoopSeats] = [:]
        /// Live subscribers by format.
        var formats: [StreamFormat: Int] = [:]
        /// Subscribers, live or not.
        var subscribers = 0
    }

    /// Most records read for one batch.
    private static let recordsMax = 1000

    /// Longest rest between two batches: it is added to the delay of what happens meanwhile.
    private static let restMax = Span.milliseconds(25)

    private let engine: any EngineFace
    private let time: any TimeSource
    private let ownership: Ownership
    private let source: @Sendable () -> String
    private let subscribersMax: Int
    private let logger: Logger
    private let state = Mutex(State())
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    /// - Parameter source: the server's own URL, known once it listens.
    init(
        engine: any EngineFace,
        time: any TimeSource,
        ownership: Ownership,
        subscribersMax: Int,
        logger: Logger,
        source: @escaping @Sendable () -> String
    ) {
        self.engine = engine
        self.time = time
        self.ownership = ownership
        self.source = source
        self.subscribersMax = subscribersMax
        self.logger = logger
        (bell, ring) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Hands events out until its task is cancelled.
    func run() async {
        engine.watchGrowth { [weak self] _ in
            guard let self, self.state.withLock({ !$0.formats.isEmpty }) else { return }
            self.ring.yield()
        }
        for await _ in bell {
            do {
                try await handOut()
            } catch {
                // The server stops, and its subscribers hear that from their channels.
                if Task.isCancelled { return }
                logger.error("events cannot be handed out", metadata: ["error": "\(error)"])
                await dismissAll()
            }
        }
    }

    private func handOut() async throws {
        while let (from, formats) = state.withLock({ state in
            state.formats.isEmpty ? nil : (state.position, Array(state.formats.keys))
        }) {
            let batch = try await read(after: from, formats: formats)
            guard batch.through > from else { return }
            let loops = state.withLock { state -> [LoopSeats] in
                // Everybody left, and somebody came who had read further.
                guard state.position == from else { return [] }
                state.position = batch.through
                return Array(state.loops.values)
            }
            let begin = time.uptime
            for loop in loops { loop.give(batch) }
            for loop in loops { await loop.isDone() }
            try await rest(after: time.uptime - begin)
        }
    }

    /// Twice as long as the last batch took: nothing for a few subscribers, and for a crowd fewer and larger
    /// batches, which cost both ends less and leave the machine to those who make events.
    private func rest(after took: Span) async throws {
        let span = min(Span(microseconds: took.microseconds * 2), Self.restMax)
        guard span >= .milliseconds(1) else { return }
        try await Task.sleep(for: .microseconds(span.microseconds))
    }

    /// Reads what is durable behind a record, written in these formats.
    func read(after last: Sequence, formats: some Collection<StreamFormat>) async throws -> EventBatch {
        let records = engine.durableRecords
        let (entries, isAtEnd) = try await NIOThreadPool.singleton.runIfActive {
            try records.refuseGone(last)
            var entries: [Entry] = []
            var isAtEnd = true
            try records.scan(from: last.next) { entry in
                isAtEnd = entries.count < Self.recordsMax
                if isAtEnd { entries.append(entry) }
                return isAtEnd
            }
            return (entries, isAtEnd)
        }
        try await learnOwners(of: entries)
        let ownership = ownership
        let events = try await NIOThreadPool.singleton.runIfActive {
            try entries.filter { $0.visibility != .internal }.map { entry in
                StreamEvent(entry, owner: try ownership.owner(of: entry.record, in: records))
            }
        }
        return EventBatch(
            events,
            after: last,
            through: entries.last?.sequence ?? last,
            isAtEnd: isAtEnd,
            formats: formats,
            source: source()
        )
    }

    /// Asks the engine, which knows at once, so that nobody has to go through the journal for it.
    private func learnOwners(of entries: [Entry]) async throws {
        var unknown: Set<JobID> = []
        var hasUnknownCheck = false
        for entry in entries where entry.visibility == .account {
            if case .jobRegistered(let record) = entry.record {
                ownership.jobs.note(record.job, record.scheduler)
            } else if let job = entry.record.job {
                if ownership.jobs.known(job) == nil { unknown.insert(job) }
            } else if entry.record.check.map({ ownership.checks.known($0) == nil }) ?? true {
                hasUnknownCheck = true
            }
        }
        if hasUnknownCheck { try await ownership.checks.refresh(from: engine) }
        guard !unknown.isEmpty else { return }
        for (job, scheduler) in try await engine.owners(of: Array(unknown)) {
            ownership.jobs.note(job, scheduler)
        }
    }

    // MARK: Coming and going

    /// False when there are too many.
    func enter() -> Bool {
        state.withLock { state in
            guard state.subscribers < subscribersMax else { return false }
            state.subscribers += 1
            return true
        }
    }

    func exit() { state.withLock { $0.subscribers -= 1 } }

    /// Makes a subscriber live. To be called on its loop.
    /// - Returns: false when the hub is ahead of what it has read: it has to read on.
    func join(_ seat: StreamSeat, on loop: any EventLoop) -> Bool {
        let seats = state.withLock { state -> LoopSeats? in
            if state.formats.isEmpty { state.position = seat.last }
            guard state.position <= seat.last else { return nil }
            state.formats[seat.format, default: 0] += 1
            let place = ObjectIdentifier(loop)
            let seats = state.loops[place] ?? LoopSeats(loop)
            state.loops[place] = seats
            return seats
        }
        guard let seats else { return false }
        seats.add(seat)
        // The journal may have grown since it was read.
        ring.yield()
        return true
    }

    /// A live subscriber is none any more. To be called on its loop.
    func leave(_ seat: StreamSeat, on loop: any EventLoop) {
        let seats = state.withLock { state -> LoopSeats? in
            let left = (state.formats[seat.format] ?? 1) - 1
            state.formats[seat.format] = left > 0 ? left : nil
            return state.loops[ObjectIdentifier(loop)]
        }
        seats?.remove(seat)
    }

    private func dismissAll() async {
        let loops = state.withLock { Array($0.loops.values) }
        for loop in loops { loop.dismiss() }
        for loop in loops { await loop.isDone() }
    }
}

/// The live subscribers of one event loop.
///
/// because the seats are touched on `loop` only, it may be handed about.
final class LoopSeats: @unchecked Sendable {
    private let loop: any EventLoop
    private var seats: [ObjectIdentifier: StreamSeat] = [:]

    init(_ loop: any EventLoop) { self.loop = loop }

    func add(_ seat: StreamSeat) { seats[ObjectIdentifier(seat)] = seat }
    func remove(_ seat: StreamSeat) { seats[ObjectIdentifier(seat)] = nil }

    func give(_ batch: EventBatch) {
        loop.execute { [self] in for seat in seats.values { seat.take(batch) } }
    }

    func dismiss() {
        loop.execute { [self] in for seat in seats.values { seat.dismiss() } }
    }

    /// Returns once the loop has done what it was given.
    func isDone() async {
        // A future that only ever succeeds.
        try? await loop.submit {}.get()
    }
}
