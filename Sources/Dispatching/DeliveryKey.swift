internal import Cron
internal import Crypto
package import Domain
internal import Effects

/// The key that all attempts of a delivery share, over retries, crash and restore: what `Idempotency-Key` and
/// `webhook-id` carry. A fork has another store id and therefore other keys.
package enum DeliveryKey {
    /// `msg_` and 32 hexadecimal digits: the first half of
    /// SHA-256("chronatog delivery" ‖ store id ‖ job ‖ slot or run ‖ step), numbers big-endian.
    package static func make(storeID: [UInt8], run id: RunID, _ run: OpenRun, step: UInt16 = 0) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(96)
        bytes.append(contentsOf: "chronatog delivery".utf8)
        bytes.append(contentsOf: storeID)
        append(UInt64(run.job.number), to: &bytes)
        if let slot = run.slot {
            bytes.append(1)
            bytes.append(slot.line)
            bytes.append(slot.fold)
            append(UInt64(bitPattern: slot.local.seconds), to: &bytes)
            append(UInt64(bitPattern: slot.instant.microseconds), to: &bytes)
        } else {
            bytes.append(2)
            append(id.value, to: &bytes)
        }
        append(UInt64(step), to: &bytes)
        return "msg_" + hexadecimal(Array(SHA256.hash(data: bytes))[..<16])
    }

    private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}
