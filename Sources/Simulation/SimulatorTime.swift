package import Domain
package import Engine
internal import Journaling

// How time passes: from one thing that happens to the next.
extension Simulator {
    /// Turns without time passing, after which something must be wrong.
    private static let turnsAtOnceMax = 5000

    /// Lets time pass. Ends early when the process does, or when `isEnough` says so.
    package func pass(_ span: Span, until isEnough: (SteppedEngine) -> Bool = { _ in false }) throws {
        let end = time.uptime + span
        var atOnce = 0
        while let engine {
            try turn(engine)
            guard self.engine != nil, !isEnough(engine) else { return }
            let before = time.uptime
            let next = max(before, min(end, self.next(engine)))
            time.advance(by: next - before)
            atOnce = next > before ? 0 : atOnce + 1
            guard atOnce < Self.turnsAtOnceMax else { throw Violation.stuck("turns without end") }
            let didAny = try happen(engine)
            if next >= end, !didAny { return try turn(engine) }
        }
    }

    private func turn(_ engine: SteppedEngine) throws {
        tally.turns += 1
        switch engine.turn() {
        case .goesOn: try checkTurn()
        case .ended: try end(engine)
        case .failed:
            try checkTurn()
            tally.poisonings += 1
            try crash(power: nil)
        }
    }

    /// The last records become durable before a stop is over.
    private func end(_ engine: SteppedEngine) throws {
        engine.flush()
        try readEverything(engine)
        engine.runBackgroundWork()
        try checkTurn()
        try readEverything(engine)
        engine.journal.close()
        goDown()
    }

    /// When the next thing happens, on the steady clock.
    private func next(_ engine: SteppedEngine) -> Span {
        if flushAt == nil, engine.needsFlush() { flushAt = time.uptime + dice.span(.zero, .milliseconds(30)) }
        if snapshotAt == nil, engine.hasBackgroundWork {
            snapshotAt = time.uptime + dice.span(.zero, .seconds(2))
        }
        return min(
            min(time.uptime + engine.wait, transport.nextArrival),
            min(flushAt ?? .forever, snapshotAt ?? .forever)
        )
    }

    /// What is due now happens. True when anything did.
    private func happen(_ engine: SteppedEngine) throws -> Bool {
        var didAny = false
        if transport.nextArrival <= time.uptime {
            transport.deliver()
            didAny = true
        }
        if let at = flushAt, at <= time.uptime {
            flushAt = nil
            engine.flush()
            didAny = true
        }
        if let at = snapshotAt, at <= time.uptime {
            snapshotAt = nil
            // After a snapshot old segments may go: what is in them is written down first.
            try readEverything(engine)
            engine.runBackgroundWork()
            didAny = true
        }
        return didAny
    }
}
