/// Deadlines of many calls with one timer: a timing wheel as a plain value.
///
/// A call's deadline is set once when it starts and hardly ever comes due, so setting and dropping must
/// cost next to nothing; a heap would keep the dead ones. Entries hang in doubly linked lists inside one
/// array. Moving a deadline to later only notes the new instant: the entry is hung up anew when its old
/// bucket comes round. A deadline is reported at most one tick late and never early.
struct DeadlineWheel {
    /// Names an entry until `remove`; small and reused, so it can index a caller's own array.
    typealias Key = Int32

    private struct Entry {
        var due: Int64
        var next: Int32
        var previous: Int32
        /// The bucket it hangs in; `none` while it is taken down or free.
        var bucket: Int32
    }

    private static let none: Int32 = -1
    private static let bucketCount = 1024

    private let tick: Int64
    private var heads: [Int32]
    /// One bit a bucket that is not empty.
    private var occupied: [UInt64]
    private var entries: [Entry] = []
    private var firstFree = none
    /// The last tick that has been handled.
    private var cursor: Int64 = 0
    private(set) var count = 0

    /// `tick`: how late a deadline may be reported, in nanoseconds.
    init(tick: Int64) {
        precondition(tick > 0, "a wheel's tick is at least a nanosecond")
        self.tick = tick
        heads = Array(repeating: Self.none, count: Self.bucketCount)
        occupied = Array(repeating: 0, count: Self.bucketCount / 64)
    }

    /// Adds a deadline; `due` and `now` are nanoseconds of one clock that never goes back.
    mutating func insert(due: Int64, now: Int64) -> Key {
        if count == 0 { cursor = now / tick }
        count += 1
        let key: Key
        if firstFree == Self.none {
            key = Key(entries.count)
            entries.append(Entry(due: due, next: Self.none, previous: Self.none, bucket: Self.none))
        } else {
            key = firstFree
            firstFree = entries[Int(key)].next
            entries[Int(key)].due = due
        }
        hang(key)
        return key
    }

    /// Moves a deadline, in either direction.
    mutating func move(_ key: Key, to due: Int64) {
        let old = entries[Int(key)].due
        entries[Int(key)].due = due
        if due < old || entries[Int(key)].bucket == Self.none {
            takeDown(key)
            hang(key)
        }
    }

    /// Drops a deadline; its key may be given to the next.
    mutating func remove(_ key: Key) {
        takeDown(key)
        entries[Int(key)].next = firstFree
        firstFree = key
        count -= 1
    }

    /// Keys that are due. They stay valid and silent until they are moved or removed.
    mutating func takeDue(now: Int64) -> [Key] {
        var due: [Key] = []
        let target = now / tick
        guard target > cursor else { return due }
        let first = max(cursor + 1, target - Int64(Self.bucketCount) + 1)
        // Entries that are hung up anew must not land in a bucket this very pass has behind it.
        cursor = target
        for number in first...target {
            var key = heads[bucket(number)]
            while key != Self.none {
                let next = entries[Int(key)].next
                takeDown(key)
                if entries[Int(key)].due <= now { due.append(key) } else { hang(key) }
                key = next
            }
        }
        return due
    }

    /// When to call `takeDue` next; nil when nothing is waited for. It may be too early, never too late.
    var nextDue: Int64? {
        guard count > 0 else { return nil }
        let start = cursor + 1
        var offset = 0
        while offset < Self.bucketCount {
            let position = bucket(start + Int64(offset))
            let word = occupied[position / 64] >> UInt64(position % 64)
            if word != 0 { return (start + Int64(offset + word.trailingZeroBitCount)) * tick }
            offset += 64 - position % 64
        }
        return nil
    }

    private func bucket(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (Self.bucketCount - 1) }

    private mutating func hang(_ key: Key) {
        // The first tick that begins at or after the deadline, and lies ahead.
        let (quotient, remainder) = entries[Int(key)].due.quotientAndRemainder(dividingBy: tick)
        let number = max(quotient + (remainder > 0 ? 1 : 0), cursor + 1)
        let place = bucket(number)
        let head = heads[place]
        entries[Int(key)].next = head
        entries[Int(key)].previous = Self.none
        entries[Int(key)].bucket = Int32(place)
        if head != Self.none { entries[Int(head)].previous = key }
        heads[place] = key
        occupied[place / 64] |= 1 << UInt64(place % 64)
    }

    private mutating func takeDown(_ key: Key) {
        let entry = entries[Int(key)]
        guard entry.bucket != Self.none else { return }
        if entry.next != Self.none { entries[Int(entry.next)].previous = entry.previous }
        if entry.previous != Self.none {
            entries[Int(entry.previous)].next = entry.next
        } else {
            let place = Int(entry.bucket)
            heads[place] = entry.next
            if entry.next == Self.none { occupied[place / 64] &= ~(1 << UInt64(place % 64)) }
        }
        entries[Int(key)].bucket = Self.none
    }
}
