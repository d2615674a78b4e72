import Cron
import Domain
import Testing

@testable import chronatog

struct ApplyingTests {
    private func json(_ text: String) throws -> JSON { try JSONReader.value(of: text) }

    @Test func `a document gives its label and its defaults to every job`() throws {
        let text = """
            {"chronatog": 1, "label": "site", "defaults": {"zone": "UTC", "retries": 0},
             "jobs": [{"name": "a", "zone": "Asia/Tokyo", "labels": ["x"]}, {"name": "b", "labels": null}]}
            """
        let document = try JobDocument(text)
        #expect(
            document.jobs.map(\.text) == [
                #"{"name":"a","zone":"Asia/Tokyo","labels":["x","site"],"retries":0}"#,
                #"{"name":"b","zone":"UTC","retries":0,"labels":["site"]}"#,
            ]
        )
        #expect(try JobDocument(text, label: "other").jobs[1]["labels"]?.text == #"["other"]"#)
    }

    @Test func `a document that is none is refused with everything that is wrong`() {
        let text = #"{"chronatog": 2, "lable": "x", "label": 7, "defaults": [], "jobs": [3]}"#
        let failure = #expect(throws: CommandFailure.self) { try JobDocument(text) }
        #expect(
            failure
                == .asked(
                    [
                        "lable is not part of a document; did you mean label?",
                        "the document has to say \"chronatog\": 1, the version of its form",
                        "label is not a string", "defaults is not an object", "jobs[0] is not an object",
                    ],
                    hint: nil
                )
        )
        #expect(throws: CommandFailure.self) { try JobDocument("[]") }
        #expect(throws: CommandFailure.self) { try JobDocument(#"{"chronatog":1}"#) }
    }

    @Test func `jobs are paired by name, and without one by schedule and place`() throws {
        let document = try [
            #"{"name":"a"}"#, #"{"schedule":"@hourly","callback_url":"http://h/x?k=new"}"#,
            #"{"name":"new"}"#,
            #"{"name":"twin"}"#, #"{"name":"twin"}"#,
        ].map(json)
        let server = try [
            #"{"name":"old"}"#, #"{"name":"twin"}"#, #"{"name":"a"}"#, #"{"name":"twin"}"#,
            #"{"name":"","schedule":"@hourly","callback_url":"http://h/x?k=***"}"#,
        ].map(json)
        let pairing = Pairing(document: document, server: server)
        #expect(pairing.partners == [2, 4, nil, 1, 3])
        #expect(pairing.others == [0])
    }

    @Test func `runs gained and lost are those of one day`() throws {
        let from = try #require(Instant(rfc3339: "2026-03-08T00:00:00Z"))
        let old = try json(
            #"{"id":"1","state":"active","schedule":"0 * * * *","zone":"UTC","dst":"vixie"}"#
        )
        let new = try json(
            #"{"id":"1","state":"active","schedule":["30 2 * * *","0 0 * * *"],"zone":"America/New_York","#
                + #""dst":"vixie"}"#
        )
        var forecast = RunForecast(from: from)
        forecast.add("x", old: old, new: new)
        // 00:00 EST, and 02:30, which does not exist that day and runs at 03:00 EDT; both were there hourly.
        #expect(forecast.gained == 0)
        #expect(forecast.lost == 21)
        forecast.add("y", old: nil, new: old)
        #expect(forecast.gained == 23)
        let paused = try json(#"{"state":"paused","schedule":"* * * * *","zone":"UTC","dst":"vixie"}"#)
        forecast.add("z", old: paused, new: nil)
        #expect(forecast.rows.count == 2)
    }

    @Test func `secrets of a shown job are named`() throws {
        let job = try json(
            #"{"callback_url":"http://u:***@h/?a=***","headers":{"X-A":"***"},"body":"***","#
                + #""body_secret":true}"#
        )
        #expect(Masked.fields(of: job) == ["callback_url", "headers.X-A", "body"])
        #expect(Masked.fields(of: try json(#"{"callback_url":"http://h/***","body":"***"}"#)).isEmpty)
    }
}
