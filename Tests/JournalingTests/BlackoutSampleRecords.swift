import Domain

/// Blackouts of every form.
extension SampleRecord {
    static let blackouts: [SampleRecord] = [
        SampleRecord(
            "blackoutOnce",
            .blackoutSet(
                Blackout(
                    name: "upgrade",
                    time: .once(from: noon, to: now + .hours(2)),
                    labels: ["db", "team:billing"]
                )
            )
        ),
        SampleRecord(
            "blackoutRecurring",
            .blackoutSet(
                Blackout(
                    name: "sundays",
                    time: .recurring(schedule: "0 2 * * SUN", zone: "Europe/Berlin", lasting: .hours(4))
                )
            )
        ),
        SampleRecord(
            "blackoutCalendar",
            .blackoutSet(
                Blackout(
                    name: "holidays",
                    time: .calendar(
                        CalendarSource(
                            zone: "Europe/Berlin",
                            bytes: Array("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".utf8),
                            url: Sealed(keyID: 7, bytes: Array(0..<40))
                        )
                    )
                )
            )
        ),
        SampleRecord("blackoutRemoved", .blackoutRemoved(BlackoutRemoved(name: "upgrade"))),
    ]
}
