import API
import Cron
import Domain

@testable import chronatog

/// What other programs' files and command lines are made into: a crontab, or one command, as the first byte
/// says.
enum ImportBytes {
    static func feed(_ bytes: [UInt8]) throws(BrokenProperty) {
        var choices = Choices(bytes)
        let choice = choices.byte()
        let text = choices.text
        guard choice & 1 == 0 else {
            return try feedCommand(text, input: choice & 2 == 0 ? nil : "{\"from\":\"standard input\"}\n")
        }
        let crontab = Crontab(text, hasUserColumn: choice & 2 != 0)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count
        let translation = Translation(crontab, adding: Translation.Additions())
        try BrokenProperty.check(
            translation.jobs.count + translation.refused.count <= lines,
            "more jobs and refusals than lines"
        )
        for remark in translation.refused {
            try BrokenProperty.check(
                remark.reasons.contains { !$0.isEmpty },
                "line \(remark.text): no reason"
            )
        }
        for entry in crontab.entries {
            try BrokenProperty.check(
                (try? Schedule(entry.schedule)) != nil,
                "\(entry.schedule) is no schedule and was taken for one"
            )
        }
        for job in translation.jobs {
            let again = try? JSONReader.value(of: job.json.text)
            try BrokenProperty.check(
                again?.text == job.json.text,
                "\(job.json.text) is not what the server reads"
            )
        }
    }

    private static func feedCommand(_ text: String, input: String?) throws(BrokenProperty) {
        let call: ImportedCall
        do throws(Untranslatable) {
            call = try ImportedCommand.call(text, input: input)
        } catch {
            return try BrokenProperty.check(error.reasons.contains { !$0.isEmpty }, "a refusal says why")
        }
        let url = call.url.lowercased()
        try BrokenProperty.check(
            url.hasPrefix("http://") || url.hasPrefix("https://"),
            "\(url) is no web call"
        )
        try BrokenProperty.check(
            call.url.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f },
            "control characters in \(url)"
        )
        for header in call.headers {
            let refusal = HeaderRules.refusal(name: header.name, value: header.value)
            try BrokenProperty.check(refusal == nil, "the header \(header.name) \(refusal ?? "")")
        }
        for text in [call.url, call.body] + call.headers.map(\.value) {
            try BrokenProperty.check(TemplateText.names(in: text).isEmpty, "\(text) would be filled in")
        }
    }
}
