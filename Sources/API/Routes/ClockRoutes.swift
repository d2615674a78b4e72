internal import Domain
internal import Engine
internal import Streaming

/// `clock`: what time it is, and, with `--ephemeral`, what time it is to be.
enum ClockRoutes {
    private static let path = "\(RouteTable.prefix)/clock"
    private static let speedMax: Int64 = 1_000_000

    static let all = [
        Route("GET", path, .scheduler, "The server's clock", answer: read).with { $0.answerSchema = "Clock" },
        Route("POST", path, .operatorOnly, "Drive the clock (--ephemeral only)", answer: drive).with {
            $0.requestSchema = "ClockRequest"
            $0.answerSchema = "Clock"
            $0.problems = [.malformed, .conflict, .invalid]
        },
    ]

    @Sendable private static func read(_ site: Site, _ request: APIRequest) async throws -> Reply {
        .json(json(try await site.engine.clock()))
    }

    @Sendable private static func drive(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let commands = try commands(try RequestBody.object(request.body))
        var state = try await site.engine.clock()
        guard state.isDrivable else {
            throw Problem(
                .conflict,
                "This server follows the machine's clock; start it with --ephemeral to drive it."
            )
        }
        for command in commands { state = try await site.engine.drive(command) }
        return .json(json(state))
    }

    /// One or several at once, carried out in this order: freeze, set, speed, advance; thawing comes last.
    private static func commands(_ body: JSON) throws -> [ClockCommand] {
        var fields = Fields(body)
        let known = ["advance", "set", "freeze", "speed"]
        fields.refuseUnknown(known)
        var (set, advance, speed, freeze): (Timestamp?, Span, Int64, Bool) = (nil, .zero, 1, false)
        fields.read("set", into: &set)
        fields.read("advance", into: &advance, default: .zero)
        fields.read("speed", into: &speed, default: 1, within: 1...speedMax)
        fields.read("freeze", into: &freeze)
        if !known.contains(where: { fields.has($0) }), fields.faults.isEmpty {
            fields.fault(
                "advance",
                "or set, freeze or speed: one has to be given",
                hint: "{\"advance\": \"1h\"}"
            )
        }
        try fields.check()
        var commands: [ClockCommand] = []
        if fields.value("freeze") != nil, freeze { commands.append(.freeze(true)) }
        if let set { commands.append(.set(set)) }
        if fields.value("speed") != nil { commands.append(.speed(speed)) }
        if fields.value("advance") != nil { commands.append(.advance(advance)) }
        if fields.value("freeze") != nil, !freeze { commands.append(.freeze(false)) }
        return commands
    }

    private static func json(_ state: ClockState) -> JSON {
        .object([
            JSON.Member("now", state.now.json),
            JSON.Member("frozen", .bool(state.isFrozen)),
            JSON.Member("speed", .number(state.speed)),
        ])
    }
}
