/// A named time in which jobs do not run: maintenance, holidays. Slots that lie in it end as `excluded` and
/// are not caught up; alerts that open in it are told when it is over.
package struct Blackout: Sendable, Hashable {
    /// Blackouts at a time.
    package static let countMax = 1_000
    package static let nameBytesMax = 64

    package var name: String
    package var time: BlackoutTime
    /// Jobs that carry all of these labels are under it; every job when there are none.
    package var labels: [String]

    package init(name: String, time: BlackoutTime, labels: [String] = []) {
        self.name = name
        self.time = time
        self.labels = labels
    }
}

/// When a blackout is.
package enum BlackoutTime: Sendable, Hashable {
    /// Up to and not including the end.
    case once(from: Timestamp, to: Timestamp)
    /// Begins whenever the schedule (`unix` dialect) says so, and lasts.
    case recurring(schedule: String, zone: String, lasting: Span)
    /// The events of a calendar file.
    case calendar(CalendarSource)
}

/// A calendar file, and where it came from.
package struct CalendarSource: Sendable, Hashable {
    /// Where whole days and times without a zone lie.
    package var zone: String
    /// As it was read last (iCalendar, RFC 5545); empty before that.
    package var bytes: [UInt8]
    /// Where it is read again every few hours; nil for a file that was handed in. Sealed whole, because such
    /// addresses carry their key.
    package var url: Sealed?

    package init(zone: String, bytes: [UInt8], url: Sealed? = nil) {
        self.zone = zone
        self.bytes = bytes
        self.url = url
    }
}

package struct BlackoutRemoved: Sendable, Hashable {
    package var name: String
    package init(name: String) { self.name = name }
}
