internal import Cron
package import Domain
internal import Effects
internal import Integrations

// What accounts owe. An executed call's entry is the record that closed its run: the number of them is
// counted from the ledger when it is needed, so there is no counter that could be reset and lost.
extension Flow {
    /// What an account would be billed now.
    package struct Bill: Sendable, Equatable {
        package var account: UInt32
        package var from: Timestamp
        package var to: Timestamp
        package var cents: Int64
        /// Of the period.
        package var calls: UInt64
        /// That existed in the period.
        package var schedulers: Int
    }

    /// Runs of all the account's jobs that ended, since it opened; those of removed jobs and decommissioned
    /// schedulers among them.
    func calls(of account: UInt32) -> UInt64 {
        let own = Set(ledger.accounts.schedulers(of: account).map(\.provisioned.scheduler))
        guard !own.isEmpty else { return 0 }
        return ledger.jobs.ids.reduce(0) { sum, job in
            own.contains(ledger.jobs[job].scheduler) ? sum + UInt64(ledger.jobs[job].runsClosed) : sum
        }
    }

    func bill(for number: UInt32, now: Timestamp) -> Bill? {
        guard let account = ledger.accounts.accounts[number] else { return nil }
        let calls = calls(of: number)
        let from = account.charges.settledTo
        return Bill(
            account: number,
            from: from,
            to: now,
            cents: account.charges.dueCents(at: now, calls: calls),
            calls: calls - min(calls, account.charges.settledCalls),
            schedulers: ledger.accounts.schedulers(of: number)
                .count { ($0.decommissionedAt ?? .distantFuture) >= from }
        )
    }

    /// Bills that would be sealed now, whether or not they come to anything, in order of account.
    func billPreview(now: Timestamp) -> [Bill] {
        ledger.accounts.accounts.filter { $0.value.closedAt == nil && !$0.value.opened.invoicesURL.isEmpty }
            .keys.sorted().compactMap { bill(for: $0, now: now) }
    }

    /// Settles an account's period up to now and posts its invoice; nil when nothing is due.
    mutating func invoice(_ number: UInt32, now: Timestamp) -> PostID? {
        guard let account = ledger.accounts.accounts[number], !account.opened.invoicesURL.isEmpty,
            let bill = bill(for: number, now: now), bill.cents > 0
        else { return nil }
        let (from, to) = (Self.day(bill.from), Self.day(bill.to))
        let period = "\(from)-\(to)".filter { $0 != "/" }
        let store = hexadecimal(ledger.storeID.prefix(8))
        let record = InvoiceSealed(
            account: number,
            from: bill.from,
            to: bill.to,
            cents: bill.cents,
            calls: bill.calls,
            text: "For service from \(from) to \(to) includes \(bill.schedulers) schedulers and "
                + "\(bill.calls) jobs run.",
            // Numbered, because an account may be billed twice on one day.
            uniqueID: "\(store)-\(number)-\(period)-\(account.charges.invoices + 1)"
        )
        write(.account(.invoiceSealed(record)), now)
        return tell(number, .invoice(record), now: now)
    }

    private static func day(_ time: Timestamp) -> String {
        String(LocalDateTime(seconds: time.seconds).text.prefix(10)).replacing("-", with: "/")
    }

    /// A run of steps begins, or one of the billing job: invoices and the end of the run are one group of
    /// records, so a crash leaves both or neither.
    mutating func doOwnWork(_ id: UInt64, now: Timestamp) {
        guard flights[id] != nil, !beginSteps(id, now: now) else { return }
        var cents: Int64 = 0
        var count = 0
        for bill in billPreview(now: now) {
            guard invoice(bill.account, now: now) != nil else { continue }
            cents += bill.cents
            count += 1
        }
        let text = #"{"invoices":\#(count),"total_amount_cents":\#(cents)}"#
        let answer = Answer(status: 200, body: Array(text.utf8))
        conclude(Outcome(id: id, result: .answered(answer), timings: Timings(), address: ""), now: now)
    }
}
