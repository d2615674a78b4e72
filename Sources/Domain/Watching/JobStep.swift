/// One thing that a job does when it runs.
///
/// A step is a kind and named texts with templates in them: the table `JobStep.Kind.fields` says which there
/// are, and everything that reads, writes, checks and packs steps goes by it.
package struct JobStep: Sendable, Hashable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Looks something up and binds it to a name.
        case enrich = 1
        case slack = 2
        case pagerDuty = 3
        case http = 4
        /// Opens or resolves an alert of the job's own.
        case alert = 5
        /// Writes a line into the run's record.
        case note = 6

        package var word: String {
            switch self {
            case .enrich: "enrich"
            case .slack: "slack"
            case .pagerDuty: "pagerduty"
            case .http: "http"
            case .alert: "alert"
            case .note: "note"
            }
        }

        package init?(word: String) {
            guard let found = Kind.allCases.first(where: { $0.word == word }) else { return nil }
            self = found
        }
    }

    /// A text of a step. Of an object's members, each is one: `headers.Accept`.
    package struct Text: Sendable, Hashable {
        package var name: String
        /// What may be shown; of a secret its mask.
        package var text: String

        package init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
        }
    }

    package var kind: Kind
    /// What it is for; empty for whatever starts the run.
    package var on: [SourceHappening.Kind] = []
    package var texts: [Text]
    /// The texts whose masks stand in `texts`, as a JSON object by name.
    package var secrets: Sealed?

    package init(_ kind: Kind, _ texts: [Text] = []) {
        self.kind = kind
        self.texts = texts
    }

    /// nil when it is not given.
    package subscript(_ name: String) -> String? { texts.first { $0.name == name }?.text }

    /// Whether it is for a run that began like this; by hand or by schedule it is for all.
    package func isFor(_ kind: SourceHappening.Kind?) -> Bool {
        on.isEmpty || kind.map { on.contains($0) } ?? true
    }

    /// The channel that it tells; nil for steps that need none.
    package var channel: String? {
        switch kind {
        case .slack, .pagerDuty: self["channel"] ?? kind.word
        case .enrich, .http, .alert, .note: nil
        }
    }
}

extension JobStep {
    /// A field that a kind of step may have.
    package struct Field: Sendable {
        package enum Shape: Sendable {
            /// Text with templates.
            case text
            /// One of these words; the first is the default.
            case word([String])
            /// A text that names something and holds no templates.
            case name
            /// An absolute URL; its query and user information are secrets.
            case url
            /// An object of texts.
            case texts
            /// An object of texts that are secrets.
            case secretTexts
        }

        package let name: String
        package let shape: Shape
        package let isRequired: Bool

        init(_ name: String, _ shape: Shape, isRequired: Bool = false) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
        }
    }
}

extension JobStep.Kind {
    package var fields: [JobStep.Field] {
        switch self {
        case .enrich:
            [
                .init("get", .name, isRequired: true), .init("as", .name, isRequired: true),
                .init("base_url", .url), .init("headers", .secretTexts),
            ]
        case .slack: [.init("text", .text), .init("channel", .name)]
        case .pagerDuty:
            [
                .init("action", .word(["trigger", "acknowledge", "resolve"]), isRequired: true),
                .init("key", .text), .init("description", .text),
                .init("severity", .word(["error", "critical", "warning", "info"])), .init("details", .texts),
                .init("client", .text), .init("client_url", .text), .init("links", .texts),
                .init("images", .texts), .init("channel", .name),
            ]
        case .http:
            [
                .init("url", .url, isRequired: true), .init("method", .name), .init("headers", .secretTexts),
                .init("body", .text),
            ]
        case .alert:
            [
                .init("key", .text, isRequired: true), .init("action", .word(["open", "resolve"])),
                .init("title", .text), .init("severity", .word(AlertSeverity.allCases.map(\.word))),
            ]
        case .note: [.init("text", .text, isRequired: true)]
        }
    }
}

/// What a step did, in the record that ends the run.
package struct StepReport: Sendable, Hashable {
    /// Its place among the job's steps, from 0.
    package var index: UInt8
    package var kind: JobStep.Kind
    package var isDone: Bool
    /// What came of it, or why nothing did.
    package var note: String
    /// The message that it handed over; zero for none.
    package var message = MessageID.zero

    package init(index: UInt8, kind: JobStep.Kind, isDone: Bool, note: String) {
        self.index = index
        self.kind = kind
        self.isDone = isDone
        self.note = note
    }

    package var json: JSON {
        .compact([
            ("step", .number(Int64(index))), ("kind", .string(kind.word)), ("done", .bool(isDone)),
            ("note", note.isEmpty ? nil : .string(note)),
            ("message", message == .zero ? nil : .string("\(message)")),
        ])
    }
}
