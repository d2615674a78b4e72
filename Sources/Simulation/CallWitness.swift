internal import Domain
internal import Journaling

/// Holds calls against the records that announced them, and keys against what they stand for.
struct CallWitness: Sendable {
    /// What a delivery is: all its attempts carry one key, and no other delivery's.
    private enum Delivery: Hashable {
        case slot(JobID, Slot)
        case run(RunID)
    }

    private var deliveryOfRun: [RunID: Delivery] = [:]
    private var keys: [Delivery: String] = [:]
    private var deliveries: [String: Delivery] = [:]

    /// Remembers what a run stands for.
    mutating func note(_ entry: Entry) {
        switch entry.record {
        case .slotDecided(let record): deliveryOfRun[entry.sequence] = .slot(record.job, record.slot)
        case .runOpened(let record):
            deliveryOfRun[entry.sequence] = record.slot.map { .slot(record.job, $0) } ?? .run(entry.sequence)
        default: break
        }
    }

    /// - Parameter entries: every durable record, the first has sequence 1.
    mutating func check(_ call: ReceivedCall, _ entries: [Entry]) throws {
        let index = Int(clamping: call.intent.value) - 1
        guard entries.indices.contains(index) else {
            throw Violation.callWithoutIntent(call, "there is no such record")
        }
        let (job, run, attempt): (JobID, RunID, UInt16)
        switch entries[index].record {
        case .slotDecided(let record): (job, run, attempt) = (record.job, call.intent, 1)
        case .runOpened(let record): (job, run, attempt) = (record.job, call.intent, 1)
        case .attemptIntended(let record): (job, run, attempt) = (record.job, record.run, record.n)
        default:
            throw Violation.callWithoutIntent(call, "the record is \(entries[index].record.name)")
        }
        guard call.target == "/\(job)/\(run)/\(attempt)" else {
            throw Violation.callWithoutIntent(call, "the record announces /\(job)/\(run)/\(attempt)")
        }
        guard let delivery = deliveryOfRun[run] else {
            throw Violation.callWithoutIntent(call, "run \(run) was never opened")
        }
        if let known = keys[delivery], known != call.key {
            throw Violation.keyMixed("two attempts of \(delivery) carry \(known) and \(call.key)")
        }
        if let known = deliveries[call.key], known != delivery {
            throw Violation.keyMixed("\(known) and \(delivery) share the key \(call.key)")
        }
        keys[delivery] = call.key
        deliveries[call.key] = delivery
    }
}
