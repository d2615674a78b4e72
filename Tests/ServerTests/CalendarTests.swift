import Domain
import Effects
import Integrations
import NIOCore
import Synchronization
import Testing

@testable import Counterparts

/// A calendar that somebody else keeps, read over HTTP by the real program, whose clock the test drives.
@Suite(.timeLimit(.minutes(1)))
struct CalendarTests {
    /// Where the calendar is.
    fileprivate final class Shelf: Sendable {
        struct State {
            var answer = Answer(status: 200)
            var asked = 0
            /// Asked by somebody who has the newest already.
            var knew = 0
        }

        let state = Mutex(State())

        /// From now on there is one whole day in it.
        func put(day: String, tag: String) {
            let file = """
                BEGIN:VCALENDAR
                VERSION:2.0
                BEGIN:VEVENT
                UID:\(day)
                DTSTART;VALUE=DATE:\(day)
                END:VEVENT
                END:VCALENDAR
                """
            let body = Array(file.replacing("\n", with: "\r\n").utf8)
            state.withLock { $0.answer = Answer(status: 200, keptHeader: tag, body: body) }
        }

        func refuse(_ status: UInt16) { state.withLock { $0.answer = Answer(status: status) } }

        func answer(_ request: ChannelRequest) -> Answer {
            state.withLock { state in
                state.asked += 1
                guard let tag = state.answer.keptHeader, request.header("If-None-Match") == tag else {
                    return state.answer
                }
                state.knew += 1
                return Answer(status: 304)
            }
        }

        var asked: Int { state.withLock { $0.asked } }
        var knew: Int { state.withLock { $0.knew } }
    }

    @Test func `a calendar is read again every six hours, and kept as it was when that fails`() async throws {
        let shelf = Shelf()
        shelf.put(day: "20400101", tag: "\"first\"")
        let web = try await CounterpartServer { shelf.answer($0) }
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.launch([
                "serve", "--ephemeral", "--listen", "127.0.0.1:0", "--token", "t",
            ])
            let calendar = { (passed: String) in
                try await rig.apart { try server.api.calendar(after: passed) }
            }
            let body = #"{"ics_url":"http://127.0.0.1:\#(web.port)/holidays.ics"}"#
            try await rig.apart {
                let (status, answer) = try server.api.send("PUT", "blackouts/holidays", body)
                guard status == 200 else { throw Obstacle(String(decoding: answer, as: UTF8.self)) }
            }
            var seen = try await calendar("1s")
            #expect(seen["next"]?["from"]?.string == "2040-01-01T00:00:00Z", "\(seen.text)")
            #expect(seen["fault"] == .null && shelf.asked == 1)
            seen = try await calendar("6h")
            #expect(seen["next"]?["from"]?.string == "2040-01-01T00:00:00Z")
            #expect(seen["fault"] == .null && shelf.asked == 2 && shelf.knew == 1)
            shelf.put(day: "20400202", tag: "\"second\"")
            seen = try await calendar("5h")
            #expect(seen["next"]?["from"]?.string == "2040-01-01T00:00:00Z" && shelf.asked == 2)
            seen = try await calendar("1h")
            #expect(seen["next"]?["from"]?.string == "2040-02-02T00:00:00Z" && shelf.asked == 3)
            shelf.refuse(503)
            seen = try await calendar("6h")
            #expect(seen["next"]?["from"]?.string == "2040-02-02T00:00:00Z" && shelf.asked == 4)
            #expect(seen["fault"]?.string == "it answered 503")
            shelf.put(day: "20400303", tag: "\"third\"")
            seen = try await calendar("15m")
            #expect(seen["next"]?["from"]?.string == "2040-03-03T00:00:00Z" && shelf.asked == 5)
            #expect(seen["fault"] == .null)
            server.child.terminate()
            #expect(try await rig.ending(of: server.child).status == 0)
        }
        try await web.stop()
    }
}

extension CalendarTests {
    @Test func `whoever sets a calendar is told what came of reading it`() async throws {
        let shelf = Shelf()
        shelf.put(day: "20400101", tag: "\"first\"")
        let web = try await CounterpartServer { shelf.answer($0) }
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.launch([
                "serve", "--ephemeral", "--listen", "127.0.0.1:0", "--token", "t",
            ])
            let login = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            let words = ["blackout", "set", "holidays", "--ics", "http://127.0.0.1:\(web.port)/holidays.ics"]
            let read = try await rig.run(words + login)
            #expect(read.status == 0, "\(read.complaint)")
            #expect(read.output.contains("(the calendar from 127.0.0.1, 1 event)"), "\(read.output)")
            #expect(read.output.contains("comes next at 2040-01-01T00:00:00Z"))
            #expect(!read.output.contains("note"))
            shelf.refuse(503)
            let failed = try await rig.run(words + ["--label", "web"] + login)
            #expect(failed.output.contains("1 event"), "\(failed.output)")
            #expect(failed.output.contains("could not be read: it answered 503; it is tried again at 2"))
            #expect(failed.output.contains("note   No job has the labels web"))
            let refused = try await rig.run(
                ["blackout", "set", "a", "--ics", "http://192.0.2.1/a.ics"] + login
            )
            #expect(
                refused.status != 0 && refused.complaint.contains("documentation address"),
                "\(refused.complaint)"
            )
            let now = try await rig.run(
                ["blackout", "set", "now", "--schedule", "* * * * *", "--lasting", "2m"] + login
            )
            #expect(now.output.contains("applies to all jobs and is on since"), "\(now.output)")
        }
        try await web.stop()
    }
}

extension APIClient {
    /// The only blackout, after some time of the server's clock.
    fileprivate func calendar(after passed: String) throws -> JSON {
        let (status, answer) = try send("POST", "clock", #"{"freeze":true,"advance":"\#(passed)"}"#)
        guard status == 200 else { throw Obstacle(String(decoding: answer, as: UTF8.self)) }
        return try JSONReader.value(of: try send("GET", "blackouts/holidays").body)
    }
}
