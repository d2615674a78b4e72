import Domain
import Journaling
import Simulation
import Testing

/// Every disk operation of a small life fails once, for a moment or for good: all of them, in every run.
struct FaultSweepTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var operation: DiskFault.Operation
        var isPersistent: Bool
        var kind: DiskFault.Kind
        var testDescription: String {
            "\(operation.rawValue), \(isPersistent ? "persistent" : "transient"), \(kind.rawValue)"
        }

        /// Where there may be no room: whatever needs some.
        static let all = DiskFault.Operation.allCases.flatMap { operation in
            let kinds: [DiskFault.Kind] =
                switch operation {
                case .list, .read, .remove: [.inputOutput, .halt]
                case .create, .write, .datasync, .rename, .syncDirectory: [.inputOutput, .noSpace, .halt]
                }
            return kinds.flatMap { kind in
                // A machine that has stopped does nothing more.
                (kind == .halt ? [true] : [false, true]).map {
                    Row(operation: operation, isPersistent: $0, kind: kind)
                }
            }
        }
    }

    @Test(arguments: Row.all)
    func `whichever operation fails, nothing acknowledged is lost`(row: Row) throws {
        let life = try FaultSweep.life.get()
        var fired = 0
        for chapter in 0..<FaultSweep.chapters {
            for number in 1...10_000 {
                let fault = DiskFault(
                    row.operation,
                    number: number,
                    isPersistent: row.isPersistent,
                    kind: row.kind
                )
                let crash: CrashMood? = [nil, .mixed, .losesAll][number % 3]
                do {
                    guard try FaultSweep(fault, crash: crash).run(life, chapter: chapter) else { break }
                } catch {
                    let then = crash.map { "\($0)" } ?? "a kill"
                    Issue.record("chapter \(chapter): \(fault), then \(then): \(error)")
                }
                fired += 1
            }
        }
        #expect(fired > 0)
        print("\(row.testDescription): all \(fired)")
    }

    @Test func `the life that is swept has segments that end and go, snapshots, and alerts that come and go`()
        throws
    {
        let life = try FaultSweep.life.get()
        let names = life.witness.entries.map(\.record.name)
        for name in ["alertOpened", "alertAcknowledged", "alertResolved", "messageDelivered", "jobRemoved"] {
            #expect(names.contains(name), "\(name)")
        }
        let files = life.files.keys.sorted()
        let segments = files.filter { $0.hasSuffix(".seg") }
        let snapshots = files.filter { $0.hasSuffix(".snap") }
        #expect(segments.count > 1 && snapshots.count > 1, "\(life.files)")
        #expect(segments.first != "journal-0000000001.seg", "the oldest is gone")
        print("the swept life: \(names.count) records, \(life.files)")
    }
}
