import Alerting
import Cron
import Domain
import Testing

struct AlertAgendaTests {
    private static let start = Timestamp(seconds: 1_767_225_600)  // 2026-01-01T00:00:00Z

    private func alert(_ severity: AlertSeverity = .error) -> Alert {
        Alert(
            opened: AlertOpened(
                job: JobID(1),
                key: "job/1",
                severity: severity,
                cause: .failing,
                title: "report failed",
                details: [],
                jobName: "report"
            ),
            at: Self.start
        )
    }

    private func rules(_ change: (inout ChannelRules) -> Void) -> ChannelRules {
        var rules = ChannelRules()
        change(&rules)
        return rules
    }

    private func duty(
        _ alert: Alert,
        _ rules: ChannelRules,
        told: Span? = nil,
        isWaiting: Bool = false,
        at now: Span
    ) -> AlertAgenda.Duty {
        AlertAgenda.duty(
            alert,
            rules,
            toldAt: told.map { Self.start + $0 },
            isWaiting: isWaiting,
            now: Self.start + now
        )
    }

    @Test func `escalation waits for its delay, and is told once`() {
        let rules = rules { $0.after = .minutes(15) }
        let alert = alert()
        let due = Self.start + .minutes(15)
        #expect(duty(alert, rules, at: .minutes(14)) == AlertAgenda.Duty(next: due))
        #expect(duty(alert, rules, at: .minutes(15)) == AlertAgenda.Duty(tell: .open))
        #expect(duty(alert, rules, told: .minutes(15), at: .minutes(16)) == AlertAgenda.Duty())
    }

    @Test func `whoever acknowledges ends escalation and reminders`() {
        var alert = alert()
        alert.acknowledgedAt = Self.start + .minutes(1)
        let rules = rules {
            $0.after = .minutes(15)
            $0.remindEvery = .minutes(5)
        }
        #expect(duty(alert, rules, at: .hours(1)) == AlertAgenda.Duty())
        #expect(duty(alert, rules, told: .zero, at: .hours(1)) == AlertAgenda.Duty())
    }

    @Test func `a reminder comes each interval, but not while the last word has not left`() {
        let rules = rules { $0.remindEvery = .hours(1) }
        let alert = alert()
        #expect(duty(alert, rules, told: .zero, at: .minutes(59)).next == Self.start + .hours(1))
        let due = duty(alert, rules, told: .zero, at: .hours(1))
        #expect(due == AlertAgenda.Duty(tell: .remind, next: Self.start + .hours(2)))
        let late = duty(alert, rules, told: .zero, isWaiting: true, at: .hours(1))
        #expect(late == AlertAgenda.Duty(next: Self.start + .hours(2)))
    }

    @Test func `a channel without a delay is not told what was open before it came`() {
        #expect(duty(alert(), rules { $0.remindEvery = .hours(1) }, at: .hours(5)) == AlertAgenda.Duty())
    }

    @Test func `level and severity keep an alert away`() {
        #expect(!AlertAgenda.concerns(alert(), rules { $0.level = .off }))
        #expect(!AlertAgenda.concerns(alert(.warning), rules { $0.severityMin = .error }))
        #expect(AlertAgenda.concerns(alert(.critical), rules { $0.severityMin = .critical }))
        #expect(!AlertAgenda.hears(.acknowledge, rules { $0.level = .failures }))
        #expect(AlertAgenda.hears(.resolve, rules { $0.level = .off }))
    }

    struct Night: Sendable, CustomTestStringConvertible {
        let now: String
        let hours: String
        let zone: String
        /// Empty outside of them.
        let end: String

        var testDescription: String { "\(now) \(hours) \(zone)" }
    }

    static let nights = [
        Night(
            now: "2026-01-10T21:59:59Z",
            hours: "22:00-07:00",
            zone: "UTC",
            end: ""
        ),
        Night(
            now: "2026-01-10T22:00:00Z",
            hours: "22:00-07:00",
            zone: "UTC",
            end: "2026-01-11T07:00:00Z"
        ),
        Night(
            now: "2026-01-11T06:59:59Z",
            hours: "22:00-07:00",
            zone: "UTC",
            end: "2026-01-11T07:00:00Z"
        ),
        Night(now: "2026-01-11T07:00:00Z", hours: "22:00-07:00", zone: "UTC", end: ""),
        Night(
            now: "2026-01-11T12:30:00Z",
            hours: "12:00-13:00",
            zone: "UTC",
            end: "2026-01-11T13:00:00Z"
        ),
        // Seven in the morning comes an hour earlier by UTC on the day of the change, and the night's end
        // may fall into the hour that is left out.
        Night(
            now: "2026-03-28T22:00:00Z",
            hours: "22:00-07:00",
            zone: "Europe/Berlin",
            end: "2026-03-29T05:00:00Z"
        ),
        Night(
            now: "2026-03-29T00:30:00Z",
            hours: "01:00-02:30",
            zone: "Europe/Berlin",
            end: "2026-03-29T01:00:00Z"
        ),
        Night(
            now: "2026-10-25T00:10:00Z",
            hours: "02:00-02:30",
            zone: "Europe/Berlin",
            end: "2026-10-25T01:30:00Z"
        ),
    ]

    @Test(arguments: nights) func `quiet hours end at their wall-clock time`(row: Night) throws {
        let (from, to) = try #require(QuietHours.minutes(row.hours))
        let quiet = QuietHours(from: from, to: to, zone: row.zone, criticalPasses: true)
        let zone = try ZoneDatabase.embedded.zone(named: row.zone)
        let now = try #require(Instant(rfc3339: row.now))
        let end = quiet.end(at: Timestamp(seconds: now.seconds), in: zone)
        #expect(end?.seconds == Instant(rfc3339: row.end)?.seconds)
    }

    @Test func `only openings wait for company`() {
        let rules = rules { $0.groupWithin = .seconds(30) }
        let open = AlertAgenda.notBefore(.open, rules, groups: true, now: Self.start)
        #expect(open == Self.start + .seconds(30))
        #expect(AlertAgenda.notBefore(.resolve, rules, groups: true, now: Self.start) == nil)
    }

    @Test(arguments: ["", "22:00", "22:00-22:00", "24:00-07:00", "9:00-10:00", "09:60-10:00", "22:00-07:00-"])
    func `what is not two different times of day is no quiet hours`(text: String) {
        #expect(QuietHours.minutes(text) == nil)
    }
}
