internal import Cron
internal import Domain
internal import Engine
internal import Journaling

/// One small life, the same every time, in which the N-th disk operation of a kind fails.
///
/// Whatever fails, the outcome is success or a refusal; a start on the repaired disk, after a kill or a power
/// cut, finds everything that was acknowledged.
package struct FaultSweep: Sendable {
    package let fault: DiskFault
    package let crash: CrashMood?

    /// - Parameter crash: what happens to the machine when the process has ended; nil: nothing.
    package init(_ fault: DiskFault, crash: CrashMood?) {
        self.fault = fault
        self.crash = crash
    }

    /// Lives through it. False when the fault never came: the life has fewer operations of the kind.
    package func run() throws -> Bool {
        let world = Simulator(small: UInt64(fault.number))
        world.disk.plan(fault)
        do {
            try world.liveSmallLife()
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
    /// Slots every few seconds, every kind of command, a segment and several snapshots, a restart.
    fileprivate func liveSmallLife() throws {
        try start()
        try pass(.milliseconds(200))
        register("*/2 * * * * *")
        register("@every 7s")
        try pass(.seconds(25))
        pause(JobID(1))
        try pass(.seconds(3))
        resume(JobID(1))
        register("* * * * * *")
        try pass(.seconds(40))
        try stop()
        try start()
        try pass(.seconds(6))
        remove(JobID(2))
        try pass(.seconds(6))
        try stop()
    }

    /// A plain job in Berlin; six fields begin with seconds.
    package func register(_ schedule: String) {
        let target = URLTarget(isTLS: false, host: "a.example", port: 80, path: JobMaker.path)
        var definition = JobDefinition(callback: Callback(target: .url(target)), schedule: [schedule])
        if schedule.hasPrefix("*") { definition.dialect = .seconds }
        definition.zone = "Europe/Berlin"
        ask("jobRegistered", registering: definition)
    }

    fileprivate func recoverFromFault(_ mood: CrashMood?) throws {
        if engine != nil { try crash(power: nil) }
        disk.plan(nil)
        if let mood { cutPower(mood) }
        try start()
        try pass(.seconds(15))
        try checkEverything()
        try stop()
        try start()
        try checkEverything()
        try stop()
    }
}
