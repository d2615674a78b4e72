import Domain

/// Which job of a document is which job of the server: by name, those without a name by schedule and place.
///
/// Where several have the same name, the first goes with the first, so that a document made of such jobs
/// still describes them.
struct Pairing: Equatable {
    /// For each job of the document the index of the server's; nil: there is none.
    var partners: [Int?]
    /// Jobs of the server that no job of the document goes with.
    var others: [Int]

    /// Both lists are of jobs with the same label.
    init(document: [JSON], server: [JSON]) {
        var waiting: [Key: [Int]] = [:]
        for (index, job) in server.enumerated() { waiting[Key(job), default: []].append(index) }
        partners = document.map { job in
            let key = Key(job)
            guard let first = waiting[key]?.first else { return nil }
            waiting[key]?.removeFirst()
            return first
        }
        let taken = Set(partners.compactMap(\.self))
        others = server.indices.filter { !taken.contains($0) }
    }

    private enum Key: Hashable {
        case name(String)
        /// Without what is secret in a URL.
        case call(schedule: JSON, url: String)

        init(_ job: JSON) {
            if let name = job["name"]?.string, !name.isEmpty {
                self = .name(name)
            } else {
                self = .call(schedule: job["schedule"] ?? .null, url: job.plain("callback_url").shownURL)
            }
        }
    }
}
