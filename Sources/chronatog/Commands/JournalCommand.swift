import ArgumentParser
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
            abstract: "Print all records, one JSON object a line.",
            discussion: """
                With --data-dir, reads that folder, which a running server may be using. Otherwise asks the
                running server. Sealed values are masked.
                """
        )

        @OptionGroup var server: ServerOptions
        private static let writeBytes = 1 << 16

        func run() async throws {
            if let folder = server.dataDir { return try dump(folder) }
            let address = try ServerAddress.find(server.choice, environment: ProcessEnvironment.all)
            try await ServerConnection.with(address) { (connection) async throws(CommandFailure) in
                var since: Int64 = 0
                while true {
                    let page = try await connection.bytes(
                        "GET",
                        "\(ServerConnection.api)/journal?since=\(since)"
                    )
                    StandardStream.output.write(page)
                    guard let last = page.split(separator: UInt8(ascii: "\n")).last,
                        let sequence = try? JSONReader.value(of: Array(last))["sequence"]?.number
                    else { return }
                    since = sequence
                }
            }
        }

        private func dump(_ folder: String) throws {
            var out: [UInt8] = []
            let inspection = try JournalCommand.inspection(of: folder)
            do throws(JournalError) {
                try inspection.dump { (line) throws(JournalError) in
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

    private static func inspection(of folder: String) throws(CommandFailure) -> Inspection {
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
