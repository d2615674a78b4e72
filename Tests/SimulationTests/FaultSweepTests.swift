import Simulation
import Testing

/// Every disk operation of a small life fails once, for a moment or for good.
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
        var (number, fired) = (1, 0)
        while number < 10_000 {
            let fault = DiskFault(
                row.operation,
                number: number,
                isPersistent: row.isPersistent,
                kind: row.kind
            )
            let crash: CrashMood? = [nil, .mixed, .losesAll][number % 3]
            do {
                guard try FaultSweep(fault, crash: crash).run() else { break }
            } catch {
                Issue.record("\(fault), then \(crash.map { "\($0)" } ?? "a kill"): \(error)")
            }
            fired += 1
            // The first ones all; a suite that has little time takes every so-manieth of the others.
            number += number < 4 ? 1 : Seeds.sweepStep
        }
        #expect(fired > 0)
        print("\(row.testDescription): \(fired) of the first \(number - 1)")
    }
}
