import API
import Cron
import Domain

/// Jobs as one JSON document, to be kept beside the code that they call: what `export` writes and `apply`
/// reads.
///
/// `{"chronatog": 1, "label": "…", "defaults": {…}, "jobs": [{…}, …]}`. A job has the fields of `POST jobs`;
/// those it leaves out come from `defaults`, and else are the server's. The label stands once, above, not in
/// each job.
struct JobDocument: Equatable {
    static let version: Int64 = 1

    var label: String?
    /// Whole: with what `defaults` says, and the label.
    var jobs: [JSON]

    /// What an export takes for granted, written out so that the document means the same on every server.
    static let defaults: [JSON.Member] = [.init("zone", .string("UTC")), .init("dst", .string("vixie"))]

    // MARK: Reading

    /// - Parameter label: instead of the document's own.
    init(_ text: String, label: String? = nil) throws(CommandFailure) {
        let value: JSON
        do { value = try JSONReader.value(of: text) } catch {
            throw .asked("the document is \(error.sentence)")
        }
        guard case .object(let members) = value else { throw .asked("the document is not a JSON object") }
        var faults: [String] = []
        let known = ["chronatog", "label", "defaults", "jobs"]
        for member in members where !known.contains(member.key) {
            faults.append(
                "\(member.key) is not part of a document\(NearestWord.hint(for: member.key, in: known))"
            )
        }
        if value["chronatog"]?.number != Self.version {
            faults.append("the document has to say \"chronatog\": \(Self.version), the version of its form")
        }
        let own = value["label"] ?? .null
        if own != .null, own.string == nil { faults.append("label is not a string") }
        self.label = label ?? own.string
        let defaults = value["defaults"] ?? .object([])
        if case .object = defaults {} else { faults.append("defaults is not an object") }
        guard case .array(let values)? = value["jobs"] else {
            throw .asked(faults + ["jobs is missing: a list of jobs"], hint: nil)
        }
        jobs = []
        for (index, job) in values.enumerated() {
            guard case .object = job else {
                faults.append("jobs[\(index)] is not an object")
                continue
            }
            jobs.append(Self.whole(job, defaults, label: self.label))
        }
        guard faults.isEmpty else { throw .asked(faults, hint: nil) }
    }

    private static func whole(_ job: JSON, _ defaults: JSON, label: String?) -> JSON {
        guard case .object(var members) = job, case .object(let others) = defaults else { return job }
        members += others.filter { job[$0.key] == nil }
        guard let label else { return .object(members) }
        let place = members.firstIndex { $0.key == "labels" }
        // What is no list is left for the server to refuse.
        if let place, case .array(let labels) = members[place].value {
            members[place].value = .array(labels + [.string(label)])
        } else if place == nil || place.map({ members[$0].value == .null }) == true {
            members.removeAll { $0.key == "labels" }
            members.append(.init("labels", .array([.string(label)])))
        }
        return .object(members)
    }

    // MARK: Writing

    /// - Parameter shown: jobs as the server shows them.
    init(shown: [JSON], label: String?) {
        self.label = label
        let rows = shown.map { (job: $0, name: $0.plain("name"), id: Int64($0.plain("id")) ?? 0) }
        jobs = rows.sorted { ($0.name, $0.id) < ($1.name, $1.id) }.map(\.job)
    }

    /// The document, jobs in order of name and then of age, fields in order, those at their default left out.
    var json: JSON {
        .compact([
            ("chronatog", .number(Self.version)), ("label", label.map { .string($0) }),
            ("defaults", .object(Self.defaults)), ("jobs", .array(jobs.map(written))),
        ])
    }

    private func written(_ job: JSON) -> JSON {
        .object(
            Self.standard.compactMap { standard in
                guard let value = job[standard.key] else { return nil }
                return written(value, standard, in: job).map { JSON.Member(standard.key, $0) }
            }
        )
    }

    /// Every field of a job that says nothing but when and where.
    private static let standard: [JSON.Member] =
        JobDefinition(callback: Callback(target: .sink("")), schedule: []).shown

    /// nil: at its default.
    private func written(_ value: JSON, _ standard: JSON.Member, in job: JSON) -> JSON? {
        switch standard.key {
        case "callback_url", "schedule": return value
        case "method": return value.string == (job["body"]?.string == nil ? "GET" : "POST") ? nil : value
        case "catchup":
            let isOneShot = job["schedule"]?.string?.hasPrefix("@at") ?? false
            return value.string == (isOneShot ? Catchup.all : .last).word ? nil : value
        case "labels":
            let others = (value.array ?? []).filter { $0.string != label }
            return others.isEmpty ? nil : .array(others)
        default: break
        }
        if value == standard.value { return nil }
        guard case .object(let members) = value, case .object(let defaults) = standard.value,
            !defaults.isEmpty
        else { return value }
        return .object(members.filter { member in !defaults.contains(member) })
    }
}

/// Secrets of a job, which are shown as `***`.
enum Masked {
    static let text = "***"

    /// Which fields of a shown job hold one: `headers.X-Key`.
    static func fields(of job: JSON) -> [String] {
        var fields: [String] = []
        let url = job.plain("callback_url")
        if url.contains(":\(text)@") || url.firstIndex(of: "?").map({ url[$0...].contains(text) }) == true {
            fields.append("callback_url")
        }
        if case .object(let headers)? = job["headers"] {
            fields += headers.filter { $0.value.string == text }.map { "headers.\($0.key)" }
        }
        if job["body"]?.string == text, job["body_secret"]?.bool == true { fields.append("body") }
        return fields
    }
}
