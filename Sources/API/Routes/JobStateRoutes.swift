internal import Domain
internal import Engine

/// What can be done to a job beyond changing it: run it now, pause it, resume it.
enum JobStateRoutes {
    private static let path = "\(RouteTable.prefix)/jobs/{id}"

    static let runPath = "\(path)/run"

    static let all = [
        Route("POST", runPath, .scheduler, "Run a job now; its slots stay as they are", answer: run)
            .with {
                $0.query = [
                    Route.Parameter(
                        "overlap",
                        "allow (the default), cancel, or skip: what an open run means",
                        "allow"
                    )
                ]
                $0.answerStatus = 202
                $0.answerSchema = "Run"
                $0.requestSchema = "Empty"
                $0.isRequestOptional = true
                $0.problems = [.notFound, .conflict, .invalid, .storageFull]
            },
        Route("POST", "\(path)/pause", .scheduler, "Pause a job", answer: pause).with {
            $0.isConditional = true
            $0.requestSchema = "Pause"
            $0.isRequestOptional = true
            $0.answerSchema = "Job"
            $0.problems = [.malformed, .notFound, .conflict, .stale, .invalid, .storageFull]
        },
        Route("POST", "\(path)/resume", .scheduler, "Resume a job", answer: resume).with {
            $0.isConditional = true
            $0.requestSchema = "Resume"
            $0.isRequestOptional = true
            $0.answerSchema = "Job"
            $0.problems = [.malformed, .notFound, .conflict, .stale, .invalid, .storageFull]
        },
        Route(
            "POST",
            "\(path)/catchup:discard",
            .scheduler,
            "Give up slots that wait under catchup=all",
            answer: discard
        )
        .with {
            $0.requestSchema = "Empty"
            $0.isRequestOptional = true
            $0.answerSchema = "Discarded"
            $0.problems = [.notFound, .storageFull]
        },
    ]

    @Sendable private static func run(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body, isOptional: true))
        fields.refuseUnknown(["overlap"])
        var overlap = Overlap.allow
        let choices = Overlap.allCases.map { (word: $0.word, choice: $0) }
        fields.read("overlap", into: &overlap, default: .allow, choices: choices)
        if let word = request.query["overlap"] {
            var query = Fields(.object([JSON.Member("overlap", .string(word))]))
            query.read("overlap", into: &overlap, default: .allow, choices: choices)
            fields.take(faultsOf: query)
        }
        try fields.check()
        let opened = try await site.engine.runNow(try request.jobID(), as: request.caller, overlap: overlap)
        let location = site.url("\(RouteTable.prefix)/runs/\(opened.id)")
        return .json(
            RunHistory(id: opened.id, open: opened.run).json,
            status: 202,
            headers: [("Location", location)]
        )
    }

    @Sendable private static func pause(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body, isOptional: true))
        fields.refuseUnknown(["until", "reason"])
        var until: Timestamp?
        var reason = ""
        fields.read("until", into: &until)
        fields.read("reason", into: &reason, bytesMax: JobLimits.reasonBytesMax)
        try fields.check()
        let view = try await site.engine.pause(
            try request.jobID(),
            as: request.caller,
            until: until,
            reason: reason,
            ifMatch: try request.ifMatch()
        )
        return .object(site.json(view, now: try await site.now()), sequence: view.entry.sequence)
    }

    @Sendable private static func resume(_ site: Site, _ request: APIRequest) async throws -> Reply {
        var fields = Fields(try RequestBody.object(request.body, isOptional: true))
        fields.refuseUnknown(["catchup"])
        var catchup = Catchup.none
        fields.read(
            "catchup",
            into: &catchup,
            default: .none,
            choices: [Catchup.none, .last, .all].map { (word: $0.word, choice: $0) }
        )
        try fields.check()
        let view = try await site.engine.resume(
            try request.jobID(),
            as: request.caller,
            catchup: catchup,
            ifMatch: try request.ifMatch()
        )
        return .object(site.json(view, now: try await site.now()), sequence: view.entry.sequence)
    }

    @Sendable private static func discard(_ site: Site, _ request: APIRequest) async throws -> Reply {
        let count = try await site.engine.discardCatchup(try request.jobID(), as: request.caller)
        return .json(.compact([("discarded", .number(Int64(count)))]))
    }
}
