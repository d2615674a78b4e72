internal import Domain

/// Failed logins by address: a bucket that each failure drains by one and time refills.
///
/// While the bucket is empty nothing from that address is checked at all, so that guessing gains nothing.
struct LoginThrottle {
    private struct Bucket {
        var failures: Int
        var since: Span
    }

    private let failuresMax: Int
    private let refill: Span
    private let addressesMax: Int
    private var buckets: [String: Bucket] = [:]

    init(_ limits: APILimits) {
        failuresMax = max(1, limits.failedLoginsMax)
        refill = max(.milliseconds(1), limits.failedLoginRefill)
        addressesMax = max(1, limits.throttledAddressesMax)
    }

    /// How long this address has to wait; nil when it may try.
    func wait(_ address: String, now: Span) -> Span? {
        guard let bucket = buckets[address], failures(bucket, now) >= failuresMax else { return nil }
        let passed = (now.microseconds - bucket.since.microseconds) % refill.microseconds
        return Span(microseconds: refill.microseconds - passed)
    }

    mutating func failed(_ address: String, now: Span) {
        if buckets[address] == nil, buckets.count >= addressesMax { makeRoom(now) }
        let left = buckets[address].map { failures($0, now) } ?? 0
        buckets[address] = Bucket(failures: min(left + 1, failuresMax), since: now)
    }

    private func failures(_ bucket: Bucket, _ now: Span) -> Int {
        let refilled = (now.microseconds - bucket.since.microseconds) / refill.microseconds
        return max(0, bucket.failures - Int(clamping: refilled))
    }

    /// Forgets who has nothing left to wait for; failing that, everyone: a full table must not lock out the
    /// world.
    private mutating func makeRoom(_ now: Span) {
        buckets = buckets.filter { failures($0.value, now) > 0 }
        if buckets.count >= addressesMax { buckets.removeAll() }
    }
}
