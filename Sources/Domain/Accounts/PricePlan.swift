/// The plans there are.
package enum PlanName: UInt8, Sendable, CaseIterable {
    case freemium = 1
    case awesome = 2

    package var word: String {
        switch self {
        case .freemium: "freemium"
        case .awesome: "awesome"
        }
    }

    package init?(word: String) {
        guard let plan = PlanName.allCases.first(where: { $0.word == word }) else { return nil }
        self = plan
    }
}

/// What a plan gives and what it costs. Data: nothing else knows a price.
package struct PricePlan: Sendable, Hashable {
    package var name: PlanName
    /// As customers read it.
    package var label: String
    /// Jobs of all the account's schedulers together; nil for no limit.
    package var jobsMax: Int?
    package var centsPerDay: Int64
    /// For each run that ended, however many attempts it took.
    package var centsPerCall: Int64

    package static func of(_ name: PlanName) -> PricePlan {
        switch name {
        case .freemium:
            PricePlan(name: name, label: "Freemium", jobsMax: 10, centsPerDay: 0, centsPerCall: 0)
        case .awesome:
            PricePlan(
                name: name,
                label: "OMG IT'S SO AWESOME",
                jobsMax: nil,
                centsPerDay: 2,
                centsPerCall: 5
            )
        }
    }
}

/// What an account owes, since it opened, and what of it has been invoiced.
///
/// Both are sums over all of the account's life, and a bill is their difference: a fraction of a cent that is
/// not billed this time is billed another time, and one that is billed once is not billed again. Time counts
/// by the second under the plan of that second, so changing the plan neither charges the past nor escapes it.
package struct Charges: Sendable, Hashable {
    package private(set) var plan: PlanName
    /// The plan holds since then.
    package private(set) var since: Timestamp
    /// Calls of the account until then.
    package private(set) var callsBefore: UInt64 = 0
    /// Of earlier plans, in cents times seconds of a day.
    package private(set) var daySeconds: Int64 = 0
    /// Of earlier plans.
    package private(set) var callCents: Int64 = 0
    /// Invoiced so far.
    package private(set) var invoicedCents: Int64 = 0
    /// The end of the last sealed period; before the first, when the account opened.
    package private(set) var settledTo: Timestamp
    /// Calls of the account until then.
    package private(set) var settledCalls: UInt64 = 0
    package private(set) var invoices: UInt32 = 0

    package static let secondsPerDay: Int64 = 86_400

    package init(plan: PlanName, opened: Timestamp) {
        self.plan = plan
        since = opened
        settledTo = opened
    }

    /// All fields, as a snapshot has them.
    package init(
        plan: PlanName,
        since: Timestamp,
        callsBefore: UInt64,
        daySeconds: Int64,
        callCents: Int64,
        invoicedCents: Int64,
        settledTo: Timestamp,
        settledCalls: UInt64,
        invoices: UInt32
    ) {
        self.plan = plan
        self.since = since
        self.callsBefore = callsBefore
        self.daySeconds = daySeconds
        self.callCents = callCents
        self.invoicedCents = invoicedCents
        self.settledTo = settledTo
        self.settledCalls = settledCalls
        self.invoices = invoices
    }

    /// Whole cents that are due and not invoiced yet.
    /// - Parameter calls: of the account, since it opened.
    package func dueCents(at now: Timestamp, calls: UInt64) -> Int64 {
        let sums = sums(at: now, calls: calls)
        return sums.daySeconds / Self.secondsPerDay + sums.callCents - invoicedCents
    }

    private func sums(at now: Timestamp, calls: UInt64) -> (daySeconds: Int64, callCents: Int64) {
        let price = PricePlan.of(plan)
        let seconds = max(0, (now - since).microseconds / 1_000_000)
        let made = Int64(clamping: calls - min(calls, callsBefore))
        return (daySeconds + price.centsPerDay * seconds, callCents + price.centsPerCall * made)
    }

    package mutating func change(to plan: PlanName, at now: Timestamp, calls: UInt64) {
        (daySeconds, callCents) = sums(at: now, calls: calls)
        self.plan = plan
        since = now
        callsBefore = calls
    }

    package mutating func settle(_ invoice: InvoiceSealed) {
        invoicedCents += invoice.cents
        settledTo = invoice.to
        settledCalls += invoice.calls
        invoices += 1
    }
}
