package import Domain
internal import Integrations

// What the API asks about blackouts.
extension Engine {
    /// Makes a blackout, or changes the one of that name.
    /// - Parameter calendarURL: where the calendar is read; sealed before it is kept.
    package func setBlackout(
        _ blackout: Blackout,
        calendarURL: String?
    ) async throws(CommandError) -> BlackoutView {
        try await command { flow, now throws(CommandError) in
            var blackout = blackout
            if let calendarURL, case .calendar(var source) = blackout.time {
                do throws(WebAddress.Fault) {
                    _ = try WebAddress(calendarURL)
                } catch {
                    throw .invalid([CommandError.Fault(field: "ics_url", message: error.predicate)])
                }
                source.url = flow.sealCalendar(url: calendarURL, of: blackout.name)
                blackout.time = .calendar(source)
            }
            return try flow.setBlackout(blackout, now: now)
        }
    }

    package func removeBlackout(_ name: String) async throws(CommandError) {
        try await command { flow, now throws(CommandError) in
            try flow.removeBlackout(name, now: now)
        }
    }

    package func blackouts() async throws(CommandError) -> [BlackoutView] {
        try await read { flow, now throws(CommandError) in flow.blackoutViews(now: now) }
    }
}
