import ArgumentParser
import Cron
import Domain
import Effects
import Journaling

/// `chronatog journal …`
struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Read the journal: print its records, or check every byte of it.",
        subcommands: [Dump.self, Check.self]
    )

    struct Dump: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dump",
            abstract: "Print records, one JSON object a line.",
            discussion: """
                All of them, or those of a range, a job or a kind:
                  chronatog journal dump --job 12 --kind slotDecided,runClosed
                  chronatog journal dump --from 2026-03-08T00:00:00Z --to 2026-03-09T00:00:00Z
                With --data-dir, reads that folder, which a running server may be using. Otherwise asks the
                running server. Sealed values are masked.
                """
        )

        @OptionGroup var server: ServerOptions
        @Option(help: "The first record: a sequence, or an instant.") var from: String?
        @Option(help: "Stop before this record: a sequence, or an instant.") var to: String?
        @Option(help: "Records about this job.") var job: UInt32?
        @Option(help: "Records of this kind, such as runClosed; several with commas.") var kind: String?
        private static let writeBytes = 1 << 16

        func run() async throws {
            if let folder = server.dataDir { return try dump(folder) }
            let address = try ServerAddress.find(server.choice, environment: ProcessEnvironment.all)
            try await ServerConnection.with(address) { (connection) async throws(CommandFailure) in
                var since: Int64 = 0
                while true {
                    let page = try await connection.bytes(
                        "GET",
                        "\(ServerConnection.api)/journal?since=\(since)\(query)"
                    )
                    StandardStream.output.write(page)
                    guard let last = page.split(separator: UInt8(ascii: "\n")).last,
                        let sequence = try? JSONReader.value(of: Array(last))["sequence"]?.number
                    else { return }
                    since = sequence
                }
            }
        }

        /// The filter as the server takes it.
        private var query: String {
            [
                from.map { "&from=\($0)" }, to.map { "&to=\($0)" }, job.map { "&job=\($0)" },
                kind.map { "&kind=\($0)" },
            ].compactMap { $0 }.joined()
        }

        private func filter() throws(CommandFailure) -> RecordFilter {
            var filter = RecordFilter()
            filter.from = try bound(from)
            filter.to = try bound(to)
            filter.job = job.map { JobID($0) }
            for word in (kind ?? "").split(separator: ",").map(String.init) {
                guard let kind = RecordKind(name: word) else {
                    let hint = NearestWord.hint(for: word, in: RecordKind.allCases.map(\.name))
                    throw .asked("there is no kind of record \"\(word)\"\(hint)")
                }
                filter.kinds.insert(kind)
            }
            return filter
        }

        private func bound(_ text: String?) throws(CommandFailure) -> RecordFilter.Bound? {
            guard let text else { return nil }
            if let number = UInt64(text) { return .sequence(Sequence(number)) }
            guard let instant = Moments.instant(text) else {
                throw .asked("\"\(text)\" is neither a sequence nor an instant")
            }
            return .time(instant)
        }

        private func dump(_ folder: String) throws {
            let filter = try filter()
            var out: [UInt8] = []
            let inspection = try JournalCommand.inspection(of: folder)
            do throws(JournalError) {
                try inspection.dump(filter) { (line) throws(JournalError) in
                    out += line
                    if out.count >= Dump.writeBytes {
                        StandardStream.output.write(out)
                        out.removeAll(keepingCapacity: true)
                    }
                    return .next
                }
            } catch {
                // What is whole comes out before the complaint.
                StandardStream.output.write(out)
                throw CommandFailure.failed(error.description, hint: error.hint)
            }
            StandardStream.output.write(out)
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Verify every segment and snapshot; names the place of the first damage.",
            discussion: "Exit status 0 if all is well (a torn end is), 1 if not."
        )

        @Option(help: "The data folder.")
        var dataDir: String = ProcessEnvironment.value(ClientVariables.dataFolder) ?? "./data"

        func run() throws {
            let progress = Progress("checking \(dataDir)")
            defer { progress.end() }
            let report: Inspection.Report
            do {
                report = try JournalCommand.inspection(of: dataDir).check()
            } catch let error as JournalError {
                throw CommandFailure.failed(error.description, hint: error.hint)
            }
            progress.end()
            StandardStream.output.write(JournalCommand.text(report))
            if !report.isSound { throw CommandFailure.negative }
        }
    }

    static func inspection(of folder: String) throws(CommandFailure) -> Inspection {
        do {
            return Inspection(disk: try LiveDisk(directory: folder, access: .readOnly))
        } catch {
            throw .failed("\(error)", hint: "give the data folder with --data-dir")
        }
    }

    private static func text(_ report: Inspection.Report) -> String {
        var text = ""
        for finding in report.findings {
            let word = finding.gravity == .damage ? "DAMAGE" : "note"
            text +=
                "\(word)  \(finding.file) at byte \(finding.offset): \(finding.what)\n"
                + "        \(finding.remedy)\n"
        }
        let range = report.records == 0 ? "" : ", sequence \(report.firstSequence) to \(report.lastSequence)"
        text += "\(report.segments) segments, \(report.frames) frames, \(report.records) records\(range), "
        text += "\(report.bytes) bytes, \(report.snapshots.count) snapshots\n"
        return text + (report.isSound ? "sound\n" : "not sound\n")
    }
}
