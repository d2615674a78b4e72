internal import Domain

/// The members of an event about a check. Neither its address nor a ping's body is among them.
enum CheckFacts {
    static func of(_ record: Record) -> [JSON.Member] {
        switch record {
        case .checkRegistered(let r): definition(r.definition) + standing(r.standing)
        case .checkRevised(let r): definition(r.definition) + standing(r.standing)
        case .checkResumed(let r): standing(r.standing)
        case .checkPinged(let r):
            [JSON.Member("ping", .string(r.ping.kind.word))]
                + (r.ping.exitCode.map { [JSON.Member("exit_code", .number(Int64($0)))] } ?? [])
                + (r.duration.map { [JSON.Member("duration", .string($0.text))] } ?? [])
                + standing(r.standing)
        case .checkLapsed(let r):
            [JSON.Member("lapse", .string(r.lapse.word)), JSON.Member("since", r.since.json)]
                + (r.blackout.isEmpty ? [] : [JSON.Member("blackout", .string(r.blackout))])
                + standing(r.standing)
        case .checkUnwatched(let r):
            [
                JSON.Member("since", r.since.json), JSON.Member("until", r.until.json),
                JSON.Member("deadline", r.deadline.json),
            ] + (r.expected.map { [JSON.Member("expected_at", $0.json)] } ?? [])
        case .pingKeySet(let r): [JSON.Member("scheduler", .number(Int64(r.scheduler)))]
        default: []
        }
    }

    private static func definition(_ packed: [UInt8]) -> [JSON.Member] {
        guard let definition = try? CheckDefinition(packed: packed) else { return [] }
        return definition.name.isEmpty ? [] : [JSON.Member("name", .string(definition.name))]
    }

    private static func standing(_ standing: CheckStanding) -> [JSON.Member] {
        [
            JSON.Member("status", .string(standing.status.word)),
            JSON.Member("expected_at", standing.expected.json),
        ]
    }
}
