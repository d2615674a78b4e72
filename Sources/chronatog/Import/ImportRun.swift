import Domain

/// Takes a translation to a server, or shows what that would come to.
struct ImportRun {
    private let translation: Translation
    private let options: ImportCommand.Options
    private let source: String
    private let machineZone: String?

    init(
        _ translation: Translation,
        _ options: ImportCommand.Options,
        source: String,
        machineZone: String?
    ) {
        self.translation = translation
        self.options = options
        self.source = source
        self.machineZone = machineZone
    }

    func run() async throws(CommandFailure) {
        var report = ImportReport(translation, isDryRun: options.dryRun, isJSON: options.json)
        guard !translation.jobs.isEmpty else {
            report.print()
            if translation.refused.isEmpty {
                throw .failed("there is no job in \(source == "-" ? "standard input" : source)")
            }
            throw .negative
        }
        do {
            let address = try ServerAddress.find(options.server.choice, environment: ProcessEnvironment.all)
            var settled: [ImportReport.Settled] = []
            try await ServerConnection.with(address) { (server) async throws(CommandFailure) in
                settled = try await settle(server)
            }
            report.settled = settled
        } catch .failed(let sentences, _) where options.dryRun {
            report.unasked = sentences.joined(separator: "; ")
            report.settled = translation.jobs.map { ImportReport.Settled(job: $0, outcome: .made($0.json)) }
        }
        report.noteZone(machineZone, isGiven: options.zone != nil)
        report.print()
        if report.hasRefusals { throw .negative }
    }

    // MARK: With a server

    private typealias Candidate = (id: String, changes: [String])

    private func settle(_ server: ServerConnection) async throws(CommandFailure) -> [ImportReport.Settled] {
        var existing: [JSON] = []
        try await server.pages("/jobs") { existing.append($0) }
        var outcomes: [ImportReport.Outcome?] = []
        var candidates: [[Candidate]] = []
        for job in translation.jobs {
            do {
                let shown = try await post(job.json, isDryRun: true, server)
                candidates.append(try await likes(of: shown, as: job.json, among: existing, server))
                outcomes.append(nil)
            } catch .asked(let sentences, _) {
                candidates.append([])
                outcomes.append(.refused(sentences))
            }
        }
        for (index, id, changes) in Self.matched(candidates) { outcomes[index] = .there(id, changes) }
        var settled: [ImportReport.Settled] = []
        for (job, outcome) in zip(translation.jobs, outcomes) {
            if let outcome {
                settled.append(.init(job: job, outcome: outcome))
            } else {
                let shown = try await post(job.json, isDryRun: options.dryRun, server)
                settled.append(.init(job: job, outcome: .made(shown)))
            }
        }
        return settled
    }

    private func post(
        _ job: JSON,
        isDryRun: Bool,
        _ server: ServerConnection
    ) async throws(CommandFailure) -> JSON {
        var items = options.scheduler.map { [("scheduler", $0)] } ?? []
        if isDryRun { items.append(("dry_run", "true")) }
        return try await server.request("POST", "\(ServerConnection.api)/jobs\(Query.text(items))", body: job)
    }

    /// Jobs with the same name, schedule and URL. Queries and passwords show as `***`, so the server is asked
    /// whether they are the same.
    private func likes(
        of shown: JSON,
        as job: JSON,
        among existing: [JSON],
        _ server: ServerConnection
    ) async throws(CommandFailure) -> [Candidate] {
        var found: [Candidate] = []
        for other in existing
        where ["name", "schedule", "callback_url"].allSatisfy({ other[$0] == shown[$0] }) {
            guard let id = other["id"]?.identifier else { continue }
            let path = "\(ServerConnection.api)/jobs/\(id)?dry_run=true"
            let changed = try await server.request("PUT", path, body: job)
            let changes = (changed["changes"]?.array ?? []).compactMap(\.string)
            if !changes.contains("callback_url") { found.append((id, changes)) }
        }
        return found
    }

    /// Each job on the server stands for one line at most: first for those it equals, then for those it is
    /// nearest to.
    static func matched(
        _ candidates: [[(id: String, changes: [String])]]
    ) -> [(index: Int, id: String, changes: [String])] {
        var free = candidates
        var matches: [(index: Int, id: String, changes: [String])] = []
        for allowsChanges in [false, true] {
            for index in free.indices where !matches.contains(where: { $0.index == index }) {
                let fitting = free[index].filter { allowsChanges || $0.changes.isEmpty }
                guard let best = fitting.min(by: { $0.changes.count < $1.changes.count }) else { continue }
                matches.append((index, best.id, best.changes))
                for other in free.indices { free[other].removeAll { $0.id == best.id } }
            }
        }
        return matches
    }
}
