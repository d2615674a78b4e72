import FoundationEssentials
import Synchronization

/// A client that remembers what it was told, and what it asked without being told anything.
///
/// Each has jobs of its own, so that what is there after a crash can be held against one memory: an answer
/// binds the server, a request without an answer may have happened or not.
final class Customer: Sendable {
    enum State: String, Sendable {
        case active, paused, gone
    }

    fileprivate struct Memory {
        var random: SplitMix
        var requests = 0
        var jobs: [String: Job] = [:]
        /// Names of jobs that were asked for when the server went away.
        var unanswered: Set<String> = []
        /// Runs that were acknowledged, by job.
        var runs: [String: [String]] = [:]
        var complaints: [String] = []
        var counts = Counts()
    }

    fileprivate struct Job {
        var name: String
        var state: State
        /// What it is as well, perhaps: a request was in flight at the crash.
        var maybe: State?
        var isBusy: Bool
    }

    struct Counts: Sendable {
        var added = 0, paused = 0, resumed = 0, deleted = 0, run = 0, lost = 0
        var acknowledged: Int { added + paused + resumed + deleted + run }
    }

    private let name: String
    private let target: RecordingTarget
    private let memory: Mutex<Memory>
    private static let jobsMax = 12
    private static let busyMax = 2

    init(_ name: String, target: RecordingTarget, seed: UInt64) {
        self.name = name
        self.target = target
        memory = Mutex(Memory(random: SplitMix(state: seed)))
    }

    var counts: Counts { memory.withLock { $0.counts } }
    /// What the server did that it had promised not to do.
    var complaints: [String] { memory.withLock { $0.complaints } }

    // MARK: Asking

    /// One request after the other until the server is gone.
    func ask(_ api: APIClient) throws {
        for _ in 0..<10_000 {
            do {
                try askOnce(api)
            } catch is APIClient.Lost {
                memory.withLock { $0.counts.lost += 1 }
                return
            }
        }
    }

    private func askOnce(_ api: APIClient) throws {
        let (choice, job) = memory.withLock { memory -> (Int, (id: String, job: Job)?) in
            let live = memory.jobs.filter { $0.value.state != .gone }.sorted { $0.key < $1.key }
            let choice = memory.random.below(10)
            guard !live.isEmpty, choice > 3 || live.count >= Self.jobsMax else { return (0, nil) }
            let (id, job) = live[memory.random.below(live.count)]
            return (max(choice, 4), (id, job))
        }
        guard let (id, job) = job else { return try add(api) }
        switch (choice, job.state) {
        case (4, _): try delete(id, api)
        case (8..., _) where !job.isBusy: try run(id, api)
        case (_, .active): try move(id, to: .paused, "pause", api)
        default: try move(id, to: .active, "resume", api)
        }
    }

    private func add(_ api: APIClient) throws {
        let (job, isBusy) = memory.withLock { memory in
            memory.requests += 1
            let busy = memory.jobs.values.filter { $0.isBusy && $0.state != .gone }.count
            let isBusy = busy < Self.busyMax
            let job = "\(name)n\(memory.requests)\(isBusy ? "busy" : "")"
            memory.unanswered.insert(job)
            return (job, isBusy)
        }
        let id = try isBusy ? api.add(job, everySecondTo: target) : api.addIdle(job, to: target)
        memory.withLock { memory in
            memory.unanswered.remove(job)
            memory.counts.added += 1
            if let former = memory.jobs[id] {
                memory.complaints.append("id \(id) was given to \(former.name) and to \(job)")
            }
            memory.jobs[id] = Job(name: job, state: .active, isBusy: isBusy)
        }
    }

    private func delete(_ id: String, _ api: APIClient) throws {
        memory.withLock { $0.jobs[id]?.maybe = .gone }
        let (status, body) = try api.send("DELETE", "jobs/\(id)")
        memory.withLock { memory in
            memory.settle(id, .gone, ifTrue: status == 200, "DELETE: \(status)", body)
            memory.counts.deleted += 1
        }
    }

    private func move(_ id: String, to state: State, _ verb: String, _ api: APIClient) throws {
        memory.withLock { $0.jobs[id]?.maybe = state }
        let (status, body) = try api.send("POST", "jobs/\(id)/\(verb)")
        memory.withLock { memory in
            memory.settle(id, state, ifTrue: status == 200, "\(verb): \(status)", body)
            if state == .paused { memory.counts.paused += 1 } else { memory.counts.resumed += 1 }
        }
    }

    private func run(_ id: String, _ api: APIClient) throws {
        struct Opened: Decodable { let id: String }
        let (status, body) = try api.send("POST", "jobs/\(id)/run")
        let opened = try? JSONDecoder().decode(Opened.self, from: Data(body))
        memory.withLock { memory in
            if status == 202, let opened {
                memory.runs[id, default: []].append(opened.id)
                memory.counts.run += 1
            } else {
                memory.complaints.append("run of \(id): \(status) \(String(decoding: body, as: UTF8.self))")
            }
        }
    }

    // MARK: Comparing

    /// Holds what is there against the memory, and takes note of what the crash decided.
    ///
    /// - Parameter listed: all jobs of the server.
    func compare(with listed: [Listed]) {
        let own = listed.filter { $0.name.hasPrefix("\(name)n") }
        memory.withLock { memory in
            var found: [String: Listed] = [:]
            for job in own {
                if found.updateValue(job, forKey: job.id) != nil {
                    memory.complaints.append("\(job.id) twice")
                }
                if memory.jobs[job.id] == nil { memory.adopt(job) }
            }
            for id in memory.jobs.keys.sorted() { memory.compare(id, with: found[id]) }
            memory.unanswered.removeAll()
        }
    }

    /// Every acknowledged run of a job that is still there.
    func compareRuns(_ api: APIClient) throws {
        struct Opened: Decodable { let id: String }
        for (job, runs) in memory.withLock({ $0.runs }) {
            guard memory.withLock({ $0.jobs[job]?.state }) != .gone else { continue }
            let listed = Set(try api.list(Opened.self, "jobs/\(job)/runs?limit=10000").map(\.id))
            let missing = runs.filter { !listed.contains($0) }
            if !missing.isEmpty {
                memory.withLock { $0.complaints.append("runs \(missing) of job \(job) are missing") }
            }
        }
    }

    /// Ends all pauses, so that every slot is decided.
    func resumeAll(_ api: APIClient) throws {
        let paused = memory.withLock { $0.jobs.filter { $0.value.state == .paused }.keys.sorted() }
        for id in paused { try move(id, to: .active, "resume", api) }
    }
}

extension Customer.Memory {
    /// An answer came: from here on it has to hold.
    fileprivate mutating func settle(
        _ id: String,
        _ state: Customer.State,
        ifTrue isDone: Bool,
        _ answer: String,
        _ body: [UInt8]
    ) {
        jobs[id]?.maybe = nil
        if isDone {
            jobs[id]?.state = state
        } else {
            complaints.append("job \(id): \(answer) \(String(decoding: body, as: UTF8.self))")
        }
    }

    /// A job nobody was told of: asked for, at least.
    fileprivate mutating func adopt(_ job: Listed) {
        if unanswered.remove(job.name) == nil {
            complaints.append("job \(job.id), \(job.name), was never asked for")
        }
        jobs[job.id] = Customer.Job(name: job.name, state: .active, isBusy: job.name.hasSuffix("busy"))
    }

    fileprivate mutating func compare(_ id: String, with found: Listed?) {
        guard var job = jobs[id] else { return }
        let state = found.flatMap { Customer.State(rawValue: $0.state) } ?? .gone
        if state != job.state, state != job.maybe {
            let maybe = job.maybe.map { " or \($0)" } ?? ""
            complaints.append("job \(id), \(job.name), is \(state); acknowledged was \(job.state)\(maybe)")
        }
        if let found, found.name != job.name {
            complaints.append("job \(id) was \(job.name), is \(found.name)")
        }
        job.state = state
        job.maybe = nil
        jobs[id] = job
    }
}
