import Domain
import Effects
import Integrations
import Testing

@testable import Counterparts

/// What holds for every kind of channel, whatever its counterpart answers.
struct BatteryTests {
    private static let bodies = [
        "", "ok", "{}", "[]", "null", "<html>", #"{"data":[]}"#, #"{"data":{"id":1}}"#,
        #"{"data":{"id":"x","status":{"value":1}}}"#, #"{"data":[{"id":"7","attributes":{"name":"Site"}}]}"#,
        #"{"requestId":"r"}"#, #"{"dedup_key":"d","errors":[1,"routing_key"]}"#, "\u{0}\u{1F600}",
    ]

    /// Each three times, with other bodies.
    private static let statuses: [UInt16] = (0..<3).flatMap { _ in
        [
            100, 200, 201, 202, 204, 206, 301, 304, 400, 401, 403, 404, 406, 408, 410, 413, 418, 422, 425,
            429,
            500, 502, 503, 504, 599,
        ] as [UInt16]
    }

    @Test(arguments: SettingsTests.good)
    func `every answer leads to a verdict in a few steps, and no reason tells a secret`(_ text: String) throws
    {
        let settings = try ChannelSettings.read(JSONReader.value(of: text))
        for kind in AlertMessage.Kind.allCases {
            for (index, status) in Self.statuses.enumerated() {
                let echo = index % 2 == 0 ? settings.json.text : ""
                let body = Self.bodies[index % Self.bodies.count] + echo
                var story = try Story(text)
                let answer = Answer(
                    status: status,
                    retryAfter: ["5", "x", nil][index % 3],
                    keptHeader: ["60::o", "1:error", "x", nil][index / 3 % 4],
                    body: Array(body.utf8)
                )
                let stage: MailAnswer.Stage = index % 2 == 0 ? .message : .login
                let verdict =
                    settings.kind == .email
                    ? story.post(Story.message(kind)) { _ in
                        .answered(MailAnswer(stage: stage, code: status, text: body))
                    } : story.attempt(Story.message(kind)) { _ in .answered(answer) }
                #expect(verdict.reason?.hasPrefix("no end") != true, "\(kind) \(status) \(body)")
                #expect(verdict.reason?.contains("s3cr3t") != true, "\(verdict)")
                #expect(!verdict.remember.values.joined().contains("s3cr3t"), "\(verdict)")
            }
        }
    }

    @Test(arguments: SettingsTests.good)
    func `a message is tried again when nobody answers, and given up when it may not be sent`(
        _ text: String
    ) throws {
        for kind in AlertMessage.Kind.allCases {
            for failure in FailureKind.allCases {
                var story = try Story(text)
                let result = Failure(failure, "it did not work")
                let verdict =
                    story.settings.kind == .email
                    ? story.post(Story.message(kind)) { _ in .failed(result) }
                    : story.attempt(Story.message(kind)) { _ in .failed(result) }
                let isFinal = [FailureKind.egress, .template, .body].contains(failure)
                let wasSent = !story.requests.isEmpty || !story.mails.isEmpty
                #expect(wasSent ? (isFinal ? verdict.isDead : verdict.isRetry) : verdict.isDelivered)
            }
        }
    }

    @Test(arguments: SettingsTests.good)
    func `an attempt repeated at the same time is the same to the byte`(_ text: String) throws {
        for kind in AlertMessage.Kind.allCases {
            var story = try Story(text)
            for _ in 0..<2 {
                _ = story.attempt(Story.message(kind)) { _ in .failed(Failure(.closed, "closed")) }
            }
            #expect(story.requests.count % 2 == 0)
            #expect(story.requests.first == story.requests.last)
            #expect(story.mails.first == story.mails.last)
        }
    }
}
