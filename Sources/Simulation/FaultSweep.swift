internal import Cron
internal import Domain
internal import Engine
internal import Journaling

/// One small life, the same every time, in which the N-th disk operation of a kind fails.
///
/// Whatever fails, the outcome is success or a refusal; a start on the repaired disk, after a kill or a power
/// cut, finds everything that was acknowledged.
///
/// The life has chapters, each of them one process from its start to its end. The world before each is kept,
/// so that a fault in a late chapter does not cost all the earlier ones again: that is what makes every
/// single operation affordable.
package struct FaultSweep: Sendable {
    package let fault: DiskFault
    package let crash: CrashMood?

    /// - Parameters:
    ///   - fault: counted from the beginning of the chapter.
    ///   - crash: what happens to the machine when the process has ended; nil: nothing.
    package init(_ fault: DiskFault, crash: CrashMood?) {
        self.fault = fault
        self.crash = crash
    }

    /// What the whole life came to, to see that it has everything in it.
    ///
    /// Unchecked because worlds are classes; from here on they are only ever copied, which reads them.
    package struct Life: @unchecked Sendable {
        /// One for each chapter.
        var worlds: [Simulator] = []
        /// Lengths in bytes of the files that it leaves.
        package var files: [String: Int] = [:]
        package var witness = Witness()
    }

    package static var chapters: Int { Simulator.chapters.count }

    /// The life, lived once and undisturbed.
    package static let life = Result { try prepare() }

    private static func prepare() throws -> Life {
        var life = Life()
        let world = Simulator(small: 1)
        for chapter in Simulator.chapters {
            life.worlds.append(world.copy())
            try world.live(chapter)
        }
        for name in try world.disk.list() { life.files[name] = try world.disk.size(of: name) }
        life.witness = world.witness
        return life
    }

    /// Lives through a chapter of it. False when the fault never came: it has fewer operations of the kind.
    package func run(_ life: Life, chapter: Int) throws -> Bool {
        let world = life.worlds[chapter].copy()
        world.disk.plan(fault)
        do {
            try world.live(Simulator.chapters[chapter])
        } catch let violation as Violation {
            // A folder may be refused while its disk fails; nothing else may be wrong.
            guard case .folderRefused = violation, world.disk.faultsFired > 0 else { throw violation }
        }
        guard world.disk.faultsFired > 0 else { return false }
        try world.recoverFromFault(crash)
        return true
    }
}

extension Simulator {
    /// What fills a segment without taking another operation of the disk.
    private static let ballastBytes = 4000

    fileprivate typealias Chapter = @Sendable (Simulator) throws -> Void

    /// Slots every few seconds, every kind of command, alerts told and answered, segments that end and go,
    /// several snapshots.
    fileprivate static let chapters: [Chapter] = [
        { world in
            world.register("*/2 * * * * *", ballastBytes: ballastBytes)
            try world.pass(.seconds(5))
        },
        { world in
            world.register("@every 7s", ballastBytes: ballastBytes)
            world.transport.set(.down, at: "a.example")
            try world.pass(.seconds(8))
            world.acknowledge()
            world.transport.set(.fair, at: "a.example")
            try world.pass(.seconds(4))
        },
        { world in
            world.pause(JobID(1))
            try world.pass(.seconds(3))
            world.resume(JobID(1))
            world.register("* * * * * *", ballastBytes: ballastBytes)
            try world.pass(.seconds(8))
        },
        { world in
            world.testChannel()
            try world.pass(.seconds(5))
            world.remove(JobID(2))
            try world.pass(.seconds(8))
        },
    ]

    fileprivate func live(_ chapter: Chapter) throws {
        try start()
        try pass(.milliseconds(200))
        try chapter(self)
        if engine != nil { try stop() }
    }

    /// A plain job; six fields begin with seconds.
    /// - Parameter ballastBytes: how long its body is.
    package func register(_ schedule: String, ballastBytes: Int = 0) {
        let target = URLTarget(isTLS: false, host: "a.example", port: 80, path: JobMaker.path)
        var definition = JobDefinition(callback: Callback(target: .url(target)), schedule: [schedule])
        if ballastBytes > 0 {
            definition.callback.body = .plain(String(repeating: "x", count: ballastBytes))
        }
        if schedule.hasPrefix("*") { definition.dialect = .seconds }
        definition.zone = "Asia/Kathmandu"
        definition.retry.retries = 0
        ask("jobRegistered", registering: definition)
    }

    fileprivate func recoverFromFault(_ mood: CrashMood?) throws {
        if engine != nil { try crash(power: nil) }
        disk.plan(nil)
        if let mood { cutPower(mood) }
        try start()
        try pass(.seconds(3))
        try stop()
        try start()
        try checkEverything()
        try stop()
    }
}
