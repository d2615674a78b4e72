import ArgumentParser
import Domain

/// `chronatog export [FILE|-]`
struct ExportCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all jobs as one JSON document that `apply` takes. Secrets stay behind, as ***.",
        discussion: """
            chronatog export jobs.json --label site
            Jobs stand in order of name, without fields that are at their default, so
            that the file can be kept under version control. Finished jobs are left out.
            """
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "The file to write, or - for standard output.") var file: String = "-"
    @Option(help: "Only jobs with this label; the document then carries it.") var label: String?

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        var jobs: [JSON] = []
        var (finished, paused): ([String], [String]) = ([], [])
        try await server.pages("/jobs", query: label.map { [("label", $0)] } ?? []) { job in
            // The server makes its own.
            if job["callback_url"]?.string == CallTarget.billingPath { return }
            if job["state"]?.string == "paused" { paused.append(ApplyReport.title(of: job)) }
            if job["state"]?.string == "finished" {
                finished.append(ApplyReport.title(of: job))
            } else {
                jobs.append(job)
            }
        }
        let document = JobDocument(shown: jobs, label: label)
        try NamedText.write(document.json.pretty + "\n", to: file)
        if file != "-" { StandardStream.error.line("\(jobs.count) jobs written to \(file)") }
        tell("left out, because they are finished", finished)
        tell("paused now, which a document does not say", paused)
        tellSecrets(of: document.jobs)
    }

    private func tell(_ what: String, _ names: [String]) {
        if !names.isEmpty { StandardStream.error.line("\(what): \(names.joined(separator: ", "))") }
    }

    private func tellSecrets(of jobs: [JSON]) {
        var table = TextTable(["ID", "NAME", "SECRETS"])
        for job in jobs {
            let fields = Masked.fields(of: job)
            if !fields.isEmpty {
                table.add([job.plain("id"), job.plain("name"), fields.joined(separator: ", ")])
            }
        }
        guard !table.isEmpty else { return }
        StandardStream.error.write(
            """

            Secrets are not exported. Applied to this server, *** keeps the secret that is there; anywhere
            else these have to be written in first:
            \(table.text())
            """
        )
    }
}

/// `chronatog apply FILE|-`
struct ApplyCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the jobs with a label what a document says.",
        discussion: """
            chronatog apply jobs.json --dry-run
            Jobs are matched by label and name. Jobs without the label are never
            touched. Nothing happens when anything in the document is wrong.
            """
    )

    @OptionGroup var server: ServerOptions
    @Argument(help: "The document, or - for standard input.") var file: String
    @Flag(help: "Remove jobs with the label that the document does not name.") var prune = false
    @Flag(help: "Only print what would be done, and the runs gained and lost.") var dryRun = false
    @Option(help: "The label, instead of the document's own.") var label: String?
    @Option(help: "The scheduler that new jobs go to.") var scheduler: String?
    @Flag(help: "Print JSON.") var json = false

    func run(asking server: ServerConnection) async throws(CommandFailure) {
        let document = try JobDocument(try NamedText.read(file), label: label)
        guard let label = document.label else {
            throw .asked(
                "the document names no label, and only jobs with one are touched",
                hint: "give --label NAME, or write \"label\": \"NAME\" into it"
            )
        }
        let apply = JobApply(
            document: document,
            label: label,
            prunes: prune,
            scheduler: scheduler,
            server: server
        )
        var (deeds, report) = try await apply.plan(isDryRun: dryRun)
        if !dryRun { report.created = try await apply.perform(deeds) }
        StandardStream.output.write(json ? report.json.pretty + "\n" : report.text)
    }
}
