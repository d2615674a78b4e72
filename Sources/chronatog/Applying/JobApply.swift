import Cron
import Domain

/// Makes the jobs with one label what a document says.
///
/// First every job is tried without being recorded (`dry_run`), so that nothing happens when anything is
/// wrong; then the report is told; then the deeds are done.
struct JobApply {
    let document: JobDocument
    let label: String
    let prunes: Bool
    let scheduler: String?
    let server: ServerConnection

    enum Deed {
        case create(JSON)
        case change(id: String, JSON)
        case remove(id: String)
    }

    /// What has to be done, and how it is told.
    func plan(isDryRun: Bool) async throws(CommandFailure) -> (deeds: [Deed], report: ApplyReport) {
        var existing: [JSON] = []
        try await server.pages("/jobs", query: [("label", label)]) { existing.append($0) }
        let clock = try await server.request("GET", "\(ServerConnection.api)/clock")
        guard let now = clock["now"]?.string.flatMap({ Instant(rfc3339: $0) }) else {
            throw .failed("the server did not say what time it is")
        }
        var report = ApplyReport(label: label, isDryRun: isDryRun, forecast: RunForecast(from: now))
        let pairing = Pairing(document: document.jobs, server: existing)
        var deeds = try await tried(pairing, existing, &report)
        for index in pairing.others {
            let job = existing[index]
            // What is over does nothing any more, and no document has to name it.
            guard job["state"]?.string != "finished", let id = job["id"]?.identifier else { continue }
            guard prunes else {
                report.unnamed.append(job)
                continue
            }
            report.removed.append(job)
            report.forecast.add(ApplyReport.title(of: job), old: job, new: nil)
            deeds.append(.remove(id: id))
        }
        try await findNamesakes(&report)
        return (deeds, report)
    }

    /// Asks what each job of the document would be.
    private func tried(
        _ pairing: Pairing,
        _ existing: [JSON],
        _ report: inout ApplyReport
    ) async throws(CommandFailure) -> [Deed] {
        var deeds: [Deed] = []
        var faults: [String] = []
        for (index, job) in document.jobs.enumerated() {
            let partner = pairing.partners[index].map { existing[$0] }
            let id = partner?["id"]?.identifier
            do {
                let shown = try await send(job, over: id, isDryRun: true)
                let title = ApplyReport.title(of: shown)
                if let partner, let id {
                    if shown["changes"] == .array([]) {
                        report.unchanged += 1
                        continue
                    }
                    report.changed.append(ApplyReport.Change(old: partner, new: shown))
                    deeds.append(.change(id: id, job))
                } else {
                    report.created.append(shown)
                    deeds.append(.create(job))
                }
                report.forecast.add(title, old: partner, new: shown)
            } catch .asked(let sentences, _) {
                let name = job["name"]?.string.map { " (\"\($0)\")" } ?? ""
                faults += sentences.map { "jobs[\(index)]\(name): \($0)" }
            }
        }
        guard faults.isEmpty else { throw .asked(faults, hint: "nothing was changed") }
        return deeds
    }

    private func send(_ job: JSON, over id: String?, isDryRun: Bool) async throws(CommandFailure) -> JSON {
        var items = isDryRun ? [("dry_run", "true")] : []
        let path = "\(ServerConnection.api)/jobs"
        if let id { return try await server.request("PUT", "\(path)/\(id)\(Query.text(items))", body: job) }
        if let scheduler { items.append(("scheduler", scheduler)) }
        return try await server.request("POST", path + Query.text(items), body: job)
    }

    /// Jobs that somebody made by hand before they were put into a document would be there twice.
    private func findNamesakes(_ report: inout ApplyReport) async throws(CommandFailure) {
        let names = Set(report.created.compactMap { $0["name"]?.string }.filter { !$0.isEmpty })
        guard !names.isEmpty else { return }
        var found: [JSON] = []
        try await server.pages("/jobs") { job in
            let isLabelled = job["labels"]?.array?.contains(.string(label)) ?? false
            if !isLabelled, names.contains(job.plain("name")) { found.append(job) }
        }
        report.namesakes = found
    }

    /// - Returns: the jobs that were made, in the order of the report.
    func perform(_ deeds: [Deed]) async throws(CommandFailure) -> [JSON] {
        var made: [JSON] = []
        for (index, deed) in deeds.enumerated() {
            do {
                switch deed {
                case .create(let job): made.append(try await send(job, over: nil, isDryRun: false))
                case .change(let id, let job): _ = try await send(job, over: id, isDryRun: false)
                case .remove(let id):
                    _ = try await server.request("DELETE", "\(ServerConnection.api)/jobs/\(id)")
                }
            } catch {
                let done = "\(index) of \(deeds.count) changes were made; applying the document again goes on"
                switch error {
                case .failed(let sentences, _), .asked(let sentences, _):
                    throw .failed(sentences, hint: done)
                case .negative: throw error
                }
            }
        }
        return made
    }
}
