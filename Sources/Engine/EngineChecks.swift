package import Domain

// What the API asks about checks.
extension Engine {
    /// Takes a ping; answers when it is durable.
    package func ping(
        _ target: PingTarget,
        _ ping: Ping,
        creating definition: CheckDefinition?,
        lasting duration: Span? = nil
    ) async throws(CommandError) -> PingAnswer {
        let arrival = PingArrival(target: target, ping: ping, definition: definition, duration: duration)
        let answers = await withCheckedContinuation { continuation in
            take([arrival]) { continuation.resume(returning: $0) }
        }
        return try answers[0].get()
    }

    /// Takes pings that came together, in their order: one command, and one wait for the disk.
    /// - Parameter answer: called once, with an answer for each in the same order, when all are durable; on
    ///     the engine's thread, or on the caller's when the engine has stopped.
    package func take(
        _ pings: [PingArrival],
        answer: @escaping @Sendable ([Result<PingAnswer, CommandError>]) -> Void
    ) {
        let count = pings.count
        let command = Command(writes: true) { loop, now in
            pings.map { arrival in
                Result { () throws(CommandError) in
                    try loop.flow.ping(
                        arrival.target,
                        arrival.ping,
                        creating: arrival.definition,
                        lasting: arrival.duration,
                        now: now
                    )
                }
            }
        } answer: { taken in
            switch taken {
            case .success(let answers): answer(answers)
            case .failure(let lost): answer(Array(repeating: .failure(lost), count: count))
            }
        }
        if !mailbox.post({ $0.commands.append(command) }) { command.refuse(.stopping) }
    }

    /// Whether a ping would find somebody.
    package func hears(_ target: PingTarget) async throws(CommandError) -> Bool {
        try await read { flow, _ throws(CommandError) in flow.hears(target) }
    }

    package func registerCheck(
        _ definition: CheckDefinition,
        scheduler: UInt32
    ) async throws(CommandError) -> CheckView {
        try await command { flow, now throws(CommandError) in
            try flow.registerCheck(definition, scheduler: scheduler, now: now)
        }
    }

    /// Changes a check. `change` gets the current definition and returns the new one.
    package func reviseCheck(
        _ check: CheckID,
        as caller: Caller,
        ifMatch: Sequence?,
        change: @escaping @Sendable (CheckDefinition) throws(CommandError) -> CheckDefinition
    ) async throws(CommandError) -> CheckView {
        try await command { flow, now throws(CommandError) in
            try flow.check(check, caller, ifMatch)
            return try flow.reviseCheck(check, change: change, now: now)
        }
    }

    package func removeCheck(
        _ check: CheckID,
        as caller: Caller,
        ifMatch: Sequence?
    ) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.check(check, caller, ifMatch)
            try flow.removeCheck(check, now: now)
        }
    }

    /// Nothing is expected of it until it is resumed or pinged; its alert is resolved.
    package func pauseCheck(_ check: CheckID, as caller: Caller) async throws(CommandError) -> CheckView {
        try await command { flow, now throws(CommandError) in
            try flow.check(check, caller, nil)
            return try flow.pauseCheck(check, now: now)
        }
    }

    package func resumeCheck(_ check: CheckID, as caller: Caller) async throws(CommandError) -> CheckView {
        try await command { flow, now throws(CommandError) in
            try flow.check(check, caller, nil)
            return try flow.resumeCheck(check, now: now)
        }
    }

    package func check(_ id: CheckID, as caller: Caller) async throws(CommandError) -> CheckView {
        try await read { flow, _ throws(CommandError) in
            try flow.check(id, caller, nil)
            return try flow.view(id)
        }
    }

    /// The schedulers that the checks with higher numbers belong to; removed ones are not told.
    package func checkOwners(after: CheckID) async throws(CommandError) -> [CheckID: UInt32] {
        try await read { flow, _ throws(CommandError) in flow.ledger.checks.owners(after: after) }
    }

    /// In order of number, after the given one.
    package func checks(
        after: CheckID,
        limit: Int,
        as caller: Caller
    ) async throws(CommandError) -> [CheckView] {
        try await read { flow, _ throws(CommandError) in
            flow.checkViews(after: after, limit: limit, as: caller)
        }
    }

    /// How the checks behind a badge stand; nil where there are none, or the key is not known.
    package func badge(key: String, word: String) async throws(CommandError) -> BadgeCount? {
        try await read { flow, now throws(CommandError) in flow.badge(key: key, word: word, now: now) }
    }

    /// The key of a scheduler's slug URLs; nil when it has none yet.
    package func pingKey(of scheduler: UInt32) async throws(CommandError) -> String? {
        try await read { flow, _ throws(CommandError) in try flow.pingKey(of: scheduler) }
    }

    package func renewPingKey(of scheduler: UInt32) async throws(CommandError) -> String {
        try await command { flow, now throws(CommandError) in
            try flow.renewPingKey(of: scheduler, now: now)
        }
    }
}
