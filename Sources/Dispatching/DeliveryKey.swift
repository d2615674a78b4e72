internal import Cron
internal import Crypto
package import Domain

/// The key that all attempts of a delivery share, over retries, crash and restore: what `Idempotency-Key` and
/// `webhook-id` carry. A fork has another store id and therefore other keys.
package enum DeliveryKey {
    /// `msg_` and 32 hexadecimal digits: the first half of
    /// SHA-256("chronatog delivery" ‖ store id ‖ job ‖ slot or run ‖ step), numbers big-endian.
    package static func make(storeID: [UInt8], run id: RunID, _ run: OpenRun, step: UInt16 = 0) -> String {
        var hash = SHA256()
        hash.update(data: Array("chronatog delivery".utf8))
        hash.update(data: storeID)
        hash.update(data: bigEndian(UInt64(run.job.number)))
        if let slot = run.slot {
            hash.update(data: [1, slot.line, slot.fold])
            hash.update(data: bigEndian(UInt64(bitPattern: slot.local.seconds)))
            hash.update(data: bigEndian(UInt64(bitPattern: slot.instant.microseconds)))
        } else {
            hash.update(data: [2])
            hash.update(data: bigEndian(id.value))
        }
        hash.update(data: bigEndian(UInt64(step)))
        return "msg_" + hex(hash.finalize().prefix(16))
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }

    private static func hex(_ bytes: some Swift.Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(32)
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] { out.append(digit < 10 ? 48 + digit : 87 + digit) }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
